"""The time merely to draw normals: numpy's ziggurat into a buffer that stays in cache, a generator a thread."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from serve import serve, timed

BLOCK = 16_384


def main(threads):
    pool = ThreadPoolExecutor(threads)

    def fill(count, seed):
        rng = np.random.Generator(np.random.SFC64(seed))
        room = np.empty(BLOCK)
        for _ in range(count // BLOCK):
            rng.standard_normal(out=room)

    def draw(count, seed):
        list(pool.map(fill, [count // threads] * threads, range(seed * 1_000, seed * 1_000 + threads)))

    def run(count, seed):
        return {"seconds": timed(draw, count, seed)[0]}

    draw(BLOCK * threads, 0)
    serve({"version": f"numpy {np.__version__}", "way": "standard_normal", "rates": {}}, run)


if __name__ == "__main__":
    main(int(sys.argv[1]))
