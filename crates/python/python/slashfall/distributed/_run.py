"""A run by parts: packed for workers, computed and merged by them, finished here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .. import _engine
from .._merge import merged
from .._result import Result, place_of
from .._run import called, target_of
from ._engines import engine_of
from ._job import Job

LEAST_PATHS = 500_000
"""Paths of a part, where nothing is said: enough that starting and storing it are little beside."""
MOST_PARTS = 1_000
"""Parts of a run, where nothing is said."""


def run_distributed(
    config: str | os.PathLike[str] | Mapping[str, Any],
    client_or_address: Any,
    output: str | os.PathLike[str] | None = None,
    *,
    store: str | os.PathLike[str],
    shards: int | None = None,
    set: Mapping[str, Any] | None = None,
    paths: int | None = None,
    seed: int | None = None,
    threads: int = 1,
    retries: int = 3,
    overwrite: bool = False,
    allow_outside: bool = False,
    progress: bool | None = None,
) -> Result:
    """Simulates what a run file says on the workers of an engine; the tables are those of `run`, to the byte.

    config, output, set, paths, seed, overwrite, allow_outside, progress: as for `run`; run file and network need to
        be here alone.
    client_or_address: a client of Dask or the address of its scheduler; `ray` or `ray://...`; or an
        `Engine`, which is any function that has another called elsewhere.
    store: folder that the workers see under the same name, or `s3://BUCKET/PREFIX`. A run has a folder
        of its own there, named by the digest of its inputs, its seed and the program, with its parts,
        which are left there.
    shards: parts to cut the run into; by default of 500,000 paths, and 1,000 at most. Parts that
        are in the store are used however they were cut.
    threads: threads of a part; let workers take as many parts at once as they have cores by this.
    retries: further attempts at a part that fails.

    Raises `InputError` with all that is wrong, also where a worker has another version of this
    package, and `Unfinished` where parts are missing in the end: the same call goes on from there.
    """
    if shards is not None and shards < 1:
        raise ValueError(f"shards: {shards}: at least 1 was expected")
    changes = {} if set is None else dict(set)
    command = called(
        "slashfall.run_distributed", config, set=changes, paths=paths, seed=seed, shards=shards
    )
    engine = engine_of(client_or_address, threads=threads, retries=retries)
    with target_of(output) as (target, temporary):
        run, n_paths, network = _engine.pack(
            config,
            place_of(store),
            set=list(changes.items()),
            paths=paths,
            seed=seed,
            output=target,
            overwrite=overwrite,
            allow_outside=allow_outside,
        )
        job = Job(engine, run, n_paths, _size(n_paths, shards), threads, progress)
        return merged(
            _engine.part_places(run, job.parts()),
            target,
            temporary=temporary,
            network=network,
            threads=None,
            overwrite=overwrite,
            command=command,
            progress=progress,
        )


def _size(n_paths: int, shards: int | None) -> int:
    """Paths of a part."""
    if shards is None:
        return max(LEAST_PATHS, -(-n_paths // MOST_PARTS))
    return -(-n_paths // shards)
