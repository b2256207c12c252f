//! Whose fault an error is: what is wrong with an input is told apart from all that fails later.

use std::error::Error;
use std::io;

use slashfall_graph::{Problem, Problems};
use slashfall_output::OutputError;
use slashfall_store::StoreError;

/// What is wrong with the input, if that is why a job failed: its problems, or a folder to write
/// that is there already.
#[must_use]
pub fn problems_of(error: &anyhow::Error) -> Option<Problems> {
    if let Some(problems) = error.downcast_ref::<Problems>() {
        return Some(problems.clone());
    }
    if let Some(error) = error.downcast_ref::<StoreError>().filter(|error| error.is_input()) {
        return Some(problem_of_store(error).into());
    }
    match error.downcast_ref() {
        Some(OutputError::Unread(problems)) => Some(problems.clone()),
        Some(OutputError::Exists(path)) => {
            let expected =
                "a folder that is not there yet was expected, or overwrite to replace it";
            Some(Problem::new("output", expected).value(path.display().to_string()).into())
        }
        Some(OutputError::NotAResult(path, file)) => {
            let expected = format!(
                "a result of this program was expected, to replace it (this has no {file}); it is left alone"
            );
            Some(Problem::new("output", expected).value(path.display().to_string()).into())
        }
        _ => None,
    }
}

fn problem_of_store(error: &StoreError) -> Problem {
    match error {
        StoreError::Refused { place, why } => Problem::new(place, why),
        error => Problem::new("output", error.to_string()),
    }
}

/// True when what was asked for to be written is there already, or a store refuses what is asked of it: that is input too.
#[must_use]
pub fn is_bad_target(error: &anyhow::Error) -> bool {
    use OutputError::{Exists, NotAResult};
    let exists = |cause: &(dyn Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>();
        io.is_some_and(|error| error.kind() == io::ErrorKind::AlreadyExists)
    };
    let refuses = error.downcast_ref().is_some_and(StoreError::is_input);
    matches!(error.downcast_ref(), Some(Exists(_) | NotAResult(..)))
        || refuses
        || error.chain().any(exists)
}
