//! Compares two results path by path, because scenarios under one seed share their draws and their
//! difference is known better than either.
//!
//! [`StoredResult`] is a result folder with `paths/`; a [`Side`] is one scenario of it; a
//! [`Comparison`] is two sides whose paths are pairs, and gives one [`DifferenceRow`] a figure of
//! the summary. Nothing is kept of some scopes when the next are read. The losses of a scope can also be
//! had as they are.

mod columns;
mod compare;
mod losses;
mod stored;
mod table;

pub use compare::{Comparison, DifferenceRow, ScopeName};
pub use stored::{Side, StoredResult};
pub use table::{DIFFERENCE, push_differences};
