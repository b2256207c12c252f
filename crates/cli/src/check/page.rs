//! The facts of a network as a page of tables.

use std::io::Write;

use comfy_table::CellAlignment;
use slashfall_graph::EntityId;
use slashfall_graph::facts::{Exposure, Ranking, Share};
use slashfall_jobs::check::Page;
use slashfall_jobs::number::{eth, percent};
use slashfall_jobs::plain_table;

/// Prints all that is found, of each ranking the first `top` rows.
pub(super) fn print(page: &Page<'_>, out: &mut impl Write, top: usize) -> std::io::Result<()> {
    let meta = page.network.meta();
    let synthetic = if meta.synthetic { "; partly synthetic" } else { "" };
    writeln!(out, "{} as of {}{synthetic}. {}", meta.name, meta.as_of, meta.source)?;
    for note in &page.notes {
        writeln!(out, "{note}")?;
    }
    print_sources(page, out)?;
    print_totals(page, out)?;
    print_concentration(page, out, top)?;
    print_coverage(page, out)?;
    print_look_through(page, out, top)?;
    print_security(page, out)?;
    print_overlap(page, out, top)?;
    print_debtrank(page, out, top)
}

fn print_sources(page: &Page<'_>, out: &mut impl Write) -> std::io::Result<()> {
    for scenario in page.scenarios {
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

fn print_totals(page: &Page<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let totals = &page.facts.totals;
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
        let amounts =
            [backing.buffer_eth, backing.idle_eth, backing.restaked_eth, backing.not_restaked_eth];
        let mut row = vec![page.asset(asset.asset).to_owned(), eth(asset.supply_eth)];
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

fn print_concentration(page: &Page<'_>, out: &mut impl Write, top: usize) -> std::io::Result<()> {
    let concentration = &page.facts.concentration;
    let operator = |share: &Share<_>| page.network.operator(share.id).name.as_str();
    print_ranking(
        out,
        "restaked, by operator",
        &concentration.restaked_by_operator,
        top,
        operator,
    )?;
    let entity = |share: &Share<EntityId>| page.entity(share.id);
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

fn print_coverage(page: &Page<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let coverage = &page.facts.coverage;
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

fn print_look_through(page: &Page<'_>, out: &mut impl Write, top: usize) -> std::io::Result<()> {
    writeln!(
        out,
        "\nFall of nav, before cover, if all at a company were lost, or an AVS slashed all it may"
    )?;
    let mut table = plain_table(&["asset", "companies", "AVSs"].map(str::to_owned));
    let list = |names: Vec<String>| names.join(", ");
    for asset in &page.facts.look_through {
        let entities = asset.entities.iter().take(top.min(4));
        let entities = entities
            .map(|e: &Exposure<_>| format!("{} {}", page.entity(e.id), percent(e.nav_loss)));
        let avss = asset.avss.iter().take(top.min(4));
        let avss = avss.map(|e| format!("{} {}", page.network.avs(e.id).name, percent(e.nav_loss)));
        let row =
            [page.asset(asset.asset).to_owned(), list(entities.collect()), list(avss.collect())];
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Left);
    }
    writeln!(out, "{}", table.trim_fmt())
}

fn print_security(page: &Page<'_>, out: &mut impl Write) -> std::io::Result<()> {
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
    for avs in &page.facts.security {
        let profit = if avs.profit_is_given {
            eth(avs.profit_eth)
        } else {
            format!("({})", eth(avs.profit_eth))
        };
        let largest = avs.entities.largest();
        let largest = largest
            .map_or_else(String::new, |s| format!("{} {}", page.entity(s.id), percent(s.share)));
        table.add_row([
            page.network.avs(avs.avs).name.clone(),
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
        page.slack
    )?;
    writeln!(out, "{}", table.trim_fmt())?;
    let local = &page.facts.local_slack;
    let binding = local.binding.map_or("none", |id| &page.network.operator(id).name);
    writeln!(
        out,
        "Local security slack (Durvasula and Roughgarden): {:.4}, binding at {binding}",
        local.gamma
    )?;
    print_failing(page, out)
}

fn print_failing(page: &Page<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let failing = &page.facts.failing_services;
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
            witness.failed.iter().map(|id| page.network.avs(*id).name.as_str()).collect();
        writeln!(
            out,
            "  for example: once {} fails, {} can be attacked",
            failed.join(" and "),
            page.network.avs(witness.attackable).name
        )?;
    }
    Ok(())
}

fn print_overlap(page: &Page<'_>, out: &mut impl Write, top: usize) -> std::io::Result<()> {
    writeln!(out, "\nOverlap of AVSs (stake-weighted Jaccard), largest")?;
    let mut table = plain_table(&["AVS", "AVS", "shared ETH", "overlap"].map(str::to_owned));
    for pair in page.facts.overlap.iter().take(top) {
        let name = |id| page.network.avs(id).name.clone();
        table.add_row([name(pair.a), name(pair.b), eth(pair.both_eth), percent(pair.jaccard)]);
    }
    writeln!(out, "{}", table.trim_fmt())
}

fn print_debtrank(page: &Page<'_>, out: &mut impl Write, top: usize) -> std::io::Result<()> {
    writeln!(
        out,
        "\nLinear DebtRank: share of holders' value impaired when the node alone fails, largest"
    )?;
    if page.facts.debtrank.nodes.is_empty() {
        return writeln!(out, "  not computed: there are too many nodes and ties between them");
    }
    let mut table = plain_table(&["node", "kind", "DebtRank"].map(str::to_owned));
    for rank in page.facts.debtrank.nodes.iter().take(top) {
        let (kind, name) = page.node(rank);
        table.add_row([name.to_owned(), kind.to_owned(), format!("{:.4}", rank.debtrank)]);
    }
    writeln!(out, "{}", table.trim_fmt())?;
    if page.facts.debtrank.n_unsettled > 0 {
        writeln!(
            out,
            "  {} nodes had not settled: theirs is a lower bound",
            page.facts.debtrank.n_unsettled
        )?;
    }
    Ok(())
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
