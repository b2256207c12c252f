"""Runs contestants in turn and compares them round by round, since clocks of shared machines drift."""

import json
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Seconds that a run should take: long beside the start of a process, short beside drift.
RUN_SECONDS = 1.5
QUICK_SECONDS = 0.2


class Refused(Exception):
    """The program does not know a key of a run file: the row waits for it."""


@dataclass
class Bench:
    """Where things are, and how often each contestant runs."""

    python: Path
    slashfall: Path
    environment: dict
    work: Path
    rounds: int
    quick: bool
    seeds: dict = field(default_factory=dict)

    def __post_init__(self):
        self.work.mkdir(parents=True, exist_ok=True)

    def run_seconds(self):
        return QUICK_SECONDS if self.quick else RUN_SECONDS

    def size(self, paths):
        """A number of paths, or a hundredth of it in a quick run."""
        return max(1_000, paths // 100) if self.quick else paths

    def command(self, *arguments):
        """Runs the program and returns what it printed."""
        done = subprocess.run([self.slashfall, *map(str, arguments)], capture_output=True, text=True, cwd=self.work)
        if done.returncode == 2:
            raise Refused(" ".join(done.stderr.split()))
        if done.returncode != 0:
            raise RuntimeError(f"slashfall {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout


class Engine:
    """`slashfall run`, the whole process: reading, drawing, estimates, Parquet."""

    def __init__(self, bench, run_file, threads, *extra, label=None):
        self.bench, self.run_file, self.threads, self.extra = bench, run_file, threads, extra
        self.label = label or f"engine, {threads} thread{'s' if threads > 1 else ''}"
        self.way = None

    def run(self, paths, seed):
        target = self.bench.work / "result"
        shutil.rmtree(target, ignore_errors=True)
        arguments = ["run", self.run_file, "--allow-outside", "--threads", self.threads, "--paths", paths, "--seed", seed]
        arguments += ["--output", target, "--json", *self.extra]
        start = time.perf_counter()
        printed = self.bench.command(*arguments)
        seconds = time.perf_counter() - start
        document = json.loads(printed)
        return {"seconds": seconds, "paths": paths, "summary": document["summary"], "manifest": document["manifest"]}

    def close(self):
        """Nothing stays open between runs."""


class Peer:
    """A script of this folder in the virtual environment, ready before it is first timed."""

    def __init__(self, bench, script, *arguments, label):
        command = [bench.python, HERE / script, *map(str, arguments)]
        environment = bench.environment | {"NUMBA_CACHE_DIR": str(bench.work / "numba")}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=bench.work, env=environment
        )
        ready = self.answer()
        self.label, self.way, self.version, self.rates = label, ready["way"], ready["version"], ready["rates"]

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[1]} ended with {self.process.wait()}")
        return json.loads(line)

    def run(self, paths, seed):
        self.process.stdin.write(f"{paths} {seed}\n")
        self.process.stdin.flush()
        return {"paths": paths} | self.answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def round_down(count):
    """The largest of 1, 2, 5, 10, 20, ... that is at most `count`."""
    step = 1
    while step * 10 <= count:
        step *= 10
    return max(factor * step for factor in (1, 2, 5) if factor * step <= count)


def fitting(contestant, start, seconds):
    """Paths that take the contestant about that long, never fewer than `start`."""
    paths = start
    while True:
        taken = contestant.run(paths, 999)["seconds"]
        wanted = round_down(max(1, int(paths * min(20.0, seconds / max(taken, 1e-3)))))
        if wanted <= paths:
            return paths
        if taken >= seconds / 3:
            return wanted
        paths = wanted


def in_turn(bench, contestants, paths):
    """Every contestant once a round, each with its own number of paths; the runs of each, in order of rounds."""
    runs = [[] for _ in contestants]
    for number in range(1, bench.rounds + 1):
        for contestant, of_it, count in zip(contestants, runs, paths):
            of_it.append(contestant.run(count, number))
    return runs


def rate(run):
    """Paths a second."""
    return run["paths"] / run["seconds"]


def median(values):
    return statistics.median(values)


def median_ratio(ours, theirs, of):
    """Median over the rounds of `of(ours) / of(theirs)`."""
    return median([of(a) / of(b) for a, b in zip(ours, theirs)])
