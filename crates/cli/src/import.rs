//! `slashfall import`: turns a snapshot into a network folder, and says what it had to decide.

use std::io::Write;

use anyhow::Context;
use slashfall_graph::import::{EigenlayerFiles, EigenlayerOptions, import_eigenlayer};
use slashfall_graph::spec::Sharing;
use slashfall_graph::{resolve, write_network};
use slashfall_jobs::number::{count, eth};

use crate::Ending;
use crate::args::{Eigenlayer, Import, Protocol, SharingArgument};
use crate::streams::stdout;

pub(crate) fn import(args: &Import) -> anyhow::Result<Ending> {
    match &args.protocol {
        Protocol::Eigenlayer(args) => eigenlayer(args),
    }
}

/// Stands in a network for a day that nobody gave.
const UNKNOWN_DAY: &str = "1970-01-01";

fn eigenlayer(args: &Eigenlayer) -> anyhow::Result<Ending> {
    let files = EigenlayerFiles {
        operators: args.operators.clone(),
        shares: args.shares.clone(),
        strategies: args.strategies.clone(),
        edges: args.edges.clone(),
        avs: args.avs.clone(),
        maps: args.map.clone(),
    };
    let options = EigenlayerOptions {
        name: args.name.clone(),
        as_of: args.as_of.clone().unwrap_or_else(|| UNKNOWN_DAY.to_owned()),
        sharing: match args.sharing {
            SharingArgument::Unique => Sharing::Unique,
            SharingArgument::Shared => Sharing::Shared,
        },
        fraction: args.fraction,
        min_operators: args.min_operators,
    };
    let (spec, report) = import_eigenlayer(&files, &options)?;
    let resolved = resolve(&spec)?;
    write_network(&spec, &args.output).with_context(|| {
        format!("the network could not be written to {}", args.output.display())
    })?;
    let mut out = stdout();
    writeln!(
        out,
        "{} AVSs, {} operators, {} allocations; {} ETH restaked, of which {} native",
        report.avss,
        report.operators,
        count(report.allocations as u64),
        eth(report.restaked_eth),
        eth(report.native_eth),
    )?;
    if args.as_of.is_none() {
        writeln!(
            out,
            "note: the day of the snapshot is not known, {UNKNOWN_DAY} stands for it; --as-of says it"
        )?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    for warning in &resolved.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    writeln!(out, "written to {}", args.output.display())?;
    Ok(Ending::Done)
}
