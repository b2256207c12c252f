//! One path on a small network and its figures by name: what the known answers share.

#![allow(dead_code, reason = "each file of known answers uses its part")]
#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use slashfall_cascade::{
    AssetDay, AssetEnd, AssetFigure, Channel, Effect, EndLayout, Events, Figure, Happened, Hit,
    Layout, MarketEnd, Parameters, PathInput, PortfolioFigure, Record, RedemptionParameters,
    ReserveDay, Setting, State, Step, Target, run_path, run_path_recorded,
};
use slashfall_graph::{AssetId, AvsId, Network, OperatorId, ReserveId, Sketch};

/// Something that happens on the path under test.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Happens<'a> {
    /// An AVS slashes an operator by a fraction.
    Slash(&'a str, &'a str, f64),
    /// An operator is compromised; true reaches unallocated stake.
    Compromise(&'a str, f64, bool),
    /// A share of an operator's validators is slashed, with a share of the outside stake.
    Validators(&'a str, f64, f64),
    /// A share of an operator is offline for epochs, with a share of the outside stake.
    Offline(&'a str, f64, f64, f64),
    /// A fraction is stolen and sold over days.
    Exploit(&'a str, f64, u32),
    /// The supply grows by a fraction; a share of that is pledged.
    Mint(&'a str, f64, f64),
    /// The discount jumps; a share of the depth leaves.
    Depeg(&'a str, f64, f64),
    /// A fraction of a reserve's claims is withdrawn.
    Withdraw(&'a str, f64),
}

/// A path to be played: nothing happens on it yet.
#[derive(Clone, Debug)]
pub(crate) struct Path<'a> {
    network: Network,
    parameters: Parameters,
    happens: Vec<(f64, Happens<'a>)>,
    noise: Vec<f64>,
    uniforms: Vec<f64>,
}

/// One path that was played.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    network: Network,
    layout: Layout,
    pub(crate) row: Vec<f64>,
    pub(crate) record: Record,
    ends: Vec<f64>,
}

impl<'a> Path<'a> {
    pub(crate) fn new(sketch: &Sketch, horizon_days: u32) -> Self {
        Self::on(&sketch.network().unwrap(), horizon_days)
    }

    pub(crate) fn on(network: &Network, horizon_days: u32) -> Self {
        Self {
            network: network.clone(),
            parameters: Parameters::absent(horizon_days, network.n_wrapped()),
            happens: Vec::new(),
            noise: Vec::new(),
            uniforms: vec![0.0; network.avss().len()],
        }
    }

    /// Changes what the scenario sets.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Parameters)) -> Self {
        change(&mut self.parameters);
        self
    }

    /// Sets how holders of an asset leave.
    pub(crate) fn leaving(mut self, name: &str, how: RedemptionParameters) -> Self {
        let index = asset(&self.network, name).index() - self.network.n_base();
        self.parameters.redemption[index] = how;
        self
    }

    /// Something happens, in order of time.
    pub(crate) fn at(mut self, tau_days: f64, what: Happens<'a>) -> Self {
        self.happens.push((tau_days, what));
        self
    }

    /// The uniform of an AVS; 0 where this is not said.
    pub(crate) fn uniform(mut self, name: &str, uniform: f64) -> Self {
        self.uniforms[avs(&self.network, name).index()] = uniform;
        self
    }

    /// Standard normals of an asset from day 1 on; 0 where this is not said.
    pub(crate) fn moving(mut self, name: &str, z: &[f64]) -> Self {
        let width = self.network.assets().len();
        self.noise.resize(width * self.parameters.horizon_days as usize, 0.0);
        let index = asset(&self.network, name).index();
        for (day, &z) in self.noise.chunks_exact_mut(width).zip(z) {
            day[index] = z;
        }
        self
    }

    /// Plays it: twice on one state, as a path must leave no trace for the next, and recorded.
    pub(crate) fn play(&self) -> Played {
        let setting = Setting::new(&self.network, self.parameters.clone());
        let mut events = Events::default();
        for (number, &(tau, happens)) in (0..).zip(&self.happens) {
            push(&self.network, (tau, number), happens, &mut events);
        }
        let uniform = |avs: AvsId| self.uniforms[avs.index()];
        let input = PathInput { events: &events, noise: &self.noise, attack_uniform: &uniform };
        let layout = Layout::new(&self.network);
        let mut row = vec![f64::NAN; layout.width()];
        let mut state = State::new(&setting);
        run_path(&mut state, &input, &mut row);
        let first = row.clone();
        let end_layout = EndLayout::new(&self.network);
        let mut ends = vec![f64::NAN; end_layout.width()];
        state.write_ends(end_layout, &mut ends);
        let first_ends = ends.clone();
        let record = run_path_recorded(&mut state, &input, &mut row);
        assert_eq!(first, row, "the state was not reset");
        state.write_ends(end_layout, &mut ends);
        assert_eq!(first_ends, ends, "the state was not reset");
        let played = Played { network: self.network.clone(), layout, row, record, ends };
        assert!(played.system(Figure::BooksError).abs() < 1e-12, "books do not balance");
        let split: f64 = Channel::ALL.iter().map(|&channel| played.channel(channel)).sum();
        let error = split - played.system(Figure::Total);
        assert!(error.abs() <= 1e-12 * state.stake_eth_0(), "channels do not sum to the total");
        played
    }
}

fn push(network: &Network, at: (f64, u32), happens: Happens<'_>, events: &mut Events) {
    let whole = |o: &str| Hit { target: Target::Operator(operator(network, o)), share: 1.0 };
    match happens {
        Happens::Slash(avs, o, f) => {
            let members = network.operator_members(operator(network, o));
            let member = members.iter().find(|&&m| network.avs(network.member(m).avs).name == avs);
            let hit = Hit { target: Target::Member(*member.unwrap()), share: 1.0 };
            events.push(at, f, Effect::SlashByAvs, [hit]);
        }
        Happens::Compromise(o, f, reach_all) => {
            events.push(at, f, Effect::SlashOperator { reach_all }, [whole(o)]);
        }
        Happens::Validators(o, v, background) => {
            events.push(at, v, Effect::SlashValidators { background }, [whole(o)]);
        }
        Happens::Offline(o, share, epochs, background) => {
            let hit = Hit { share, ..whole(o) };
            events.push(at, epochs, Effect::Outage { background }, [hit]);
        }
        Happens::Exploit(k, f, sale_days) => {
            events.push(at, f, Effect::Exploit { asset: asset(network, k), sale_days }, []);
        }
        Happens::Mint(k, f, pledge_share) => {
            let effect = Effect::UnbackedMint { asset: asset(network, k), pledge_share };
            events.push(at, f, effect, []);
        }
        Happens::Depeg(k, jump, flight) => {
            events.push(at, jump, Effect::Depeg { asset: asset(network, k), flight }, []);
        }
        Happens::Withdraw(name, f) => {
            let found = network.reserves().iter().position(|reserve| reserve.name == name);
            let reserve = ReserveId::new(found.unwrap());
            events.push(at, f, Effect::WithdrawSupply { reserve }, []);
        }
    }
}

impl Played {
    pub(crate) fn system(&self, figure: Figure) -> f64 {
        self.row[self.layout.system(figure)]
    }

    pub(crate) fn channel(&self, channel: Channel) -> f64 {
        self.row[self.layout.channel(channel)]
    }

    pub(crate) fn asset(&self, name: &str, figure: AssetFigure) -> f64 {
        self.row[self.layout.asset(self.wrapped(name), figure)]
    }

    pub(crate) fn portfolio(&self, index: usize, figure: PortfolioFigure) -> f64 {
        self.row[self.layout.portfolio(index, figure)]
    }

    /// ETH in the chain's exit queue at the horizon.
    pub(crate) fn exit_queue_eth(&self) -> f64 {
        self.ends[EndLayout::new(&self.network).exit_queue()]
    }

    /// How an asset stands at the horizon: nav, mood, depth, what was sold.
    pub(crate) fn asset_end(&self, name: &str) -> [f64; 4] {
        let index = self.wrapped(name);
        [AssetEnd::Nav, AssetEnd::Mood, AssetEnd::Depth, AssetEnd::SoldEth]
            .map(|end| self.ends[EndLayout::new(&self.network).asset(index, end)])
    }

    /// How a market stands at the horizon: loss, carry, what is still pledged.
    pub(crate) fn market_end(&self, name: &str) -> [f64; 3] {
        let index = self.network.markets().iter().position(|market| market.name == name).unwrap();
        [MarketEnd::Loss, MarketEnd::Carry, MarketEnd::Pledged]
            .map(|end| self.ends[EndLayout::new(&self.network).market(index, end)])
    }

    /// A wrapped asset at the end of a day.
    pub(crate) fn asset_on(&self, day: usize, name: &str) -> AssetDay {
        self.record.days[day - 1].assets[self.wrapped(name)]
    }

    /// The only reserve at the end of a day.
    pub(crate) fn reserve_on(&self, day: usize) -> ReserveDay {
        self.record.days[day - 1].reserves[0]
    }

    /// Steps that are asked for, in order, with what is asked of each.
    pub(crate) fn steps<T>(&self, ask: impl Fn(&Step, &Happened) -> Option<T>) -> Vec<T> {
        self.record.steps.iter().filter_map(|step| ask(step, &step.happened)).collect()
    }

    /// Attacks: day, round, AVS.
    pub(crate) fn attacks(&self) -> Vec<(u32, u32, &str)> {
        self.steps(|step, happened| match happened {
            Happened::Attacked { avs, .. } => {
                Some((step.day, step.round, self.network.avs(*avs).name.as_str()))
            }
            _ => None,
        })
    }

    /// Liquidations: round, market, collateral seized.
    pub(crate) fn liquidations(&self) -> Vec<(u32, &str, f64)> {
        self.steps(|step, happened| match happened {
            Happened::Liquidated { market, seized_eth, .. } => {
                Some((step.round, self.network.market(*market).name.as_str(), *seized_eth))
            }
            _ => None,
        })
    }

    /// Payments to an asset's queue: day, ETH.
    pub(crate) fn paid_out(&self, name: &str) -> Vec<(u32, f64)> {
        let id = asset(&self.network, name);
        self.steps(|step, happened| match happened {
            Happened::PaidOut { asset, eth } if *asset == id => Some((step.day, *eth)),
            _ => None,
        })
    }

    /// What those who left an asset did on a day: sold, paid at once, queued; in ETH at nav.
    pub(crate) fn left_on(&self, on: u32, name: &str) -> [f64; 3] {
        let id = asset(&self.network, name);
        let found = self.steps(|step, happened| match happened {
            Happened::Leaving { asset, sold_eth, paid_eth, queued_eth, .. } => {
                let asked = *asset == id && step.day == on;
                asked.then_some([*sold_eth, *paid_eth, *queued_eth])
            }
            _ => None,
        });
        found.first().copied().unwrap_or_default()
    }

    /// What arbitrage bought of an asset: day, round, ETH at nav.
    pub(crate) fn arbitrage(&self, name: &str) -> Vec<(u32, u32, f64)> {
        let id = asset(&self.network, name);
        self.steps(|step, happened| match happened {
            Happened::Arbitrage { asset, eth } if *asset == id => {
                Some((step.day, step.round, *eth))
            }
            _ => None,
        })
    }

    fn wrapped(&self, name: &str) -> usize {
        asset(&self.network, name).index() - self.network.n_base()
    }
}

pub(crate) fn asset(network: &Network, name: &str) -> AssetId {
    AssetId::new(network.assets().iter().position(|a| a.name == name).unwrap())
}

fn operator(network: &Network, name: &str) -> OperatorId {
    OperatorId::new(network.operators().iter().position(|o| o.name == name).unwrap())
}

fn avs(network: &Network, name: &str) -> AvsId {
    AvsId::new(network.avss().iter().position(|a| a.name == name).unwrap())
}

/// To 1e-9 of the figure: prices in pools are tabulated to 1e-10 of themselves.
#[track_caller]
pub(crate) fn near(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(error <= 1e-9 * expected.abs() + 1e-11, "found {found}, expected {expected}");
}

/// Of lists of figures.
#[track_caller]
pub(crate) fn all_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "found {found:?}, expected {expected:?}");
    for (&found, &expected) in found.iter().zip(expected) {
        near(found, expected);
    }
}
