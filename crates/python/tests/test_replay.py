"""A replayed path is what `slashfall replay` says of it."""

import json
import shutil

import pytest
import slashfall
from conftest import PATHS, ROOT


@pytest.mark.parametrize("path", [0, 17, PATHS - 1])
def test_a_path_is_that_of_the_command_line(result, program, path):
    own = result.replay(path)
    assert own.json == json.loads(program("replay", result.path, "--path", path, "--json"))
    assert own.json["checked"] == "paths"
    assert str(own) == program("replay", result.path, "--path", path).strip("\n")
    assert repr(own) == f"<slashfall.Replay of path {path}, scenario base>"


def test_a_notebook_shows_it_escaped(result):
    worst = result.tail_paths().to_pandas().path.iloc[0]
    shown = result.replay(worst)._repr_html_()
    assert shown.startswith("<pre>") and shown.endswith("</pre>")
    assert "<" not in shown[len("<pre>") : -len("</pre>")]


def test_a_path_that_is_not_there_is_refused(result):
    with pytest.raises(slashfall.InputError, match=f"0 to {PATHS - 1}"):
        result.replay(PATHS)
    with pytest.raises(slashfall.InputError, match="a scenario of the result"):
        result.replay(0, scenario="bas")
    with pytest.raises(OverflowError):
        result.replay(-1)


def test_another_network_is_refused_and_a_copy_is_not(result, tmp_path):
    network = tmp_path / "network"
    shutil.copytree(ROOT / "data" / "networks" / "reference", network)
    assert str(result.replay(17, network=network)) == str(result.replay(17))
    with (network / "assets.csv").open("a") as file:
        file.write("\n")
    with pytest.raises(slashfall.InputError, match="changed since the run"):
        result.replay(17, network=network)
