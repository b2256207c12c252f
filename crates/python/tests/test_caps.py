"""Caps are those of `slashfall caps`."""

import json

import pytest
import pyarrow.parquet as pq
import slashfall
from conftest import POLICY

SOME = {"paths": 2_048, "certificate_seed": 99}


def test_caps_are_those_of_the_command_line(result, policy, program, tmp_path):
    own = slashfall.caps(result, policy, tmp_path / "own", **SOME)
    options = ["--paths", SOME["paths"], "--certificate-seed", SOME["certificate_seed"]]
    page = program("caps", result.path, "--policy", policy, *options, "-o", tmp_path / "program")
    assert own.page == page == own._repr_markdown_()
    for name in ["caps.md", "caps.json", "caps.parquet"]:
        assert (own.path / name).read_bytes() == (tmp_path / "program" / name).read_bytes(), name
    assert own.json == json.loads((own.path / "caps.json").read_text())
    file = pq.read_table(own.path / "caps.parquet")
    assert own.table().to_arrow().equals(file)
    assert own.table().to_arrow().schema.equals(file.schema, check_metadata=True)
    assert "positions" in repr(own)


def test_nothing_is_written_unless_asked(result, policy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = slashfall.caps(result.path, policy, threads=1, **SOME)
    assert found.path is None and list(tmp_path.iterdir()) == []


def test_all_that_is_wrong_is_told_at_once(result, tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY.read_text().replace("size_eth", "size_et") + "\nnonsense = 1\n")
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.caps(result, policy, tmp_path / "caps", certificate_seed=5, paths=0)
    found = [(problem["file"], problem["value"]) for problem in raised.value.problems]
    assert ("paths", "0") in found and ("certificate_seed", "5") in found
    assert len([file for file, _ in found if file == str(policy)]) == len(found) - 2 >= 2
    assert not (tmp_path / "caps").exists()
