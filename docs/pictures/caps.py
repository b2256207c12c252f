"""Caps of the example treasury: how far the budget lets a position go, what leaving takes off, what a name may cost."""

from math import floor

import polars as pl
from matplotlib.ticker import FuncFormatter
from matplotlib.patches import Patch
from style import BLUE, GOLD, GREEN, QUIET, RED, figure, thousands

REASONS = {
    "es": ("the budget for the ES", RED),
    "entity": ("what one company may cost", BLUE),
    "protocol": ("what one issuer may cost", GREEN),
    "bridge": ("what one bridge may cost", GOLD),
}


def draw(results):
    rows = pl.read_parquet(results.caps() / "caps.parquet").filter(
        pl.col("rate").is_null(), scenario="base", kind="asset"
    )
    rows = rows.with_columns(pl.col("position", "cap_binding").cast(pl.String)).filter(pl.col("cap_binding") != "most")
    rows = rows.sort("cap_eth")
    fig, ax = figure(3.8)
    for name, cap, free, binds in rows.select("position", "cap_eth", "cap_at_market_eth", "cap_binding").iter_rows():
        colour = next(colour for start, (_, colour) in REASONS.items() if binds.startswith(start))
        ax.barh(name, cap, 0.6, color=colour, alpha=0.85, linewidth=0)
        if free - cap > 1.0:
            ax.barh(name, free - cap, 0.6, cap, facecolor="none", edgecolor=colour, linestyle="--", linewidth=1.2)
        ax.text(max(cap, free) + 60, name, f"{floor(cap):,}", va="center", fontsize=8.5)
    used = [
        reason for start, reason in REASONS.items() if any(binds.startswith(start) for binds in rows["cap_binding"])
    ]
    handles = [Patch(facecolor=colour, alpha=0.85, label=text) for text, colour in used]
    handles.append(Patch(facecolor="none", edgecolor=QUIET, linestyle="--", label="the cap if leaving cost nothing"))
    ax.legend(
        handles=handles, title="what stops it", loc="lower right", fontsize=8.5, title_fontsize=8.5, alignment="left"
    )
    ax.set_xlabel("ETH that a treasury of 18,168 ETH may hold, all else being ETH")
    ax.set_xlim(0, 8_200)
    ax.xaxis.set_major_formatter(FuncFormatter(thousands))
    ax.grid(axis="x")
    return fig
