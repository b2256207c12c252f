//! Attacks on AVSs whose stake no longer pays for their safety (section 6.8).

use slashfall_graph::spec::AvsRow;

use super::Twin;
use super::case::Case;

/// An AVS.
#[derive(Clone, Debug)]
pub(super) struct Service<'c> {
    pub(super) name: &'c str,
    pub(super) redistributes: bool,
    threshold: f64,
    given_profit_eth: Option<f64>,
    secured_value_eth: f64,
    uniform: f64,
    stake_eth_0: f64,
    profit_eth: f64,
    /// Days on which it was attackable, and the last of them.
    days: i32,
    last_day: u32,
    pub(super) dead: bool,
}

impl<'c> Service<'c> {
    /// In order of name.
    pub(super) fn all(case: &'c Case) -> Vec<Self> {
        let service = |row: &'c AvsRow| Self {
            name: &row.avs,
            redistributes: row.redistributes,
            threshold: row.attack_threshold,
            given_profit_eth: row.profit_from_corruption_eth,
            secured_value_eth: row.secured_value_eth,
            uniform: case.attack_uniform[&row.avs],
            stake_eth_0: 0.0,
            profit_eth: 0.0,
            days: 0,
            last_day: 0,
            dead: false,
        };
        let mut services: Vec<Self> = case.spec.avs.rows.iter().map(service).collect();
        services.sort_by(|a, b| a.name.cmp(b.name));
        services
    }
}

impl Twin<'_> {
    /// What corruption yields, where nobody has given it.
    pub(super) fn price_attacks(&mut self) {
        for avs in 0..self.services.len() {
            let stake_eth: f64 = self.stake_by_operator(avs).iter().sum();
            let service = &mut self.services[avs];
            let implied = service.threshold * stake_eth / (1.0 + self.case.security.security_slack);
            service.stake_eth_0 = stake_eth;
            service.profit_eth = service.given_profit_eth.unwrap_or(implied);
        }
    }

    /// `sum of min(w, M) x l x active x units x nav`.
    fn stake_by_operator(&self, avs: usize) -> Vec<f64> {
        let mut stake_eth = vec![0.0; self.operators.len()];
        for holding in self.holdings.iter().filter(|h| self.bears_slashes(h)) {
            let Some(operator) = holding.operator else { continue };
            let w = self.fraction[avs][operator][holding.asset];
            let slashable = w.min(self.magnitude[operator][holding.asset]);
            stake_eth[operator] +=
                slashable * self.unslashed_units(holding) * self.nav(holding.asset);
        }
        stake_eth
    }

    /// All that come off this round; returns whether any did.
    pub(super) fn attacks(&mut self) -> bool {
        let mut attacked = false;
        for avs in 0..self.services.len() {
            if self.is_attacked(avs) {
                self.attack(avs);
                self.mark();
                attacked = true;
            }
        }
        attacked
    }

    fn is_attacked(&mut self, avs: usize) -> bool {
        let stake_eth: f64 = self.stake_by_operator(avs).iter().sum();
        let attack_prob = self.case.security.attack_prob;
        let service = &mut self.services[avs];
        let pays = service.profit_eth > service.threshold * stake_eth;
        if service.dead || attack_prob <= 0.0 || service.stake_eth_0 <= 0.0 || !pays {
            return false;
        }
        if service.last_day < self.today {
            service.days += 1;
            service.last_day = self.today;
        }
        service.uniform < 1.0 - (1.0 - attack_prob).powi(service.days)
    }

    /// The coalition is slashed to nothing, and the AVS is no more.
    fn attack(&mut self, avs: usize) {
        let stake_eth = self.stake_by_operator(avs);
        let mut operators: Vec<usize> = (0..self.operators.len()).collect();
        operators.sort_by(|&a, &b| {
            let by_name = self.operators[a].cmp(self.operators[b]);
            stake_eth[b].total_cmp(&stake_eth[a]).then(by_name)
        });
        let needed = self.services[avs].threshold * stake_eth.iter().sum::<f64>();
        let mut held = 0.0;
        for operator in operators {
            if held >= needed {
                break;
            }
            held += stake_eth[operator];
            self.slash("attack_slash", avs, operator, 1.0);
        }
        for by_operator in &mut self.fraction[avs] {
            by_operator.fill(0.0);
        }
        self.services[avs].dead = true;
    }

    /// What the users of AVSs that were attacked lost.
    pub(super) fn users_loss_eth(&self) -> f64 {
        let dead = self.services.iter().filter(|service| service.dead);
        let secured: f64 = dead.map(|service| service.secured_value_eth).sum();
        secured * self.case.security.loss_given_attack
    }
}
