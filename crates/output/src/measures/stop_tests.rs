//! Measures how often the interval of a run that was stopped holds the truth, and how far its figure is off.

use slashfall_sampling::config::StopMetric;

use super::coverage_tests::{Law, N_RUNS, assert_right, covers};
use super::testing::{Uniform, close};
use super::*;

/// Runs of a law until a rule ends them: gaps between paths that are hit are geometric.
struct Run {
    watch: StopWatch,
    losses: LossColumn,
    next_hit: u64,
    uniform: Uniform,
}

impl Run {
    fn new(watch: StopWatch, seed: u64) -> Self {
        Self { watch, losses: LossColumn::new(), next_hit: 0, uniform: Uniform(seed << 32) }
    }

    /// Whether the rule was met; the losses are then those at the stop.
    fn play(&mut self, hit: f64, loss: impl Fn(f64) -> f64) -> bool {
        self.next_hit = gap(&mut self.uniform, hit);
        loop {
            let n_paths = self.watch.next_look();
            while self.next_hit < n_paths {
                self.losses.push(self.next_hit, loss(self.uniform.draw()));
                self.next_hit += 1 + gap(&mut self.uniform, hit);
            }
            self.losses.advance(n_paths);
            let is_met = self.watch.look(&self.losses);
            if is_met || self.watch.next_look() == n_paths {
                return is_met;
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand paths")]
fn gap(uniform: &mut Uniform, hit: f64) -> u64 {
    (uniform.draw().ln() / (-hit).ln_1p()) as u64
}

/// What 400 stopped runs came to.
#[derive(Debug)]
struct Stopped {
    coverage: f64,
    /// Root of the mean square of relative errors, over the error that was asked for.
    error: f64,
    mean_paths: f64,
}

fn stopped(law: Law, metric: StopMetric, level: f64, relative_error: f64) -> Stopped {
    let watch = StopWatch::of(metric, level, relative_error, 1 << 40);
    let truth = match metric {
        StopMetric::Mean => law.mean(),
        StopMetric::ValueAtRisk => law.value_at_risk(level),
        StopMetric::ExpectedShortfall => law.expected_shortfall(level),
    };
    let (mut held, mut squares, mut paths) = (0.0, 0.0, 0.0);
    for seed in 0..N_RUNS {
        let mut run = Run::new(watch, seed.into());
        assert!(run.play(law.hit, |u| law.inverse_survival(u)));
        let found = watch.estimate(&run.losses).unwrap();
        held += f64::from(u8::from(covers(found, truth)));
        squares += ((found.value / truth - 1.0) / relative_error).powi(2);
        paths += run.losses.n_paths() as f64;
    }
    let n = f64::from(N_RUNS);
    let found = Stopped { coverage: held / n, error: (squares / n).sqrt(), mean_paths: paths / n };
    println!("{law:?} {metric:?} {level} within {relative_error}: {found:?}");
    found
}

/// Laws with light tails and with none of their fourth moments; figures of the body and of the far tail.
#[test]
fn the_interval_at_the_stop_holds_and_the_error_is_what_was_asked_for() {
    use StopMetric::{ExpectedShortfall, Mean, ValueAtRisk};
    let cases = [
        (Mean, 0.5, 0.03),
        (ValueAtRisk, 0.99, 0.04),
        (ValueAtRisk, 0.999, 0.05),
        (ExpectedShortfall, 0.95, 0.03),
        (ExpectedShortfall, 0.99, 0.04),
        (ExpectedShortfall, 0.999, 0.08),
    ];
    for shape in [0.0, 0.3] {
        for (metric, level, relative_error) in cases {
            let found = stopped(Law { hit: 0.06, shape }, metric, level, relative_error);
            assert_right(found.coverage);
            assert!(found.error < 1.0, "{found:?}");
            assert!(found.mean_paths > 20_000.0, "{found:?} was decided at the first look");
        }
    }
}

/// Losses of 14, and of 15 on exactly a hundredth of the paths: the quantile is 14, and which of the two a sample has is a toss. Its interval
/// spans both on most samples, and a rule that ends at the first look where it does not is wrong on half the runs that it ends.
#[test]
fn a_toss_up_is_not_decided_by_looking_often() {
    let watch = StopWatch::of(StopMetric::ValueAtRisk, 0.99, 0.01, 1_000_000);
    let (mut n_met, mut n_wrong) = (0.0, 0.0);
    for seed in 0..N_RUNS {
        let mut run = Run::new(watch, seed.into());
        let is_met = run.play(0.02, |u| if u < 0.5 { 15.0 } else { 14.0 });
        let found = watch.estimate(&run.losses).unwrap();
        n_met += f64::from(u8::from(is_met));
        n_wrong += f64::from(u8::from(!covers(found, 14.0)));
    }
    let n = f64::from(N_RUNS);
    println!("met on {}, wrong on {}", n_met / n, n_wrong / n);
    assert!(n_wrong / n < 0.08);
}

#[test]
fn looks_are_at_fixed_numbers_of_paths() {
    let mut watch = StopWatch::of(StopMetric::Mean, 0.5, 0.01, 100_000);
    let mut looks = Vec::new();
    while looks.last() != Some(&watch.next_look()) {
        looks.push(watch.next_look());
        assert!(!watch.is_settled(watch.next_look(), None));
    }
    assert_eq!(looks, [16_384, 24_576, 36_864, 55_296, 82_944, 100_000]);
}

#[test]
fn two_looks_have_to_agree_but_at_the_end() {
    let new = || StopWatch::of(StopMetric::Mean, 0.5, 0.01, 50_000);
    let mut watch = new();
    assert!(!watch.is_settled(16_384, Some(30_000.0)));
    assert!(!watch.is_settled(24_576, Some(20_000.0)), "the first expected more");
    assert!(watch.is_settled(36_864, Some(36_864.0)));
    let mut watch = new();
    assert!(!watch.is_settled(36_864, Some(90_000.0)));
    assert!(watch.is_settled(50_000, Some(50_000.0)), "nothing was chosen by stopping here");
    assert!(!watch.is_settled(50_000, Some(50_001.0)) && !watch.is_settled(50_000, None));
}

#[test]
fn the_longest_arm_and_the_paths_behind_count() {
    let watch = StopWatch::of(StopMetric::Mean, 0.5, 0.1, 50_000);
    let skewed = Estimate {
        value: -2.0,
        std_err: Some(0.1),
        ci_low: Some(-2.1),
        ci_high: Some(-2.0 + 0.2 * interval::Z_975),
        n_eff: 1_000.0,
    };
    close(watch.paths_needed(1_000, &skewed).unwrap(), 1_000.0, 1e-12);
    let few = Estimate { n_eff: 50.0, ..skewed };
    close(watch.paths_needed(1_000, &few).unwrap(), 2_000.0, 1e-12);
    let open = Estimate { ci_high: None, ..skewed };
    assert_eq!(watch.paths_needed(1_000, &open), None);
    let atom = Estimate::certain(0.0, 200.0);
    close(watch.paths_needed(1_000, &atom).unwrap(), 500.0, 1e-12);
}
