"""Parts of a run: which of them are missing, and how one is computed or merged wherever it is sent."""

from __future__ import annotations

import hashlib
import os
import socket
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from .. import _engine
from .._problems import InputError, Problem

Range = tuple[int, int]
"""A first path, and the one after the last."""


@dataclass(frozen=True)
class Part:
    """A range of the paths of a run, as it is sent to a worker."""

    run: str
    """Folder of the packed run in the store."""
    paths: Range
    """First path, and the one after the last."""
    threads: int
    """Threads that compute it."""
    version: str
    """Version of this package where the run was asked for."""
    of: tuple[Range, ...] = ()
    """Parts that are there, which it is merged from; computed where it is of none."""

    @property
    def name(self) -> str:
        """Names what it is of, the run by its digest, and in which store."""
        first, stop = self.paths
        store = hashlib.sha256(self.run.encode()).hexdigest()[:8]
        return f"{PurePath(self.run).name}-{first}-{stop}-{store}"


@dataclass(frozen=True)
class Done:
    """What came of a part."""

    part: Part
    worker: str
    """Host and process that it was sent to."""
    computed: bool
    """Whether it was computed now; False where it was there already, or refused."""
    refused: tuple[Problem, ...] = ()
    """Why the worker does not compute it. Another attempt would be refused too."""


def compute(part: Part) -> Done:
    """Computes or merges a part where it is called, if it is not in the store.

    Raises what may be otherwise at another attempt, such as a store that does not answer.
    """
    worker = f"{socket.gethostname()}, process {os.getpid()}"
    if part.version != _engine.__version__:
        return Done(part, worker, computed=False, refused=(_other_version(worker, part.version),))
    try:
        if part.of:
            computed = _engine.merge_part(part.run, part.of, part.threads)
        else:
            computed = _engine.run_part(part.run, part.paths, part.threads)
    except InputError as error:
        return Done(part, worker, computed=False, refused=tuple(error.problems))
    return Done(part, worker, computed)


def _other_version(worker: str, version: str) -> Problem:
    own = _engine.__version__
    expected = f"{version} was expected, the version that asks for the run"
    return {
        "file": f"worker {worker}",
        "line": None,
        "row": None,
        "column": None,
        "key": "slashfall",
        "value": own,
        "expected": expected,
        "nearest": None,
        "message": f"worker {worker}: slashfall {own}: {expected}; install the same on all workers",
    }


def cut(n_paths: int, size: int, there: Sequence[Range]) -> tuple[list[Range], list[Range]]:
    """Parts that make a run: those that are there already, and what is missing between them.

    What is missing is cut at multiples of `size`. Parts that are there may have been cut otherwise.
    """
    longest: dict[int, int] = {}
    for first, stop in there:
        longest[first] = max(stop, longest.get(first, 0))
    firsts = sorted(longest)
    kept: list[Range] = []
    missing: list[Range] = []
    position = 0
    while position < n_paths:
        own = longest.get(position)
        if own is not None:
            kept.append((position, own))
            position = own
            continue
        after = bisect_right(firsts, position)
        most = firsts[after] if after < len(firsts) else n_paths
        stop = min(most, (position // size + 1) * size)
        missing.append((position, stop))
        position = stop
    return kept, missing
