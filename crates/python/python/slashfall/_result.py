"""The result of a run: its manifest, its tables, its paths."""

from __future__ import annotations

import json
import os
import shutil
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import _engine
from ._problems import InputError, Problem, printable, warn
from ._replay import Replay
from ._table import Table

TABLES = (
    "summary",
    "exceedance",
    "contributions",
    "removals",
    "sensitivities",
    "avs_rate",
    "contagion",
    "joint",
    "dependence",
    "convergence",
    "tail_paths",
    "cascade",
)
"""Tables of a run, in the order of the docs."""


def open(path: str | os.PathLike[str]) -> Result:
    """The result in a folder that a run has written, here or on the command line.

    path: the folder, or `s3://BUCKET/PREFIX`, which is loaded into a temporary folder that goes with
        the `Result`.

    Raises `InputError` where there is none, or one of a later version of the tables; warns of one of
    an earlier version.
    """
    result = opened(place_of(path))
    written = _version(result.manifest)
    if written != int(_engine.SCHEMA_VERSION):
        note = (
            f"warning: the result is of schema version {written}, this is {_engine.SCHEMA_VERSION}: "
            "docs/changelog.md says which columns mean something else"
        )
        result.notes.append(note)
        warn([note], level=3)
    return result


def place_of(path: str | os.PathLike[str]) -> str:
    """A folder as it is written, or an address of a store, which is no path and stays as it is."""
    text = os.fspath(path)
    return text if _engine.is_address(text) else str(Path(text))


def opened(place: str, *, notes: Sequence[str] = (), temporary: str | None = None) -> Result:
    """The result at a place; what is in a store is loaded."""
    if not _engine.is_address(place):
        return Result(Path(place), notes=notes, temporary=temporary)
    folder = _engine.fetch(place)
    return Result(folder, notes=notes, temporary=str(folder), address=place)


class Result:
    """A result folder. A temporary one goes when the last reference to it does."""

    def __init__(
        self,
        path: Path,
        *,
        notes: Sequence[str] = (),
        temporary: str | None = None,
        address: str | None = None,
    ) -> None:
        self.path: Path = path
        """Its folder."""
        self.address: str | None = address
        """Where it is in a store, if it was loaded from there."""
        self.notes: list[str] = list(notes)
        """What the run had to say: warnings, how paths were drawn; empty of a result that was opened."""
        if temporary is not None:
            weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True)
        self.manifest: dict[str, Any] = _manifest(path)
        """`manifest.json`: what was run, on what, by which program, and how it went."""

    @property
    def scenarios(self) -> list[str]:
        """Names of the scenarios, `base` first."""
        return sorted(self.manifest["config"], key=lambda name: (name != "base", name))

    @property
    def precise(self) -> bool | None:
        """Whether the precision that was asked for (`run.until`) was reached; None without such."""
        reached: bool | None = self.manifest["precision_reached"]
        return reached

    @property
    def tables(self) -> list[str]:
        """Names of the tables that are there."""
        there = {file.stem for file in self.path.glob("*.parquet")}
        return [name for name in TABLES if name in there] + sorted(there.difference(TABLES))

    def table(self, name: str) -> Table:
        """A table by its name.

        Raises `InputError` where the result has none of it: `run.detail` says which are written.
        """
        if name not in self.tables:
            raise InputError([_no_table(name, self.tables)])
        return Table(_engine.read_table(self.path / f"{name}.parquet"), name)

    def summary(self) -> Table:
        """Mean, value at risk, expected shortfall and more, with errors."""
        return self.table("summary")

    def exceedance(self) -> Table:
        """The curve of losses and their probabilities."""
        return self.table("exceedance")

    def contributions(self) -> Table:
        """Who and what the expected shortfall comes from."""
        return self.table("contributions")

    def removals(self) -> Table:
        """What the expected shortfall would be without a contributor."""
        return self.table("removals")

    def sensitivities(self) -> Table:
        """How figures change with parameters."""
        return self.table("sensitivities")

    def avs_rate(self) -> Table:
        """The expected shortfall at other rates of AVSs' slashes."""
        return self.table("avs_rate")

    def contagion(self) -> Table:
        """Who sets off what."""
        return self.table("contagion")

    def joint(self) -> Table:
        """What losses of two scopes have to do with one another."""
        return self.table("joint")

    def dependence(self) -> Table:
        """What sources and factors have done beside what was asked."""
        return self.table("dependence")

    def convergence(self) -> Table:
        """Figures after fewer paths."""
        return self.table("convergence")

    def tail_paths(self) -> Table:
        """The worst paths of each scope."""
        return self.table("tail_paths")

    def cascade(self) -> Table:
        """How far paths went."""
        return self.table("cascade")

    def losses(self, scope: str, scenario: str = "base", kind: str | None = None) -> Table:
        """The loss of a scope on every path: `path`, `loss_eth`, and `weight` where paths have one.

        scope: as in the summary; an asset's loss is by nav unless `kind` is "asset_market".

        Raises `InputError` where the result has no paths (`detail = "paths"`), or no such scope.
        """
        return Table(_engine.losses(self.path, scope, scenario, kind), f"losses of {scope}")

    def replay(
        self, path: int, scenario: str = "base", network: str | os.PathLike[str] | None = None
    ) -> Replay:
        """Plays a path of the run again and tells what happened on it.

        network: folder of the network, instead of the one that the result names.
        """
        document, story, notes = _engine.replay(self.path, path, scenario, network)
        warn(notes, level=3)
        return Replay(document, story)

    def report(
        self,
        output: str | os.PathLike[str],
        *,
        vs: Result | str | os.PathLike[str] | None = None,
        caps: str | os.PathLike[str] | None = None,
        scenario: str | None = None,
        scope: str | None = None,
        market: bool = False,
        level: float | None = None,
        budget: float | None = None,
        network: str | os.PathLike[str] | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Writes one HTML page of the result that needs no network, and returns its path.

        vs: a result to set beside it.
        caps: a folder that `slashfall.caps` has written of this result.
        scenario, scope, market, level, budget: what the page is of, as of `slashfall report`.
        network: folder of the network, instead of the one that the result names.

        Raises `InputError` with all that is wrong; then nothing is written.
        """
        page = Path(os.fspath(output))
        _engine.report(
            # A page names its result: a folder that goes is no name.
            self.path if self.address is None else self.address,
            page,
            vs=vs.path if isinstance(vs, Result) else vs,
            caps=caps,
            scenario=scenario,
            scope=scope,
            market=market,
            level=level,
            budget=budget,
            network=network,
            overwrite=overwrite,
        )
        return page

    def __repr__(self) -> str:
        name = self.manifest["name"]
        text = f"<slashfall.Result {name}: {', '.join(self.scenarios)}, in {self.address or self.path}>"
        return printable(text)


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / "manifest.json"
    try:
        manifest: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError([_no_result(folder, str(error))]) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("config"), dict):
        raise InputError([_no_result(folder, "the manifest of a run was expected")])
    written = _version(manifest)
    if written > int(_engine.SCHEMA_VERSION):
        expected = (
            f"schema version {_engine.SCHEMA_VERSION} or an earlier one was expected: it was written by "
            f"{printable(str(manifest.get('program')))}; read it with that program, or a later one"
        )
        raise InputError([_problem(str(file), str(written), expected)])
    return manifest


def _version(manifest: dict[str, Any]) -> int:
    """The version of the tables of a result."""
    try:
        return int(manifest["schema_version"])
    except (KeyError, ValueError, TypeError):
        return 0


def _no_result(folder: Path, why: str) -> Problem:
    expected = f"a result folder with its manifest.json was expected: {why}"
    return _problem(str(folder), None, expected)


def _no_table(name: str, there: Sequence[str]) -> Problem:
    return _problem("table", name, f"a table of the result was expected: {', '.join(there)}")


def _problem(file: str, value: str | None, expected: str) -> Problem:
    found = "" if value is None else f"found {value!r}, "
    return Problem(
        file=file,
        line=None,
        row=None,
        column=None,
        key=None,
        value=value,
        expected=expected,
        nearest=None,
        message=f"{file}: {found}{expected}",
    )
