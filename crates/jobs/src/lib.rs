//! What can be asked of the engine, from files to files: a run, facts of a network, caps, a replay.
//!
//! Nothing here prints, and nothing reads the arguments of a command line: options are plain
//! structs, a [`Watch`] hears how far a job is and may end it, and what is found is handed back. The
//! command line, the Python package and whoever else asks get the same figures from the same code.
//! A job works in the rayon pool that it is called in.

mod absent;
pub mod caps;
pub mod check;
mod compressed;
mod drawing;
mod findings;
mod folder;
mod gathered;
mod identity;
mod input;
mod merge;
mod notes;
mod packed;
mod part;
mod play;
mod proof;
mod provenance;
mod reach;
mod recorded;
pub mod replay;
mod report;
mod run;
pub mod story;
mod table;
mod target;
mod unfinished;
mod watch;
mod wrong;

pub use findings::{Findings, Removed};
pub use folder::NetworkFolder;
pub use identity::Identity;
pub use input::{Config, Input, Overrides, RunFile};
pub use merge::{MergeOptions, Merging, merge};
pub use notes::{EVENTS, notes};
pub use packed::{PackedRun, merge_packed, pack, part_place, parts_of, run_packed};
pub use part::{
    PART_FILE, PartManifest, PartOptions, PartOutcome, PathRange, StateFile, merge_to_part,
    run_part,
};
pub use proof::{proved, said_in_manifests};
pub use provenance::{manifest, metadata, program};
pub use reach::Reach;
pub use recorded::{Recorded, scenarios_of};
pub use report::{ReportOptions, report, write_page};
pub use run::{Outcome, Ran, RunOptions, headline, run};
pub use slashfall_output::number;
pub use table::plain_table;
pub use target::fetched;
pub use unfinished::Keeping;
pub use watch::{TailSoFar, Unwatched, Watch};
pub use wrong::{is_bad_target, problems_of};
