"""The rows of the table: who does which work, how it is checked, what is divided by what.

Each row is a function of the bench that returns lines of the table: work, engine, against, ratio, wanted.
"""

import math
import os

import files
import portfolio
from contest import HERE, Engine, Peer, Refused, fitting, in_turn, median, median_ratio, rate
from report import paths_a_second, seconds, times

CORES = len(os.sched_getaffinity(0))
# Standard errors by which a figure may miss the closed form: five runs and three figures each leave one in a million.
MISS = 5.5


def one_factor(label):
    case = portfolio.PORTFOLIOS[label]
    return f"{case.names:,} names, p {case.probability}, correlation {case.correlation}: losses, VaR and ES"


def figures(run):
    """Mean and ES at 99 and 99.9 % of a run of the engine or of a peer."""
    if "summary" not in run:
        return run["mean"], run["es_99"], run["es_999"]
    system = [row for row in run["summary"] if row["scope"] == "system"]
    find = lambda metric, level: next(
        row["value"] for row in system if row["metric"] == metric and (level is None or abs(row["level"] - level) < 1e-9)
    )
    return find("mean", None), find("es", 0.99), find("es", 0.999)


def check(label, contestant, runs):
    """Refuses a contestant whose figures are not those of the closed form."""
    table = portfolio.PORTFOLIOS[label].table()
    mean = math.fsum(k * p for k, p in enumerate(table))
    spread = math.sqrt(math.fsum((k - mean) ** 2 * p for k, p in enumerate(table)))
    for run in runs:
        n = run["paths"]
        exact = [(mean, spread / math.sqrt(n))]
        for level in (0.99, 0.999):
            error = portfolio.shortfall_error(table, level, n)
            exact.append((portfolio.expected_shortfall(table, level), error))
        for found, (value, error) in zip(figures(run), exact):
            if abs(found - value) > MISS * error:
                raise RuntimeError(f"{contestant.label}: {found} is not {value:.6g} give or take {error:.2g}")


def rates(bench, label, contestants):
    """Runs of each contestant, in turn, checked; each with paths for a second or two."""
    sizes = [fitting(contestant, 20_000, bench.run_seconds()) for contestant in contestants]
    runs = in_turn(bench, contestants, sizes)
    for contestant, of_it in zip(contestants, runs):
        check(label, contestant, of_it)
        contestant.close()
    return runs


def engine(bench, label, threads):
    return Engine(bench, HERE / f"{label}.toml", threads)


def told(runs):
    return paths_a_second(median(map(rate, runs)))


def oasis(bench):
    label = "names-100"
    ours, peer = engine(bench, label, 1), Peer(bench, "peer_oasis.py", label, label="gulmc")
    a, b = rates(bench, label, [ours, peer])
    against = f"{peer.version} `gulmc`, 1 thread, sampling alone: {told(b)}"
    return [(one_factor(label), f"1 thread: {told(a)}", against, times(median_ratio(a, b, rate)), "30x")]


def numpy(bench):
    label = "names-100"
    ours, peer = engine(bench, label, 1), Peer(bench, "peer_numpy.py", label, label="numpy")
    a, b = rates(bench, label, [ours, peer])
    plain, shortcut = peer.rates["normals"], peer.rates["binomials"]
    others = f"a normal a name {paths_a_second(plain)}; a binomial a path, of equal names alone, {paths_a_second(shortcut)}"
    against = f"{peer.version}, best of three ways ({peer.way}), 1 thread: {told(b)} ({others})"
    return [("the same", f"1 thread: {told(a)}", against, times(median_ratio(a, b, rate)), "25x")]


def beside_numba(bench, label, wanted):
    peer = Peer(bench, "peer_numba.py", label, CORES, label="numba")
    alone, all_cores = engine(bench, label, 1), engine(bench, label, CORES)
    contestants = [alone, peer] if CORES == 1 else [alone, all_cores, peer]
    *ours, b = rates(bench, label, contestants)
    others = ", ".join(f"{name} {paths_a_second(value)}" for name, value in peer.rates.items())
    against = f"{peer.version}, parallel, {CORES} threads, best of three ways ({peer.way}): {told(b)} (tried: {others})"
    lines = []
    for contestant, a in zip(contestants, ours):
        threads = contestant.label.removeprefix("engine, ")
        lines.append((one_factor(label), f"{threads}: {told(a)}", against, times(median_ratio(a, b, rate)), wanted))
    return lines


def numba_100(bench):
    return beside_numba(bench, "names-100", "5x")


def numba_1000(bench):
    return beside_numba(bench, "names-1000", "20x")


def aimed(run):
    """The probability of a loss beyond the one that a weighted run aims at, with its error, from the run's manifest."""
    drawn = run["manifest"]["sampling"]["base"]["importance"]
    return {"probability": drawn["probability"], "std_err": drawn["probability_std_err"]}


def importance(loss):
    keys = ('sampling.method="importance"', 'sampling.scope="system"', f"sampling.loss_eth={loss}")
    return [word for key in keys for word in ("--set", key)]


def tail(bench):
    work = "100 names, p 0.02, correlation 0.2: P(L >= 25) to a standard error of 1 %"
    wanted = "50x"
    loss = portfolio.TAIL_NAMES - 0.5
    ours = Engine(bench, HERE / "tail-100.toml", 1, *importance(loss))
    try:
        first = ours.run(10_000, 1)
    except Refused as refusal:
        return [(work, f"left out: {refusal}", "OpenTURNS", "", wanted)]
    found = aimed(first)
    paths = math.ceil(first["paths"] * (found["std_err"] / found["probability"] / 0.01) ** 2 * 1.02)
    peer = Peer(bench, "peer_openturns.py", label="OpenTURNS")
    exact = portfolio.tail(portfolio.SMALL.table(), portfolio.TAIL_NAMES)
    a, b = [], []
    for seed in range(1, bench.rounds + 1):
        weighted = ours.run(paths, seed)
        a.append(weighted | aimed(weighted))
        b.append(peer.run(0, seed))
    peer.close()
    for label, runs in (("engine", a), ("OpenTURNS", b)):
        for run in runs:
            if abs(run["probability"] - exact) > MISS * run["std_err"]:
                raise RuntimeError(f"{label}: {run['probability']} is not {exact:.6g}")
    error = median(run["std_err"] / run["probability"] for run in a)
    time = lambda run: run["seconds"]
    engine_cell = f"1 thread, {paths:,} weighted paths, with the pilot that finds their law and the start of the process: {seconds(median(map(time, a)))} (error {100 * error:.2f} %)"
    peer_cell = f"{peer.version}, {peer.way}, {median(run['paths'] for run in b):,.0f} paths: {seconds(median(map(time, b)))}"
    return [(work, engine_cell, peer_cell, times(median_ratio(b, a, time)), wanted)]


def reference(bench):
    days, paths = 30, bench.size(1_000_000)
    ours = Engine(bench, files.reference(bench.work), 2, "--set", "run.detail=summary")
    peer = Peer(bench, "peer_normals.py", 2, label="numpy")
    normals = files.normals_a_path(days)
    a, b = in_turn(bench, [ours, peer], [paths, normals * paths])
    peer.close()
    time = lambda run: run["seconds"]
    work = f"reference network, every mechanism, {days} days, {paths:,} paths, 2 threads"
    whole = seconds(median(map(time, a)))
    drawn = f"{peer.version} `standard_normal`, 2 threads, the {normals} normals a path that the noise needs: {seconds(median(map(time, b)))}"
    return [
        (work, whole, "absolute", "", "5 s"),
        ("the same", whole, drawn, f"{times(median_ratio(a, b, time))} as long", "at most 3x"),
    ]


def growth(bench):
    events = 0.5
    small = Engine(bench, *_growth(bench, 350, 40, events))
    large = Engine(bench, *_growth(bench, 3_500, 400, events))
    paths = fitting(small, 20_000, bench.run_seconds())
    a, b = in_turn(bench, [large, small], [paths, paths])
    # Reading a network ten times larger takes ten times as long and is no sampling: one path is taken off.
    once, of_small = in_turn(bench, [large, small], [1, 1])
    net = lambda runs, alone: [{"seconds": run["seconds"] - start["seconds"]} for run, start in zip(runs, alone)]
    time = lambda run: run["seconds"]
    ratio = median_ratio(a, b, time)
    without = median_ratio(net(a, once), net(b, of_small), time)
    work = f"`synth` of 3,500 operators and 400 AVSs, {events} events a path expected, 30 days, {paths:,} paths, 1 thread"
    against = f"itself at 350 operators and 40 AVSs, as many events: {seconds(median(map(time, b)))}"
    told = f"{seconds(median(map(time, a)))} ({seconds(median(map(time, once)))} of it reading, a run of one path)"
    return [(work, told, against, f"{times(ratio)} as long; {times(without)} without reading", "at most 1.3x")]


def _growth(bench, operators, avss, events):
    run_file, extra = files.growth(bench, operators, avss, events)
    return run_file, 1, *extra


def threads(bench):
    lines = []
    cases = [
        (one_factor("names-100"), HERE / "names-100.toml", []),
        ("reference network, 30 days", files.reference(bench.work), ["--set", "run.detail=summary"]),
    ]
    for work, run_file, extra in cases:
        two, one = Engine(bench, run_file, 2, *extra), Engine(bench, run_file, 1, *extra)
        paths = fitting(one, 20_000, 3 * bench.run_seconds())
        a, b = in_turn(bench, [two, one], [paths, paths])
        told_one = f"1 thread: {told(b)}"
        lines.append((f"{work}, {paths:,} paths", f"2 threads: {told(a)}", told_one, times(median_ratio(a, b, rate)), "1.9x"))
    return lines


def memory(bench):
    paths = bench.size(10_000_000)
    ours = Engine(bench, files.reference(bench.work), 2, "--set", "run.detail=summary")
    run = ours.run(paths, 1)
    peak = run["manifest"]["peak_memory_bytes"] / 1e6
    work = f"reference network, {paths:,} paths, `summary`, 2 threads: peak memory"
    return [(work, f"{peak:,.0f} MB ({seconds(run['seconds'])})", "absolute", "", "200 MB")]


def glasserman_li(bench):
    work = f"ten factors, {files.OBLIGORS:,} names (Glasserman and Li 2005), P(L > {files.LOSS:,})"
    run_file = files.glasserman_li(bench.work)
    weighted = Engine(bench, run_file, CORES, *importance(files.LOSS))
    try:
        weighted.run(1_000, 1)
    except Refused as refusal:
        return [(work, f"left out: {refusal}", "plain Monte Carlo", "", "50x")]
    gains, probabilities = [], []
    for seed in range(1, bench.rounds + 1):
        run = weighted.run(bench.size(50_000), seed)
        found = aimed(run)
        p, error = found["probability"], found["std_err"]
        probabilities.append(p)
        gains.append(p * (1 - p) / (error**2 * run["paths"]))
    told_p = f"{median(probabilities):.4g}, {bench.size(50_000):,} weighted paths"
    return [(work, told_p, "variance p (1 - p) of a plain path over that of a weighted one", times(median(gains)), "50x")]


ROWS = {
    "oasis": oasis,
    "numpy": numpy,
    "numba-100": numba_100,
    "numba-1000": numba_1000,
    "tail": tail,
    "reference": reference,
    "growth": growth,
    "threads": threads,
    "memory": memory,
    "glasserman-li": glasserman_li,
}
