//! Points for the draws that all sources of a path share, and what keeps a run from having them.

use super::names::Book;
use super::node::Node;
use super::resolve_source::Sources;
use super::spec::{Method, PathCount, RunSpec};
use crate::copula::Copula;
use crate::keys::Seed;
use crate::noise::Noise;
use crate::sobol::{Draws, REPLICATES, Sobol};

/// The points of a scenario; none where it asks for none, or for what cannot be.
pub(super) fn resolve_sobol(
    spec: &RunSpec,
    root: &Node,
    (sources, copula, noise): (&Sources, Copula, Option<&Noise>),
    book: &Book<'_, '_>,
) -> Option<Sobol> {
    if spec.sampling.method != Method::Sobol {
        return None;
    }
    check_paths(spec, root, book);
    let draws = Draws {
        copula,
        factors: &spec.factors,
        evidence: &sources.evidence,
        evidence_names: &sources.evidence_names,
        noise,
    };
    let sobol = Sobol::new(Seed(spec.seed), draws);
    if sobol.dimensions().is_empty() {
        let expected = "draws that many sources share were expected, for Sobol points to spread: \
                        factors under a copula other than independent, rates from evidence, or \
                        noise with beta_market; here every draw is of one source or day, so use \
                        \"plain\"";
        report(root, ["sampling", "method"], "sobol", expected, book);
        return None;
    }
    Some(sobol)
}

/// Every replicate has to have as many paths as every other.
fn check_paths(spec: &RunSpec, root: &Node, book: &Book<'_, '_>) {
    let (n_paths, keys): (u64, &[&'static str]) = match &spec.paths {
        PathCount::Fixed(n_paths) => (*n_paths, &["run", "paths"]),
        PathCount::Until(rule) => (rule.max_paths, &["run", "until", "max_paths"]),
    };
    if n_paths.is_multiple_of(REPLICATES) {
        return;
    }
    let below = n_paths / REPLICATES * REPLICATES;
    let nearest = match below {
        0 => REPLICATES.to_string(),
        _ => format!("{below} or {}", below + REPLICATES),
    };
    let expected = format!(
        "a multiple of {REPLICATES} was expected, as method = \"sobol\" deals paths out to \
         {REPLICATES} replicates: {nearest}; best are powers of two"
    );
    report(root, keys, &n_paths.to_string(), &expected, book);
}

/// Reports a problem where the key is written, or of the file where it is not.
fn report(
    root: &Node,
    keys: impl AsRef<[&'static str]>,
    value: &str,
    expected: &str,
    book: &Book<'_, '_>,
) {
    let keys = keys.as_ref();
    let written = keys.iter().try_fold(root, |node, key| node.get(key));
    let problem = written.unwrap_or(root).problem(book.file, &keys.join("."), expected);
    book.problems.borrow_mut().push(problem.value(value));
}
