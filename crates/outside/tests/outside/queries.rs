//! `docs/queries.md` is true: every question has one answer in DuckDB, Polars and pandas.

use std::process::Command;

use crate::tools::{good, program, python, root};

#[test]
fn queries_have_one_answer_in_three_languages() {
    let Some(python) = python() else { return };
    let check = root().join("docs/queries_check.py");
    let said = good(Command::new(python).arg(check).arg(program()));
    assert!(said.contains("questions, each answered alike by DuckDB, Polars, pandas"), "{said}");
}
