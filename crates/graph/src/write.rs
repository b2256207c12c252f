//! Networks that were imported or made up become folders like those that people write, so that
//! the one reader reads them all.

mod columns;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::formula::guarded;
use crate::spec::{LoanRow, MetaSpec, NetworkSpec, OperatorRow, PoolRow, Table};
use columns::{
    ALLOCATIONS, ASSETS, AVS, GROUPS, HOLDINGS, LOANS, POOLS, PORTFOLIOS, RESERVES,
    allocation_cells, asset_cells, avs_cells, group_cells, holding_cells, loan_cells, pool_cells,
    portfolio_cells, reserve_cells,
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
    write_folder(dir, |partial| write_files(spec, partial))
}

/// Makes a folder of what `write` puts into the one that it is given: complete, or not at all, as
/// [`write_network`] says.
///
/// # Errors
/// `AlreadyExists` when there is anything at `dir`, which is then left alone; otherwise what `write`
/// or the file system reports.
pub fn write_folder(dir: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    if fs::symlink_metadata(dir).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{}: exists already; only a new folder is written to", dir.display()),
        ));
    }
    let partial = partial_sibling(dir)?;
    let written = write(&partial)
        .and_then(|()| fs::rename(&partial, dir).map_err(|error| about(dir, &error)));
    if written.is_err() {
        // The folder is ours alone; that it cannot be removed matters less than why we stopped.
        let _ = fs::remove_dir_all(&partial);
    }
    written
}

/// The table `pools` of a network folder, as CSV.
///
/// # Errors
/// None in practice: the rows are written to memory.
pub fn pools_csv(rows: &[PoolRow]) -> io::Result<Vec<u8>> {
    csv_bytes(&POOLS, &rows.iter().map(pool_cells).collect::<Vec<_>>())
}

/// The table `loans` of a network folder, as CSV.
///
/// # Errors
/// None in practice: the rows are written to memory.
pub fn loans_csv(rows: &[LoanRow]) -> io::Result<Vec<u8>> {
    csv_bytes(&LOANS, &rows.iter().map(loan_cells).collect::<Vec<_>>())
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
    write_optional(dir, "reserves", &RESERVES, &cells(&spec.reserves, reserve_cells))?;
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

fn write_optional(
    dir: &Path,
    table: &str,
    header: &[&str],
    rows: &[Vec<String>],
) -> io::Result<()> {
    if rows.is_empty() { Ok(()) } else { write_table(dir, table, header, rows) }
}

fn write_table(dir: &Path, table: &str, header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    write_file(dir, &format!("{table}.csv"), &csv_bytes(header, rows)?)
}

fn csv_bytes(header: &[&str], rows: &[Vec<String>]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header.iter().map(|cell| guarded(cell)))?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| guarded(cell)))?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn write_file(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = dir.join(name);
    fs::write(&path, bytes).map_err(|error| about(&path, &error))
}

/// The same error, saying which path it is about.
fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
