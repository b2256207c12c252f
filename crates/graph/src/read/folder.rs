//! Which tables a folder has, and whether its files bear names that a network knows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::problem::{Problem, Problems};

/// Names of all tables.
pub(super) const TABLES: [&str; 10] = [
    "assets",
    "operators",
    "avs",
    "holdings",
    "allocations",
    "groups",
    "pools",
    "loans",
    "reserves",
    "portfolios",
];

/// The table files of a folder by table.
pub(super) type Folder = BTreeMap<&'static str, PathBuf>;

/// Finds the tables of `dir`; none when there is no such folder.
pub(super) fn list(dir: &Path, problems: &mut Problems) -> Option<Folder> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            let expected = format!("a network folder was expected ({error})");
            problems.push(Problem::new(dir.display().to_string(), expected));
            return None;
        }
    };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let mut folder = Folder::new();
    for name in names {
        match table_of(&name) {
            FileName::Table(table) => match folder.get(table) {
                Some(first) => problems.push(given_twice(&name, first)),
                None => {
                    folder.insert(table, dir.join(&name));
                }
            },
            FileName::Unknown => problems.push(unknown_table(&name)),
            FileName::Other => {}
        }
    }
    Some(folder)
}

enum FileName {
    Table(&'static str),
    Unknown,
    Other,
}

fn table_of(file: &str) -> FileName {
    let Some((stem, extension)) = file.rsplit_once('.') else {
        return FileName::Other;
    };
    if file.starts_with('.') || !["csv", "parquet"].contains(&extension.to_lowercase().as_str()) {
        return FileName::Other;
    }
    let exact = extension == extension.to_lowercase();
    match TABLES.into_iter().find(|table| exact && *table == stem) {
        Some(table) => FileName::Table(table),
        None => FileName::Unknown,
    }
}

fn given_twice(file: &str, first: &Path) -> Problem {
    let first = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Problem::new(file, format!("one file a table was expected, and {first} is there too"))
}

fn unknown_table(file: &str) -> Problem {
    let (stem, extension) = file.rsplit_once('.').unwrap_or((file, "csv"));
    let mut problem = Problem::new(
        file,
        format!("no table of a network has this name: one of {} was expected", TABLES.join(", ")),
    )
    .value(stem)
    .nearest_of(TABLES);
    problem.value = Some(file.to_owned());
    problem.nearest = problem.nearest.map(|table| format!("{table}.{}", extension.to_lowercase()));
    problem
}
