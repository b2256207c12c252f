"""Losses of every path are those of `paths/`, by scope, with their weights."""

import math

import pyarrow.dataset as ds
import pytest
import slashfall
from conftest import CONFIG, PATHS


def paths(result):
    return ds.dataset(result.path / "paths").to_table().to_pandas()


def test_losses_of_the_system_are_the_column_total(result):
    losses = result.losses("system")
    assert losses.column_names == ["path", "loss_eth"]
    frame, rows = losses.to_pandas(), paths(result)
    assert frame.path.tolist() == list(range(PATHS)) == rows.path.tolist()
    assert frame.loss_eth.tolist() == rows.total.tolist()


def test_losses_have_the_mean_of_the_summary(result):
    summary = result.summary().to_pandas()
    means = summary[(summary.metric == "mean") & (summary.scenario == "base")]
    assert set(means.scope_kind) == {"system", "asset", "asset_market", "portfolio", "channel"}
    for row in means.itertuples():
        frame = result.losses(row.scope, kind=row.scope_kind).to_pandas()
        mean = math.fsum(frame.loss_eth) / len(frame)
        assert mean == pytest.approx(row.value, rel=1e-12, abs=1e-12), (row.scope_kind, row.scope)


def test_an_asset_is_meant_by_nav_unless_said(result):
    nav, market = result.losses("eETH"), result.losses("eETH", kind="asset_market")
    assert nav.to_arrow().equals(result.losses("eETH", kind="asset").to_arrow())
    assert not nav.to_arrow().equals(market.to_arrow())


def test_weighted_paths_have_weights(tmp_path):
    changes = {"run.detail": "paths", "sampling": {"method": "importance", "scope": "system_ex_price"}}
    found = slashfall.run(CONFIG, tmp_path / "result", set=changes, paths=4_096)
    frame, rows = found.losses("system").to_pandas(), paths(found)
    assert frame.columns.tolist() == ["path", "loss_eth", "weight"]
    assert frame.weight.tolist() == rows.weight.tolist() and frame.weight.nunique() > 1
    summary = found.summary().to_pandas()
    mean = summary[(summary.scope == "system") & (summary.metric == "mean")].value.item()
    # What a path counts for by its weight: model.md, section 10.
    w = frame.weight
    mass = w * (1 + (w.mean() - 1) / w.var(ddof=0) * (w.mean() - w))
    assert math.fsum(frame.loss_eth * mass) / len(frame) == pytest.approx(mean, rel=1e-9)


def test_scenarios_are_apart(tmp_path):
    scenario = [{"name": "calm", "scale": {"source.avs_fault.rate": 0.5}}]
    changes = {"run.detail": "paths", "scenario": scenario}
    found = slashfall.run(CONFIG, tmp_path / "result", set=changes, paths=300)
    assert found.scenarios == ["base", "calm"]
    base, calm = (found.losses("system", scenario=name).to_pandas() for name in found.scenarios)
    assert len(base) == len(calm) == 300 and not base.equals(calm)


def test_what_cannot_be_told_is_refused(result, tmp_path):
    with pytest.raises(slashfall.InputError, match="eETH") as raised:
        result.losses("eEHT")
    assert raised.value.problems[0]["nearest"] == "eETH"
    with pytest.raises(slashfall.InputError, match="asset_market"):
        result.losses("eETH", kind="asset_markt")
    with pytest.raises(slashfall.InputError, match="a scenario was expected: base"):
        result.losses("eETH", scenario="bas")
    short = slashfall.run(CONFIG, tmp_path / "result", paths=300)
    with pytest.raises(slashfall.InputError, match='detail = "paths"'):
        short.losses("system")
