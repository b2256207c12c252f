//! The facts of a network as JSON.

use slashfall_graph::EntityId;
use slashfall_graph::facts::{DebtRank, Ranking, Share};
use slashfall_sampling::Scenario;

use super::Page;

impl Page<'_> {
    /// All of it.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let meta = self.network.meta();
        serde_json::json!({
            "network": { "name": meta.name, "as_of": meta.as_of, "source": meta.source, "synthetic": meta.synthetic },
            "notes": self.notes,
            "sources": self.sources_json(),
            "restaked_eth": self.facts.totals.restaked.eth,
            "restaked_lrt_share": self.facts.totals.restaked.lrt_share(),
            "restaked_ether_eth": self.facts.totals.restaked_ether.eth,
            "restaked_ether_lrt_share": self.facts.totals.restaked_ether.lrt_share(),
            "assets": self.assets_json(),
            "concentration": self.concentration_json(),
            "coverage": {
                "mean_avss": self.facts.coverage.mean_avss,
                "mean_fraction": self.facts.coverage.mean_fraction,
                "eth_by_count": self.facts.coverage.eth_by_count,
            },
            "look_through": self.look_through_json(),
            "avs": self.security_json(),
            "local_security_slack": self.local_slack_json(),
            "failing_services": self.failing_json(),
            "overlap": self.overlap_json(),
            "debtrank": self.debtrank_json(),
        })
    }

    fn sources_json(&self) -> serde_json::Value {
        let of = |scenario: &Scenario<'_>| {
            let kinds = scenario.model.expected_events().into_iter().map(|(kind, (n, events))| {
                serde_json::json!({ "kind": kind.name(), "sources": n, "expected_events": events })
            });
            serde_json::json!({ "scenario": scenario.name, "kinds": kinds.collect::<Vec<_>>() })
        };
        self.scenarios.iter().map(of).collect()
    }

    fn assets_json(&self) -> Vec<serde_json::Value> {
        let asset = |asset: &slashfall_graph::facts::AssetTotals| {
            let backing = asset.backing.as_ref().map(|backing| serde_json::json!({
                "buffer_eth": backing.buffer_eth, "idle_eth": backing.idle_eth,
                "restaked_eth": backing.restaked_eth, "not_restaked_eth": backing.not_restaked_eth,
                "nested_eth": backing.nested_eth, "cover_eth": backing.cover_eth,
            }));
            serde_json::json!({
                "asset": self.asset(asset.asset), "supply_eth": asset.supply_eth, "nav_0": asset.nav_0,
                "outside_eth": asset.outside_eth, "backing": backing,
            })
        };
        self.facts.totals.assets.iter().map(asset).collect()
    }

    fn concentration_json(&self) -> serde_json::Value {
        let concentration = &self.facts.concentration;
        let entity = |share: &Share<EntityId>| self.entity(share.id).to_owned();
        let operator = |share: &Share<_>| self.network.operator(share.id).name.clone();
        serde_json::json!({
            "restaked_by_operator": ranking_json(&concentration.restaked_by_operator, operator),
            "restaked_by_entity": ranking_json(&concentration.restaked_by_entity, entity),
            "restaked_ether_by_operator": ranking_json(&concentration.restaked_ether_by_operator, operator),
            "restaked_ether_by_entity": ranking_json(&concentration.restaked_ether_by_entity, entity),
            "native_by_entity": ranking_json(&concentration.native_by_entity, entity),
        })
    }

    fn look_through_json(&self) -> Vec<serde_json::Value> {
        let of = |asset: &slashfall_graph::facts::LookThrough| {
            let entities = asset.entities.iter().map(
                |e| serde_json::json!({ "entity": self.entity(e.id), "nav_loss": e.nav_loss }),
            );
            let avss = asset.avss.iter().map(|e| serde_json::json!({ "avs": self.network.avs(e.id).name, "nav_loss": e.nav_loss }));
            serde_json::json!({
                "asset": self.asset(asset.asset),
                "entities": entities.collect::<Vec<_>>(), "avss": avss.collect::<Vec<_>>(),
            })
        };
        self.facts.look_through.iter().map(of).collect()
    }

    fn security_json(&self) -> Vec<serde_json::Value> {
        let of = |avs: &slashfall_graph::facts::AvsSecurity| {
            serde_json::json!({
                "avs": self.network.avs(avs.avs).name, "operators": avs.n_operators,
                "slashable_eth": avs.slashable_eth, "cost_to_corrupt_eth": avs.cost_to_corrupt_eth,
                "profit_eth": avs.profit_eth, "profit_is_given": avs.profit_is_given,
                "global_slack": finite(avs.global_slack), "hhi_entities": avs.entities.hhi,
                "operators_to_corrupt": avs.n_to_corrupt,
            })
        };
        self.facts.security.iter().map(of).collect()
    }

    fn local_slack_json(&self) -> serde_json::Value {
        let local = &self.facts.local_slack;
        serde_json::json!({
            "gamma": finite(local.gamma),
            "binding_operator": local.binding.map(|id| self.network.operator(id).name.clone()),
            "profits_implied": local.n_profits_implied, "security_slack_assumed": self.slack,
        })
    }

    fn failing_json(&self) -> serde_json::Value {
        let failing = &self.facts.failing_services;
        serde_json::json!({
            "tolerated_at_least": failing.tolerated_at_least(), "tolerated_at_most": failing.tolerated_at_most(),
            "witness": failing.witness.as_ref().map(|witness| serde_json::json!({
                "failed": witness.failed.iter().map(|id| self.network.avs(*id).name.clone()).collect::<Vec<_>>(),
                "attackable": self.network.avs(witness.attackable).name,
            })),
        })
    }

    fn overlap_json(&self) -> Vec<serde_json::Value> {
        let of = |pair: &slashfall_graph::facts::Overlap| {
            serde_json::json!({
                "a": self.network.avs(pair.a).name, "b": self.network.avs(pair.b).name,
                "both_eth": pair.both_eth, "either_eth": pair.either_eth, "jaccard": pair.jaccard,
            })
        };
        self.facts.overlap.iter().map(of).collect()
    }

    /// Null where it takes too long.
    fn debtrank_json(&self) -> Option<Vec<serde_json::Value>> {
        let of = |rank: &DebtRank| {
            let (kind, name) = self.node(rank);
            serde_json::json!({ "kind": kind, "node": name, "debtrank": rank.debtrank })
        };
        let nodes = &self.facts.debtrank.nodes;
        (!nodes.is_empty()).then(|| nodes.iter().map(of).collect())
    }
}

/// JSON has no infinity: what has no bound is null.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn ranking_json<I>(ranking: &Ranking<I>, name: impl Fn(&Share<I>) -> String) -> serde_json::Value {
    let shares = ranking.shares.iter().map(
        |share| serde_json::json!({ "name": name(share), "eth": share.eth, "share": share.share }),
    );
    serde_json::json!({ "hhi": ranking.hhi, "total_eth": ranking.total_eth, "shares": shares.collect::<Vec<_>>() })
}
