"""What factors and the copula do to the number of names that fail together, worked out without a simulation."""

import numpy as np
from scipy import special, stats
from style import BLUE, GREEN, RED, figure

NAMES, P, DF = 100, 0.02, 4


def draw(_results):
    fig, (pair, many) = figure(3.8, 2)
    loadings = np.linspace(0.0, 0.95, 39)
    single = 0.01
    for copula, colour, dashes in (("Student t, df 4", RED, "-"), ("Gaussian", BLUE, "--")):
        both = [joint(copula, a, single) for a in loadings]
        pair.plot(loadings, 100 * np.array(both), dashes, color=colour, label=copula)
    pair.axhline(100 * single**2, color=GREEN, linestyle=":", label="independent")
    pair.set_xlabel("loading of both on one factor")
    pair.set_ylabel("probability that both fail, %")
    pair.set_title("Two names of 1 % each")
    pair.set_ylim(0, None)
    pair.legend(fontsize=8.5)
    pair.grid()

    for copula, a, colour, dashes, label in (
        ("Gaussian", 0.0, GREEN, ":", "independent"),
        ("Gaussian", 0.2**0.5, BLUE, "--", "Gaussian, one factor"),
        ("Student t, df 4", 0.2**0.5, RED, "-", "Student t, the same factor"),
    ):
        tail = at_least(copula, a)
        many.plot(np.arange(NAMES + 1), tail, dashes, color=colour, label=label)
    many.set_yscale("log")
    many.set_xlim(0, 60)
    many.set_ylim(1e-6, 1.5)
    many.set_xlabel("at least so many of 100 fail")
    many.set_ylabel("probability")
    many.set_title("100 names of 2 % each, correlation 0.2")
    many.legend(fontsize=8.5)
    many.grid()
    return fig


def given(copula, a, p):
    """Probabilities of one name given what all share, and the weights of these."""
    factor = np.linspace(-9.0, 9.0, 181)
    weight = normalised(stats.norm.pdf(factor))
    if copula == "Gaussian":
        return stats.norm.sf((stats.norm.isf(p) - a * factor) / np.sqrt(1 - a * a)), weight
    log_mixing = np.linspace(np.log(stats.chi2.ppf(1e-12, DF)), np.log(stats.chi2.isf(1e-12, DF)), 181)
    mixing = np.exp(log_mixing)
    x = stats.t.isf(p, DF) * np.sqrt(mixing / DF)[:, None]
    both = np.outer(normalised(stats.chi2.pdf(mixing, DF) * mixing), weight)
    return stats.norm.sf((x - a * factor) / np.sqrt(1 - a * a)).ravel(), both.ravel()


def normalised(density):
    return density / density.sum()


def joint(copula, a, p):
    conditional, weight = given(copula, a, p)
    return float(np.sum(weight * conditional**2))


def at_least(copula, a):
    """Probability of 0 or more, 1 or more, ... names."""
    conditional, weight = given(copula, a, P)
    counts = np.arange(NAMES + 1)
    logs = special.xlogy(counts, conditional[:, None]) + special.xlog1py(NAMES - counts, -conditional[:, None])
    log_ways = special.gammaln(NAMES + 1) - special.gammaln(counts + 1) - special.gammaln(NAMES - counts + 1)
    mass = weight @ np.exp(logs + log_ways)
    return mass[::-1].cumsum()[::-1]
