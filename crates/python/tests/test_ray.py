"""Ray: the second engine, of which a worker dies on the way too."""

import functools
import os
import signal
import sys

import pytest
import slashfall
from cluster import HERE, PACKAGE
from conftest import CONFIG
from counting import begun, counting
from slashfall.distributed import on_ray, run_distributed
from test_distributed import same

OPTIONS = {"paths": 12_000, "seed": 4, "set": {"run.detail": "summary"}, "progress": False}
SHARDS = 6


@pytest.fixture(scope="module")
def ray():
    import ray

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE), str(HERE)]))
        ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, log_to_driver=False)
        yield ray
        ray.shutdown()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return slashfall.run(CONFIG, tmp_path_factory.mktemp("whole") / "whole", **OPTIONS)


def dies_once(work, flag, part):
    """The worker of one part dies, as a machine does, the first time."""
    if part.paths[0] and not os.path.exists(flag):
        open(flag, "x").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return work(part)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_the_result_is_that_of_one_run_and_a_dead_worker_costs_one_part(ray, whole, tmp_path):
    log, flag = tmp_path / "log", str(tmp_path / "flag")
    engine = counting(on_ray(), log)

    def killing(work, parts):
        yield from engine(functools.partial(dies_once, work, flag), parts)

    found = run_distributed(CONFIG, killing, store=tmp_path / "store", shards=SHARDS, **OPTIONS)
    assert same(whole, found) >= 4
    assert os.path.exists(flag) and len(begun(log)) == SHARDS + 1
    # By name, and all parts are there.
    again = run_distributed(CONFIG, "ray", store=tmp_path / "store", shards=SHARDS, **OPTIONS)
    assert same(whole, again) >= 4
