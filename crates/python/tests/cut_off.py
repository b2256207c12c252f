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
SECONDS_A_PART = 1.5
# More than one worker alone computes while the other is cut off, and some for both before and after.
SHARDS = 70
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
    log, answers = tmp_path / "log", []
    with Networks(2) as networks, Cluster(tmp_path / "dask", n_workers=0, host=HUB) as cluster:
        kept = [Kept(cluster, networks, number) for number in range(2)]
        cutting = threading.Timer(8, networks.cut, [0])
        mended = []

        def mend():
            networks.mend(0)
            mended.append(time.monotonic())

        mending = threading.Timer(8 + SECONDS_CUT, mend)

        def noting(work, parts):
            for done in counting(on_dask(cluster.address), log, SECONDS_A_PART)(work, parts):
                answers.append((time.monotonic(), done.worker))
                yield done

        cutting.start()
        mending.start()
        found = run_distributed(CONFIG, noting, store=tmp_path / "store", shards=SHARDS, **OPTIONS)
        [own.ends.set() for own in kept]
        [own.join() for own in kept]
    assert same(whole, found) >= 4
    # A part that the worker was at goes to the other, which finds it in the store: the cut worker finished it.
    assert len(begun(log)) == SHARDS == len(answers)
    (since,) = mended
    before = {worker for when, worker in answers if when < since - SECONDS_CUT}
    after = {worker for when, worker in answers if when > since}
    assert len(before) == 2 and len(after) == 2, answers
    assert [own.starts for own in kept] == [2, 1], "the worker that was cut off gave up and was started again"
