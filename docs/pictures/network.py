"""The restaking network of the reference tables: whose stake it is, who runs it, who may slash it."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.patches import Polygon
from style import BLUE, INK, QUIET, RED, figure

TABLES = Path(__file__).resolve().parents[2] / "data" / "networks" / "reference"
# Named on the picture; all others are one.
HOLDERS, COMPANIES, AVSS = 4, 6, 6
GAP = 110_000


def draw(_results):
    to_company, to_avs = flows()
    holders = largest({holder for holder, _ in to_company}, to_company, 0, HOLDERS)
    companies = largest({company for _, company in to_company}, to_company, 1, COMPANIES)
    avss = largest({avs for _, avs in to_avs}, to_avs, 1, AVSS)
    left = merged(to_company, holders, companies, "other holders", "other companies")
    right = merged(to_avs, companies, avss, "other companies", "other AVSs")

    fig, ax = figure(4.6)
    ax.axis("off")
    columns = [(0.0, [*holders, "other holders"]), (1.0, [*companies, "other companies"]), (2.0, [*avss, "other AVSs"])]
    stake = [totals(left, 0), totals(left, 1), totals(right, 1)]
    places = [stacked(names, amounts) for (_, names), amounts in zip(columns, stake, strict=True)]
    for (x, names), amounts, place, colour in zip(columns, stake, places, (BLUE, INK, RED), strict=True):
        for name in names:
            ax.bar(x, amounts[name], 0.045, place[name], color=colour, linewidth=0)
            side = {0.0: (-0.05, "right"), 1.0: (0.05, "left"), 2.0: (0.05, "left")}[x]
            ax.text(
                x + side[0],
                place[name] + amounts[name] / 2,
                f"{name}  {amounts[name] / 1e3:,.0f}",
                ha=side[1],
                va="center",
                fontsize=8,
            )
    bands(ax, left, 0.0, 1.0, places[0], places[1], BLUE)
    bands(ax, right, 1.0, 2.0, places[1], places[2], RED)
    top = 600_000 + max(
        place[name] + amounts[name] for place, amounts in zip(places, stake, strict=True) for name in place
    )
    for x, title, note in (
        (0.0, "whose stake it is", "LRTs and direct restakers"),
        (1.0, "who runs it", "companies with operators"),
        (2.0, "who may slash it", "AVSs, by what is allocated"),
    ):
        ax.text(x, top, title, ha="center", fontsize=10, color=INK)
        ax.text(x, top - 240_000, note, ha="center", fontsize=8, color=QUIET)
    ax.set_xlim(-0.75, 2.75)
    ax.set_ylim(-150_000, top + 250_000)
    fig.supxlabel("thousand ETH, reference network", fontsize=8.5, color=QUIET)
    return fig


def rows(table):
    with open(TABLES / f"{table}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def flows():
    """Restaked ETH by (holder, company), and what AVSs may slash of it by (company, AVS)."""
    lrts = {row["asset"] for row in rows("assets") if row["kind"] == "lrt"}
    company = {row["operator"]: row["entity"] for row in rows("operators")}
    to_company, cells = defaultdict(float), defaultdict(float)
    for row in rows("holdings"):
        if row["operator"] and (row["holder"] in lrts or row["holder"] == "direct"):
            amount = float(row["amount_eth"])
            to_company[row["holder"], company[row["operator"]]] += amount
            cells[row["operator"], row["asset"]] += amount
    to_avs = defaultdict(float)
    for row in rows("allocations"):
        for (operator, asset), amount in cells.items():
            if operator == row["operator"] and row["asset"] in ("*", asset):
                to_avs[company[operator], row["avs"]] += float(row["fraction"]) * amount
    return to_company, to_avs


def totals(edges, end):
    amounts = defaultdict(float)
    for pair, amount in edges.items():
        amounts[pair[end]] += amount
    return amounts


def largest(names, edges, end, count):
    amounts = totals(edges, end)
    return sorted(names, key=lambda name: (-amounts[name], name))[:count]


def merged(edges, sources, targets, other_source, other_target):
    sums = defaultdict(float)
    for (source, target), amount in edges.items():
        sums[source if source in sources else other_source, target if target in targets else other_target] += amount
    return sums


def stacked(names, amounts):
    """The lower edge of each name, the first on top."""
    place, y = {}, 0.0
    for name in reversed(names):
        place[name] = y
        y += amounts[name] + GAP
    return place


def bands(ax, edges, x0, x1, start, end, colour):
    used0, used1 = defaultdict(float), defaultdict(float)
    order = sorted(edges, key=lambda pair: (start.get(pair[0], 0.0), end.get(pair[1], 0.0)))
    t = np.linspace(0.0, 1.0, 30)
    blend = t * t * (3.0 - 2.0 * t)
    x = x0 + 0.0225 + (x1 - x0 - 0.045) * t
    for source, target in order:
        amount = edges[source, target]
        low = (start[source] + used0[source]) * (1 - blend) + (end[target] + used1[target]) * blend
        outline = np.concatenate([np.column_stack([x, low]), np.column_stack([x, low + amount])[::-1]])
        ax.add_patch(Polygon(outline, closed=True, facecolor=colour, alpha=0.28, linewidth=0))
        used0[source] += amount
        used1[target] += amount
