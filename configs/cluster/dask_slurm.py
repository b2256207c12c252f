"""A run on workers of Dask that Slurm starts: jobs come and go with the work, and parts that are there stay.

    pip install target/wheels/slashfall-*.whl dask==2026.8.0 distributed==2026.8.0 dask-jobqueue==0.9.0
    python dask_slurm.py

Run it where jobs can be submitted, and as long as the run takes; started again, it computes what is missing.
"""

import os

from dask_jobqueue import SLURMCluster
from distributed import Client
from slashfall.distributed import run_distributed

# Change these, here or in the environment. All nodes have to see STORE and this Python.
RUN = os.environ.get("RUN", "configs/quickstart.toml")
PATHS = int(os.environ.get("PATHS", "1_000_000_000"))
SHARDS = int(os.environ.get("SHARDS", "1_000"))
STORE = os.environ.get("STORE", "/shared/slashfall")
OUTPUT = os.environ.get("OUTPUT", "results/cluster")
JOBS = int(os.environ.get("JOBS", "25"))  # of Slurm, at most at a time
CORES = int(os.environ.get("CORES", "4"))  # of a job


def main():
    cluster = SLURMCluster(
        cores=CORES,
        processes=CORES,  # a worker of one thread a core
        memory=f"{CORES} GiB",  # of a job
        walltime="02:00:00",
        # queue="...", account="...", interface="ib0",
        log_directory=f"{STORE}/logs",
    )
    with cluster, Client(cluster) as client:
        cluster.adapt(minimum_jobs=0, maximum_jobs=JOBS)  # or scale(jobs=JOBS), which holds all of them to the end
        run_distributed(RUN, client, OUTPUT, store=STORE, paths=PATHS, shards=SHARDS)


if __name__ == "__main__":
    main()
