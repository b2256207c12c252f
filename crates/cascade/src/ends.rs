//! How things stand when a path has come to its horizon: what those need who then want to leave, as
//! what they lose by leaving depends on how much they have themselves, and no figure knows that.
//!
//! What selling `x` units of the `index`-th wrapped asset at the end of a path would bring is, with
//! `s` and `l` its [`AssetEnd::SoldEth`] and [`AssetEnd::Depth`] and `P`
//! [`curve`](crate::Setting::curve),
//!
//! ```text
//! Nav Mood (P.proceeds(min(s, 0), min(t, 0)) + l P.proceeds(max(s, 0) / l, t / l))    t = s + x nav(0)
//! ```
//!
//! ETH, fees paid; the second part only where `t` and `l` are above 0 (section 6.6 of
//! `docs/model.md`).

use slashfall_graph::{MarketId, Network};

use crate::loans::market_ids;
use crate::state::State;

/// Where each number stands in the row of an end: the chain's exit queue, wrapped assets, lending
/// markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndLayout {
    n_wrapped: usize,
    n_markets: usize,
}

/// How a wrapped asset stands at the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetEnd {
    /// Nav over that of day 0; a fraction, above 1 where base assets behind it have risen.
    Nav,
    /// Share of nav that ordinary and panic discounts alone leave, at least 0; above 1 of a premium.
    Mood,
    /// Depth of its pools over that of day 0, in [0, 1]; 1 without a pool.
    Depth,
    /// Net sales into its pools since day 0, in ETH at nav of day 0; below 0 where more was bought;
    /// 0 without a pool.
    SoldEth,
}

/// How the loans of a lending market, as its table has them, stand at the horizon; none on minted
/// units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketEnd {
    /// Fall of the equity of all of them at market prices, in ETH, without carry, and less what
    /// unwinding set free and did not sell: what a levered position loses that is the whole market.
    Loss,
    /// Yield less interest of all of them over the path, in ETH; 0 where nothing of it is known: the
    /// market names no reserve, or no portfolio of the network is levered in it.
    Carry,
    /// Collateral that is still pledged over that of day 0, units over units, in [0, 1]. What was
    /// seized or sold is not, nor what unwinding set free and did not sell.
    Pledged,
}

const N_OF_ASSET: usize = AssetEnd::SoldEth as usize + 1;
const N_OF_MARKET: usize = MarketEnd::Pledged as usize + 1;

impl EndLayout {
    /// The layout of a network's ends.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        Self { n_wrapped: network.n_wrapped(), n_markets: network.markets().len() }
    }

    /// Cells in a row.
    #[must_use]
    pub fn width(self) -> usize {
        self.market(self.n_markets, MarketEnd::Loss)
    }

    /// Position of the ETH that waits to leave the chain.
    #[must_use]
    pub fn exit_queue(self) -> usize {
        0
    }

    /// Position of a number of the `index`-th wrapped asset.
    #[must_use]
    pub fn asset(self, index: usize, end: AssetEnd) -> usize {
        1 + index * N_OF_ASSET + end as usize
    }

    /// Position of a number of the `index`-th market.
    #[must_use]
    pub fn market(self, index: usize, end: MarketEnd) -> usize {
        1 + self.n_wrapped * N_OF_ASSET + index * N_OF_MARKET + end as usize
    }
}

impl State<'_> {
    /// Writes how things stand at the end of the path that was played last to `row`, which has
    /// [`EndLayout::width`] cells.
    pub fn write_ends(&self, layout: EndLayout, row: &mut [f64]) {
        row[layout.exit_queue()] = self.queues.exit_eth;
        for (index, asset) in self.network.wrapped_assets().enumerate() {
            let (quote, nav_0) = (&self.market.quotes[index], self.nav_0[asset.index()]);
            let mut set = |end, value| row[layout.asset(index, end)] = value;
            set(AssetEnd::Nav, self.nav[asset.index()] / nav_0);
            set(AssetEnd::Mood, quote.mood());
            set(AssetEnd::Depth, quote.depth);
            set(AssetEnd::SoldEth, quote.sold_units * nav_0);
        }
        for id in market_ids(self.network) {
            let mut set = |end, value| row[layout.market(id.index(), end)] = value;
            set(MarketEnd::Loss, self.market_loss(id));
            set(MarketEnd::Carry, self.lending.carry_eth[id.index()]);
            set(MarketEnd::Pledged, self.pledged(id));
        }
    }

    /// Collateral of own loans that is left, over that of day 0: summed in one order, so that loans
    /// that nobody touched give 1.
    fn pledged(&self, id: MarketId) -> f64 {
        let now: f64 = self.loans.own(id).iter().map(|loan| loan.collateral).sum();
        now / self.loans.markets[id.index()].collateral_0
    }
}

#[cfg(test)]
mod tests {
    use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow};
    use slashfall_graph::{AssetId, Sketch};

    use super::*;
    use crate::{Parameters, PriceCurve, Setting};

    /// A nav of day 0 of 1.25, two pools, two markets.
    fn network() -> Network {
        Sketch::new()
            .asset("k", AssetKind::Lst)
            .with(|k| k.supply_eth = Some(8_000.0))
            .asset("w", AssetKind::Bridged)
            .operator("op", "Op")
            .holding("k", "op", "ETH", 10_000.0)
            .holding("w", "", "k", 100.0)
            .pool(PoolRow { fee: 0.003, ..PoolRow::constant_product("p", "k", 700.0, 900.0) })
            .pool(PoolRow { fee: 4e-4, ..PoolRow::stableswap("q", "k", 500.0, 450.0) })
            .loan(LoanRow::new("a", "k", 1.2, 100.0))
            .loan(LoanRow::new("b", "w", 1.2, 100.0))
            .network()
            .unwrap()
    }

    #[test]
    fn each_number_has_a_place_of_its_own() {
        let layout = EndLayout::new(&network());
        let assets = [AssetEnd::Nav, AssetEnd::Mood, AssetEnd::Depth, AssetEnd::SoldEth];
        let markets = [MarketEnd::Loss, MarketEnd::Carry, MarketEnd::Pledged];
        let mut places = vec![layout.exit_queue()];
        for index in 0..2 {
            places.extend(assets.map(|end| layout.asset(index, end)));
            places.extend(markets.map(|end| layout.market(index, end)));
        }
        places.sort_unstable();
        assert_eq!(places, (0..layout.width()).collect::<Vec<_>>());
        let nothing = Sketch::new().operator("a", "A").holding("direct", "a", "ETH", 1.0);
        assert_eq!(EndLayout::new(&nothing.network().unwrap()).width(), 1);
    }

    /// What the head of this file says that a sale brings.
    fn proceeds(curve: &PriceCurve, end: impl Fn(AssetEnd) -> f64, sale_eth: f64) -> f64 {
        let (sold, depth) = (end(AssetEnd::SoldEth), end(AssetEnd::Depth));
        let to = sold + sale_eth;
        let mut paid = curve.proceeds(sold.min(0.0), to.min(0.0));
        if to > 0.0 && depth > 0.0 {
            paid += depth * curve.proceeds(sold.max(0.0) / depth, to / depth);
        }
        end(AssetEnd::Nav) * end(AssetEnd::Mood) * paid
    }

    #[test]
    fn an_end_tells_what_a_sale_brings() {
        let network = network();
        let setting = Setting::new(&network, Parameters::absent(30, 2));
        let (layout, asset) = (EndLayout::new(&network), AssetId::new(network.n_base()));
        let mut state = State::new(&setting);
        let nav_0 = setting.nav_0(asset);
        assert!((nav_0 - 1.25).abs() < 1e-15);
        let mut row = vec![0.0; layout.width()];
        let mut n_paid = 0;
        for (sold_units, depth) in [-300.0, -40.0, 0.0, 1.0, 250.0, 4_000.0]
            .into_iter()
            .flat_map(|sold| [1.0, 0.7, 0.05, 0.0].map(|depth| (sold, depth)))
        {
            let quote = &mut state.market.quotes[0];
            (quote.sold_units, quote.depth) = (sold_units, depth);
            (quote.discount, quote.panic) = (-0.01, 0.2);
            state.nav[asset.index()] = 0.9 * nav_0;
            state.write_ends(layout, &mut row);
            for units in [1e-3, 1.0, 30.0, 500.0, 1e4] {
                let end = |end| row[layout.asset(0, end)];
                let found = proceeds(setting.curve(asset).unwrap(), end, units * nav_0);
                let expected = state.proceeds(0, units);
                let error = (found - expected).abs();
                assert!(error < 1e-12 * 2_550.0, "{sold_units} {depth} {units}: {error:e}");
                n_paid += usize::from(found > 0.0);
            }
        }
        assert!(n_paid > 90, "{n_paid} sales of 120 brought something");
    }
}
