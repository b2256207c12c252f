//! A job works on threads of its own while the caller's waits without the interpreter: it takes it
//! five times a second, to show how far the job is and to hear of Ctrl-C.
//!
//! Signals of Python are heard on its main thread alone, so that is the one that waits.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use slashfall_jobs::{TailSoFar, Watch};
use slashfall_output::Collector;
use slashfall_output::measures::Level;

use crate::problems::raised;

/// So long between two looks at the job.
const PERIOD: Duration = Duration::from_millis(200);

/// How a caller waits for a job.
pub(crate) struct Listening {
    /// Threads of the job; all cores where none are named.
    pub(crate) threads: Option<usize>,
    /// Called with what is drawn, the paths so far, all of them, and the tail so far in words.
    pub(crate) progress: Option<Py<PyAny>>,
}

/// Does a job while the caller waits; returns what came of it and what should be known of it.
///
/// The job returns none where it was stopped.
///
/// # Errors
/// When the job fails, and when a signal or the progress raises: then the job is stopped first.
pub(crate) fn listened<T: Send>(
    py: Python<'_>,
    listening: Listening,
    job: impl FnOnce(&mut dyn Watch) -> anyhow::Result<Option<T>> + Send,
) -> PyResult<(T, Vec<String>)> {
    let Listening { threads, progress } = listening;
    let told = Told::default();
    let (outcome, heard) = py.detach(|| {
        thread::scope(|scope| {
            let (done, waits) = channel::<()>();
            let (told, shows) = (&told, progress.is_some());
            let worker = scope.spawn(move || {
                let _done = done;
                in_pool(threads, || job(&mut Teller { told, shows, tail: None }))
            });
            let heard = listen(told, progress.as_ref(), &waits);
            (worker.join().unwrap_or_else(|panic| resume_unwind(panic)), heard)
        })
    });
    // Who was interrupted is told so, whatever the job made of it.
    heard?;
    let notes = told.news.into_inner().map(|news| news.notes).unwrap_or_default();
    match outcome {
        Ok(Some(found)) => Ok((found, notes)),
        Ok(None) => Err(PyRuntimeError::new_err("the job was stopped")),
        Err(error) => Err(raised(py, &error)),
    }
}

fn in_pool<T: Send>(
    threads: Option<usize>,
    job: impl FnOnce() -> anyhow::Result<T> + Send,
) -> anyhow::Result<T> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build();
    pool.context("the threads could not be started")?.install(job)
}

/// Waits for the job, and stops it when something is raised meanwhile.
fn listen(told: &Told, progress: Option<&Py<PyAny>>, waits: &Receiver<()>) -> PyResult<()> {
    let mut heard = Ok(());
    while let Err(RecvTimeoutError::Timeout) = waits.recv_timeout(PERIOD) {
        if heard.is_ok() {
            heard = Python::attach(|py| py.check_signals().and_then(|()| told.show(py, progress)));
        }
        if heard.is_err() {
            told.stop.store(true, Ordering::SeqCst);
        }
    }
    heard.and_then(|()| Python::attach(|py| told.show(py, progress)))
}

/// What the job has told so far, and whether it is to stop.
#[derive(Default)]
struct Told {
    news: Mutex<News>,
    stop: AtomicBool,
}

#[derive(Clone, Default)]
struct News {
    notes: Vec<String>,
    /// What the paths are drawn for; none before the first.
    what: Option<String>,
    n_done: u64,
    n_paths: u64,
    tail: Option<String>,
}

impl Told {
    fn tell(&self, change: impl FnOnce(&mut News)) {
        if let Ok(mut news) = self.news.lock() {
            change(&mut news);
        }
    }

    fn show(&self, py: Python<'_>, progress: Option<&Py<PyAny>>) -> PyResult<()> {
        let news = self.news.lock().map(|news| news.clone()).unwrap_or_default();
        let (Some(progress), Some(what)) = (progress, news.what) else { return Ok(()) };
        progress.call1(py, (what, news.n_done, news.n_paths, news.tail))?;
        Ok(())
    }
}

/// The watcher on the job's side.
struct Teller<'t> {
    told: &'t Told,
    /// Whether anybody looks.
    shows: bool,
    tail: Option<TailSoFar>,
}

impl Watch for Teller<'_> {
    fn note(&mut self, line: &str) {
        self.told.tell(|news| news.notes.push(line.to_owned()));
    }

    fn begin(&mut self, what: &str, n_paths: u64, level: Option<Level>) {
        self.tail = level.filter(|_| self.shows).map(TailSoFar::new);
        self.told.tell(|news| {
            let notes = std::mem::take(&mut news.notes);
            *news = News { notes, what: Some(what.to_owned()), n_paths, ..News::default() };
        });
    }

    fn advance(&mut self, n_paths: u64, losses: Option<&Collector>) {
        let tail = self.tail.as_mut().zip(losses).and_then(|(tail, losses)| tail.look(losses));
        self.told.tell(|news| {
            news.n_done = n_paths;
            news.tail = tail.or_else(|| news.tail.take());
        });
    }

    fn end(&mut self) {}

    fn is_stopped(&self) -> bool {
        self.told.stop.load(Ordering::SeqCst)
    }
}
