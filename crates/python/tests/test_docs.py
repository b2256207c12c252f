"""The examples of `docs/python.md` are true: they are run, one after the other."""

import ast
import re

import pytest
from conftest import ROOT

PAGE = ROOT / "docs" / "python.md"


def blocks():
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_every_example_runs(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(ROOT)
    names: dict = {}
    shown = [last_value(block, names) for block in blocks()]
    assert len(shown) == 10
    assert shown[0][0] == ["base"] and shown[0][2] == 20261120
    assert shown[1] == "(given as a mapping)"
    assert len(shown[2]) > 0
    assert shown[3].std_err.gt(0).all() and len(shown[3]) == 2
    assert all(value >= 0 for value in shown[4])
    assert 500_000 < shown[7] < 2_000_000
    assert shown[8] == 4
    said = capsys.readouterr().out
    assert "In all " in said, "the path is told"
    assert "dependence.df -4 " in said and "horizon_days" in said, "the problems are told"


def last_value(block, names):
    """Runs a block; the value of its last expression, None where it ends otherwise."""
    tree = ast.parse(block, str(PAGE))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(PAGE), "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), str(PAGE), "eval"), names)


@pytest.mark.parametrize("name", ["run", "caps", "check"])
def test_signatures_are_those_of_the_functions(name):
    import inspect

    import slashfall

    text = PAGE.read_text(encoding="utf-8")
    said = re.search(rf"`(?:slashfall\.)?{name}\(([^`]*)\)`", text)
    assert said is not None
    parameters = [part.split("=")[0].strip() for part in said[1].split(",")]
    own = list(inspect.signature(getattr(slashfall, name)).parameters)
    assert [part for part in parameters if part != "*"] == own
