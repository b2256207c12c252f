//! Which sources fire on which paths, and when.
//!
//! A block of consecutive paths is drawn source by source, because a source's stream has one
//! uniform a path, one after the other: a block is a run through the cipher. A source fires when
//! its uniform is below the probability that its class has on that path given the factors; only
//! then is its latent variable worked out, and from it the time. The time decides: the comparison
//! leaves room for rounding and can only let too many through.

use rand::Rng;
use rand_distr::{ChiSquared, Distribution};

use crate::copula::{Copula, Systematic, event_probability, event_time_days};
use crate::gaussian::upper_quantile;
use crate::importance::{Bend, Shared, bend};
use crate::keys::{WORDS_PER_UNIFORM, uniform_from_bits};
use crate::model::Model;
use crate::rate::Rate;
use crate::source::Class;

/// Room for a chi-square draw, which rejects now and then.
const WORDS_PER_CHI_SQUARED: u32 = 64;
/// Widens the comparison, so that rounding in the conditional probability excludes no event.
const ROUNDING_ROOM: f64 = 1.0 + 1e-9;

/// A source that fired on a path of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fired {
    /// Path, counted from the first of the block.
    pub(crate) offset: usize,
    /// When, in days.
    pub(crate) tau_days: f64,
    /// Which.
    pub(crate) source: u32,
}

/// A block of paths.
pub(crate) struct Drawn {
    /// Events in order of path, time and source.
    pub(crate) fired: Vec<Fired>,
    /// By path; empty where no path is tilted.
    bends: Vec<Bend>,
    /// By path; empty where every path weighs 1.
    pub(crate) weights: Vec<f64>,
}

impl Drawn {
    /// How a path differs from what its streams would give.
    pub(crate) fn bend(&self, offset: usize) -> Bend {
        self.bends.get(offset).copied().unwrap_or_default()
    }
}

/// Draws `n` paths from `first`.
pub(crate) fn draw_block(model: &Model<'_>, first: u64, n: usize) -> Drawn {
    let common = draw_common(model, first, n);
    let mut fired = draw_events(model, &common, first, n);
    let (mut bends, mut weights) = (Vec::new(), Vec::new());
    if let Some(tilt) = &model.tilt {
        let shared = |offset| common.shared(offset);
        (bends, weights) = bend(model, tilt, first, shared, n, &mut fired);
    }
    fired.sort_by(|a, b| {
        (a.offset.cmp(&b.offset))
            .then(a.tau_days.total_cmp(&b.tau_days))
            .then(a.source.cmp(&b.source))
    });
    Drawn { fired, bends, weights }
}

fn draw_events(model: &Model<'_>, common: &Common, first: u64, n: usize) -> Vec<Fired> {
    let mut fired = Vec::new();
    let mut words = Words::new(n);
    for class in &model.classes {
        let chances: Vec<Chance> =
            (0..n).map(|offset| common.chance(model, class, offset)).collect();
        if chances.iter().all(|chance| chance.bits_below == 0) {
            continue;
        }
        for source in class.sources.clone() {
            let bits = words.of_source(model, source, first);
            for (offset, (bits, chance)) in bits.zip(&chances).enumerate() {
                if bits < chance.bits_below
                    && let Some(tau_days) = chance.event_time(model, uniform_from_bits(bits))
                {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "a model has fewer than 2^32 sources"
                    )]
                    fired.push(Fired { offset, tau_days, source: source as u32 });
                }
            }
        }
    }
    fired
}

/// Random words of one source over a block, in a buffer that all sources use in turn.
struct Words {
    bytes: Vec<u8>,
}

impl Words {
    fn new(n: usize) -> Self {
        Self { bytes: vec![0; 8 * n] }
    }

    fn of_source(
        &mut self,
        model: &Model<'_>,
        source: usize,
        first: u64,
    ) -> impl Iterator<Item = u64> {
        let key = model.sources[source].key;
        model.seed.rng(key, first, WORDS_PER_UNIFORM).fill_bytes(&mut self.bytes);
        let (words, _) = self.bytes.as_chunks::<8>();
        words.iter().map(|word| u64::from_le_bytes(*word))
    }
}

/// What all sources of a path share.
struct Common {
    /// By path, then factor.
    factors: Vec<f64>,
    n_factors: usize,
    /// By path.
    mixing_sqrt: Vec<f64>,
    /// By path, then evidence.
    rates: Vec<f64>,
    n_rates: usize,
}

fn draw_common(model: &Model<'_>, first: u64, n: usize) -> Common {
    let paths = || (first..).take(n);
    let normal = |key, path| upper_quantile(model.seed.uniform(key, path));
    let factors = paths().flat_map(|path| model.factors.iter().map(move |&key| normal(key, path)));
    let rates =
        paths().flat_map(|path| model.evidence.iter().map(move |e| e.draw(model.seed, path)));
    Common {
        factors: factors.collect(),
        n_factors: model.factors.len(),
        mixing_sqrt: draw_mixing(model, first, n),
        rates: rates.collect(),
        n_rates: model.evidence.len(),
    }
}

/// `sqrt(W)`, `W = chi2_df / df`, a path.
fn draw_mixing(model: &Model<'_>, first: u64, n: usize) -> Vec<f64> {
    let Copula::StudentT { df } = model.copula else {
        return vec![1.0; n];
    };
    let Ok(chi_squared) = ChiSquared::new(df) else {
        return vec![1.0; n];
    };
    let draw = |path| {
        let mut rng = model.seed.rng(model.mixing, path, WORDS_PER_CHI_SQUARED);
        (chi_squared.sample(&mut rng) / df).sqrt()
    };
    (first..).take(n).map(draw).collect()
}

/// What a path leaves open for each source of a class.
#[derive(Clone, Copy)]
struct Chance {
    systematic: Systematic,
    rate_per_year: f64,
    /// A source whose random word is not below this does not fire.
    bits_below: u64,
}

impl Common {
    fn shared(&self, offset: usize) -> Shared {
        let of = |all: &[f64], n: usize| all[offset * n..][..n].to_vec();
        Shared {
            factors: of(&self.factors, self.n_factors),
            mixing: self.mixing_sqrt[offset].powi(2),
            rates: of(&self.rates, self.n_rates),
        }
    }

    fn chance(&self, model: &Model<'_>, class: &Class, offset: usize) -> Chance {
        let factors = &self.factors[offset * self.n_factors..][..self.n_factors];
        let systematic = Systematic {
            factor: class.loadings.iter().map(|&(factor, loading)| loading * factors[factor]).sum(),
            mixing_sqrt: self.mixing_sqrt[offset],
            residual: class.residual,
        };
        let (rate_per_year, probability) = match class.rate {
            Rate::Known(rate) => {
                (rate, class.threshold.map_or(0.0, |x| systematic.conditional_probability(x)))
            }
            Rate::Drawn { evidence, scale } => {
                let rate = scale * self.rates[offset * self.n_rates + evidence];
                let p = event_probability(rate, model.horizon_days);
                (
                    rate,
                    if p > 0.0 {
                        systematic.conditional_probability(model.thresholds.at_most_quantile(p))
                    } else {
                        0.0
                    },
                )
            }
        };
        Chance { systematic, rate_per_year, bits_below: bits_below(probability) }
    }
}

/// Random words below this are uniforms below `probability`, with room for rounding.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, as it should"
)]
fn bits_below(probability: f64) -> u64 {
    if probability <= 0.0 {
        return 0;
    }
    (probability * ROUNDING_ROOM * 2f64.powi(64)).ceil() as u64
}

impl Chance {
    /// When the source fires whose idiosyncratic uniform is `u`; none when past the horizon.
    fn event_time(&self, model: &Model<'_>, u: f64) -> Option<f64> {
        let survival = model.copula.survival(self.systematic.latent(u));
        let tau_days = event_time_days(survival, self.rate_per_year);
        (tau_days <= model.horizon_days).then_some(tau_days)
    }
}
