"""The one-factor portfolio in oasislmf's gulmc, the sampling kernel of the Oasis loss modelling framework.

A name is an item with a coverage of its own (insured value 1) and a vulnerability of two damage bins, none and
all, the latter with the probability of failure. All items are in one peril correlation group: its
`damage_correlation_value` is the correlation of the Gaussian copula through which gulmc draws damage. A path is
a sample of an event whose footprint is certain. Measured is `gulmc`'s own `manager.run`, its structures built
beforehand, its stream of losses written to a file; adding the items of a path up and the tail are not in its
time. They are done here, untimed, to check it.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import portfolio
from serve import serve, timed

# Samples an event: enough that an event's own work does not show, few enough for memory.
SAMPLES = 20_000
MAX_EVENTS = 2_000


def write_csv(path, header, rows):
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_model(root, case):
    """Tables of the exposure below `input`, of the model below `static`."""
    ids = range(1, case.names + 1)
    p, rho = case.probability, case.correlation
    (root / "input").mkdir()
    (root / "static").mkdir()
    write_csv(
        root / "input" / "items.csv",
        "item_id,coverage_id,areaperil_id,vulnerability_id,group_id",
        [(i, i, 1, 1, i) for i in ids],
    )
    write_csv(root / "input" / "coverages.csv", "coverage_id,tiv", [(i, 1) for i in ids])
    write_csv(
        root / "input" / "correlations.csv",
        "item_id,peril_correlation_group,damage_correlation_value,hazard_group_id,hazard_correlation_value,source_item_id",
        [(i, 1, rho, i, 0, 0) for i in ids],
    )
    write_csv(
        root / "static" / "damage_bin_dict.csv",
        "bin_index,bin_from,bin_to,interpolation,damage_type",
        [(1, 0, 0, 0, 1), (2, 1, 1, 1, 1)],
    )
    write_csv(
        root / "static" / "vulnerability.csv",
        "vulnerability_id,intensity_bin_id,damage_bin_id,probability",
        [(1, 1, 1, 1 - p), (1, 1, 2, p)],
    )
    write_footprint(root / "static")


def write_footprint(folder):
    """The footprint in binary: gulmc does not find a CSV one below a run folder (2.5.8)."""
    from oasislmf.pytools.getmodel.common import EventIndexBin, FootprintHeader
    from oasislmf.pytools.common.data import areaperil_int, oasis_float

    event = np.dtype([("areaperil_id", areaperil_int), ("intensity_bin_id", "i4"), ("probability", oasis_float)])
    header = np.zeros(1, np.dtype(FootprintHeader))
    header["num_intensity_bins"] = 1
    index = np.zeros(MAX_EVENTS, np.dtype(EventIndexBin))
    index["event_id"] = np.arange(1, MAX_EVENTS + 1)
    index["offset"] = header.nbytes + event.itemsize * np.arange(MAX_EVENTS)
    index["size"] = event.itemsize
    rows = np.array([(1, 1, 1.0)] * MAX_EVENTS, event)
    (folder / "footprint.bin").write_bytes(header.tobytes() + rows.tobytes())
    (folder / "footprint.idx").write_bytes(index.tobytes())


def failures(stream, events, first):
    """Failed items of every sample, from gulmc's stream: a header, then for each item (sample, loss) up to sample 0."""
    words = np.frombuffer(stream, np.int32)
    n_samples = int(words[1])
    counts = np.zeros(events * n_samples, np.int64)
    at = 2
    while at < len(words):
        event = int(words[at]) - first
        pairs = words[at + 2 : at + 2 + 2 * ((len(words) - at - 2) // 2)].reshape(-1, 2)[: n_samples + 8]
        end = int(np.argmax(pairs[:, 0] == 0))
        samples, losses = pairs[:end, 0], pairs[:end, 1].view(np.float32)
        failed = samples[(samples > 0) & (losses > 0.5)]
        counts[event * n_samples + failed - 1] += 1
        at += 2 + 2 * (end + 1)
    return counts


def main(name):
    import oasislmf
    from oasislmf.pytools.gulmc import manager
    from oasislmf.pytools.gulmc.structure import create_gulmc_structure

    case = portfolio.PORTFOLIOS[name]
    engine = "oasis_data_manager.df_reader.reader.OasisPandasReader"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_model(root, case)
        create_gulmc_structure(
            run_dir=str(root), ignore_file_type=set(), peril_filter=[], dynamic_footprint=False, model_df_engine=engine
        )

        def sample():
            manager.run(
                run_dir=str(root),
                ignore_file_type=set(),
                sample_size=SAMPLES,
                loss_threshold=1e-6,
                alloc_rule=0,
                debug=0,
                random_generator=2,
                file_in=str(root / "events.bin"),
                file_out=str(root / "losses.bin"),
            )

        def run(paths, seed):
            # gulmc seeds its samples by event and group, so another run is other events.
            events = max(1, round(paths / SAMPLES))
            first = 1 + seed * events % (MAX_EVENTS - events)
            (root / "events.bin").write_bytes(np.arange(first, first + events, dtype=np.int32).tobytes())
            seconds, _ = timed(sample)
            stream = (root / "losses.bin").read_bytes()
            found = failures(stream, events, first)
            counts = np.bincount(found, minlength=case.names + 1)
            es = [portfolio.shortfall_of_counts(counts.tolist(), level) for level in (0.99, 0.999)]
            mean = float(found.mean())
            # What was run, as whole events: the caller counts by it.
            return {"seconds": seconds, "paths": len(found), "mean": mean, "es_99": es[0], "es_999": es[1]}

        run(SAMPLES, 0)
        serve({"version": f"oasislmf {oasislmf.__version__}", "way": "gulmc", "rates": {}}, run)


if __name__ == "__main__":
    main(sys.argv[1])
