//! What a wrapped asset is really exposed to, through the wrapped assets that back it.
//!
//! With `own_h` the share that a holding itself loses and `x` the loss of an asset's nav,
//!
//! ```text
//! x_k = sum over holdings h of k: value_h (1 - (1 - own_h) (1 - x_asset(h))) / backing_k
//! ```
//!
//! in the order of the backing graph, so each figure is exact. Exposures need not sum to 1: stETH
//! restaked with X is lost if X fails as a restaking operator and again, through its nav, if the
//! companies fail that run the validators behind it. Cover is not counted: it bears losses first,
//! but only those of an asset's own holdings, and stands beside the exposure in
//! [`Backing::cover_eth`](super::Backing).

use super::worth::{avs_ids, bears_operator, buffer_eth, ratio, slashable_fractions};
use crate::ids::{AssetId, AvsId, EntityId};
use crate::network::{Holder, Holding, Network};

/// What a wrapped asset is exposed to.
#[derive(Clone, Debug, PartialEq)]
pub struct LookThrough {
    /// Which asset.
    pub asset: AssetId,
    /// By company: the fraction of nav lost if all restaked stake and all validators of all its
    /// operators were worth nothing. Largest first, those at zero left out.
    pub entities: Vec<Exposure<EntityId>>,
    /// By AVS: the fraction of nav lost if it slashed all of its allocations by 1. Largest first,
    /// those at zero left out.
    pub avss: Vec<Exposure<AvsId>>,
}

/// An exposure to one company or AVS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposure<I> {
    /// To whom.
    pub id: I,
    /// Fraction of nav lost, in (0, 1].
    pub nav_loss: f64,
}

/// Looks through every wrapped asset, in order of asset.
#[must_use]
pub fn look_through(network: &Network) -> Vec<LookThrough> {
    let entity_losses: Vec<Vec<f64>> = (0..network.entities().len())
        .map(|entity| entity_nav_loss(network, EntityId::new(entity)))
        .collect();
    let avs_losses: Vec<Vec<f64>> = avs_ids(network)
        .map(|avs| slash_nav_loss(network, &slashable_fractions(network, avs)))
        .collect();
    network
        .wrapped_assets()
        .map(|asset| LookThrough {
            asset,
            entities: exposures(EntityId::new, &entity_losses, asset),
            avss: exposures(AvsId::new, &avs_losses, asset),
        })
        .collect()
}

/// Looks through the wrapped assets that back others, in order of asset: of each, those behind it and
/// itself, with 1, and the fraction of its nav lost if that asset were worth nothing. Largest first,
/// those at zero left out.
#[must_use]
pub fn nested(network: &Network) -> Vec<Vec<Exposure<AssetId>>> {
    let losses: Vec<Vec<f64>> =
        network.wrapped_assets().map(|asset| asset_nav_loss(network, asset)).collect();
    let id = |index| AssetId::new(network.n_base() + index);
    network.wrapped_assets().map(|asset| exposures(id, &losses, asset)).collect()
}

fn exposures<I: Ord + Copy>(
    id: impl Fn(usize) -> I,
    losses: &[Vec<f64>],
    asset: AssetId,
) -> Vec<Exposure<I>> {
    let mut exposures: Vec<Exposure<I>> = losses
        .iter()
        .enumerate()
        .map(|(i, loss)| Exposure { id: id(i), nav_loss: loss[asset.index()] })
        .filter(|exposure| exposure.nav_loss > 0.0)
        .collect();
    exposures.sort_by(|a, b| b.nav_loss.total_cmp(&a.nav_loss).then(a.id.cmp(&b.id)));
    exposures
}

fn entity_nav_loss(network: &Network, entity: EntityId) -> Vec<f64> {
    let is_hit = |holding: &Holding| {
        let there = |operator| network.operator(operator).entity == entity;
        bears_operator(holding) && holding.operator.is_some_and(there)
    };
    nav_loss(network, |holding| f64::from(u8::from(is_hit(holding))))
}

fn asset_nav_loss(network: &Network, lost: AssetId) -> Vec<f64> {
    let mut loss = nav_loss(network, |holding| f64::from(u8::from(holding.asset == lost)));
    loss[lost.index()] = 1.0;
    loss
}

/// Loss of every asset's nav, by [`AssetId`], when each cell loses `slashed` of itself.
pub(super) fn slash_nav_loss(network: &Network, slashed: &[f64]) -> Vec<f64> {
    nav_loss(network, |holding| holding.stake.map_or(0.0, |stake| slashed[stake.index()]))
}

/// Loss of every asset's nav, by [`AssetId`], when each holding itself loses `own` of its units.
fn nav_loss(network: &Network, own: impl Fn(&Holding) -> f64) -> Vec<f64> {
    let mut loss = vec![0.0; network.assets().len()];
    for asset in network.wrapped_assets() {
        let holder = Holder::Wrapped(asset);
        let (mut lost, mut all) = (0.0, buffer_eth(network, holder));
        for &id in network.holder_holdings(holder) {
            let (holding, eth) = (network.holding(id), network.holding_eth(id));
            let (own, nested) = (own(holding), loss[holding.asset.index()]);
            lost += eth * (own + nested * (1.0 - own));
            all += eth;
        }
        loss[asset.index()] = ratio(lost, all).min(1.0);
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;
    use crate::Sketch;
    use crate::spec::{AssetKind, Sharing::Unique};

    /// An LST of 60 with A and 40 with B; an LRT of 50 LST restaked with A, 30 ETH restaked with
    /// B and 20 idle ETH; a bridged LRT, all LRT.
    fn network() -> Network {
        Sketch::new()
            .asset("lst", AssetKind::Lst)
            .asset("lrt", AssetKind::Lrt)
            .asset("bridged", AssetKind::Bridged)
            .operator("a", "A")
            .operator("b", "B")
            .holding("lst", "a", "ETH", 60.0)
            .holding("lst", "b", "ETH", 40.0)
            .holding("lrt", "a", "lst", 50.0)
            .holding("lrt", "b", "ETH", 30.0)
            .holding("lrt", "", "ETH", 20.0)
            .holding("bridged", "", "lrt", 10.0)
            .avs("s", Unique)
            .avs("t", Unique)
            .allocation("s", "a", "*", 0.2)
            .allocation("s", "b", "*", 0.5)
            .allocation("t", "b", "*", 0.4)
            .network()
            .unwrap()
    }

    fn of(network: &Network, name: &str) -> LookThrough {
        let found =
            look_through(network).into_iter().find(|row| network.asset(row.asset).name == name);
        found.unwrap()
    }

    #[test]
    fn a_company_hits_through_both_layers() {
        let lst = of(&network(), "lst");
        close(lst.entities[0].nav_loss, 0.6);
        assert!(lst.avss.is_empty());
        // A: the restaked LST is gone. B: 40 % of the LST's nav, and the restaked ETH.
        let lrt = of(&network(), "lrt");
        assert_eq!(lrt.entities.iter().map(|e| e.id.index()).collect::<Vec<_>>(), [0, 1]);
        close(lrt.entities[0].nav_loss, 0.5);
        close(lrt.entities[1].nav_loss, 0.5 * 0.4 + 0.3);
    }

    fn nested_of(network: &Network, name: &str) -> Vec<(String, f64)> {
        let wrapped = network.wrapped_assets().position(|id| network.asset(id).name == name);
        let exposures = &nested(network)[wrapped.unwrap()];
        exposures.iter().map(|e| (network.asset(e.id).name.clone(), e.nav_loss)).collect()
    }

    /// Half of the LRT is LST, and all of the bridged asset is LRT.
    #[test]
    fn an_asset_falls_with_what_is_behind_it() {
        let network = network();
        let expected = |expected: &[(&str, f64)]| -> Vec<(String, f64)> {
            expected.iter().map(|(name, loss)| ((*name).to_owned(), *loss)).collect()
        };
        assert_eq!(nested_of(&network, "lst"), expected(&[("lst", 1.0)]));
        assert_eq!(nested_of(&network, "lrt"), expected(&[("lrt", 1.0), ("lst", 0.5)]));
        let bridged = [("lrt", 1.0), ("bridged", 1.0), ("lst", 0.5)];
        assert_eq!(nested_of(&network, "bridged"), expected(&bridged));
    }

    /// A second LRT of 30 LST, 50 of the first LRT and a buffer of 20: `(30 + 50 x .5) / 100` of it
    /// is LST.
    #[test]
    fn an_asset_counts_by_every_way_to_it() {
        let sketch = Sketch::new()
            .asset("lst", AssetKind::Lst)
            .asset("lrt", AssetKind::Lrt)
            .asset("lrt2", AssetKind::Lrt)
            .with(|lrt| lrt.buffer_eth = 20.0)
            .operator("a", "A")
            .holding("lst", "a", "ETH", 100.0)
            .holding("lrt", "", "lst", 50.0)
            .holding("lrt", "", "ETH", 50.0)
            .holding("lrt2", "", "lst", 30.0)
            .holding("lrt2", "a", "lrt", 50.0);
        let found = nested_of(&sketch.network().unwrap(), "lrt2");
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["lrt2", "lst", "lrt"]);
        close(found[1].1, 0.55);
        close(found[2].1, 0.5);
    }

    #[test]
    fn an_avs_hits_what_it_can_slash() {
        let lrt = of(&network(), "lrt");
        close(lrt.avss[0].nav_loss, 0.5 * 0.2 + 0.3 * 0.5);
        close(lrt.avss[1].nav_loss, 0.3 * 0.4);
        assert_eq!(of(&network(), "bridged").avss, lrt.avss);
        assert_eq!(of(&network(), "bridged").entities, lrt.entities);
    }
}
