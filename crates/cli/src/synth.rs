//! `slashfall synth`: writes a synthetic network.

use std::io::Write;

use anyhow::Context;
use slashfall_graph::write_network;
use slashfall_sampling::synth::{SynthSize, synth as make};

use crate::Ending;
use crate::args::Synth;
use crate::streams::stdout;

pub(crate) fn synth(args: &Synth) -> anyhow::Result<Ending> {
    let size =
        SynthSize { operators: args.operators as usize, avss: args.avs as usize, seed: args.seed };
    let name = || format!("synth-{}x{}-{}", args.operators, args.avs, args.seed).into();
    let target = args.output.clone().unwrap_or_else(name);
    write_network(&make(&size), &target)
        .with_context(|| format!("the network could not be written to {}", target.display()))?;
    writeln!(stdout(), "written to {}", target.display())?;
    Ok(Ending::Done)
}
