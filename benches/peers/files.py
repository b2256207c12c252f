"""Run files and networks that are made for a row, as they follow from others or are too long to keep."""

import csv
import math
import random

from contest import HERE

ROOT = HERE.parents[1]
BASELINE = ROOT / "configs" / "baseline.toml"
REFERENCE = ROOT / "data" / "networks" / "reference"


def without_scenarios(text):
    """A run file less its `[[scenario]]` tables."""
    kept, skipping = [], False
    for line in text.splitlines():
        if line.startswith("["):
            skipping = line.startswith("[[scenario]]")
        if not skipping:
            kept.append(line)
    return "\n".join(kept) + "\n"


def with_network(text, folder):
    """A run file on the network in `folder`."""
    lines = [f'network = "{folder}"' if line.startswith("network =") else line for line in text.splitlines()]
    return "\n".join(lines) + "\n"


def reference(work):
    """The baseline alone, on the reference network."""
    target = work / "reference.toml"
    target.write_text(with_network(without_scenarios(BASELINE.read_text(encoding="utf-8")), REFERENCE))
    return target


def normals_a_path(days):
    """Normals that the noise of the baseline needs: a day of the market and of each asset that moves.

    Wrapped assets all move (`noise.default`), base assets where they have a volatility.
    """
    with open(REFERENCE / "assets.csv", encoding="utf-8") as table:
        assets = list(csv.DictReader(table))
    moving = [row for row in assets if row["kind"] != "base" or float(row["vol_annual"] or 0) > 0]
    return days * (1 + len(moving))


def count_rows(table):
    with open(table, encoding="utf-8") as lines:
        return sum(1 for _ in csv.DictReader(lines))


def growth(bench, operators, avss, events_a_path):
    """A synthetic network of that size, and rates at which so many events are expected in 30 days, half of each kind."""
    name = f"synth-{operators}x{avss}"
    network = bench.work / name
    if not network.is_dir():
        bench.command("synth", "--operators", operators, "--avs", avss, "--output", network)
    half = events_a_path / 2 * 365 / 30
    members = {(row["avs"], row["operator"]) for row in csv.DictReader(open(network / "allocations.csv", encoding="utf-8"))}
    rates = [f"source.avs_fault.rate={half / len(members)!r}"]
    rates += [f"source.validator_incident.rate={half / count_rows(network / 'operators.csv')!r}"]
    target = bench.work / f"{name}.toml"
    target.write_text(with_network((HERE / "growth.toml").read_text(encoding="utf-8"), network))
    return target, [word for rate in rates for word in ("--set", rate)]


FACTORS = 10
OBLIGORS = 1_000
LOSS = 2_000


def glasserman_li(work, seed=1):
    """The ten-factor portfolio of Glasserman and Li (2005), section 4; loadings uniform on (0, 1/sqrt(10)) by `random.Random`.

    p_k = 0.01 (1 + sin(16 pi k / m)), c_k = ceil(5 k / m)^2. Returns the run file; the names of probability 0 are in it.
    """
    numbers = random.Random(seed)
    network = work / "glasserman-li"
    network.mkdir(exist_ok=True)
    ids = range(1, OBLIGORS + 1)
    cost = {k: math.ceil(5 * k / OBLIGORS) ** 2 for k in ids}
    tables = {
        "assets": ["asset,kind,supply_eth", "ETH,base,"],
        "avs": ["avs,sharing", "names,unique"],
        "operators": ["operator,entity", *(f"name-{k:04},name-{k:04}" for k in ids)],
        "holdings": ["holder,operator,asset,amount_eth", *(f"direct,name-{k:04},ETH,{cost[k]}" for k in ids)],
        "allocations": ["avs,operator,asset,fraction", *(f"names,name-{k:04},*,1" for k in ids)],
    }
    for name, lines in tables.items():
        (network / f"{name}.csv").write_text("\n".join(lines) + "\n")
    meta = 'name = "glasserman-li"\nas_of = "2026-11-01"\nsynthetic = true\n'
    (network / "network.toml").write_text(meta)
    factors = ", ".join(f'"f{j}"' for j in range(FACTORS))
    text = [
        f'name = "glasserman-li"\nnetwork = "{network}"\n[run]\nseed = 1\npaths = 10_000\nhorizon_days = 365',
        f'levels = [0.99, 0.999]\ndetail = "summary"\n[dependence]\ncopula = "gaussian"\nfactors = [{factors}]',
    ]
    for k in ids:
        p = max(0.0, 0.01 * (1 + math.sin(16 * math.pi * k / OBLIGORS)))
        drawn = [numbers.uniform(0, 1 / math.sqrt(FACTORS)) for _ in range(FACTORS)]
        loadings = ", ".join(f"f{j} = {a!r}" for j, a in enumerate(drawn))
        text.append(
            f'[[source]]\nkind = "avs_fault"\ntarget = {{ avs = "names", operator = "name-{k:04}" }}\n'
            f"rate = {abs(math.log1p(-p))!r}\nseverity = 1.0\nloadings = {{ {loadings} }}"
        )
    target = work / "glasserman-li.toml"
    target.write_text("\n".join(text) + "\n")
    return target
