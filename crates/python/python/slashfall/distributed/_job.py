"""The parts of one run: computed where they are missing, and merged to fewer until they are few."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from .. import _engine
from .._problems import InputError
from .._progress import shown
from ._engines import Engine
from ._parts import Part, Range, compute, cut

WIDTH = 32
"""Parts that are merged at a time."""


class Unfinished(RuntimeError):
    """Some parts could not be computed. Those that were are in the store: the same call goes on from there."""


@dataclass(frozen=True)
class Job:
    """A packed run, and who computes its parts."""

    engine: Engine
    run: str
    """Where the packed run is."""
    n_paths: int
    size: int
    """Paths of a part that is missing."""
    threads: int
    progress: bool | None

    def parts(self) -> list[Range]:
        """Parts that make the run, few enough to be merged here, once they are in the store."""
        there, missing = self._cut()
        self._have([self._part(paths) for paths in missing], there, "parts")
        # Parts that are there may have been merged already.
        parts, still = self._cut()
        if still:
            raise self._unfinished()
        while len(parts) > WIDTH:
            groups = [parts[first : first + WIDTH] for first in range(0, len(parts), WIDTH)]
            alone = [group[0] for group in groups if len(group) == 1]
            merges = [self._merge(group) for group in groups if len(group) > 1]
            self._have(merges, alone, "merging")
            parts = sorted(alone + [merge.paths for merge in merges])
            if not {*parts} <= {*_engine.parts_of(self.run)}:
                raise self._unfinished()
        return parts

    def _cut(self) -> tuple[list[Range], list[Range]]:
        return cut(self.n_paths, self.size, _engine.parts_of(self.run))

    def _part(self, paths: Range, of: tuple[Range, ...] = ()) -> Part:
        return Part(self.run, paths, self.threads, _engine.__version__, of)

    def _merge(self, group: Sequence[Range]) -> Part:
        return self._part((group[0][0], group[-1][1]), tuple(group))

    def _have(self, parts: Sequence[Part], there: Sequence[Range], what: str) -> None:
        """Has parts brought into the store; others are there and are shown as done."""
        n_done = sum(stop - first for first, stop in there)
        n_there, n_parts = len(there), len(there) + len(parts)
        try:
            with shown(self.progress) as heard, closing(self.engine(compute, parts)) as answers:
                for done in answers:
                    if done.refused:
                        raise InputError(done.refused)
                    first, stop = done.part.paths
                    n_there, n_done = n_there + 1, n_done + stop - first
                    if heard is not None:
                        heard(what, n_done, self.n_paths, f"{n_there} of {n_parts} parts")
        except InputError:
            raise
        except Exception as error:
            raise self._unfinished(error) from error

    def _unfinished(self, error: Exception | None = None) -> Unfinished:
        there, missing = self._cut()
        n, n_parts = len(missing), len(there) + len(missing)
        left = f"{n} of {n_parts} parts are not in {self.run}" if n else f"not all is merged in {self.run}"
        why = "" if error is None else f": {type(error).__name__}: {error}"
        return Unfinished(f"{left}{why}; the same call again goes on from there")
