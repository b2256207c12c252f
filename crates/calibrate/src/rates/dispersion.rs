//! Counts of one rate differ by chance; this says whether they differ by more.

use statrs::distribution::{ChiSquared, ContinuousCDF};
use statrs::function::gamma::ln_gamma;

/// A test of one rate behind several counts, given their sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispersion {
    /// Sum of `(k_i - e_i)^2 / e_i`, with `e_i` the share of the events that the years of row `i` have.
    pub chi_squared: f64,
    /// Rows less one.
    pub df: u64,
    /// Probability of as large a sum where there is one rate.
    pub p_value: f64,
    /// How that was worked out.
    pub method: Method,
}

/// How a p-value was worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every way to divide the events among the rows, with its probability.
    Exact,
    /// The chi-squared law, which holds for many events.
    Approximate,
}

/// Ways to divide the events up to which all are looked at: a second or less.
const MAX_WAYS: f64 = 2e6;

/// Room for rounding when a sum is compared with that observed.
const SAME: f64 = 1e-9;

/// The test of rows of events and years; none of one row, or where nothing happened.
pub(super) fn dispersion(rows: &[(u64, f64)]) -> Option<Dispersion> {
    let events: u64 = rows.iter().map(|(events, _)| events).sum();
    if rows.len() < 2 || events == 0 {
        return None;
    }
    let years: f64 = rows.iter().map(|(_, years)| years).sum();
    let shares: Vec<f64> = rows.iter().map(|(_, own)| own / years).collect();
    let chi_squared =
        rows.iter().zip(&shares).map(|((k, _), share)| term(*k, *share, events)).sum();
    let df = rows.len() as u64 - 1;
    let ways = ways(events, df);
    let (p_value, method) = if ways <= MAX_WAYS {
        (exact(&shares, events, chi_squared), Method::Exact)
    } else {
        (ChiSquared::new(df as f64).ok()?.sf(chi_squared), Method::Approximate)
    };
    Some(Dispersion { chi_squared, df, p_value, method })
}

fn term(k: u64, share: f64, events: u64) -> f64 {
    let expected = share * events as f64;
    (k as f64 - expected).powi(2) / expected
}

/// `(events + df)! / (events! df!)`.
fn ways(events: u64, df: u64) -> f64 {
    let (n, k) = (events as f64, df as f64);
    (ln_gamma(n + k + 1.0) - ln_gamma(n + 1.0) - ln_gamma(k + 1.0)).exp()
}

/// Probability that the sum is at least `observed` when `events` fall on rows by their shares.
fn exact(shares: &[f64], events: u64, observed: f64) -> f64 {
    let search = Search { shares, events, at_least: observed * (1.0 - SAME) };
    search.beyond(0, events, 0.0, ln_gamma(events as f64 + 1.0)).min(1.0)
}

struct Search<'a> {
    shares: &'a [f64],
    events: u64,
    at_least: f64,
}

impl Search<'_> {
    /// The same of the rows from `row` on, with `left` events; `sum` and `ln` are those of the rows before.
    fn beyond(&self, row: usize, left: u64, sum: f64, ln: f64) -> f64 {
        let share = self.shares[row];
        let with = |k: u64| {
            let ln = ln + k as f64 * share.ln() - ln_gamma(k as f64 + 1.0);
            (sum + term(k, share, self.events), ln)
        };
        if row + 1 == self.shares.len() {
            let (sum, ln) = with(left);
            return if sum >= self.at_least { ln.exp() } else { 0.0 };
        }
        (0..=left)
            .map(|k| {
                let (sum, ln) = with(k);
                self.beyond(row + 1, left - k, sum, ln)
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: of four events in two equal halves, 4 and 0 have chi-squared 4, and 2 of 16 ways are as
    /// far off; of 3 and 1 ten are.
    #[test]
    fn few_events_are_counted_out() {
        let of = |a, b| dispersion(&[(a, 1.0), (b, 1.0)]).unwrap();
        let found = of(4, 0);
        assert!((found.chi_squared - 4.0).abs() < 1e-12 && found.method == Method::Exact);
        assert!((found.p_value - 0.125).abs() < 1e-12, "{found:?}");
        assert!((of(3, 1).p_value - 0.625).abs() < 1e-12);
        assert!((of(2, 2).p_value - 1.0).abs() < 1e-12);
        assert_eq!(dispersion(&[(4, 1.0)]), None);
        assert_eq!(dispersion(&[(0, 1.0), (0, 2.0)]), None);
    }

    #[test]
    fn unequal_years_are_not_unequal_rates() {
        // Chances 1/4 and 3/4: of one event in the first row, chi-squared 3, probability 1/4.
        let found = dispersion(&[(1, 1.0), (0, 3.0)]).unwrap();
        assert!((found.chi_squared - 3.0).abs() < 1e-12);
        assert!((found.p_value - 0.25).abs() < 1e-12, "{found:?}");
    }

    /// Where there are many events both ways agree.
    #[test]
    fn the_approximation_is_near_where_it_is_used() {
        let rows = [(210, 1.0), (240, 1.0), (195, 1.0)];
        let found = dispersion(&rows).unwrap();
        assert_eq!(found.method, Method::Exact);
        let approximate = ChiSquared::new(2.0).unwrap().sf(found.chi_squared);
        assert!((found.p_value / approximate - 1.0).abs() < 0.03, "{found:?}, {approximate}");
        let many = dispersion(&[(21_000, 1.0), (24_000, 1.0), (19_500, 1.0)]).unwrap();
        assert_eq!(many.method, Method::Approximate);
        assert!(many.p_value < 1e-6);
    }
}
