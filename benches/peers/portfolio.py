"""The one-factor portfolio in closed form, so that a fast peer that is wrong counts as no peer.

Each of `names` equal names fails when sqrt(rho) F + sqrt(1 - rho) eps passes its threshold; given F the
losses are binomial (Vasicek 1987), and the table is a mixture of binomials by quadrature.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()
STEPS = 2_000
REACH = 9.0


@dataclass(frozen=True)
class Portfolio:
    """Equal names of 1 ETH each that fail within the horizon."""

    names: int
    probability: float
    correlation: float

    def given(self, factor):
        """Probability that a name fails, given the factor; a high factor is bad."""
        threshold = -NORMAL.inv_cdf(self.probability)
        distance = threshold - math.sqrt(self.correlation) * factor
        return NORMAL.cdf(-distance / math.sqrt(1 - self.correlation))

    def table(self):
        """Probability of each number of failures, 0 to all."""
        table = [0.0] * (self.names + 1)
        width = 2 * REACH / STEPS
        for step in range(STEPS):
            factor = -REACH + (step + 0.5) * width
            weight = NORMAL.pdf(factor) * width
            p = self.given(factor)
            if p >= 1.0:
                table[self.names] += weight
                continue
            term = math.exp(self.names * math.log1p(-p))
            for k in range(self.names + 1):
                table[k] += weight * term
                term *= (self.names - k) / (k + 1) * p / (1 - p)
        return table


SMALL = Portfolio(names=100, probability=0.02, correlation=0.2)
LARGE = Portfolio(names=1_000, probability=0.005, correlation=0.3)
TAIL_NAMES = 25
PORTFOLIOS = {"names-100": SMALL, "names-1000": LARGE}


def tail(table, count):
    """Probability of at least `count` failures."""
    return math.fsum(table[count:])


def value_at_risk(table, level):
    """Lower quantile of the failures."""
    return next(k for k in range(len(table)) if tail(table, k + 1) <= 1 - level)


def expected_shortfall(table, level):
    """Mean of the worst 1 - level of the mass."""
    var = value_at_risk(table, level)
    excess = math.fsum((k - var) * table[k] for k in range(var, len(table)))
    return var + excess / (1 - level)


def shortfall_error(table, level, paths):
    """Standard error of the expected shortfall on so many paths (Manistre and Hancock 2005)."""
    var = value_at_risk(table, level)
    mass = 1 - level
    first = math.fsum((k - var) * table[k] for k in range(var, len(table))) / mass
    second = math.fsum((k - var) ** 2 * table[k] for k in range(var, len(table))) / mass
    return math.sqrt((second - mass * first**2) / (mass * paths))


def shortfall_of_counts(counts, level):
    """The same of a sample, `counts[k]` the paths with k failures."""
    mass = sum(counts) * (1 - level)
    left, total = mass, 0.0
    for k in range(len(counts) - 1, -1, -1):
        taken = min(left, counts[k])
        total += taken * k
        left -= taken
        if left <= 0:
            break
    return total / mass
