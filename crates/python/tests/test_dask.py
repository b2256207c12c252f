"""Dask: real schedulers and workers, of which some are killed on the way."""

import random
import shutil
import threading
import time
import warnings

import dask
import pytest
import slashfall
from cluster import PACKAGE, Cluster
from conftest import CONFIG
from counting import begun, counting
from distributed import Client
from slashfall.distributed import Unfinished, on_dask, run_distributed
from test_distributed import same

PATHS = 32_000
SHARDS = 16
SIZE = PATHS // SHARDS
FIRSTS = list(range(0, PATHS, SIZE))
OPTIONS = {"paths": PATHS, "shards": SHARDS, "seed": 4, "set": {"run.detail": "summary"}, "progress": False}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "whole"
    return slashfall.run(CONFIG, folder, threads=2, **{key: OPTIONS[key] for key in ("paths", "seed", "set", "progress")})


@pytest.fixture(autouse=True)
def _short_timeouts():
    """A client gives up on a scheduler that is gone after seconds; and what Dask warns of is its own."""
    with dask.config.set({"distributed.comm.timeouts.connect": "3s"}), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


class Running(threading.Thread):
    """A distributed run in a thread of its own; what it raises is kept."""

    def __init__(self, cluster, store, log):
        super().__init__(daemon=True)
        self.cluster, self.store, self.log = cluster, store, log
        self.found = self.error = None
        self.start()

    def run(self):
        engine = counting(on_dask(self.cluster.address), self.log)
        try:
            self.found = run_distributed(CONFIG, engine, store=self.store, **OPTIONS)
        except Exception as error:
            self.error = error

    def wait_for_parts(self, n):
        """Until the computation of so many has begun."""
        while len(begun(self.log)) < n:
            assert self.is_alive(), self.error
            time.sleep(0.002)


def test_two_workers_give_the_bytes_of_one_run(whole, tmp_path):
    with Cluster(tmp_path / "dask") as cluster:
        found = run_distributed(CONFIG, cluster.address, store=tmp_path / "store", **OPTIONS)
        assert same(whole, found) >= 4
        # Of a client that is there already, which stays connected.
        with Client(cluster.address, set_as_default=False) as client:
            log = tmp_path / "log"
            found = run_distributed(CONFIG, counting(on_dask(client), log), store=tmp_path / "other", **OPTIONS)
            assert same(whole, found) >= 4 and sorted(begun(log)) == FIRSTS
            assert client.status == "running"


def test_a_worker_is_killed_at_a_random_moment_thirty_times(whole, tmp_path):
    moments = random.Random(20261120)
    with Cluster(tmp_path / "dask") as cluster:
        for number in range(30):
            store, log = tmp_path / f"store{number}", tmp_path / f"log{number}"
            running = Running(cluster, store, log)
            # Workers have one thread: what a killed one was at is the one part that is begun again.
            running.wait_for_parts(moments.randrange(1, SHARDS - 1))
            time.sleep(moments.random() * 0.1)
            cluster.kill_worker(moments.choice(cluster.workers))
            cluster.start_worker()
            running.join(120)
            assert running.found is not None, running.error
            assert same(whole, running.found) >= 4
            counts = begun(log)
            assert sorted(set(counts)) == FIRSTS
            assert len(counts) <= SHARDS + 1, (number, counts)
            shutil.rmtree(store)


def test_the_scheduler_is_killed_and_the_client_run_again_five_times(whole, tmp_path):
    moments = random.Random(20261121)
    for number in range(5):
        store, log = tmp_path / f"store{number}", tmp_path / f"log{number}"
        with Cluster(tmp_path / f"dask{number}") as cluster:
            running = Running(cluster, store, log)
            running.wait_for_parts(moments.randrange(1, SHARDS - 3))
            cluster.kill_scheduler()
            running.join(120)
            assert isinstance(running.error, Unfinished), (running.error, running.found)
            assert "the same call again" in str(running.error)
        with Cluster(tmp_path / f"dask{number}") as cluster:
            there = len(list(store.glob("*/parts/0*")))
            n_begun = len(begun(log))
            again = Running(cluster, store, log)
            again.join(120)
            assert again.found is not None, again.error
            assert same(whole, again.found) >= 4
            # What the dead cluster finished is not computed again; each of its workers was at one part.
            assert len(begun(log)) - n_begun == SHARDS - there
            assert len(begun(log)) <= SHARDS + 2


def test_two_clients_at_once_share_the_parts(whole, tmp_path):
    store, log = tmp_path / "store", tmp_path / "log"
    with Cluster(tmp_path / "dask") as cluster:
        both = [Running(cluster, store, log), Running(cluster, store, log)]
        for running in both:
            running.join(120)
            assert running.found is not None, running.error
            assert same(whole, running.found) >= 4
    assert sorted(set(begun(log))) == FIRSTS
    assert len(begun(log)) == SHARDS


def other_version(folder):
    """The package as another version of it: the text of the version in its engine is changed."""
    shutil.copytree(PACKAGE / "slashfall", folder / "slashfall")
    (engine,) = (folder / "slashfall").glob("_engine*.so")
    own = slashfall.__version__.encode()
    other = b"9" + own[1:]
    code = engine.read_bytes()
    assert own in code
    engine.write_bytes(code.replace(own, other))
    return other.decode()


def test_a_worker_with_another_version_is_refused(tmp_path):
    version = other_version(tmp_path / "other")
    with Cluster(tmp_path / "dask", n_workers=1) as cluster:
        cluster.start_worker(package=tmp_path / "other")
        with Client(cluster.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            with pytest.raises(slashfall.InputError) as raised:
                run_distributed(CONFIG, client, store=tmp_path / "store", **OPTIONS)
    (problem,) = raised.value.problems
    assert problem["value"] == version
    assert f"{slashfall.__version__} was expected, the version that asks for the run" in problem["message"]
