"""Ctrl-C ends a job soon, with KeyboardInterrupt, and leaves nothing behind but what a run goes on with."""

import os
import signal
import subprocess
import sys
import time

import pytest
import slashfall
from conftest import CONFIG, POLICY

PATIENCE = 60.0
RUN = """
import sys, slashfall
try:
    slashfall.run(sys.argv[1], OUTPUT, paths=40_000_000, set={"run.detail": "DETAIL"}, threads=1)
except KeyboardInterrupt:
    print("interrupted")
"""
CAPS = """
import sys, slashfall
try:
    slashfall.caps(sys.argv[1], sys.argv[2], "caps", threads=1)
except KeyboardInterrupt:
    print("interrupted")
"""


def interrupted(code, folder, *args, begun=lambda: True, pause=0.5):
    """Runs code in a process of its own, interrupts it once it has begun; what is in its folders then."""
    temporary = folder / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    start = time.monotonic()
    while not begun():
        assert time.monotonic() - start < PATIENCE and process.poll() is None, "it does not begin"
        time.sleep(0.02)
    time.sleep(pause)
    process.send_signal(signal.SIGINT)
    sent = time.monotonic()
    out, error = process.communicate(timeout=PATIENCE)
    assert (out, error, process.returncode) == ("interrupted\n", "", 0)
    return time.monotonic() - sent, sorted(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("detail", ["standard", "paths"])
def test_an_interrupted_run_leaves_what_it_goes_on_with(tmp_path, detail):
    code = RUN.replace("OUTPUT", "'result'").replace("DETAIL", detail)
    begun = lambda: any(tmp_path.glob("result.unfinished/result"))
    took, left = interrupted(code, tmp_path, CONFIG, begun=begun)
    assert {"temporary", "result.unfinished", "checkpoint.json"} <= set(left) and took < 20
    assert not (tmp_path / "result" / "manifest.json").exists()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_an_interrupted_run_is_gone_on_with(tmp_path):
    run = {"paths": 400_000, "set": {"run.detail": "summary"}}
    whole = slashfall.run(CONFIG, tmp_path / "whole", **run)
    code = RUN.replace("OUTPUT", "'result'").replace("DETAIL", "summary").replace("40_000_000", "400_000")
    # As soon as it has begun: it is short.
    code = code.replace("threads=1", "threads=1, checkpoint=0.01")
    begun = lambda: (tmp_path / "result.unfinished" / "checkpoint.json").exists()
    interrupted(code, tmp_path, CONFIG, begun=begun, pause=0.0)
    with pytest.raises(slashfall.InputError, match="paths of one that was interrupted"):
        slashfall.run(CONFIG, tmp_path / "result", **run)
    with pytest.raises(slashfall.InputError, match="another run"):
        slashfall.run(CONFIG, tmp_path / "result", resume=True, seed=3, **run)
    resumed = slashfall.run(CONFIG, tmp_path / "result", resume=True, **run)
    for table in whole.tables:
        name = f"{table}.parquet"
        assert (tmp_path / "result" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert resumed.manifest["paths"] == whole.manifest["paths"]
    assert not (tmp_path / "result.unfinished").exists()


def test_nothing_is_left_of_an_interrupted_run_without_a_folder(tmp_path):
    code = RUN.replace("OUTPUT", "None").replace("DETAIL", "standard")
    begun = lambda: any(tmp_path.glob("temporary/*/result.unfinished/result"))
    _, left = interrupted(code, tmp_path, CONFIG, begun=begun)
    assert left == ["temporary"]


def test_nothing_is_left_of_interrupted_caps(program, tmp_path, tmp_path_factory):
    result = tmp_path_factory.mktemp("long") / "result"
    program("run", CONFIG, "--paths", 400_000, "--set", "run.detail=summary", "--quiet", "-o", result)
    _, left = interrupted(CAPS, tmp_path, result, POLICY)
    assert left == ["temporary"]
