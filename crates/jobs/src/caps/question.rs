//! What is asked, read and checked before a path is drawn, so that every mistake is told at once.

use std::path::Path;

use slashfall_graph::{MarketId, Network, Problem, Problems, read_text};
use slashfall_output::ResultFolder;
use slashfall_output::measures::{Level, probability};
use slashfall_sampling::Node;
use slashfall_sizing::policy::Bound;
use slashfall_sizing::{Candidate, CandidateKind, Policy};

use super::{CapsOptions, KNOWN_BY};
use crate::number::{count, level};
use crate::recorded::Recorded;

/// Paths of a tail that an interval takes.
const MIN_TAIL: f64 = 5.0;
/// Name of the portfolio that follows the loops that are considered.
const FOLLOWED: &str = "(candidates)";

/// A policy on the network of a result.
pub(super) struct Question {
    /// The policy file as the user named it.
    pub(super) file: String,
    pub(super) policy: Policy,
    pub(super) candidates: Vec<Candidate>,
    /// The network with what is needed to follow the loops among the candidates.
    pub(super) network: Network,
    /// The scenario that is asked about.
    pub(super) recorded: Recorded,
    /// Paths to draw of it.
    pub(super) n_paths: u64,
}

impl Question {
    /// Reads policy, result and network.
    ///
    /// # Errors
    /// All that is wrong with them, and a folder to write that is there; its error is of its own kind.
    pub(super) fn read(options: &CapsOptions) -> anyhow::Result<Self> {
        if let Some(output) = &options.output {
            ResultFolder::check(KNOWN_BY, output, options.overwrite)?;
        }
        let file = options.policy.display().to_string();
        let mut problems = Problems::default();
        problem_of_paths(options).into_iter().for_each(|own| problems.push(own));
        let policy = read_policy(&options.policy, &file, &mut problems);
        let recorded =
            Recorded::read(&options.result, &options.scenario, options.network.as_deref());
        let recorded = problems.keep(recorded);
        if let Some(recorded) = &recorded {
            problem_of_seed(options, recorded.seed())
                .into_iter()
                .for_each(|own| problems.push(own));
        }
        let network = recorded.as_ref().and_then(|own| problems.keep(own.load_network()));
        let (Some(policy), Some(recorded), Some(network)) = (policy, recorded, network) else {
            return Err(problems.into());
        };
        let n_paths = options.paths.map_or(recorded.n_paths, |most| recorded.n_paths.min(most));
        problem_of_tail(&policy, &file, n_paths).into_iter().for_each(|own| problems.push(own));
        problems_of_probabilities(&policy, &file, n_paths).for_each(|own| problems.push(own));
        let candidates = problems.keep(policy.resolve(&file, &network));
        problems.or_ok(())?;
        let candidates = candidates.unwrap_or_default();
        let network = followed(network, &candidates);
        Ok(Self { file, policy, candidates, network, recorded, n_paths })
    }
}

/// A policy file, or what of it can be read: then there are problems.
fn read_policy(path: &Path, file: &str, problems: &mut Problems) -> Option<Policy> {
    let text = read_text(path).map_err(|error| {
        Problems::from(Problem::new(file, format!("a policy file was expected: {error}")))
    });
    let text = problems.keep(text)?;
    let root = problems.keep(Node::parse(file, &text))?;
    let (policy, found) = Policy::read_all(file, &root);
    problems.append(found);
    Some(policy)
}

/// Paths that a proposal was chosen by say nothing of how well it does on others.
fn problem_of_seed(options: &CapsOptions, seed: u64) -> Option<Problem> {
    let own = options.certificate_seed?;
    let expected = if own == seed {
        "another seed than that of the run was expected: its paths are those that the proposal is chosen by"
    } else if i64::try_from(own).is_err() {
        "a seed of at most 9223372036854775807 was expected"
    } else {
        return None;
    };
    Some(Problem::new("--certificate-seed", expected).value(own.to_string()))
}

fn problem_of_paths(options: &CapsOptions) -> Option<Problem> {
    let n = options.paths.filter(|n| *n == 0)?;
    Some(Problem::new("--paths", "at least 1 was expected").value(n.to_string()))
}

/// That the tail of the budget holds too few paths for an interval.
fn problem_of_tail(policy: &Policy, file: &str, n_paths: u64) -> Option<Problem> {
    let es = policy.es.filter(|_| policy.bound == Bound::Upper)?;
    let mass = es.level.mass(n_paths);
    if mass > MIN_TAIL {
        return None;
    }
    let needed = paths_for_tail(es.level);
    let expected = format!(
        "a level was expected beyond which more than {MIN_TAIL} paths lie, for the upper limit of an interval; of {} it is {mass:.1}: at least {needed} paths, a lower level or bound = \"point\" would do",
        count(n_paths),
    );
    Some(Problem::new(file, expected).key("budget.es.level").value(level(es.level.get())))
}

/// Paths of which more than [`MIN_TAIL`] lie beyond a level.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of paths")]
fn paths_for_tail(level: Level) -> u64 {
    (MIN_TAIL / (1.0 - level.get())).ceil() as u64 + 1
}

/// That a probability cannot be kept by the run's paths, though none of them breaks it.
fn problems_of_probabilities(
    policy: &Policy,
    file: &str,
    n_paths: u64,
) -> impl Iterator<Item = Problem> {
    let least = probability(0, n_paths).ci_high.filter(|_| policy.bound == Bound::Upper);
    let broken = allowed(policy).filter(move |(.., most)| least.is_some_and(|least| least > *most));
    broken.map(move |(key, written, most)| {
        let expected = format!(
            "a probability was expected that {} paths can keep: where none of them breaks it the upper limit is {}; at least {} paths, another probability or bound = \"point\" would do",
            count(n_paths),
            level(least.unwrap_or(1.0)),
            paths_for(most),
        );
        Problem::new(file, expected).key(key).value(level(written))
    })
}

/// Probabilities that a policy limits: key, as written, and what is allowed.
fn allowed(policy: &Policy) -> impl Iterator<Item = (&'static str, f64, f64)> {
    let loss = policy.loss.map(|own| own.probability);
    let loss = loss.map(|own| ("budget.loss.probability", own, own));
    let stuck = policy.liquidity.map(|own| own.probability);
    let stuck = stuck.map(|own| ("liquidity.probability", own, 1.0 - own));
    loss.into_iter().chain(stuck)
}

/// Paths, none of which breaks it, that keep a probability: `(1 - p)^n` is a fortieth.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of paths")]
fn paths_for(most: f64) -> u64 {
    (0.025_f64.ln() / (-most).ln_1p()).ceil() as u64
}

/// Paths without which the limits of a policy say nothing.
pub(super) fn fewest_paths(policy: &Policy) -> u64 {
    let tail = policy.es.map_or(0, |es| paths_for_tail(es.level));
    allowed(policy).map(|(.., most)| paths_for(most)).fold(tail, u64::max)
}

/// The network with what is needed to follow the loops that are considered.
fn followed(network: Network, candidates: &[Candidate]) -> Network {
    let market = |own: &Candidate| match own.kind {
        CandidateKind::Loop { market, .. } => Some(market),
        CandidateKind::Asset(_) | CandidateKind::Pool { .. } => None,
    };
    let markets: Vec<MarketId> = candidates.iter().filter_map(market).collect();
    if markets.is_empty() { network } else { network.with_levered(FOLLOWED, &markets) }
}
