"""Where parts are computed: an engine is a function that has another called elsewhere.

Nothing of a scheduler is here: what is queued, placed, retried and restarted is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ._parts import Done, Part

Work = Callable[[Part], Done]

Engine = Callable[[Work, Sequence[Part]], Generator[Done, None, None]]
"""Has a function called with every part, on whatever machines, and yields what it returns as it comes.

It is closed when nothing more is wanted.
"""


def on_dask(client_or_address: Any, *, retries: int = 3) -> Engine:
    """Workers of Dask: of a `distributed.Client`, or of a scheduler at an address.

    A task is known by the name of its part, so that clients that ask for the same share it.

    retries: further attempts at a part that raises. Parts of workers that die go to others whatever
        this is, as often as `distributed.scheduler.allowed-failures` of Dask says.
    """

    def engine(work: Work, parts: Sequence[Part]) -> Generator[Done, None, None]:
        from distributed import as_completed

        with _client(client_or_address) as client:
            names = [part.name for part in parts]
            futures = client.map(work, parts, key=names, pure=True, retries=retries)
            try:
                for future, done in as_completed(futures, loop=client.loop, with_results=True):
                    # What is here is not wanted again from a worker that may die.
                    future.release()
                    yield done
            except BaseException:
                # Other clients that asked for the same part still get it.
                client.cancel(futures)
                raise

    return engine


@contextmanager
def _client(client_or_address: Any) -> Iterator[Any]:
    from distributed import Client

    if isinstance(client_or_address, Client):
        yield client_or_address
        return
    with Client(client_or_address, set_as_default=False) as client:
        yield client


def on_ray(address: str | None = None, *, threads: int = 1, retries: int = 3) -> Engine:
    """Workers of Ray: of the cluster that this process is connected to, or else of one at an address.

    threads: processors that a part takes.
    retries: further attempts at a part that raises or whose worker dies.
    """

    def engine(work: Work, parts: Sequence[Part]) -> Generator[Done, None, None]:
        import ray

        if not ray.is_initialized():
            ray.init(address)
        remote = ray.remote(num_cpus=threads, max_retries=retries, retry_exceptions=True)(_call)
        waiting = [remote.remote(work, part) for part in parts]
        try:
            while waiting:
                ready, waiting = ray.wait(waiting)
                yield from ray.get(ready)
        finally:
            for task in waiting:
                ray.cancel(task)

    return engine


def _call(work: Work, part: Part) -> Done:
    """Ray takes functions, and no other things that can be called."""
    return work(part)


def engine_of(client_or_address: Any, *, threads: int, retries: int) -> Engine:
    """The engine that is meant: one as it is, Ray for `ray` and `ray://...`, else Dask."""
    text = client_or_address if isinstance(client_or_address, str) else ""
    if text == "ray" or text.startswith("ray://"):
        address = None if text == "ray" else text
        return on_ray(address, threads=threads, retries=retries)
    if text or not callable(client_or_address):
        return on_dask(client_or_address, retries=retries)
    engine: Engine = client_or_address
    return engine
