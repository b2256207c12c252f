"""What the tests of faults share: the program, a run of it, and that a result is whole or not there.

`SLASHFALL_SOAK=N` does each kind of harm N times instead of the few times of an ordinary test run;
`SLASHFALL_COUNTS=FILE` notes there, a line of JSON each, what was done how often and what came of it.
"""

import json
import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
CONFIGS, DATA = ROOT / "configs", ROOT / "data"
# Parts of a manifest that say how a run went and where it is, and not what it found.
OF_A_SITTING = ("command", "network_dir", "peak_memory_bytes", "threads", "wall_seconds")
OFTEN = ["--checkpoint", "0.05"]
SEED = 20261130


def times(few):
    """How often harm is done."""
    return int(os.environ.get("SLASHFALL_SOAK", few))


class Runs:
    """A folder with a run file and its network, and the program in it."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(CONFIGS, folder / "configs")
        shutil.copytree(DATA / "networks" / "reference", folder / "data" / "networks" / "reference")
        self.program = os.environ["SLASHFALL_PROGRAM"]

    def words(self, output, *args):
        run = ["run", "configs/quickstart.toml", "--quiet", "--output", output]
        return [self.program, *map(str, [*run, *args])]

    def start(self, output, *args, before=(), **keywords):
        return subprocess.Popen(
            [*before, *self.words(output, *args)],
            cwd=keywords.pop("cwd", self.folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **keywords,
        )

    def end(self, output, *args, **keywords):
        """How a run ended and what it said."""
        run = self.start(output, *args, **keywords)
        _, said = run.communicate(timeout=600)
        return run.returncode, said

    def good(self, output, *args, **keywords):
        """The files of a result."""
        status, said = self.end(output, *args, **keywords)
        assert status == 0, said
        return files(self.folder / output)


def files(result):
    """The files of a result by name; of the manifest what a run does not say of itself."""
    found = {str(path.relative_to(result)): path.read_bytes() for path in sorted(result.rglob("*")) if path.is_file()}
    manifest = json.loads(found.pop("manifest.json"))
    for key in OF_A_SITTING:
        del manifest[key]
    return found | {"manifest.json": manifest}


def unfinished(output):
    return output.with_name(output.name + ".unfinished")


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


@pytest.fixture
def chance():
    return random.Random(SEED)


@pytest.fixture
def counted():
    """Notes how much harm was done and how many results were wrong, which fails the test."""
    began = time.monotonic()

    def note(harm, done, wrong):
        if path := os.environ.get("SLASHFALL_COUNTS"):
            seconds = round(time.monotonic() - began, 1)
            with open(path, "a") as file:
                print(json.dumps({"harm": harm, "done": done, "wrong": wrong, "seconds": seconds}), file=file)
        assert done > 0 and wrong == 0, f"{harm}: {wrong} of {done}"

    return note
