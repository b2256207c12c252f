//! Slashing, penalties and backing against figures worked by hand or published.

mod support;

use slashfall_cascade::{
    AssetFigure, Figure, NoiseParameters, Parameters, PortfolioFigure, Setting, exposures,
};
use slashfall_graph::spec::{AssetKind, LoanRow, Sharing};
use slashfall_graph::{Network, Sketch};
use support::{Happens, Path, Played};

const QUIET: NoiseParameters =
    NoiseParameters { sigma_daily: 0.0, discount_decay: 1.0, panic_decay: 0.5, depth_decay: 0.5 };

fn play(network: &Network, horizon_days: u32, happens: &[(f64, Happens<'_>)]) -> Played {
    let path = Path::on(network, horizon_days).with(|parameters| parameters.noise.fill(QUIET));
    happens.iter().fold(path, |path, &(tau, what)| path.at(tau, what)).play()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(error <= 1e-12 * expected.abs().max(1.0), "found {found}, expected {expected}");
}

/// ELIP-002's example: magnitudes .20 .25 .20 of 1; the first slashed by half takes .10 of all,
/// and 200 restaked EIGEN become 180; the other two keep .25 and .20 of .90.
#[test]
fn unique_stake_is_slashed_as_elip_002_says() {
    let mut sketch = Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 200.0);
    for (avs, fraction) in [("one", 0.20), ("two", 0.25), ("three", 0.20)] {
        sketch = sketch.avs(avs, Sharing::Unique).allocation(avs, "op", "*", fraction);
    }
    let network = sketch.network().unwrap();
    let first = play(&network, 1, &[(0.5, Happens::Slash("one", "op", 0.5))]);
    close(first.system(Figure::Total), 20.0);
    close(first.system(Figure::Burned), 20.0);
    // What "two" and "three" may still take is what it was: .25 and .20 of the first 200.
    let all = play(
        &network,
        1,
        &[
            (0.1, Happens::Slash("one", "op", 0.5)),
            (0.2, Happens::Slash("two", "op", 1.0)),
            (0.3, Happens::Slash("three", "op", 1.0)),
        ],
    );
    close(all.system(Figure::Total), 20.0 + 50.0 + 40.0);
}

/// Elastic restaking: stake 10 under four shared AVSs of .5; two slash by 1 and nothing is left.
#[test]
fn shared_stake_stretches_until_it_is_gone() {
    let mut sketch = Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 10.0);
    for avs in ["a", "b", "c", "d"] {
        sketch = sketch.avs(avs, Sharing::Shared).allocation(avs, "op", "*", 0.5);
    }
    let network = sketch.network().unwrap();
    let two = [(0.1, Happens::Slash("a", "op", 1.0)), (0.2, Happens::Slash("b", "op", 1.0))];
    close(play(&network, 1, &two).system(Figure::Total), 10.0);
    let [first, second] = two;
    let four = [
        first,
        second,
        (0.3, Happens::Slash("c", "op", 1.0)),
        (0.4, Happens::Slash("d", "op", 1.0)),
    ];
    close(play(&network, 1, &four).system(Figure::Total), 10.0);
}

#[test]
fn a_shared_avs_takes_no_more_than_is_left() {
    let sketch = Sketch::new()
        .operator("op", "Op")
        .holding("direct", "op", "ETH", 100.0)
        .avs("a", Sharing::Shared)
        .avs("b", Sharing::Shared)
        .allocation("a", "op", "*", 0.8)
        .allocation("b", "op", "*", 0.6);
    let network = sketch.network().unwrap();
    // a takes .8; b may take min(.6, .2), of which half.
    let played = play(
        &network,
        1,
        &[(0.1, Happens::Slash("a", "op", 1.0)), (0.2, Happens::Slash("b", "op", 0.5))],
    );
    close(played.system(Figure::Total), 90.0);
}

#[test]
fn a_compromise_takes_what_it_reaches() {
    let sketch = Sketch::new()
        .operator("op", "Op")
        .holding("direct", "op", "ETH", 100.0)
        .avs("a", Sharing::Unique)
        .allocation("a", "op", "*", 0.3);
    let network = sketch.network().unwrap();
    let allocated = play(&network, 1, &[(0.5, Happens::Compromise("op", 1.0, false))]);
    close(allocated.system(Figure::Burned), 30.0);
    close(allocated.system(Figure::Total), 30.0);
    let all = play(&network, 1, &[(0.5, Happens::Compromise("op", 0.5, true))]);
    close(all.system(Figure::Burned), 15.0);
    close(all.system(Figure::Redistributed), 35.0);
    close(all.system(Figure::OperatorsSlashed), 1.0);
}

/// An LST's validators at a restaking company bear the beacon factor and no AVS slash.
fn one_company() -> Sketch {
    Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("eETH", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("stETH", "op", "ETH", 1_000.0)
        .holding("eETH", "op", "ETH", 100.0)
        .holding("eETH", "op", "stETH", 50.0)
        .allocation("a", "op", "*", 0.4)
}

#[test]
fn an_avs_slashes_restaked_stake_alone() {
    let network = one_company().network().unwrap();
    let played = play(&network, 1, &[(0.5, Happens::Slash("a", "op", 1.0))]);
    close(played.asset("stETH", AssetFigure::NavLoss), 0.0);
    close(played.asset("eETH", AssetFigure::NavLoss), 0.4);
    close(played.system(Figure::Total), 60.0);
    close(played.system(Figure::Burned), 60.0);
}

/// consensus-specs: 32 ETH lose 1/4096 = 0.0078125 ETH at once, and 18 days later
/// 32 x 3 x 1.6M/35M = 4.388571 ETH when 1.6M of 35M ETH were slashed together.
#[test]
fn a_slashed_validator_pays_initial_and_correlation_penalties() {
    let sketch = Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 32.0);
    let network = sketch.network().unwrap();
    let background = (1.6e6 - 32.0) / (35e6 - 32.0);
    let played = play(&network, 30, &[(1.5, Happens::Validators("op", 1.0, background))]);
    let after_initial = 32.0 * (1.0 - 1.0 / 4096.0 - 0.056 / 32.0);
    let left = after_initial * (1.0 - 3.0 * 1.6 / 35.0);
    assert!((32.0 / 4096.0f64 - 0.007_812_5).abs() < 1e-15);
    assert!((32.0 * 3.0 * 1.6 / 35.0 - 4.388_571f64).abs() < 1e-6);
    close(played.system(Figure::Beacon), 32.0 - left);
    // The penalty that falls due after the horizon is charged at the horizon.
    let short = play(&network, 2, &[(1.5, Happens::Validators("op", 1.0, background))]);
    close(short.system(Figure::Beacon), 32.0 - left);
}

/// Two slashings within 18 days of one another count together for both; further apart they do not.
#[test]
fn correlation_reaches_eighteen_days_either_side() {
    let sketch = Sketch::new()
        .operator("a", "A")
        .operator("b", "B")
        .holding("direct", "a", "ETH", 3.5e5)
        .holding("direct", "b", "ETH", 7e5);
    let network = sketch.network().unwrap();
    let initial = 1.0 / 4096.0 + 0.056 / 32.0;
    let lost = |eth: f64, x: f64| eth * (1.0 - (1.0 - initial) * (1.0 - 3.0 * x));
    let together = play(
        &network,
        60,
        &[(1.0, Happens::Validators("a", 1.0, 0.0)), (19.0, Happens::Validators("b", 1.0, 0.0))],
    );
    close(together.system(Figure::Beacon), lost(3.5e5, 0.03) + lost(7e5, 0.03));
    let apart = play(
        &network,
        60,
        &[(1.0, Happens::Validators("a", 1.0, 0.0)), (19.01, Happens::Validators("b", 1.0, 0.0))],
    );
    close(apart.system(Figure::Beacon), lost(3.5e5, 0.01) + lost(7e5, 0.02));
}

/// 32 ETH offline for seven days (1,575 epochs) without finality: 29.72 are left.
#[test]
fn the_inactivity_leak_is_quadratic() {
    let sketch = Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 32.0);
    let network = sketch.network().unwrap();
    let leak = play(&network, 10, &[(1.0, Happens::Offline("op", 1.0, 1_575.0, 0.5))]);
    assert!((32.0 - leak.system(Figure::Leak) - 29.72).abs() < 0.005);
    let small = play(&network, 10, &[(1.0, Happens::Offline("op", 1.0, 1_575.0, 0.1))]);
    close(small.system(Figure::Leak), 32.0 * 2.1e-7 * 1_575.0);
    // Ejection after 4,686 epochs: nothing leaks beyond.
    let long = play(&network, 10, &[(1.0, Happens::Offline("op", 1.0, 50_000.0, 0.5))]);
    close(long.system(Figure::Leak), 32.0 * (1.0 - (-4_686f64.powi(2) / 2f64.powi(25)).exp()));
}

#[test]
fn cover_pays_first_and_only_for_own_holdings() {
    let network = Sketch::new()
        .asset("pufETH", AssetKind::Lrt)
        .with(|asset| asset.cover_eth = 5.0)
        .asset("wrap", AssetKind::Bridged)
        .with(|asset| asset.cover_eth = 100.0)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("pufETH", "op", "ETH", 100.0)
        .holding("wrap", "", "pufETH", 40.0)
        .allocation("a", "op", "*", 1.0)
        .network()
        .unwrap();
    let small = play(&network, 1, &[(0.5, Happens::Slash("a", "op", 0.03))]);
    close(small.system(Figure::Total), 0.0);
    close(small.system(Figure::CoverPaid), 3.0);
    let large = play(&network, 1, &[(0.5, Happens::Slash("a", "op", 0.25))]);
    close(large.asset("pufETH", AssetFigure::NavLoss), 0.20);
    close(large.asset("wrap", AssetFigure::NavLoss), 0.20);
    close(large.system(Figure::CoverPaid), 5.0);
    close(large.system(Figure::Total), 20.0);
}

#[test]
fn a_mint_dilutes_and_the_books_give_it_to_the_minter() {
    let network = Sketch::new()
        .asset("rsETH", AssetKind::Lrt)
        .operator("op", "Op")
        .holding("rsETH", "op", "ETH", 100.0)
        .network()
        .unwrap();
    let played = play(&network, 1, &[(0.5, Happens::Mint("rsETH", 0.25, 0.0))]);
    close(played.asset("rsETH", AssetFigure::NavLoss), 0.2);
    close(played.system(Figure::Total), 20.0);
    close(played.system(Figure::Minted), 20.0);
}

/// Half of an LRT that holds stETH is stolen; then stETH loses validators: the thief holds stETH
/// too, and what he took is worth what it is worth at the horizon.
#[test]
fn stolen_wrapped_units_are_valued_at_the_horizon() {
    let network = one_company().network().unwrap();
    let played = play(
        &network,
        30,
        &[(0.5, Happens::Exploit("eETH", 0.5, 1)), (1.5, Happens::Validators("op", 0.1, 0.0))],
    );
    let eth_left = 1.0 - played.asset("stETH", AssetFigure::NavLoss);
    close(played.system(Figure::Stolen), 50.0 + 25.0 * eth_left);
}

#[test]
fn a_depeg_moves_the_price_and_not_the_nav() {
    let network = one_company().network().unwrap();
    let played = play(&network, 2, &[(0.5, Happens::Depeg("eETH", 0.08, 0.2))]);
    close(played.asset("eETH", AssetFigure::NavLoss), 0.0);
    close(played.asset("eETH", AssetFigure::WorstDiscount), 0.08);
    close(played.asset("eETH", AssetFigure::MarketLoss), 0.04); // half is gone a day later
    close(played.system(Figure::Depegs5), 1.0);
    close(played.system(Figure::Depegs10), 0.0);
    close(played.system(Figure::Total), 0.0);
}

#[test]
fn nothing_happens_and_nothing_is_lost() {
    let network = one_company().network().unwrap();
    let played = play(&network, 30, &[]);
    assert!(played.row.iter().all(|figure| figure.to_bits() == 0), "{:?}", played.row);
}

fn portfolio_loss(played: &Played, index: usize) -> f64 {
    played.portfolio(index, PortfolioFigure::Loss)
}

/// Collateral 100 with threshold .95 at health factors 1.0 and 1.9 (half each): debts 47.5 and 25,
/// equity 2.5 and 25. A fall of the price by 8 % costs 2.5 (all there is) and 4. Loans that are under
/// water from the start have no equity to lose and gain none.
#[test]
fn a_levered_position_loses_its_equity_at_most() {
    let mut sketch = Sketch::new()
        .asset("eETH", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("eETH", "op", "ETH", 1_000.0)
        .allocation("a", "op", "*", 1.0)
        .portfolio("plain", "eETH", 100.0);
    for health_factor in [1.0, 1.9] {
        sketch =
            sketch.loan(LoanRow { ltv: 0.9, ..LoanRow::new("m", "eETH", health_factor, 200.0) });
    }
    sketch = sketch.levered("loop", "m", 100.0);
    let network = sketch.network().unwrap();
    let played = play(&network, 1, &[(0.5, Happens::Slash("a", "op", 0.08))]);
    close(portfolio_loss(&played, 0), 2.5 + 4.0);
    close(portfolio_loss(&played, 1), 8.0);
    let all = play(&network, 1, &[(0.5, Happens::Slash("a", "op", 1.0))]);
    close(portfolio_loss(&all, 0), 2.5 + 25.0);
    sketch.0.loans.rows[0].health_factor = 0.5;
    let under_water = sketch.network().unwrap();
    let played = play(&under_water, 1, &[(0.5, Happens::Slash("a", "op", 0.08))]);
    close(portfolio_loss(&played, 0), 4.0);
    let setting = Setting::new(&network, Parameters::absent(1, network.n_wrapped()));
    let exposure: f64 =
        exposures(&setting, &network.portfolios()[0]).iter().map(|(_, units)| units).sum();
    close(exposure, 27.5);
}

/// The figures that `data/networks/tiny/SOURCES.md` works on paper.
#[test]
fn the_tiny_network_as_worked_on_paper() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/networks/tiny");
    let network = slashfall_graph::load_network(dir.as_ref()).unwrap().network;
    let slashed = play(&network, 1, &[(0.5, Happens::Slash("X", "op-a", 0.5))]);
    close(slashed.system(Figure::Burned), 62.5);
    close(slashed.system(Figure::Total), 62.5);
    close(slashed.asset("tLRT", AssetFigure::NavLoss), 37.5 / 350.0);
    close(slashed.asset("tLST", AssetFigure::NavLoss), 0.0);
}
