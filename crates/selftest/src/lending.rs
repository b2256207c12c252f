//! Loans and the reserves behind them: where liquidation and bad debt begin, what is seized, what
//! borrowing costs.

use slashfall_cascade::Figure;
use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow, ReserveRow, Sharing};
use slashfall_graph::{Sketch, Yields};

use crate::outcome::Check;
use crate::play::{event, play, slashes};
use crate::{Answer, Problem, Size, Unsolvable};

pub(crate) const PROBLEMS: [Problem; 3] = [
    Problem {
        name: "where liquidation begins",
        source: "closed form: 1 - 1/1.05, and 1 - .95/1.05 x 1.01",
        is_quick: false,
        solve: thresholds,
    },
    Problem {
        name: "liquidation",
        source: "by hand (docs/model.md, 6.7)",
        is_quick: true,
        solve: liquidation,
    },
    Problem {
        name: "lending reserve",
        source: "two-slope model of Aave and Compound, by hand",
        is_quick: true,
        solve: reserve,
    },
];

/// A loan on 105 of an LRT: health factor 1.05, threshold .95, bonus 1 %, so a debt of 95; and a pool
/// so deep that selling moves no price by more than 1e-5.
fn loan() -> Sketch {
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", 1e7)
        .allocation("a", "op", "*", 1.0)
        .pool(PoolRow::constant_product("p", "k", 1e7, 1e7))
        .loan(LoanRow::new("m", "k", 1.05, 105.0))
}

/// What a fall of nav by `f` brings about, as a figure of the system.
fn after(f: f64, figure: Figure) -> Result<f64, Unsolvable> {
    Ok(play(&loan(), 1, &slashes(&[("a", "op", f)]))?.system(figure))
}

/// The least fall of nav at which a figure is above 0, by halving.
fn begins(figure: Figure) -> Result<f64, Unsolvable> {
    let (mut below, mut above) = (0.0, 0.125);
    for _ in 0..40 {
        let middle = 0.5 * (below + above);
        if after(middle, figure)? > 0.0 { above = middle } else { below = middle }
    }
    Ok(above)
}

/// Found by trial: the fall at which a liquidator first acts, and at which the collateral, at his
/// bonus, is first worth less than the debt.
fn thresholds(_: Size) -> Answer {
    let bad_debt = 1.0 - 0.95 / 1.05 * 1.01;
    Ok(vec![
        Check::exact("fall to liquidation", 1.0 - 1.0 / 1.05, begins(Figure::Liquidated)?, 1e-9),
        Check::exact("fall to bad debt", bad_debt, begins(Figure::BadDebt)?, 1e-7),
    ])
}

/// Just beyond 1 - 1/1.05 half of 95 is repaid, at a bonus of 1 %; at .1 all of 94.5 is seized, and
/// 95 - 94.5 / 1.01 is bad debt.
fn liquidation(_: Size) -> Answer {
    let begins = 1.0 - 1.0 / 1.05;
    Ok(vec![
        Check::exact("just before it begins", 0.0, after(begins - 1e-9, Figure::Liquidated)?, 0.0),
        Check::exact("just after", 47.975, after(begins + 1e-9, Figure::Liquidated)?, 1e-9),
        Check::exact("all is seized", 94.5, after(0.1, Figure::Liquidated)?, 1e-9),
        Check::exact("bad debt", 95.0 - 94.5 / 1.01, after(0.1, Figure::BadDebt)?, 1e-9),
    ])
}

/// A reserve of 1,000 that lends 500 on an LRT and `other` elsewhere: `.027 U / .9`, and `.8` more from
/// .9 to 1. When all cash is withdrawn the debt grows by `(.827 - .024) / 365` a day.
fn reserve(_: Size) -> Answer {
    let sketch = |other: f64| {
        let row = LoanRow {
            ltv: 0.6,
            liquidation_threshold: 0.7,
            liquidation_bonus: 0.21,
            reserve: Some("weth".to_owned()),
            ..LoanRow::new("m", "k", 1.4, 1_000.0)
        };
        Sketch::new()
            .asset("k", AssetKind::Lrt)
            .yields(Yields { staking: 0.03, ..Yields::default() })
            .operator("op", "Op")
            .holding("k", "op", "ETH", 1e7)
            .reserve(ReserveRow {
                other_borrowed_eth: other,
                optimal_utilization: 0.9,
                base_rate: 0.0,
                slope_1: 0.027,
                slope_2: 0.8,
                ..ReserveRow::new("weth", "ETH", 1_000.0)
            })
            .loan(row)
            .levered("loop", "m", 100.0)
    };
    let rate = |other: f64| play(&sketch(other), 1, "").map(|played| played.reserve(1)[1]);
    let run = event(0.5, "reserve_withdrawal", "reserve = \"weth\"", 1.0);
    let run = play(&sketch(300.0), 10, &run)?;
    let growth: f64 = 1.0 + 0.803 / 365.0;
    let interest: f64 = (1..=10).map(|day| 50.0 * growth.powi(day) * 0.827 / 365.0).sum();
    let lost = 50.0 * growth.powi(10) - 50.0 - 10.0 * 3.0 / 365.0 + interest;
    let loss = run.portfolio(0, slashfall_cascade::PortfolioFigure::Loss);
    Ok(vec![
        Check::exact("rate at 80 %", 0.024, rate(300.0)?, 1e-11),
        Check::exact("rate at the kink", 0.027, rate(400.0)?, 1e-11),
        Check::exact("rate at 95 %", 0.427, rate(450.0)?, 1e-11),
        Check::exact("utilization after a run", 1.0, run.reserve(1)[0], 1e-11),
        Check::exact("loss of a loop in ten days", lost, loss, 1e-10),
    ])
}
