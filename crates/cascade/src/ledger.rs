//! The books of a path: what was destroyed, taken or paid, seen from the side of those who did it.
//!
//! Base assets are booked at the price of the moment. A wrapped unit that is slashed or stolen
//! stays in its supply (somebody else holds it), so it is booked in units and valued at the nav of
//! the horizon. Only so do the books close: what holders lost equals what is booked here.

use slashfall_graph::Network;

/// Who gets what a holder loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taker {
    Burned,
    Redistributed,
    Stolen,
    Beacon,
    Leak,
}

impl Taker {
    const COUNT: usize = 5;
}

/// The running books of one path.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    n_assets: usize,
    /// ETH at the price of the moment, by taker.
    base_eth: [f64; Taker::COUNT],
    /// Units of wrapped assets, by taker and asset.
    wrapped_units: Vec<f64>,
    wrapped_touched: bool,
    /// Units minted without backing, by asset.
    minted_units: Vec<f64>,
    /// Fall of base-asset prices on what was held at the moment, in ETH.
    pub(crate) base_fall_eth: f64,
    /// Cover paid, in ETH.
    pub(crate) cover_paid_eth: f64,
}

impl Ledger {
    pub(crate) fn new(network: &Network) -> Self {
        let n_assets = network.assets().len();
        Self {
            n_assets,
            base_eth: [0.0; Taker::COUNT],
            wrapped_units: vec![0.0; Taker::COUNT * n_assets],
            wrapped_touched: false,
            minted_units: vec![0.0; n_assets],
            base_fall_eth: 0.0,
            cover_paid_eth: 0.0,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.base_eth = [0.0; Taker::COUNT];
        if self.wrapped_touched {
            self.wrapped_units.fill(0.0);
            self.minted_units.fill(0.0);
            self.wrapped_touched = false;
        }
        self.base_fall_eth = 0.0;
        self.cover_paid_eth = 0.0;
    }

    /// Books ETH, or a base asset at the price of the moment.
    pub(crate) fn book_base(&mut self, taker: Taker, eth: f64) {
        self.base_eth[taker as usize] += eth;
    }

    /// Books units of a wrapped asset.
    pub(crate) fn book_wrapped(&mut self, taker: Taker, asset: usize, units: f64) {
        self.wrapped_units[taker as usize * self.n_assets + asset] += units;
        self.wrapped_touched = true;
    }

    /// Books units minted without backing.
    pub(crate) fn book_mint(&mut self, asset: usize, units: f64) {
        self.minted_units[asset] += units;
        self.wrapped_touched = true;
    }

    /// What a taker has, in ETH, wrapped units at the navs given.
    pub(crate) fn taken_eth(&self, taker: Taker, nav: &[f64]) -> f64 {
        let base = self.base_eth[taker as usize];
        if !self.wrapped_touched {
            return base;
        }
        let row = &self.wrapped_units[taker as usize * self.n_assets..][..self.n_assets];
        base + value(row, nav)
    }

    /// What units minted without backing are worth at the navs given, in ETH.
    pub(crate) fn minted_eth(&self, nav: &[f64]) -> f64 {
        if self.wrapped_touched { value(&self.minted_units, nav) } else { 0.0 }
    }
}

fn value(units: &[f64], nav: &[f64]) -> f64 {
    units.iter().zip(nav).map(|(units, nav)| units * nav).sum()
}
