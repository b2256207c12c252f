//! How much of what a network may have: some times what there is in the world. What is known of a network hangs on
//! pairs of AVSs and of operators, and must not take a machine away.

use super::report::Report;
use crate::problem::Problem;
use crate::spec::{NetworkSpec, Table};

/// Operators that a network may have.
pub const MOST_OPERATORS: u32 = 1 << 17;
/// AVSs that a network may have.
pub const MOST_AVSS: u32 = 2_048;
/// Assets.
const MOST_ASSETS: u32 = 2_048;
/// Rows of portfolios: each portfolio has columns in `paths/`, and a file has less than 65,536.
const MOST_PORTFOLIO_ROWS: u32 = 1 << 14;

pub(super) fn check(spec: &NetworkSpec, report: &mut Report) {
    check_table(&spec.operators, MOST_OPERATORS, report);
    check_table(&spec.avs, MOST_AVSS, report);
    check_table(&spec.assets, MOST_ASSETS, report);
    check_table(&spec.portfolios, MOST_PORTFOLIO_ROWS, report);
}

fn check_table<R>(table: &Table<R>, most: u32, report: &mut Report) {
    let n = table.rows.len();
    if n > most as usize {
        let problem = Problem::new(&table.file, format!("at most {most} rows were expected"));
        report.problem(problem.value(format!("{n} rows")));
    }
}
