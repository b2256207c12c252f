//! Names the paths of a tail and splits its expected shortfall into what each component of the loss contributes.

use super::spread::Spread;
use super::{Estimate, Level, LossColumn, PathLoss, SortedLosses, Sum};

/// A path of the tail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TailPath {
    /// Index of the path.
    pub path: u64,
    /// 1, or for the boundary path the share of it that belongs to the tail.
    pub weight: f64,
    /// Its loss, never 0.
    pub loss: f64,
}

/// The worst `1 - level` of the mass, worst path first.
///
/// A path whose loss is exactly 0 is taken as one on which nothing happened to the scope, so that each of its components is 0 too: such
/// paths are not listed, but count as mass. The weights of the listed paths and theirs add up to `n (1 - level)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tail {
    n_paths: u64,
    mass: f64,
    paths: Vec<TailPath>,
    /// The same in path order: number of the path and rank.
    by_path: Vec<(u64, usize)>,
    /// Paths with a loss of 0 that the tail holds, from the first such path on; not whole if the boundary is among them.
    zero_mass: f64,
}

impl SortedLosses {
    /// The paths behind the figures at `level`.
    #[must_use]
    pub fn tail(&self, level: Level) -> Tail {
        let cut = level.cut(self.n_paths());
        let zero_mass = (cut.mass - self.positive().len() as f64).clamp(0.0, self.n_zero() as f64);
        let before_gains = (self.n_positive() + self.n_zero()) as f64;
        let mut paths = weighted(self.positive(), cut.mass);
        paths.extend(weighted(self.negative(), cut.mass - before_gains));
        let mut by_path: Vec<(u64, usize)> =
            paths.iter().enumerate().map(|(rank, path)| (path.path, rank)).collect();
        by_path.sort_unstable();
        Tail { n_paths: self.n_paths(), mass: cut.mass, paths, by_path, zero_mass }
    }
}

/// The first `mass` of `ranked`, the last path by the fraction that is left.
fn weighted(ranked: &[PathLoss], mass: f64) -> Vec<TailPath> {
    let left = |rank: usize| (mass - rank as f64).min(1.0);
    let inside = ranked.iter().enumerate().take_while(|(rank, _)| left(*rank) > 0.0);
    let tail_path = |(rank, entry): (usize, &PathLoss)| TailPath {
        path: entry.path,
        weight: left(rank),
        loss: entry.loss,
    };
    inside.map(tail_path).collect()
}

impl Tail {
    /// The paths with a loss other than 0, worst first.
    #[must_use]
    pub fn paths(&self) -> &[TailPath] {
        &self.paths
    }

    /// Paths in the tail, `n (1 - level)`, those with a loss of 0 included.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.mass
    }

    /// What `component` contributes to the expected shortfall: its mean over the tail, `E[C | tail]` (Euler; Tasche 1999, "Risk
    /// contributions and performance measurement"). Components that add up to the loss path by path contribute amounts that add up
    /// to the expected shortfall.
    ///
    /// The error counts that the tail's edge is estimated: the influence of a path is `(C - c_v) 1{tail} / (1 - level) + c_v - E[C | tail]`,
    /// `c_v = E[C | L = VaR]` being the mean of C over the `ceil(sqrt(mass))` tail paths nearest the edge. For C = L this is the error of
    /// the expected shortfall.
    ///
    /// Only paths on which the component is not 0 are visited. Entries of paths outside the tail do not count.
    #[must_use]
    pub fn contribution(&self, component: &LossColumn) -> Estimate {
        let at_edge =
            self.mean_at_edge(self.paths.iter().rev().map(|path| component.loss(path.path)));
        let mut rest = self.mass;
        let mut distances = Vec::with_capacity(component.entries().len() + 1);
        for entry in component.entries() {
            if let Some(weight) = self.weight(entry.path) {
                distances.push((weight, entry.loss - at_edge));
                rest -= weight;
            }
        }
        distances.push((rest.max(0.0), -at_edge));
        Spread::of(distances.into_iter()).estimate(at_edge, self.n_paths, self.mass)
    }

    /// Weight of a path; none when it is not listed.
    fn weight(&self, path: u64) -> Option<f64> {
        let at = self.by_path.binary_search_by_key(&path, |(path, _)| *path).ok()?;
        Some(self.paths[self.by_path[at].1].weight)
    }

    /// Mean of a component over the tail paths nearest the edge, given its values from there on; paths not listed count as 0.
    fn mean_at_edge(&self, from_edge: impl Iterator<Item = f64>) -> f64 {
        let near = self.mass.sqrt().ceil().max(1.0);
        let from_zeros = if self.edge_is_zero() { near.min(self.zero_mass.ceil()) } else { 0.0 };
        let n_listed = super::level::whole(near - from_zeros);
        let listed = from_edge.take(usize::try_from(n_listed).unwrap_or(usize::MAX));
        Sum::from_iter(listed).value() / near
    }

    /// Whether the tail ends among the paths with a loss of 0.
    fn edge_is_zero(&self) -> bool {
        self.zero_mass > 0.0 && self.paths.last().is_none_or(|last| last.loss > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Uniform, close, column, sorted};
    use super::*;

    fn level(level: f64) -> Level {
        Level::new(level).unwrap()
    }

    fn check_tail(losses: &[f64], at: f64, expected: &[(u64, f64)], zero_mass: f64) {
        let tail = sorted(losses).tail(level(at));
        let paths: Vec<u64> = tail.paths().iter().map(|path| path.path).collect();
        assert_eq!(paths, expected.iter().map(|pair| pair.0).collect::<Vec<_>>());
        tail.paths()
            .iter()
            .zip(expected)
            .for_each(|(path, pair)| close(path.weight, pair.1, 1e-12));
        assert!((tail.zero_mass - zero_mass).abs() < 1e-12);
        let listed: f64 = tail.paths().iter().map(|path| path.weight).sum();
        close(listed + tail.zero_mass, tail.mass(), 1e-12);
    }

    #[test]
    fn weights_fill_the_tail() {
        let losses = [0.0, -4.0, 6.0, 0.0, 2.0, -2.0, 6.0, 0.0];
        check_tail(&losses, 0.75, &[(2, 1.0), (6, 1.0)], 0.0);
        check_tail(&losses, 0.7, &[(2, 1.0), (6, 1.0), (4, 0.4)], 0.0);
        check_tail(&losses, 0.95, &[(2, 0.4)], 0.0);
        check_tail(&losses, 0.5, &[(2, 1.0), (6, 1.0), (4, 1.0)], 1.0);
        check_tail(&losses, 0.2, &[(2, 1.0), (6, 1.0), (4, 1.0), (5, 0.4)], 3.0);
        check_tail(&[0.0; 4], 0.5, &[], 2.0);
    }

    /// Two components that add up to a loss, with an atom at 0 and some gains.
    fn pair(uniform: &mut Uniform, n_paths: usize) -> [Vec<f64>; 2] {
        let mut components = [vec![0.0; n_paths], vec![0.0; n_paths]];
        let [first, second] = &mut components;
        for (first, second) in first.iter_mut().zip(second) {
            if uniform.draw() < 0.3 {
                let common = -uniform.draw().ln();
                *first = common * uniform.draw();
                *second = common - 0.2 * uniform.draw().ln() - 0.4;
            }
        }
        components
    }

    fn total(components: &[Vec<f64>; 2]) -> Vec<f64> {
        components[0].iter().zip(&components[1]).map(|(a, b)| a + b).collect()
    }

    #[test]
    fn contributions_add_up() {
        let components = pair(&mut Uniform(7), 3_001);
        let losses = sorted(&total(&components));
        for at in [0.01, 0.05, 0.4, 0.7, 0.95, 0.9999] {
            let tail = losses.tail(level(at));
            let parts = components.each_ref().map(|part| tail.contribution(&column(part)).value);
            close(parts[0] + parts[1], losses.expected_shortfall(level(at)).value, 1e-12);
        }
    }

    #[test]
    fn the_loss_itself_contributes_the_shortfall() {
        let losses = total(&pair(&mut Uniform(9), 20_000));
        let ranked = sorted(&losses);
        for at in [0.95, 0.6] {
            let whole = ranked.tail(level(at)).contribution(&column(&losses));
            let es = ranked.expected_shortfall(level(at));
            close(whole.value, es.value, 1e-12);
            close(whole.std_err.unwrap(), es.std_err.unwrap(), 0.02);
        }
    }

    #[test]
    fn what_never_happens_contributes_nothing() {
        let tail = sorted(&[1.0, 2.0, 3.0, 4.0]).tail(level(0.5));
        assert_eq!(tail.contribution(&column(&[0.0; 4])), Estimate::bare(0.0, 2.0));
        let nothing = sorted(&[0.0; 4]).tail(level(0.5));
        assert_eq!(nothing.contribution(&column(&[0.0; 4])), Estimate::bare(0.0, 2.0));
    }

    #[test]
    fn errors_are_those_of_repeated_runs() {
        let mut uniform = Uniform(10);
        let at = level(0.95);
        let runs: Vec<[Estimate; 2]> = (0..400)
            .map(|_| {
                let components = pair(&mut uniform, 4_000);
                let tail = sorted(&total(&components)).tail(at);
                components.each_ref().map(|part| tail.contribution(&column(part)))
            })
            .collect();
        for part in 0..2 {
            let values: Vec<f64> = runs.iter().map(|run| run[part].value).collect();
            let mean_error = runs.iter().filter_map(|run| run[part].std_err).sum::<f64>() / 400.0;
            let observed = sorted(&values).std().value;
            println!("component {part}: stated / observed error {:.4}", mean_error / observed);
            close(mean_error, observed, 0.10);
        }
    }
}
