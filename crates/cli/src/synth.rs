//! `slashfall synth`: writes a synthetic network.

use anyhow::Context;
use slashfall_graph::write_network;
use slashfall_sampling::synth::{SynthSize, synth as make};

use crate::Ending;
use crate::args::Synth;

pub(crate) fn synth(args: &Synth) -> anyhow::Result<Ending> {
    let size =
        SynthSize { operators: args.operators as usize, avss: args.avs as usize, seed: args.seed };
    write_network(&make(&size), &args.output).with_context(|| {
        format!("the network could not be written to {}", args.output.display())
    })?;
    Ok(Ending::Done)
}
