"""A run that is killed, whenever that is, leaves no result or a whole one, and goes on to the same bytes."""

import signal
import time

import pytest
from conftest import OFTEN, files, times, unfinished

FEW = 6
PATHS = 400_000
DETAILS = {"standard": [], "paths": ["--set", "run.detail=paths"]}


def is_written(output):
    """Whether tables of the result are being written."""
    return any((unfinished(output) / "result").glob("*.parquet"))


def wait(run, output, chance, is_late):
    """Lets a run work for a random while: anywhere on its way, or once it writes its tables."""
    if not is_late:
        time.sleep(chance.uniform(0.0, 1.5))
        return
    while run.poll() is None and not is_written(output):
        time.sleep(0.001)
    time.sleep(chance.uniform(0.0, 0.03))


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("name", ["KILL", "TERM"])
def test_the_result_is_that_of_an_undisturbed_run(runs, chance, counted, detail, name):
    args = [*DETAILS[detail], "--paths", PATHS if detail == "standard" else PATHS // 4]
    whole = runs.good("whole", *args)
    output, number = runs.folder / "often", getattr(signal, "SIG" + name)
    done = wrong = 0
    statuses = set()
    while done < max(3, times(FEW) // 2):
        # Every third on its last steps, which are short: there a result comes to its name.
        is_late = done % 3 == 2
        run = runs.start("often", *args, *OFTEN, "--resume")
        wait(run, output, chance, is_late)
        run.send_signal(number)
        _, said = run.communicate(timeout=60)
        # A signal to terminate may come before anybody listens to it.
        assert run.returncode in (0, 4, -number), said
        statuses.add(run.returncode)
        done += run.returncode != 0
        if output.exists():
            wrong += files(output) != whole
            # Once more, from the beginning.
            for path in sorted(output.rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            output.rmdir()
    assert (4 in statuses) == (name == "TERM"), statuses
    wrong += runs.good("often", *args, *OFTEN, "--resume") != whole
    assert not unfinished(output).exists()
    counted(f"SIG{name} at a random moment, detail = {detail}", done, wrong)
