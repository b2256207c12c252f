"""Type hints hold: of the package by itself, of the engine beside its stubs, and for who uses it."""

import subprocess
import sys
from pathlib import Path

import slashfall

OPTIONS = Path(__file__).resolve().parents[1] / "pyproject.toml"

USES = '''
from pathlib import Path

import slashfall

result = slashfall.run({"name": "x"}, Path("y"), set={"run.seed": 1}, progress=None)
n: int = result.summary().num_rows
reached: bool | None = result.precise
names: list[str] = result.tables
told: str = str(result.replay(3))
page: str = slashfall.caps(result, "policy.toml").page
problems: list[slashfall.Problem] = slashfall.check("run.toml").warnings
try:
    slashfall.open("x")
except slashfall.InputError as error:
    nearest: str | None = error.problems[0]["nearest"]
'''


def mypy(*args, cwd):
    module = ["-m", *args]
    done = subprocess.run([sys.executable, *module], cwd=cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_package_holds_its_types(tmp_path):
    package = Path(slashfall.__file__).parent
    status, said = mypy("mypy", "--config-file", str(OPTIONS), str(package), cwd=tmp_path)
    assert status == 0, said


def test_who_uses_it_is_held_to_them(tmp_path):
    (tmp_path / "uses.py").write_text(USES)
    status, said = mypy("mypy", "--strict", "uses.py", cwd=tmp_path)
    assert status == 0, said
    (tmp_path / "uses.py").write_text(USES + "n = result.summary().column_names\n")
    status, said = mypy("mypy", "--strict", "uses.py", cwd=tmp_path)
    assert status == 1 and "Incompatible types in assignment" in said


def test_stubs_are_those_of_the_engine(tmp_path):
    status, said = mypy("mypy.stubtest", "slashfall._engine", cwd=tmp_path)
    assert status == 0, said
