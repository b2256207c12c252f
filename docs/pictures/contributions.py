"""Through whom the worst 1 % of months goes: parts of the expected shortfall, with errors."""

import polars as pl
from style import BLUE, INK, QUIET, RED, figure

LEVEL, ROWS = 0.99, 7


def draw(results):
    table = (
        pl.read_parquet(results.plain() / "contributions.parquet")
        .filter(scenario="base", scope_kind="system", scope="system_ex_price", level=LEVEL)
        .with_columns(pl.col("component", "component_kind").cast(pl.String))
    )
    fig, axes = figure(3.7, 2)
    for ax, kind, title, colour in (
        (axes[0], "source_kind", "By what began it", RED),
        (axes[1], "entity", "By company, where one is named", BLUE),
    ):
        rows = table.filter(component_kind=kind)
        if kind == "entity":
            rows = rows.filter(pl.col("component") != "(none)")
        rows = rows.sort("es_contribution", descending=True).head(ROWS).reverse()
        names = ["what follows" if name == "(cascade)" else name.replace("_", " ") for name in rows["component"]]
        ax.barh(names, rows["es_contribution"] / 1e3, 0.62, color=colour, alpha=0.85, linewidth=0)
        ax.errorbar(
            rows["es_contribution"] / 1e3,
            names,
            xerr=rows["std_err"] / 1e3,
            fmt="none",
            color=INK,
            capsize=3,
            linewidth=1.2,
        )
        ax.set_title(title)
        ax.grid(axis="x")
        ax.tick_params(axis="y", labelsize=8.5)
        ax.set_xlim(min(0, ax.get_xlim()[0]), None)
    fig.supxlabel(
        "thousand ETH of the ES 99 % of the system without falls of BTC and USD, ± one standard error",
        fontsize=8.5,
        color=QUIET,
    )
    return fig
