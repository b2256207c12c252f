//! How many rounds paths took and what those cost: sums, so that their number does not matter.

use crate::measures::{N_REPLICATES, Sum, WeightSums, replicate_of};

/// Paths that took the same number of rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoundsBin {
    pub(crate) n_paths: u64,
    /// Those that weigh 1.
    n_plain: u64,
    /// Sums of the weights of the others, and of their squares.
    weight: Sum,
    square: Sum,
    direct: Sum,
    contagion: Sum,
    total: Sum,
    /// Sums of the total and of its square, by the squares of the weights.
    by_square: [Sum; 2],
    /// Paths and sum of the total by replicate; empty where paths are independent.
    replicates: Vec<(u64, Sum)>,
}

impl RoundsBin {
    /// Adds a path of weight 1 with its direct, contagion and total loss.
    pub(crate) fn add(&mut self, [direct, contagion, total]: [f64; 3]) {
        self.n_paths += 1;
        self.n_plain += 1;
        self.direct.add(direct);
        if contagion.abs() > 0.0 {
            self.contagion.add(contagion);
        }
        self.total.add(total);
        self.by_square[0].add(total);
        self.by_square[1].add(total * total);
    }

    /// Adds a path of a replicate, by its number.
    pub(crate) fn add_in(&mut self, path: u64, losses: [f64; 3]) {
        self.add(losses);
        self.replicates.resize(N_REPLICATES, (0, Sum::default()));
        let (count, total) = &mut self.replicates[replicate_of(path)];
        *count += 1;
        total.add(losses[2]);
    }

    /// Adds a weighted path.
    pub(crate) fn add_weighted(&mut self, weight: f64, [direct, contagion, total]: [f64; 3]) {
        let square = weight * weight;
        self.n_paths += 1;
        self.weight.add(weight);
        self.square.add(square);
        self.direct.add(weight * direct);
        self.contagion.add(weight * contagion);
        self.total.add(weight * total);
        self.by_square[0].add(square * total);
        self.by_square[1].add(square * (total * total));
    }

    /// Adds paths of weight 1 that lost nothing.
    pub(crate) fn add_quiet(&mut self, n_paths: u64) {
        self.n_paths += n_paths;
        self.n_plain += n_paths;
    }

    fn weight(&self) -> f64 {
        self.n_plain as f64 + self.weight.value()
    }

    fn square(&self) -> f64 {
        self.n_plain as f64 + self.square.value()
    }

    /// Probability of that number of rounds, among paths that weigh `sums` in all.
    pub(crate) fn probability(&self, sums: WeightSums) -> f64 {
        sums.mass(self.weight(), self.square()) / sums.n_paths() as f64
    }

    /// Mean direct, contagion and total loss.
    pub(crate) fn means(&self) -> [f64; 3] {
        [self.direct, self.contagion, self.total].map(|sum| sum.value() / self.weight())
    }

    /// Standard error of the mean total: that of a ratio, as the weight of these paths is drawn with them.
    pub(crate) fn std_err_total(&self) -> Option<f64> {
        if !self.replicates.is_empty() {
            return self.std_err_of_replicates();
        }
        let (weight, square) = (self.weight(), self.square());
        let n_eff = weight * (weight / square);
        let [_, _, mean] = self.means();
        let [first, second] = self.by_square.map(|sum| sum.value() / square);
        let variance = (second - mean * mean - 2.0 * mean * (first - mean)).max(0.0);
        (n_eff > 1.0).then(|| (variance / (n_eff - 1.0)).sqrt())
    }

    /// The same where only replicates are independent: of sums over replicates in place of paths (Cochran 1977, "Sampling Techniques",
    /// section 6.3), of which two at least have such paths.
    fn std_err_of_replicates(&self) -> Option<f64> {
        let [_, _, mean] = self.means();
        let n = self.replicates.len() as f64;
        let off = |(count, total): &(u64, Sum)| (total.value() - mean * *count as f64).powi(2);
        let squares: f64 = self.replicates.iter().map(off).sum();
        let n_with = self.replicates.iter().filter(|(count, _)| *count > 0).count();
        (n_with > 1).then(|| (squares * n / (n - 1.0)).sqrt() / self.n_paths as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_one_weight_are_plain_paths() {
        let (mut plain, mut heavy) = (RoundsBin::default(), RoundsBin::default());
        for total in [3.0, 5.0, 10.0] {
            plain.add([1.0, total - 1.0, total]);
            heavy.add_weighted(2.5, [1.0, total - 1.0, total]);
        }
        assert_eq!(plain.means().map(f64::to_bits), [1.0_f64, 5.0, 6.0].map(f64::to_bits));
        let expected = (26.0_f64 / 3.0 / 2.0).sqrt();
        for bin in [plain, heavy] {
            assert!((bin.std_err_total().unwrap() / expected - 1.0).abs() < 1e-12);
        }
    }

    /// Totals 0 and 8 of weights 3 and 1: mean 2, error of the ratio sqrt(9 x 4 + 36) / 4 with one degree of freedom less.
    #[test]
    fn weights_count() {
        let mut bin = RoundsBin::default();
        bin.add_weighted(3.0, [0.0; 3]);
        bin.add([8.0, 0.0, 8.0]);
        assert_eq!(bin.means().map(f64::to_bits), [2.0_f64, 0.0, 2.0].map(f64::to_bits));
        let expected = (72.0_f64 / 10.0 / (1.6 - 1.0)).sqrt();
        assert!((bin.std_err_total().unwrap() / expected - 1.0).abs() < 1e-12);
    }
}
