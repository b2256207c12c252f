"""One path of quickstart, day by day: what had been lost and why, what was liquidated, how many rounds a day took."""

import json

import numpy as np
import pyarrow.compute as pc
import pyarrow.dataset as ds
from style import BLUE, GOLD, INK, PINK, QUIET, RED, plt

# A path with few events, so that each that costs something can be named.
MOST_EVENTS = 15
COSTLY_ETH = 1_000


def draw(results):
    story = json.loads(results.replay(most_liquidated(results.plain())))
    days = story["days"]
    at = np.array([day["day"] for day in days])
    lost = np.cumsum([day["sums"]["lost_eth"] for day in days]) / 1e3
    attacks = (
        np.cumsum([sum(step["loss_eth"] for step in day["steps"] if step["step"] == "attacked") for day in days]) / 1e3
    )

    fig, axes = plt.subplots(3, 1, figsize=(7.6, 5.8), layout="constrained", sharex=True, height_ratios=(3, 1.6, 1.6))
    top, middle, bottom = axes
    top.fill_between(
        at,
        0,
        lost - attacks,
        step="mid",
        color=BLUE,
        alpha=0.85,
        linewidth=0,
        label="taken by what happened, and bad debt",
    )
    top.fill_between(
        at,
        lost - attacks,
        lost,
        step="mid",
        color=RED,
        alpha=0.85,
        linewidth=0,
        label="slashed in attacks on AVSs that had become cheap",
    )
    for rank, event in enumerate(event for event in story["events"] if event["loss_eth"] > COSTLY_ETH):
        name = event["name"].split("/")[1]
        top.annotate(
            f"{name} slashes",
            (event["day"], lost[event["day"] - 1]),
            (event["day"] + 0.8, lost[-1] * (1.13 + 0.12 * (3 - rank))),
            fontsize=8.5,
            va="center",
            arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.8, "relpos": (0, 0.5)},
        )
    top.set_ylabel("lost so far,\nthousand ETH")
    top.set_ylim(0, 1.75 * lost[-1])
    top.legend(loc="upper right", fontsize=8.5)

    middle.bar(at, [day["sums"]["liquidated_eth"] / 1e3 for day in days], 0.7, color=GOLD, linewidth=0)
    middle.set_ylabel("liquidated,\nthousand ETH")
    discounts = middle.twinx()
    discounts.plot(
        at,
        [100 * max(asset["discount"] for asset in day["assets"].values()) for day in days],
        "o-",
        color=PINK,
        markersize=3,
    )
    discounts.set_ylabel("deepest discount\nof a token, %", color=PINK)
    discounts.set_ylim(0, None)
    discounts.spines["right"].set_visible(True)

    bottom.bar(at, [day["rounds"] for day in days], 0.7, color=INK, linewidth=0)
    bottom.set_ylabel("rounds\nof the day")
    bottom.set_xlabel(f"day (path {story['path']:,} of quickstart, without falls of BTC and USD)")
    bottom.set_xlim(0, at[-1] + 1)
    for ax in axes:
        ax.grid(axis="y")
    return fig


def most_liquidated(result):
    """Number of the path on which most was liquidated, of those with few events and an attack."""
    paths = ds.dataset(result / "paths").to_table(columns=["path", "liquidated", "events", "avss_attacked"])
    few = paths.filter((pc.field("events") <= MOST_EVENTS) & (pc.field("avss_attacked") > 0))
    return few.sort_by([("liquidated", "descending")])["path"][0].as_py()
