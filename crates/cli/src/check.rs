//! `slashfall check`: what is wrong with an input, or else the facts of its network.

use std::io::Write;

use slashfall_graph::facts::{DebtRank, Exposure, Facts, Node, Ranking, Share, facts};
use slashfall_graph::{AssetId, EntityId, Network, Problem, Problems, load_network};
use slashfall_sampling::Scenario;

use crate::Ending;
use crate::args::Check;
use crate::input::{Input, Overrides};
use crate::number::{eth, percent};
use crate::run::notes;
use crate::summary::plain_table;

/// Slack that stands in for profits from corruption nobody has estimated, where no run file says it.
const DEFAULT_SECURITY_SLACK: f64 = 0.5;

pub(crate) fn check(args: &Check) -> anyhow::Result<Ending> {
    let mut out = std::io::stdout().lock();
    if args.path.is_dir() {
        if let Some(assignment) = args.set.first() {
            let expected = "a run file to change was expected; a network folder has no keys";
            return Err(Problems::from(Problem::new("--set", expected).value(assignment)).into());
        }
        let resolved = load_network(&args.path)?;
        let warnings = resolved.warnings.iter().map(|w| format!("warning: {w}")).collect();
        let slack = DEFAULT_SECURITY_SLACK;
        return show(&mut out, args, &resolved.network, slack, warnings, &[]);
    }
    let input = Input::load(&args.path, &Overrides { set: &args.set, ..Overrides::default() })?;
    let scenarios = input.spec.resolve(&input.file, &input.root, &input.network)?;
    let notes = notes(&input, &scenarios);
    show(&mut out, args, &input.network, input.spec.security_slack, notes, &scenarios)
}

fn show(
    out: &mut impl Write,
    args: &Check,
    network: &Network,
    slack: f64,
    notes: Vec<String>,
    scenarios: &[Scenario<'_>],
) -> anyhow::Result<Ending> {
    let facts = facts(network, slack);
    let page = Page { network, facts: &facts, slack, notes, scenarios };
    if args.json {
        writeln!(out, "{:#}", page.json())?;
    } else {
        page.print(out, args.top)?;
    }
    Ok(Ending::Done)
}

/// What is printed of a network.
struct Page<'a> {
    network: &'a Network,
    facts: &'a Facts,
    slack: f64,
    notes: Vec<String>,
    /// Of the run file, where one was given.
    scenarios: &'a [Scenario<'a>],
}

impl Page<'_> {
    fn print(&self, out: &mut impl Write, top: usize) -> std::io::Result<()> {
        let meta = self.network.meta();
        let synthetic = if meta.synthetic { "; partly synthetic" } else { "" };
        writeln!(out, "{} as of {}{synthetic}. {}", meta.name, meta.as_of, meta.source)?;
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        self.print_sources(out)?;
        self.print_totals(out)?;
        self.print_concentration(out, top)?;
        self.print_coverage(out)?;
        self.print_look_through(out, top)?;
        self.print_security(out)?;
        self.print_overlap(out, top)?;
        self.print_debtrank(out, top)
    }

    fn print_sources(&self, out: &mut impl Write) -> std::io::Result<()> {
        for scenario in self.scenarios {
            let days = scenario.spec.horizon_days;
            writeln!(
                out,
                "\nScenario {}: sources, and events expected on a path of {days} days",
                scenario.name
            )?;
            let mut table = plain_table(&["kind", "sources", "events"].map(str::to_owned));
            for (kind, (n, events)) in scenario.model.expected_events() {
                table.add_row([kind.name().to_owned(), n.to_string(), format!("{events:.5}")]);
            }
            writeln!(out, "{}", table.trim_fmt())?;
        }
        Ok(())
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

    fn asset(&self, id: AssetId) -> &str {
        &self.network.asset(id).name
    }

    fn entity(&self, id: EntityId) -> &str {
        &self.network.entities()[id.index()]
    }

    fn print_totals(&self, out: &mut impl Write) -> std::io::Result<()> {
        let totals = &self.facts.totals;
        writeln!(
            out,
            "\nRestaked: {} ETH, {} by LRTs; of this in ETH and tokens on it {}, {} by LRTs",
            eth(totals.restaked.eth),
            percent(totals.restaked.lrt_share()),
            eth(totals.restaked_ether.eth),
            percent(totals.restaked_ether.lrt_share()),
        )?;
        let header = [
            "asset",
            "supply ETH",
            "buffer",
            "idle",
            "restaked",
            "staked, not restaked",
            "in other tokens",
            "cover",
            "nav",
        ];
        let mut table = plain_table(&header.map(str::to_owned));
        for asset in &totals.assets {
            let Some(backing) = &asset.backing else { continue };
            let amounts = [
                backing.buffer_eth,
                backing.idle_eth,
                backing.restaked_eth,
                backing.not_restaked_eth,
            ];
            let mut row = vec![self.asset(asset.asset).to_owned(), eth(asset.supply_eth)];
            row.extend(amounts.map(eth));
            row.extend([
                percent(backing.nested_share()),
                eth(backing.cover_eth),
                format!("{:.6}", asset.nav_0),
            ]);
            table.add_row(row);
        }
        writeln!(out, "{}", table.trim_fmt())
    }

    fn print_concentration(&self, out: &mut impl Write, top: usize) -> std::io::Result<()> {
        let concentration = &self.facts.concentration;
        let operator = |share: &Share<_>| self.network.operator(share.id).name.as_str();
        print_ranking(
            out,
            "restaked, by operator",
            &concentration.restaked_by_operator,
            top,
            operator,
        )?;
        let entity = |share: &Share<EntityId>| self.entity(share.id);
        print_ranking(out, "restaked, by company", &concentration.restaked_by_entity, top, entity)?;
        print_ranking(
            out,
            "restaked ETH only, by company",
            &concentration.restaked_ether_by_entity,
            top,
            entity,
        )?;
        print_ranking(
            out,
            "native ETH, LSTs included, by company",
            &concentration.native_by_entity,
            top,
            entity,
        )
    }

    fn print_coverage(&self, out: &mut impl Write) -> std::io::Result<()> {
        let coverage = &self.facts.coverage;
        writeln!(
            out,
            "\nBehind a restaked ETH stand {:.2} AVSs on average, with {} of it allocated in sum",
            coverage.mean_avss,
            percent(coverage.mean_fraction),
        )?;
        let total: f64 = coverage.eth_by_count.iter().sum();
        let shares = coverage.eth_by_count.iter().enumerate().filter(|(_, eth)| **eth > 0.0);
        let shares: Vec<String> =
            shares.map(|(n, eth)| format!("{n}: {}", percent(eth / total))).collect();
        writeln!(out, "  by number of AVSs  {}", shares.join("  "))
    }

    fn print_look_through(&self, out: &mut impl Write, top: usize) -> std::io::Result<()> {
        writeln!(
            out,
            "\nFall of nav, before cover, if all at a company were lost, or an AVS slashed all it may"
        )?;
        let mut table = plain_table(&["asset", "companies", "AVSs"].map(str::to_owned));
        let list = |names: Vec<String>| names.join(", ");
        for asset in &self.facts.look_through {
            let entities = asset.entities.iter().take(top.min(4));
            let entities = entities
                .map(|e: &Exposure<_>| format!("{} {}", self.entity(e.id), percent(e.nav_loss)));
            let avss = asset.avss.iter().take(top.min(4));
            let avss =
                avss.map(|e| format!("{} {}", self.network.avs(e.id).name, percent(e.nav_loss)));
            let row = [
                self.asset(asset.asset).to_owned(),
                list(entities.collect()),
                list(avss.collect()),
            ];
            table.add_row(row);
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(comfy_table::CellAlignment::Left);
        }
        writeln!(out, "{}", table.trim_fmt())
    }

    fn print_security(&self, out: &mut impl Write) -> std::io::Result<()> {
        let header = [
            "AVS",
            "operators",
            "slashable ETH",
            "cost to corrupt",
            "profit",
            "slack",
            "largest company",
            "operators to corrupt",
        ];
        let mut table = plain_table(&header.map(str::to_owned));
        for avs in &self.facts.security {
            let profit = if avs.profit_is_given {
                eth(avs.profit_eth)
            } else {
                format!("({})", eth(avs.profit_eth))
            };
            let largest = avs.entities.largest();
            let largest = largest.map_or_else(String::new, |s| {
                format!("{} {}", self.entity(s.id), percent(s.share))
            });
            table.add_row([
                self.network.avs(avs.avs).name.clone(),
                avs.n_operators.to_string(),
                eth(avs.slashable_eth),
                eth(avs.cost_to_corrupt_eth),
                profit,
                format!("{:.3}", avs.global_slack),
                largest,
                avs.n_to_corrupt.to_string(),
            ]);
        }
        writeln!(
            out,
            "\nSecurity of AVSs; profits in brackets are not given but implied by a slack of {}",
            self.slack
        )?;
        writeln!(out, "{}", table.trim_fmt())?;
        let local = &self.facts.local_slack;
        let binding = local.binding.map_or("none", |id| &self.network.operator(id).name);
        writeln!(
            out,
            "Local security slack (Durvasula and Roughgarden): {:.4}, binding at {binding}",
            local.gamma
        )?;
        self.print_failing(out)
    }

    fn print_failing(&self, out: &mut impl Write) -> std::io::Result<()> {
        let failing = &self.facts.failing_services;
        let text = match (failing.tolerated_at_least(), failing.tolerated_at_most()) {
            (Some(low), Some(high)) if low == high => format!("{low} (exact)"),
            (Some(low), Some(high)) => format!("between {low} and {high}"),
            _ => "none: some AVS is open to attack as it stands".to_owned(),
        };
        writeln!(
            out,
            "Failing services tolerated before another AVS can be corrupted at a profit (Bar-Zur and Eyal): {text}"
        )?;
        if let Some(witness) = &failing.witness {
            let failed: Vec<&str> =
                witness.failed.iter().map(|id| self.network.avs(*id).name.as_str()).collect();
            writeln!(
                out,
                "  for example: once {} fails, {} can be attacked",
                failed.join(" and "),
                self.network.avs(witness.attackable).name
            )?;
        }
        Ok(())
    }

    fn print_overlap(&self, out: &mut impl Write, top: usize) -> std::io::Result<()> {
        writeln!(out, "\nOverlap of AVSs (stake-weighted Jaccard), largest")?;
        let mut table = plain_table(&["AVS", "AVS", "shared ETH", "overlap"].map(str::to_owned));
        for pair in self.facts.overlap.iter().take(top) {
            let name = |id| self.network.avs(id).name.clone();
            table.add_row([name(pair.a), name(pair.b), eth(pair.both_eth), percent(pair.jaccard)]);
        }
        writeln!(out, "{}", table.trim_fmt())
    }

    fn print_debtrank(&self, out: &mut impl Write, top: usize) -> std::io::Result<()> {
        writeln!(
            out,
            "\nLinear DebtRank: share of holders' value impaired when the node alone fails, largest"
        )?;
        let mut table = plain_table(&["node", "kind", "DebtRank"].map(str::to_owned));
        for rank in self.facts.debtrank.nodes.iter().take(top) {
            let (kind, name) = self.node(rank);
            table.add_row([name.to_owned(), kind.to_owned(), format!("{:.4}", rank.debtrank)]);
        }
        writeln!(out, "{}", table.trim_fmt())?;
        if self.facts.debtrank.n_unsettled > 0 {
            writeln!(
                out,
                "  {} nodes had not settled: theirs is a lower bound",
                self.facts.debtrank.n_unsettled
            )?;
        }
        Ok(())
    }

    fn node(&self, rank: &DebtRank) -> (&'static str, &str) {
        match rank.node {
            Node::Operator(id) => ("operator", &self.network.operator(id).name),
            Node::Avs(id) => ("avs", &self.network.avs(id).name),
            Node::Wrapped(id) => ("asset", self.asset(id)),
        }
    }

    fn json(&self) -> serde_json::Value {
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

    fn debtrank_json(&self) -> Vec<serde_json::Value> {
        let of = |rank: &DebtRank| {
            let (kind, name) = self.node(rank);
            serde_json::json!({ "kind": kind, "node": name, "debtrank": rank.debtrank })
        };
        self.facts.debtrank.nodes.iter().map(of).collect()
    }
}

/// JSON has no infinity: what has no bound is null.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn print_ranking<'n, I>(
    out: &mut impl Write,
    title: &str,
    ranking: &Ranking<I>,
    top: usize,
    name: impl Fn(&Share<I>) -> &'n str,
) -> std::io::Result<()> {
    let shown = ranking.shares.iter().take(top);
    let sum: f64 = shown.clone().map(|share| share.share).sum();
    let n = ranking.shares.len();
    writeln!(
        out,
        "\n{title}: HHI {:.4}, {n} in all, the first {} have {}",
        ranking.hhi,
        top.min(n),
        percent(sum)
    )?;
    let shown: Vec<String> =
        shown.map(|share| format!("{} {}", name(share), percent(share.share))).collect();
    writeln!(out, "  {}", shown.join(", "))
}

fn ranking_json<I>(ranking: &Ranking<I>, name: impl Fn(&Share<I>) -> String) -> serde_json::Value {
    let shares = ranking.shares.iter().map(
        |share| serde_json::json!({ "name": name(share), "eth": share.eth, "share": share.share }),
    );
    serde_json::json!({ "hhi": ranking.hhi, "total_eth": ranking.total_eth, "shares": shares.collect::<Vec<_>>() })
}
