"""How far a job is, as bars: in notebooks and on terminals, or where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Bars:
    """A bar after the other, one for all that paths are drawn for."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._what = ""

    def __call__(self, what: str, n_done: int, n_paths: int, tail: str | None) -> None:
        if self._bar is None or what != self._what:
            self.close()
            self._what, self._bar = what, _bar(what, n_paths)
        self._bar.update(n_done - self._bar.n)
        if tail is not None:
            self._bar.set_postfix_str(tail)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class Heard(Protocol):
    """Hears what paths are drawn for, how many are there, of how many, and the tail so far."""

    def __call__(self, what: str, n_done: int, n_paths: int, tail: str | None, /) -> object: ...


@contextmanager
def shown(progress: bool | None) -> Iterator[Heard | None]:
    """Who hears of a job: None for nobody."""
    if not (_is_watched() if progress is None else progress):
        yield None
        return
    bars = Bars()
    try:
        yield bars
    finally:
        bars.close()


def _bar(what: str, n_paths: int) -> Any:
    from tqdm.auto import tqdm

    return tqdm(total=n_paths, desc=what, unit=" paths", leave=False)


def _is_watched() -> bool:
    return sys.stderr.isatty() or _is_notebook()


def _is_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
