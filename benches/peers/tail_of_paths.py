"""Probability of a loss of at least so much, from the `paths/` of a result: the mean of weight x indicator, and its error.

    tail_of_paths.py RESULT LOSS_ETH
"""

import json
import math
import sys
from pathlib import Path

import pandas


def main(result, loss):
    tables = sorted((Path(result) / "paths").rglob("*.parquet"))
    paths = pandas.concat([pandas.read_parquet(table) for table in tables])
    weights = paths["weight"] if "weight" in paths else 1.0
    hits = (paths["total"] >= loss) * weights
    n = len(paths)
    print(json.dumps({"probability": float(hits.mean()), "std_err": float(hits.std() / math.sqrt(n)), "paths": n}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
