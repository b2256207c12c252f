//! The same network with some of its amounts scaled, so that a figure can be asked how much it hangs
//! on them.

use crate::ids::MarketId;
use crate::network::Network;
use crate::venues::{Portfolio, Position};

impl Network {
    /// The network with all covers times `factor`, which is positive.
    #[must_use]
    pub fn with_cover_scaled(&self, factor: f64) -> Self {
        let mut scaled = self.clone();
        scaled.assets.iter_mut().for_each(|asset| asset.cover_eth *= factor);
        scaled
    }

    /// The network with one more portfolio, of this name, levered in each of some markets: what such a position earns
    /// and owes is followed in markets where somebody is levered alone.
    #[must_use]
    pub fn with_levered(&self, name: &str, markets: &[MarketId]) -> Self {
        let levered = |&market: &MarketId| {
            let collateral = self.market(market).loans.iter().map(|loan| loan.collateral_units);
            Position::Levered { market, units: collateral.sum() }
        };
        let mut followed = self.clone();
        let positions = markets.iter().map(levered).collect();
        followed.portfolios.push(Portfolio { name: name.to_owned(), positions });
        followed
    }

    /// The network with both reserves of all pools times `factor`, which is positive: prices stay, and
    /// what it takes to move them is scaled.
    #[must_use]
    pub fn with_depth_scaled(&self, factor: f64) -> Self {
        let mut scaled = self.clone();
        for pool in &mut scaled.pools {
            pool.reserve_units *= factor;
            pool.reserve_eth *= factor;
        }
        scaled
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::{AssetKind, PoolRow};
    use crate::{Network, Sketch};

    fn network() -> Network {
        Sketch::new()
            .asset("lst", AssetKind::Lst)
            .with(|asset| asset.cover_eth = 3.0)
            .operator("op", "Op")
            .holding("lst", "op", "ETH", 100.0)
            .pool(PoolRow::constant_product("pool", "lst", 8.0, 4.0))
            .network()
            .unwrap()
    }

    #[test]
    fn only_what_is_named_is_scaled() {
        let network = network();
        let (cover, depth) = (network.with_cover_scaled(2.0), network.with_depth_scaled(0.5));
        let mut twin = network.clone();
        twin.assets.iter_mut().for_each(|asset| asset.cover_eth += asset.cover_eth);
        assert_eq!(cover, twin);
        let mut twin = network.clone();
        (twin.pools[0].reserve_units, twin.pools[0].reserve_eth) =
            (network.pools()[0].reserve_units / 2.0, network.pools()[0].reserve_eth / 2.0);
        assert_eq!(depth, twin);
        assert!(cover != network && depth != network);
        assert_eq!(cover.with_cover_scaled(0.5), network);
        assert_eq!(depth.with_depth_scaled(2.0), network);
    }
}
