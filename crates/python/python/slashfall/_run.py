"""Runs: from a run file, or a mapping that says the same, to a result."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from . import _engine
from ._problems import warn
from ._progress import shown
from ._result import Result, opened, place_of


def run(
    config: str | os.PathLike[str] | Mapping[str, Any],
    output: str | os.PathLike[str] | None = None,
    *,
    set: Mapping[str, Any] | None = None,
    paths: int | None = None,
    seed: int | None = None,
    threads: int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    checkpoint: float = 60.0,
    allow_outside: bool = False,
    progress: bool | None = None,
) -> Result:
    """Simulates what a run file says and writes loss distributions, tail figures and contributions.

    config: path of a run file, or a mapping that says the same, whose `network` starts from the
        working directory.
    output: folder of the result, or `s3://BUCKET/PREFIX`; without one it is a temporary folder that
        goes with the `Result`.
    set: dotted keys and values that change the run file, as `--set` does.
    paths, seed: instead of those of the run file.
    threads: all cores by default; the result does not depend on them.
    overwrite: whether a result that is already there is replaced, and what an interrupted run has
        kept thrown away.
    resume: whether a run that was interrupted goes on with what it has kept in `OUTPUT.unfinished`; the
        result is the same as of one that was not.
    checkpoint: seconds after which a run keeps what it has computed, again and again.
    allow_outside: whether the network that a run file names may be anywhere, and links in it; else
        it lies below the run file's folder, the working directory or the run file's repository.
    progress: whether bars are shown; None shows them in notebooks and on terminals.

    Raises `InputError` with all that is wrong, and `KeyboardInterrupt` on Ctrl-C; then there is no
    result, and what has been computed is kept. What should be known of the figures is warned of (`RunWarning`), and stands in
    `Result.notes` with all else that the run has to say.
    """
    changes = {} if set is None else dict(set)
    command = called("slashfall.run", config, set=changes, paths=paths, seed=seed)
    with target_of(output) as (target, temporary):
        with shown(progress) as heard:
            notes = _engine.run(
                config,
                target,
                set=list(changes.items()),
                paths=paths,
                seed=seed,
                threads=threads,
                overwrite=overwrite,
                resume=resume,
                checkpoint=timedelta(seconds=checkpoint),
                allow_outside=allow_outside,
                command=command,
                progress=heard,
            )
        warn(notes, level=3)
        return opened(target, notes=notes, temporary=temporary)


@contextmanager
def target_of(output: str | os.PathLike[str] | None) -> Iterator[tuple[str, str | None]]:
    """Where a result goes, and the temporary folder that goes with it; gone where that fails."""
    if output is not None:
        yield place_of(output), None
        return
    temporary = tempfile.mkdtemp(prefix="slashfall-")
    try:
        yield os.path.join(temporary, "result"), temporary
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def called(function: str, config: object, **arguments: object) -> list[str]:
    """The call as the manifest has it."""
    given = "(given as a mapping)" if isinstance(config, Mapping) else str(config)
    named = [f"{name}={value!r}" for name, value in arguments.items() if value not in (None, {})]
    return [function, given, *named]
