//! What holds of a path as a whole (sections 5 and 7 of `docs/model.md`), on networks that have
//! everything.

mod support;

use slashfall_cascade::{AssetFigure, Figure, PortfolioFigure, RedemptionParameters};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, LoanRow, Oracle, PoolRow, ReserveRow, Sharing};
use support::{Happens, Path, Played, near};

/// An LRT with pools, loans, a reserve and a fund that holds it, all names beginning with `part`.
fn part(sketch: Sketch, part: &str, size: f64) -> Sketch {
    let name = |what: &str| format!("{part}-{what}");
    let [k, fund, op, avs, reserve] = ["k", "fund", "op", "avs", "weth"].map(name);
    let loan = |market: &str, oracle, health_factor| LoanRow {
        ltv: 0.6,
        liquidation_threshold: 0.7,
        liquidation_bonus: 0.1,
        oracle,
        reserve: Some(reserve.clone()),
        ..LoanRow::new(&name(market), &k, health_factor, 0.1 * size)
    };
    sketch
        .asset(&k, AssetKind::Lrt)
        .with(|row| {
            row.buffer_eth = 0.01 * size;
            row.redemption_days = 2.0;
        })
        .asset(&fund, AssetKind::Bridged)
        .operator(&op, part)
        .avs(&avs, Sharing::Unique)
        .holding(&k, "", "ETH", 0.99 * size)
        .holding(&fund, "", &k, 0.3 * size)
        .holding("direct", &op, "ETH", size)
        .holding("direct", &op, &k, 0.2 * size)
        .allocation(&avs, &op, "*", 0.8)
        .pool(PoolRow::stableswap(&name("one"), &k, 0.1 * size, 0.07 * size))
        .pool(PoolRow::constant_product(&name("two"), &k, 0.03 * size, 0.03 * size))
        .reserve(ReserveRow::new(&reserve, "ETH", 0.3 * size))
        .loan(loan("rate", Oracle::ExchangeRate, 1.05))
        .loan(loan("read", Oracle::Market, 1.1))
}

fn leaving<'a>(path: Path<'a>, part: [&str; 2]) -> Path<'a> {
    let how = RedemptionParameters {
        on_loss: 0.5,
        on_discount: 0.3,
        arbitrage_eth_per_day: 3.0,
        ..RedemptionParameters::ABSENT
    };
    part.into_iter().fold(path, |path, name| path.leaving(name, how))
}

fn first<'a>(path: Path<'a>) -> Path<'a> {
    path.at(0.5, Happens::Exploit("a-k", 0.4, 2)).at(1.5, Happens::Slash("a-avs", "a-op", 0.3))
}

fn second<'a>(path: Path<'a>) -> Path<'a> {
    path.at(2.5, Happens::Mint("b-k", 0.02, 0.5)).at(3.5, Happens::Depeg("b-k", 0.15, 0.2))
}

const A: [&str; 2] = ["a-k", "a-fund"];
const B: [&str; 2] = ["b-k", "b-fund"];

/// Of unique stake in two parts that share nothing, with attacks off.
#[test]
fn losses_of_separate_parts_add_up() {
    let (a, b) = (part(Sketch::new(), "a", 1_000.0), part(Sketch::new(), "b", 300.0));
    let both = part(part(Sketch::new(), "a", 1_000.0), "b", 300.0);
    let a = leaving(first(Path::new(&a, 6)), A).play();
    let b = leaving(second(Path::new(&b, 6)), B).play();
    let both = second(first(Path::new(&both, 6)));
    let both = leaving(leaving(both, A), B).play();
    for &figure in Figure::ALL {
        if figure.unit() == "eth" {
            near(both.system(figure), a.system(figure) + b.system(figure));
        }
    }
    for (alone, names) in [(a, A), (b, B)] {
        for name in names {
            for &figure in AssetFigure::ALL {
                near(both.asset(name, figure), alone.asset(name, figure));
            }
        }
    }
    // Something did happen.
    for figure in [Figure::Liquidated, Figure::BadDebtOpen, Figure::Redeemed, Figure::Stolen] {
        assert!(both.system(figure) > 0.1, "{}: {}", figure.name(), both.system(figure));
    }
}

fn cascade_of(enabled: bool) -> Played {
    let sketch = part(Sketch::new(), "a", 1_000.0)
        .with_avs(|avs| avs.profit_from_corruption_eth = Some(250.0));
    let path = Path::new(&sketch, 6).with(|p| {
        p.security.attack_prob = 1.0;
        p.lending.run_on_bad_debt = 1.0;
        p.cascade.enabled = enabled;
    });
    let path = leaving(first(path), A).at(4.5, Happens::Mint("a-k", 0.05, 0.5));
    path.at(5.5, Happens::Exploit("a-k", 0.3, 1)).play()
}

/// `k` is robbed of .4 and of .3 of what is left, and diluted by 1 / 1.05; the AVS takes .3 of its
/// .8. 1,200 direct and 1,000 of `k`, of which 200 are among them.
#[test]
fn without_the_cascade_total_is_direct() {
    let off = cascade_of(false);
    let nav = 0.6 / 1.05 * 0.7;
    near(off.asset("a-k", AssetFigure::NavLoss), 1.0 - nav);
    let direct = 1_200.0 - 0.76 * (1_000.0 + 200.0 * nav);
    near(off.system(Figure::Total), direct + 800.0 * (1.0 - nav));
    near(off.system(Figure::Direct), off.system(Figure::Total));
    let never = [
        Figure::Contagion,
        Figure::BadDebt,
        Figure::BadDebtOpen,
        Figure::BadDebtOpenMarket,
        Figure::AvsUsersLoss,
        Figure::Liquidated,
        Figure::Redeemed,
        Figure::AvssAttacked,
        Figure::Rounds,
        Figure::TruncatedDays,
    ];
    for figure in never {
        assert_eq!(off.system(figure).to_bits(), 0, "{}", figure.name());
    }
    for name in A {
        near(off.asset(name, AssetFigure::Queued), 0.0);
        near(off.asset(name, AssetFigure::LongestWait), 0.0);
    }
    // Minted units are pledged and sold all the same: 25 of them make the price worse than on day
    // 0.
    let price = |day| off.asset_on(day, "a-k").price / off.asset_on(day, "a-k").nav;
    assert!(price(5) < price(4) - 1e-3);
    let on = cascade_of(true);
    assert!(on.system(Figure::Contagion) > 10.0 && on.system(Figure::AvssAttacked) > 0.5);
}

/// With pools, loans, reserves and AVSs that are worth their stake, a path on which nothing happens
/// loses nothing to the bit, and its worst discount is that of day 0.
#[test]
fn when_nothing_happens_all_stays_as_it_is() {
    for size in [1_000.0, 1_234.567, 0.1, 3e7 / 7.0] {
        let sketch = part(part(Sketch::new(), "a", size), "b", 0.37 * size)
            .portfolio("fund", "a-k", 0.01 * size)
            .levered("fund", "a-rate", 0.01 * size)
            .levered("fund", "b-read", 0.01 * size);
        let path = Path::new(&sketch, 30).with(|p| {
            p.security.attack_prob = 1.0;
            p.lending.run_on_bad_debt = 10.0;
            p.lending.unwind_on_carry = 10.0;
            p.beacon.exit_queue_eth = 1e6;
        });
        let played = path.play();
        let discounts = [1, 30].map(|day| played.asset_on(day, "a-k").discount);
        near(discounts[0], discounts[1]);
        for name in ["a-k", "b-k"] {
            let worst = played.asset(name, AssetFigure::WorstDiscount);
            near(worst, discounts[0]);
            assert!(worst > 1e-3);
        }
        let quiet = |figure: f64, name: &str| assert_eq!(figure.to_bits(), 0, "{name}");
        for &figure in Figure::ALL {
            if ![Figure::Depegs1, Figure::Depegs5, Figure::Depegs10].contains(&figure) {
                quiet(played.system(figure), figure.name());
            }
        }
        for name in ["a-k", "a-fund", "b-k", "b-fund"] {
            quiet(played.asset(name, AssetFigure::NavLoss), name);
            quiet(played.asset(name, AssetFigure::MarketLoss), name);
            quiet(played.asset(name, AssetFigure::Queued), name);
            quiet(played.asset(name, AssetFigure::CoverUsed), name);
        }
        assert!(played.record.losses.is_empty() && played.record.steps.is_empty());
        // A portfolio pays interest, and loses nothing else.
        let carry = played.portfolio(0, PortfolioFigure::Carry);
        near(played.portfolio(0, PortfolioFigure::Loss), -carry);
        assert!(carry < 0.0);
    }
}

/// At a health factor of exactly 1 a loan is not due: HF < 1 is.
#[test]
fn a_loan_at_its_threshold_is_not_due() {
    for number in 1..200 {
        let eth = f64::from(number) * 0.37;
        let mut sketch = Sketch::new()
            .asset("k", AssetKind::Lrt)
            .holding("k", "", "ETH", 1_000.0 + eth)
            .pool(PoolRow::stableswap("p", "k", 300.0 + eth, 200.0));
        sketch.0.assets.rows[0].supply_eth = Some(1_000.0);
        for (market, oracle) in [("a", Oracle::ExchangeRate), ("b", Oracle::Market)] {
            let row = LoanRow { oracle, ..LoanRow::new(market, "k", 1.0, eth) };
            sketch = sketch.loan(LoanRow { liquidation_threshold: 0.9501, ..row });
        }
        let played = Path::new(&sketch, 1).play();
        assert!(played.record.steps.is_empty(), "{number}: {:?}", played.record.steps);
    }
}

/// With no slack at all, what an attack yields is what it costs, and not more.
#[test]
fn an_avs_with_no_slack_is_not_attacked_while_nothing_happens() {
    for number in 1..200 {
        let eth = f64::from(number) * 0.37;
        let mut sketch = Sketch::new()
            .asset("k", AssetKind::Lrt)
            .asset("n", AssetKind::Lrt)
            .operator("o1", "O")
            .operator("o2", "O")
            .holding("k", "o1", "ETH", 1_000.0 + eth)
            .holding("n", "o2", "k", 300.0 + eth)
            .holding("direct", "o2", "k", 7.7 + eth)
            .avs("a", Sharing::Shared)
            .allocation("a", "*", "*", 0.3 + 0.001 * eth);
        sketch.0.assets.rows[0].supply_eth = Some(1_000.0);
        let path = Path::new(&sketch, 2).with(|p| {
            p.security.attack_prob = 1.0;
            p.security.security_slack = 0.0;
        });
        assert!(path.play().attacks().is_empty(), "{number}");
    }
}
