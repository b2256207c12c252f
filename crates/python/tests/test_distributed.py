"""Runs by parts: whatever engine computes them, the result is that of one run, and nothing is done twice."""

import json
import shutil
import subprocess
import sys

import pytest
import slashfall
from conftest import CONFIG
from counting import begun, counting
from slashfall.distributed import Unfinished, compute, run_distributed
from slashfall.distributed._engines import engine_of
from slashfall.distributed._parts import cut

PATHS = 6_000
OWN = ("command", "wall_seconds", "peak_memory_bytes", "threads", "merged_parts")


def here(work, parts):
    """The least of engines."""
    for part in parts:
        yield work(part)


def same(one, other):
    """Whether the files of two results are the same, and how many there are."""
    names = sorted(path.relative_to(one.path) for path in one.path.rglob("*.parquet"))
    assert names == sorted(path.relative_to(other.path) for path in other.path.rglob("*.parquet"))
    for name in names:
        assert (one.path / name).read_bytes() == (other.path / name).read_bytes(), name
    return len(names)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that all others are held to."""
    folder = tmp_path_factory.mktemp("whole")
    return slashfall.run(CONFIG, folder / "whole", paths=PATHS, seed=9, progress=False)


def distributed(engine, output, store, **options):
    options = {"paths": PATHS, "seed": 9, "shards": 5, "progress": False} | options
    return run_distributed(CONFIG, engine, output, store=store, **options)


def test_the_result_is_that_of_one_run(whole, tmp_path):
    log = tmp_path / "log"
    found = distributed(counting(here, log), tmp_path / "own", tmp_path / "store")
    assert same(whole, found) >= 12
    assert begun(log) == [0, 1_200, 2_400, 3_600, 4_800]
    manifest = found.manifest
    assert manifest["merged_parts"] == 5
    assert manifest["command"][0] == "slashfall.run_distributed" and "shards=5" in manifest["command"]
    assert {key for key in manifest if manifest[key] != whole.manifest[key]} <= {*OWN}
    # Again, and nothing is computed; nor where the rest is cut otherwise.
    assert same(whole, distributed(counting(here, log), None, tmp_path / "store", shards=2)) >= 12
    assert len(begun(log)) == 5


def test_only_what_is_missing_is_computed(whole, tmp_path):
    store, log = tmp_path / "store", tmp_path / "log"
    distributed(here, None, store)
    (run,) = store.iterdir()
    assert sorted(part.name for part in run.iterdir()) == ["input", "parts"]
    shutil.rmtree(run / "parts" / "000000001200-000000002400")
    shutil.rmtree(run / "parts" / "000000002400-000000003600")
    # What is half done, and how ever it looks, is no part.
    half = run / "parts" / "000000003600-000000004800"
    half.rename(run / "parts" / ".000000003600-000000004800.partial-1")
    found = distributed(counting(here, log), tmp_path / "own", store, shards=4)
    assert same(whole, found) >= 12
    assert begun(log) == [1_200, 1_500, 3_000, 4_500]


def test_many_parts_are_merged_in_steps(whole, tmp_path):
    log = tmp_path / "log"
    found = distributed(counting(here, log), None, tmp_path / "store", shards=70)
    assert same(whole, found) >= 12
    # 70 parts of 86 paths, then two of 32 and one of 6 of them.
    firsts = [86 * part for part in range(70)]
    assert begun(log) == [*firsts, firsts[0], firsts[32], firsts[64]]
    assert found.manifest["merged_parts"] == 3
    (run,) = (tmp_path / "store").iterdir()
    assert len(list((run / "parts").iterdir())) == 73
    # What has been merged is not merged again, and without the small parts the large ones do.
    for part in firsts[:32]:
        shutil.rmtree(run / "parts" / f"{part:012}-{part + 86:012}")
    assert same(whole, distributed(counting(here, log), None, tmp_path / "store", shards=70)) >= 12
    assert len(begun(log)) == 73

    def no_merges(work, parts):
        yield from (work(part) for part in parts if not part.of)

    with pytest.raises(Unfinished, match="not all is merged in .*; the same call again"):
        distributed(no_merges, None, tmp_path / "other", shards=70)


def test_a_run_has_a_folder_for_each_seed_and_change(tmp_path):
    small = {"paths": 100, "shards": 1}
    for change in ({}, {"seed": 8}, {"set": {"run.horizon_days": 3}}, {"paths": 99}):
        distributed(here, None, tmp_path, **small | change)
    assert len(list(tmp_path.iterdir())) == 4


def test_the_store_is_all_that_workers_need(whole, tmp_path):
    """The run file and the network are gone when the parts are computed."""
    project = tmp_path / "project"
    shutil.copytree(CONFIG.parent, project / "configs")
    network = CONFIG.parents[1] / "data" / "networks" / "reference"
    shutil.copytree(network, project / "data" / "networks" / "reference")

    def elsewhere(work, parts):
        project.rename(tmp_path / "gone")
        answers = [work(part) for part in parts]
        (tmp_path / "gone").rename(project)
        yield from answers

    config = project / "configs" / CONFIG.name
    options = {"paths": PATHS, "seed": 9, "shards": 2, "allow_outside": True}
    found = run_distributed(config, elsewhere, tmp_path / "own", store=tmp_path / "store", **options)
    assert same(whole, found) >= 12


def test_what_fails_is_told_and_gone_on_from(whole, tmp_path):
    log = tmp_path / "log"

    def fails(work, parts):
        yield work(parts[0])
        yield work(parts[1])
        raise ConnectionError("no more workers")

    with pytest.raises(Unfinished, match="3 of 5 parts are not in .*ConnectionError: no more workers"):
        distributed(counting(fails, log), tmp_path / "own", tmp_path / "store")
    assert not (tmp_path / "own").exists() and len(begun(log)) == 2

    def forgets(work, parts):
        yield work(parts[0])

    with pytest.raises(Unfinished, match="2 of 5 parts"):
        distributed(counting(forgets, log), tmp_path / "own", tmp_path / "store")
    found = distributed(counting(here, log), tmp_path / "own", tmp_path / "store")
    assert same(whole, found) >= 12
    assert sorted(begun(log)) == [0, 1_200, 2_400, 3_600, 4_800]


def test_what_is_wrong_is_told_before_anything_is_sent(tmp_path):
    def never(work, parts):
        raise AssertionError("nothing was to be sent")
        yield

    for options, told in [
        ({"set": {"run.horizon": 3}}, "horizon_days"),
        ({"set": {"run.horizon_days": -3}}, "run.horizon_days"),
        ({"set": {"network": "nowhere"}}, "nowhere"),
    ]:
        with pytest.raises(slashfall.InputError, match=told):
            distributed(never, tmp_path / "own", tmp_path / "store", **options)
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
    config = tomllib.loads(CONFIG.read_text())
    config["network"] = str((CONFIG.parent / config["network"]).resolve())
    del config["run"]["paths"]
    config["run"]["until"] = {"metric": "mean", "scope": "system", "relative_error": 0.1, "max_paths": 9}
    with pytest.raises(slashfall.InputError, match="only all of its paths tell, so it has no parts"):
        run_distributed(config, never, store=tmp_path / "store")
    assert not (tmp_path / "store").exists()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "manifest.json").write_text("{}")
    with pytest.raises(slashfall.InputError, match="not there yet was expected"):
        distributed(never, tmp_path / "taken", tmp_path / "store")
    with pytest.raises(ValueError, match="shards: 0"):
        distributed(never, tmp_path / "own", tmp_path / "store", shards=0)


def test_workers_of_other_versions_refuse(tmp_path):
    import dataclasses

    def older(work, parts):
        for part in parts:
            yield compute(dataclasses.replace(part, version="0.0.1"))

    with pytest.raises(slashfall.InputError) as raised:
        distributed(older, None, tmp_path)
    (problem,) = raised.value.problems
    assert problem["value"] == slashfall.__version__ and problem["key"] == "slashfall"
    assert "0.0.1 was expected" in problem["message"] and "worker" in problem["message"]
    (run,) = tmp_path.iterdir()
    assert [folder.name for folder in run.iterdir()] == ["input"]


def test_a_store_that_was_changed_is_refused(tmp_path):
    distributed(here, None, tmp_path, shards=2)
    (run,) = tmp_path.iterdir()
    state = next((run / "parts").glob("*/scenario000.state"))
    state.write_bytes(state.read_bytes()[:-1])
    with pytest.raises(slashfall.InputError, match=r"scenario000.state: it has changed"):
        distributed(here, None, tmp_path, shards=2)
    shutil.rmtree(state.parent)
    with open(run / "input" / "assets.csv", "a") as table:
        table.write("\n")
    with pytest.raises(slashfall.InputError, match=r"assets.csv: it has changed"):
        distributed(here, None, tmp_path, shards=2)


def test_parts_of_the_command_line_are_merged(whole, program, tmp_path):
    for first, stop in [(0, 2_500), (2_500, PATHS)]:
        bounds = ["--paths-from", first, "--paths-to", stop]
        program("run", CONFIG, "--paths", PATHS, "--seed", 9, *bounds, "-q", "-o", tmp_path / "parts" / str(first))
    assert same(whole, slashfall.merge(tmp_path / "parts", tmp_path / "merged")) >= 12
    parts = [tmp_path / "parts" / "2500", tmp_path / "parts" / "0"]
    assert same(whole, slashfall.merge(parts)) >= 12
    with pytest.raises(slashfall.InputError, match="paths 2500 to 6000 were expected"):
        slashfall.merge(parts[1])


def test_what_is_missing_is_cut_where_it_always_is():
    assert cut(10, 4, []) == ([], [(0, 4), (4, 8), (8, 10)])
    assert cut(10, 4, [(4, 8)]) == ([(4, 8)], [(0, 4), (8, 10)])
    assert cut(10, 4, [(0, 10)]) == ([(0, 10)], [])
    # Those that were cut otherwise are taken, the longest that go on from one another.
    assert cut(10, 4, [(3, 5), (3, 6), (5, 9)]) == ([(3, 6)], [(0, 3), (6, 8), (8, 10)])
    assert cut(10, 4, [(0, 2), (1, 9)]) == ([(0, 2)], [(2, 4), (4, 8), (8, 10)])


def test_the_engine_is_what_is_said():
    assert engine_of(here, threads=1, retries=1) is here
    names = {"ray": "on_ray", "ray://head:10001": "on_ray", "tcp://head:8786": "on_dask"}
    for address, name in names.items():
        assert name in engine_of(address, threads=1, retries=1).__qualname__


def test_neither_dask_nor_ray_is_needed_to_import():
    told = "import sys, slashfall.distributed; print({'dask', 'distributed', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_manifest_of_a_part_says_whose_it_is(tmp_path):
    distributed(here, None, tmp_path, shards=1, paths=100)
    (run,) = tmp_path.iterdir()
    part = json.loads((run / "parts" / "000000000000-000000000100" / "part.json").read_text())
    assert part["command"] == ["slashfall.distributed", str(run)]
