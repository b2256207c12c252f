//! What `slashfall caps` finds: the paths of every scenario of a result drawn again, what each answers, and paths of another seed
//! that the proposal is held against.

use std::ops::ControlFlow;

use slashfall_graph::{Network, Problem as Wrong, Problems};
use slashfall_output::{AVS_RATES, digest_file, rated_kind};
use slashfall_sampling::{Model, Scenario, SourceKind, simulate_to_ends};
use slashfall_sizing::{
    Answer, Candidate, CandidateKind, Cap, Certificate, Gather, Policy, Problem, Reading, Sample,
    caps, certify, read_all,
};

use super::CapsOptions;
use super::conflict::conflict;
use super::question::{Question, fewest_paths};
use crate::provenance::program;
use crate::recorded::{Recorded, scenarios_of};
use crate::watch::Watch;

/// Paths a batch.
const BATCH_PATHS: usize = 4_096;
/// Paths at each rate are a quarter of the run's, and these at least if the run has as many.
const MIN_PATHS_OF_RATE: u64 = 50_000;
/// And so many times those without which limits say nothing.
const TIMES_FEWEST: u64 = 10;

/// All that is found.
pub(super) struct Study {
    pub(super) problem: Problem,
    pub(super) network_name: String,
    pub(super) horizon_days: u32,
    pub(super) seed: u64,
    /// Of the scenario that is asked about.
    pub(super) scenario: String,
    pub(super) n_paths: u64,
    pub(super) answer: Answer,
    /// The other scenarios of the run.
    pub(super) elsewhere: Vec<Elsewhere>,
    /// Caps at rates of AVSs' slashes; empty without sources that such a rate is of.
    pub(super) rates: Vec<AtRate>,
    pub(super) rated_kind: Option<SourceKind>,
    pub(super) proposal: Proposal,
    pub(super) digests: Digests,
}

/// What another scenario says.
pub(super) struct Elsewhere {
    pub(super) scenario: String,
    pub(super) n_paths: u64,
    pub(super) caps: Vec<Cap>,
    /// How the budgets stand there for what is proposed.
    pub(super) readings: Vec<Reading>,
}

/// Caps at one rate.
pub(super) struct AtRate {
    /// Events a year of each source; none as in the run, from as many paths.
    pub(super) rate: Option<f64>,
    pub(super) n_paths: u64,
    pub(super) caps: Vec<Cap>,
}

/// The plan that is proposed, as paths of another seed certify it.
pub(super) struct Proposal {
    pub(super) seed: u64,
    pub(super) n_paths: u64,
    pub(super) certificate: Certificate,
}

/// Of what it is said.
pub(super) struct Digests {
    pub(super) policy: String,
    pub(super) config: String,
    pub(super) program: String,
}

impl Study {
    /// Draws the paths and asks them; breaks off when nobody waits any more.
    ///
    /// # Errors
    /// When the run file or a loop is refused, or when the minimums of the policy conflict with its limits.
    pub(super) fn of(
        options: &CapsOptions,
        question: &Question,
        watch: &mut dyn Watch,
    ) -> anyhow::Result<ControlFlow<(), Self>> {
        let Question { file, policy, candidates, network, recorded, n_paths } = question;
        let scenario = recorded.resolve(network)?;
        check_loops(&scenario, file, candidates)?;
        let mut asked = Asked { options, policy, candidates, network, watch };
        let problem = Problem::new(policy, candidates, scenario.model.setting());
        let Some(sample) = asked.draw(&scenario.model, *n_paths, &scenario.name) else {
            return Ok(ControlFlow::Break(()));
        };
        let answer = Answer::of(&problem, &sample).map_err(|why| conflict(file, &problem, why))?;
        drop(sample);
        let Some(proposal) = asked.certify(&problem, &answer, *n_paths)? else {
            return Ok(ControlFlow::Break(()));
        };
        let Some(elsewhere) = asked.elsewhere(&proposal.certificate.x)? else {
            return Ok(ControlFlow::Break(()));
        };
        let Some(rates) = asked.rates(&scenario.model, *n_paths) else {
            return Ok(ControlFlow::Break(()));
        };
        Ok(ControlFlow::Continue(Self {
            network_name: network.meta().name.clone(),
            horizon_days: scenario.model.horizon_days(),
            seed: scenario.spec.seed,
            rated_kind: rated_kind(&scenario.model),
            digests: Digests {
                policy: digest_file(&options.policy)?,
                config: recorded.config_digest(),
                program: program(),
            },
            scenario: scenario.name.clone(),
            problem,
            n_paths: *n_paths,
            answer,
            elsewhere,
            rates,
            proposal,
        }))
    }

    /// By candidate: the least of its caps over the scenarios.
    pub(super) fn robust_caps(&self) -> Vec<f64> {
        let own = self.answer.caps.iter().map(|cap| cap.own.eth);
        let least = |(position, own): (usize, f64)| {
            self.elsewhere.iter().map(|other| other.caps[position].own.eth).fold(own, f64::min)
        };
        own.enumerate().map(least).collect()
    }
}

/// What every sample is asked, and who watches; none where nobody waits any more.
struct Asked<'a> {
    options: &'a CapsOptions,
    policy: &'a Policy,
    candidates: &'a [Candidate],
    network: &'a Network,
    watch: &'a mut dyn Watch,
}

impl Asked<'_> {
    fn draw(&mut self, model: &Model<'_>, n_paths: u64, what: &str) -> Option<Sample> {
        let mut gather = Gather::new(model, self.policy, self.candidates);
        self.watch.begin(what, n_paths, None);
        let flow = simulate_to_ends(model, 0..n_paths, BATCH_PATHS, |batch| {
            gather.absorb(batch);
            self.watch.advance(gather.n_paths(), None);
            if self.watch.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        self.watch.end();
        flow.is_continue().then(|| gather.finish(model.setting(), self.candidates))
    }

    fn certify(
        &mut self,
        problem: &Problem,
        answer: &Answer,
        n_paths: u64,
    ) -> anyhow::Result<Option<Proposal>> {
        let options = self.options;
        let mut recorded = recorded_of(options, &options.scenario)?;
        let seed = options.certificate_seed.unwrap_or_else(|| fresh(recorded.seed()));
        recorded.set_seed(seed)?;
        let scenario = recorded.resolve(self.network)?;
        let sample = self.draw(&scenario.model, n_paths, "certificate");
        Ok(sample.map(|sample| {
            let certificate = certify(problem, &sample, &answer.optimum.x);
            Proposal { seed, n_paths, certificate }
        }))
    }

    fn elsewhere(&mut self, proposed: &[f64]) -> anyhow::Result<Option<Vec<Elsewhere>>> {
        let options = self.options;
        let mut all = Vec::new();
        for name in scenarios_of(&options.result)? {
            if name == options.scenario {
                continue;
            }
            let recorded = recorded_of(options, &name)?;
            let scenario = recorded.resolve(self.network)?;
            let n_paths = options.paths.map_or(recorded.n_paths, |most| recorded.n_paths.min(most));
            let Some(sample) = self.draw(&scenario.model, n_paths, &name) else { return Ok(None) };
            let problem = Problem::new(self.policy, self.candidates, scenario.model.setting());
            let readings = read_all(&problem.risks, &sample, proposed);
            let caps = caps(&problem, &sample);
            all.push(Elsewhere { scenario: name, n_paths, caps, readings });
        }
        Ok(Some(all))
    }

    fn rates(&mut self, model: &Model<'_>, n_paths: u64) -> Option<Vec<AtRate>> {
        let Some(kind) = rated_kind(model) else { return Some(Vec::new()) };
        let least = MIN_PATHS_OF_RATE.max(TIMES_FEWEST * fewest_paths(self.policy));
        let n_paths = (n_paths / 4).max(least).min(n_paths);
        let mut at = |rate: Option<f64>| {
            let changed = rate.map(|rate| model.with_rate_of_kind(kind, rate));
            let model = changed.as_ref().unwrap_or(model);
            let what = rate.map_or_else(
                || "as in the run".to_owned(),
                |rate| format!("{} at {rate} a year", kind.name()),
            );
            let sample = self.draw(model, n_paths, &what)?;
            let problem = Problem::new(self.policy, self.candidates, model.setting());
            Some(AtRate { rate, n_paths, caps: caps(&problem, &sample) })
        };
        AVS_RATES.into_iter().map(Some).chain([None]).map(&mut at).collect()
    }
}

/// A scenario of the result that is asked about.
fn recorded_of(options: &CapsOptions, scenario: &str) -> Result<Recorded, Problems> {
    Recorded::read(&options.result, scenario, options.network.as_deref())
}

/// Another seed, the same each time, that nobody would choose for a run.
fn fresh(seed: u64) -> u64 {
    (seed ^ 0x5eed_c0de_ca95_0000) & (u64::MAX >> 1)
}

/// That a loop has equity to lose.
fn check_loops(
    scenario: &Scenario<'_>,
    file: &str,
    candidates: &[Candidate],
) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for own in candidates {
        if let CandidateKind::Loop { market, .. } = own.kind
            && scenario.model.setting().market_equity_0(market) <= 0.0
        {
            let expected = "a market whose loans have equity on day 0 was expected";
            let name = scenario.model.network().market(market).name.clone();
            problems.push(Wrong::new(file, expected).key("position.market").value(name));
        }
    }
    problems.or_ok(())
}
