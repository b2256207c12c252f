//! Networks that were imported or made up become folders like those that people write, so that
//! the one reader reads them all.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, Invariant, LoanRow, MetaSpec,
    NetworkSpec, OperatorRow, Oracle, PoolRow, PortfolioItem, PortfolioRow, Sharing, Table,
};

/// Writes a network folder: `network.toml`, the three required tables, and every other table that
/// has a row.
///
/// The files are written to a folder beside `dir`, which is renamed when all are complete, so
/// nothing half-written ever bears the final name. Numbers are written with as many digits as
/// bring back the same `f64`. Missing parent folders are made.
///
/// # Errors
/// `AlreadyExists` when there is anything at `dir`, which is then left alone; otherwise what the
/// file system reports, with the path it was about.
pub fn write_network(spec: &NetworkSpec, dir: &Path) -> io::Result<()> {
    if fs::symlink_metadata(dir).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{}: exists already; a network is only written to a new folder", dir.display()),
        ));
    }
    let partial = partial_sibling(dir)?;
    let written = write_files(spec, &partial)
        .and_then(|()| fs::rename(&partial, dir).map_err(|error| about(dir, &error)));
    if written.is_err() {
        // The folder is ours alone; that it cannot be removed matters less than why we stopped.
        let _ = fs::remove_dir_all(&partial);
    }
    written
}

/// A new folder beside `dir` under a name of its own.
fn partial_sibling(dir: &Path) -> io::Result<PathBuf> {
    let name = dir.file_name().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{}: the name of a new folder was expected", dir.display()),
        )
    })?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        fs::create_dir_all(parent).map_err(|error| about(parent, &error))?;
    }
    let hidden = format!(".{}.partial-{}", name.to_string_lossy(), std::process::id());
    let partial = dir.with_file_name(hidden);
    fs::create_dir(&partial).map_err(|error| about(&partial, &error))?;
    Ok(partial)
}

fn write_files(spec: &NetworkSpec, dir: &Path) -> io::Result<()> {
    write_file(dir, "network.toml", meta_toml(&spec.meta).as_bytes())?;
    write_table(dir, "assets", &ASSETS, &cells(&spec.assets, asset_cells))?;
    write_operators(dir, &spec.operators)?;
    write_table(dir, "holdings", &HOLDINGS, &cells(&spec.holdings, holding_cells))?;
    write_optional(dir, "avs", &AVS, &cells(&spec.avs, avs_cells))?;
    write_optional(dir, "allocations", &ALLOCATIONS, &cells(&spec.allocations, allocation_cells))?;
    write_optional(dir, "groups", &GROUPS, &cells(&spec.groups, group_cells))?;
    write_optional(dir, "pools", &POOLS, &cells(&spec.pools, pool_cells))?;
    write_optional(dir, "loans", &LOANS, &cells(&spec.loans, loan_cells))?;
    write_optional(dir, "portfolios", &PORTFOLIOS, &cells(&spec.portfolios, portfolio_cells))
}

/// `network.toml`: keys in the order of the format, those without a value left out.
fn meta_toml(meta: &MetaSpec) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let as_of = match meta.as_of.parse::<toml::value::Datetime>() {
        Ok(date) if date.to_string() == meta.as_of => meta.as_of.clone(),
        _ => text(&meta.as_of),
    };
    [
        (true, "name", text(&meta.name)),
        (!meta.as_of.is_empty(), "as_of", as_of),
        (!meta.source.is_empty(), "source", text(&meta.source)),
        (true, "synthetic", meta.synthetic.to_string()),
        (!meta.notes.is_empty(), "notes", text(&meta.notes)),
    ]
    .into_iter()
    .filter(|(present, ..)| *present)
    .map(|(_, key, value)| format!("{key} = {value}\n"))
    .collect()
}

fn cells<R>(table: &Table<R>, row_cells: fn(&R) -> Vec<String>) -> Vec<Vec<String>> {
    table.rows.iter().map(row_cells).collect()
}

const ASSETS: [&str; 8] = [
    "asset",
    "kind",
    "supply_eth",
    "buffer_eth",
    "cover_eth",
    "redemption_days",
    "vol_annual",
    "beta_market",
];

fn asset_cells(row: &AssetRow) -> Vec<String> {
    vec![
        row.asset.clone(),
        name_of(&AssetKind::NAMES, row.kind),
        optional(row.supply_eth),
        row.buffer_eth.to_string(),
        row.cover_eth.to_string(),
        row.redemption_days.to_string(),
        row.vol_annual.to_string(),
        row.beta_market.to_string(),
    ]
}

/// Every attribute that any operator has is a column.
fn write_operators(dir: &Path, table: &Table<OperatorRow>) -> io::Result<()> {
    let attributes: BTreeSet<&str> =
        table.rows.iter().flat_map(|row| row.attributes.keys()).map(String::as_str).collect();
    let header: Vec<&str> = ["operator", "entity"].into_iter().chain(attributes.clone()).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            let values = attributes
                .iter()
                .map(|&name| row.attributes.get(name).cloned().unwrap_or_default());
            [row.operator.clone(), row.entity.clone()].into_iter().chain(values).collect()
        })
        .collect();
    write_table(dir, "operators", &header, &rows)
}

const HOLDINGS: [&str; 4] = ["holder", "operator", "asset", "amount_eth"];

fn holding_cells(row: &HoldingRow) -> Vec<String> {
    vec![
        row.holder.clone(),
        row.operator.clone().unwrap_or_default(),
        row.asset.clone(),
        row.amount_eth.to_string(),
    ]
}

const AVS: [&str; 6] = [
    "avs",
    "sharing",
    "attack_threshold",
    "profit_from_corruption_eth",
    "secured_value_eth",
    "redistributes",
];

fn avs_cells(row: &AvsRow) -> Vec<String> {
    vec![
        row.avs.clone(),
        name_of(&Sharing::NAMES, row.sharing),
        row.attack_threshold.to_string(),
        optional(row.profit_from_corruption_eth),
        row.secured_value_eth.to_string(),
        row.redistributes.to_string(),
    ]
}

const ALLOCATIONS: [&str; 4] = ["avs", "operator", "asset", "fraction"];

fn allocation_cells(row: &AllocationRow) -> Vec<String> {
    vec![row.avs.clone(), row.operator.clone(), row.asset.clone(), row.fraction.to_string()]
}

const GROUPS: [&str; 4] = ["group", "kind", "operator", "share"];

fn group_cells(row: &GroupRow) -> Vec<String> {
    vec![row.group.clone(), row.kind.clone(), row.operator.clone(), row.share.to_string()]
}

const POOLS: [&str; 7] =
    ["pool", "asset", "invariant", "reserve_asset_eth", "reserve_eth", "amplification", "fee"];

fn pool_cells(row: &PoolRow) -> Vec<String> {
    vec![
        row.pool.clone(),
        row.asset.clone(),
        name_of(&Invariant::NAMES, row.invariant),
        row.reserve_asset_eth.to_string(),
        row.reserve_eth.to_string(),
        row.amplification.to_string(),
        row.fee.to_string(),
    ]
}

const LOANS: [&str; 10] = [
    "market",
    "collateral",
    "debt_asset",
    "oracle",
    "ltv",
    "liquidation_threshold",
    "liquidation_bonus",
    "health_factor",
    "collateral_eth",
    "close_factor",
];

fn loan_cells(row: &LoanRow) -> Vec<String> {
    vec![
        row.market.clone(),
        row.collateral.clone(),
        row.debt_asset.clone(),
        name_of(&Oracle::NAMES, row.oracle),
        row.ltv.to_string(),
        row.liquidation_threshold.to_string(),
        row.liquidation_bonus.to_string(),
        row.health_factor.to_string(),
        row.collateral_eth.to_string(),
        row.close_factor.to_string(),
    ]
}

const PORTFOLIOS: [&str; 4] = ["portfolio", "asset", "market", "amount_eth"];

fn portfolio_cells(row: &PortfolioRow) -> Vec<String> {
    let (asset, market) = match &row.holds {
        PortfolioItem::Asset(asset) => (asset.clone(), String::new()),
        PortfolioItem::Market(market) => (String::new(), market.clone()),
    };
    vec![row.portfolio.clone(), asset, market, row.amount_eth.to_string()]
}

fn name_of<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> String {
    names.iter().find(|(_, named)| *named == value).map_or_else(String::new, |(n, _)| (*n).into())
}

/// `Display` of an `f64` is the shortest text that reads back as the same number.
fn optional(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn write_optional(
    dir: &Path,
    table: &str,
    header: &[&str],
    rows: &[Vec<String>],
) -> io::Result<()> {
    if rows.is_empty() { Ok(()) } else { write_table(dir, table, header, rows) }
}

fn write_table(dir: &Path, table: &str, header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    write_file(dir, &format!("{table}.csv"), &bytes)
}

fn write_file(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = dir.join(name);
    fs::write(&path, bytes).map_err(|error| about(&path, &error))
}

/// The same error, saying which path it is about.
fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Every table, awkward names and numbers, empty optional cells.
    fn full() -> NetworkSpec {
        let mut spec = small();
        spec.assets.rows.push(asset("rs,ETH \"x\"", AssetKind::Lrt, Some(0.1 + 0.2)));
        spec.operators.rows.push(operator("b", &[("cloud", "a, b"), ("tier", "2")]));
        spec.avs.rows = vec![
            avs("EigenDA", Sharing::Unique, 1.0 / 3.0, None, true),
            avs("ünïcode ✓", Sharing::Shared, f64::EPSILON, Some(1e21), false),
        ];
        spec.allocations.rows = vec![AllocationRow {
            avs: "EigenDA".into(),
            operator: "b".into(),
            asset: "*".into(),
            fraction: 1.0 / 7.0,
        }];
        spec.groups.rows = vec![GroupRow {
            group: "g".into(),
            kind: "client".into(),
            operator: "b".into(),
            share: 0.5,
        }];
        spec.pools.rows = vec![pool(Invariant::Stableswap), pool(Invariant::ConstantProduct)];
        spec.loans.rows = vec![loan(Oracle::ExchangeRate), loan(Oracle::Market)];
        spec.portfolios.rows = vec![
            portfolio(PortfolioItem::Asset("stETH".into())),
            portfolio(PortfolioItem::Market("aave".into())),
        ];
        spec
    }

    /// The three required tables only.
    fn small() -> NetworkSpec {
        NetworkSpec {
            meta: MetaSpec {
                name: "a \"name\"".into(),
                as_of: "2024-10-31".into(),
                source: "back\\slash".into(),
                synthetic: true,
                notes: "two\nlines, 'quoted'".into(),
            },
            assets: Table::new("", vec![asset("stETH", AssetKind::Lst, None)]),
            operators: Table::new("", vec![operator("a", &[("cloud", "c")]), operator("c", &[])]),
            holdings: Table::new("", vec![holding(None, 1e-18), holding(Some("a"), 1.0 / 3.0)]),
            ..Default::default()
        }
    }

    fn asset(name: &str, kind: AssetKind, supply_eth: Option<f64>) -> AssetRow {
        AssetRow {
            asset: name.into(),
            kind,
            supply_eth,
            buffer_eth: 1e-300,
            cover_eth: 123_456_789.123_456_79,
            redemption_days: 7.0,
            vol_annual: 0.0,
            beta_market: -0.25,
        }
    }

    fn operator(name: &str, attributes: &[(&str, &str)]) -> OperatorRow {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        OperatorRow {
            operator: name.into(),
            entity: "A; B".into(),
            attributes: attributes.iter().map(owned).collect::<BTreeMap<_, _>>(),
        }
    }

    fn holding(operator: Option<&str>, amount_eth: f64) -> HoldingRow {
        HoldingRow {
            holder: "stETH".into(),
            operator: operator.map(str::to_owned),
            asset: "ETH".into(),
            amount_eth,
        }
    }

    fn avs(
        name: &str,
        sharing: Sharing,
        attack_threshold: f64,
        profit_from_corruption_eth: Option<f64>,
        redistributes: bool,
    ) -> AvsRow {
        AvsRow {
            avs: name.into(),
            sharing,
            attack_threshold,
            profit_from_corruption_eth,
            secured_value_eth: 5e-324,
            redistributes,
        }
    }

    fn pool(invariant: Invariant) -> PoolRow {
        PoolRow {
            pool: format!("{invariant:?}"),
            asset: "stETH".into(),
            invariant,
            reserve_asset_eth: 524_839.79,
            reserve_eth: f64::MAX,
            amplification: 50.0,
            fee: 0.000_4,
        }
    }

    fn loan(oracle: Oracle) -> LoanRow {
        LoanRow {
            market: "aave".into(),
            collateral: "stETH".into(),
            debt_asset: "ETH".into(),
            oracle,
            ltv: 0.9,
            liquidation_threshold: 0.95,
            liquidation_bonus: 0.01,
            health_factor: 1.05,
            collateral_eth: 1e6,
            close_factor: 0.5,
        }
    }

    fn portfolio(holds: PortfolioItem) -> PortfolioRow {
        PortfolioRow { portfolio: "fund".into(), holds, amount_eth: 1.5 }
    }

    /// The rows alone: files and lines are of the folder read.
    fn without_places(mut spec: NetworkSpec) -> NetworkSpec {
        fn strip<R>(table: &mut Table<R>) {
            *table = Table::new("", std::mem::take(&mut table.rows));
        }
        strip(&mut spec.assets);
        strip(&mut spec.operators);
        strip(&mut spec.avs);
        strip(&mut spec.holdings);
        strip(&mut spec.allocations);
        strip(&mut spec.groups);
        strip(&mut spec.pools);
        strip(&mut spec.loans);
        strip(&mut spec.portfolios);
        spec
    }

    fn names_in(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[track_caller]
    fn check(spec: NetworkSpec) {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("new").join("network");
        write_network(&spec, &dir).unwrap();
        let read = crate::read_network(&dir).unwrap();
        assert_eq!(without_places(read), without_places(spec));
    }

    #[test]
    fn what_is_written_is_read_again() {
        check(full());
        check(small());
    }

    #[test]
    fn only_required_tables_are_written_without_rows() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("network");
        write_network(&NetworkSpec::default(), &dir).unwrap();
        let names = ["assets.csv", "holdings.csv", "network.toml", "operators.csv"];
        assert_eq!(names_in(&dir), names);
        assert_eq!(names_in(parent.path()), ["network"]);
    }

    #[test]
    fn what_is_there_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("network");
        fs::create_dir(&dir).unwrap();
        let error = write_network(&full(), &dir).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(error.to_string().contains(dir.to_str().unwrap()), "{error}");
        assert!(names_in(&dir).is_empty());
        assert_eq!(names_in(parent.path()), ["network"]);
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        let error = write_network(&full(), Path::new("..")).unwrap_err();
        assert!(matches!(error.kind(), io::ErrorKind::AlreadyExists), "{error}");
        let error = write_network(&full(), Path::new("no-such/..")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
