//! Which sources fire on which paths, and when.
//!
//! A source fires when its uniform is below the probability that its class has on that path given
//! what all sources share. The uniforms are looked for where they can be small enough (`levels.rs`),
//! source by source over a block of paths; only for those that are is the latent variable worked
//! out, and from it the time. The time decides: the comparison leaves room for rounding and can only
//! let too many through.

use crate::common::{CERTAIN, Chances, Common};
use crate::importance::{Bend, Paths, Shared, bend};
use crate::levels::BLOCK;
use crate::model::Model;
use crate::rate::Rate;
use crate::search::{Found, Search};
use crate::times::Times;

/// A source that fired on a path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fired {
    /// When, in days.
    pub(crate) tau_days: f64,
    /// Path, counted from the first of those drawn.
    pub(crate) offset: u32,
    /// Which.
    pub(crate) source: u32,
}

/// Draws the events of paths; a worker keeps one from batch to batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draw {
    common: Common,
    chances: Chances,
    search: Search,
    times: Times,
    /// Sources found of which only the time says whether they fire.
    doubtful: Vec<Found>,
    unsorted: Vec<Fired>,
    fired: Vec<Fired>,
    /// By path: where its events begin; and the end of all.
    starts: Vec<usize>,
    /// By path: how it differs from what its streams would give; empty where no path does.
    bends: Vec<Bend>,
    /// By path; empty where each weighs 1.
    weights: Vec<f64>,
    /// By path: 1 where somebody asks for it, else 0; empty where all are asked for.
    asked: Vec<f64>,
}

impl Draw {
    /// Draws the events of `n` paths from `first`.
    pub(crate) fn draw(&mut self, model: &Model<'_>, first: u64, n: usize) {
        self.asked.clear();
        self.draw_asked(model, first, n);
    }

    /// Draws the events of some paths of one block, ascending; of those that lie between them nobody learns
    /// anything, and that is quicker than to draw them. Returns where each stands among them all.
    pub(crate) fn draw_some(
        &mut self,
        model: &Model<'_>,
        paths: &[u64],
    ) -> impl Fn(u64) -> usize + use<> {
        let (first, last) = (paths[0], paths[paths.len() - 1]);
        debug_assert!(first / BLOCK == last / BLOCK && paths.is_sorted());
        let offset = move |path: u64| usize::try_from(path - first).unwrap_or_default();
        let n = offset(last) + 1;
        self.asked.clear();
        if n > paths.len() {
            self.asked.resize(n, 0.0);
            paths.iter().for_each(|&path| self.asked[offset(path)] = 1.0);
        }
        self.draw_asked(model, first, n);
        offset
    }

    fn draw_asked(&mut self, model: &Model<'_>, first: u64, n: usize) {
        self.unsorted.clear();
        self.bends.clear();
        self.weights.clear();
        for (first, n, offset) in in_blocks(first, n) {
            self.draw_in_block(model, first, n, offset);
        }
        self.sort(n);
    }

    /// Calls `add` with path and source of each event of `n` paths from `first`, in any order and without
    /// its time, which costs more than the rest; of a model whose paths are drawn plainly.
    pub(crate) fn each_event(
        &mut self,
        model: &Model<'_>,
        first: u64,
        n: usize,
        mut add: impl FnMut(u32, u32),
    ) {
        self.weights.clear();
        for (first, n, offset) in in_blocks(first, n) {
            self.common.draw(model, first, n);
            for class in &model.classes {
                self.common.chances(model, class, &mut self.chances);
                let probability = &self.chances.probability;
                self.search.find(model, class, first, probability);
                // The probability of a drawn rate, or of a class without a part of its own, is a bound.
                let is_sharp = matches!(class.rate, Rate::Known(_)) && class.residual > 0.0;
                let certain = if is_sharp { CERTAIN } else { 0.0 };
                self.doubtful.clear();
                for found in self.search.found() {
                    if found.uniform < certain * probability[found.offset as usize] {
                        add(offset + found.offset, found.source);
                    } else {
                        self.doubtful.push(*found);
                    }
                }
                if !self.doubtful.is_empty() {
                    self.times.take(class, &self.common, &self.chances, &self.doubtful);
                    let times = self.times.work_out(model.copula).iter().zip(&self.doubtful);
                    let in_time = times.filter(|(tau_days, _)| **tau_days <= model.horizon_days);
                    in_time.for_each(|(_, found)| add(offset + found.offset, found.source));
                }
            }
        }
    }

    /// The events of a path, in order of time and source.
    pub(crate) fn of_path(&self, offset: usize) -> &[Fired] {
        &self.fired[self.starts[offset]..self.starts[offset + 1]]
    }

    /// How a path differs from what its streams would give.
    pub(crate) fn bend(&self, offset: usize) -> Bend {
        self.bends.get(offset).copied().unwrap_or_default()
    }

    /// The same of a path and all that follow it; empty where no path does.
    pub(crate) fn bends_from(&self, offset: usize) -> &[Bend] {
        self.bends.get(offset..).unwrap_or_default()
    }

    /// What all sources of a path share, of the block that was drawn last, whose streams these are: of a
    /// tilted path the tilt knows.
    pub(crate) fn shared_of_streams(&self, model: &Model<'_>, offset: usize) -> Shared {
        self.common.shared(model, offset)
    }

    /// What each path weighs; empty where each weighs 1.
    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// All events, in order of path, time and source.
    pub(crate) fn all(&self) -> &[Fired] {
        &self.fired
    }

    fn draw_in_block(&mut self, model: &Model<'_>, first: u64, n: usize, offset: u32) {
        self.common.draw(model, first, n);
        for class in &model.classes {
            self.common.chances(model, class, &mut self.chances);
            let asked = self.chances.probability.iter_mut().zip(&self.asked);
            asked.for_each(|(probability, asked)| *probability *= asked);
            self.search.find(model, class, first, &self.chances.probability);
            let found = self.search.found();
            if !found.is_empty() {
                self.times.take(class, &self.common, &self.chances, found);
                let times = self.times.work_out(model.copula).iter().zip(found);
                let in_time = times.filter(|(tau_days, _)| **tau_days <= model.horizon_days);
                self.unsorted.extend(in_time.map(|(&tau_days, found)| Fired {
                    tau_days,
                    offset: offset + found.offset,
                    source: found.source,
                }));
            }
        }
        if let Some(tilt) = &model.tilt {
            let paths = Paths { first, n, offset };
            let shared = |at| self.common.shared(model, at);
            let bent = bend(model, tilt, &paths, shared, &mut self.unsorted);
            self.bends.extend(bent.iter().map(|(bend, _)| *bend));
            self.weights.extend(bent.iter().map(|(_, weight)| *weight));
        }
        let market = self.common.market().iter();
        self.bends.extend(market.map(|&market| Bend { market: Some(market), ..Bend::default() }));
    }

    /// Sorts by path through counting, then the few events of each path by time and source.
    fn sort(&mut self, n: usize) {
        self.starts.clear();
        self.starts.resize(n + 2, 0);
        for fired in &self.unsorted {
            self.starts[fired.offset as usize + 2] += 1;
        }
        for path in 2..n + 2 {
            self.starts[path] += self.starts[path - 1];
        }
        self.fired.clear();
        self.fired.resize(self.unsorted.len(), Fired::default());
        for fired in &self.unsorted {
            let place = &mut self.starts[fired.offset as usize + 1];
            self.fired[*place] = *fired;
            *place += 1;
        }
        self.starts.pop();
        for ends in self.starts.windows(2) {
            order(&mut self.fired[ends[0]..ends[1]]);
        }
    }
}

/// Parts `n` paths from `first` by block: first, number, and where they stand among all.
fn in_blocks(first: u64, n: usize) -> impl Iterator<Item = (u64, usize, u32)> {
    let end = first + n as u64;
    let mut start = first;
    std::iter::from_fn(move || {
        let next = end.min((start / BLOCK + 1) * BLOCK);
        let own = start;
        start = next;
        #[expect(clippy::cast_possible_truncation, reason = "a batch has fewer than 2^32 paths")]
        (own < next).then_some((own, (next - own) as usize, (own - first) as u32))
    })
}

/// Orders the events of a path by time and source. Mostly there are two or fewer.
#[inline(always)]
fn order(of_path: &mut [Fired]) {
    let key =
        |a: &Fired, b: &Fired| a.tau_days.total_cmp(&b.tau_days).then(a.source.cmp(&b.source));
    match of_path {
        [] | [_] => {}
        [first, second] => {
            let is_later = key(first, second).is_gt();
            let (a, b) = (*first, *second);
            (*first, *second) = if is_later { (b, a) } else { (a, b) };
        }
        _ => of_path.sort_unstable_by(key),
    }
}

#[cfg(test)]
mod tests {
    use slashfall_graph::spec::Sharing;
    use slashfall_graph::{Network, Sketch};

    use super::*;
    use crate::config::{Node, RunSpec};
    use crate::copula::{Copula, event_time_days};
    use crate::gamma::GammaLaw;
    use crate::gaussian;
    use crate::levels::BLOCK_LEN;
    use crate::levels::tests::uniform;
    use crate::rate::Rate;

    fn network(names: usize) -> Network {
        let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
        for i in 0..names {
            let name = format!("op{i:04}");
            sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
        }
        sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
    }

    fn run_file(copula: &str, rates: [&str; 3]) -> String {
        let entry = |(i, rate): (usize, &&str)| {
            format!(
                "[[source]]\nkind = \"avs_fault\"\nid = \"{i}\"\n\
                 target = {{ avs = \"*\", operator = \"*\" }}\nrate = {rate}\nseverity = 1.0\n\
                 loadings = {{ f = 0.{i}, g = 0.5 }}\n"
            )
        };
        let entries: String = rates.iter().enumerate().map(entry).collect();
        format!(
            "name = \"test\"\nnetwork = \".\"\n\
             [run]\nseed = 1\npaths = 1\nhorizon_days = 365\nlevels = [0.99]\n\
             [dependence]\nfactors = [\"f\", \"g\"]\n{copula}\n{entries}"
        )
    }

    fn with_model<R>(network: &Network, toml: &str, work: impl FnOnce(&Model<'_>) -> R) -> R {
        let root = Node::parse("run.toml", toml).unwrap();
        let spec = RunSpec::read("run.toml", &root).unwrap();
        work(&spec.resolve("run.toml", &root, network).unwrap()[0].model)
    }

    /// The slow twin: every uniform of every path by its definition, every time by the library's
    /// functions.
    fn slow(model: &Model<'_>, path: u64) -> Vec<(f64, u32)> {
        let mut fired = Vec::new();
        let mixing_sqrt = match model.copula {
            Copula::StudentT { df } => {
                let mut half = [0.0];
                let law = GammaLaw::new(0.5 * df).unwrap();
                law.draw(model.seed, model.mixing, path, &mut half);
                (2.0 * half[0] / df).sqrt()
            }
            _ => 1.0,
        };
        let factor = |key| gaussian::upper_quantile(model.seed.uniform(key, path));
        for class in &model.classes {
            let sum: f64 = class.loadings.iter().map(|(f, a)| a * factor(model.factors[*f])).sum();
            let rate = match class.rate {
                Rate::Known(rate) => rate,
                Rate::Drawn { evidence, scale } => {
                    let mut rate = [0.0];
                    model.evidence[evidence].draw(model.seed, path, &mut rate);
                    scale * rate[0]
                }
            };
            for source in class.sources.clone() {
                let u = uniform(model.seed, model.sources[source].key, path);
                let x = (sum + class.residual * gaussian::upper_quantile(u)) / mixing_sqrt;
                let tau_days = event_time_days(model.copula.survival(x), rate);
                if tau_days <= model.horizon_days {
                    fired.push((tau_days, u32::try_from(source).unwrap()));
                }
            }
        }
        fired.sort_by(|a, b| a.0.total_cmp(&b.0));
        fired
    }

    /// Rates of all sizes, so that every level, the bytes and the bits after them decide.
    #[test]
    fn the_search_finds_what_the_definition_says() {
        let network = network(7);
        let evidence = "{ events = 0, exposure_years = 30.0 }";
        for copula in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
            for rates in [["0.3", "0.01", evidence], ["1e-5", "1e-3", "2.0"]] {
                with_model(&network, &run_file(copula, rates), |model| {
                    let mut draw = Draw::default();
                    let (first, n) = (BLOCK - 300, 700);
                    draw.draw(model, first, n);
                    for offset in 0..n {
                        let found = draw.of_path(offset);
                        let expected = slow(model, first + offset as u64);
                        assert_eq!(found.len(), expected.len(), "path {offset}");
                        for (found, (tau_days, source)) in found.iter().zip(expected) {
                            assert_eq!(found.source, source);
                            assert!((found.tau_days / tau_days - 1.0).abs() < 1e-9, "{tau_days}");
                        }
                    }
                });
            }
        }
    }

    /// Without their times the same sources fire on the same paths, whatever the copula and the rates.
    #[test]
    fn events_without_times_are_those_with_times() {
        let network = network(20);
        let evidence = "{ events = 0, exposure_years = 30.0 }";
        for copula in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
            for rates in [["0.3", "0.01", evidence], ["1e-5", "1e-3", "2.0"]] {
                with_model(&network, &run_file(copula, rates), |model| {
                    let (first, n) = (BLOCK - 300, 2 * BLOCK_LEN);
                    let (mut with, mut without) = (Draw::default(), Draw::default());
                    with.draw(model, first, n);
                    let mut expected: Vec<(u32, u32)> =
                        with.all().iter().map(|fired| (fired.offset, fired.source)).collect();
                    let mut found = Vec::new();
                    without.each_event(model, first, n, |offset, source| {
                        found.push((offset, source));
                    });
                    found.sort_unstable();
                    expected.sort_unstable();
                    assert!(expected.len() > 1_000);
                    assert_eq!(found, expected);
                });
            }
        }
    }

    /// The same names under lower rates: what happens still happens later or not at all, so scenarios
    /// share their numbers.
    #[test]
    fn an_event_at_a_rate_is_one_at_a_higher_rate() {
        let network = network(50);
        let rates = [["1e-4", "0.01", "0.2"], ["1e-3", "0.3", "0.9"]];
        let [few, many] = rates.map(|rates| {
            with_model(&network, &run_file("copula = \"gaussian\"", rates), |model| {
                let mut draw = Draw::default();
                draw.draw(model, 0, 3 * BLOCK_LEN);
                draw.all().to_vec()
            })
        });
        assert!(few.len() > 100_000 && many.len() > 2 * few.len());
        let times: std::collections::BTreeMap<(u32, u32), f64> =
            many.iter().map(|f| ((f.offset, f.source), f.tau_days)).collect();
        for fired in few {
            let other = times.get(&(fired.offset, fired.source));
            assert!(other.is_some_and(|tau_days| *tau_days <= fired.tau_days));
        }
    }
}
