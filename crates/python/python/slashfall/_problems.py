"""What is wrong with an input, in parts, and what is not wrong but should be known."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TypedDict


class Problem(TypedDict):
    """One thing that is wrong with an input; what does not apply is None."""

    file: str
    """The file as it was named, or the argument."""
    line: int | None
    """Line of a text file, from 1."""
    row: int | None
    """Row of a table, from 1 without its header."""
    column: str | None
    """Column of a table."""
    key: str | None
    """Dotted key of a run file or policy."""
    value: str | None
    """What was found, as written."""
    expected: str
    """What is wrong and what was expected instead."""
    nearest: str | None
    """The nearest valid name, where a name was expected."""
    message: str
    """All of it as a sentence."""


class InputError(ValueError):
    """Everything that is wrong with an input. Nothing was written."""

    problems: list[Problem]
    """One a thing that is wrong, in the order found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        n = len(self.problems)
        lines = [problem["message"] for problem in self.problems]
        return "\n".join([*lines, f"{n} problem{'' if n == 1 else 's'}; nothing was written"])


def printable(text: str) -> str:
    """Text for a terminal, which names in files must not command: what is no text is written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class RunWarning(UserWarning):
    """What should be known of figures before they are believed."""


def warn(notes: Sequence[str], *, level: int) -> None:
    """Warns of those notes that are warnings, on behalf of who is so many calls away; this one counts."""
    for note in notes:
        prefix = "warning: "
        if note.startswith(prefix):
            warnings.warn(note.removeprefix(prefix), RunWarning, stacklevel=level)
