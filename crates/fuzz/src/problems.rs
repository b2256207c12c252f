//! What must hold of every refusal: its author can find what is wrong and is not drowned in it.

use slashfall_graph::Problems;

/// Characters of a problem that somebody may still read.
const MOST_CHARS: usize = 4_096;
/// Problems that somebody may still read.
const MOST_PROBLEMS: usize = 2_000;

/// Holds a refusal to be one.
///
/// # Panics
/// When nothing is said to be wrong, or not where, or at a length that nobody reads.
pub(crate) fn refused(problems: &Problems) {
    assert!(!problems.is_empty(), "refused without a problem");
    assert!(problems.as_slice().len() <= MOST_PROBLEMS, "{} problems", problems.as_slice().len());
    for problem in problems.as_slice() {
        let said = problem.to_string();
        assert!(!problem.file.is_empty(), "of no file: {said}");
        assert!(!problem.expected.is_empty(), "nothing expected: {said}");
        assert!(said.len() <= MOST_CHARS, "{} bytes: {said:.200}", said.len());
    }
}

/// Holds an error of a job to be a refusal of its input.
///
/// # Panics
/// When it is another error, and as [`refused`].
pub(crate) fn refused_by_job(error: &anyhow::Error) {
    match slashfall_jobs::problems_of(error) {
        Some(problems) => refused(&problems),
        None => panic!("an error that is no problem of the input: {error:#}"),
    }
}
