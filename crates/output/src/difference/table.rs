//! Lays differences out as a table of their own, which is no part of a result folder.

use super::compare::{Comparison, DifferenceRow};
use crate::schema::{Cell, ColumnSchema, ColumnType, Table, TableSchema, columns};

/// What `diff --output` writes.
pub static DIFFERENCE: TableSchema = TableSchema {
    name: "difference",
    grain: "pair of scenarios x scope x metric x level",
    columns: columns! {
        "result_a" Text "" "result folder of A as named";
        "scenario_a" Text "" "its scenario";
        "result_b" Text "" "result folder of B as named";
        "scenario_b" Text "" "its scenario";
        "scope_kind" Text "" "as in summary";
        "scope" Text "" "whose loss";
        "metric" Text "" "as in summary";
        "level" MaybeFloat "probability" "level of var and es";
        "value_a" Float "see unit" "the figure of A";
        "value_b" Float "see unit" "the figure of B";
        "value" Float "see unit" "B less A";
        "std_err" MaybeFloat "see unit" "standard error of the difference of the paired paths";
        "ci_low" MaybeFloat "see unit" "lower limit of the 95 % confidence interval of the difference";
        "ci_high" MaybeFloat "see unit" "upper limit of it";
        "z" MaybeFloat "" "difference over its standard error";
        "n_eff" Float "paths" "pairs behind the figure: all, or those of the tail";
        "unit" Text "" "eth or probability";
    },
};

/// Adds the differences of one comparison.
pub fn push_differences(table: &mut Table, comparison: &Comparison<'_>, rows: &[DifferenceRow]) {
    let (a, b) = (comparison.a(), comparison.b());
    let [folder_a, folder_b] = [a, b].map(|side| side.folder.display().to_string());
    for row in rows {
        table.push([
            Cell::Text(&folder_a),
            Cell::Text(&a.scenario),
            Cell::Text(&folder_b),
            Cell::Text(&b.scenario),
            Cell::Text(row.scope.scope_kind.name()),
            Cell::Text(&row.scope.scope),
            Cell::Text(row.metric),
            Cell::Maybe(row.level),
            Cell::Float(row.value_a),
            Cell::Float(row.value_b),
            Cell::Float(row.estimate.value),
            Cell::Maybe(row.estimate.std_err),
            Cell::Maybe(row.estimate.ci_low),
            Cell::Maybe(row.estimate.ci_high),
            Cell::Maybe(row.z),
            Cell::Float(row.estimate.n_eff),
            Cell::Text(row.unit),
        ]);
    }
}
