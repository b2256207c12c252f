"""Runs on many machines, by an engine that is there already: Dask, Ray, or what calls a function elsewhere.

    from slashfall.distributed import run_distributed

    result = run_distributed("run.toml", "tcp://scheduler:8786", "results/run", store="/shared/slashfall")

A run is cut into parts. Each is computed by a worker, which needs this package and sees the store,
and is kept there under a name that says what it is of; the parts are merged here, to the bytes of one
run. Whatever dies on the way, the same call again computes only what is missing.
"""

from ._engines import Engine, on_dask, on_ray
from ._job import Unfinished
from ._parts import Done, Part, compute
from ._run import run_distributed

__all__ = ["Done", "Engine", "Part", "Unfinished", "compute", "on_dask", "on_ray", "run_distributed"]
