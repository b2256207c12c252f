//! What all sources of a path share: factors, the mixing variable of the t copula, rates drawn from
//! evidence; and from it how likely each class of sources fires on each path.

use crate::copula::{Copula, DAYS_PER_YEAR, Systematic};
use crate::gamma::GammaLaw;
use crate::importance::Shared;
use crate::kernels::{exp, ln, survival, vectorised};
use crate::model::Model;
use crate::rate::Rate;
use crate::sobol::Sobol;
use crate::source::Class;

/// Widens the comparison, so that rounding in the conditional probability excludes no event.
const ROUNDING_ROOM: f64 = 1.0 + 1e-9;
/// Below this part of the probability, so widened, of a source of known rate its time is within the
/// horizon whatever the rounding.
pub(crate) const CERTAIN: f64 = 1.0 - 4e-9;

/// The common draws of consecutive paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Common {
    n: usize,
    /// Factor by factor, a value a path.
    factors: Vec<f64>,
    /// `sqrt(W)` by path; empty where it is 1.
    mixing_sqrt: Vec<f64>,
    /// Evidence by evidence, a rate a path.
    rates: Vec<f64>,
    /// Market factor of the noise by path; empty where it is the stream's.
    market: Vec<f64>,
}

/// What a class makes of them, by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chances {
    /// `a . F`; empty where the class loads on nothing.
    pub(crate) factor: Vec<f64>,
    /// Probability that a source of the class fires, widened for rounding.
    pub(crate) probability: Vec<f64>,
    threshold: Vec<f64>,
}

impl Common {
    /// Draws the common part of `n` paths from `first`.
    pub(crate) fn draw(&mut self, model: &Model<'_>, first: u64, n: usize) {
        self.n = n;
        self.factors.resize(n * model.factors.len(), 0.0);
        let sobol = model.sobol.as_ref();
        let factors = self.factors.chunks_exact_mut(n).zip(&model.factors);
        for (number, (normals, &key)) in factors.enumerate() {
            match sobol.and_then(|sobol| sobol.factor(number)) {
                Some(dimension) => dimension.draw(first, normals),
                None => model.seed.normals(key, first, normals),
            }
        }
        self.mixing_sqrt.clear();
        if let Copula::StudentT { df } = model.copula
            && let Some(half_chi_squared) = GammaLaw::new(0.5 * df)
        {
            self.mixing_sqrt.resize(n, 0.0);
            match sobol.and_then(Sobol::mixing) {
                Some(dimension) => dimension.draw(first, &mut self.mixing_sqrt),
                None => {
                    half_chi_squared.draw(model.seed, model.mixing, first, &mut self.mixing_sqrt);
                }
            }
            self.mixing_sqrt.iter_mut().for_each(|w| *w = (*w / (0.5 * df)).sqrt());
        }
        self.rates.resize(n * model.evidence.len(), 0.0);
        let rates = self.rates.chunks_exact_mut(n).zip(&model.evidence);
        for (number, (rates, evidence)) in rates.enumerate() {
            match sobol.and_then(|sobol| sobol.evidence(number)) {
                Some(dimension) => evidence.draw_from(dimension, first, rates),
                None => evidence.draw(model.seed, first, rates),
            }
        }
        self.market.clear();
        if let Some(sobol) = sobol {
            sobol.market(first, n, &self.factors, &mut self.market);
        }
    }

    /// The market factor of the noise by path; empty where it is the stream's.
    pub(crate) fn market(&self) -> &[f64] {
        &self.market
    }

    /// What all sources of one path share.
    pub(crate) fn shared(&self, model: &Model<'_>, offset: usize) -> Shared {
        let of_path = |all: &[f64], number: usize| all[number * self.n + offset];
        Shared {
            factors: (0..model.factors.len()).map(|f| of_path(&self.factors, f)).collect(),
            mixing: self.mixing_sqrt.get(offset).map_or(1.0, |sqrt| sqrt * sqrt),
            rates: (0..model.evidence.len()).map(|e| of_path(&self.rates, e)).collect(),
        }
    }

    /// What a path leaves to the sources of a class, and the rate of the class on it.
    pub(crate) fn systematic(
        &self,
        class: &Class,
        chances: &Chances,
        offset: usize,
    ) -> (Systematic, f64) {
        let systematic = Systematic {
            factor: chances.factor.get(offset).copied().unwrap_or(0.0),
            mixing_sqrt: self.mixing_sqrt.get(offset).copied().unwrap_or(1.0),
            residual: class.residual,
        };
        let rate = match class.rate {
            Rate::Known(rate) => rate,
            Rate::Drawn { evidence, scale } => scale * self.rates[evidence * self.n + offset],
        };
        (systematic, rate)
    }

    /// Works out how likely a source of a class fires on each path.
    pub(crate) fn chances(&self, model: &Model<'_>, class: &Class, chances: &mut Chances) {
        let n = self.n;
        self.add_factors(class, &mut chances.factor);
        chances.probability.clear();
        let known = match class.rate {
            Rate::Known(_) => match class.threshold {
                Some(threshold) => Some(threshold),
                None => {
                    chances.probability.resize(n, 0.0);
                    return;
                }
            },
            Rate::Drawn { evidence, scale } => {
                let rates = &self.rates[evidence * n..][..n];
                let horizon_years = scale * model.horizon_days / DAYS_PER_YEAR;
                thresholds(model, rates, horizon_years, chances);
                None
            }
        };
        if let (Some(threshold), true, true) =
            (known, chances.factor.is_empty(), self.mixing_sqrt.is_empty())
        {
            let systematic = Systematic { factor: 0.0, mixing_sqrt: 1.0, residual: class.residual };
            let probability = systematic.conditional_probability(threshold) * ROUNDING_ROOM;
            chances.probability.resize(n, probability);
            return;
        }
        if let Some(threshold) = known {
            chances.threshold.clear();
            chances.threshold.resize(n, threshold);
        }
        // The thresholds become distances, the distances probabilities, each in one pass.
        chances.probability.extend_from_slice(&chances.threshold);
        self.probabilities(class, chances);
    }

    fn add_factors(&self, class: &Class, sums: &mut Vec<f64>) {
        sums.clear();
        for (number, &(factor, loading)) in class.loadings.iter().enumerate() {
            let factors = &self.factors[factor * self.n..][..self.n];
            if number == 0 {
                sums.extend(factors.iter().map(|f| loading * f));
            } else {
                sums.iter_mut().zip(factors).for_each(|(sum, f)| *sum += loading * f);
            }
        }
    }

    fn probabilities(&self, class: &Class, chances: &mut Chances) {
        let Chances { factor, probability, .. } = chances;
        let residual = class.residual;
        vectorised(
            #[inline(always)]
            || {
                if !self.mixing_sqrt.is_empty() {
                    for (x, mixing) in probability.iter_mut().zip(&self.mixing_sqrt) {
                        *x *= mixing;
                    }
                }
                for (x, factor) in probability.iter_mut().zip(factor.iter()) {
                    *x -= factor;
                }
                if residual > 0.0 {
                    for x in probability.iter_mut() {
                        *x = survival(*x / residual) * ROUNDING_ROOM;
                    }
                } else {
                    for x in probability.iter_mut() {
                        *x = if *x <= 0.0 { 1.0 } else { 0.0 };
                    }
                }
            },
        );
    }
}

/// Lower bounds of the thresholds of rates that are drawn, from the model's table.
fn thresholds(model: &Model<'_>, rates: &[f64], horizon_years: f64, chances: &mut Chances) {
    let threshold = &mut chances.threshold;
    threshold.clear();
    threshold.extend_from_slice(rates);
    vectorised(
        #[inline(always)]
        || {
            for x in threshold.iter_mut() {
                // A little too likely is a bound too: 1 - e^-y <= y.
                let y = *x * horizon_years;
                let y = if y < 700.0 { y } else { 700.0 };
                let p = if y < 1e-3 { y } else { (1.0 - exp(-y)) * ROUNDING_ROOM };
                *x = -ln(if p > 1e-300 { p } else { 1e-300 });
            }
        },
    );
    for x in threshold.iter_mut() {
        *x = model.thresholds.at_most_quantile(*x);
    }
}
