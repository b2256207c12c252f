//! A path told: what `stress` and `replay` say of one, as tables, as JSON and in plain words.

mod events;
mod finals;
mod json;
mod ledger;
mod losses;
mod paragraph;
mod unwinding;
mod words;

pub use events::{Fired, Names, costliest, severity};

use std::io::Write;

use slashfall_cascade::{AssetFigure, Channel, Figure, Layout};
use slashfall_graph::{AssetId, Network};
use slashfall_sampling::PathRecord;

use words::wrapped;

/// A path with all that is needed to tell it.
pub struct Story<'a> {
    network: &'a Network,
    path: &'a PathRecord,
    layout: Layout,
    names: Names<'a>,
}

impl<'a> Story<'a> {
    /// A path of a network, and whose numbers its sources are.
    #[must_use]
    pub fn new(network: &'a Network, path: &'a PathRecord, names: Names<'a>) -> Self {
        Self { network, path, layout: Layout::new(network), names }
    }

    /// A figure of the system.
    #[must_use]
    pub fn figure(&self, figure: Figure) -> f64 {
        self.path.figures[self.layout.system(figure)]
    }

    /// What all holders lost through a channel, in ETH.
    pub(crate) fn channel(&self, channel: Channel) -> f64 {
        self.path.figures[self.layout.channel(channel)]
    }

    /// A figure of the `index`-th wrapped asset.
    fn asset_figure(&self, index: usize, figure: AssetFigure) -> f64 {
        self.path.figures[self.layout.asset(index, figure)]
    }

    /// Name of the `index`-th wrapped asset.
    fn wrapped_name(&self, index: usize) -> &'a str {
        &self.network.asset(self.wrapped_id(index)).name
    }

    fn wrapped_id(&self, index: usize) -> AssetId {
        AssetId::new(self.network.n_base() + index)
    }

    /// What the `index`-th wrapped asset lost by nav, over its whole supply, in ETH.
    fn nav_loss_eth(&self, index: usize) -> f64 {
        let asset = self.network.asset(self.wrapped_id(index));
        self.asset_figure(index, AssetFigure::NavLoss) * asset.supply_units * asset.nav_0
    }

    /// The wrapped asset whose discount was deepest on any day, and that discount.
    #[must_use]
    pub fn worst_discount(&self) -> Option<(&'a str, f64)> {
        let indices = 0..self.network.n_wrapped();
        let discounts =
            indices.map(|index| (index, self.asset_figure(index, AssetFigure::WorstDiscount)));
        let (index, worst) = discounts.max_by(|a, b| a.1.total_cmp(&b.1))?;
        (worst > 0.0).then(|| (self.wrapped_name(index), worst))
    }

    /// Writes the days, the figures and the story in plain words.
    ///
    /// # Errors
    /// When `out` does not take it.
    pub fn write(&self, out: &mut impl Write, all_days: bool) -> std::io::Result<()> {
        self.write_days(out, all_days)?;
        self.write_figures(out)?;
        self.write_cut_off(out)?;
        writeln!(out, "\n{}", wrapped(&self.paragraph()))
    }

    /// Says that days were cut short, and so are the losses.
    fn write_cut_off(&self, out: &mut impl Write) -> std::io::Result<()> {
        let n = self.figure(Figure::TruncatedDays);
        if n <= 0.0 {
            return Ok(());
        }
        let days = if n > 1.0 { format!("{n:.0} days were") } else { "1 day was".to_owned() };
        writeln!(
            out,
            "\n{days} cut off at cascade.max_rounds while something still changed; raise it."
        )
    }
}
