"""Results of other people and of other times: what they show is text, and what is not known is not guessed."""

import json

import pytest
import slashfall
from conftest import ROOT

OLD = ROOT / "crates" / "cli" / "tests" / "results"


def put(folder, **manifest):
    """A result with another manifest."""
    for file in (OLD / "v2").glob("*.parquet"):
        (folder / file.name).write_bytes(file.read_bytes())
    text = json.loads((OLD / "v2" / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**text, **manifest}))


def test_names_command_no_terminal(tmp_path):
    put(tmp_path, name="a\x1b[2J\nb\u202ec")
    shown = repr(slashfall.open(tmp_path))
    assert shown.isprintable() and "a\\x1b[2J\\nb\\u202ec" in shown


def test_an_earlier_result_is_opened_with_a_warning():
    with pytest.warns(slashfall.RunWarning, match="of schema version 1, this is 2: docs/changelog.md"):
        result = slashfall.open(OLD / "v1")
    assert result.summary().num_rows > 0 and result.notes


def test_a_later_result_is_refused(tmp_path):
    put(tmp_path, schema_version="3", program="slashfall 9.9.9")
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.open(tmp_path)
    (problem,) = raised.value.problems
    assert problem["value"] == "3" and "written by slashfall 9.9.9" in problem["message"]
