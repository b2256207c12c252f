"""What the tests share: the project, the program, one result made by each of the two."""

import os
import subprocess
from pathlib import Path

import pytest
import slashfall

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "configs" / "quickstart.toml"
POLICY = ROOT / "configs" / "policies" / "example-dao.toml"
PATHS = 3_000


class Program:
    """The command line that the package is held to."""

    def __init__(self, path):
        self.path = path

    def __call__(self, *args, status=0):
        """What it prints."""
        done = subprocess.run([self.path, *map(str, args)], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr


@pytest.fixture(scope="session")
def program():
    path = os.environ.get("SLASHFALL_PROGRAM")
    assert path, "SLASHFALL_PROGRAM has to name the command line that the package is held to"
    return Program(path)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="session")
def result(folder):
    """A run by the package, with every path."""
    return slashfall.run(CONFIG, folder / "own", set={"run.detail": "paths"}, paths=PATHS, seed=5)


@pytest.fixture(scope="session")
def of_program(program, folder):
    """The same by the program."""
    changes = ["--set", "run.detail=paths", "--paths", PATHS, "--seed", 5]
    program("run", CONFIG, *changes, "--quiet", "-o", folder / "program")
    return folder / "program"


@pytest.fixture(scope="session")
def policy(tmp_path_factory):
    """The example's, kept by estimates, which few paths can show."""
    text, upper = POLICY.read_text(), 'bound = "upper"'
    policy = tmp_path_factory.mktemp("policy") / "policy.toml"
    assert upper in text
    policy.write_text(text.replace(upper, 'bound = "point"'))
    return policy
