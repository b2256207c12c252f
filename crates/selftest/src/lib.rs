//! Proves on the user's own machine that the engine computes right: exactly solvable problems, run
//! through the code that every run uses, each figure beside what it should be.
//!
//! A problem is a function from a [`Size`] to figures with their expected values; one file a family.
//! Networks are sketched in memory, run files are text that is checked and resolved like a user's,
//! and paths are drawn, played, collected and measured by the functions that `slashfall run` calls.
//! What is expected comes from closed forms, published values and quadrature (`law.rs`) that share
//! nothing with the engine.
//!
//! [`Size::Quick`] is for the start of every run, whose manifest has its digest
//! ([`Report::sha256`]): two results of equal digests were made by programs that compute the same.

mod chain;
mod counts;
mod estimators;
mod facts;
mod functions;
mod holders;
mod law;
mod lending;
mod market;
mod outcome;
mod play;
mod pools;
mod portfolios;
mod security;
mod severities;
mod slashing;
mod whole;

pub use outcome::{Failed, Outcome, Report};

use outcome::Check;
pub(crate) use play::Unsolvable;

/// How much is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What is certain, and little of what is drawn: some hundredths of a second.
    Quick,
    /// Everything, with standard errors of some tenths of a per cent: some seconds.
    Full,
}

impl Size {
    /// Number of paths, or anything else that depends on the size.
    fn choose<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }

    /// Paths of a problem, whole blocks of 4,096 in full.
    fn paths(self, quick: u64, full: u64) -> u64 {
        self.choose(quick, full)
    }
}

/// What a problem has worked out.
type Answer = Result<Vec<Check>, Unsolvable>;

/// A problem that can be solved exactly.
#[derive(Clone, Copy, Debug)]
struct Problem {
    /// Name, its own.
    name: &'static str,
    /// Where the expected figures come from.
    source: &'static str,
    /// Whether it takes little enough time for the start of every run.
    is_quick: bool,
    solve: fn(Size) -> Answer,
}

/// All problems by family, in the order of the model.
const FAMILIES: [&[Problem]; 14] = [
    &functions::PROBLEMS,
    &portfolios::PROBLEMS,
    &counts::PROBLEMS,
    &severities::PROBLEMS,
    &market::PROBLEMS,
    &slashing::PROBLEMS,
    &chain::PROBLEMS,
    &holders::PROBLEMS,
    &pools::PROBLEMS,
    &lending::PROBLEMS,
    &security::PROBLEMS,
    &facts::PROBLEMS,
    &estimators::PROBLEMS,
    &whole::PROBLEMS,
];

/// Works out all problems of a size on the current rayon pool; the figures do not depend on it.
#[must_use]
pub fn selftest(size: Size) -> Report {
    let problems = FAMILIES.iter().copied().flatten();
    let wanted = problems.filter(|problem| problem.is_quick || size == Size::Full);
    Report { outcomes: wanted.flat_map(|problem| work_out(problem, size)).collect() }
}

/// The figures of a problem; one that fails, where there are none or it cannot be worked out at all.
fn work_out(problem: &Problem, size: Size) -> Vec<Outcome> {
    let failed = |why: String| vec![Check::exact(why, 0.0, f64::NAN, 0.0)];
    let checks = match (problem.solve)(size) {
        Ok(checks) if checks.is_empty() => failed("no figure".to_owned()),
        Ok(checks) => checks,
        Err(why) => failed(format!("could not be worked out: {why}")),
    };
    checks.into_iter().map(|check| check.judge(problem.name, problem.source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(solve: fn(Size) -> Answer) -> Report {
        let problem = Problem { name: "injected", source: "nowhere", is_quick: true, solve };
        Report { outcomes: work_out(&problem, Size::Quick) }
    }

    #[test]
    fn a_wrong_figure_fails_the_whole() {
        assert_eq!(report(|_| Ok(vec![Check::exact("one", 1.0, 1.0, 0.0)])).verdict(), Ok(()));
        let report = report(|_| {
            Ok(vec![Check::exact("one", 1.0, 1.0, 0.0), Check::exact("two", 2.02, 2.0, 1e-3)])
        });
        assert_eq!(report.failed(), ["injected"]);
        let said = report.verdict().unwrap_err().to_string();
        assert!(said.contains("injected, two: 2.02 was expected (nowhere), found 2"), "{said}");
    }

    #[test]
    fn a_problem_that_cannot_be_worked_out_fails() {
        let report = report(|_| play::play(&play::equal_names(1), 1, "[wrong]").map(|_| vec![]));
        let said = report.verdict().unwrap_err().to_string();
        assert!(said.contains("could not be worked out: selftest.toml"), "{said}");
    }

    #[test]
    fn a_problem_without_figures_fails() {
        assert_eq!(report(|_| Ok(Vec::new())).failed(), ["injected"]);
    }

    #[test]
    fn names_are_their_own() {
        let mut names: Vec<_> = FAMILIES.iter().copied().flatten().map(|p| p.name).collect();
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
    }
}
