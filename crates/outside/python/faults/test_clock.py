"""A clock that jumps days ahead and back: what a run finds does not hang on the time."""

import os
import time

import pytest
from conftest import files


@pytest.fixture
def clock(tmp_path):
    """A clock that the test sets, for the program alone."""
    stamp = tmp_path / "clock"
    stamp.write_text("+0")
    library = os.environ["SLASHFALL_FAKETIME"]
    return stamp, os.environ | {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(stamp),
        "FAKETIME_NO_CACHE": "1",
    }


def test_jumps_of_the_clock_change_nothing(runs, clock, chance, counted):
    stamp, environment = clock
    args = ["--paths", 150_000]
    whole = runs.good("whole", *args)
    done = wrong = 0
    run = runs.start("result", *args, "--checkpoint", "0.2", env=environment)
    while run.poll() is None:
        # Days ahead and back, of what a run sees of time.
        stamp.write_text(f"{chance.choice('+-')}{chance.randrange(1, 4_000)}d")
        done += 1
        time.sleep(0.05)
    said = run.communicate()[1]
    assert run.returncode == 0, said
    wrong += files(runs.folder / "result") != whole
    counted("a jump of the clock", done, wrong)
