"""What every peer does: get ready once, then run as often as it is told to.

The bench talks to a peer by lines: it writes `PATHS SEED`, the peer answers with one JSON object. Imports,
compilation and first touches come before the first answer, so they are in no measured time.
"""

import json
import sys
import time


def say(answer):
    print(json.dumps(answer), flush=True)


def timed(work, *arguments):
    """Seconds that `work` takes, and what it returns."""
    start = time.perf_counter()
    made = work(*arguments)
    return time.perf_counter() - start, made


def fastest(ways, paths, rounds=3):
    """Name and function of the way that does `paths` paths in the least time, and the rates of all."""
    rates = {}
    for name, way in ways.items():
        way(1_000, 0)
        rates[name] = paths / min(timed(way, paths, seed)[0] for seed in range(1, 1 + rounds))
    best = max(rates, key=rates.get)
    return best, ways[best], rates


def serve(ready, run):
    """Says `ready`, then answers every line of standard input with what `run(paths, seed)` gives."""
    say(ready)
    for line in sys.stdin:
        paths, seed = (int(word) for word in line.split())
        say(run(paths, seed))
