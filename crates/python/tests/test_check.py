"""What is wrong is told in full and in parts; else the facts are those of `slashfall check`."""

import json
import pickle
import shutil

import pytest
import slashfall
from conftest import CONFIG, ROOT

NETWORK = ROOT / "data" / "networks" / "reference"


@pytest.mark.parametrize("path", [CONFIG, NETWORK])
def test_facts_are_those_of_the_command_line(program, path):
    found = slashfall.check(path)
    assert found.facts == json.loads(program("check", path, "--json"))
    assert [f"warning: {one['message']}" for one in found.warnings] == [
        note for note in found.facts["notes"] if note.startswith("warning: ")
    ]
    assert "warnings" in repr(found)


def test_warnings_come_in_parts(tmp_path):
    network = tmp_path / "network"
    shutil.copytree(NETWORK, network)
    avs = (network / "avs.csv").read_text().splitlines()
    header = avs[0].split(",")
    row = avs[1].split(",")
    row[header.index("profit_from_corruption_eth")] = "1e12"
    (network / "avs.csv").write_text("\n".join([avs[0], ",".join(row), *avs[2:]]) + "\n")
    warned = slashfall.check(network).warnings
    assert any(one["row"] == 1 and one["column"] == "profit_from_corruption_eth" for one in warned)


def test_all_that_is_wrong_with_a_run_file_is_told_at_once(tmp_path):
    text = CONFIG.read_text().replace('network = "..', f'network = "{CONFIG.parent}/..')
    broken = tmp_path / "run.toml"
    broken.write_text(text.replace('"eETH", "ezETH"', '"eEHT", "ezETH"', 1).replace("df = 4", "df = -4"))
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.check(broken, set={"run.horizn_days": 3}, allow_outside=True)
    problems = raised.value.problems
    by_key = {problem["key"]: problem for problem in problems}
    assert len(problems) == 3
    degrees = by_key["dependence.df"]
    line = 1 + broken.read_text().splitlines().index("df = -4")
    assert (degrees["file"], degrees["line"], degrees["value"]) == (str(broken), line, "-4")
    unknown = by_key["run.horizn_days"]
    assert (unknown["file"], unknown["nearest"]) == ("set", "horizon_days")
    (asset,) = [problem for problem in problems if problem["value"] == "eEHT"]
    assert asset["nearest"] == "eETH" and asset["key"] == "target.asset"
    said = str(raised.value).splitlines()
    assert said[:3] == [problem["message"] for problem in problems]
    assert said[3] == "3 problems; nothing was written"


def test_a_run_file_reaches_no_further_than_it_may(tmp_path):
    reaching = tmp_path / "run.toml"
    reaching.write_text(CONFIG.read_text().replace('network = "..', f'network = "{CONFIG.parent}/..'))
    for ask in (slashfall.check, slashfall.run):
        with pytest.raises(slashfall.InputError) as raised:
            ask(reaching)
        (problem,) = raised.value.problems
        assert problem["key"] == "network" and "allow_outside=True" in problem["message"]
    slashfall.check(reaching, allow_outside=True)


def test_all_that_is_wrong_with_a_mapping_is_told_at_once():
    given = {"name": "x", "network": str(NETWORK), "run": {"seed": 1, "paths": None, "levels": [0.9, object()]}}
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.check(given)
    assert [problem["key"] for problem in raised.value.problems] == ["run.paths", "run.levels"]
    given["run"] = {"seed": 1, "paths": 300, "levels": [2.0], "horizon_days": 30, "detial": "paths"}
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.run(given)
    problems = raised.value.problems
    assert {problem["key"] for problem in problems} >= {"run.levels", "run.detial"}
    for problem in problems:
        assert problem["file"] == "(given as a mapping)" and problem["line"] is None


def test_a_table_is_named_by_row_and_column(tmp_path):
    network = tmp_path / "network"
    shutil.copytree(NETWORK, network)
    operators = (network / "operators.csv").read_text().splitlines()
    operators.insert(3, operators[1])
    (network / "operators.csv").write_text("\n".join(operators) + "\n")
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.check(network)
    problem = raised.value.problems[0]
    assert problem["file"].endswith("operators.csv") and problem["key"] is None
    assert (problem["row"], problem["line"], problem["column"]) == (3, 4, "operator")


def test_an_error_survives_pickling():
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.check("nowhere.toml")
    again = pickle.loads(pickle.dumps(raised.value))
    assert again.problems == raised.value.problems and str(again) == str(raised.value)


def test_what_is_no_run_file_is_refused():
    with pytest.raises(TypeError):
        slashfall.check(5)
    with pytest.raises(slashfall.InputError, match="no keys"):
        slashfall.check(NETWORK, set={"run.seed": 1})
