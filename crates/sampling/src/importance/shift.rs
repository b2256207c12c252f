//! What all sources of a path share (factors, mixing variable, rates), drawn where the loss aimed at
//! is least unlikely.
//!
//! The law is found by cross-entropy (Rubinstein 1999; for portfolio credit risk Chan and Kroese
//! 2010, "Efficient estimation of large portfolio loss probabilities in t-copula models"): its
//! moments are those of the model given the loss, where the probability of the loss given `z` is
//! stood in for by its bound `exp(psi(z) - theta(z))` (Glasserman and Li 2005, section 4). Factors
//! stay normal, with another mean, and another deviation along it; mixing variable and rates stay
//! Gamma (Kang and Shahabuddin 2005 tilt the mixing variable so).

use super::gamma::{GammaRatio, ScaledGamma};
use super::twist::{Twist, Twisted};
use crate::copula::{Copula, event_probability};
use crate::kernels::{survival, vectorised};
use crate::keys::{Purpose, Seed, StreamKey};
use crate::model::Model;
use crate::rate::Rate;

/// Draws in a round of the search.
const DRAWS: u32 = 2_048;
/// Rounds of the search at most.
const ROUNDS: u32 = 12;
/// A round trusts its weights as far as they leave this share of its draws effective.
const LEAST_EFFECTIVE: f64 = 0.15;
/// A mean nearer than this to 0 has no direction.
const LEAST_LENGTH: f64 = 0.2;
/// Widens the deviation along the mean: too wide a law costs little, too narrow a one much.
const ROOM: f64 = 1.15;

/// What all sources of a path share.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Shared {
    pub(crate) factors: Vec<f64>,
    /// `W`; 1 unless the copula is a t.
    pub(crate) mixing: f64,
    /// By evidence, before its scale.
    pub(crate) rates: Vec<f64>,
}

/// The law that they are drawn from.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    pub(crate) mean: Vec<f64>,
    /// Unit vector along the mean; empty where it has no direction.
    direction: Vec<f64>,
    /// Standard deviation along it; across it is 1.
    pub(crate) deviation: f64,
    pub(crate) mixing: Option<Bent>,
    pub(crate) rates: Vec<Bent>,
}

/// A Gamma law and what it stands in for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bent {
    pub(crate) law: ScaledGamma,
    plain: ScaledGamma,
    ratio: GammaRatio,
}

impl Bent {
    fn new(law: ScaledGamma, plain: ScaledGamma) -> Self {
        Self { law, plain, ratio: GammaRatio::new(&law, &plain) }
    }

    /// Mean of the variable over that in the model.
    pub(crate) fn mean_ratio(&self) -> f64 {
        self.law.shape / self.law.rate / (self.plain.shape / self.plain.rate)
    }

    fn moved(&self, mean: f64, mean_ln: f64) -> Self {
        ScaledGamma::of_moments(mean, mean_ln).map_or(*self, |law| Self::new(law, self.plain))
    }
}

impl Shift {
    /// The model's own law.
    pub(crate) fn none(model: &Model<'_>) -> Self {
        let mixing = match model.copula {
            Copula::StudentT { df } => ScaledGamma::new(0.5 * df, 0.5 * df),
            Copula::Independent | Copula::Gaussian => None,
        };
        let rates = model.evidence.iter().filter_map(|evidence| {
            let (shape, rate) = evidence.shape_and_rate();
            ScaledGamma::new(shape, rate)
        });
        Self {
            mean: vec![0.0; model.factors.len()],
            direction: Vec::new(),
            deviation: 1.0,
            mixing: mixing.map(|law| Bent::new(law, law)),
            rates: rates.map(|law| Bent::new(law, law)).collect(),
        }
    }

    /// Finds the law by cross-entropy.
    pub(crate) fn find(model: &Model<'_>, twist: &Twist) -> Self {
        let mut shift = Self::none(model);
        let streams = Streams::of_pilot(model);
        let mut probability = Vec::new();
        let mut twisted = Twisted::default();
        for round in 0..ROUNDS {
            let first = u64::from(round) * u64::from(DRAWS);
            let mut draws = Vec::new();
            for number in first..first + u64::from(DRAWS) {
                let shared = shift.draw(model.seed, &streams, number);
                class_probabilities(model, &shared, &mut probability);
                twist.solve(&probability, &mut twisted);
                let ln_weight = twisted.psi - twisted.theta - shift.ln_ratio(&shared);
                draws.push((ln_weight, shared));
            }
            let (power, weights) = tempered(&draws.iter().map(|draw| draw.0).collect::<Vec<_>>());
            shift = shift.fitted(&weights, &draws);
            if power >= 1.0 && round > 0 {
                break;
            }
        }
        shift
    }

    /// The law with the weighted moments of what was drawn, whatever its logarithms of weights are.
    fn fitted(&self, weights: &[f64], draws: &[(f64, Shared)]) -> Self {
        let mean = |of: &dyn Fn(&Shared) -> f64| -> f64 {
            weights.iter().zip(draws).map(|(w, (_, shared))| w * of(shared)).sum()
        };
        let ln = |x: f64| x.max(f64::MIN_POSITIVE).ln();
        let centre: Vec<f64> = (0..self.mean.len()).map(|k| mean(&|s| s.factors[k])).collect();
        let length = norm(&centre);
        let (direction, deviation) = if length < LEAST_LENGTH {
            (Vec::new(), 1.0)
        } else {
            let direction: Vec<f64> = centre.iter().map(|m| m / length).collect();
            let variance = mean(&|s| (dot(&s.factors, &direction) - length).powi(2));
            (direction, (ROOM * variance.sqrt()).clamp(0.1, 2.0))
        };
        let rates = self
            .rates
            .iter()
            .enumerate()
            .map(|(k, bent)| bent.moved(mean(&|s| s.rates[k]), mean(&|s| ln(s.rates[k]))));
        Self {
            rates: rates.collect(),
            mixing: self
                .mixing
                .map(|bent| bent.moved(mean(&|s| s.mixing), mean(&|s| ln(s.mixing)))),
            mean: centre,
            direction,
            deviation,
        }
    }

    /// Draws what the sources of a path share.
    pub(crate) fn draw(&self, seed: Seed, streams: &Streams<'_>, path: u64) -> Shared {
        let normal = |&key: &StreamKey| seed.normal(key, path);
        let gamma = |bent: &Bent, key| bent.law.sample(&mut seed.rng(key, path));
        let mut factors: Vec<f64> = streams.factors.iter().map(normal).collect();
        if !self.direction.is_empty() {
            let stretch = (self.deviation - 1.0) * dot(&factors, &self.direction);
            factors.iter_mut().zip(&self.direction).for_each(|(f, d)| *f += stretch * d);
        }
        factors.iter_mut().zip(&self.mean).for_each(|(f, mean)| *f += mean);
        Shared {
            factors,
            mixing: self.mixing.as_ref().map_or(1.0, |bent| gamma(bent, streams.mixing)),
            rates: self
                .rates
                .iter()
                .zip(&streams.rates)
                .map(|(bent, &key)| gamma(bent, key))
                .collect(),
        }
    }

    /// Logarithm of this law's density over that of the model.
    pub(crate) fn ln_ratio(&self, shared: &Shared) -> f64 {
        let mut plain = 0.0;
        let mut tilted = 0.0;
        for (f, mean) in shared.factors.iter().zip(&self.mean) {
            plain += f * f;
            tilted += (f - mean) * (f - mean);
        }
        if !self.direction.is_empty() {
            let along = dot(&shared.factors, &self.direction) - dot(&self.mean, &self.direction);
            tilted += along * along * (self.deviation.powi(-2) - 1.0);
        }
        let of_factors = 0.5 * (plain - tilted) - self.deviation.ln();
        let of_mixing = self.mixing.map_or(0.0, |bent| bent.ratio.ln_at(shared.mixing));
        let rates = self.rates.iter().zip(&shared.rates);
        of_factors + of_mixing + rates.map(|(bent, &x)| bent.ratio.ln_at(x)).sum::<f64>()
    }
}

/// Where the draws come from.
#[derive(Clone, Debug)]
pub(crate) struct Streams<'a> {
    factors: std::borrow::Cow<'a, [StreamKey]>,
    mixing: StreamKey,
    rates: Vec<StreamKey>,
}

impl<'a> Streams<'a> {
    /// The streams of the model itself: a tilted path has its numbers, put elsewhere.
    pub(crate) fn of_paths(model: &'a Model<'_>) -> Self {
        Self {
            factors: (&model.factors).into(),
            mixing: model.mixing,
            rates: model.evidence.iter().map(|evidence| evidence.key()).collect(),
        }
    }

    /// Streams that no path has.
    fn of_pilot(model: &Model<'_>) -> Self {
        let of = |kind: &str, n: usize| StreamKey::new(Purpose::Pilot, kind).with(&n.to_string());
        Self {
            factors: (0..model.factors.len()).map(|n| of("factor", n)).collect::<Vec<_>>().into(),
            mixing: StreamKey::new(Purpose::Pilot, "mixing"),
            rates: (0..model.evidence.len()).map(|n| of("rate", n)).collect(),
        }
    }
}

/// The probability that a source of each class fires, given what they share.
pub(crate) fn class_probabilities(model: &Model<'_>, shared: &Shared, out: &mut Vec<f64>) {
    let mixing_sqrt = shared.mixing.sqrt();
    out.clear();
    out.extend(model.classes.iter().map(|class| {
        let threshold = match class.rate {
            Rate::Known(_) => class.threshold,
            Rate::Drawn { evidence, scale } => {
                let p = event_probability(scale * shared.rates[evidence], model.horizon_days);
                (p > 0.0).then(|| model.thresholds.quantile(p))
            }
        };
        let loadings = class.loadings.iter();
        let factor: f64 = loadings.map(|&(factor, a)| a * shared.factors[factor]).sum();
        let distance = threshold.map_or(f64::INFINITY, |x| x * mixing_sqrt - factor);
        if class.residual > 0.0 {
            distance / class.residual
        } else {
            // Certain, or impossible.
            f64::INFINITY.copysign(if distance <= 0.0 { -1.0 } else { 1.0 })
        }
    }));
    vectorised(
        #[inline(always)]
        || out.iter_mut().for_each(|x| *x = survival(*x)),
    );
}

/// Weights of these logarithms to the largest power of at most 1 that leaves enough of them
/// effective, normalised; and the power.
fn tempered(ln_weights: &[f64]) -> (f64, Vec<f64>) {
    let n = ln_weights.len() as f64;
    let most = ln_weights.iter().copied().fold(f64::MIN, f64::max);
    let to_power = |power: f64| -> Vec<f64> {
        let weights: Vec<f64> = ln_weights.iter().map(|ln| (power * (ln - most)).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| weight / sum).collect()
    };
    let effective = |weights: &[f64]| 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
    let full = to_power(1.0);
    if effective(&full) >= LEAST_EFFECTIVE * n {
        return (1.0, full);
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..20 {
        let middle = 0.5 * (low + high);
        if effective(&to_power(middle)) >= LEAST_EFFECTIVE * n {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low, to_power(low))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
