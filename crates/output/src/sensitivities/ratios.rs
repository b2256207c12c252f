//! Derivatives by rates and loadings: means of influence times score.

use slashfall_sampling::{Parameter, PathScore, Scorer};

use super::design::{AtLevel, Design};
use super::{LOADING_STEP, Method, RELATIVE_STEP, Sensitivity, scored_path};
use crate::collect::Collector;
use crate::measures::{Estimate, Sampled, sampled_mean};

/// The rows of scopes that have lost the same.
pub(super) fn rows(
    design: &Design<'_>,
    collector: &Collector,
    scorer: &Scorer<'_, '_>,
    scored: &[PathScore],
) -> Vec<Sensitivity> {
    let sample = Sample::new(design, collector, scored);
    let of = |(number, parameter): (usize, &Parameter)| {
        let row = |metric, level, derivative, figure| Sensitivity {
            scope_kind: design.scopes[0].kind,
            scope: String::new(),
            metric,
            level,
            parameter: parameter.key().to_owned(),
            method: Method::LikelihoodRatio,
            derivative,
            step: if parameter.is_rate() { RELATIVE_STEP } else { LOADING_STEP },
            figure,
        };
        let mut rows = vec![row("mean", None, Some(sample.of_mean(number)), design.mean)];
        for at in &design.levels {
            let [var, es] = sample.of_tail(at, number);
            rows.push(row("var", Some(at.level), var, at.var.value));
            rows.push(row("es", Some(at.level), es, at.es));
        }
        rows
    };
    scorer.parameters().iter().enumerate().flat_map(of).collect()
}

/// What is asked of a scope, with the scores.
struct Sample<'d> {
    design: &'d Design<'d>,
    collector: &'d Collector,
    /// Of the picks of the widest tail: loss and scores.
    tail: Vec<(f64, &'d [f64])>,
    /// Of paths that stand for all: their distance to the mean of the body, which costs least, and scores.
    all: Vec<(Sampled, &'d [f64])>,
}

impl<'d> Sample<'d> {
    fn new(design: &'d Design<'_>, collector: &'d Collector, scored: &'d [PathScore]) -> Self {
        let tail = design.picks.iter().filter_map(|pick| {
            let (path, loss) = design.listed_path(pick);
            Some((loss, &scored_path(scored, path)?.scores[..]))
        });
        let asked = design.asked(&design.picks, collector.n_head());
        let body = &asked[design.picks.len()..];
        let centre = body.iter().map(|own| own.loss).sum::<f64>() / body.len().max(1) as f64;
        let all = asked.iter().filter_map(|own| {
            let score = scored_path(scored, own.path)?;
            let (stands_for, value) = (own.stands_for, own.loss - centre);
            let sampled = Sampled { path: own.path, weight: score.weight, stands_for, value };
            Some((sampled, &score.scores[..]))
        });
        Self { design, collector, tail: tail.collect(), all: all.collect() }
    }

    /// `E[(L - c) S]`, the same for every constant `c` as `E[S]` is 0.
    fn of_mean(&self, parameter: usize) -> Estimate {
        let product = |(own, scores): &(Sampled, &[f64])| Sampled {
            value: own.value * scores[parameter],
            ..*own
        };
        let products: Vec<Sampled> = self.all.iter().map(product).collect();
        sampled_mean(self.collector.weights(), &products)
    }

    /// Of the value at risk `E[S 1{L > VaR}] / f(VaR)`, of the expected shortfall `E[(L - VaR)^+ S] / (1 - level)`.
    fn of_tail(&self, at: &AtLevel, parameter: usize) -> [Option<Estimate>; 2] {
        if at.is_below_0() {
            return [None, None];
        }
        let edge = at.var.value;
        let beyond = |loss: f64| if loss > edge { 1.0 } else { 0.0 };
        let scores: Vec<f64> =
            self.tail.iter().map(|(loss, scores)| beyond(*loss) * scores[parameter]).collect();
        let picks = &self.design.picks;
        let var = at.slope.map(|slope| {
            let at_edge = at.tail.thinned_at_edge(picks, &scores);
            let of_score = at.tail.thinned(picks, &scores, at_edge);
            let by_mass =
                slope.loss_per_probability * at.tail.mass() / self.collector.n_paths() as f64;
            of_score.scaled(by_mass).with_relative_variance(1.0 / slope.n_between)
        });
        let excess = self.tail.iter().zip(&scores).map(|((loss, _), score)| (loss - edge) * score);
        let excess: Vec<f64> = excess.collect();
        // The edge is estimated, and moves the figure by what it moves with the parameter.
        let by_edge = var.map_or(0.0, |var| var.value);
        [var, Some(at.tail.thinned(picks, &excess, by_edge))]
    }
}
