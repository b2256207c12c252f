"""Folders that are closed to the run, changed under it or wanted by two: what bears a name is whole."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import OFTEN, Runs, files, times, unfinished

FEW = 6
NOBODY = 65534


def test_a_run_that_cannot_keep_what_it_has_goes_on(runs):
    """There is room for each table of the result, and for nothing as large as what would be kept."""
    args = ["--paths", 100_000, "--set", "run.detail=standard"]
    whole = runs.good("whole", *args)
    largest = max(len(table) for name, table in whole.items() if name != "manifest.json")

    def bound():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 50_000, largest + 50_000))

    run = subprocess.run(
        [word for word in runs.words("result", *args, *OFTEN) if word != "--quiet"],
        cwd=runs.folder,
        preexec_fn=bound,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.count("cannot be kept (File too large") == 1, run.stderr
    assert "; 1 warning, above and in its manifest" in run.stderr, run.stderr
    found = files(runs.folder / "result")
    assert "cannot be kept" in found["manifest.json"].pop("warnings")[0]
    assert whole["manifest.json"].pop("warnings") == []
    assert found == whole
    assert not unfinished(runs.folder / "result").exists()


def as_nobody(runs):
    """A copy of the program and its input that somebody without rights can read."""
    runs.folder.chmod(0o755)
    program = runs.folder / "slashfall"
    shutil.copy(runs.program, program)
    program.chmod(0o755)
    runs.program = str(program)
    return {} if os.getuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@pytest.fixture
def open_runs():
    """Runs in a folder of its own: those of pytest are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        yield Runs(Path(folder))


def test_what_nobody_may_write_or_read_is_told(open_runs, counted):
    runs = open_runs
    somebody = as_nobody(runs)
    closed = runs.folder / "closed"
    closed.mkdir(mode=0o555)
    args = ["--paths", 500]
    status, said = runs.end("closed/result", *args, **somebody)
    assert status == 1 and "closed/result" in said and "Permission denied" in said, said
    wrong = int(any(closed.iterdir()))
    open_ = runs.folder / "open"
    open_.mkdir()
    open_.chmod(0o777)
    table = runs.folder / "data/networks/reference/assets.csv"
    table.chmod(0)
    status, said = runs.end("open/result", *args, **somebody)
    assert status == 2 and "assets.csv" in said and "Permission denied" in said, said
    wrong += int(any(open_.iterdir()))
    table.chmod(0o644)
    # What was kept may be closed to who wants to go on.
    run = runs.start("open/result", "--paths", 30_000_000, *OFTEN, **somebody)
    while not (open_ / "result.unfinished" / "checkpoint.json").exists():
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    (open_ / "result.unfinished" / "lock").chmod(0)
    status, said = runs.end("open/result", "--paths", 30_000_000, "--resume", **somebody)
    assert status == 1 and "Permission denied" in said, said
    assert (open_ / "result.unfinished" / "checkpoint.json").exists()
    counted("a missing permission", 3, wrong)


def test_files_that_change_during_a_run_change_nothing(runs, counted):
    args = ["--paths", 300_000]
    whole = runs.good("whole", *args)
    changed = [runs.folder / "configs/quickstart.toml", runs.folder / "data/networks/reference/assets.csv"]
    texts = [path.read_text() for path in changed]
    done = wrong = 0
    for replace in [lambda path: path.write_text("nothing"), lambda path: path.unlink()]:
        run = runs.start("result", *args, *OFTEN)
        while run.poll() is None and not (runs.folder / "result.unfinished" / "checkpoint.json").exists():
            time.sleep(0.002)
        for path in changed:
            replace(path)
        _, said = run.communicate(timeout=120)
        assert run.returncode == 0, said
        done += 1
        for path, text in zip(changed, texts, strict=True):
            path.write_text(text)
        # Where the network is found from there is part of a manifest; all else is the same.
        wrong += files(runs.folder / "result") != whole
        shutil.rmtree(runs.folder / "result")
    counted("an input that is replaced or removed during the run", done, wrong)


FLIP = """
import os, sys
table, *texts = sys.argv[1:]
while True:
    for text in texts:
        with open(table + ".new", "w") as file:
            file.write(text)
        os.replace(table + ".new", table)
"""


def test_a_file_that_changes_while_it_is_read_is_read_once(runs, counted):
    """One of its versions is read, whole, and the manifest says which."""
    table = runs.folder / "data/networks/reference/portfolios.csv"
    one = table.read_text()
    other = one.replace("1", "2", 1) if "1" in one else one + "\n"
    results = {}
    for text in (one, other):
        table.write_text(text)
        results[text] = runs.good(f"of{len(results)}", "--paths", 200, "--set", "run.detail=summary")
    done = wrong = 0
    writer = subprocess.Popen([sys.executable, "-c", FLIP, table, one, other])
    try:
        for number in range(times(FEW)):
            done += 1
            wrong += runs.good(f"r{number}", "--paths", 200, "--set", "run.detail=summary") not in results.values()
    finally:
        writer.kill()
        writer.wait()
    counted("an input that changes while it is read", done, wrong)


def test_of_two_runs_into_one_folder_one_is_refused(runs, counted):
    args = ["--paths", 20_000]
    whole = runs.good("whole", *args)
    done = wrong = 0
    for number in range(times(FEW)):
        output = f"both{number}"
        both = [runs.start(output, *args) for _ in range(2)]
        said = [run.communicate(timeout=120)[1] for run in both]
        statuses = sorted(run.returncode for run in both)
        done += 1
        wrong += statuses != [0, 2] or files(runs.folder / output) != whole
        refused = next((text for text, run in zip(said, both, strict=True) if run.returncode), "")
        assert "no other run writes" in refused or "exists already" in refused, said
        assert not unfinished(runs.folder / output).exists()
    counted("two runs into one folder at once", done, wrong)


def test_two_who_go_on_at_once_are_one(runs, counted):
    args = ["--paths", 200_000]
    whole = runs.good("whole", *args)
    run = runs.start("result", *args, *OFTEN)
    while not (runs.folder / "result.unfinished" / "checkpoint.json").exists():
        time.sleep(0.002)
    run.kill()
    run.communicate()
    both = [runs.start("result", *args, "--resume") for _ in range(2)]
    for one in both:
        one.communicate(timeout=120)
    assert sorted(run.returncode for run in both) == [0, 2]
    counted("two that go on at once", 1, int(files(runs.folder / "result") != whole))
