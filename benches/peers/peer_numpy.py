"""The one-factor portfolio in numpy, one process, one thread: each of several ways, of which the best is the peer."""

import math
import sys

import numpy as np
from scipy.special import ndtr, ndtri

import portfolio
from serve import fastest, serve, timed

# Paths at a time: a block of names that stays in the second cache.
BLOCK = 4_096


def blocks(paths):
    return ((start, min(BLOCK, paths - start)) for start in range(0, paths, BLOCK))


def ways(case):
    """Each gives the failures of so many paths."""
    n, loading = case.names, math.sqrt(case.correlation)
    residual = math.sqrt(1 - case.correlation)
    threshold = -ndtri(case.probability)

    def normals(paths, seed):
        """The model as it is written: a normal a name."""
        rng = np.random.Generator(np.random.SFC64(seed))
        found = np.empty(paths, np.int64)
        room = np.empty((BLOCK, n), np.float32)
        for start, k in blocks(paths):
            limit = (threshold - loading * rng.standard_normal(k)) / residual
            names = rng.standard_normal(out=room, dtype=np.float32)[:k]
            found[start : start + k] = np.count_nonzero(names > limit[:, None].astype(np.float32), axis=1)
        return found

    def given(rng, k):
        return ndtr((loading * rng.standard_normal(k) - threshold) / residual)

    def uniforms(paths, seed):
        """A uniform a name against its probability given the factor."""
        rng = np.random.Generator(np.random.SFC64(seed))
        found = np.empty(paths, np.int64)
        room = np.empty((BLOCK, n), np.float32)
        for start, k in blocks(paths):
            p = given(rng, k).astype(np.float32)
            names = rng.random(out=room, dtype=np.float32)[:k]
            found[start : start + k] = np.count_nonzero(names < p[:, None], axis=1)
        return found

    def words(paths, seed):
        """The same with 32 random bits a name as they come, two names a word of the generator."""
        rng = np.random.Generator(np.random.SFC64(seed))
        found = np.empty(paths, np.int64)
        for start, k in blocks(paths):
            p = (given(rng, k) * 2.0**32).astype(np.uint32)
            names = rng.bit_generator.random_raw(k * n // 2).view(np.uint32).reshape(k, n)
            found[start : start + k] = np.count_nonzero(names < p[:, None], axis=1)
        return found

    def binomials(paths, seed):
        """One binomial a path: right for equal names alone, and no path knows who failed."""
        rng = np.random.Generator(np.random.SFC64(seed))
        found = np.empty(paths, np.int64)
        for start, k in blocks(paths):
            found[start : start + k] = rng.binomial(n, given(rng, k))
        return found

    return {"normals": normals, "uniforms": uniforms, "words": words}, {"binomials": binomials}


def main(name):
    case = portfolio.PORTFOLIOS[name]
    each_name, shortcut = ways(case)
    way_name, way, rates = fastest(each_name, 200_000)
    rates |= fastest(shortcut, 200_000)[2]

    def figures(paths, seed):
        counts = np.bincount(way(paths, seed), minlength=case.names + 1)
        return counts, [portfolio.shortfall_of_counts(counts.tolist(), level) for level in (0.99, 0.999)]

    def run(paths, seed):
        seconds, (counts, es) = timed(figures, paths, seed)
        mean = float(counts @ np.arange(case.names + 1)) / paths
        return {"seconds": seconds, "mean": mean, "es_99": es[0], "es_999": es[1]}

    serve({"version": f"numpy {np.__version__}", "way": way_name, "rates": rates}, run)


if __name__ == "__main__":
    main(sys.argv[1])
