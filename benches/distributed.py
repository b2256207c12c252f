"""Two worker processes of Dask beside two threads of one process, in turn, with the same bytes.

    PYTHONPATH=PACKAGE python benches/distributed.py --paths 4000000 --rounds 3

Prints the wall time of each, their ratio by round, and what the parts and their merge take. PACKAGE is a
folder with the package as its wheel has it, beside `distributed` of Dask.
"""

import argparse
import statistics
import sys
import tempfile
import time
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


def measure(options, folder, number):
    """Seconds of one process, of two workers, and of a merge of their parts alone; bytes of the parts, and how many there are."""
    config, change = options.config, {"paths": options.paths, "set": {"run.detail": options.detail}, "progress": False}
    alone, whole = timed(lambda: slashfall.run(config, threads=2, **change))
    store = folder / str(number)
    with Cluster(folder / f"dask{number}") as cluster, Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        both, found = timed(lambda: run_distributed(config, client, store=store, shards=options.shards, **change))
    assert same(whole, found), "the tables of the workers are not those of one process"
    (run,) = store.iterdir()
    parts = sorted((run / "parts").iterdir())
    small = [part for part in parts if (part / "part.json").is_file()]
    n_bytes = sum(file.stat().st_size for part in small for file in part.iterdir())
    merge, _ = timed(lambda: slashfall.merge(small, progress=False)) if len(small) == found.manifest["merged_parts"] else (None, 0)
    return alone, both, merge, n_bytes, len(small)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default=str(ROOT / "configs" / "quickstart.toml"))
    parser.add_argument("--paths", type=int, default=4_000_000)
    parser.add_argument("--detail", default="standard")
    parser.add_argument("--shards", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory(prefix="slashfall-bench-") as folder:
        for number in range(options.rounds):
            alone, both, merge, n_bytes, n_parts = measure(options, Path(folder), number)
            ratios.append(both / alone)
            merged = "" if merge is None else f", of which merging {merge:.1f} s"
            size = n_bytes / options.paths
            print(
                f"one process {alone:.1f} s, two workers {both:.1f} s{merged}: {ratios[-1]:.3f}; "
                f"{n_parts} parts, {size:.0f} bytes a path",
                flush=True,
            )
    print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
