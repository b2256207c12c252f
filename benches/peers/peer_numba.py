"""The one-factor portfolio in numba, compiled and parallel: each of several ways, of which the best is the peer."""

import math
import sys

import numba
import numpy as np
from scipy.special import ndtri

import portfolio
from serve import fastest, serve, timed

ROOT_HALF = math.sqrt(0.5)


@numba.njit(inline="always")
def given(factor, threshold, loading, residual):
    return 0.5 * math.erfc((threshold - loading * factor) / residual * ROOT_HALF)


@numba.njit(parallel=True, fastmath=True, cache=True)
def dense(paths, seed, names, threshold, loading, residual, counts):
    """A uniform of numba's own generator (Mersenne Twister) a name."""
    workers = counts.shape[0]
    for worker in numba.prange(workers):
        np.random.seed(seed * 1_000 + worker)
        for _ in range(paths * worker // workers, paths * (worker + 1) // workers):
            p = given(np.random.standard_normal(), threshold, loading, residual)
            failed = 0
            for _ in range(names):
                if np.random.random() < p:
                    failed += 1
            counts[worker, failed] += 1


@numba.njit(parallel=True, fastmath=True, cache=True)
def counters(paths, seed, names, threshold, loading, residual, counts):
    """32 bits of a counter-based generator (SplitMix64's mixer) a name, in a loop that vectorises."""
    workers = counts.shape[0]
    step = np.uint64(0x9E3779B97F4A7C15)
    for worker in numba.prange(workers):
        np.random.seed(seed * 1_000 + worker)
        half = names // 2
        for path in range(paths * worker // workers, paths * (worker + 1) // workers):
            p = given(np.random.standard_normal(), threshold, loading, residual)
            limit = np.uint64(p * 4294967296.0)
            first = (np.uint64(seed) << np.uint64(44)) + np.uint64(path) * np.uint64(half)
            failed = 0
            for pair in range(half):
                x = (first + np.uint64(pair)) * step
                x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                x = x ^ (x >> np.uint64(31))
                failed += np.int64((x & np.uint64(0xFFFFFFFF)) < limit)
                failed += np.int64((x >> np.uint64(32)) < limit)
            counts[worker, failed] += 1


@numba.njit(parallel=True, fastmath=True, cache=True)
def gaps(paths, seed, names, threshold, loading, residual, counts):
    """Geometric gaps from one failed name to the next: draws as many numbers as names fail. Right for equal names."""
    workers = counts.shape[0]
    for worker in numba.prange(workers):
        np.random.seed(seed * 1_000 + worker)
        for _ in range(paths * worker // workers, paths * (worker + 1) // workers):
            p = given(np.random.standard_normal(), threshold, loading, residual)
            failed = 0
            scale = 1.0 / math.log1p(-p)
            name = math.log(1.0 - np.random.random()) * scale
            while name < names:
                failed += 1
                name = math.floor(name) + 1.0 + math.log(1.0 - np.random.random()) * scale
            counts[worker, failed] += 1


def main(name, threads):
    numba.set_num_threads(threads)
    case = portfolio.PORTFOLIOS[name]
    constants = (-float(ndtri(case.probability)), math.sqrt(case.correlation), math.sqrt(1 - case.correlation))

    def way(kernel):
        def count(paths, seed):
            counts = np.zeros((threads, case.names + 1), np.int64)
            kernel(paths, seed, case.names, *constants, counts)
            return counts.sum(axis=0)

        return count

    way_name, best, rates = fastest({kernel.__name__: way(kernel) for kernel in (dense, counters, gaps)}, 400_000)

    def figures(paths, seed):
        counts = best(paths, seed)
        return counts, [portfolio.shortfall_of_counts(counts.tolist(), level) for level in (0.99, 0.999)]

    def run(paths, seed):
        seconds, (counts, es) = timed(figures, paths, seed)
        mean = float(counts @ np.arange(case.names + 1)) / paths
        return {"seconds": seconds, "mean": mean, "es_99": es[0], "es_999": es[1]}

    serve({"version": f"numba {numba.__version__}", "way": way_name, "rates": rates}, run)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
