//! Paths on which AVSs slash direct restakers and nothing else happens, where no stake is slashed
//! twice: what each slash takes is known beforehand, and only sums are left to do.
//!
//! The sums are those of the general engine in its order, so the row is the same to the bit.

use std::ops::Range;

use slashfall_graph::{ColumnId, Holder, MemberId, Network};

use crate::attribution::Channel;
use crate::backing::or_day_0;
use crate::event::{Hit, Target};
use crate::figures::{Figure, Layout};
use crate::order::positive_part;
use crate::setting::Setting;
use crate::state::State;
use crate::strike_sums::StrikeSums;

/// What the sources of a model slash, and the path in hand. A worker owns one.
#[derive(Clone, Debug)]
pub struct Strikes {
    pub(crate) page: Page,
    /// By source: its part of `takes`.
    pub(crate) sources: Vec<Range<usize>>,
    pub(crate) takes: Vec<Take>,
    /// Units and price of the columns of direct restakers.
    pub(crate) columns: Vec<(f64, f64)>,
    /// Number of the path, from 1; what carries it belongs to the path.
    path: u32,
    /// By stake cell and by operator: the last path that slashed it.
    stakes: Vec<u32>,
    operators: Vec<u32>,
    /// What direct restakers have left, by their columns.
    left: Vec<f64>,
}

/// Where figures of a path are written.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    layout: Layout,
    /// Figures of a path without events.
    still: Vec<f64>,
    pub(crate) direct_eth_0: f64,
    direct_at_market_0: f64,
}

/// What one holding loses when a source fires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take {
    pub(crate) units: f64,
    pub(crate) price: f64,
    /// Of the severity, what falls on the member; of that, what falls on the stake.
    pub(crate) share: f64,
    pub(crate) fraction: f64,
    pub(crate) stake: u32,
    pub(crate) operator: u32,
    column: u32,
    pub(crate) redistributes: bool,
    /// First of the holdings of its stake cell, last of those of the member.
    pub(crate) opens_stake: bool,
    ends_member: bool,
}

/// What the slashes of a path add up to.
#[derive(Clone, Copy)]
pub(crate) struct Sums {
    /// What direct restakers have left together: as it is, and with what is rounding taken for day 0.
    pub(crate) exact_eth: f64,
    pub(crate) direct_eth: f64,
    pub(crate) slashed_eth: f64,
    /// Burned, and redistributed.
    pub(crate) taken_eth: [f64; 2],
    pub(crate) n_events: u32,
    pub(crate) n_operators: u32,
}

impl Page {
    /// Writes the figures of a path.
    #[inline(always)]
    pub(crate) fn write(&self, sums: &Sums, row: &mut [f64]) {
        row.copy_from_slice(&self.still);
        let loss = self.direct_eth_0 - sums.direct_eth;
        let [burned, redistributed] = sums.taken_eth;
        let mut set = |figure, value| row[self.layout.system(figure)] = value;
        set(Figure::Total, loss);
        set(Figure::Direct, loss);
        set(Figure::NavLoss, loss);
        set(Figure::MarketLoss, self.direct_at_market_0 - sums.exact_eth);
        set(Figure::BooksError, (loss - (burned + redistributed)) / self.direct_eth_0);
        set(Figure::Burned, burned);
        set(Figure::Redistributed, redistributed);
        set(Figure::Events, f64::from(sums.n_events));
        set(Figure::OperatorsSlashed, f64::from(sums.n_operators));
        row[self.layout.channel(Channel::AvsSlash)] = sums.slashed_eth;
    }
}

impl Strikes {
    /// For sources that slash the members given, each time all of them; none where something else can
    /// happen, or follow.
    pub fn new<H: IntoIterator<Item = Hit>>(
        setting: &Setting<'_>,
        sources: impl IntoIterator<Item = H>,
    ) -> Option<Self> {
        if !setting.is_flat {
            return None;
        }
        let network = setting.network;
        let state = State::new(setting);
        let layout = Layout::new(network);
        let mut still = vec![0.0; layout.width()];
        state.write_outcome(layout, 0, &mut still);
        let direct = network.holder_columns(Holder::Direct);
        let columns: Vec<(f64, f64)> = direct
            .iter()
            .map(|id| &network.columns()[id.index()])
            .map(|column| (column.units, setting.nav_0[column.asset.index()]))
            .collect();
        let page = Page {
            layout,
            still,
            direct_eth_0: state.direct_eth_0,
            direct_at_market_0: state.direct_at_market_0,
        };
        let mut strikes = Self {
            page,
            sources: Vec::new(),
            takes: Vec::new(),
            left: Vec::with_capacity(columns.len()),
            columns,
            path: 0,
            stakes: vec![0; network.stakes().len()],
            operators: vec![0; network.operators().len()],
        };
        for hits in sources {
            let start = strikes.takes.len();
            for hit in hits {
                let Target::Member(member) = hit.target else { return None };
                strikes.add(setting, direct, member, hit.share);
            }
            strikes.sources.push(start..strikes.takes.len());
        }
        Some(strikes)
    }

    #[expect(clippy::cast_possible_truncation, reason = "ids are 32 bits wide")]
    fn add(&mut self, setting: &Setting<'_>, direct: &[ColumnId], id: MemberId, share: f64) {
        let network: &Network = setting.network;
        let member = network.member(id);
        let start = self.takes.len();
        for allocation in network.member_allocations(id).map(|id| network.allocation(id)) {
            for (place, &holding) in network.stake_holdings(allocation.stake).iter().enumerate() {
                let holding = network.holding(holding);
                let column = direct.iter().position(|id| *id == holding.column);
                self.takes.push(Take {
                    units: holding.units,
                    price: setting.nav_0[holding.asset.index()],
                    share,
                    fraction: allocation.fraction.min(1.0),
                    stake: allocation.stake.index() as u32,
                    operator: member.operator.index() as u32,
                    column: column.unwrap_or_default() as u32,
                    redistributes: network.avs(member.avs).redistributes,
                    opens_stake: place == 0,
                    ends_member: false,
                });
            }
        }
        if let Some(last) = self.takes[start..].last_mut() {
            last.ends_member = true;
        }
    }

    /// The same where it does not matter in what order sources fire, given the severity of each; none
    /// where it may.
    pub fn sums(&self, severities: impl IntoIterator<Item = f64>) -> Option<StrikeSums> {
        StrikeSums::new(self, severities)
    }

    /// Plays a path on which sources fire with these severities, all within the horizon and in time
    /// order; writes its figures to `row`, those of [`crate::run_path`] to the bit.
    ///
    /// False, and `row` unspecified, where some stake is slashed twice: [`crate::run_path`] has to play
    /// that path.
    pub fn play(&mut self, fired: impl Iterator<Item = (u32, f64)>, row: &mut [f64]) -> bool {
        self.begin();
        let mut sums = Sums {
            exact_eth: self.page.direct_at_market_0,
            direct_eth: self.page.direct_eth_0,
            slashed_eth: 0.0,
            taken_eth: [0.0; 2],
            n_events: 0,
            n_operators: 0,
        };
        for (source, severity) in fired {
            sums.n_events += 1;
            if !self.strike(&mut sums, source, severity) {
                return false;
            }
        }
        self.page.write(&sums, row);
        true
    }

    #[inline(always)]
    fn begin(&mut self) {
        if self.path == u32::MAX {
            self.path = 0;
            self.stakes.fill(0);
            self.operators.fill(0);
        }
        self.path += 1;
        self.left.clear();
        self.left.extend(self.columns.iter().map(|(units, _)| units));
    }

    /// A source fires; false where it slashes stake that has been slashed before on this path.
    #[inline(always)]
    fn strike(&mut self, sums: &mut Sums, source: u32, severity: f64) -> bool {
        let mut took = false;
        for take in &self.takes[self.sources[source as usize].clone()] {
            let lost = (severity * take.share) * take.fraction;
            let last = &mut self.stakes[take.stake as usize];
            if take.opens_stake && *last == self.path {
                return false;
            }
            if lost > 0.0 {
                *last = self.path;
                let units = take.units * lost;
                let taken = units * take.price;
                let [burned, redistributed] = &mut sums.taken_eth;
                *burned += if take.redistributes { 0.0 } else { taken };
                *redistributed += if take.redistributes { taken } else { 0.0 };
                let left = &mut self.left[take.column as usize];
                *left = positive_part(*left - units);
                took = true;
            }
            if take.ends_member && took {
                took = false;
                let last = &mut self.operators[take.operator as usize];
                sums.n_operators += u32::from(*last != self.path);
                *last = self.path;
                let left = self.left.iter().zip(&self.columns);
                let exact: f64 = left.map(|(units, (_, price))| units * price).sum();
                let direct = or_day_0(exact, self.page.direct_eth_0);
                sums.slashed_eth += sums.direct_eth - direct;
                (sums.exact_eth, sums.direct_eth) = (exact, direct);
            }
        }
        true
    }
}
