//! One HTML file that shows a result: charts and tables, no network needed, each number the rounded value of a cell
//! of the result's Parquet tables.
//!
//! A [`Report`] reads the tables of a result (and of one to set beside it, and the answer of `caps`), and lays them out.
//! What is not in the tables comes with [`Extras`]: the network that the result is of, and the stories of some paths.
//! A number stands on the page in a `data` element that names the cell it is from, `table:row:column`, with its full value; charts
//! draw slices of the same tables, which the page carries as JSON. So a test can hold all of them to the files.

mod ask;
mod charts;
mod figure;
mod flows;
mod page;
mod rows;
mod sections;
mod stories;
mod table;
mod tables;
mod words;

pub use ask::Ask;
pub use flows::{Flow, Flows, flows};
pub use page::{Extras, Report};
pub use stories::{TailDay, TailEvent, TailStory};
