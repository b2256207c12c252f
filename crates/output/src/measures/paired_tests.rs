//! Measures how often the intervals of differences hold the truth, and how much narrower pairing makes them.

use statrs::distribution::{ContinuousCDF, Normal};

use super::coverage_tests::{Law, N_RUNS, assert_right, covers};
use super::testing::Uniform;
use super::*;

const N_PATHS: u64 = 10_000;

/// A law of losses by its quantiles, with its true figures.
#[derive(Debug, Clone, Copy)]
enum Losses {
    /// Exponential or generalised Pareto after a hit, times a scale.
    Hit(Law, f64),
    /// `exp(sigma z)`, times a scale.
    Lognormal(f64, f64),
}

impl Losses {
    /// The loss at `p` of the paths from the worst.
    fn at(self, p: f64) -> f64 {
        match self {
            Self::Hit(law, scale) if p < law.hit => scale * law.inverse_survival(p / law.hit),
            Self::Hit(..) => 0.0,
            Self::Lognormal(sigma, scale) => scale * (sigma * normal().inverse_cdf(1.0 - p)).exp(),
        }
    }

    fn mean(self) -> f64 {
        match self {
            Self::Hit(law, scale) => scale * law.mean(),
            Self::Lognormal(sigma, scale) => scale * (sigma * sigma / 2.0).exp(),
        }
    }

    fn expected_shortfall(self, level: f64) -> f64 {
        match self {
            Self::Hit(law, scale) => scale * law.expected_shortfall(level),
            Self::Lognormal(sigma, _) => {
                let beyond = normal().cdf(sigma - normal().inverse_cdf(level));
                self.mean() * beyond / (1.0 - level)
            }
        }
    }

    fn probability(self) -> f64 {
        match self {
            Self::Hit(law, _) => law.hit,
            Self::Lognormal(..) => 1.0,
        }
    }
}

fn normal() -> Normal {
    Normal::standard()
}

/// How the two paths of a pair hang together; each by itself has its own law whatever this is.
#[derive(Debug, Clone, Copy)]
enum Bond {
    /// Normal scores with this correlation: every pair differs a little.
    Scores(f64),
    /// The same rank but for this share of the paths: few pairs differ, by much.
    Redrawn(f64),
}

impl Bond {
    fn draw(self, uniform: &mut Uniform) -> (f64, f64) {
        let u = uniform.draw();
        match self {
            Self::Scores(correlation) => {
                let (z, noise) = (normal().inverse_cdf(u), normal().inverse_cdf(uniform.draw()));
                let other = correlation * z + (1.0 - correlation * correlation).sqrt() * noise;
                (u, normal().cdf(other))
            }
            Self::Redrawn(share) if uniform.draw() < share => (u, uniform.draw()),
            Self::Redrawn(_) => (u, u),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    a: Losses,
    b: Losses,
    bond: Bond,
}

impl Pair {
    fn sample(self, uniform: &mut Uniform) -> PairedLosses {
        let mut columns = [LossColumn::new(), LossColumn::new()];
        for path in 0..N_PATHS {
            let (u, v) = self.bond.draw(uniform);
            columns[0].push(path, self.a.at(u));
            columns[1].push(path, self.b.at(v));
        }
        let [a, b] = columns;
        PairedLosses::new(a, b).unwrap()
    }
}

/// Shares of the runs whose interval holds the truth, and how many times wider the unpaired error is.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    share: f64,
    narrower: f64,
}

/// Of mean, value at risk, expected shortfall and probability of a loss, in this order.
fn measure(pair: Pair, level: f64) -> [Found; 4] {
    let mut uniform = Uniform(20_261_120);
    let at = Level::new(level).unwrap();
    let truth = |figure: fn(Losses, f64) -> f64| figure(pair.b, level) - figure(pair.a, level);
    let truths = [
        truth(|losses, _| losses.mean()),
        truth(|losses, level| losses.at(1.0 - level)),
        truth(Losses::expected_shortfall),
        truth(|losses, _| losses.probability()),
    ];
    let mut found = [Found::default(); 4];
    let mut n_held = [0; 4];
    for _ in 0..N_RUNS {
        let losses = pair.sample(&mut uniform);
        let single: [fn(&SortedLosses, Level) -> Estimate; 4] = [
            |side, _| side.mean(),
            SortedLosses::value_at_risk,
            SortedLosses::expected_shortfall,
            |side, _| side.probability_positive(),
        ];
        let differences = [
            losses.mean(),
            losses.value_at_risk(at),
            losses.expected_shortfall(at),
            losses.probability_positive(),
        ];
        for (index, difference) in differences.into_iter().enumerate() {
            let held = covers(difference.estimate, truths[index]);
            n_held[index] += u32::from(held);
            let unpaired = losses.unpaired(|side| single[index](side, at));
            let paired = difference.estimate.std_err.filter(|std_err| *std_err > 0.0);
            let ratio = unpaired.zip(paired).map_or(1.0, |(unpaired, paired)| unpaired / paired);
            found[index].narrower += ratio / f64::from(N_RUNS);
        }
    }
    println!("{pair:?} level {level}");
    for (found, n_held) in found.iter_mut().zip(n_held) {
        found.share = f64::from(n_held) / f64::from(N_RUNS);
    }
    for (name, found) in ["mean", "var", "es", "probability"].into_iter().zip(found) {
        println!("  {name}: holds {:.4}, {:.1} times narrower", found.share, found.narrower);
    }
    found
}

/// What is asked of the four: coverage, and errors that are several times smaller than unpaired ones.
fn assert_all_right(pair: Pair, level: f64, narrower: f64) {
    let differs = (pair.b.probability() - pair.a.probability()).abs() > 0.0;
    let found = measure(pair, level);
    for found in found.into_iter().take(if differs { 4 } else { 3 }) {
        assert_right(found.share);
        assert!(found.narrower >= narrower, "{found:?}, {narrower} was expected");
    }
}

fn exponential(hit: f64, scale: f64) -> Losses {
    Losses::Hit(Law { hit, shape: 0.0 }, scale)
}

fn pareto(hit: f64, scale: f64) -> Losses {
    Losses::Hit(Law { hit, shape: 0.2 }, scale)
}

const FINE: Bond = Bond::Scores(0.999);
const COARSE: Bond = Bond::Redrawn(0.05);

#[test]
fn exponential_losses_with_an_atom_at_0() {
    for bond in [FINE, COARSE] {
        let pair = Pair { a: exponential(0.2, 1.0), b: exponential(0.22, 1.1), bond };
        for level in [0.9, 0.95, 0.99] {
            assert_all_right(pair, level, 3.0);
        }
    }
}

#[test]
fn heavy_tails_with_an_atom_at_0() {
    for bond in [FINE, COARSE] {
        let pair = Pair { a: pareto(0.2, 1.0), b: pareto(0.25, 1.2), bond };
        for level in [0.95, 0.99] {
            assert_all_right(pair, level, 2.0);
        }
    }
}

#[test]
fn lognormal_losses() {
    for bond in [FINE, COARSE] {
        let pair = Pair { a: Losses::Lognormal(0.8, 1.0), b: Losses::Lognormal(0.8, 1.1), bond };
        for level in [0.95, 0.99] {
            assert_all_right(pair, level, 3.0);
        }
    }
}

/// Where next to nothing differs an interval may be too wide, not too narrow.
#[test]
fn few_pairs_that_differ_are_covered_too() {
    let rare =
        Pair { a: exponential(0.001, 1.0), b: exponential(0.002, 1.1), bond: Bond::Redrawn(0.0) };
    let sparse = Pair { a: pareto(0.2, 1.0), b: pareto(0.21, 1.0), bond: Bond::Redrawn(0.002) };
    for found in [measure(rare, 0.95), measure(sparse, 0.95)].concat() {
        assert!(found.share >= 0.92, "{found:?}");
    }
}

#[test]
fn standard_deviations_are_covered() {
    let mut uniform = Uniform(3);
    let (a, b) = (exponential(0.2, 1.0), exponential(0.2, 1.1));
    for bond in [FINE, COARSE] {
        let pair = Pair { a, b, bond };
        // Of an exponential law after a hit: E L^2 = 2 hit.
        let truth = 0.1 * (2.0_f64 * 0.2 - 0.2 * 0.2).sqrt();
        let (mut held, mut narrower) = (0.0, 0.0);
        for _ in 0..N_RUNS {
            let losses = pair.sample(&mut uniform);
            let found = losses.std().estimate;
            held += f64::from(u8::from(covers(found, truth)));
            let unpaired = losses.unpaired(SortedLosses::std).unwrap();
            narrower += unpaired / found.std_err.unwrap() / f64::from(N_RUNS);
        }
        let share = held / f64::from(N_RUNS);
        println!("std, {bond:?}: holds {share}, {narrower:.1} times narrower");
        assert_right(share);
        assert!(narrower >= 3.0, "{narrower}");
    }
}
