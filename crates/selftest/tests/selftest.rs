//! The self-test passes, notices what is wrong, and is precise enough to.

use std::sync::LazyLock;

use slashfall_selftest::{Outcome, Report, Size, selftest};

/// Worked out once for all tests.
static FULL: LazyLock<Report> = LazyLock::new(|| selftest(Size::Full));

/// The standard error of a drawn figure as a part of it; none where it is certain or expected to be 0.
fn relative_error(outcome: &Outcome) -> Option<f64> {
    outcome.std_err.filter(|_| outcome.expected != 0.0).map(|s| s / outcome.expected.abs())
}

#[test]
fn everything_is_right_and_known_well() {
    let report = &*FULL;
    assert_eq!(report.verdict().map_err(|failed| failed.to_string()), Ok(()));
    assert!(report.problems().len() >= 40, "{:?}", report.problems());
    for outcome in &report.outcomes {
        let error = relative_error(outcome).unwrap_or_default();
        assert!(error < 0.01, "{}, {}: {error}", outcome.problem, outcome.what);
    }
    let precise = report.outcomes.iter().filter_map(relative_error);
    let (good, all) = precise.fold((0, 0), |(good, all), e| (good + u32::from(e < 0.004), all + 1));
    assert!(good * 10 >= all * 9, "{good} of {all} are known to .4 %");
}

/// Whether an expected value that is off by such a part of itself, to either side, would be found out.
fn notices(outcome: &Outcome, by: f64) -> bool {
    let error = |factor: f64| (outcome.got - factor * outcome.expected).abs();
    error(1.0 - by).min(error(1.0 + by)) > outcome.bound
}

/// Of figures that are certain a hundredth is noticed, of nearly all that are drawn 2 %, of the rarest
/// 7 %.
#[test]
fn a_wrong_expectation_would_be_seen() {
    let (drawn, certain): (Vec<_>, Vec<_>) =
        FULL.outcomes.iter().filter(|o| o.expected != 0.0).partition(|o| o.std_err.is_some());
    for (outcomes, by) in [(&certain, 0.01), (&drawn, 0.07)] {
        for outcome in outcomes {
            assert!(notices(outcome, by), "{}, {}", outcome.problem, outcome.what);
        }
    }
    let n_fine = drawn.iter().filter(|outcome| notices(outcome, 0.02)).count();
    assert!(n_fine * 10 >= drawn.len() * 8, "{n_fine} of {}", drawn.len());
}

#[test]
fn the_quick_part_is_right_and_always_the_same() {
    let report = selftest(Size::Quick);
    assert_eq!(report.verdict().map_err(|failed| failed.to_string()), Ok(()));
    assert!(report.problems().len() >= 30);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.map(|pool| pool.install(|| selftest(Size::Quick).sha256()));
    assert_eq!(alone.ok(), Some(report.sha256()));
}
