//! When sources fire, by their uniforms and what their paths share, many at a time.

use crate::common::{Chances, Common};
use crate::copula::{Copula, DAYS_PER_YEAR, Systematic, event_time_days};
use crate::kernels::{ln_1m, quantiles, survival, vectorised};
use crate::search::Found;
use crate::source::Class;

/// Sources that fire, by column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// Uniforms, then their quantiles, latent variables, times.
    values: Vec<f64>,
    factors: Vec<f64>,
    mixing_sqrt: Vec<f64>,
    residuals: Vec<f64>,
    rates_per_year: Vec<f64>,
}

impl Times {
    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.factors.clear();
        self.mixing_sqrt.clear();
        self.residuals.clear();
        self.rates_per_year.clear();
    }

    /// Adds a source with its uniform, on a path that leaves this to it.
    pub(crate) fn push(&mut self, uniform: f64, systematic: Systematic, rate_per_year: f64) {
        self.values.push(uniform);
        self.factors.push(systematic.factor);
        self.mixing_sqrt.push(systematic.mixing_sqrt);
        self.residuals.push(systematic.residual);
        self.rates_per_year.push(rate_per_year);
    }

    /// Takes the sources of a class that a search has found, in place of what was there.
    pub(crate) fn take(
        &mut self,
        class: &Class,
        common: &Common,
        chances: &Chances,
        found: &[Found],
    ) {
        self.clear();
        let given = |found: &Found| common.systematic(class, chances, found.offset as usize);
        self.values.extend(found.iter().map(|found| found.uniform));
        self.factors.extend(found.iter().map(|found| given(found).0.factor));
        self.mixing_sqrt.extend(found.iter().map(|found| given(found).0.mixing_sqrt));
        self.residuals.resize(found.len(), class.residual);
        self.rates_per_year.extend(found.iter().map(|found| given(found).1));
    }

    /// Works out the time of each, in days.
    pub(crate) fn work_out(&mut self, copula: Copula) -> &[f64] {
        quantiles(&mut self.values);
        self.latent();
        match copula {
            Copula::Independent | Copula::Gaussian => self.normal_times(),
            Copula::StudentT { .. } => {
                for (x, rate) in self.values.iter_mut().zip(&self.rates_per_year) {
                    *x = event_time_days(copula.survival(*x), *rate);
                }
            }
        }
        &self.values
    }

    fn latent(&mut self) {
        let Self { values, factors, mixing_sqrt, residuals, .. } = self;
        vectorised(
            #[inline(always)]
            || {
                let shared = factors.iter().zip(&*mixing_sqrt).zip(&*residuals);
                for (x, ((factor, mixing), residual)) in values.iter_mut().zip(shared) {
                    *x = (factor + residual * *x) / mixing;
                }
            },
        );
    }

    fn normal_times(&mut self) {
        let Self { values, rates_per_year, .. } = self;
        vectorised(
            #[inline(always)]
            || {
                for (x, rate) in values.iter_mut().zip(&*rates_per_year) {
                    *x = -DAYS_PER_YEAR * ln_1m(survival(*x)) / rate;
                }
            },
        );
    }
}
