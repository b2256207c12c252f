//! Holds every figure that the engine writes against the twin's of the same name.

use std::collections::BTreeMap;

use slashfall_cascade::{AssetFigure, Channel, Figure, PortfolioFigure};

use super::case::Case;
use super::engine::Engine;

/// Of the stake, where the twin must agree with the engine.
const TOLERANCE: f64 = 1e-9;

/// How far engine and twin are apart on a path at most, or a sentence that names the figure of
/// which they disagree; none where the text does not say what happens.
pub(crate) fn agree(case: &Case) -> Result<Option<f64>, String> {
    let twin = super::play(case);
    if twin.beyond_the_text {
        return Ok(None);
    }
    let engine = Engine::new(case);
    let (row, layout) = (engine.play(), engine.layout);
    let mut compared = Compared { stake: twin.stake_eth_0, worst: 0.0 };
    compared.see("stake", "eth", engine.stake_eth(), twin.stake_eth_0)?;
    for &figure in Figure::ALL {
        let expected = known(&twin.figures, figure.name())?;
        compared.see(figure.name(), figure.unit(), row[layout.system(figure)], expected)?;
    }
    for &channel in Channel::ALL {
        let expected = known(&twin.channels, channel.name())?;
        compared.see(channel.name(), "eth", row[layout.channel(channel)], expected)?;
    }
    for (index, id) in engine.network.wrapped_assets().enumerate() {
        let asset = &engine.network.asset(id).name;
        for &figure in AssetFigure::ALL {
            let name = format!("{} of {asset}", figure.name());
            let expected = known(&twin.assets[asset], figure.name())?;
            compared.see(&name, figure.unit(), row[layout.asset(index, figure)], expected)?;
        }
    }
    for (index, portfolio) in engine.network.portfolios().iter().enumerate() {
        let figures = &twin.portfolios[&portfolio.name];
        for &figure in PortfolioFigure::ALL {
            let name = format!("{} of {}", figure.name(), portfolio.name);
            let expected = known(figures, figure.name())?;
            compared.see(&name, figure.unit(), row[layout.portfolio(index, figure)], expected)?;
        }
    }
    Ok(Some(compared.worst))
}

fn known(figures: &BTreeMap<&'static str, f64>, name: &str) -> Result<f64, String> {
    figures.get(name).copied().ok_or_else(|| format!("the twin does not know {name}"))
}

struct Compared {
    stake: f64,
    worst: f64,
}

impl Compared {
    fn see(&mut self, name: &str, unit: &str, found: f64, expected: f64) -> Result<(), String> {
        let error = match unit {
            "eth" => (found - expected).abs() / self.stake,
            _ => (found - expected).abs(),
        };
        self.worst = self.worst.max(error);
        let close = if unit == "count" { error <= 0.0 } else { error <= TOLERANCE };
        if close {
            return Ok(());
        }
        let stake = self.stake;
        Err(format!("{name}: the engine has {found}, the twin {expected}, stake {stake}"))
    }
}
