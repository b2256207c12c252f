"""A worker that a network cuts off for a minute and takes back, in networks of the test's own: Linux, root, `ip`."""

import os
import subprocess
import threading
import time

import slashfall
from cluster import Cluster
from conftest import CONFIG
from counting import begun, counting
from slashfall.distributed import on_dask, run_distributed
from test_distributed import same

HUB = "198.18.77.1"
SECONDS_CUT = 60
SECONDS_A_PART = 3.5
# More than one worker alone computes while the other is cut off, and some for both before and after; and no
# more than are merged at once.
SHARDS = 32
OPTIONS = {"paths": SHARDS * 200, "seed": 4, "set": {"run.detail": "summary"}, "progress": False}


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


class Networks:
    """A bridge on this machine, and networks that have a wire to it."""

    def __init__(self, n):
        self.bridge = f"sfb{os.getpid()}"
        self.names = [f"sf{os.getpid()}n{number}" for number in range(n)]

    def __enter__(self):
        ip("link", "add", self.bridge, "type", "bridge")
        ip("addr", "add", f"{HUB}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        for number, name in enumerate(self.names):
            ip("netns", "add", name)
            ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", name, "master", self.bridge, "up")
            ip("-n", name, "addr", "add", f"{self.host(number)}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False)
        subprocess.run(["ip", "link", "del", self.bridge], check=False)

    def host(self, number):
        return f"198.18.77.{number + 2}"

    def cut(self, number):
        ip("link", "set", self.names[number], "down")

    def mend(self, number):
        ip("link", "set", self.names[number], "up")


class Kept(threading.Thread):
    """Starts a worker of a network again whenever it ends, as those who run clusters do."""

    def __init__(self, cluster, networks, number):
        super().__init__(daemon=True)
        self.cluster, self.starts, self.ends = cluster, 0, threading.Event()
        self.prefix = ["ip", "netns", "exec", networks.names[number]]
        self.options = ["--host", networks.host(number)]
        self.start()

    def run(self):
        while not self.ends.is_set():
            worker = self.cluster.start_worker(prefix=self.prefix, options=self.options)
            self.starts += 1
            while worker.poll() is None and not self.ends.is_set():
                time.sleep(0.1)


def test_a_worker_is_cut_off_for_a_minute_and_comes_back(tmp_path):
    whole = slashfall.run(CONFIG, tmp_path / "whole", **OPTIONS)
    log, answers, moments = tmp_path / "log", [], {}

    def cut():
        networks.cut(0)
        moments["cut"] = time.monotonic()
        threading.Timer(SECONDS_CUT, mend).start()

    def mend():
        networks.mend(0)
        moments["mended"] = time.monotonic()

    def watched(work, parts):
        for done in counting(on_dask(cluster.address), log, SECONDS_A_PART)(work, parts):
            answers.append((time.monotonic(), done.worker))
            if "cut" not in moments and len({worker for _, worker in answers}) == 2:
                cut()
            yield done

    with Networks(2) as networks, Cluster(tmp_path / "dask", n_workers=0, host=HUB) as cluster:
        kept = [Kept(cluster, networks, number) for number in range(2)]
        found = run_distributed(CONFIG, watched, store=tmp_path / "store", shards=SHARDS, **OPTIONS)
        [own.ends.set() for own in kept]
        [own.join() for own in kept]
    assert same(whole, found) >= 4
    # What the worker was at goes to the other, which finds it in the store: the cut worker finished it.
    assert len(begun(log)) == SHARDS == len(answers)
    after = {worker for when, worker in answers if when > moments["mended"]}
    assert len(after) == 2, (moments, answers)
    # The worker that was cut off gave up, and was started again as often as it could not reach the scheduler.
    assert kept[0].starts >= 2 and kept[1].starts == 1
