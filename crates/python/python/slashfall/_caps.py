"""How much of each position a treasury may hold."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import _engine
from ._problems import printable, warn
from ._progress import shown
from ._result import Result
from ._table import Table


class Caps:
    """Caps of a policy: a page for people, a document and a table for programs."""

    def __init__(self, table: Table, document: str, page: str, path: Path | None) -> None:
        self.json: dict[str, Any] = json.loads(document)
        """`caps.json`: all of it, unrounded."""
        self.page: str = page
        """The page as Markdown, as `caps.md` has it."""
        self.path: Path | None = path
        """The folder that was written, if one was asked for."""
        self._table = table

    def table(self) -> Table:
        """Caps under every scenario and at every rate, as `caps.parquet` has them."""
        return self._table

    def _repr_markdown_(self) -> str:
        return self.page

    def __repr__(self) -> str:
        return printable(f"<slashfall.Caps {self.json['name']}: {len(self.json['positions'])} positions>")


def caps(
    result: Result | str | os.PathLike[str],
    policy: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    scenario: str = "base",
    network: str | os.PathLike[str] | None = None,
    paths: int | None = None,
    certificate_seed: int | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> Caps:
    """Finds how much of each position of a policy a treasury may hold, by the paths of a result.

    policy: path of the policy, a TOML file.
    output: folder for `caps.parquet`, `caps.json` and `caps.md`; without one nothing is written.
    scenario: of the run, that the proposal is made for; caps are of all of them.
    network: folder of the network, instead of the one that the result names.
    paths: the first paths of the run alone, as many.
    certificate_seed: of the paths that the proposal is held against; one that follows from the run's
        by default.
    threads, overwrite, progress: as of `run`.

    Raises `InputError` with all that is wrong, and `KeyboardInterrupt` on Ctrl-C; then nothing is
    written.
    """
    folder = result.path if isinstance(result, Result) else Path(os.fspath(result))
    target = None if output is None else Path(os.fspath(output))
    with shown(progress) as heard:
        table, document, page, notes = _engine.caps(
            folder,
            policy,
            target,
            scenario=scenario,
            network=network,
            paths=paths,
            certificate_seed=certificate_seed,
            threads=threads,
            overwrite=overwrite,
            progress=heard,
        )
    warn(notes, level=3)
    return Caps(Table(table, "caps"), document, page, target)
