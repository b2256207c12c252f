//! Names the paths of a tail and splits its expected shortfall into what each component of the loss contributes.

use super::replicates::{Support, replicate_of, sectioned};
use super::run::{Distance, Run};
use super::sorted::Ranked;
use super::spread::Spread;
use super::weights::Calibration;
use super::{Estimate, Level, LossColumn, SortedLosses, Sum, TailSample};

/// A path of the tail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TailPath {
    /// Index of the path.
    pub path: u64,
    /// Its mass, 1 where every path weighs 1; for the boundary path the share of it that belongs to the tail.
    pub weight: f64,
    /// Its loss, never 0.
    pub loss: f64,
    /// Sums of the squares and cubes of its weight, by the same share.
    powers: [f64; 2],
    /// Number of the group of paths that it and some others stand for.
    group: usize,
    /// Share of the paths near it that were not picked.
    unpicked: f64,
}

/// Paths of a tail for which some of them stand.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Group {
    /// `n / (n - 1)`, `n` the paths that stand for it.
    freedom: f64,
    /// Sums over them of `l`, `u l^2` and `u (2 u - 1) l^3`, where `l` is weight times loss and `u` the share that was not picked.
    losses: [f64; 3],
}

/// The worst `1 - level` of the mass, worst path first.
///
/// A path whose loss is exactly 0 is taken as one on which nothing happened to the scope, so that each of its components is 0 too: such
/// paths are not listed, but count as mass. The weights of the listed paths and theirs add up to `n (1 - level)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Tail {
    n_paths: u64,
    calibration: Option<Calibration>,
    mass: f64,
    paths: Vec<TailPath>,
    /// The same in path order: number of the path and rank.
    by_path: Vec<(u64, usize)>,
    /// Paths with a loss of 0 that the tail holds, from the first such path on; not whole if the boundary is among them.
    zeros: Run,
    /// The tails of the replicates, each of its own paths; none where paths are independent.
    replicates: Vec<Self>,
    /// What the paths stand for; none where each stands for itself alone.
    groups: Vec<Group>,
}

impl TailPath {
    /// Of an amount, what counts towards a sum over those that it stands for, its variance and its third central moment.
    fn moments(&self, amount: f64) -> [f64; 3] {
        let (x, u) = (self.weight * amount, self.unpicked);
        [x, u * x * x, u * (2.0 * u - 1.0) * x * x * x]
    }
}

impl SortedLosses {
    /// The paths behind the figures at `level`.
    ///
    /// # Panics
    /// If losses of the tail are known by bin alone: a bug of the caller, who made too little room for them.
    #[must_use]
    pub fn tail(&self, level: Level) -> Tail {
        self.tail_of(level, None)
    }

    /// The same where some of the paths stand for all of them; with replicates, whose tails have edges of their own, all do.
    ///
    /// # Panics
    /// As [`SortedLosses::tail`].
    #[must_use]
    pub fn sampled_tail(&self, level: Level, sample: &TailSample) -> Tail {
        self.tail_of(level, Some(sample).filter(|_| self.replicates().is_empty()))
    }

    fn tail_of(&self, level: Level, sample: Option<&TailSample>) -> Tail {
        let cut = level.cut(self.n_paths());
        assert!(
            self.is_whole_to(cut.mass),
            "the tail at {} was not kept path by path",
            level.get()
        );
        let (zeros, before_zeros) = self.zeros();
        let zero_mass = (cut.mass - before_zeros).clamp(0.0, zeros.mass);
        let share_of_zeros = if zero_mass > 0.0 { zero_mass / zeros.mass } else { 0.0 };
        let mut paths = weighted(self.losses(), cut.mass);
        paths.extend(weighted(self.gains(), cut.mass));
        let mut groups = Vec::new();
        if let Some(sample) = sample {
            (paths, groups) = stand_for_all(&paths, sample);
        }
        let mut by_path: Vec<(u64, usize)> =
            paths.iter().enumerate().map(|(rank, path)| (path.path, rank)).collect();
        by_path.sort_unstable();
        Tail {
            n_paths: self.n_paths(),
            calibration: self.calibration(),
            mass: cut.mass,
            paths,
            by_path,
            zeros: Run { mass: zero_mass, ..zeros.share(share_of_zeros) },
            replicates: self.replicates().iter().map(|part| part.tail(level)).collect(),
            groups,
        }
    }
}

/// The paths that are picked, each with the weight of those that it stands for, and the groups that they make.
fn stand_for_all(all: &[TailPath], sample: &TailSample) -> (Vec<TailPath>, Vec<Group>) {
    let (mut paths, mut groups) = (Vec::new(), Vec::new());
    for stratum in parts_of(all.len(), sample) {
        let members = &all[stratum.ranks.clone()];
        let group = groups.len();
        let picked = stratum.picked.iter().map(|&(rank, step)| (all[rank], step as f64));
        let [mass, square, cube, loss] = sums(members.iter().map(|path| (*path, 1.0)));
        let [own_mass, own_square, own_cube, own_loss] = sums(picked.clone());
        // Where losses and gains cancel the ratio of losses says nothing.
        let by_loss = loss / own_loss;
        let by_mass = mass / own_mass;
        let is_sound = by_loss.is_finite() && (0.5..2.0).contains(&(by_loss / by_mass));
        let scale = if is_sound { by_loss } else { by_mass };
        let start = paths.len();
        paths.extend(picked.map(|(path, step)| TailPath {
            weight: scale * step * path.weight,
            powers: [
                path.powers[0] * step * square / own_square,
                path.powers[1] * step * cube / own_cube,
            ],
            group,
            unpicked: 1.0 - 1.0 / step,
            ..path
        }));
        let n = stratum.picked.len() as f64;
        let mut losses = [Sum::default(); 3];
        for path in &paths[start..] {
            let [loss, square, cube] = path.moments(path.loss);
            losses.iter_mut().zip([loss, square, cube]).for_each(|(sum, term)| sum.add(term));
        }
        groups.push(Group { freedom: n / (n - 1.0).max(1.0), losses: losses.map(Sum::value) });
    }
    (paths, groups)
}

/// Sums over paths, each counted so often: of mass, squares, cubes, and mass times loss.
fn sums(paths: impl Iterator<Item = (TailPath, f64)>) -> [f64; 4] {
    let mut sums = [Sum::default(); 4];
    for (path, count) in paths {
        let [square, cube] = path.powers;
        let terms = [path.weight, square, cube, path.weight * path.loss];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| sum.add(count * term));
    }
    sums.map(Sum::value)
}

/// Consecutive ranks with those picked of them and the steps at which they were.
struct Part {
    ranks: std::ops::Range<usize>,
    picked: Vec<(usize, usize)>,
}

/// The strata as far as the first `n` ranks go. One of which only few are picked is taken together with the one before.
fn parts_of(n: usize, sample: &TailSample) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for stratum in sample.strata().iter().filter(|stratum| stratum.ranks.start < n) {
        let ranks = stratum.ranks.start..stratum.ranks.end.min(n);
        let picked: Vec<(usize, usize)> =
            stratum.picked(n).map(|rank| (rank, stratum.step)).collect();
        match parts.last_mut() {
            Some(last) if picked.len() < MIN_PICKED => {
                last.ranks.end = ranks.end;
                last.picked.extend(picked);
            }
            _ => parts.push(Part { ranks, picked }),
        }
    }
    parts.retain(|part| !part.picked.is_empty());
    parts
}

/// Paths that have to be picked of a stratum for it to stand by itself.
const MIN_PICKED: usize = 16;

/// The paths of `ranked` before which there is less mass than `mass`, the last by the fraction that is left.
fn weighted(ranked: impl Iterator<Item = Ranked>, mass: f64) -> Vec<TailPath> {
    let inside = ranked.take_while(|ranked| mass - ranked.before > 0.0);
    let tail_path = |Ranked { path, run, before }| {
        let inside = run.share(((mass - before) / run.mass).min(1.0));
        let powers = [inside.square, inside.cube];
        TailPath { path, weight: inside.mass, loss: run.loss, powers, group: 0, unpicked: 0.0 }
    };
    inside.map(tail_path).collect()
}

impl Tail {
    /// The paths with a loss other than 0, worst first.
    #[must_use]
    pub fn paths(&self) -> &[TailPath] {
        &self.paths
    }

    /// The same paths ascending, each with its mass.
    pub fn by_path(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        self.by_path.iter().map(|&(path, rank)| (path, self.paths[rank].weight))
    }

    /// The numbers of all paths whose components are asked for, ascending: those of the tail, and those of the tails of the replicates,
    /// which have edges of their own.
    #[must_use]
    pub fn paths_to_split(&self) -> Vec<u64> {
        let own = std::iter::once(self).chain(&self.replicates);
        let mut paths: Vec<u64> =
            own.flat_map(|tail| tail.paths.iter().map(|path| path.path)).collect();
        paths.sort_unstable();
        paths.dedup();
        paths
    }

    /// Paths in the tail, `n (1 - level)`, those with a loss of 0 included.
    #[must_use]
    pub fn mass(&self) -> f64 {
        self.mass
    }

    /// Paths run.
    pub(super) fn n_paths(&self) -> u64 {
        self.n_paths
    }

    pub(super) fn calibration(&self) -> Option<Calibration> {
        self.calibration
    }

    /// Whether only paths of different replicates are independent.
    pub(super) fn is_replicated(&self) -> bool {
        !self.replicates.is_empty()
    }

    /// Mass of the paths with a loss of 0 that the tail holds.
    pub(super) fn zero_mass(&self) -> f64 {
        self.zeros.mass
    }

    /// Mass of a path, and the square and cube of its weight, each by the share that belongs to the tail.
    pub(super) fn powers(&self, rank: usize) -> [f64; 3] {
        let TailPath { weight, powers: [square, cube], .. } = self.paths[rank];
        [weight, square, cube]
    }

    /// What `component` contributes to the expected shortfall: its mean over the tail, `E[C | tail]` (Euler; Tasche 1999, "Risk
    /// contributions and performance measurement"). Components that add up to the loss path by path contribute amounts that add up
    /// to the expected shortfall.
    ///
    /// The error counts that the tail's edge is estimated: the influence of a path is `(C - c_v) 1{tail} / (1 - level) + c_v - E[C | tail]`,
    /// `c_v = E[C | L = VaR]` being the mean of C over the `ceil(sqrt(mass))` tail paths nearest the edge, of weighted paths over as
    /// large a part of the tail as the root of the paths it is worth is of these. For C = L this is the error of the expected shortfall.
    ///
    /// Only paths on which the component is not 0 are visited. Entries of paths outside the tail do not count.
    #[must_use]
    pub fn contribution(&self, component: &LossColumn) -> Estimate {
        let at_edge = self.mean_at_edge(component);
        let mut rest = self.whole();
        let mut distances = Vec::with_capacity(component.entries().len() + 1);
        let mut carriers = [0.0; 2];
        let mut of_groups = vec![[0.0; 6]; self.groups.len()];
        let mut own = self.by_path.iter().peekable();
        for entry in component.entries() {
            while own.next_if(|(path, _)| *path < entry.path).is_some() {}
            if let Some((_, rank)) = own.next_if(|(path, _)| *path == entry.path) {
                let path = &self.paths[*rank];
                let TailPath { weight, powers: [square, cube], group, unpicked, .. } = *path;
                distances.push(Distance { mass: weight, square, cube, x: entry.loss - at_edge });
                rest = [rest[0] - weight, rest[1] - square, rest[2] - cube];
                if let Some(sums) = of_groups.get_mut(group) {
                    carriers = [carriers[0] + weight, carriers[1] + weight * weight];
                    let (own, loss) = (weight * entry.loss, weight * path.loss);
                    let [second, third] = [unpicked, unpicked * (2.0 * unpicked - 1.0)];
                    let (of_squares, of_cubes) = (second * own, third * own);
                    let terms = [
                        own,
                        of_squares * own,
                        of_squares * loss,
                        of_cubes * own * own,
                        of_cubes * own * loss,
                        of_cubes * loss * loss,
                    ];
                    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                }
            }
        }
        let [mut mass, square, cube] = rest.map(|rest| rest.max(0.0));
        if !self.groups.is_empty() {
            // Those who stand for others may count for a little more than all of them together.
            mass = rest[0];
        }
        distances.push(Distance { mass, square, cube, x: -at_edge });
        let spread = Spread::of(distances.into_iter(), self.calibration)
            .with_further(self.moments_of_sample(&of_groups));
        // The skewness of the few paths that stand for all is itself hardly known, and never shortens an interval.
        let spread = if self.groups.is_empty() { spread } else { spread.of_few(carriers) };
        let found = spread.estimate(at_edge, self.n_paths, self.mass);
        let found = Estimate { n_eff: self.effective(), ..found };
        if self.replicates.is_empty() {
            return found;
        }
        let support = Support::of_tail(self.mass).and(&found);
        sectioned(found, self.in_replicates(component).into_iter(), support)
    }

    /// What it adds to variance and third central moment of a contribution that paths stand for others: by group those of a sum over a
    /// sample of it of `C - R L`, as their losses are known (the ratio estimator; Cochran 1977, 6.4), with `u` and `u (2 u - 1)` for a path
    /// near which a share `u` was not picked.
    fn moments_of_sample(&self, of_groups: &[[f64; 6]]) -> [f64; 2] {
        let mut moments = [0.0; 2];
        for (group, [sum, square, product, cube, square_loss, loss_square]) in
            self.groups.iter().zip(of_groups)
        {
            let [loss, l2, l3] = group.losses;
            let r = if loss.abs() > 0.0 { sum / loss } else { 0.0 };
            let spread = square - 2.0 * r * product + r * r * l2;
            if spread > ROUNDING * square.max(r * r * l2) {
                let skew =
                    cube - 3.0 * r * square_loss + 3.0 * r * r * loss_square - r.powi(3) * l3;
                moments[0] += group.freedom * spread;
                moments[1] += group.freedom * skew;
            }
        }
        [moments[0] / self.mass.powi(2), moments[1] / self.mass.powi(3)]
    }

    /// What a component contributes in each replicate.
    fn in_replicates(&self, component: &LossColumn) -> Vec<f64> {
        let mut sums = vec![Sum::default(); self.replicates.len()];
        for entry in component.entries() {
            let replicate = replicate_of(entry.path);
            if let Some(path) = self.replicates[replicate].find(entry.path) {
                sums[replicate].add(path.weight * entry.loss);
            }
        }
        let sums = sums.into_iter().zip(&self.replicates);
        sums.map(|(sum, tail)| sum.value() / tail.mass).collect()
    }

    /// Mass of the tail, and the sums of squares and cubes of its weights.
    fn whole(&self) -> [f64; 3] {
        if self.calibration.is_none() {
            return [self.mass; 3];
        }
        let of_paths =
            |k: usize| Sum::from_iter(self.paths.iter().map(|path| path.powers[k])).value();
        [self.mass, of_paths(0) + self.zeros.square, of_paths(1) + self.zeros.cube]
    }

    /// Paths that it is worth.
    fn effective(&self) -> f64 {
        if !self.groups.is_empty() {
            let square = |path: &TailPath| path.weight * path.weight;
            let zeros = self.zeros.square;
            return self.mass.powi(2) / (self.paths.iter().map(square).sum::<f64>() + zeros);
        }
        let [mass, square, _] = self.whole();
        if self.calibration.is_none() { mass } else { mass * mass / square }
    }

    /// A path; none when it is not listed.
    fn find(&self, path: u64) -> Option<&TailPath> {
        let at = self.by_path.binary_search_by_key(&path, |(path, _)| *path).ok()?;
        Some(&self.paths[self.by_path[at].1])
    }

    /// Mean of a component over the tail paths nearest the edge; paths not listed count as 0.
    fn mean_at_edge(&self, component: &LossColumn) -> f64 {
        let is_plain = self.calibration.is_none() && self.groups.is_empty();
        let (near, zeros) = if is_plain {
            (self.mass.sqrt().ceil().max(1.0), self.zeros.mass.ceil())
        } else {
            (self.mass / self.effective().sqrt(), self.zeros.mass)
        };
        let from_zeros = if self.edge_is_zero() { near.min(zeros) } else { 0.0 };
        let (mut sum, mut taken) = (Sum::default(), from_zeros);
        for path in self.paths.iter().rev() {
            if taken >= near {
                break;
            }
            // The boundary path counts whole here, where paths are counted.
            let own = if is_plain { 1.0 } else { path.weight };
            sum.add(own * component.loss(path.path));
            taken += own;
        }
        sum.value() / near.max(taken)
    }

    /// Whether the tail ends among the paths with a loss of 0.
    fn edge_is_zero(&self) -> bool {
        self.zeros.mass > 0.0 && self.paths.last().is_none_or(|last| last.loss > 0.0)
    }
}

/// A spread of this size, relative to what it is of, is rounding.
const ROUNDING: f64 = 1e-12;

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
        assert!((tail.zeros.mass - zero_mass).abs() < 1e-12);
        let listed: f64 = tail.paths().iter().map(|path| path.weight).sum();
        close(listed + tail.zeros.mass, tail.mass(), 1e-12);
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

    /// With some paths standing for all, parts still add up, and errors are those of repeated runs: of a part that goes with the loss
    /// hardly more than with all, of one that does not, more.
    #[test]
    fn some_paths_stand_for_all() {
        let mut uniform = Uniform(12);
        let at = level(0.9);
        let mut runs: [Vec<Estimate>; 2] = [Vec::new(), Vec::new()];
        let mut whole = Vec::new();
        for _ in 0..600 {
            let components = pair(&mut uniform, 6_000);
            let losses = sorted(&total(&components));
            let sample = TailSample::new(600, 120);
            let tail = losses.sampled_tail(at, &sample);
            assert!(tail.paths().len() < 180, "{}", tail.paths().len());
            let parts = components.each_ref().map(|part| tail.contribution(&column(part)));
            let es = losses.expected_shortfall(at).value;
            close(parts[0].value + parts[1].value, es, 1e-12);
            runs.iter_mut().zip(parts).for_each(|(runs, part)| runs.push(part));
            whole.push(losses.tail(at).contribution(&column(&components[0])).std_err.unwrap());
        }
        for runs in &runs {
            let values: Vec<f64> = runs.iter().map(|run| run.value).collect();
            let n = runs.len() as f64;
            let stated =
                (runs.iter().filter_map(|run| run.std_err).map(|e| e * e).sum::<f64>() / n).sqrt();
            let observed = sorted(&values).std().value;
            close(stated, observed, 0.10);
        }
        let stated = runs[0].iter().filter_map(|run| run.std_err).sum::<f64>();
        assert!(stated > 1.05 * whole.iter().sum::<f64>());
    }

    #[test]
    fn the_loss_itself_is_known_whoever_stands_for_it() {
        let losses = total(&pair(&mut Uniform(9), 20_000));
        let ranked = sorted(&losses);
        for at in [0.95, 0.8] {
            let sample = TailSample::new(6_000, 300);
            let some = ranked.sampled_tail(level(at), &sample).contribution(&column(&losses));
            let es = ranked.expected_shortfall(level(at));
            close(some.value, es.value, 1e-12);
            close(some.std_err.unwrap(), es.std_err.unwrap(), 0.15);
        }
    }
}
