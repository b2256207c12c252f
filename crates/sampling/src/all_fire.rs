//! How likely sources all fire within the horizon, whatever else does: what a set of events is worth
//! before one asks what it costs.

use rayon::prelude::*;

use crate::common::{Chances, Common};
use crate::copula::{Copula, event_probability};
use crate::levels::{BLOCK, BLOCK_LEN};
use crate::model::Model;
use crate::rate::Rate;
use crate::source::Class;

/// Draws of what all sources share over which conditional probabilities are averaged.
const N_DRAWS: u64 = 1 << 18;

/// Probability that some sources all fire within the horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AllFire {
    /// The probability.
    pub probability: f64,
    /// Its standard error; 0 where it is known in closed form, to 1e-8.
    pub std_err: f64,
}

impl Model<'_> {
    /// The same of each of some sets of sources, each source once a set.
    ///
    /// One source, two of which at most one rate is drawn from evidence, and sources that share nothing have
    /// closed forms. Of others it is the mean of `prod P(source fires | shared)` over 262,144 draws of
    /// what all sources share, plain ones whatever the paths are drawn from.
    #[must_use]
    pub fn probability_of_all(&self, sets: &[Vec<u32>]) -> Vec<AllFire> {
        let classes_of = |set: &Vec<u32>| -> Vec<usize> {
            set.iter().map(|&source| self.sources[source as usize].class).collect()
        };
        let sets: Vec<Vec<usize>> = sets.iter().map(classes_of).collect();
        let exact: Vec<Option<f64>> = sets.iter().map(|set| self.closed_form(set)).collect();
        let open = sets.iter().zip(&exact).filter(|(_, exact)| exact.is_none());
        let mut averaged =
            self.averaged(&open.map(|(set, _)| &set[..]).collect::<Vec<_>>()).into_iter();
        let known = |exact: Option<f64>| {
            let exact = exact.map(|probability| AllFire { probability, std_err: 0.0 });
            exact.or_else(|| averaged.next())
        };
        exact.into_iter().filter_map(known).collect()
    }

    fn closed_form(&self, set: &[usize]) -> Option<f64> {
        let is_known = |&class: &usize| matches!(self.classes[class].rate, Rate::Known(_));
        let n_drawn = set.iter().filter(|class| !is_known(class)).count();
        let shares = |&class: &usize| !self.classes[class].loadings.is_empty();
        let is_free = !matches!(self.copula, Copula::StudentT { .. }) && !set.iter().any(shares);
        match *set {
            [] => Some(1.0),
            [one] => Some(self.mean_probability(&self.classes[one])),
            [a, b] if n_drawn < 2 => Some(self.joint_probability(a, b)),
            _ if is_free && n_drawn == 0 => {
                Some(set.iter().map(|&class| self.mean_probability(&self.classes[class])).product())
            }
            _ => None,
        }
    }

    /// Means over draws of what all sources share, with their errors.
    fn averaged(&self, sets: &[&[usize]]) -> Vec<AllFire> {
        if sets.is_empty() {
            return Vec::new();
        }
        // Points would need errors of replicates, and a mean so smooth needs no points.
        let model = Model { sobol: None, ..self.clone() };
        let used: Vec<usize> = {
            let all = sets.iter().flat_map(|set| set.iter().copied());
            all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
        };
        let firsts: Vec<u64> = (0..N_DRAWS).step_by(BLOCK_LEN).collect();
        let blocks: Vec<Vec<[f64; 2]>> =
            firsts.into_par_iter().map(|first| model.sums_of_block(first, &used, sets)).collect();
        let n = N_DRAWS as f64;
        let of_set = |number: usize| {
            let sum = |power: usize| blocks.iter().map(|block| block[number][power]).sum::<f64>();
            let mean = sum(0) / n;
            let variance = (sum(1) / n - mean * mean).max(0.0);
            AllFire { probability: mean, std_err: (variance / (n - 1.0)).sqrt() }
        };
        (0..sets.len()).map(of_set).collect()
    }

    /// Sums over a block of draws of the product of a set's conditional probabilities and of its square.
    fn sums_of_block(&self, first: u64, used: &[usize], sets: &[&[usize]]) -> Vec<[f64; 2]> {
        let n = usize::try_from(BLOCK.min(N_DRAWS - first)).unwrap_or(BLOCK_LEN);
        let (mut common, mut chances) = (Common::default(), Chances::default());
        common.draw(self, first, n);
        let mut by_class = vec![Vec::new(); self.classes.len()];
        for &number in used {
            let class = &self.classes[number];
            common.chances(self, class, &mut chances);
            let chance = |offset| self.chance(class, &common, &chances, offset);
            by_class[number] = (0..n).map(chance).collect();
        }
        let sums = |set: &&[usize]| {
            let product = |at: usize| set.iter().map(|&class| by_class[class][at]).product::<f64>();
            let products = (0..n).map(product);
            products.fold([0.0, 0.0], |[sum, squares], p| [sum + p, squares + p * p])
        };
        sets.iter().map(sums).collect()
    }

    /// Probability that a source of a class fires, given what all sources share; sharp, where
    /// [`Common::chances`] has a bound.
    fn chance(&self, class: &Class, common: &Common, chances: &Chances, offset: usize) -> f64 {
        let (systematic, rate) = common.systematic(class, chances, offset);
        let threshold = match class.rate {
            Rate::Known(_) => class.threshold,
            Rate::Drawn { .. } => match event_probability(rate, self.horizon_days) {
                p if p <= 0.0 => None,
                p if p >= 1.0 => Some(f64::NEG_INFINITY),
                p => Some(self.thresholds.quantile(p)),
            },
        };
        threshold.map_or(0.0, |threshold| systematic.conditional_probability(threshold))
    }
}

#[cfg(test)]
mod tests {
    use slashfall_graph::Network;
    use slashfall_graph::Sketch;
    use slashfall_graph::spec::Sharing;

    use super::*;
    use crate::config::{Node, RunSpec};
    use crate::copula::Systematic;

    fn network() -> Network {
        let sketch = Sketch::new().avs("avs", Sharing::Unique);
        let with = |sketch: Sketch, name: &str| {
            sketch.operator(name, name).holding("direct", name, "ETH", 1.0)
        };
        let sketch = ["a", "b", "c", "d"].into_iter().fold(sketch, with);
        sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
    }

    fn with_model<R>(copula: &str, rates: &[&str], work: impl FnOnce(&Model<'_>) -> R) -> R {
        let entry = |(i, rate): (usize, &&str)| {
            format!(
                "[[source]]\nkind = \"avs_fault\"\nid = \"{i}\"\n\
                 target = {{ avs = \"*\", operator = \"*\" }}\nrate = {rate}\nseverity = 1.0\n\
                 loadings = {{ f = 0.6 }}\n"
            )
        };
        let entries: String = rates.iter().enumerate().map(entry).collect();
        let toml = format!(
            "name = \"test\"\nnetwork = \".\"\n\
             [run]\nseed = 1\npaths = 1\nhorizon_days = 365\nlevels = [0.99]\n\
             [dependence]\nfactors = [\"f\"]\n{copula}\n{entries}"
        );
        let network = network();
        let root = Node::parse("run.toml", &toml).unwrap();
        let spec = RunSpec::read("run.toml", &root).unwrap();
        work(&spec.resolve("run.toml", &root, &network).unwrap()[0].model)
    }

    #[track_caller]
    fn agrees(found: AllFire, exact: f64) {
        let error = (found.probability - exact).abs();
        assert!(error < 4.5 * found.std_err, "{found:?}, not {exact}");
        assert!(found.std_err < 0.02 * exact, "{found:?}: too wide to tell");
    }

    /// What is known in closed form, averaged all the same.
    #[test]
    fn means_are_the_closed_forms() {
        let evidence = "{ events = 2, exposure_years = 40.0 }";
        for copula in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
            with_model(copula, &["0.02", "0.1", evidence], |model| {
                let sets: [&[usize]; 6] = [&[0], &[1], &[2], &[0, 0], &[0, 1], &[1, 2]];
                for (set, found) in sets.iter().zip(model.averaged(&sets)) {
                    agrees(found, model.closed_form(set).unwrap());
                }
            });
        }
    }

    /// Three and four sources of one factor: `int phi(f) p(f)^n df`, by the trapezoidal rule.
    #[test]
    fn one_factor_is_an_integral() {
        with_model("copula = \"gaussian\"", &["0.05"], |model| {
            let class = &model.classes[0];
            let chance = |factor: f64| {
                let systematic =
                    Systematic { factor: 0.6 * factor, mixing_sqrt: 1.0, residual: class.residual };
                systematic.conditional_probability(class.threshold.unwrap())
            };
            let integral = |n: i32| {
                let node = |step: i32| {
                    let f = 0.01 * f64::from(step);
                    0.01 * (-0.5 * f * f).exp() / std::f64::consts::TAU.sqrt() * chance(f).powi(n)
                };
                (-1_000..=1_000).map(node).sum::<f64>()
            };
            let sets = [vec![0, 1, 2], vec![0, 1, 2, 3]];
            for (set, found) in sets.iter().zip(model.probability_of_all(&sets)) {
                agrees(found, integral(i32::try_from(set.len()).unwrap()));
            }
        });
    }

    #[test]
    fn what_shares_nothing_is_a_product() {
        let evidence = "{ events = 2, exposure_years = 40.0 }";
        with_model("copula = \"independent\"", &["0.02", "0.1", evidence], |model| {
            let sets = [vec![], vec![0], vec![0, 4], vec![0, 1, 4], vec![0, 1, 8], vec![8, 9]];
            let [p, q] = [0.02_f64, 0.1].map(|rate| -(-rate).exp_m1());
            let found = model.probability_of_all(&sets);
            for (found, exact) in found.iter().zip([1.0, p, p * q, p * p * q]) {
                assert!((found.probability / exact - 1.0).abs() < 1e-9, "{found:?} {exact}");
                assert!(found.std_err <= 0.0);
            }
            // Of a Gamma(2.5) rate r over 40 years: E[1 - e^-r] and E[(1 - e^-r)^2].
            let transform = |s: f64| (1.0 + s / 40.0).powf(-2.5);
            agrees(found[4], p * p * (1.0 - transform(1.0)));
            agrees(found[5], 1.0 - 2.0 * transform(1.0) + transform(2.0));
        });
    }
}
