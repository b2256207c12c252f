//! What is found of each scenario once its paths are there: laid out in tables, and kept for the terminal.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use slashfall_graph::Network;
use slashfall_graph::facts::{DebtRanks, debtrank};
use slashfall_output::measures::{Estimate, Level};
use slashfall_output::tables::{
    Measuring, SummaryRow, measure, push_avs_rates, push_cascade, push_contagion,
    push_contributions, push_convergence, push_dependence, push_exceedance, push_joint,
    push_removals, push_sensitivities, push_summary, push_tail_paths,
};
use slashfall_output::{
    AvsRate, CloseUps, Collector, Contribution, Looks, ResultFolder, Sensitivities, Table,
    WITHOUT_PRICES, Without, avs_rates, contributions, joint, removals, schema, sensitivities,
};
use slashfall_sampling::Scenario;
use slashfall_sampling::config::Detail;

use crate::gathered::Gathered;
use crate::run::{headline, levels};
use crate::watch::Watch;

/// Nodes of a network up to which DebtRank of each is worked out.
const RANKED_NODES: usize = 2_000;

/// Everything that is shown, one element a scenario.
#[derive(Default)]
pub struct Findings {
    /// The summary, of all scenarios.
    pub rows: Vec<SummaryRow>,
    /// Who and what a scenario's losses come from.
    pub contributions: BTreeMap<String, Vec<Contribution>>,
    /// What changes its figures how much.
    pub sensitivities: BTreeMap<String, Sensitivities>,
    /// What would lower its headline figure if it were gone.
    pub removed: BTreeMap<String, Vec<Removed>>,
    /// Its expected shortfall at other rates of AVSs' slashes.
    pub avs_rates: BTreeMap<String, Vec<AvsRate>>,
    /// What should be known before they are believed.
    pub doubts: Vec<String>,
}

/// Something without which an expected shortfall is lower.
pub struct Removed {
    /// What kind of thing it is.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Level of the shortfall.
    pub level: Level,
    /// The shortfall with it, in ETH.
    pub es: f64,
    /// By how much it changes, in ETH.
    pub change: Estimate,
}

impl Removed {
    /// Those of the headline figure, the largest fall first.
    fn of(found: &[Without<'_>]) -> Vec<Self> {
        let own = found.iter().filter(|without| without.scope.name == WITHOUT_PRICES);
        let removed = |without: &Without<'_>| Self {
            kind: without.kind.name(),
            name: without.removed.clone(),
            level: without.level,
            es: without.es,
            change: without.change,
        };
        own.map(removed).collect()
    }
}

/// The tables of a run in the making.
pub(crate) struct Tables {
    summary: Table,
    exceedance: Table,
    contributions: Table,
    removals: Table,
    sensitivities: Table,
    avs_rate: Table,
    contagion: Table,
    joint: Table,
    cascade: Table,
    convergence: Table,
    dependence: Table,
    tail_paths: Table,
    ranks: DebtRanks,
}

impl Tables {
    pub(crate) fn new(network: &Network) -> Self {
        let n_nodes = network.operators().len() + network.avss().len() + network.n_wrapped();
        let unknown = DebtRanks { nodes: Vec::new(), value_eth: 0.0, n_unsettled: 0 };
        Self {
            summary: Table::new(&schema::SUMMARY),
            exceedance: Table::new(&schema::EXCEEDANCE),
            contributions: Table::new(&schema::CONTRIBUTIONS),
            removals: Table::new(&schema::REMOVALS),
            sensitivities: Table::new(&schema::SENSITIVITIES),
            avs_rate: Table::new(&schema::AVS_RATE),
            contagion: Table::new(&schema::CONTAGION),
            joint: Table::new(&schema::JOINT),
            cascade: Table::new(&schema::CASCADE),
            convergence: Table::new(&schema::CONVERGENCE),
            dependence: Table::new(&schema::DEPENDENCE),
            tail_paths: Table::new(&schema::TAIL_PATHS),
            ranks: if n_nodes <= RANKED_NODES { debtrank(network) } else { unknown },
        }
    }

    /// Adds a scenario; breaks off when nobody waits any more.
    pub(crate) fn add(
        &mut self,
        scenario: &Scenario<'_>,
        gathered: &Gathered,
        findings: &mut Findings,
        watch: &dyn Watch,
    ) -> ControlFlow<()> {
        let (name, horizon_days) = (&scenario.name, scenario.spec.horizon_days);
        let (collector, levels) = (&gathered.collector, levels(&scenario.spec.levels));
        let measured = measure(
            name,
            collector,
            Measuring { levels: &levels, budgets: &scenario.spec.budgets, horizon_days },
        );
        push_summary(&mut self.summary, &measured.rows);
        findings.rows.extend(measured.rows);
        push_exceedance(&mut self.exceedance, name, &measured.curves, horizon_days);
        push_cascade(&mut self.cascade, name, collector);
        let stopped = || watch.is_stopped();
        self.vary_avs_rate(scenario, collector, findings, stopped)?;
        let mut close_ups = None;
        if scenario.spec.detail >= Detail::Standard {
            let own = scenario.spec.split_paths.and_then(|own| usize::try_from(own).ok());
            let looks = own.map_or_else(|| Looks::beside(collector.n_paths()), Looks::of);
            let taken = CloseUps::take(&scenario.model, collector, &levels, looks, stopped);
            let Some(taken) = taken else { return ControlFlow::Break(()) };
            self.look(scenario, gathered, &taken, findings);
            self.take_out(scenario, gathered, &taken, findings, stopped)?;
            let Some(found) = sensitivities(&scenario.model, collector, &levels, stopped) else {
                return ControlFlow::Break(());
            };
            push_sensitivities(&mut self.sensitivities, name, &found.rows);
            findings.sensitivities.insert(name.clone(), found);
            close_ups = Some(taken);
        }
        let count = usize::try_from(scenario.spec.tail_paths).unwrap_or(usize::MAX);
        let of_scenario = (name.as_str(), &scenario.model);
        push_tail_paths(&mut self.tail_paths, of_scenario, collector, close_ups.as_ref(), count);
        ControlFlow::Continue(())
    }

    /// Adds what needs paths that were looked at closely, and who was hit.
    fn look(
        &mut self,
        scenario: &Scenario<'_>,
        gathered: &Gathered,
        close_ups: &CloseUps<'_>,
        findings: &mut Findings,
    ) {
        let (name, model, levels) = (&scenario.name, &scenario.model, gathered.levels());
        let split = contributions(model, close_ups, levels);
        push_contributions(&mut self.contributions, name, &split);
        findings.contributions.insert(name.clone(), split);
        push_joint(&mut self.joint, name, &joint(close_ups, levels));
        push_convergence(&mut self.convergence, name, &gathered.waypoints());
        if let Some((contagion, counts)) = gathered.incidents() {
            let realised = counts.realised(model, &scenario.spec.factors);
            push_dependence(&mut self.dependence, name, &realised);
            let weights = gathered.collector.weights();
            let nodes = contagion.figures(model.network(), &self.ranks, weights);
            push_contagion(&mut self.contagion, name, &nodes, &findings.rows);
        }
    }

    /// Adds what expected shortfalls are at other rates of AVSs' slashes; breaks off when it is stopped.
    fn vary_avs_rate(
        &mut self,
        scenario: &Scenario<'_>,
        collector: &Collector,
        findings: &mut Findings,
        stopped: impl Fn() -> bool,
    ) -> ControlFlow<()> {
        let Some(at) = headline(scenario, collector.n_paths()) else {
            return ControlFlow::Continue(());
        };
        let Some(rows) = avs_rates(&scenario.model, at, collector.n_paths(), stopped) else {
            return ControlFlow::Break(());
        };
        push_avs_rates(&mut self.avs_rate, &scenario.name, &rows);
        findings.avs_rates.insert(scenario.name.clone(), rows);
        ControlFlow::Continue(())
    }

    /// Adds what expected shortfalls would be without the largest contributors; breaks off when it is stopped.
    fn take_out(
        &mut self,
        scenario: &Scenario<'_>,
        gathered: &Gathered,
        close_ups: &CloseUps<'_>,
        findings: &mut Findings,
        stopped: impl Fn() -> bool,
    ) -> ControlFlow<()> {
        let Some(at) = headline(scenario, gathered.collector.n_paths()) else {
            return ControlFlow::Continue(());
        };
        match removals(&scenario.model, close_ups, at, stopped) {
            Some(found) => {
                push_removals(&mut self.removals, &scenario.name, &found);
                findings.removed.insert(scenario.name.clone(), Removed::of(&found));
            }
            None => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    pub(crate) fn write(self, folder: &ResultFolder, detail: Detail) -> anyhow::Result<()> {
        folder.write_table(self.summary)?;
        folder.write_table(self.exceedance)?;
        folder.write_table(self.avs_rate)?;
        folder.write_table(self.cascade)?;
        folder.write_table(self.tail_paths)?;
        if detail >= Detail::Standard {
            folder.write_table(self.contributions)?;
            folder.write_table(self.removals)?;
            folder.write_table(self.sensitivities)?;
            folder.write_table(self.contagion)?;
            folder.write_table(self.joint)?;
            folder.write_table(self.convergence)?;
            folder.write_table(self.dependence)?;
        }
        Ok(())
    }
}
