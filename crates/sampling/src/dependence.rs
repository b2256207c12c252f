//! How much sources depend on one another by the law that the run file asks for, in closed form, so that a run can show beside it what
//! its paths have done.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::common::Common;
use crate::copula::{Copula, event_probability};
use crate::levels::{BLOCK, BLOCK_LEN};
use crate::model::Model;
use crate::rate::Rate;
use crate::source::Class;

/// A `[[source]]` entry of a scenario, as far as some of its targets are left to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Kind, and id where there is one; a number follows where entries before it are called the same.
    pub name: String,
    /// Its sources.
    pub n_sources: usize,
    /// Probability that one of them fires within the horizon.
    pub probability: f64,
}

impl Model<'_> {
    /// The entries that sources come from, in file order.
    #[must_use]
    pub fn source_entries(&self) -> Vec<Entry> {
        let label = |class: &Class| {
            let kind = self.sources[class.sources.start].kind.name();
            if class.id.is_empty() { kind.to_owned() } else { format!("{kind}/{}", class.id) }
        };
        let name = |number: usize| {
            let own = label(&self.classes[number]);
            let same = self.classes[..number].iter().filter(|class| label(class) == own).count();
            if same > 0 { format!("{own} #{}", same + 1) } else { own }
        };
        let entry = |(number, class): (usize, &Class)| Entry {
            name: name(number),
            n_sources: class.sources.len(),
            probability: self.mean_probability(class),
        };
        self.classes.iter().enumerate().map(entry).collect()
    }

    /// Number of the entry that a source comes from.
    #[must_use]
    pub fn entry_of(&self, source: usize) -> usize {
        self.sources[source].class
    }

    /// Probability that two sources, one of each entry (and two different ones where it is the same), both fire within the horizon: by the
    /// copula, over the posteriors of drawn rates. To about a thousandth where both rates are drawn, else to 1e-8.
    #[must_use]
    pub fn joint_probability(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (&self.classes[a], &self.classes[b]);
        let rho = self.correlation(a, b);
        let both = |rate_a: f64, rate_b: f64| {
            let p = [rate_a, rate_b].map(|rate| event_probability(rate, self.horizon_days));
            self.both(p, rho)
        };
        match (a.rate, b.rate) {
            (Rate::Known(a), Rate::Known(b)) => both(a, b),
            (Rate::Drawn { evidence: e, scale: s }, Rate::Drawn { evidence: f, scale: t })
                if e == f =>
            {
                self.over_posterior(e, |rate| both(s * rate, t * rate))
            }
            (Rate::Drawn { evidence, scale }, Rate::Known(known))
            | (Rate::Known(known), Rate::Drawn { evidence, scale }) => {
                self.over_posterior(evidence, |rate| both(scale * rate, known))
            }
            (Rate::Drawn { evidence: e, scale: s }, Rate::Drawn { evidence: f, scale: t }) => self
                .over_posterior(e, |rate_a| {
                    self.over_posterior(f, |rate_b| both(s * rate_a, t * rate_b))
                }),
        }
    }

    /// Correlation of the latent variables of two sources.
    fn correlation(&self, a: &Class, b: &Class) -> f64 {
        let loading = |factor: usize| {
            let own = b.loadings.iter().filter(|(other, _)| *other == factor);
            own.map(|(_, loading)| loading).sum::<f64>()
        };
        a.loadings.iter().map(|&(factor, own)| own * loading(factor)).sum()
    }

    fn both(&self, [p, q]: [f64; 2], rho: f64) -> f64 {
        if p <= 0.0 || q <= 0.0 {
            return 0.0;
        }
        if p >= 1.0 || q >= 1.0 {
            return p.min(q);
        }
        let [h, k] = [p, q].map(|p| self.thresholds.quantile(p));
        match self.copula {
            Copula::Independent => p * q,
            Copula::Gaussian => p * q + normal_excess(h, k, rho),
            Copula::StudentT { df } => p.min(q) - student_deficit(h, k, rho, df),
        }
    }

    /// Mean over the posterior of a rate, by the trapezoidal rule in its logarithm, for what falls at least as fast as the rate does.
    fn over_posterior(&self, evidence: usize, of_rate: impl Fn(f64) -> f64) -> f64 {
        let (shape, exposure_years) = self.evidence[evidence].shape_and_rate();
        let ln_gamma = statrs::function::gamma::ln_gamma(shape);
        let nodes = (-LOG_NODES.0..LOG_NODES.1).map(|step| f64::from(step) * LOG_STEP + shape.ln());
        let term = |y: f64| {
            let density = (shape * y - y.exp() - ln_gamma).exp();
            if density > 0.0 { density * of_rate(y.exp() / exposure_years) } else { 0.0 }
        };
        LOG_STEP * nodes.map(term).sum::<f64>()
    }

    /// Factors of up to `n` of the first paths, path by path, by the law of the model itself: of a weighted run those of its plain paths.
    #[must_use]
    pub fn factors(&self, n: u64) -> Vec<Vec<f64>> {
        let mut common = Common::default();
        let mut all = Vec::new();
        for first in (0..n).step_by(BLOCK_LEN) {
            let len = usize::try_from((n - first).min(BLOCK)).unwrap_or(BLOCK_LEN);
            common.draw(self, first, len);
            let is_plain = |path: u64| self.tilt.as_ref().is_none_or(|tilt| tilt.is_plain(path));
            let own = (first..).take(len).enumerate().filter(|(_, path)| is_plain(*path));
            all.extend(own.map(|(offset, _)| common.shared(self, offset).factors));
        }
        all
    }
}

/// Steps of the logarithm of a rate, from the mean of its posterior, and their length.
const LOG_NODES: (i32, i32) = (24, 12);
const LOG_STEP: f64 = 0.5;

/// `P(X > h, Y > k) - P(X > h) P(Y > k)` of two normals of correlation `rho` (Plackett 1954, "A reduction formula for normal
/// multivariate integrals"): an integral over the correlation, here over its arc sine.
fn normal_excess(h: f64, k: f64, rho: f64) -> f64 {
    let density = |theta: f64| {
        let (sin, cos) = theta.sin_cos();
        let square = h * h + k * k - 2.0 * h * k * sin;
        (-0.5 * square / (cos * cos)).exp() / TAU
    };
    gauss(0.0, rho.clamp(-1.0, 1.0).asin(), 4, density)
}

/// `P(X > max(h, k)) - P(X > h, Y > k)` of two variables of Student's t with `df` degrees of freedom and correlation `rho`, from the same
/// formula, of which the correlation 1 is the end that is known (Genz 2004, "Numerical computation of rectangular bivariate and
/// trivariate normal and t probabilities").
fn student_deficit(h: f64, k: f64, rho: f64, df: f64) -> f64 {
    let density = |theta: f64| {
        let (sin, cos) = theta.sin_cos();
        let square = (h - k).powi(2) + 2.0 * h * k * (1.0 - sin);
        let cos_square = cos * cos;
        if cos_square <= 0.0 {
            return 0.0;
        }
        (1.0 + square / (df * cos_square)).powf(-0.5 * df) / TAU
    };
    // Steep near the end where the thresholds are nearly equal.
    let start = rho.clamp(-1.0, 1.0).asin();
    let mut deficit = 0.0;
    let (mut from, width) = (start, FRAC_PI_2 - start);
    for halving in 1..=8 {
        let to = FRAC_PI_2 - width * 0.5_f64.powi(halving);
        deficit += gauss(from, to, 1, density);
        from = to;
    }
    deficit + gauss(from, FRAC_PI_2, 1, density)
}

/// The integral from `a` to `b` by Gauss and Legendre's rule of ten points on each of `n` parts.
fn gauss(a: f64, b: f64, n: u32, integrand: impl Fn(f64) -> f64) -> f64 {
    let half = (b - a) / (2.0 * f64::from(n));
    let part = |number: u32| {
        let middle = a + half * f64::from(2 * number + 1);
        let pair = |&(x, weight): &(f64, f64)| {
            weight * (integrand(middle - half * x) + integrand(middle + half * x))
        };
        LEGENDRE.iter().map(pair).sum::<f64>()
    };
    half * (0..n).map(part).sum::<f64>()
}

/// Abscissas and weights (Abramowitz and Stegun, table 25.4).
const LEGENDRE: [(f64, f64); 5] = [
    (0.148_874_338_981_631_21, 0.295_524_224_714_752_87),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_35),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaussian;

    /// Two names of probability .01 and correlation .5, and what is known at the ends.
    #[test]
    fn joint_probabilities_are_the_published_ones() {
        let h = gaussian::upper_quantile(0.01);
        let both = 1e-4 + normal_excess(h, h, 0.5);
        assert!((both / 1.293_92e-3 - 1.0).abs() < 1e-5, "{both}");
        let t = Copula::StudentT { df: 4.0 }.upper_quantile(0.01);
        let both = 0.01 - student_deficit(t, t, 0.5, 4.0);
        assert!((both / 2.876_78e-3 - 1.0).abs() < 1e-5, "{both}");
        let all = 0.01 - student_deficit(t, t, 1.0, 4.0);
        assert!((all / 0.01 - 1.0).abs() < 1e-12, "{all}");
        assert!(normal_excess(h, h, 0.0).abs() < 1e-300);
    }

    /// With very many degrees of freedom Student's t is normal, also where the thresholds differ.
    #[test]
    fn many_degrees_of_freedom_are_the_normal() {
        let (p, q) = (0.02, 0.003);
        let [h, k] = [p, q].map(gaussian::upper_quantile);
        let expected = p * q + normal_excess(h, k, 0.4);
        let df = 1e7;
        let copula = Copula::StudentT { df };
        let [h, k] = [p, q].map(|p| copula.upper_quantile(p));
        let found = q - student_deficit(h, k, 0.4, df);
        assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
    }
}
