//! The books of a path: what was destroyed, taken or paid, seen from the side of those who did it.
//!
//! Base assets are booked at the price of the moment. A wrapped unit that is slashed or stolen
//! stays in its supply (somebody else holds it), so it is booked in units and valued at the nav of
//! the horizon. Only so do the books close: what holders lost equals what is booked here.

use slashfall_graph::Network;

/// Who gets what a holder loses; what attacks slash is contagion and booked apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taker {
    Burned,
    Redistributed,
    Stolen,
    Beacon,
    Leak,
    BurnedInAttack,
    RedistributedInAttack,
}

impl Taker {
    pub(crate) const ALL: [Self; 7] = [
        Self::Burned,
        Self::Redistributed,
        Self::Stolen,
        Self::Beacon,
        Self::Leak,
        Self::BurnedInAttack,
        Self::RedistributedInAttack,
    ];

    fn is_attack(self) -> bool {
        matches!(self, Self::BurnedInAttack | Self::RedistributedInAttack)
    }
}

/// The running books of one path.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    n_assets: usize,
    /// ETH at the price of the moment, by taker.
    base_eth: [f64; Taker::ALL.len()],
    /// Units of wrapped assets, by taker and asset.
    wrapped_units: Vec<f64>,
    wrapped_touched: bool,
    /// Units minted without backing, by asset.
    minted_units: Vec<f64>,
    /// Figures that are sums over the path.
    pub(crate) sums: Sums,
}

/// Sums over a path, in ETH unless it says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// Fall of base-asset prices on what was held at the moment.
    pub(crate) base_fall: f64,
    /// Cover paid, of which for attacks.
    pub(crate) cover_paid: f64,
    pub(crate) cover_paid_in_attack: f64,
    /// Nav losses that units realised when they were paid out.
    pub(crate) realised: f64,
    /// The same at market prices of day 0.
    pub(crate) realised_at_market: f64,
    /// What units that were paid out were worth then.
    pub(crate) redeemed: f64,
    /// Collateral seized, at oracle prices.
    pub(crate) liquidated: f64,
    /// Debt left without collateral.
    pub(crate) bad_debt: f64,
    /// Debt of open loans beyond their collateral at nav, and at market prices.
    pub(crate) bad_debt_open: f64,
    pub(crate) bad_debt_open_market: f64,
    /// Loss of users of AVSs.
    pub(crate) avs_users: f64,
    /// Numbers of AVSs attacked, rounds that changed something, days cut off.
    pub(crate) n_attacked: u32,
    pub(crate) n_rounds: u32,
    pub(crate) n_truncated: u32,
}

impl Ledger {
    pub(crate) fn new(network: &Network) -> Self {
        let n_assets = network.assets().len();
        Self {
            n_assets,
            base_eth: [0.0; Taker::ALL.len()],
            wrapped_units: vec![0.0; Taker::ALL.len() * n_assets],
            wrapped_touched: false,
            minted_units: vec![0.0; n_assets],
            sums: Sums::default(),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.base_eth = [0.0; Taker::ALL.len()];
        if self.wrapped_touched {
            self.wrapped_units.fill(0.0);
            self.minted_units.fill(0.0);
            self.wrapped_touched = false;
        }
        self.sums = Sums::default();
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

    /// What holders must have lost by the books, in ETH.
    pub(crate) fn holders_loss_eth(&self, nav: &[f64]) -> f64 {
        let taken: f64 = Taker::ALL.iter().map(|&taker| self.taken_eth(taker, nav)).sum();
        taken + self.sums.base_fall + self.minted_eth(nav) - self.sums.cover_paid
    }

    /// The part of it that attacks caused, in ETH.
    pub(crate) fn attack_loss_eth(&self, nav: &[f64]) -> f64 {
        if self.sums.n_attacked == 0 {
            return 0.0;
        }
        let takers = Taker::ALL.iter().filter(|taker| taker.is_attack());
        let taken: f64 = takers.map(|&taker| self.taken_eth(taker, nav)).sum();
        taken - self.sums.cover_paid_in_attack
    }
}

fn value(units: &[f64], nav: &[f64]) -> f64 {
    units.iter().zip(nav).map(|(units, nav)| units * nav).sum()
}
