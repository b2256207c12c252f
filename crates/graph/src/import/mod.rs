//! Snapshots of real protocols become networks in our format, with every choice that had to be
//! made on the way reported.

mod assemble;
mod eigenlayer;
mod names;
mod raw;
mod snapshot;

pub use eigenlayer::{EigenlayerFiles, EigenlayerOptions, ImportReport, import_eigenlayer};
pub use raw::{RawCells, RawTable};
