//! A case as the engine takes it: names become ids, and what is given by name becomes arrays.

use slashfall_cascade::{
    AssetFigure, BeaconParameters, Channel, Effect, Events, Figure, Hit, Layout, LossEntry,
    Parameters, PathInput, PortfolioFigure, Record, Setting, State, Target, run_path,
    run_path_recorded,
};
use slashfall_graph::{AssetId, AvsId, Network, OperatorId, ReserveId, resolve};

use super::case::{Case, Happening, Hits, What};
use super::position;

pub(crate) struct Engine {
    pub(crate) network: Network,
    pub(crate) layout: Layout,
    parameters: Parameters,
    events: Events,
    z: Vec<f64>,
    attack_uniforms: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(case: &Case) -> Self {
        let network = match resolve(&case.spec) {
            Ok(resolved) => resolved.network,
            Err(problems) => panic!("the generator made a wrong network: {problems}"),
        };
        let z = case.z.iter().flat_map(|z| network.assets().iter().map(|asset| z[&asset.name]));
        let mut events = Events::default();
        for (source, happening) in (0..).zip(&case.happenings) {
            push_event(&network, source, happening, &mut events);
        }
        let uniforms = network.avss().iter().map(|avs| case.attack_uniform[&avs.name]);
        Self {
            parameters: parameters(case, &network),
            z: z.collect(),
            layout: Layout::new(&network),
            attack_uniforms: uniforms.collect(),
            events,
            network,
        }
    }

    pub(crate) fn play(&self) -> Vec<f64> {
        self.play_on(&mut State::new(&self.setting()))
    }

    pub(crate) fn setting(&self) -> Setting<'_> {
        Setting::new(&self.network, self.parameters.clone())
    }

    pub(crate) fn play_on(&self, state: &mut State<'_>) -> Vec<f64> {
        let mut row = vec![f64::NAN; self.layout.width()];
        self.with_input(|input| run_path(state, input, &mut row));
        row
    }

    pub(crate) fn record(&self) -> (Vec<f64>, Record) {
        let mut row = vec![f64::NAN; self.layout.width()];
        let setting = self.setting();
        let mut state = State::new(&setting);
        let record = self.with_input(|input| run_path_recorded(&mut state, input, &mut row));
        (row, record)
    }

    pub(crate) fn with_input<T>(&self, play: impl FnOnce(&PathInput<'_>) -> T) -> T {
        let uniform = |avs: AvsId| self.attack_uniforms[avs.index()];
        play(&PathInput { events: &self.events, noise: &self.z, attack_uniform: &uniform })
    }

    pub(crate) fn stake_eth(&self) -> f64 {
        State::new(&self.setting()).stake_eth_0()
    }

    pub(crate) fn total(&self) -> f64 {
        self.play()[self.layout.system(Figure::Total)]
    }

    /// What each number of a row is: its unit and its name.
    pub(crate) fn columns(&self) -> Vec<(&'static str, String)> {
        let mut columns = vec![("", String::new()); self.layout.width()];
        for &figure in Figure::ALL {
            columns[self.layout.system(figure)] = (figure.unit(), figure.name().to_owned());
        }
        for &channel in Channel::ALL {
            columns[self.layout.channel(channel)] = ("eth", channel.name().to_owned());
        }
        for (index, id) in self.network.wrapped_assets().enumerate() {
            for &figure in AssetFigure::ALL {
                let name = format!("{} of {}", figure.name(), self.network.asset(id).name);
                columns[self.layout.asset(index, figure)] = (figure.unit(), name);
            }
        }
        for (index, portfolio) in self.network.portfolios().iter().enumerate() {
            for &figure in PortfolioFigure::ALL {
                let name = format!("{} of {}", figure.name(), portfolio.name);
                columns[self.layout.portfolio(index, figure)] = (figure.unit(), name);
            }
        }
        columns
    }
}

/// What an entry costs all who lose by it.
pub(crate) fn loss_eth(entry: &LossEntry) -> f64 {
    entry.asset_eth.iter().sum::<f64>() + entry.direct_eth + entry.users_eth
}

fn parameters(case: &Case, network: &Network) -> Parameters {
    let wrapped = || network.wrapped_assets().map(|id| &network.asset(id).name);
    Parameters {
        horizon_days: case.horizon_days,
        beacon: BeaconParameters {
            total_active_eth: case.total_active_eth,
            exit_queue_eth: case.exit_queue_eth,
        },
        noise: wrapped().map(|name| case.noise[name]).collect(),
        redemption: wrapped().map(|name| case.redemption[name]).collect(),
        security: case.security,
        cascade: case.cascade,
        lending: case.lending,
        yields: case.yields,
    }
}

fn push_event(network: &Network, source: u32, happening: &Happening, events: &mut Events) {
    let asset =
        |name: &str| AssetId::new(position(network.assets().iter().map(|a| &*a.name), name));
    let (effect, hits) = match &happening.what {
        What::SlashByAvs { avs, hits } => (Effect::SlashByAvs, members(network, avs, hits)),
        What::SlashOperator { reach_all, hits } => {
            (Effect::SlashOperator { reach_all: *reach_all }, whole(network, hits))
        }
        What::SlashValidators { background, hits } => {
            (Effect::SlashValidators { background: *background }, whole(network, hits))
        }
        What::Outage { background, hits } => {
            (Effect::Outage { background: *background }, whole(network, hits))
        }
        What::Exploit { asset: name, sale_days } => {
            (Effect::Exploit { asset: asset(name), sale_days: *sale_days }, Vec::new())
        }
        What::UnbackedMint { asset: name, pledge_share } => {
            let pledge_share = *pledge_share;
            (Effect::UnbackedMint { asset: asset(name), pledge_share }, Vec::new())
        }
        What::Depeg { asset: name, flight } => {
            (Effect::Depeg { asset: asset(name), flight: *flight }, Vec::new())
        }
        What::WithdrawSupply { reserve } => {
            let reserve = position(network.reserves().iter().map(|r| &*r.name), reserve);
            (Effect::WithdrawSupply { reserve: ReserveId::new(reserve) }, Vec::new())
        }
    };
    events.push((happening.tau_days, source), happening.severity, effect, hits);
}

fn operator(network: &Network, name: &str) -> OperatorId {
    OperatorId::new(position(network.operators().iter().map(|o| &*o.name), name))
}

fn whole(network: &Network, hits: &Hits) -> Vec<Hit> {
    let hit = |(name, share): &(String, f64)| Hit {
        target: Target::Operator(operator(network, name)),
        share: *share,
    };
    hits.iter().map(hit).collect()
}

/// Those that the AVS has no allocation with are no members, and nobody can hit them.
fn members(network: &Network, avs: &str, hits: &Hits) -> Vec<Hit> {
    let hit = |(name, share): &(String, f64)| {
        let mut members = network.operator_members(operator(network, name)).iter();
        let member = members.find(|&&m| network.avs(network.member(m).avs).name == avs)?;
        Some(Hit { target: Target::Member(*member), share: *share })
    };
    hits.iter().filter_map(hit).collect()
}
