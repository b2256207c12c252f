//! Scores: how the logarithm of a path's density changes with rates and loadings, so that the paths of
//! one run say how every figure of it would move (the likelihood-ratio method: Glasserman 2003, section
//! 7.3; L'Ecuyer 1990, "A unified view of the IPA, SF, and LR gradient estimation techniques").
//!
//! Given what all sources of a path share, sources are independent. With `X(tau)` the latent variable at
//! the time `tau` of a source, `f` its marginal density and `r = sqrt(1 - |a|^2)`, one that fires has the
//! density `phi(z) (sqrt(W) / r) |dX / dtau|` at `z = (X sqrt(W) - a . F) / r`, and one that does not the
//! probability `1 - SF(d)`, `d` the same at the horizon. What is shared has a law without rates and
//! loadings, and so have severities, victims and days: their densities drop out.

use rayon::prelude::*;

use crate::copula::{Copula, DAYS_PER_YEAR};
use crate::draw::{Draw, Fired};
use crate::gaussian;
use crate::importance::Shared;
use crate::levels::BLOCK;
use crate::model::Model;
use crate::rate::Rate;
use crate::source::Class;
use crate::variant::Entries;

/// Paths drawn together where few of a block are asked for.
const FEW: u64 = 32;
/// Paths of a block from which it is drawn as a whole.
const MANY: usize = 12;
/// Marginal probabilities below which a source that does not fire says nothing.
const NEVER: f64 = 1e-20;
/// Distances beyond which the hazard of a normal is its expansion.
const FAR: f64 = 30.0;

/// Something that a score is with respect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    key: String,
    classes: Vec<usize>,
    /// None for a rate.
    factor: Option<usize>,
}

impl Parameter {
    /// Its key in a run file: `source.NAME.rate`, of which the score is by the logarithm (all rates that the
    /// key addresses times `1 + h`), or `source.NAME.loadings.FACTOR` (all loadings of the entries that load
    /// on the factor plus `h`).
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether it is a rate; a loading otherwise.
    #[must_use]
    pub fn is_rate(&self) -> bool {
        self.factor.is_none()
    }
}

/// A path with the derivatives of the logarithm of its density.
#[derive(Clone, Debug, PartialEq)]
pub struct PathScore {
    /// Its number.
    pub path: u64,
    /// Its likelihood ratio; 1 where paths are drawn from the model itself.
    pub weight: f64,
    /// By parameter.
    pub scores: Vec<f64>,
    /// Positions in [`Model::sources`] of what fired, in order of time.
    pub fired: Vec<u32>,
}

/// Scores the paths of a model.
#[derive(Clone, Debug)]
pub struct Scorer<'m, 'n> {
    model: &'m Model<'n>,
    marginal: Marginal,
    parameters: Vec<Parameter>,
    without: Vec<String>,
}

impl<'m, 'n> Scorer<'m, 'n> {
    /// For all rates and loadings of a model, entries in order of name.
    #[must_use]
    pub fn new(model: &'m Model<'n>) -> Self {
        let (mut parameters, mut without) = (Vec::new(), Vec::new());
        for entries in model.entries() {
            if entries.classes.iter().all(|&class| model.classes[class].residual > 0.0) {
                parameters.extend(of_entries(model, &entries));
            } else {
                without.push(entries.name);
            }
        }
        Self { model, marginal: Marginal::new(model.copula), parameters, without }
    }

    /// What scores are with respect to, in their order.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Kinds and ids without scores: some of their sources load on factors alone (`|a| = 1`), and what
    /// is certain given the factors has no density.
    #[must_use]
    pub fn without(&self) -> &[String] {
        &self.without
    }

    /// Scores paths, ascending and without repeats, on the threads of the current rayon pool.
    #[must_use]
    pub fn score(&self, paths: &[u64]) -> Vec<PathScore> {
        debug_assert!(paths.is_sorted_by(|a, b| a < b));
        let blocks: Vec<&[u64]> = paths.chunk_by(|a, b| a / BLOCK == b / BLOCK).collect();
        let scored = blocks.into_par_iter().map_init(Draw::default, |draw, block| {
            // Tilted paths are worked out one by one, so that only those asked for are worth drawing.
            if block.len() >= MANY && self.model.tilt.is_none() {
                return self.drawn_together(draw, block);
            }
            let few = block.chunk_by(|a, b| a / FEW == b / FEW);
            few.flat_map(|some| self.drawn_together(draw, some)).collect()
        });
        let scored: Vec<Vec<PathScore>> = scored.collect();
        scored.into_iter().flatten().collect()
    }

    /// Draws paths of one block and scores them.
    fn drawn_together(&self, draw: &mut Draw, paths: &[u64]) -> Vec<PathScore> {
        let offset = draw.draw_some(self.model, paths);
        let score = |&path: &u64| {
            let at = offset(path);
            let shared = self.model.tilt.as_ref().and_then(|tilt| tilt.shared(self.model, path));
            let shared = shared.unwrap_or_else(|| draw.shared_of_streams(self.model, at));
            PathScore {
                path,
                weight: draw.weights().get(at).copied().unwrap_or(1.0),
                scores: self.of_path(&shared, draw.of_path(at)),
                fired: draw.of_path(at).iter().map(|fired| fired.source).collect(),
            }
        };
        paths.iter().map(score).collect()
    }

    /// The scores of a path, by parameter.
    fn of_path(&self, shared: &Shared, fired: &[Fired]) -> Vec<f64> {
        let model = self.model;
        let mut terms: Vec<Terms> = vec![Terms::default(); model.classes.len()];
        let mut n_fired = vec![0; model.classes.len()];
        let given: Vec<Given> =
            model.classes.iter().map(|class| Given::new(model, class, shared)).collect();
        for event in fired {
            let class = model.sources[event.source as usize].class;
            n_fired[class] += 1;
            terms[class].add(1.0, self.of_fired(&given[class], event.tau_days));
        }
        for (number, class) in model.classes.iter().enumerate() {
            let n_left = (class.sources.len() - n_fired[number]) as f64;
            terms[number].add(n_left, self.of_silent(class, &given[number]));
        }
        let score = |parameter: &Parameter| {
            let of_class = |&class: &usize| match parameter.factor {
                None => terms[class].by_ln_rate,
                Some(factor) => {
                    terms[class].by_loading(&model.classes[class], factor, shared.factors[factor])
                }
            };
            parameter.classes.iter().map(of_class).sum()
        };
        self.parameters.iter().map(score).collect()
    }

    /// Of a source that fires at a time: derivatives of `ln phi(z) - ln r + ln |dX / dtau|`.
    fn of_fired(&self, given: &Given, tau_days: f64) -> Terms {
        let events = given.rate * tau_days / DAYS_PER_YEAR;
        let latent = self.latent(events);
        let z = (latent * given.mixing_sqrt - given.factor) / given.residual;
        let by_ln_rate = self.marginal.by_ln_rate(latent, events);
        let of_shape = -z * given.mixing_sqrt / given.residual - self.marginal.slope(latent);
        Terms {
            by_ln_rate: 1.0 - events + of_shape * by_ln_rate,
            by_mean: z,
            by_residual: 1.0 - z * z,
        }
    }

    /// Of a source that does not fire: derivatives of `ln (1 - SF(d))`.
    fn of_silent(&self, class: &Class, given: &Given) -> Terms {
        let events = given.rate * self.model.horizon_days / DAYS_PER_YEAR;
        if events < NEVER || class.residual <= 0.0 {
            return Terms::default();
        }
        let threshold = match class.rate {
            Rate::Known(_) => class.threshold.unwrap_or(f64::INFINITY),
            Rate::Drawn { .. } => self.latent(events),
        };
        if threshold.is_infinite() {
            return Terms::default();
        }
        let distance = (threshold * given.mixing_sqrt - given.factor) / given.residual;
        let hazard = hazard(-distance);
        let by_ln_rate = self.marginal.by_ln_rate(threshold, events);
        Terms {
            by_ln_rate: hazard * by_ln_rate * given.mixing_sqrt / given.residual,
            by_mean: -hazard,
            by_residual: hazard * distance,
        }
    }

    /// The latent variable by which so many events are expected, `SF^-1(1 - e^-y)`.
    fn latent(&self, events: f64) -> f64 {
        let thresholds = &self.model.thresholds;
        if events > std::f64::consts::LN_2 {
            -thresholds.quantile((-events).exp())
        } else {
            thresholds.quantile(-(-events).exp_m1())
        }
    }
}

/// The parameters of some entries: their rate, and their loading on each factor that some of them load on.
fn of_entries(model: &Model<'_>, entries: &Entries) -> Vec<Parameter> {
    let name = &entries.name;
    let classes = entries.classes.clone();
    let mut all = vec![Parameter { key: format!("source.{name}.rate"), classes, factor: None }];
    for (factor, named) in model.factor_names.iter().enumerate() {
        let loads = |class: &usize| {
            model.classes[*class].loadings.iter().any(|(number, _)| *number == factor)
        };
        let classes: Vec<usize> = entries.classes.iter().copied().filter(loads).collect();
        if !classes.is_empty() {
            let key = format!("source.{name}.loadings.{named}");
            all.push(Parameter { key, classes, factor: Some(factor) });
        }
    }
    all
}

/// What a path leaves to the sources of a class.
#[derive(Clone, Copy, Debug)]
struct Given {
    factor: f64,
    mixing_sqrt: f64,
    residual: f64,
    /// Events a year.
    rate: f64,
}

impl Given {
    fn new(model: &Model<'_>, class: &Class, shared: &Shared) -> Self {
        let rate = match class.rate {
            Rate::Known(rate) => rate,
            Rate::Drawn { evidence, scale } => scale * shared.rates[evidence],
        };
        debug_assert!(model.factors.len() == shared.factors.len());
        Self {
            factor: class.loadings.iter().map(|&(factor, a)| a * shared.factors[factor]).sum(),
            mixing_sqrt: shared.mixing.sqrt(),
            residual: class.residual,
            rate,
        }
    }
}

/// Derivatives of the logarithm of a density, in parts that any loading is made of.
#[derive(Clone, Copy, Debug, Default)]
struct Terms {
    by_ln_rate: f64,
    /// By `a . F`, times `r`.
    by_mean: f64,
    /// By `ln r`, but for its sign.
    by_residual: f64,
}

impl Terms {
    fn add(&mut self, count: f64, other: Self) {
        self.by_ln_rate += count * other.by_ln_rate;
        self.by_mean += count * other.by_mean;
        self.by_residual += count * other.by_residual;
    }

    /// The derivative by the loading on a factor, which moves `a . F` by the factor and `ln r` by `-a / r^2`.
    fn by_loading(&self, class: &Class, number: usize, factor: f64) -> f64 {
        let own = class.loadings.iter().find(|(of, _)| *of == number);
        let loading = own.map_or(0.0, |(_, loading)| *loading);
        let residual = class.residual;
        if residual > 0.0 {
            self.by_mean * factor / residual + self.by_residual * loading / (residual * residual)
        } else {
            0.0
        }
    }
}

/// The law of a latent variable.
#[derive(Clone, Copy, Debug)]
struct Marginal {
    df: Option<f64>,
    /// Logarithm of the density at 0.
    ln_at_0: f64,
}

impl Marginal {
    fn new(copula: Copula) -> Self {
        match copula {
            Copula::Independent | Copula::Gaussian => {
                Self { df: None, ln_at_0: -0.5 * (2.0 * std::f64::consts::PI).ln() }
            }
            Copula::StudentT { df } => {
                let ln_beta = statrs::function::beta::ln_beta(0.5 * df, 0.5);
                Self { df: Some(df), ln_at_0: -ln_beta - 0.5 * df.ln() }
            }
        }
    }

    fn ln_density(&self, x: f64) -> f64 {
        self.ln_at_0
            - match self.df {
                None => 0.5 * x * x,
                Some(df) => 0.5 * (df + 1.0) * (x * x / df).ln_1p(),
            }
    }

    /// Derivative of the logarithm of the density.
    fn slope(&self, x: f64) -> f64 {
        match self.df {
            None => -x,
            Some(df) => -(df + 1.0) * x / (df + x * x),
        }
    }

    /// Derivative of the latent variable by the logarithm of the rate, where so many events are expected
    /// by then: `-y e^-y / f(x)`.
    fn by_ln_rate(&self, x: f64, events: f64) -> f64 {
        -(events.ln() - events - self.ln_density(x)).exp()
    }
}

/// `phi(y) / SF(y)`, by its expansion (Abramowitz and Stegun 26.2.12) where both are too small.
fn hazard(y: f64) -> f64 {
    if y > FAR {
        return y + (y + 2.0 / y).recip();
    }
    (-0.5 * y * y).exp() / (2.0 * std::f64::consts::PI).sqrt() / gaussian::survival(y)
}
