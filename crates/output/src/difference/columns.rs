//! Finds the scopes in the columns of `paths/`, so that a result can be read without its network.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Float64Array, RecordBatch};
use arrow_schema::{Field, Schema};
use slashfall_bounded::Parquet;
use slashfall_cascade::{AssetFigure, Channel, Figure, PortfolioFigure};
use slashfall_graph::{Problem, Problems};

use crate::measures::LossColumn;
use crate::paths::ETH_PER_UNIT;
use crate::recorded::{ROOM, opened, unread};
use crate::scope::{ScopeKind, WITHOUT_PRICES, sum_of_figures};

/// Rows read at a time.
const BATCH_ROWS: usize = 16_384;

/// A scope as a sum of columns, times what a unit of them is in ETH.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StoredScope {
    pub(super) kind: ScopeKind,
    pub(super) name: String,
    columns: Vec<String>,
    eth: f64,
    /// Column of the worst discount, of assets.
    worst_discount: Option<String>,
}

/// What is read of a scope.
#[derive(Debug, Default)]
pub(super) struct ScopePaths {
    pub(super) losses: LossColumn,
    /// Worst discount of every path, of assets.
    pub(super) worst_discounts: Option<Vec<f64>>,
}

impl StoredScope {
    fn new(kind: ScopeKind, name: &str, columns: Vec<String>) -> Self {
        Self { kind, name: name.to_owned(), columns, eth: 1.0, worst_discount: None }
    }

    /// Its loss on every path of `files`, which hold the paths in order.
    ///
    /// # Errors
    /// When a file is no whole file of paths.
    pub(super) fn read_losses(&self, files: &[impl AsRef<Path>]) -> Result<Vec<f64>, Problems> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let mut losses = Vec::new();
        for file in files {
            read_columns(file.as_ref(), &columns, |columns| {
                losses.extend((0..columns[0].len()).map(|row| self.loss_eth(columns, row)));
            })?;
        }
        Ok(losses)
    }

    fn loss_eth(&self, columns: &[&Float64Array], row: usize) -> f64 {
        self.eth * sum_of_figures(columns.iter().map(|column| column.value(row)))
    }
}

/// Reads what every path of `files`, which hold the paths in order, is to each of some scopes.
///
/// Each file is opened once: with thousands of scopes its footer takes longer than the columns of
/// one of them.
///
/// # Errors
/// When a file is no whole file of paths.
pub(super) fn read_scopes(
    scopes: &[&StoredScope],
    files: &[impl AsRef<Path>],
) -> Result<Vec<ScopePaths>, Problems> {
    let columns = scopes.iter().flat_map(|scope| scope.columns.iter().chain(&scope.worst_discount));
    let columns: Vec<&str> = columns.map(String::as_str).collect();
    let mut read: Vec<ScopePaths> = scopes.iter().map(|_| ScopePaths::default()).collect();
    for file in files {
        read_columns(file.as_ref(), &columns, |mut arrays| {
            for (scope, paths) in scopes.iter().zip(&mut read) {
                let (losses, others) = arrays.split_at(scope.columns.len());
                let (discounts, others) =
                    others.split_at(usize::from(scope.worst_discount.is_some()));
                arrays = others;
                let first = paths.losses.n_paths();
                for (path, row) in (first..).zip(0..losses[0].len()) {
                    paths.losses.push(path, scope.loss_eth(losses, row));
                }
                for discounts in discounts {
                    let all = paths.worst_discounts.get_or_insert_default();
                    all.extend_from_slice(discounts.values());
                }
            }
        })?;
    }
    Ok(read)
}

/// Calls `each` with the named columns of a file, some rows at a time.
///
/// # Errors
/// When the file is not whole, or a column is missing or holds anything but finite numbers.
pub(super) fn read_columns(
    path: &Path,
    names: &[&str],
    mut each: impl FnMut(&[&Float64Array]),
) -> Result<(), Problems> {
    let opened = open(path)?;
    let file = path.display().to_string();
    let find = |name: &&str| {
        let missing = || Problem::new(&file, "a column of numbers was expected").key(*name);
        opened.schema().index_of(name).map_err(|_| missing().into())
    };
    let places = names.iter().map(find).collect::<Result<Vec<usize>, Problems>>()?;
    let batches = opened.columns(places).batch_rows(BATCH_ROWS).batches();
    for batch in batches.map_err(unread(path))? {
        let batch = batch.map_err(unread(path))?;
        let column = |name: &&str| {
            let found = numbers(&batch, name);
            found.ok_or_else(|| {
                Problem::new(&file, "finite numbers were expected").key(*name).into()
            })
        };
        each(&names.iter().map(column).collect::<Result<Vec<_>, Problems>>()?);
    }
    Ok(())
}

fn numbers<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b Float64Array> {
    let array = batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
    array.iter().all(|x| x.is_some_and(f64::is_finite)).then_some(array)
}

/// Opens a file of paths.
///
/// # Errors
/// When it cannot be read or is not whole.
pub(super) fn open(path: &Path) -> Result<Parquet, Problems> {
    opened(path, ROOM)
}

/// The scopes of a file of paths, in the order of the summary.
///
/// # Errors
/// When an asset's column does not say what a unit of it is.
pub(super) fn stored_scopes(path: &Path, schema: &Schema) -> Result<Vec<StoredScope>, Problems> {
    let mut scopes = of_system(schema);
    for (kind, figure) in [
        (ScopeKind::Asset, AssetFigure::NavLoss),
        (ScopeKind::AssetMarket, AssetFigure::MarketLoss),
    ] {
        for (name, field) in named(schema, "asset.", figure.name()) {
            let eth = field.metadata().get(ETH_PER_UNIT).and_then(|eth| eth.parse().ok());
            let eth = eth.ok_or_else(|| without_unit(path, field))?;
            let discount = format!("asset.{name}.{}", AssetFigure::WorstDiscount.name());
            let has_depegs = kind == ScopeKind::Asset && schema.index_of(&discount).is_ok();
            scopes.push(StoredScope {
                eth,
                worst_discount: has_depegs.then_some(discount),
                ..StoredScope::new(kind, name, vec![field.name().clone()])
            });
        }
    }
    for (name, field) in named(schema, "portfolio.", PortfolioFigure::Loss.name()) {
        scopes.push(StoredScope::new(ScopeKind::Portfolio, name, vec![field.name().clone()]));
    }
    let of_holders = channels(schema).filter(|channel| *channel != Channel::Discount.name());
    scopes.extend(of_holders.map(|channel| {
        StoredScope::new(ScopeKind::Channel, channel, vec![format!("{CHANNEL}{channel}")])
    }));
    Ok(scopes)
}

fn without_unit(path: &Path, field: &Field) -> Problems {
    let expected = format!(
        "the column was expected to say in its metadata, `{ETH_PER_UNIT}`, how much ETH its loss is \
         of; an earlier version of the program wrote this result, run it again"
    );
    Problem::new(path.display().to_string(), expected).key(field.name()).into()
}

const CHANNEL: &str = "channel.";

fn of_system(schema: &Schema) -> Vec<StoredScope> {
    let totals = [
        ("system", Figure::Total),
        ("system_direct", Figure::Direct),
        ("system_contagion", Figure::Contagion),
        ("system_market", Figure::MarketLoss),
    ];
    let there = totals.into_iter().filter(|(_, figure)| schema.index_of(figure.name()).is_ok());
    let of_column = |(name, figure): (&str, Figure)| {
        StoredScope::new(ScopeKind::System, name, vec![figure.name().to_owned()])
    };
    let mut scopes: Vec<StoredScope> = there.map(of_column).collect();
    let restaking = channels(schema).filter(|channel| *channel != Channel::BasePrice.name());
    let columns: Vec<String> = restaking.map(|channel| format!("{CHANNEL}{channel}")).collect();
    if !columns.is_empty() {
        scopes.push(StoredScope::new(ScopeKind::System, WITHOUT_PRICES, columns));
    }
    scopes
}

fn channels(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.fields().iter().filter_map(|field| field.name().strip_prefix(CHANNEL))
}

/// Columns `PREFIX NAME . FIGURE` with their names, which may have dots themselves.
fn named<'s>(
    schema: &'s Schema,
    prefix: &'s str,
    figure: &'s str,
) -> impl Iterator<Item = (&'s str, &'s Field)> {
    schema.fields().iter().filter_map(move |field| {
        let name = field.name().strip_prefix(prefix)?.strip_suffix(figure)?.strip_suffix('.')?;
        Some((name, field.as_ref()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_schema::DataType;

    use super::*;

    fn schema(names: &[&str], eth_per_unit: Option<&str>) -> Schema {
        let metadata = eth_per_unit.map(|eth| (ETH_PER_UNIT.to_owned(), eth.to_owned()));
        let metadata: HashMap<String, String> = metadata.into_iter().collect();
        let field = |name: &&str| {
            Field::new(*name, DataType::Float64, false).with_metadata(metadata.clone())
        };
        Schema::new(names.iter().map(field).collect::<Vec<_>>())
    }

    #[test]
    fn names_may_have_dots() {
        let names = [
            "total",
            "channel.avs_slash",
            "channel.base_price",
            "channel.discount",
            "asset.a.nav_loss.b.nav_loss",
            "asset.a.nav_loss.b.market_loss",
            "asset.a.nav_loss.b.worst_discount",
            "portfolio.my.loss.loss",
            "portfolio.my.loss.carry",
        ];
        let scopes = stored_scopes(Path::new("f"), &schema(&names, Some("2.5"))).unwrap();
        let found: Vec<(&str, &str, f64)> = scopes
            .iter()
            .map(|scope| (scope.kind.name(), scope.name.as_str(), scope.eth))
            .collect();
        let expected = [
            ("system", "system", 1.0),
            ("system", WITHOUT_PRICES, 1.0),
            ("asset", "a.nav_loss.b", 2.5),
            ("asset_market", "a.nav_loss.b", 2.5),
            ("portfolio", "my.loss", 1.0),
            ("channel", "avs_slash", 1.0),
            ("channel", "base_price", 1.0),
        ];
        assert_eq!(found, expected);
        assert_eq!(scopes[1].columns, ["channel.avs_slash", "channel.discount"]);
        assert_eq!(scopes[2].worst_discount.as_deref(), Some("asset.a.nav_loss.b.worst_discount"));
        assert_eq!(scopes[3].worst_discount, None);
    }

    #[test]
    fn an_asset_without_its_unit_is_refused() {
        let problems = stored_scopes(Path::new("f"), &schema(&["asset.a.nav_loss"], None));
        let said = problems.unwrap_err().as_slice()[0].to_string();
        assert!(said.starts_with("f, key `asset.a.nav_loss`: the column was expected to say"));
        assert!(
            said.ends_with("an earlier version of the program wrote this result, run it again")
        );
    }

    #[test]
    fn what_cancels_is_no_loss() {
        let scope = StoredScope::new(ScopeKind::System, "x", vec![String::new(); 3]);
        let columns = [[0.1, 1.0], [0.2, 1.0], [-0.3, 1.0]].map(|x| Float64Array::from(x.to_vec()));
        let columns: Vec<&Float64Array> = columns.iter().collect();
        let losses = [0, 1].map(|row| scope.loss_eth(&columns, row));
        assert_eq!(losses.map(f64::to_bits), [0.0_f64, 3.0].map(f64::to_bits));
    }
}
