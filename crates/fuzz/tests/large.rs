//! Inputs of just under 10 MB that were made to cost as much as they can: each kind of file, each way that is known.
//! None may take longer than a user waits, or more memory than is stated: one that does ends the process, and its name is
//! in the folder of temporary files of `target`. `SLASHFALL_CASE` names one to take alone, whose memory is then told.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use slashfall_fuzz::{hostile, most_allocated, unbounded};

/// How long one of them may take on a machine that has others to do.
const MOST_TIME: Duration = Duration::from_secs(60);

/// One at a time, or memory is that of several.
static ALONE: Mutex<()> = Mutex::new(());

#[expect(clippy::print_stdout, reason = "how near to the bounds each of them comes")]
fn take(kind: &str) {
    let _alone = ALONE.lock();
    let mut slow = Vec::new();
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("last-large-{kind}"));
    let only = std::env::var("SLASHFALL_CASE").ok();
    let is_wanted = |case: &hostile::Case| {
        case.kind == kind && only.as_ref().is_none_or(|only| *only == case.name)
    };
    for case in hostile::cases().into_iter().filter(is_wanted) {
        fs::write(&last, case.name).unwrap_or_else(|error| panic!("{}: {error}", last.display()));
        let bytes = unbounded(&case.make);
        assert!(bytes.len() < 10_000_000, "{} is larger: {}", case.name, bytes.len());
        let start = Instant::now();
        (case.take)(&bytes);
        let (time, most) = (start.elapsed(), most_allocated());
        println!(
            "{kind}: {}: {} bytes, {time:.1?}, {} MiB at most so far",
            case.name,
            bytes.len(),
            most >> 20
        );
        if time > MOST_TIME {
            slow.push(format!("{}: {time:?}", case.name));
        }
    }
    assert!(slow.is_empty(), "slow: {}", slow.join(", "));
}

#[test]
fn csv() {
    take("csv");
}

#[test]
fn parquet() {
    take("parquet");
}

#[test]
fn toml() {
    take("toml");
}

#[test]
fn result() {
    take("result");
}
