"""Two worker processes of Dask beside two threads of one process, in turn, with the same bytes.

    PYTHONPATH=PACKAGE python benches/workers.py --paths 4000000 --rounds 3

Prints the wall time of each, their ratio by round, and what the parts and their merge take. PACKAGE is a
folder with the package as its wheel has it, beside `distributed` of Dask.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "crates" / "python" / "tests"))

import slashfall  # noqa: E402
from cluster import Cluster  # noqa: E402
from distributed import Client  # noqa: E402
from slashfall.distributed import run_distributed  # noqa: E402


def timed(work):
    """Seconds that it takes, and what it returns."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def same(one, other):
    names = sorted(path.name for path in one.path.glob("*.parquet"))
    assert names and names == sorted(path.name for path in other.path.glob("*.parquet"))
    return all((one.path / name).read_bytes() == (other.path / name).read_bytes() for name in names)


@dataclass
class Measured:
    """Seconds, and what the workers left."""

    alone: float
    workers: float
    merge: float
    n_parts: int
    bytes_per_path: float

    @property
    def ratio(self):
        return self.workers / self.alone

    def __str__(self):
        return (
            f"one process {self.alone:.1f} s, two workers {self.workers:.1f} s, of which merging {self.merge:.1f} s: "
            f"{self.ratio:.3f}; {self.n_parts} parts, {self.bytes_per_path:.0f} bytes a path"
        )


def measure(options, folder):
    run = {"paths": options.paths, "set": {"run.detail": options.detail}, "progress": False}
    alone, whole = timed(lambda: slashfall.run(options.config, threads=2, **run))
    store = folder / "store"
    with Cluster(folder / "dask") as cluster, Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        distributed = {"store": store, "shards": options.shards}
        workers, found = timed(lambda: run_distributed(options.config, client, **distributed, **run))
    assert same(whole, found), "the tables of the workers are not those of one process"
    # Without those that parts were merged to: all were cut alike.
    parts = sorted(store.glob("*/parts/*"))
    least = min(size(part) for part in parts)
    small = [part for part in parts if size(part) < 2 * least]
    merge, _ = timed(lambda: slashfall.merge(small, progress=False))
    n_bytes = sum(file.stat().st_size for part in small for file in part.iterdir())
    return Measured(alone, workers, merge, len(small), n_bytes / options.paths)


def size(part):
    """Paths of a part, by its name."""
    first, stop = part.name.split("-")
    return int(stop) - int(first)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default=str(ROOT / "configs" / "quickstart.toml"))
    parser.add_argument("--paths", type=int, default=4_000_000)
    parser.add_argument("--detail", default="standard")
    parser.add_argument("--shards", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ratios = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="slashfall-bench-") as folder:
            measured = measure(options, Path(folder))
        ratios.append(measured.ratio)
        print(measured, flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
