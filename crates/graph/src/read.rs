//! Reads a network folder as it is written: text to typed rows, every fault of every file at once.
//!
//! Nothing is checked here against anything else, and no number against its range: that is
//! [`crate::resolve`], so that networks made in memory are held to the same.

mod cells;
mod folder;
mod meta;
mod rows;
mod text;

pub use cells::TableShape;
pub(crate) use meta::FILE as META_FILE;
pub use rows::TABLE_SHAPES;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use slashfall_bounded::Room;

use crate::problem::Problems;
use crate::spec::NetworkSpec;

/// Reads the tables of a network folder, each `NAME.csv` or `NAME.parquet`, and `network.toml`.
///
/// Numbers are parsed but not held to their ranges, names are not looked up: see
/// [`crate::resolve`], or [`crate::load_network`] for both at once.
///
/// # Errors
/// Everything that cannot be read, in all files.
pub fn read_network(dir: &Path) -> Result<NetworkSpec, Problems> {
    let Read { spec, problems, .. } = read_folder(dir);
    problems.or_ok(spec)
}

/// What could be read of a folder, and what could not.
pub(crate) struct Read {
    pub(crate) spec: NetworkSpec,
    pub(crate) unread: Unread,
    pub(crate) problems: Problems,
    /// What Parquet tables may still hold.
    room: Room,
}

/// What a folder has but could not be read: it must not be called unknown or missing later.
#[derive(Default)]
pub(crate) struct Unread {
    /// Keys of `network.toml`.
    pub(crate) meta: BTreeSet<&'static str>,
    /// Tables by name.
    pub(crate) tables: BTreeMap<&'static str, UnreadTable>,
}

/// What could not be read of one table.
#[derive(Default)]
pub(crate) struct UnreadTable {
    /// True when it cannot be said what the table holds.
    pub(crate) whole: bool,
    /// Rows that could not be parsed: their cells by column.
    pub(crate) rows: Vec<BTreeMap<&'static str, String>>,
}

impl Unread {
    /// What could not be read of the table `name`.
    pub(crate) fn table(&self, name: &str) -> Option<&UnreadTable> {
        self.tables.get(name)
    }
}

/// Reads as much of a folder as can be read.
pub(crate) fn read_folder(dir: &Path) -> Read {
    let mut read = Read {
        spec: NetworkSpec::default(),
        unread: Unread::default(),
        problems: Problems::default(),
        room: text::ROOM,
    };
    let Some(folder) = folder::list(dir, &mut read.problems) else { return read };
    read.spec.meta = meta::read(dir, &mut read);
    read.spec.assets = rows::assets(&folder, &mut read);
    read.spec.operators = rows::operators(&folder, &mut read);
    read.spec.avs = rows::avs(&folder, &mut read);
    read.spec.holdings = rows::holdings(&folder, &mut read);
    read.spec.allocations = rows::allocations(&folder, &mut read);
    read.spec.groups = rows::groups(&folder, &mut read);
    read.spec.pools = rows::pools(&folder, &mut read);
    read.spec.loans = rows::loans(&folder, &mut read);
    read.spec.reserves = rows::reserves(&folder, &mut read);
    read.spec.portfolios = rows::portfolios(&folder, &mut read);
    read
}
