"""Parts of a run, merged to its result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from . import _engine
from ._problems import warn
from ._progress import shown
from ._result import Result, opened, place_of
from ._run import called, target_of


def merge(
    parts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str] | None = None,
    *,
    network: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
) -> Result:
    """Merges parts, such as `slashfall run --paths-from --paths-to` leaves, to the result of one run.

    parts: their folders in any order, or a folder that holds them, here or in a store
        (`s3://BUCKET/PREFIX`). Each path of the run has to be in one of them.
    output, threads, overwrite, progress: as for `run`.
    network: its folder, where that is not where it was for the first part.

    Raises `InputError` with all that is wrong; then nothing is written.
    """
    given = [parts] if isinstance(parts, (str, os.PathLike)) else list(parts)
    folders = [place_of(part) for part in given]
    command = called("slashfall.merge", " ".join(folders))
    with target_of(output) as (target, temporary):
        return merged(
            folders,
            target,
            temporary=temporary,
            network=network,
            threads=threads,
            overwrite=overwrite,
            command=command,
            progress=progress,
        )


def merged(
    parts: list[str],
    target: str,
    *,
    temporary: str | None,
    progress: bool | None,
    **options: Any,
) -> Result:
    """The merge itself; warns on behalf of who called the function that calls this."""
    with shown(progress) as heard:
        notes = _engine.merge(parts, target, progress=heard, **options)
    warn(notes, level=4)
    return opened(target, notes=notes, temporary=temporary)
