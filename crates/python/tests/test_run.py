"""A run gives the bytes of the command line, and takes and refuses what it does."""

import gc
import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import slashfall
from conftest import CONFIG, PATHS, ROOT

OWN = ("command", "wall_seconds", "peak_memory_bytes")


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))


def test_the_bytes_are_those_of_the_command_line(result, of_program):
    names = files(of_program)
    assert files(result.path) == names and len(names) > len(result.tables) == 12
    for name in names:
        assert (result.path / name).read_bytes() == (of_program / name).read_bytes(), name


def test_manifests_differ_only_in_what_made_them(result, of_program):
    theirs = json.loads((of_program / "manifest.json").read_text())
    assert sorted(theirs) == sorted(result.manifest)
    for key in theirs:
        assert key in OWN or theirs[key] == result.manifest[key], key
    call = result.manifest["command"]
    assert call == ["slashfall.run", str(CONFIG), "set={'run.detail': 'paths'}", f"paths={PATHS}", "seed=5"]


def test_a_result_is_what_its_manifest_says(result):
    assert result.scenarios == ["base"] and result.precise is None
    assert result.manifest["seed"] == 5 and result.manifest["paths"] == {"base": PATHS}
    assert "quickstart" in repr(result)
    again = slashfall.open(result.path)
    assert again.manifest == result.manifest and again.tables == result.tables


def test_precision_is_told(tmp_path):
    rule = {"metric": "mean", "scope": "system", "relative_error": 1e-6, "max_paths": 2048}
    changes = {"run.detail": "summary", "run.until": rule}
    given = mapping()
    del given["run"]["paths"]
    with pytest.warns(slashfall.RunWarning, match="precision asked for was not reached"):
        found = slashfall.run(given, tmp_path / "imprecise", set=changes)
    assert found.precise is False
    rule |= {"relative_error": 0.5, "max_paths": 200_000}
    assert slashfall.run(given, tmp_path / "precise", set=changes).precise is True


def mapping():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
    given = tomllib.loads(CONFIG.read_text())
    given["network"] = str((CONFIG.parent / given["network"]).resolve())
    return given


def test_a_mapping_is_the_file_it_says(result, folder):
    given = mapping()
    own = slashfall.run(given, folder / "mapping", set={"run.detail": "paths"}, paths=PATHS, seed=5)
    for name in result.tables:
        assert own.table(name).to_arrow().equals(result.table(name).to_arrow()), name
    config = dict(result.manifest["config"]["base"], network=given["network"])
    assert own.manifest["config"]["base"] == config
    recorded = own.manifest["inputs"][0]
    assert recorded["path"] == "(given as a mapping)" and len(recorded["sha256"]) == 64
    assert own.manifest["inputs"][1:] == [
        dict(entry, path=given["network"] + "/" + Path(entry["path"]).name)
        for entry in result.manifest["inputs"][1:]
    ]
    # A path can be replayed from what was given.
    assert str(own.replay(17)).splitlines()[1:] == str(result.replay(17)).splitlines()[1:]


def test_the_network_of_a_mapping_starts_from_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    given = mapping() | {"network": "data/networks/reference"}
    found = slashfall.run(given, tmp_path / "result", paths=300, set={"run.detail": "summary"})
    assert (found.path / found.manifest["network_dir"]).resolve() == ROOT / given["network"]


def test_values_of_python_are_values_of_the_run_file(tmp_path):
    changes = {
        "name": "a 'quoted' \"name\": 1, é",
        "run.paths": np.int64(400),
        "run.levels": np.array([0.9, 0.99]),
        "run.detail": "summary",
        "cascade.enabled": np.bool_(False),
        "dependence.df": 5.5,
        "noise.default": {"sigma_daily": np.float32(0.5), "beta_market": 0.25},
    }
    found = slashfall.run(CONFIG, tmp_path / "result", set=changes)
    config = found.manifest["config"]["base"]
    assert config["name"] == changes["name"]
    assert config["run"]["paths"] == 400 and config["run"]["levels"] == [0.9, 0.99]
    assert config["cascade"]["enabled"] is False and config["dependence"]["df"] == 5.5
    assert config["noise"]["default"] == {"sigma_daily": 0.5, "beta_market": 0.25}


def test_arguments_are_checked(tmp_path):
    for wrong, name in [
        ({"paths": 0}, "run.paths"),
        ({"seed": 2**64 - 1}, "run.seed"),
        ({"set": {"name": "a\x7fb"}}, "name"),
        ({"set": {"run.seed": None}}, "run.seed"),
        ({"set": {"nonsense": 1}}, "nonsense"),
    ]:
        with pytest.raises(slashfall.InputError) as raised:
            slashfall.run(CONFIG, tmp_path / "result", **wrong)
        (problem,) = raised.value.problems
        assert (problem["file"], problem["key"]) == ("set", name)
    with pytest.raises(slashfall.InputError, match="threads: found \"0\""):
        slashfall.run(CONFIG, tmp_path / "result", threads=0)
    with pytest.raises(slashfall.InputError, match="a dotted key"):
        slashfall.run(CONFIG, tmp_path / "result", set={"run.seed=3": 4})
    with pytest.raises(TypeError):
        slashfall.run(CONFIG, tmp_path / "result", set={7: 1})
    assert list(tmp_path.iterdir()) == []


def test_threads_change_nothing(folder, result):
    one = slashfall.run(
        CONFIG, folder / "one", set={"run.detail": "paths"}, paths=PATHS, seed=5, threads=1
    )
    assert one.manifest["threads"] == 1
    for name in files(one.path):
        assert (one.path / name).read_bytes() == (result.path / name).read_bytes(), name


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    target = tmp_path / "result"
    few = {"paths": 300, "set": {"run.detail": "summary"}}
    slashfall.run(CONFIG, target, **few)
    before = (target / "summary.parquet").read_bytes()
    with pytest.raises(slashfall.InputError, match="not there yet") as raised:
        slashfall.run(CONFIG, target, seed=1, **few)
    assert raised.value.problems[0]["value"] == str(target)
    assert (target / "summary.parquet").read_bytes() == before
    slashfall.run(CONFIG, target, seed=1, overwrite=True, **few)
    assert (target / "summary.parquet").read_bytes() != before
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(slashfall.InputError, match="left alone"):
        slashfall.run(CONFIG, other, overwrite=True, **few)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "result"]


def test_a_temporary_folder_goes_with_its_result():
    found = slashfall.run(CONFIG, paths=300, set={"run.detail": "summary"})
    folder = found.path.parent
    summary = found.summary()
    assert folder.is_dir() and len(summary) > 0
    del found
    gc.collect()
    assert not folder.exists()
    # What was read stays.
    assert summary.to_arrow().num_rows == len(summary)


def test_nothing_is_left_of_a_run_that_fails(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(slashfall.InputError):
        slashfall.run(CONFIG, set={"run.horizon_days": 0})
    assert list(tmp_path.iterdir()) == []


def test_other_threads_go_on_while_a_run_goes(tmp_path):
    """The interpreter is free: a thread of Python counts meanwhile, all the time."""
    stamps, stop = [], threading.Event()

    def count():
        while not stop.is_set():
            stamps.append(time.perf_counter())
            time.sleep(0.005)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        start = time.perf_counter()
        slashfall.run(CONFIG, tmp_path / "result", paths=60_000, threads=1)
        took = time.perf_counter() - start
    finally:
        stop.set()
        counter.join()
    own = [stamp for stamp in stamps if start <= stamp <= start + took]
    assert took > 0.5, "the run is too short to tell"
    assert max(later - earlier for earlier, later in zip(own, own[1:])) < max(0.5, took / 2)
    assert len(own) > took / 0.005 / 10


def test_progress_is_heard(monkeypatch, tmp_path):
    heard = []
    monkeypatch.setattr("slashfall._progress.Bars.__call__", lambda _, *told: heard.append(told))
    few = {"paths": 20_000, "set": {"run.detail": "summary"}}
    slashfall.run(CONFIG, tmp_path / "shown", progress=True, **few)
    what, n_done, n_paths, tail = heard[-1]
    assert (what, n_done, n_paths) == ("base", 20_000, 20_000)
    assert tail is None or tail.startswith("ES 99 %: ")
    heard.clear()
    slashfall.run(CONFIG, tmp_path / "hidden", progress=False, **few)
    assert heard == []


def test_bars_are_shown(capsys, tmp_path):
    slashfall.run(CONFIG, tmp_path / "shown", progress=True, paths=300, set={"run.detail": "summary"})
    shown = capsys.readouterr()
    assert "base: " in shown.err and "/300" in shown.err and shown.out == ""


def test_what_a_bar_raises_ends_the_run(monkeypatch, tmp_path):
    def fail(*told):
        raise ZeroDivisionError

    monkeypatch.setattr("slashfall._progress.Bars.__call__", fail)
    with pytest.raises(ZeroDivisionError):
        slashfall.run(CONFIG, tmp_path / "result", paths=40_000_000, progress=True)
    # As after Ctrl-C, what was computed is there to go on with.
    assert [path.name for path in tmp_path.iterdir()] == ["result.unfinished"]


def test_warnings_are_warned_of(tmp_path):
    cut_off = {"cascade.max_rounds": 1, "run.detail": "summary"}
    with pytest.warns(slashfall.RunWarning, match="cut off") as warned:
        found = slashfall.run(CONFIG, tmp_path / "result", set=cut_off, paths=2_000)
    assert warned[0].filename == __file__
    assert any("cut off" in note for note in found.notes)


def test_notes_are_kept(tmp_path):
    changes = {"sampling.method": "sobol", "run.detail": "summary"}
    found = slashfall.run(CONFIG, tmp_path / "result", set=changes, paths=512)
    assert [note for note in found.notes if "Sobol points" in note]
