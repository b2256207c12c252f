"""As many paths, drawn plainly and guided to a rare loss: where they fall, and how sure the tail is then."""

import numpy as np
import polars as pl
import pyarrow.dataset as ds
from matplotlib.ticker import FuncFormatter
from style import BLUE, RED, figure, thousands

COLUMN = "asset.eETH.nav_loss"


def draw(results):
    fig, (where, sure) = figure(3.8, 2)
    bins = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
    for shift, (folder, colour, label, marker) in zip(
        (-0.2, 0.2),
        (
            (results.plain(), BLUE, "plain", "o"),
            (results.weighted(), RED, "importance", "s"),
        ),
        strict=True,
    ):
        losses = 100 * ds.dataset(folder / "paths").to_table(columns=[COLUMN])[COLUMN].to_numpy()
        counts, _ = np.histogram(losses, bins)
        where.bar(np.arange(len(counts)) + shift, counts, 0.4, color=colour, alpha=0.85, linewidth=0, label=label)
        curve = pl.read_parquet(folder / "exceedance.parquet").filter(scenario="base", scope_kind="asset", scope="eETH")
        curve = curve.filter(
            (pl.col("probability") <= 0.001) & (pl.col("probability") >= 2e-5) & pl.col("ci_high").is_not_null()
        ).sort("probability")
        p = curve["probability"].to_numpy()
        sure.fill_between(p, curve["ci_low"] / 1e3, curve["ci_high"] / 1e3, color=colour, alpha=0.25, linewidth=0)
        sure.plot(p, curve["loss"] / 1e3, marker + "-", color=colour, markersize=4, label=label)
    where.set_xticks(np.arange(len(bins)) - 0.5, [f"{edge:g}" for edge in bins], fontsize=8)
    where.set_yscale("log")
    where.set_xlabel("nav lost by eETH, %")
    where.set_ylabel("paths, of 30,000 each")
    where.set_title("Where the paths fall")
    where.legend(fontsize=8.5)
    where.grid(axis="y")
    sure.text(4.6e-4, 60, "30,000 plain paths\nsay no more", fontsize=8.5, color=BLUE)
    sure.set_xscale("log")
    sure.set_ylim(0, None)
    sure.invert_xaxis()
    sure.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{100 * x:g} %"))
    sure.yaxis.set_major_formatter(FuncFormatter(thousands))
    sure.set_xlabel("probability of more within 30 days")
    sure.set_ylabel("thousand ETH")
    sure.set_title("Losses of eETH, with 95 % intervals")
    sure.legend(fontsize=8.5, loc="upper left")
    sure.grid()
    return fig
