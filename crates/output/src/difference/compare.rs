//! Sets two sides against each other, scope by scope, once their paths are known to be pairs.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use slashfall_graph::{Problem, Problems};

use super::columns::{ScopePaths, StoredScope, read_scopes};
use super::stored::Side;
use crate::collect::DEPEGS;
use crate::measures::{
    Difference, Estimate, Level, N_REPLICATES, PairedCounts, PairedLosses, Support, WeightSums,
    replicate_of, sectioned,
};
use crate::scope::ScopeKind;

/// Scopes that are read at a time, at most: each column that is open holds a page.
const MOST_SCOPES: usize = 64;
/// Bytes of the paths of the scopes that are read at a time, unless one takes more.
const HELD_BYTES: u64 = 256 << 20;
/// Bytes of a path of a scope that lost something on both sides: entries of two columns, two discounts.
const PAIR_BYTES: u64 = 48;

/// Kind and name of a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ScopeName {
    /// Kind.
    pub scope_kind: ScopeKind,
    /// Name.
    pub scope: String,
}

/// A figure of the summary on both sides, and their difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferenceRow {
    /// Scope.
    #[serde(flatten)]
    pub scope: ScopeName,
    /// Metric.
    pub metric: &'static str,
    /// Level, of tail figures.
    pub level: Option<f64>,
    /// The figure of A.
    pub value_a: f64,
    /// The figure of B.
    pub value_b: f64,
    /// B less A with its error, in `unit`.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Standard errors between the difference and 0.
    pub z: Option<f64>,
    /// `eth` or `probability`.
    pub unit: &'static str,
}

/// Two sides whose paths are pairs.
#[derive(Clone, Debug)]
pub struct Comparison<'s> {
    a: &'s Side,
    b: &'s Side,
    levels: Vec<Level>,
}

impl<'s> Comparison<'s> {
    /// Pairs path p of `a` with path p of `b`.
    ///
    /// # Errors
    /// Everything that keeps the paths from being pairs.
    pub fn new(a: &'s Side, b: &'s Side) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut refuse = |key: &str, [found, expected]: [String; 2], why: &str| {
            if found != expected {
                let expected = format!("{expected} was expected, as in {}: {why}", of(a));
                problems.push(Problem::new(b.manifest(), expected).key(key).value(found));
            }
        };
        let sides = |of: fn(&Side) -> String| [of(b), of(a)];
        let seeds = sides(|side| side.seed.to_string());
        refuse("seed", seeds, "paths of two seeds share no draws");
        let horizons = sides(|side| side.horizon_days.to_string());
        refuse("horizon_days", horizons, "losses over other days are no difference");
        let paths = sides(|side| side.n_paths.to_string());
        let key = format!("paths.{}", b.scenario);
        refuse(&key, paths, "each path needs its other half");
        let name = |side: &Side| {
            let name = if side.is_replicated { "sobol" } else { "pseudo-random paths" };
            name.to_owned()
        };
        let key = format!("sampling.{}.method", b.scenario);
        let why = "a Sobol point and a pseudo-random path share no factors, and only replicates on both sides are pairs";
        refuse(&key, sides(name), why);
        let levels: Vec<Level> = common(a, b).filter_map(Level::new).collect();
        if levels.is_empty() {
            let expected =
                format!("one of {} at least was expected, as in {}", list(&a.levels), of(a));
            let key = format!("config.{}.run.levels", b.scenario);
            problems.push(Problem::new(b.manifest(), expected).key(key).value(list(&b.levels)));
        }
        problems.or_ok(Self { a, b, levels })
    }

    /// The first side.
    #[must_use]
    pub fn a(&self) -> &'s Side {
        self.a
    }

    /// The second side.
    #[must_use]
    pub fn b(&self) -> &'s Side {
        self.b
    }

    /// Levels that both sides have.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Levels that only one of the sides has.
    #[must_use]
    pub fn other_levels(&self) -> Vec<f64> {
        let of_one = |x: &Side, y: &Side| {
            let only = x.levels.iter().copied().filter(|level| !has_level(y, *level));
            only.collect::<Vec<f64>>()
        };
        let mut levels = [of_one(self.a, self.b), of_one(self.b, self.a)].concat();
        levels.sort_by(f64::total_cmp);
        levels
    }

    /// Scopes that only A has, and those that only B has.
    #[must_use]
    pub fn unmatched(&self) -> [Vec<ScopeName>; 2] {
        let names = |side: &Side| side.scopes.iter().map(name).collect::<BTreeSet<ScopeName>>();
        let (a, b) = (names(self.a), names(self.b));
        [a.difference(&b).cloned().collect(), b.difference(&a).cloned().collect()]
    }

    /// The differences of every scope that both sides have and `wanted` names, or of all if it
    /// names none.
    ///
    /// # Errors
    /// When a wanted scope is not on both sides, or a file cannot be read.
    pub fn rows(&self, wanted: &[String]) -> Result<Vec<DifferenceRow>, Problems> {
        let in_b: BTreeMap<ScopeName, &StoredScope> =
            self.b.scopes.iter().map(|b| (name(b), b)).collect();
        let mut matched: Vec<(&StoredScope, &StoredScope)> =
            self.a.scopes.iter().filter_map(|a| Some((a, *in_b.get(&name(a))?))).collect();
        self.check(wanted, &matched)?;
        matched.retain(|(a, _)| wanted.is_empty() || wanted.contains(&a.name));
        let mut rows = Vec::new();
        for some in matched.chunks(self.scopes_at_a_time()) {
            let (of_a, of_b): (Vec<&StoredScope>, Vec<&StoredScope>) = some.iter().copied().unzip();
            let a_paths = read_scopes(&of_a, &self.a.files)?;
            let b_paths = read_scopes(&of_b, &self.b.files)?;
            for ((scope, a), b) in of_a.into_iter().zip(a_paths).zip(b_paths) {
                rows.extend(self.scope_rows(scope, a, b)?);
            }
        }
        Ok(rows)
    }

    /// Scopes whose paths are held at a time.
    fn scopes_at_a_time(&self) -> usize {
        let most = HELD_BYTES / self.a.n_paths.saturating_mul(PAIR_BYTES).max(1);
        usize::try_from(most).unwrap_or(MOST_SCOPES).clamp(1, MOST_SCOPES)
    }

    fn check(
        &self,
        wanted: &[String],
        matched: &[(&StoredScope, &StoredScope)],
    ) -> Result<(), Problems> {
        let names: BTreeSet<&str> = matched.iter().map(|(a, _)| a.name.as_str()).collect();
        let mut problems = Problems::default();
        for unknown in wanted.iter().filter(|name| !names.contains(name.as_str())) {
            let sides = [self.a, self.b].map(of);
            let expected =
                format!("a scope was expected that {} and {} both have", sides[0], sides[1]);
            let problem = Problem::new("--scope", expected).value(unknown);
            problems.push(problem.nearest_of(names.iter().copied()));
        }
        problems.or_ok(())
    }

    fn scope_rows(
        &self,
        scope: &StoredScope,
        a_paths: ScopePaths,
        b_paths: ScopePaths,
    ) -> Result<Vec<DifferenceRow>, Problems> {
        let (a_paths, b_paths) = (self.weighed(a_paths), self.weighed(b_paths));
        let depegs = self.depegs(&a_paths, &b_paths);
        let pairs = PairedLosses::new(a_paths.losses, b_paths.losses).ok_or_else(|| {
            Problem::new(self.b.manifest(), format!("{} paths were expected", self.a.n_paths))
        })?;
        let row = |metric, level: Option<Level>, difference: Difference| DifferenceRow {
            scope: name(scope),
            metric,
            level: level.map(Level::get),
            value_a: difference.a,
            value_b: difference.b,
            estimate: difference.estimate,
            z: difference.z(),
            unit: if metric.starts_with("probability") { "probability" } else { "eth" },
        };
        let mut rows = vec![row("mean", None, pairs.mean()), row("std", None, pairs.std())];
        for &level in &self.levels {
            rows.push(row("var", Some(level), pairs.value_at_risk(level)));
            rows.push(row("es", Some(level), pairs.expected_shortfall(level)));
        }
        rows.push(row("probability_positive", None, pairs.probability_positive()));
        let depegs = DEPEGS.into_iter().zip(depegs.into_iter().flatten());
        rows.extend(depegs.map(|((metric, _), difference)| row(metric, None, difference)));
        rows.push(row("max", None, pairs.max()));
        Ok(rows)
    }

    /// Has losses say that they are of replicates, where they are.
    fn weighed(&self, mut paths: ScopePaths) -> ScopePaths {
        if self.a.is_replicated {
            let mut sums = WeightSums::of_replicates();
            sums.add(paths.losses.n_paths(), &[]);
            paths.losses.weigh(sums);
        }
        paths
    }

    /// How much more often the worst discount passed each of [`DEPEGS`] in B; none where a side has no
    /// discounts.
    fn depegs(&self, a: &ScopePaths, b: &ScopePaths) -> Option<[Difference; 3]> {
        let (a, b) = (a.worst_discounts.as_ref()?, b.worst_discounts.as_ref()?);
        Some(DEPEGS.map(|(_, limit)| {
            let mut counts = PairedCounts::default();
            let mut by_replicate = vec![(0.0, 0.0); N_REPLICATES];
            for (path, (a, b)) in (0..).zip(a.iter().zip(b)) {
                let (in_a, in_b) = (*a > limit, *b > limit);
                counts.add(in_a, in_b);
                let (n, more) = &mut by_replicate[replicate_of(path)];
                *n += 1.0;
                *more += f64::from(i8::from(in_b) - i8::from(in_a));
            }
            let found = counts.difference();
            if !self.a.is_replicated {
                return found;
            }
            let values = by_replicate.into_iter().map(|(n, more)| more / f64::max(n, 1.0));
            let support = Support::of_paths(counts.n_discordant() as f64);
            let estimate = sectioned(found.estimate, values, support).within(-1.0, 1.0);
            Difference { estimate, ..found }
        }))
    }
}

fn name(scope: &StoredScope) -> ScopeName {
    ScopeName { scope_kind: scope.kind, scope: scope.name.clone() }
}

/// A side as it is spoken of.
fn of(side: &Side) -> String {
    format!("{}, scenario {}", side.folder.display(), side.scenario)
}

fn list(levels: &[f64]) -> String {
    levels.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
}

fn has_level(side: &Side, level: f64) -> bool {
    side.levels.iter().any(|own| own.to_bits() == level.to_bits())
}

fn common<'s>(a: &'s Side, b: &'s Side) -> impl Iterator<Item = f64> + 's {
    a.levels.iter().copied().filter(|level| has_level(b, *level))
}
