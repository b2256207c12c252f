//! What is said beside the results: plain lines on standard error for people, or a log of what is done for who
//! runs batches.
//!
//! There is a log where `-v` or `--log json` asks for one. Then all that is said goes through it, errors and
//! warnings too, so that standard error is one stream of one format.

use std::io::Write;

use clap::{ArgAction, ValueEnum};
use slashfall_graph::{Place, Problem};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

use crate::streams::stderr;

/// Which log is kept.
#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    /// Log what is done to standard error; -vv logs each request and file too.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Log in this format, at level info unless -v says more.
    #[arg(long, global = true, value_name = "FORMAT")]
    log: Option<Format>,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

impl Log {
    /// Begins the log, if there is one.
    pub(crate) fn begin(&self) {
        let level = match self.verbose {
            0 | 1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        let log = fmt().with_max_level(level).with_writer(stderr).with_ansi(false);
        match self.log {
            Some(Format::Json) => log.json().flatten_event(true).init(),
            Some(Format::Text) => log.init(),
            None if self.verbose > 0 => log.init(),
            None => {}
        }
    }
}

/// Whether what is said goes to a log.
pub(crate) fn is_logged() -> bool {
    tracing::dispatcher::has_been_set()
}

/// Says a line, which may begin with `warning: ` or `note: `.
pub(crate) fn line(text: &str) {
    if !is_logged() {
        // Who does not listen any more misses nothing that is lost.
        let _ = writeln!(stderr(), "{text}");
        return;
    }
    if let Some(warning) = text.strip_prefix("warning: ") {
        tracing::warn!("{warning}");
    } else {
        tracing::info!("{}", text.strip_prefix("note: ").unwrap_or(text));
    }
}

/// Says what is wrong.
pub(crate) fn error(text: &str) {
    if is_logged() {
        tracing::error!("{text}");
    } else {
        let _ = writeln!(stderr(), "error: {text}");
    }
}

/// Says what is wrong with an input; to a log in parts.
pub(crate) fn problem(problem: &Problem) {
    if !is_logged() {
        return error(&problem.to_string());
    }
    let (line, row) = match problem.place {
        Place::File => (None, None),
        Place::Line(line) => (Some(line), None),
        Place::Row { row, line } => (line, Some(row)),
    };
    let Problem { file, key, value, expected, nearest, .. } = problem;
    let (key, value) = (key.as_deref(), value.as_deref());
    tracing::error!(
        file,
        line,
        row,
        key,
        value,
        expected,
        nearest = nearest.as_deref(),
        "{problem}"
    );
}
