"""The engine: see the modules beside this one, which say the same to people."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from os import PathLike
from pathlib import Path
from typing import Any, final

from typing_extensions import CapsuleType

from ._problems import Problem

__all__ = [
    "SCHEMA_VERSION",
    "Table",
    "__version__",
    "caps",
    "check",
    "fetch",
    "is_address",
    "losses",
    "merge",
    "merge_part",
    "pack",
    "part_places",
    "parts_of",
    "read_table",
    "replay",
    "report",
    "run",
    "run_part",
]

__version__: str
SCHEMA_VERSION: str

_Path = str | PathLike[str]
_Progress = Callable[[str, int, int, str | None], object]

@final
class Table:
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType: ...
    def __arrow_c_schema__(self) -> CapsuleType: ...
    @property
    def num_rows(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    @property
    def metadata(self) -> list[tuple[str, str]]: ...

def run(
    config: _Path | Mapping[str, Any],
    output: _Path,
    *,
    set: Sequence[tuple[str, Any]],
    paths: int | None,
    seed: int | None,
    threads: int | None,
    overwrite: bool,
    resume: bool,
    checkpoint: timedelta,
    allow_outside: bool,
    command: Sequence[str],
    progress: _Progress | None,
) -> list[str]: ...
def merge(
    parts: Sequence[_Path],
    output: _Path,
    *,
    network: _Path | None,
    threads: int | None,
    overwrite: bool,
    command: Sequence[str],
    progress: _Progress | None,
) -> list[str]: ...
def merge_part(run: _Path, parts: Sequence[tuple[int, int]], threads: int) -> bool: ...
def pack(
    config: _Path | Mapping[str, Any],
    store: _Path,
    *,
    set: Sequence[tuple[str, Any]],
    paths: int | None,
    seed: int | None,
    output: _Path,
    overwrite: bool,
    allow_outside: bool,
) -> tuple[str, int, str]: ...
def parts_of(run: _Path) -> list[tuple[int, int]]: ...
def part_places(run: _Path, parts: Sequence[tuple[int, int]]) -> list[str]: ...
def run_part(run: _Path, paths: tuple[int, int], threads: int) -> bool: ...
def is_address(text: str) -> bool: ...
def fetch(result: str) -> Path: ...
def read_table(path: _Path) -> Table: ...
def losses(result: _Path, scope: str, scenario: str, kind: str | None) -> Table: ...
def replay(result: _Path, path: int, scenario: str, network: _Path | None) -> tuple[str, str, list[str]]: ...
def report(
    result: _Path,
    output: _Path,
    *,
    vs: _Path | None,
    caps: _Path | None,
    scenario: str | None,
    scope: str | None,
    market: bool,
    level: float | None,
    budget: float | None,
    network: _Path | None,
    overwrite: bool,
) -> None: ...
def caps(
    result: _Path,
    policy: _Path,
    output: _Path | None,
    *,
    scenario: str,
    network: _Path | None,
    paths: int | None,
    certificate_seed: int | None,
    threads: int | None,
    overwrite: bool,
    progress: _Progress | None,
) -> tuple[Table, str, str, list[str]]: ...
def check(
    config: _Path | Mapping[str, Any], set: Sequence[tuple[str, Any]], allow_outside: bool
) -> tuple[str, list[Problem]]: ...
