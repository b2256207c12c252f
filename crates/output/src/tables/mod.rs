//! Lays estimates out as rows, one file a table.

mod caps;
mod cascade;
mod contagion;
mod convergence;
mod dependence;
mod exceedance;
mod joint;
mod removals;
mod sensitivities;
mod stress;
mod summary;
mod tail_paths;

pub use caps::{Asked, CAPS, CapRow, push_caps};
pub use cascade::push_cascade;
pub use contagion::push_contagion;
pub use convergence::{Waypoint, is_waypoint, push_convergence};
pub use dependence::push_dependence;
pub use exceedance::{Curve, push_exceedance};
pub use joint::push_joint;
pub use removals::push_removals;
pub use sensitivities::{push_avs_rates, push_sensitivities};
pub use stress::{push_stress_days, push_stress_steps};
pub use summary::{Measured, Measuring, SummaryRow, measure, push_summary};
pub use tail_paths::push_tail_paths;

use crate::contributions::Contribution;
use crate::schema::{Cell, Table};

const DAYS_PER_YEAR: f64 = 365.0;

/// Years between losses of a probability within the horizon.
fn return_period_years(horizon_days: u32, probability: f64) -> f64 {
    f64::from(horizon_days) / DAYS_PER_YEAR / probability
}

/// Adds the contributions of a scenario.
pub fn push_contributions(table: &mut Table, scenario: &str, contributions: &[Contribution]) {
    for contribution in contributions {
        table.push([
            Cell::Text(scenario),
            Cell::Text(contribution.scope_kind.name()),
            Cell::Text(&contribution.scope),
            Cell::Float(contribution.level.get()),
            Cell::Text(contribution.component_kind.name()),
            Cell::Text(&contribution.component),
            Cell::Float(contribution.estimate.value),
            Cell::Maybe(contribution.share()),
            Cell::Maybe(contribution.estimate.std_err),
            Cell::Maybe(contribution.estimate.ci_low),
            Cell::Maybe(contribution.estimate.ci_high),
            Cell::Float(contribution.estimate.n_eff),
            Cell::Float(contribution.standalone.value),
            Cell::Maybe(contribution.standalone.std_err),
            Cell::Maybe(contribution.diversification()),
        ]);
    }
}
