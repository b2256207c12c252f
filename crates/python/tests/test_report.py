"""A page is that of the command line, to the byte."""

import pytest
import slashfall


def test_a_page_is_that_of_the_command_line(result, policy, program, tmp_path):
    slashfall.caps(result, policy, tmp_path / "caps", paths=2_048, progress=False)
    own = result.report(tmp_path / "own.html", caps=tmp_path / "caps", vs=result, scope="eETH", market=True)
    args = ["--caps", tmp_path / "caps", "--vs", result.path, "--scope", "eETH", "--market"]
    program("report", result.path, *args, "-q", "-o", tmp_path / "program.html")
    assert own == tmp_path / "own.html"
    assert own.read_bytes() == (tmp_path / "program.html").read_bytes()


def test_what_is_wrong_is_told_at_once(result, tmp_path):
    page = tmp_path / "page.html"
    with pytest.raises(slashfall.InputError) as told:
        result.report(page, scope="eEHT", scenario="bas")
    problems = told.value.problems
    assert [problem["nearest"] for problem in problems] == ["base", "eETH"]
    assert not page.exists()
    page.write_text("mine")
    with pytest.raises(slashfall.InputError, match="overwrite"):
        result.report(page)
    assert page.read_text() == "mine"
