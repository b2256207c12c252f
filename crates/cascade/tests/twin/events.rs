//! What sources do (sections 6.1 to 6.6): slashes, penalties, leaks, thefts, mints, depegs.

use super::case::{Happening, Hits, What};
use super::{Loot, Slashed, Twin, position};

impl Twin<'_> {
    pub(super) fn happen(&mut self, happening: &Happening) {
        let (tau_days, severity) = (happening.tau_days, happening.severity);
        match &happening.what {
            What::SlashByAvs { avs, hits } => {
                let avs = position(self.services.iter().map(|service| service.name), avs);
                for (operator, share) in hits {
                    self.slash("avs_slash", avs, self.operator(operator), severity * share);
                }
            }
            What::SlashOperator { reach_all, hits } => {
                for (operator, share) in hits {
                    self.compromise(self.operator(operator), severity * share, *reach_all);
                }
            }
            What::SlashValidators { background, hits } => {
                self.slash_validators(tau_days, severity, *background, hits);
            }
            What::Outage { background, hits } => self.outage(severity, *background, hits),
            What::Exploit { asset, sale_days } => {
                self.exploit(self.asset(asset), severity, *sale_days);
            }
            What::UnbackedMint { asset, pledge_share } => {
                self.mint(self.asset(asset), severity, *pledge_share);
            }
            What::Depeg { asset, flight } => {
                let asset = self.asset(asset);
                self.assets[asset].panic += severity;
                self.assets[asset].depth *= 1.0 - flight;
                self.see_price(asset);
            }
            What::WithdrawSupply { reserve } => {
                let reserve = position(self.reserves.iter().map(|r| r.name.as_str()), reserve);
                self.withdraw(reserve, severity);
            }
        }
    }

    /// 6.1: `lost = f min(w, M); M <- M - lost; w <- w - lost`.
    pub(super) fn slash(&mut self, channel: &'static str, avs: usize, operator: usize, f: f64) {
        let taker = if self.services[avs].redistributes { "redistributed" } else { "burned" };
        self.hit(channel, taker, |twin| {
            for asset in 0..twin.assets.len() {
                let (w, m) = (twin.fraction[avs][operator][asset], twin.magnitude[operator][asset]);
                let lost = f * w.min(m);
                twin.magnitude[operator][asset] = m - lost;
                twin.fraction[avs][operator][asset] = w - lost;
                if lost > 0.0 {
                    twin.operators_slashed.insert(operator);
                }
            }
        });
    }

    /// All AVSs in order; then what none has a claim on goes to the intruder.
    fn compromise(&mut self, operator: usize, f: f64, reach_all: bool) {
        for avs in 0..self.services.len() {
            self.slash("avs_slash", avs, operator, f);
        }
        if !reach_all {
            return;
        }
        self.hit("avs_slash", "redistributed", |twin| {
            for asset in 0..twin.assets.len() {
                let claimed: f64 = twin.fraction.iter().map(|w| w[operator][asset]).sum();
                let lost = f * (twin.magnitude[operator][asset] - claimed).max(0.0);
                twin.magnitude[operator][asset] -= lost;
                if lost > 0.0 && twin.is_restaked(operator, asset) {
                    twin.operators_slashed.insert(operator);
                }
            }
        });
    }

    /// Native ETH of an operator, before AVS magnitudes.
    fn native_eth(&self, operator: usize) -> f64 {
        let here = self.holdings.iter().filter(|h| h.operator == Some(operator));
        here.filter(|h| self.is_native(h)).map(|h| self.unslashed_units(h)).sum()
    }

    fn has_validators(&self, operator: usize) -> bool {
        let mut here = self.holdings.iter().filter(|h| h.operator == Some(operator));
        here.any(|h| self.is_native(h))
    }

    /// Rewards go with the inverse root of the stake; the figures of 6.2 are at 35M ETH.
    fn rewards(&self) -> f64 {
        (35e6 / self.case.total_active_eth).sqrt()
    }

    fn slash_validators(&mut self, tau_days: f64, v: f64, background: f64, hits: &Hits) {
        let mut slashed_eth = v * background * self.outside_active_eth;
        for (operator, share) in hits {
            let (operator, share) = (self.operator(operator), v * share);
            slashed_eth += share * self.native_eth(operator);
            if share > 0.0 && self.has_validators(operator) {
                self.operators_slashed.insert(operator);
            }
            let initial = share * (1.0 / 4_096.0 + 0.056 / 32.0 * self.rewards());
            self.hit("beacon", "beacon", |twin| twin.beacon[operator] *= 1.0 - initial.min(1.0));
            self.slashed.push(Slashed { tau_days, operator, share, charged: false });
        }
        self.slashed_eth.push((tau_days, slashed_eth));
    }

    /// Falls due on day `ceil(t + 18)`, at the horizon if later.
    pub(super) fn correlation_penalties(&mut self) {
        for index in 0..self.slashed.len() {
            let Slashed { tau_days, operator, share, charged } = self.slashed[index];
            let due = (tau_days + 18.0).ceil().min(f64::from(self.case.horizon_days));
            if charged || due > f64::from(self.today) {
                continue;
            }
            let near = self.slashed_eth.iter().filter(|(t, _)| (t - tau_days).abs() <= 18.0);
            let x = near.map(|(_, eth)| eth).sum::<f64>() / self.case.total_active_eth;
            let lost = share * (3.0 * x).min(1.0);
            self.hit("beacon", "beacon", |twin| twin.beacon[operator] *= 1.0 - lost);
            self.slashed[index].charged = true;
        }
    }

    fn outage(&mut self, epochs: f64, background: f64, hits: &Hits) {
        let inside = hits.iter().map(|(o, share)| share * self.native_eth(self.operator(o)));
        let offline = inside.sum::<f64>() + background * self.outside_active_eth;
        let lost = if offline / self.case.total_active_eth <= 1.0 / 3.0 {
            (2.1e-7 * self.rewards() * epochs).min(1.0)
        } else {
            1.0 - (-epochs.min(4_686.0).powi(2) / 2f64.powi(25)).exp()
        };
        for (operator, share) in hits {
            let operator = self.operator(operator);
            self.hit("leak", "leak", |twin| twin.beacon[operator] *= 1.0 - share * lost);
        }
    }

    /// A fraction of buffer, idle and delegated backing; wrapped units in it are sold.
    fn exploit(&mut self, asset: usize, f: f64, sale_days: u32) {
        for holding in self.holdings.clone() {
            if holding.holder == Some(asset) && !self.is_base(holding.asset) {
                self.loot.push(Loot {
                    asset: holding.asset,
                    units_a_day: f * self.units(&holding) / f64::from(sale_days),
                    first_day: self.today,
                    last_day: self.today + sale_days - 1,
                });
            }
        }
        self.hit("theft", "stolen", |twin| {
            twin.assets[asset].buffer_eth *= 1.0 - f;
            for holding in twin.holdings.iter_mut().filter(|h| h.holder == Some(asset)) {
                holding.units *= 1.0 - f;
            }
        });
    }

    /// New units, pledged where they can be and sold where they cannot.
    fn mint(&mut self, asset: usize, f: f64, pledge_share: f64) {
        let minted = f * self.assets[asset].supply_units;
        let pledged = self.pledge(asset, pledge_share * minted);
        self.booked("dilution", |twin| {
            twin.assets[asset].minted_units += minted;
            twin.assets[asset].supply_units += minted;
        });
        self.sell(asset, minted - pledged);
    }
}
