//! From losses to figures: laws whose value at risk and expected shortfall are known are given to the
//! estimators as samples.

use slashfall_output::measures::{LossColumn, SortedLosses, WeightSums, probability};

use crate::law::one_factor;
use crate::outcome::Check;
use crate::play::{Unsolvable, level};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 3] = [
    Problem {
        name: "expected shortfall of a law with atoms",
        source: "Acerbi and Tasche 2002, on the one-factor law by quadrature",
        is_quick: true,
        solve: with_atoms,
    },
    Problem {
        name: "tail of ten losses",
        source: "by hand: 10 + 9 + 8/2 over 2.5",
        is_quick: true,
        solve: ten_losses,
    },
    Problem {
        name: "interval of a probability",
        source: "Clopper and Pearson 1934, closed form where nothing happened",
        is_quick: true,
        solve: interval,
    },
];

fn sorted(losses: &LossColumn) -> Result<SortedLosses, Unsolvable> {
    losses.sorted().ok_or(Unsolvable::Missing("loss"))
}

/// The law of the number of failures among a hundred names, one path an outcome, weighted by its
/// probability. At 99 % the atom 14 straddles the edge of the tail: the mean at and beyond it is 17.93,
/// the mean beyond it 18.98, and neither is the expected shortfall.
fn with_atoms(_: Size) -> Answer {
    let law = one_factor(100, 0.02, 0.2);
    let n = law.0.len() as f64;
    let weights: Vec<f64> = law.0.iter().map(|p| p * n).collect();
    let mut losses = LossColumn::new();
    for ((path, k), &weight) in (0..).zip(0u32..).zip(&weights) {
        losses.push_weighted(path, f64::from(k), weight);
    }
    let mut sums = WeightSums::default();
    sums.add(weights.len() as u64, &weights);
    losses.weigh(sums);
    let (losses, a) = (sorted(&losses)?, level(0.99)?);
    let es = losses.expected_shortfall(a).value;
    Ok(vec![
        Check::exact("VaR 99 %, an atom", 14.0, losses.value_at_risk(a).value, 0.0),
        Check::exact("ES 99 %", law.expected_shortfall(0.99), es, 1e-9),
        Check::exact("ES 99 %, as published", 18.422_865, es, 1e-7),
        Check::exact("mean", 2.0, losses.mean().value, 1e-9),
    ])
}

/// Losses of 1 to 10, a path each. At 75 % the tail is two paths and a half.
fn ten_losses(_: Size) -> Answer {
    let mut losses = LossColumn::new();
    for path in 0..10 {
        losses.push(path, 1.0 + (7 * path % 10) as f64);
    }
    let (losses, a) = (sorted(&losses)?, level(0.75)?);
    let std_err = losses.mean().std_err.unwrap_or(f64::NAN);
    Ok(vec![
        Check::exact("VaR 75 %", 8.0, losses.value_at_risk(a).value, 0.0),
        Check::exact("ES 75 %", 9.2, losses.expected_shortfall(a).value, 1e-14),
        Check::exact("mean", 5.5, losses.mean().value, 1e-14),
        Check::exact("its standard error", (8.25f64 / 9.0).sqrt(), std_err, 1e-13),
    ])
}

/// None of 1,000 paths: at most `1 - .025^(1/1,000)`. All of them: at least one less that.
fn interval(_: Size) -> Answer {
    let limit = 1.0 - 0.025f64.powf(1e-3);
    let (none, all) = (probability(0, 1_000), probability(1_000, 1_000));
    Ok(vec![
        Check::exact("upper limit, none of 1,000", limit, none.ci_high.unwrap_or(f64::NAN), 1e-8),
        Check::exact(
            "lower limit, all of 1,000",
            1.0 - limit,
            all.ci_low.unwrap_or(f64::NAN),
            1e-8,
        ),
    ])
}
