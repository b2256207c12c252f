//! `slashfall._engine`: the jobs of the engine as Python calls them. Thin: what is told to people is
//! written in `python/slashfall`, and what is computed in the other crates.

mod caps;
mod check;
mod config;
mod distributed;
mod listen;
mod place;
mod problems;
mod replay;
mod report;
mod run;
mod table;

/// The engine. Its types are in `_engine.pyi`.
#[pyo3::pymodule]
mod _engine {
    use pyo3::prelude::*;
    use pyo3::types::PyModule;

    #[pymodule_export]
    use crate::caps::caps;
    #[pymodule_export]
    use crate::check::check;
    #[pymodule_export]
    use crate::distributed::{merge, merge_part, pack, part_places, parts_of, run_part};
    #[pymodule_export]
    use crate::place::{fetch, is_address};
    #[pymodule_export]
    use crate::replay::replay;
    #[pymodule_export]
    use crate::report::report;
    #[pymodule_export]
    use crate::run::run;
    #[pymodule_export]
    use crate::table::{Table, losses, read_table};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("SCHEMA_VERSION", slashfall_output::SCHEMA_VERSION)
    }
}
