//! The slow twin of the engine: sections 5 to 7 and 9 of `docs/model.md` as plainly as they can
//! be written. It keeps the factors of every formula and works everything out from them again each
//! time: no sums carried along, no sparse tables, no tabulated prices. It shares nothing with the
//! engine but the network as written. This file has the state and the day.

pub(crate) mod agreement;
mod backing;
pub(crate) mod case;
pub(crate) mod engine;
mod events;
mod lending;
mod loans;
mod market;
mod outcome;
pub(crate) mod pools;
mod redemption;
mod security;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use case::Case;
use lending::Reserve;
use loans::{Loan, Market};
pub(crate) use outcome::Outcome;
use pools::Pool;
use redemption::Request;
use security::Service;
use slashfall_graph::spec::AssetKind;

#[derive(Clone, Debug)]
struct Asset {
    name: String,
    kind: AssetKind,
    /// Price in ETH of a base asset.
    price: f64,
    vol_annual: f64,
    nav_0: f64,
    /// Before units were paid the last time.
    last_nav: f64,
    supply_units_0: f64,
    supply_units: f64,
    outside_units: f64,
    buffer_eth: f64,
    cover_eth: f64,
    cover_paid_eth: f64,
    /// Share of what it has at work and idle that has not been paid out.
    active: f64,
    minted_units: f64,
    redemption_days: f64,
    /// It has ETH at operators on day 0.
    validates: bool,
    /// Staking, AVS fees, incentives, campaign; a year.
    yields: [f64; 4],
    pools: Vec<Pool>,
    /// Units sold net into its pools, `q`.
    sold_units: f64,
    /// Depth of its pools, `l`.
    depth: f64,
    discount: f64,
    panic: f64,
    worst_discount: f64,
    /// Bought by arbitrage today: units, and ETH at nav.
    bought_units: f64,
    bought_eth: f64,
    longest_wait_days: f64,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    /// None is `direct`.
    holder: Option<usize>,
    /// None is idle.
    operator: Option<usize>,
    asset: usize,
    units: f64,
}

/// A slashing of validators whose correlation penalty is to come.
#[derive(Clone, Copy, Debug)]
struct Slashed {
    tau_days: f64,
    operator: usize,
    share: f64,
    charged: bool,
}

/// Stolen units that are sold, some every day.
#[derive(Clone, Copy, Debug)]
struct Loot {
    asset: usize,
    units_a_day: f64,
    first_day: u32,
    last_day: u32,
}

#[derive(Clone, Debug)]
struct Twin<'c> {
    case: &'c Case,
    today: u32,
    assets: Vec<Asset>,
    /// Wrapped assets, each after all that backs it, then by name.
    wrapped: Vec<usize>,
    operators: Vec<&'c str>,
    /// AVSs in order of name, the order in which they slash and are attacked.
    services: Vec<Service<'c>>,
    holdings: Vec<Holding>,
    /// In order of name.
    markets: Vec<Market>,
    /// By market; own rows in ascending health factor, then those from mints.
    loans: Vec<Loan>,
    /// In order of name.
    reserves: Vec<Reserve>,
    requests: Vec<Request>,
    /// Magnitude `M[operator][asset]`.
    magnitude: Vec<Vec<f64>>,
    /// Fraction `w[avs][operator][asset]`.
    fraction: Vec<Vec<Vec<f64>>>,
    /// Beacon factor `l[operator]`.
    beacon: Vec<f64>,
    slashed: Vec<Slashed>,
    /// When, and how much ETH, background included.
    slashed_eth: Vec<(f64, f64)>,
    loot: Vec<Loot>,
    outside_active_eth: f64,
    exit_queue_eth: f64,
    /// Prices and navs that the event before left.
    marks: Vec<f64>,
    books: Books,
    rounds: u32,
    truncated_days: u32,
    operators_slashed: BTreeSet<usize>,
    /// Sum over days of what each portfolio earned.
    carry: BTreeMap<String, f64>,
    /// The text says nothing of the price when more has been bought than the pools had.
    beyond_the_text: bool,
}

/// Who got what holders lost; the first of a key is the channel.
#[derive(Clone, Debug, Default)]
struct Books {
    /// ETH at the price of the moment.
    taken_eth: BTreeMap<(&'static str, &'static str), f64>,
    /// Units of wrapped assets.
    taken_units: BTreeMap<(&'static str, &'static str, usize), f64>,
    /// Paid by covers for hits of a channel.
    cover_paid_eth: BTreeMap<&'static str, f64>,
    /// Losses of holders by nav.
    channels: BTreeMap<&'static str, f64>,
    base_fall_eth: f64,
    /// Value of the units that were redeemed.
    redeemed_eth: f64,
    /// The part of it that left the network.
    left_eth: f64,
    /// Seized by liquidators, at oracle prices.
    liquidated_eth: f64,
}

/// Plays a path.
pub(crate) fn play(case: &Case) -> Outcome {
    let mut twin = Twin::new(case);
    let day_0 = twin.clone();
    for day in 1..=case.horizon_days {
        twin.today = day;
        twin.day();
    }
    twin.outcome(&day_0)
}

impl Twin<'_> {
    fn day(&mut self) {
        self.market_moves();
        self.mark();
        for happening in &self.case.happenings {
            let (after, until) = (f64::from(self.today - 1), f64::from(self.today));
            if happening.tau_days > after && happening.tau_days <= until {
                self.happen(happening);
                self.mark();
            }
        }
        self.sell_loot();
        self.correlation_penalties();
        self.mark();
        if self.case.cascade.enabled {
            self.rounds();
            for asset in self.wrapped.clone() {
                self.redeem(asset);
            }
            for reserve in 0..self.reserves.len() {
                self.close_the_day_of(reserve);
            }
        }
        self.exit_queue_eth = (self.exit_queue_eth - 57_600.0).max(0.0);
        self.earn_carry();
        self.note_discounts();
    }

    fn rounds(&mut self) {
        for asset in &mut self.assets {
            (asset.bought_units, asset.bought_eth) = (0.0, 0.0);
        }
        let most = self.case.cascade.max_rounds;
        for round in 1..=most {
            let traded = self.arbitrage();
            if round <= self.case.cascade.oracle_reads_per_day {
                self.read_oracles();
            }
            let liquidated = self.liquidate();
            let attacked = self.attacks();
            if !(traded || liquidated || attacked) {
                return;
            }
            self.rounds += 1;
        }
        self.truncated_days += 1;
    }

    fn operator(&self, name: &str) -> usize {
        position(self.operators.iter().copied(), name)
    }

    fn asset(&self, name: &str) -> usize {
        position(self.assets.iter().map(|asset| asset.name.as_str()), name)
    }
}

fn position<'a>(mut names: impl Iterator<Item = &'a str>, name: &str) -> usize {
    names.position(|other| other == name).expect("the name is of this network")
}
