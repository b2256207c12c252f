//! Compares two losses of paths that stand for all paths, each for some of them: of what a tail would be if something were otherwise, only
//! these are known.

use super::level::Cut;
use super::run::Distance;
use super::spread::Spread;
use super::{Estimate, Level};

/// A path that stands for some.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StandIn {
    /// How many paths it stands for; together all of them.
    pub(crate) mass: f64,
    /// Its loss as it is.
    pub(crate) a: f64,
    /// Its loss as it would be.
    pub(crate) b: f64,
}

/// Expected shortfall of B less that of A at a level, among `n_paths`. The error is that of pairs, see the `paired` module, each as often
/// as it stands for paths.
pub(crate) fn shortfall_difference(stand_ins: &[StandIn], level: Level, n_paths: u64) -> Estimate {
    let cut = level.cut(n_paths);
    let edge_a = edge(stand_ins, cut, |own| own.a);
    let edge_b = edge(stand_ins, cut, |own| own.b);
    let distance = |own: &StandIn| {
        let (mass, square) = (own.mass, own.mass * own.mass);
        let x = (own.b - edge_b).max(0.0) - (own.a - edge_a).max(0.0);
        Distance { mass, square, cube: square * mass, x }
    };
    let spread = Spread::of(stand_ins.iter().map(distance), None).of_differences();
    spread.estimate(edge_b - edge_a, n_paths, cut.mass)
}

/// The loss beyond which there is the mass of the cut.
fn edge(stand_ins: &[StandIn], cut: Cut, loss: impl Fn(&StandIn) -> f64) -> f64 {
    let mut ranked: Vec<(f64, f64)> = stand_ins.iter().map(|own| (loss(own), own.mass)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut before = 0.0;
    for (loss, mass) in &ranked {
        before += mass;
        if before > cut.mass {
            return *loss;
        }
    }
    ranked.last().map_or(0.0, |(loss, _)| *loss)
}

#[cfg(test)]
mod tests {
    use super::super::PairedLosses;
    use super::super::testing::{Uniform, close, column};
    use super::*;

    /// Where each stands for itself it is the difference of paired paths, error and interval too.
    #[test]
    fn each_for_itself_they_are_pairs() {
        let mut uniform = Uniform(4);
        let a: Vec<f64> = (0..2_000).map(|_| -10.0 * uniform.draw().ln()).collect();
        let b: Vec<f64> =
            a.iter().map(|a| if uniform.draw() < 0.3 { a * uniform.draw() } else { *a }).collect();
        let level = Level::new(0.95).unwrap();
        let own = a.iter().zip(&b).map(|(&a, &b)| StandIn { mass: 1.0, a, b });
        let found = shortfall_difference(&own.collect::<Vec<_>>(), level, 2_000);
        let pairs = PairedLosses::new(column(&a), column(&b)).unwrap();
        let twin = pairs.expected_shortfall(level).estimate;
        close(found.value, twin.value, 1e-10);
        close(found.std_err.unwrap(), twin.std_err.unwrap(), 1e-10);
        close(found.ci_high.unwrap(), twin.ci_high.unwrap(), 1e-9);
    }

    #[test]
    fn two_of_a_kind_are_one_that_counts_twice() {
        let twice = StandIn { mass: 2.0, a: 5.0, b: 1.0 };
        let others = [StandIn { mass: 1.0, a: 3.0, b: 3.0 }, StandIn { mass: 7.0, a: 0.0, b: 0.0 }];
        let all = [vec![twice], others.to_vec()].concat();
        // Of ten paths the worst three: 5, 5, 3 and 3, 1, 1.
        let found = shortfall_difference(&all, Level::new(0.7).unwrap(), 10);
        close(found.value, (5.0 - 13.0) / 3.0, 1e-14);
    }
}
