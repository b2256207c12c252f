"""What the worst month of a hundred is made of: direct losses, contagion, and what prices add for who has to sell."""

import polars as pl
from style import BLUE, GOLD, INK, QUIET, RED, figure

LEVEL = 0.99
NAMES = {
    "dilution": "minted\nwithout\nbacking",
    "avs_slash": "slashed\nby AVSs",
    "cover": "paid by\ncover",
    "attack_slash": "slashed in\nattacks",
    "bad_debt": "bad debt",
    "avs_users": "users of\nAVSs",
}
DIRECT = ("dilution", "avs_slash", "cover")
CONTAGION = ("bad_debt", "attack_slash", "avs_users")


def draw(results):
    folder = results.plain()
    parts = pl.read_parquet(folder / "contributions.parquet").filter(
        scenario="base", scope_kind="system", scope="system_ex_price", level=LEVEL, component_kind="channel"
    )
    summary = pl.read_parquet(folder / "summary.parquet").filter(scenario="base", metric="es", level=LEVEL)
    part = {row["component"]: row for row in parts.iter_rows(named=True)}
    fig, (ax, beside) = figure(3.9, 2, width_ratios=(3.2, 1))

    y, at, labels = 0.0, 0, []
    for names, colour in ((DIRECT, BLUE), (CONTAGION, RED)):
        for name in names:
            row = part[name]
            height, error = row["es_contribution"] / 1e3, row["std_err"] / 1e3
            ax.bar(at, height, 0.7, y, color=colour, linewidth=0, alpha=0.85)
            ax.errorbar(at, y + height, error, color=INK, capsize=3, linewidth=1.2)
            ax.plot([at - 0.35, at + 1.35], [y + height] * 2, color=QUIET, linewidth=0.7)
            y += height
            at += 1
            labels.append(NAMES[name])
    whole = summary.filter(scope_kind="system", scope="system_ex_price").row(0, named=True)
    ax.bar(at, whole["value"] / 1e3, 0.7, color=QUIET, alpha=0.6, linewidth=0)
    ax.errorbar(at, whole["value"] / 1e3, whole["std_err"] / 1e3, color=INK, capsize=3, linewidth=1.2)
    ax.set_xticks(range(at + 1), [*labels, "all that is\nlost"], fontsize=8)
    ax.set_ylabel("thousand ETH, mean of the worst 1 %\n± one standard error")
    ax.set_title("The system, without falls of BTC and USD", fontsize=9.5)
    ax.set_ylim(0, None)
    ax.grid(axis="y")
    ax.text(1.5, 0.5 * whole["value"] / 1e3, "direct", color=BLUE, ha="center", fontsize=10)
    ax.text(4.0, 0.7 * whole["value"] / 1e3, "contagion", color=RED, ha="center", fontsize=10)

    token = summary.filter(scope="eETH")
    for x, (kind, colour) in enumerate((("asset", BLUE), ("asset_market", GOLD))):
        row = token.filter(scope_kind=kind).row(0, named=True)
        beside.bar(x, row["value"] / 1e3, 0.65, color=colour, alpha=0.85, linewidth=0)
        beside.errorbar(x, row["value"] / 1e3, row["std_err"] / 1e3, color=INK, capsize=3, linewidth=1.2)
    beside.set_xticks([0, 1], ["at nav", "at market\nprices"], fontsize=8)
    beside.set_title("All eETH", fontsize=9.5)
    beside.set_ylabel("thousand ETH")
    beside.grid(axis="y")
    return fig
