"""A cluster of Dask as its users start one: a scheduler and workers, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import slashfall

HERE = Path(__file__).resolve().parent
PACKAGE = Path(slashfall.__file__).resolve().parents[1]


class Cluster:
    """One scheduler and some workers of one thread; gone with the `with`."""

    def __init__(self, folder, n_workers=2, host="127.0.0.1"):
        self.folder, self.host = Path(folder), host
        self.folder.mkdir(parents=True, exist_ok=True)
        self.workers = []
        self.start_scheduler()
        for _ in range(n_workers):
            self.start_worker()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start_scheduler(self):
        self.file = self.folder / f"scheduler-{time.monotonic_ns()}.json"
        options = ["--host", self.host, "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file)]
        self.scheduler = self._start("dask_scheduler", options)
        deadline = time.monotonic() + 60
        while not self.file.exists() or not self.file.read_text().endswith("}"):
            assert self.scheduler.poll() is None, self._said()
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.05)

    @property
    def address(self):
        return json.loads(self.file.read_text())["address"]

    def start_worker(self, package=PACKAGE, prefix=(), options=()):
        """prefix: of the command, such as one that runs it in another network."""
        own = ["--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        own += ["--local-directory", str(self.folder), "--memory-limit", "0"]
        worker = self._start("dask_worker", [*own, *options], prefix, package)
        self.workers.append(worker)
        return worker

    def kill_worker(self, worker):
        """As a machine that dies, without a word."""
        kill(worker)
        self.workers.remove(worker)

    def kill_scheduler(self):
        kill(self.scheduler)

    def stop(self):
        for process in [*self.workers, self.scheduler]:
            kill(process)
        self.workers.clear()

    def _start(self, module, options, prefix=(), package=PACKAGE):
        paths = os.pathsep.join([str(package), str(HERE)])
        with open(self.folder / "said.txt", "a") as said:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", f"distributed.cli.{module}", *options],
                env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    def _said(self):
        return (self.folder / "said.txt").read_text()


def kill(process):
    """With all that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
