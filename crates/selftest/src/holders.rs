//! What holders of wrapped assets bear: cover, theft, dilution, queues, and portfolios on top.

use slashfall_cascade::{AssetFigure, Channel, Figure, Happened, PortfolioFigure};
use slashfall_graph::spec::{AssetKind, LoanRow, Sharing};
use slashfall_graph::{Sketch, Yields};

use crate::outcome::Check;
use crate::play::{Played, event, play, slashes};
use crate::{Answer, Problem, Size, Unsolvable};

pub(crate) const PROBLEMS: [Problem; 6] = [
    Problem { name: "cover", source: "by hand (docs/model.md, 6.4)", is_quick: true, solve: cover },
    Problem { name: "theft", source: "by hand (docs/model.md, 6.4)", is_quick: true, solve: theft },
    Problem {
        name: "mint without backing",
        source: "by hand (docs/model.md, 6.5)",
        is_quick: true,
        solve: mint,
    },
    Problem {
        name: "redemption",
        source: "by hand (docs/model.md, 6.9)",
        is_quick: true,
        solve: redemption,
    },
    Problem {
        name: "exit queue",
        source: "EIP-7251: 256 ETH an epoch, 57,600 a day; by hand",
        is_quick: true,
        solve: exit_queue,
    },
    Problem {
        name: "portfolios",
        source: "by hand (docs/model.md, section 9)",
        is_quick: true,
        solve: portfolios,
    },
];

/// An LRT with `eth` at one operator under one AVS.
fn lrt(eth: f64) -> Sketch {
    Sketch::new()
        .asset("k", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("k", "op", "ETH", eth)
        .allocation("a", "op", "*", 1.0)
}

/// 100 ETH with a cover of 5, and a token on 40 of them with a cover of its own that pays for nothing
/// of this.
fn cover(_: Size) -> Answer {
    let sketch = lrt(100.0)
        .with(|asset| asset.cover_eth = 5.0)
        .asset("wrap", AssetKind::Bridged)
        .with(|asset| asset.cover_eth = 100.0)
        .holding("wrap", "", "k", 40.0);
    let small = play(&sketch, 1, &slashes(&[("a", "op", 0.03)]))?;
    let large = play(&sketch, 1, &slashes(&[("a", "op", 0.25)]))?;
    Ok(vec![
        Check::exact("loss within the cover", 0.0, small.system(Figure::Total), 0.0),
        Check::exact("what it pays", 3.0, small.system(Figure::CoverPaid), 1e-12),
        Check::exact("loss beyond it", 20.0, large.system(Figure::Total), 1e-12),
        Check::exact("fall of nav", 0.2, large.asset("k", AssetFigure::NavLoss), 1e-12),
        Check::exact(
            "fall of what is on it",
            0.2,
            large.asset("wrap", AssetFigure::NavLoss),
            1e-12,
        ),
    ])
}

/// Half of an LRT of 100 ETH and 50 stETH is stolen; a pool of 90 ETH each side takes the 25 stETH in
/// the loot, in two parts on two days: `P = (90 / (90 + s))^2`.
fn theft(_: Size) -> Answer {
    let pool = slashfall_graph::spec::PoolRow::constant_product("p", "stETH", 90.0, 90.0);
    let sketch = Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("lrt", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("stETH", "op", "ETH", 1_000.0)
        .holding("lrt", "op", "ETH", 100.0)
        .holding("lrt", "op", "stETH", 50.0)
        .pool(pool);
    let exploit = event(0.5, "exploit", "asset = \"lrt\"", 0.5);
    let played = play(&sketch, 3, &format!("{exploit}sale_days = 2\n"))?;
    let price = |sold: f64| (90.0 / (90.0 + sold)).powi(2);
    Ok(vec![
        Check::exact("stolen", 75.0, played.system(Figure::Stolen), 1e-12),
        Check::exact("fall of nav", 0.5, played.asset("lrt", AssetFigure::NavLoss), 1e-12),
        Check::exact(
            "fall of the LST's nav",
            0.0,
            played.asset("stETH", AssetFigure::NavLoss),
            0.0,
        ),
        Check::exact(
            "its price, half of the loot sold",
            price(12.5),
            played.price(1, "stETH"),
            1e-10,
        ),
        Check::exact("its price, all of it sold", price(25.0), played.price(2, "stETH"), 1e-10),
    ])
}

/// The supply of 100 grows by a quarter: nav falls by a fifth, which the minter has.
fn mint(_: Size) -> Answer {
    let played = play(&lrt(100.0), 1, &event(0.5, "unbacked_mint", "asset = \"k\"", 0.25))?;
    Ok(vec![
        Check::exact("fall of nav", 0.2, played.asset("k", AssetFigure::NavLoss), 1e-12),
        Check::exact("loss of the holders", 20.0, played.system(Figure::Total), 1e-12),
        Check::exact("by dilution", 20.0, played.channel(Channel::Dilution), 1e-12),
        Check::exact("worth of what was minted", 20.0, played.system(Figure::Minted), 1e-12),
    ])
}

/// ETH paid out of the queue on a day.
fn paid_on(played: &Played, on: u32) -> f64 {
    let paid = played.steps(|day, happened| match happened {
        Happened::PaidOut { eth, .. } if day == on => Some(*eth),
        _ => None,
    });
    paid.iter().sum()
}

/// Half of the free units leaves each day and waits two. 50 units of day 1 are hit by a slash of .2 on
/// day 2 as the others are and get 40 on day 3; 25 units of day 2 get 20 on day 4.
fn redemption(_: Size) -> Answer {
    let sketch = lrt(100.0).with(|row| row.redemption_days = 2.0);
    let leaving = "[redemption.default]\nbase = 0.5\n";
    let target = "avs = \"a\", operator = \"op\"";
    let body = format!("{leaving}{}", event(1.5, "avs_fault", target, 0.2));
    let played = play(&sketch, 4, &body)?;
    // A buffer of 30 pays at once; of 65 that leave, 35 of 130 units are left in the queue.
    let sketch = sketch.with(|row| row.buffer_eth = 30.0);
    let buffered = play(&sketch, 1, leaving)?;
    Ok(vec![
        Check::exact("paid on day 3", 40.0, paid_on(&played, 3), 1e-12),
        Check::exact("paid on day 4", 20.0, paid_on(&played, 4), 1e-12),
        Check::exact("loss, who waits included", 20.0, played.system(Figure::Total), 1e-12),
        Check::exact("paid by a buffer at once", 30.0, buffered.system(Figure::Redeemed), 1e-12),
        Check::exact(
            "left in the queue",
            35.0 / 130.0,
            buffered.asset("k", AssetFigure::Queued),
            1e-12,
        ),
    ])
}

/// All of `k1` leaves, 115,200 ETH at operators, and after it all of `k2`, half of whose 57,600 are
/// at operators: 86,400 wait when the chain has worked a day, and 28,800 a day later.
fn exit_queue(_: Size) -> Answer {
    let sketch = Sketch::new()
        .asset("k1", AssetKind::Lrt)
        .asset("k2", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("k1", "op", "ETH", 115_200.0)
        .holding("k2", "op", "ETH", 28_800.0)
        .holding("k2", "", "ETH", 28_800.0);
    let played = play(&sketch, 4, "[redemption.default]\nbase = 1.0\n")?;
    let wait = |name| played.asset(name, AssetFigure::LongestWait);
    Ok(vec![
        Check::exact("queue after day 1", 86_400.0, played.exit_queue(1), 1e-12),
        Check::exact("queue after day 2", 28_800.0, played.exit_queue(2), 1e-12),
        Check::exact("queue after day 3", 0.0, played.exit_queue(3), 0.0),
        Check::exact("longest wait behind it, days", 2.0, wait("k2"), 1e-12),
        Check::exact("paid out in all", 172_800.0, played.system(Figure::Redeemed), 1e-12),
    ])
}

/// Collateral of 100, half at a health factor of 1.0 and half at 1.9 with a threshold of .95: debts of
/// 47.5 and 25. A fall by .08 costs the first its equity of 2.5 and the second 4. Beside it 100 that
/// are held lose 8, less a year's yield of .03 on the nav of day 0.
fn portfolios(_: Size) -> Answer {
    let loan = |health_factor| LoanRow { ltv: 0.9, ..LoanRow::new("m", "k", health_factor, 200.0) };
    let sketch = lrt(1_000.0)
        .yields(Yields { staking: 0.03, ..Yields::default() })
        .loan(loan(1.0))
        .loan(loan(1.9))
        .levered("loop", "m", 100.0)
        .portfolio("plain", "k", 100.0);
    let after = |days: u32| -> Result<Played, Unsolvable> {
        play(&sketch, days, &slashes(&[("a", "op", 0.08)]))
    };
    let (day, year) = (after(1)?, after(365)?);
    let plain = year.portfolio(1, PortfolioFigure::Loss);
    Ok(vec![
        Check::exact("levered, loss", 6.5, day.portfolio(0, PortfolioFigure::Loss), 1e-12),
        Check::exact(
            "held, carry of a year",
            3.0,
            year.portfolio(1, PortfolioFigure::Carry),
            1e-12,
        ),
        Check::exact("held, loss less carry", 5.0, plain, 1e-12),
    ])
}
