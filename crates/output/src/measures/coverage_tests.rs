//! Measures how often the intervals hold the truth, as an interval that is not measured is a decoration.

use super::testing::Uniform;
use super::*;

pub(super) const N_RUNS: u32 = 400;
const N_PATHS: u64 = 20_000;

/// Losses with probability `hit`, then of a generalised Pareto or exponential law by its inverse survival function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Law {
    pub(super) hit: f64,
    pub(super) shape: f64,
}

impl Law {
    /// Loss that is exceeded with probability `p` given a hit; scale 1.
    pub(super) fn inverse_survival(self, p: f64) -> f64 {
        if self.shape.abs() < 1e-12 { -p.ln() } else { (p.powf(-self.shape) - 1.0) / self.shape }
    }

    pub(super) fn value_at_risk(self, level: f64) -> f64 {
        self.inverse_survival(((1.0 - level) / self.hit).min(1.0))
    }

    pub(super) fn mean(self) -> f64 {
        self.hit / (1.0 - self.shape)
    }

    /// Of a generalised Pareto law of threshold 0 and scale 1, `(VaR + 1) / (1 - shape)` (McNeil, Frey
    /// and Embrechts 2015, section 5.2.3); if the tail holds every hit, the mean over its mass.
    pub(super) fn expected_shortfall(self, level: f64) -> f64 {
        let beyond = (self.value_at_risk(level) + 1.0) / (1.0 - self.shape);
        if self.hit > 1.0 - level { beyond } else { self.mean() / (1.0 - level) }
    }

    fn sample(self, uniform: &mut Uniform, n_paths: u64) -> SortedLosses {
        let mut column = LossColumn::new();
        for path in 0..n_paths {
            let u = uniform.draw();
            if u < self.hit {
                column.push(path, self.inverse_survival(u / self.hit));
            }
        }
        column.advance(n_paths);
        column.sorted().unwrap()
    }
}

pub(super) fn covers(estimate: Estimate, truth: f64) -> bool {
    estimate.ci_low.is_none_or(|low| low <= truth)
        && estimate.ci_high.is_none_or(|high| high >= truth)
}

/// Shares of 400 runs whose interval holds the truth.
#[derive(Debug)]
struct Coverage {
    value_at_risk: f64,
    expected_shortfall: f64,
    /// Expected shortfall give or take 1.96 standard errors, the interval not taken.
    plain: f64,
    mean: f64,
}

fn coverage(law: Law, level: f64) -> Coverage {
    let mut uniform = Uniform(20_261_120);
    let at = Level::new(level).unwrap();
    let mut held = [0.0; 4];
    for _ in 0..N_RUNS {
        let losses = law.sample(&mut uniform, N_PATHS);
        let (truth, es) = (law.expected_shortfall(level), losses.expected_shortfall(at));
        let holds = [
            covers(losses.value_at_risk(at), law.value_at_risk(level)),
            covers(es, truth),
            (es.value - truth).abs() <= 1.96 * es.std_err.unwrap(),
            covers(losses.mean(), law.mean()),
        ];
        held.iter_mut().zip(holds).for_each(|(sum, holds)| *sum += f64::from(u8::from(holds)));
    }
    let [value_at_risk, expected_shortfall, plain, mean] = held.map(|sum| sum / f64::from(N_RUNS));
    let coverage = Coverage { value_at_risk, expected_shortfall, plain, mean };
    println!("{law:?} level {level}: {coverage:?}");
    coverage
}

pub(super) fn assert_right(share: f64) {
    assert!((0.92..=0.98).contains(&share), "an interval of 95 % holds in {share}");
}

const SHAPES: [f64; 4] = [-0.25, 0.0, 0.2, 0.3];

#[test]
fn intervals_hold_the_truth_in_92_to_98_percent_of_runs() {
    for shape in SHAPES {
        for level in [0.95, 0.99, 0.999] {
            let coverage = coverage(Law { hit: 0.2, shape }, level);
            assert_right(coverage.value_at_risk);
            assert_right(coverage.expected_shortfall);
            assert_right(coverage.mean);
        }
    }
}

#[test]
fn on_ten_paths_the_plain_interval_fails() {
    for shape in [0.2, 0.3] {
        let coverage = coverage(Law { hit: 0.2, shape }, 0.9995);
        assert_right(coverage.expected_shortfall);
        // Ranks are whole, so on so few paths the exact interval of the quantile covers more than it must.
        assert!(coverage.value_at_risk >= 0.95);
        assert!(coverage.plain < 0.9, "{coverage:?}");
    }
}

#[test]
fn five_paths_are_the_fewest_for_an_interval() {
    for shape in SHAPES {
        let law = Law { hit: 0.2, shape };
        assert!(coverage(law, 0.999_75).expected_shortfall >= 0.92);
        let four =
            law.sample(&mut Uniform(4), N_PATHS).expected_shortfall(Level::new(0.9998).unwrap());
        assert!(four.std_err.is_some() && four.ci_low.is_none() && four.ci_high.is_none());
    }
}

#[test]
fn rare_events_are_covered_too() {
    for shape in SHAPES {
        let coverage = coverage(Law { hit: 0.002, shape }, 0.99);
        assert_right(coverage.mean);
        assert_right(coverage.expected_shortfall);
        // The quantile is an atom at 0: its interval is the point itself.
        assert!(coverage.value_at_risk >= 1.0);
    }
}

#[test]
fn standard_deviation_is_covered() {
    let mut uniform = Uniform(3);
    let law = Law { hit: 0.2, shape: 0.0 };
    // Of an exponential law after a hit: E L^2 = 2 hit.
    let truth = (2.0 * law.hit - law.hit * law.hit).sqrt();
    let held = (0..N_RUNS).filter(|_| covers(law.sample(&mut uniform, N_PATHS).std(), truth));
    let share = held.count() as f64 / f64::from(N_RUNS);
    println!("std: {share}");
    assert_right(share);
}

#[test]
fn exponential_losses_have_their_closed_form() {
    let losses = Law { hit: 1.0, shape: 0.0 }.sample(&mut Uniform(1), 1_000_000);
    for level in [0.5, 0.9, 0.99, 0.999] {
        let at = Level::new(level).unwrap();
        let (value_at_risk, es) = (losses.value_at_risk(at), losses.expected_shortfall(at));
        let exact = -(1.0 - level).ln();
        assert!((value_at_risk.value - exact).abs() < 4.0 * value_at_risk.std_err.unwrap());
        assert!((es.value - exact - 1.0).abs() < 4.0 * es.std_err.unwrap());
        // Asymptotic errors: VaR sqrt(level / (n (1 - level))), ES sqrt((1 + level) / (n (1 - level))).
        let tail = 1e6 * (1.0 - level);
        testing::close(es.std_err.unwrap(), ((1.0 + level) / tail).sqrt(), 0.1);
        testing::close(value_at_risk.std_err.unwrap(), (level / tail).sqrt(), 0.2);
    }
}
