"""Value at risk, expected shortfall and return period on the losses of eETH at market prices, each with its error."""

import polars as pl
from matplotlib.ticker import FuncFormatter
from style import BLUE, INK, QUIET, RED, figure, thousands

SCOPE = ("asset_market", "eETH")
HORIZON_YEARS = 30 / 365


def draw(results):
    folder = results.plain()
    kind, scope = SCOPE
    curve = pl.read_parquet(folder / "exceedance.parquet").filter(scenario="base", scope_kind=kind, scope=scope)
    curve = curve.filter(pl.col("probability") <= 0.1).sort("probability")
    tail = pl.read_parquet(folder / "summary.parquet").filter(scenario="base", scope_kind=kind, scope=scope, level=0.99)
    figures = {row["metric"]: row for row in tail.iter_rows(named=True)}

    fig, ax = figure(4.0)
    p = curve["probability"].to_numpy()
    known = curve.filter(pl.col("ci_high").is_not_null())
    low, high = known["ci_low"].to_numpy() / 1e3, known["ci_high"].to_numpy() / 1e3
    ax.fill_between(
        known["probability"], low, high, color=BLUE, alpha=0.25, linewidth=0, label="95 % interval of the loss"
    )
    ax.plot(p, curve["loss"] / 1e3, "o-", color=BLUE, markersize=4, label="loss exceeded with that probability (VaR)")
    ax.plot(p, curve["es_beyond"] / 1e3, "s--", color=RED, markersize=4, label="mean loss beyond it (ES)")
    for metric, text in (("var", "VaR 99 %"), ("es", "ES 99 %")):
        row = figures[metric]
        value, error = (
            row["value"] / 1e3,
            [[(row["value"] - row["ci_low"]) / 1e3], [(row["ci_high"] - row["value"]) / 1e3]],
        )
        ax.errorbar(0.01, value, error, fmt="none", color=INK, capsize=4, linewidth=1.4, zorder=5)
        ax.annotate(
            f"{text}: {row['value']:,.0f} ± {row['std_err']:,.0f} ETH",
            (0.01, value),
            (0.013, value * (1.35 if metric == "es" else 0.45)),
            ha="right" if metric == "es" else "left",
            fontsize=9,
            color=INK,
        )
    ax.axvline(0.01, color=QUIET, linewidth=0.8, linestyle=":")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.invert_xaxis()
    ax.set_xlabel("probability of more within 30 days")
    ax.set_ylabel("thousand ETH")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    ax.yaxis.set_major_formatter(FuncFormatter(thousands))
    years = ax.secondary_xaxis(
        "top", functions=(lambda x: HORIZON_YEARS / x.clip(1e-12), lambda y: HORIZON_YEARS / y.clip(1e-12))
    )
    years.set_xlabel("return period, years")
    years.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    ax.grid()
    ax.legend(loc="upper left", fontsize=8.5)
    return fig
