//! Lays out what leads to a loss as a table of its own, which is no part of a result folder.

use slashfall_sampling::Model;

use super::{Led, Reversal};
use crate::schema::{Cell, ColumnSchema, ColumnType, Table, TableSchema, columns};
use crate::scope::Scope;

/// What `reverse --output` writes.
pub static REVERSE: TableSchema = TableSchema {
    name: "reverse",
    grain: "set of first events, or pattern of kinds",
    columns: columns! {
        "scenario" Text "" "scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose loss";
        "at_least" Float "eth" "the loss that is asked about";
        "grouping" Text "" "set or pattern; the shares of each add up to 1";
        "rank" Count "" "1 is the likeliest of its grouping";
        "first_events" Texts "" "names of the sources, or their kinds; empty where the market alone leads there";
        "n_events" Count "" "how many they are";
        "n_paths" Count "paths" "paths looked at that are led there by them";
        "probability" Float "probability" "that a path is led there by them";
        "std_err" MaybeFloat "probability" "standard error of it";
        "ci_low" MaybeFloat "probability" "lower limit of its 95 % interval";
        "ci_high" MaybeFloat "probability" "upper limit of it";
        "share" Float "fraction" "of the paths that lead there";
        "share_std_err" MaybeFloat "fraction" "standard error of it";
        "all_fire" MaybeFloat "probability" "that all of them fire within the horizon, whatever else happens; null of a pattern";
        "all_fire_std_err" MaybeFloat "probability" "standard error of it; 0 where it is known in closed form";
        "mean_loss" Float "eth" "mean loss of these paths";
        "mean_loss_std_err" MaybeFloat "eth" "standard error of it";
        "median_path" Count "" "number of the path of median loss among them";
        "median_loss" Float "eth" "its loss";
    },
};

/// Adds all sets and patterns.
pub fn push_reversal(
    table: &mut Table,
    (scenario, model): (&str, &Model<'_>),
    (scope, at_least_eth): (&Scope, f64),
    reversal: &Reversal,
) {
    let own = |grouping, rank| {
        [
            Cell::Text(scenario),
            Cell::Text(scope.kind.name()),
            Cell::Text(&scope.name),
            Cell::Float(at_least_eth),
            Cell::Text(grouping),
            Cell::Count(rank),
        ]
    };
    for (rank, set) in (1..).zip(&reversal.sets) {
        let name = |&source: &u32| model.sources()[source as usize].name();
        let names: Vec<&str> = set.sources.iter().map(name).collect();
        let all_fire = [set.all_fire.probability, set.all_fire.std_err].map(Some);
        push(table, own("set", rank), &names, &set.led, all_fire);
    }
    for (rank, pattern) in (1..).zip(&reversal.patterns) {
        let names: Vec<&str> = pattern.kinds.iter().map(|kind| kind.name()).collect();
        push(table, own("pattern", rank), &names, &pattern.led, [None; 2]);
    }
}

fn push(
    table: &mut Table,
    own: [Cell<'_>; 6],
    names: &[&str],
    led: &Led,
    [all_fire, all_fire_std_err]: [Option<f64>; 2],
) {
    let mut row = own.to_vec();
    row.extend([
        Cell::Texts(Some(names)),
        Cell::Count(led.n_events as u64),
        Cell::Count(led.n_paths),
        Cell::Float(led.probability.value),
        Cell::Maybe(led.probability.std_err),
        Cell::Maybe(led.probability.ci_low),
        Cell::Maybe(led.probability.ci_high),
        Cell::Float(led.share.value),
        Cell::Maybe(led.share.std_err),
        Cell::Maybe(all_fire),
        Cell::Maybe(all_fire_std_err),
        Cell::Float(led.mean_loss_eth.value),
        Cell::Maybe(led.mean_loss_eth.std_err),
        Cell::Count(led.median.path),
        Cell::Float(led.median.loss_eth),
    ]);
    table.push_row(&row);
}
