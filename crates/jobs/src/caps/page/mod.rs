//! The page that a treasury pastes into a governance post: what was asked, what the answer is, and what a hostile reader asks next.

mod budgets;
mod curves;
mod head;
mod held;
pub(super) mod names;
mod notes;
mod positions;
mod table;

use std::path::Path;

use super::study::Study;
use crate::number::count;
use names::text;

/// All of it, as GitHub-flavoured Markdown.
pub(super) fn markdown(result: &Path, study: &Study) -> String {
    let page = Page { study };
    let sections = [
        page.head(),
        page.positions(),
        page.budgets(),
        page.exposures(),
        page.prices(),
        page.held(),
        page.frontier(),
        page.rates(),
        page.scenarios(),
        page.certificate(),
        page.how_to_read(),
        page.fingerprint(result),
    ];
    let said: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    said.join("\n")
}

/// What is to be told.
struct Page<'s> {
    study: &'s Study,
}

impl Page<'_> {
    /// Names of the positions, in the order of the policy.
    fn names(&self) -> impl Iterator<Item = String> {
        self.study.problem.candidates.iter().map(|own| text(&own.name))
    }

    fn size_eth(&self) -> f64 {
        self.study.problem.policy.size_eth
    }

    /// Horizons a year.
    fn a_year(&self) -> f64 {
        365.0 / f64::from(self.study.horizon_days)
    }

    /// An amount that is allowed or proposed, rounded down: a cap that is rounded up is none.
    fn down(&self, eth: f64) -> String {
        down(eth, self.size_eth())
    }

    /// What rounding down leaves of less than.
    fn step(&self) -> f64 {
        0.1_f64.powi(decimals(self.size_eth()))
    }
}

/// Digits after the point that a treasury of this size has a use for: a ten-thousandth of it or less.
fn decimals(size_eth: f64) -> i32 {
    let mut decimals = 0;
    let mut step = 1.0;
    // A step that is a tenth of another is it but for rounding.
    while step > 1.000_001e-4 * size_eth && decimals < 9 {
        decimals += 1;
        step *= 0.1;
    }
    decimals
}

/// Rounds down, but for what a solver leaves.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an amount of at least 0 and far below 2^64"
)]
fn down(eth: f64, size_eth: f64) -> String {
    let decimals = decimals(size_eth);
    let power = 10_f64.powi(decimals);
    let steps = ((eth + ROUNDING * size_eth) * power).floor();
    let whole = count((steps / power).floor() as u64);
    let rest = (steps % power) as u64;
    let width = decimals.unsigned_abs() as usize;
    if width == 0 { whole } else { format!("{whole}.{rest:0width$}") }
}

/// What a solver misses by, of the treasury.
const ROUNDING: f64 = 1e-6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_allowed_is_rounded_down() {
        let cases = [
            (1_999.99, 18_168.0, "2,000"),
            (1_999.9, 18_168.0, "1,999"),
            (0.0, 18_168.0, "0"),
            (123.456, 1_000.0, "123.4"),
            (1.05, 10.0, "1.050"),
            (1.049_9, 10.0, "1.049"),
            (0.0099, 10.0, "0.009"),
        ];
        for (eth, size, expected) in cases {
            assert_eq!(down(eth, size), expected, "{eth} of {size}");
        }
    }
}
