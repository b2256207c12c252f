//! What is said of each figure that is checked, so that whoever reads it can judge it without
//! trusting the verdict.

use serde::Serialize;
use slashfall_output::digest_text;
use slashfall_output::measures::Estimate;

/// Standard errors that a drawn figure may be off: seeds are fixed, so a figure that is right stays
/// right, and one that is wrong by chance alone would be so once in 150,000.
const STD_ERRS: f64 = 4.5;

/// A figure beside what it should be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The problem that it is of.
    pub problem: &'static str,
    /// What is tested.
    pub what: String,
    /// Where the expected figure comes from.
    pub source: &'static str,
    /// What it should be, in ETH, days, counts or as a fraction, as `what` says.
    pub expected: f64,
    /// What the engine says; not a number where it says nothing.
    pub got: f64,
    /// Distance of the two.
    pub error: f64,
    /// Largest distance that passes, inclusive.
    pub bound: f64,
    /// Of a drawn figure: its distance in standard errors, with its sign.
    pub z: Option<f64>,
    /// Standard error of a drawn figure.
    pub std_err: Option<f64>,
    /// Whether it is within the bound.
    pub passed: bool,
}

/// A figure that a problem has worked out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    what: String,
    expected: f64,
    got: f64,
    bound: f64,
    std_err: Option<f64>,
}

impl Check {
    /// A figure without chance, to `bound` of itself, or absolutely where 0 is expected.
    pub(crate) fn exact(what: impl Into<String>, expected: f64, got: f64, bound: f64) -> Self {
        let scale = if expected == 0.0 { 1.0 } else { expected.abs() };
        Self { what: what.into(), expected, got, bound: bound * scale, std_err: None }
    }

    /// A drawn figure of known standard error.
    pub(crate) fn drawn(what: impl Into<String>, expected: f64, got: f64, std_err: f64) -> Self {
        let bound = STD_ERRS * std_err;
        Self { what: what.into(), expected, got, bound, std_err: Some(std_err) }
    }

    /// A figure with the standard error that the engine gives it; none is a failure.
    pub(crate) fn estimate(what: impl Into<String>, expected: f64, found: &Estimate) -> Self {
        Self::drawn(what, expected, found.value, found.std_err.unwrap_or(f64::NAN))
    }

    /// The share of `n` paths on which something of probability `expected` happened `count` times.
    pub(crate) fn share(what: impl Into<String>, expected: f64, count: u64, n: u64) -> Self {
        let n = n as f64;
        let std_err = (expected * (1.0 - expected) / n).sqrt();
        Self::drawn(what, expected, count as f64 / n, std_err)
    }

    /// The verdict. A figure that is not a number passes nowhere.
    pub(crate) fn judge(self, problem: &'static str, source: &'static str) -> Outcome {
        let Self { what, expected, got, bound, std_err } = self;
        let error = (got - expected).abs();
        let z = std_err.filter(|s| *s > 0.0).map(|std_err| (got - expected) / std_err);
        let passed = error <= bound;
        Outcome { problem, what, source, expected, got, error, bound, z, std_err, passed }
    }
}

/// All figures of a self-test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Every figure, problem by problem.
    pub outcomes: Vec<Outcome>,
}

/// A self-test that found something wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the self-test failed: {}", .0.join("; "))]
pub struct Failed(
    /// Each figure that is wrong, in words.
    pub Vec<String>,
);

impl Report {
    /// Names of the problems, in order.
    #[must_use]
    pub fn problems(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.outcomes.iter().map(|outcome| outcome.problem).collect();
        names.dedup();
        names
    }

    /// Names of the problems that have a figure that is wrong.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        let wrong = self.outcomes.iter().filter(|outcome| !outcome.passed);
        let mut names: Vec<_> = wrong.map(|outcome| outcome.problem).collect();
        names.dedup();
        names
    }

    /// Nothing where all is right.
    ///
    /// # Errors
    /// When a figure is wrong: says which, what was expected and what was found.
    pub fn verdict(&self) -> Result<(), Failed> {
        let wrong = self.outcomes.iter().filter(|outcome| !outcome.passed);
        let say = |o: &Outcome| {
            format!(
                "{}, {}: {} was expected ({}), found {}",
                o.problem, o.what, o.expected, o.source, o.got
            )
        };
        let wrong: Vec<String> = wrong.map(say).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Failed(wrong)) }
    }

    /// SHA-256 in hex over problem, what is tested, and the bits of expected and found figure, in
    /// order: two programs with the same digest compute the same, to the last bit.
    #[must_use]
    pub fn sha256(&self) -> String {
        let line = |o: &Outcome| {
            let bits = [o.expected.to_bits(), o.got.to_bits()];
            format!("{}\n{}\n{:016x} {:016x}\n", o.problem, o.what, bits[0], bits[1])
        };
        digest_text(&self.outcomes.iter().map(line).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(check: Check) -> bool {
        check.judge("problem", "source").passed
    }

    #[test]
    fn a_figure_that_is_off_fails() {
        assert!(passes(Check::exact("x", 2.0, 2.0 + 1e-12, 1e-12)));
        assert!(!passes(Check::exact("x", 2.0, 2.0 + 3e-12, 1e-12)));
        assert!(passes(Check::exact("x", 0.0, 0.0, 0.0)));
        assert!(!passes(Check::exact("x", 0.0, 1e-300, 0.0)));
        assert!(passes(Check::drawn("x", 1.0, 1.44, 0.1)));
        assert!(!passes(Check::drawn("x", 1.0, 1.46, 0.1)));
    }

    #[test]
    fn what_is_no_number_fails() {
        assert!(!passes(Check::exact("x", 1.0, f64::NAN, 1.0)));
        assert!(!passes(Check::drawn("x", 1.0, 1.0, f64::NAN)));
    }

    #[test]
    fn the_digest_sees_the_last_bit() {
        let report = |got: f64| Report {
            outcomes: vec![Check::exact("x", 1.0, got, 1.0).judge("problem", "source")],
        };
        assert_eq!(report(1.0).sha256(), report(1.0).sha256());
        assert_ne!(report(1.0).sha256(), report(1.0 + f64::EPSILON).sha256());
        assert_eq!(report(1.0).sha256().len(), 64);
    }
}
