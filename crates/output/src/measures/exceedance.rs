//! Tabulates how likely a loss is to be exceeded, the curve that readers of catastrophe risk expect.

use super::{Level, SortedLosses};

/// Paths that a tail must hold, or be worth, for a row of the table.
const MIN_TAIL_PATHS: f64 = 10.0;
/// Steps of a decade of probabilities.
const STEPS: [f64; 3] = [5.0, 2.0, 1.0];

/// A point of the exceedance curve; losses in the unit of the column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExceedanceRow {
    /// Value at risk at level `1 - probability`.
    pub loss: f64,
    /// Probability of a loss beyond it.
    pub probability: f64,
    /// Lower limit of the 95 % interval of the loss.
    pub ci_low: Option<f64>,
    /// Upper limit of the 95 % interval of the loss, `None` where it is beyond the sample.
    pub ci_high: Option<f64>,
    /// Expected shortfall at the same level.
    pub es_beyond: f64,
    /// How far bins can put loss and expected shortfall off.
    pub resolution: f64,
}

impl SortedLosses {
    /// Rows at probabilities 0.5, 0.2, 0.1, 0.05, … down to the last whose tail holds ten paths, or is worth ten where they are weighted.
    #[must_use]
    pub fn exceedance(&self) -> Vec<ExceedanceRow> {
        let n = self.n_paths() as f64;
        grid()
            .take_while(|p| self.effective(p * n) >= MIN_TAIL_PATHS)
            .filter_map(|p| self.exceedance_at(p))
            .collect()
    }

    fn exceedance_at(&self, probability: f64) -> Option<ExceedanceRow> {
        let level = Level::new(1.0 - probability)?;
        let value_at_risk = self.value_at_risk(level);
        Some(ExceedanceRow {
            loss: value_at_risk.value,
            probability,
            ci_low: value_at_risk.ci_low,
            ci_high: value_at_risk.ci_high,
            es_beyond: self.plain_shortfall(level),
            resolution: self.resolution_of_var(level).max(self.resolution_of_es(level)),
        })
    }
}

/// 0.5, 0.2, 0.1, 0.05, …: quotients, so that each is the float nearest to the decimal.
fn grid() -> impl Iterator<Item = f64> {
    (1..=9).flat_map(|decade| STEPS.map(|step| step / 10_f64.powi(decade)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{close, sorted};
    use super::*;

    #[test]
    fn rows_end_at_ten_paths() {
        let losses: Vec<f64> = (1..=1000).map(f64::from).collect();
        let rows = sorted(&losses).exceedance();
        let probabilities: Vec<f64> = rows.iter().map(|row| row.probability).collect();
        assert_eq!(probabilities, [0.5, 0.2, 0.1, 0.05, 0.02, 0.01]);
        let last = rows[5];
        close(last.loss, 990.0, 1e-12);
        close(last.es_beyond, 995.5, 1e-12);
        assert!(last.ci_low.unwrap() < 990.0 && last.ci_high.unwrap() > 990.0);
    }

    #[test]
    fn too_few_paths_give_no_rows() {
        assert!(sorted(&[1.0; 19]).exceedance().is_empty());
        assert_eq!(sorted(&[1.0; 20]).exceedance().len(), 1);
    }

    #[test]
    fn the_curve_falls() {
        let losses: Vec<f64> = (0..5000).map(|i| f64::from(i % 97) - 40.0).collect();
        let sorted = sorted(&losses);
        let rows = sorted.exceedance();
        for row in &rows {
            let es = sorted.expected_shortfall(Level::new(1.0 - row.probability).unwrap());
            assert_eq!(row.es_beyond.to_bits(), es.value.to_bits());
        }
        assert!(rows.windows(2).all(|pair| pair[0].loss <= pair[1].loss));
        assert!(rows.iter().all(|row| row.es_beyond >= row.loss));
    }
}
