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

use super::conflict::conflict;
use super::question::{Question, fewest_paths};
use crate::args::Caps;
use crate::progress::bar_of_paths;
use crate::recorded::{Recorded, scenarios_of};

/// Paths a batch.
const BATCH_PATHS: usize = 4_096;
/// Paths at each rate are a quarter of the run's, and these at least if the run has as many.
const MIN_PATHS_OF_RATE: u64 = 50_000;
/// And so many times those without which limits say nothing.
const TIMES_FEWEST: u64 = 10;

/// All that is found.
pub(crate) struct Study {
    pub(crate) problem: Problem,
    pub(crate) network_name: String,
    pub(crate) horizon_days: u32,
    pub(crate) seed: u64,
    /// Of the scenario that is asked about.
    pub(crate) scenario: String,
    pub(crate) n_paths: u64,
    pub(crate) answer: Answer,
    /// The other scenarios of the run.
    pub(crate) elsewhere: Vec<Elsewhere>,
    /// Caps at rates of AVSs' slashes; empty without sources that such a rate is of.
    pub(crate) rates: Vec<AtRate>,
    pub(crate) rated_kind: Option<SourceKind>,
    pub(crate) proposal: Proposal,
    pub(crate) digests: Digests,
}

/// What another scenario says.
pub(crate) struct Elsewhere {
    pub(crate) scenario: String,
    pub(crate) n_paths: u64,
    pub(crate) caps: Vec<Cap>,
    /// How the budgets stand there for what is proposed.
    pub(crate) readings: Vec<Reading>,
}

/// Caps at one rate.
pub(crate) struct AtRate {
    /// Events a year of each source; none as in the run, from as many paths.
    pub(crate) rate: Option<f64>,
    pub(crate) n_paths: u64,
    pub(crate) caps: Vec<Cap>,
}

/// The plan that is proposed, as paths of another seed certify it.
pub(crate) struct Proposal {
    pub(crate) seed: u64,
    pub(crate) n_paths: u64,
    pub(crate) certificate: Certificate,
}

/// Of what it is said.
pub(crate) struct Digests {
    pub(crate) policy: String,
    pub(crate) config: String,
    pub(crate) program: String,
}

impl Study {
    /// Draws the paths and asks them.
    ///
    /// # Errors
    /// When the run file or a loop is refused, or when the minimums of the policy conflict with its limits.
    pub(crate) fn of(args: &Caps, question: &Question) -> anyhow::Result<Self> {
        let Question { file, policy, candidates, network, recorded, n_paths } = question;
        let scenario = recorded.resolve(network)?;
        check_loops(&scenario, file, candidates)?;
        let asked = Asked { policy, candidates, quiet: args.quiet };
        let problem = Problem::new(policy, candidates, scenario.model.setting());
        let sample = asked.draw(&scenario.model, *n_paths, &scenario.name);
        let answer = Answer::of(&problem, &sample).map_err(|why| conflict(file, &problem, why))?;
        drop(sample);
        let proposal = asked.certify(args, network, &problem, &answer, *n_paths)?;
        let elsewhere = asked.elsewhere(args, network, &proposal.certificate.x)?;
        let rates = asked.rates(&scenario.model, *n_paths);
        Ok(Self {
            network_name: network.meta().name.clone(),
            horizon_days: scenario.model.horizon_days(),
            seed: scenario.spec.seed,
            rated_kind: rated_kind(&scenario.model),
            digests: Digests {
                policy: digest_file(&args.policy)?,
                config: recorded.config_digest(),
                program: crate::provenance::program(),
            },
            scenario: scenario.name.clone(),
            problem,
            n_paths: *n_paths,
            answer,
            elsewhere,
            rates,
            proposal,
        })
    }

    /// By candidate: the least of its caps over the scenarios.
    pub(crate) fn robust_caps(&self) -> Vec<f64> {
        let own = self.answer.caps.iter().map(|cap| cap.own.eth);
        let least = |(position, own): (usize, f64)| {
            self.elsewhere.iter().map(|other| other.caps[position].own.eth).fold(own, f64::min)
        };
        own.enumerate().map(least).collect()
    }
}

/// What every sample is asked.
struct Asked<'a> {
    policy: &'a Policy,
    candidates: &'a [Candidate],
    quiet: bool,
}

impl Asked<'_> {
    fn draw(&self, model: &Model<'_>, n_paths: u64, what: &str) -> Sample {
        let mut gather = Gather::new(model, self.policy, self.candidates);
        let bar = bar_of_paths(what, n_paths, self.quiet);
        let flow = simulate_to_ends(model, 0..n_paths, BATCH_PATHS, |batch| {
            gather.absorb(batch);
            bar.set_position(gather.n_paths());
            ControlFlow::Continue(())
        });
        debug_assert!(flow.is_continue());
        bar.finish_and_clear();
        gather.finish(model.setting(), self.candidates)
    }

    fn certify(
        &self,
        args: &Caps,
        network: &Network,
        problem: &Problem,
        answer: &Answer,
        n_paths: u64,
    ) -> anyhow::Result<Proposal> {
        let mut recorded = Recorded::read(&args.result, &args.scenario, args.network.as_deref())?;
        let seed = args.certificate_seed.unwrap_or_else(|| fresh(recorded.seed()));
        recorded.set_seed(seed)?;
        let scenario = recorded.resolve(network)?;
        let sample = self.draw(&scenario.model, n_paths, "certificate");
        let certificate = certify(problem, &sample, &answer.optimum.x);
        Ok(Proposal { seed, n_paths, certificate })
    }

    fn elsewhere(
        &self,
        args: &Caps,
        network: &Network,
        proposed: &[f64],
    ) -> anyhow::Result<Vec<Elsewhere>> {
        let mut all = Vec::new();
        for name in scenarios_of(&args.result)?.iter().filter(|name| **name != args.scenario) {
            let recorded = Recorded::read(&args.result, name, args.network.as_deref())?;
            let scenario = recorded.resolve(network)?;
            let n_paths = args.paths.map_or(recorded.n_paths, |most| recorded.n_paths.min(most));
            let sample = self.draw(&scenario.model, n_paths, name);
            let problem = Problem::new(self.policy, self.candidates, scenario.model.setting());
            let readings = read_all(&problem.risks, &sample, proposed);
            let caps = caps(&problem, &sample);
            all.push(Elsewhere { scenario: name.clone(), n_paths, caps, readings });
        }
        Ok(all)
    }

    fn rates(&self, model: &Model<'_>, n_paths: u64) -> Vec<AtRate> {
        let Some(kind) = rated_kind(model) else { return Vec::new() };
        let least = MIN_PATHS_OF_RATE.max(TIMES_FEWEST * fewest_paths(self.policy));
        let n_paths = (n_paths / 4).max(least).min(n_paths);
        let at = |rate: Option<f64>| {
            let changed = rate.map(|rate| model.with_rate_of_kind(kind, rate));
            let model = changed.as_ref().unwrap_or(model);
            let what = rate.map_or_else(
                || "as in the run".to_owned(),
                |rate| format!("{} at {rate} a year", kind.name()),
            );
            let sample = self.draw(model, n_paths, &what);
            let problem = Problem::new(self.policy, self.candidates, model.setting());
            AtRate { rate, n_paths, caps: caps(&problem, &sample) }
        };
        AVS_RATES.into_iter().map(Some).chain([None]).map(at).collect()
    }
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
