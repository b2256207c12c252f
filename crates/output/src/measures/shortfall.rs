//! The figures of a tail, read from the ranked losses: value at risk, expected shortfall, their errors, and what bins leave open.

use super::mass::mass_range;
use super::spread::Spread;
use super::{Estimate, Level, SortedLosses, Sum, interval};

impl SortedLosses {
    /// Quantile `inf{x : F(x) >= level}`, the loss beyond which there is a mass of `n (1 - level)` at most: where paths weigh 1, the ascending
    /// order statistic `ceil(level n)`. In the unit of the losses.
    ///
    /// The interval lies between two order statistics and needs no distribution (David and Nagaraja 2003, section 7.1):
    /// the number of paths beyond the true quantile is binomial (n, 1 - level), exact here for every n. It covers at least 95 %,
    /// more where losses tie. The mass of weighted paths beyond it is taken to be gamma with the variance that their weights say.
    /// The standard error is half its width over 1.96, the normal reading of it.
    #[must_use]
    pub fn value_at_risk(&self, level: Level) -> Estimate {
        let support = |all: &Self| all.support_of_tail(level).symmetric();
        self.over_replicates(|all| all.quantile_of_paths(level), support)
    }

    fn quantile_of_paths(&self, level: Level) -> Estimate {
        let cut = level.cut(self.n_paths());
        let spot = self.spot_of(cut);
        let [ci_low, ci_high] = match self.calibration() {
            None => {
                let beyond = interval::count_range(self.n_paths(), cut.mass / self.n());
                [self.at_rank(beyond.most + 1), self.at_rank(beyond.fewest)]
            }
            Some(calibration) => {
                let square = self.square_beyond(cut.mass);
                let variance = calibration.variance_of_mass(cut.mass, square, self.n());
                let (fewest, most) = mass_range(cut.mass, variance);
                let at = |mass: f64| self.at_mass(mass).map(|spot| spot.run.middle());
                [at(most), fewest.and_then(at)]
            }
        };
        let std_err = ci_low.zip(ci_high).map(|(low, high)| (high - low) / (2.0 * interval::Z_975));
        let n_eff = self.effective(cut.mass);
        Estimate { value: spot.run.middle(), std_err, ci_low, ci_high, n_eff }
    }

    /// Mean of the worst `1 - level` of the mass, `VaR + sum (L - VaR)^+ / (n (1 - level))`, so never below the value at risk
    /// (Acerbi and Tasche 2002, "On the coherence of expected shortfall"; Rockafellar and Uryasev 2002).
    ///
    /// The standard error is `sqrt((Var(L | tail) + level (ES - VaR)^2) / (n (1 - level)))` (Manistre and Hancock 2005, "Variance
    /// of the CTE estimator") where paths weigh 1; for weighted paths and for the interval see the `spread` module. Both need paths beyond
    /// the value at risk: the error two, the interval five.
    #[must_use]
    pub fn expected_shortfall(&self, level: Level) -> Estimate {
        self.over_replicates(|all| all.shortfall_of_paths(level), |all| all.support_of_tail(level))
    }

    fn shortfall_of_paths(&self, level: Level) -> Estimate {
        let cut = level.cut(self.n_paths());
        let spot = self.spot_of(cut);
        let value_at_risk = spot.run.middle();
        let beyond = self.runs().take_while(|run| run.low > value_at_risk);
        let excess = beyond.map(|run| run.from(value_at_risk));
        let found = Spread::of(excess, self.calibration()).estimate(
            value_at_risk,
            self.n_paths(),
            cut.mass,
        );
        Estimate { n_eff: self.effective(cut.mass), ..found }
    }

    /// The expected shortfall without its error, which takes less time.
    pub(super) fn plain_shortfall(&self, level: Level) -> f64 {
        let cut = level.cut(self.n_paths());
        let value_at_risk = self.quantile(cut);
        let beyond = self.runs().take_while(|run| run.low > value_at_risk);
        let excess = beyond.map(|run| run.mass * (run.loss - value_at_risk));
        value_at_risk + Sum::from_iter(excess).value() / cut.mass
    }

    /// How far bins can put the value at risk off, in the unit of the losses; 0 where it is one of the losses kept.
    #[must_use]
    pub fn resolution_of_var(&self, level: Level) -> f64 {
        self.spot_of(level.cut(self.n_paths())).run.half_width()
    }

    /// How far bins can put the expected shortfall off: the part of the tail that lies in the bin of its edge may be
    /// anywhere in it.
    #[must_use]
    pub fn resolution_of_es(&self, level: Level) -> f64 {
        let cut = level.cut(self.n_paths());
        let spot = self.spot_of(cut);
        (cut.mass - spot.before) * spot.run.half_width() / cut.mass
    }

    /// Paths behind a tail of mass `mass` (Kish 1965): `(sum w)^2 / sum w^2` over it; `mass` itself where every path weighs 1.
    pub(super) fn effective(&self, mass: f64) -> f64 {
        if self.calibration().is_none() { mass } else { mass * mass / self.square_beyond(mass) }
    }

    /// Sum of the squares of the weights over the worst paths of a mass of `mass`.
    pub(super) fn square_beyond(&self, mass: f64) -> f64 {
        let (mut left, mut square) = (mass, 0.0);
        for run in self.runs() {
            if left <= 0.0 {
                break;
            }
            square += run.square * (left / run.mass).min(1.0);
            left -= run.mass;
        }
        square
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{close, sorted};
    use super::*;

    fn level(level: f64) -> Level {
        Level::new(level).unwrap()
    }

    fn check(losses: &[f64], at: f64, value_at_risk: f64, expected_shortfall: f64) {
        let losses = sorted(losses);
        let found = losses.value_at_risk(level(at)).value;
        assert!((found - value_at_risk).abs() < 1e-12, "VaR at {at}: {found}");
        let found = losses.expected_shortfall(level(at)).value;
        assert!((found - expected_shortfall).abs() < 1e-12, "ES at {at}: {found}");
    }

    #[test]
    fn hand_worked() {
        let ten = [3.0, 9.0, 1.0, 7.0, 5.0, 10.0, 2.0, 8.0, 4.0, 6.0];
        check(&ten, 0.8, 8.0, 9.5);
        check(&ten, 0.75, 8.0, (10.0 + 9.0 + 0.5 * 8.0) / 2.5);
        check(&ten, 0.99, 10.0, 10.0);
        check(&ten, 1e-9, 1.0, 5.5 + 4.5e-9);
        check(&[4.0], 0.3, 4.0, 4.0);
    }

    #[test]
    fn zeros_lie_between_losses_and_gains() {
        let mixed = [0.0, -4.0, 6.0, 0.0, -2.0];
        check(&mixed, 0.7, 0.0, 6.0 / 1.5);
        check(&mixed, 0.6, 0.0, 6.0 / 2.0);
        check(&mixed, 0.4, -2.0, 6.0 / 3.0);
        check(&mixed, 0.3, -2.0, (6.0 - 0.5 * 2.0) / 3.5);
        check(&mixed, 0.1, -4.0, (6.0 - 2.0 - 0.5 * 4.0) / 4.5);
        check(&[0.0; 50], 0.95, 0.0, 0.0);
    }

    #[test]
    fn error_is_that_of_manistre_and_hancock() {
        let ten = sorted(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 12.0]);
        let es = ten.expected_shortfall(level(0.7));
        close(es.value, 29.0 / 3.0, 1e-15);
        let variance_of_tail = (64.0 + 81.0 + 144.0) / 3.0 - (29.0_f64 / 3.0).powi(2);
        let edge = 0.7 * (29.0_f64 / 3.0 - 7.0).powi(2);
        // The estimator divides by n - 1 where the asymptotic formula divides by n.
        close(es.std_err.unwrap(), ((variance_of_tail + edge) / 3.0 * 10.0 / 9.0).sqrt(), 1e-12);
        assert_eq!((es.ci_low, es.ci_high), (None, None));
    }

    #[test]
    fn beyond_the_sample_there_is_no_limit() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let extreme = sorted(&hundred).value_at_risk(level(0.99));
        assert_eq!((extreme.std_err, extreme.ci_high), (None, None));
        close(extreme.ci_low.unwrap(), 97.0, 1e-15);
        // Median of 100: P(B <= 39) = 0.0176 and P(B <= 40) = 0.0284 of 100 fair coins.
        let median = sorted(&hundred).value_at_risk(level(0.5));
        assert_eq!((median.ci_low, median.ci_high), (Some(40.0), Some(61.0)));
    }

    #[test]
    fn one_path_has_no_error() {
        let one = sorted(&[2.0]);
        let es = one.expected_shortfall(level(0.99));
        assert_eq!((es.std_err, es.ci_low, es.ci_high), (None, None, None));
        assert_eq!(one.value_at_risk(level(0.99)).ci_high, None);
    }

    #[test]
    fn ties_break_by_path() {
        let tied = sorted(&[1.0, 2.0, 1.0, 2.0, 1.0]);
        let paths: Vec<u64> = tied.worst(9).iter().map(|entry| entry.path).collect();
        assert_eq!(paths, [1, 3, 0, 2, 4]);
        assert_eq!(tied.worst(2).len(), 2);
    }

    /// The definitions, on a list with its zeros written out.
    fn slow_twin(losses: &[f64], at: f64) -> (f64, f64) {
        let mut ranked = losses.to_vec();
        ranked.sort_by(|a, b| b.total_cmp(a));
        let mut left = losses.len() as f64 * (1.0 - at);
        let (mass, mut sum, mut edge) = (left, 0.0, ranked[0]);
        for loss in ranked {
            edge = if left > -1e-9 { loss } else { edge };
            sum += loss * left.clamp(0.0, 1.0);
            left -= 1.0;
        }
        (edge, sum / mass)
    }

    proptest! {
        #[test]
        fn agrees_with_the_definitions(
            steps in prop::collection::vec(-3_i32..6, 1..60),
            at in 0.01_f64..0.99,
            scale in 0.1_f64..1e6,
        ) {
            let losses: Vec<f64> = steps.iter().map(|&step| f64::from(step.max(-2)) * scale).collect();
            let ranked = sorted(&losses);
            let value_at_risk = ranked.value_at_risk(level(at)).value;
            let shortfall = ranked.expected_shortfall(level(at)).value;
            let (edge, mean) = slow_twin(&losses, at);
            prop_assert!((value_at_risk - edge).abs() <= 1e-9 * scale);
            prop_assert!((shortfall - mean).abs() <= 1e-9 * scale);
            prop_assert!(shortfall >= value_at_risk);
        }
    }

    #[test]
    fn scaling_losses_scales_figures() {
        let losses = [5.0, 0.0, -1.0, 3.0, 0.0, 8.0, 2.0, 1.0, 9.0, 4.0];
        let eightfold = losses.map(|loss| loss * 8.0);
        for at in [0.1, 0.35, 0.5] {
            let (a, b) = (sorted(&losses), sorted(&eightfold));
            let (a, b) = (a.expected_shortfall(level(at)), b.expected_shortfall(level(at)));
            close(b.value, 8.0 * a.value, 1e-15);
            close(b.std_err.unwrap(), 8.0 * a.std_err.unwrap(), 1e-15);
            close(b.ci_high.unwrap(), 8.0 * a.ci_high.unwrap(), 1e-12);
        }
    }
}
