//! Holds the figures of weighted paths to closed forms and to repeated runs, as a wrong weight shows in no other way.
//!
//! Losses are exponential, drawn from a defensive mixture of the model and an exponential law of mean 5: density
//! `alpha e^-x + (1 - alpha) e^(-x / 5) / 5`, so the weight is at most `1 / alpha`.

use super::coverage_tests::{N_RUNS, assert_right, covers};
use super::testing::{Uniform, close, column, sorted};
use super::*;

const ALPHA: f64 = 0.3;
const TILTED_MEAN: f64 = 5.0;
const N_PATHS: u64 = 4_000;

/// Losses of the model: with probability `hit` exponential, else 0, less a gain on every path.
#[derive(Debug, Clone, Copy)]
struct Case {
    hit: f64,
    gain: f64,
}

impl Case {
    fn draw(self, uniform: &mut Uniform) -> (f64, f64) {
        if uniform.draw() >= self.hit {
            return (-self.gain, 1.0);
        }
        let mean = if uniform.draw() < ALPHA { 1.0 } else { TILTED_MEAN };
        let x = -mean * uniform.draw().ln();
        let tilted = (-x / TILTED_MEAN).exp() / TILTED_MEAN;
        (x - self.gain, (-x).exp() / (ALPHA * (-x).exp() + (1.0 - ALPHA) * tilted))
    }

    fn sample(self, uniform: &mut Uniform, n_paths: u64) -> (LossColumn, WeightSums) {
        let mut column = LossColumn::new();
        let mut weights = Vec::new();
        for path in 0..n_paths {
            let (loss, weight) = self.draw(uniform);
            column.push_weighted(path, loss, weight);
            weights.push(weight);
        }
        let mut sums = WeightSums::default();
        sums.add(n_paths, &weights);
        column.weigh(sums);
        (column, sums)
    }

    /// `P(L > x)`, for `x` above `-gain`.
    fn beyond(self, x: f64) -> f64 {
        self.hit * (-(x + self.gain)).exp()
    }

    fn value_at_risk(self, level: f64) -> f64 {
        -((1.0 - level) / self.hit).ln() - self.gain
    }

    fn mean(self) -> f64 {
        self.hit - self.gain
    }

    fn std(self) -> f64 {
        (2.0 * self.hit - self.hit * self.hit).sqrt()
    }
}

/// What is estimated of a sample, and its truth.
fn figures(case: Case, column: &LossColumn, sums: WeightSums) -> Vec<(String, Estimate, f64)> {
    let losses = column.sorted().unwrap();
    let mut figures = vec![
        ("mean".to_owned(), losses.mean(), case.mean()),
        ("std".to_owned(), losses.std(), case.std()),
        ("P(L > 0)".to_owned(), losses.probability_positive(), case.beyond(0.0)),
    ];
    for x in [4.0, 8.0] {
        let mut tally = Tally::default();
        for (path, weight) in column.worst(usize::MAX) {
            if path.loss > x {
                tally.add_weighted(weight);
            }
        }
        let (counted, found) = (tally.probability(sums), losses.probability_beyond(x));
        assert!(
            (counted.value - found.value).abs() <= 1e-12 * counted.value,
            "{counted:?} {found:?}"
        );
        figures.push((format!("P(L > {x})"), found, case.beyond(x)));
    }
    for level in [0.95, 0.99, 0.999, 0.9999] {
        let (at, var) = (Level::new(level).unwrap(), case.value_at_risk(level));
        figures.push((format!("VaR {level}"), losses.value_at_risk(at), var));
        figures.push((format!("ES {level}"), losses.expected_shortfall(at), var + 1.0));
    }
    figures
}

/// Runs of `case`: of each figure the share of intervals that hold the truth, and the mean of the errors over the spread of the values.
fn runs(case: Case) -> Vec<(String, f64, f64, f64)> {
    let mut uniform = Uniform(20_261_129);
    let all: Vec<Vec<(String, Estimate, f64)>> = (0..N_RUNS)
        .map(|_| {
            let (column, sums) = case.sample(&mut uniform, N_PATHS);
            figures(case, &column, sums)
        })
        .collect();
    let n = f64::from(N_RUNS);
    (0..all[0].len())
        .map(|k| {
            let (name, _, truth) = all[0][k].clone();
            let of: Vec<Estimate> = all.iter().map(|run| run[k].1).collect();
            let held = of.iter().filter(|estimate| covers(**estimate, truth)).count() as f64 / n;
            let values: Vec<f64> = of.iter().map(|estimate| estimate.value).collect();
            let spread = sorted(&values);
            let error = of.iter().map(|estimate| estimate.std_err.unwrap()).sum::<f64>() / n;
            let bias = (spread.mean().value - truth) / spread.mean().std_err.unwrap();
            println!(
                "{case:?} {name}: held {held}, error {:.3}, bias {bias:.1}",
                error / spread.std().value
            );
            (name, held, error / spread.std().value, bias)
        })
        .collect()
}

#[test]
fn intervals_and_errors_are_right() {
    for case in [Case { hit: 2.0 / 3.0, gain: 0.0 }, Case { hit: 0.9, gain: 0.5 }] {
        for (name, held, error, bias) in runs(case) {
            assert_right(held);
            // Four standard errors of a spread over 400 runs are 14 %; the error of a quantile is rougher.
            assert!((0.86..=1.14).contains(&error), "{name}: stated / observed error {error}");
            assert!(bias.abs() < 4.0, "{name}: {bias} standard errors off");
        }
    }
}

/// Four thousand weighted paths tell of losses that one path in ten million has.
#[test]
fn the_curve_goes_as_far_as_the_weights_carry() {
    let case = Case { hit: 1.0, gain: 0.0 };
    let (column, _) = case.sample(&mut Uniform(8), N_PATHS);
    let rows = column.sorted().unwrap().exceedance();
    let last = rows.last().unwrap();
    assert!(last.probability < 1e-7, "{last:?}");
    for row in &rows {
        let exact = -row.probability.ln();
        assert!((row.loss / exact - 1.0).abs() < 0.15, "{row:?}, not {exact}");
        assert!(row.es_beyond > row.loss);
    }
    // Plain paths would end at 10 / 4,000.
    assert!(rows.len() > 15, "{}", rows.len());
}

fn weighted(losses: &[f64], weights: &[f64]) -> LossColumn {
    let mut column = LossColumn::new();
    let paths = losses.iter().zip(weights).zip(0..);
    paths.for_each(|((loss, weight), path)| column.push_weighted(path, *loss, *weight));
    let mut sums = WeightSums::default();
    sums.add(weights.len() as u64, weights);
    column.weigh(sums);
    column
}

/// Weights of mean 1, so that masses are weights.
#[test]
fn hand_worked() {
    let losses = weighted(&[3.0, 0.0, 4.0, 2.0], &[0.5, 1.0, 2.0, 0.5]).sorted().unwrap();
    let at = |level: f64| Level::new(level).unwrap();
    for (level, var, es) in
        [(0.5, 3.0, 4.0), (0.75, 4.0, 4.0), (0.4, 3.0, 9.2 / 2.4), (0.2, 0.0, 10.5 / 3.2)]
    {
        close(losses.value_at_risk(at(level)).value, var, 1e-12);
        close(losses.expected_shortfall(at(level)).value, es, 1e-12);
    }
    close(losses.mean().value, 2.625, 1e-15);
    close(losses.probability_positive().value, 0.75, 1e-15);
    close(losses.max().value, 4.0, 1e-15);
    // Kish: of all 16 / 5.5, of a tail of 2.4 2.4^2 / (4 + 0.8 x 0.25).
    close(losses.mean().n_eff, 16.0 / 5.5, 1e-15);
    close(losses.expected_shortfall(at(0.4)).n_eff, 2.4 * 2.4 / 4.2, 1e-12);
    let tail = losses.tail(at(0.4));
    let paths: Vec<(u64, f64)> = tail.paths().iter().map(|path| (path.path, path.weight)).collect();
    assert_eq!((paths[0], paths[1].0, paths.len()), ((2, 2.0), 0, 2));
    close(paths[1].1, 0.4, 1e-12);
}

#[test]
fn weights_of_one_change_nothing() {
    let mut uniform = Uniform(6);
    let losses: Vec<f64> =
        (0..3_000).map(|_| (4.0 * uniform.draw() - 2.0).max(-0.5).max(0.0)).collect();
    let (plain, ones) = (column(&losses), weighted(&losses, &vec![1.0; losses.len()]));
    let [a, b] = [&plain, &ones].map(|column| column.sorted().unwrap());
    assert_eq!((a.mean(), a.std(), a.max()), (b.mean(), b.std(), b.max()));
    assert_eq!(
        (a.probability_positive(), a.exceedance()),
        (b.probability_positive(), b.exceedance())
    );
    for level in [0.3, 0.95].map(|level| Level::new(level).unwrap()) {
        assert_eq!(a.value_at_risk(level), b.value_at_risk(level));
        assert_eq!(a.expected_shortfall(level), b.expected_shortfall(level));
        let [a, b] = [&a, &b].map(|losses| losses.tail(level).contribution(&plain));
        assert_eq!(a, b);
    }
}

/// Two components of a weighted loss, with an atom at 0 and gains, and the weights.
fn parts(uniform: &mut Uniform, n_paths: u64) -> ([Vec<f64>; 2], Vec<f64>) {
    let mut parts = [Vec::new(), Vec::new()];
    let mut weights = Vec::new();
    for _ in 0..n_paths {
        let (common, weight) = Case { hit: 0.4, gain: 0.0 }.draw(uniform);
        let noise = if common > 0.0 { 0.3 + 0.2 * uniform.draw().ln() } else { 0.0 };
        parts[0].push(common * uniform.draw());
        parts[1].push(common + noise);
        weights.push(weight);
    }
    (parts, weights)
}

#[test]
fn contributions_add_up_and_their_errors_are_right() {
    let mut uniform = Uniform(12);
    let at = Level::new(0.99).unwrap();
    let runs: Vec<[Estimate; 4]> = (0..N_RUNS)
        .map(|_| {
            let (parts, weights) = parts(&mut uniform, 2_000);
            let total: Vec<f64> = parts[0].iter().zip(&parts[1]).map(|(a, b)| a + b).collect();
            let losses = weighted(&total, &weights).sorted().unwrap();
            let (tail, es) = (losses.tail(at), losses.expected_shortfall(at));
            let whole = tail.contribution(&column(&total));
            close(whole.value, es.value, 1e-12);
            let parts = parts.each_ref().map(|part| tail.contribution(&column(part)));
            close(parts[0].value + parts[1].value, es.value, 1e-12);
            [parts[0], parts[1], whole, es]
        })
        .collect();
    for part in 0..4 {
        let values: Vec<f64> = runs.iter().map(|run| run[part].value).collect();
        let error =
            runs.iter().filter_map(|run| run[part].std_err).sum::<f64>() / f64::from(N_RUNS);
        let observed = sorted(&values).std().value;
        println!("component {part}: stated / observed error {:.4}", error / observed);
        close(error, observed, 0.14);
    }
}
