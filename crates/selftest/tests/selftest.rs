//! The self-test passes, notices what is wrong, and is precise enough to.

use std::time::Instant;

use slashfall_selftest::{Outcome, Report, Size, selftest};

fn worked_out(size: Size) -> Report {
    let start = Instant::now();
    let report = selftest(size);
    for o in &report.outcomes {
        let z = o.z.map_or(String::new(), |z| format!(", z {z:.2}"));
        println!(
            "{} | {}: {} ({}), error {:.2e} of {:.2e}{z}",
            o.problem, o.what, o.got, o.expected, o.error, o.bound
        );
    }
    println!("{size:?}: {} problems in {:?}", report.problems().len(), start.elapsed());
    report
}

/// The standard error of a drawn figure as a part of it; none where it is certain or expected to be 0.
fn relative_error(outcome: &Outcome) -> Option<f64> {
    outcome.std_err.filter(|_| outcome.expected != 0.0).map(|s| s / outcome.expected.abs())
}

#[test]
fn everything_is_right_and_known_well() {
    let report = worked_out(Size::Full);
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

/// A figure whose expected value is off by 5 % (by a hundredth of it, where nothing is drawn) is found out.
#[test]
fn a_wrong_expectation_would_be_seen() {
    let report = worked_out(Size::Full);
    for outcome in report.outcomes.iter().filter(|outcome| outcome.expected != 0.0) {
        let by = if outcome.z.is_some() { 0.05 } else { 0.01 };
        for factor in [1.0 - by, 1.0 + by] {
            let error = (outcome.got - factor * outcome.expected).abs();
            let is_stated_error = outcome.what.contains("standard error stated");
            assert!(
                error > outcome.bound || is_stated_error,
                "{}, {}",
                outcome.problem,
                outcome.what
            );
        }
    }
}

#[test]
fn the_quick_part_is_right_and_always_the_same() {
    let report = worked_out(Size::Quick);
    assert_eq!(report.verdict().map_err(|failed| failed.to_string()), Ok(()));
    assert!(report.problems().len() >= 30);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let alone = alone.map(|pool| pool.install(|| selftest(Size::Quick).sha256()));
    assert_eq!(alone.ok(), Some(report.sha256()));
}
