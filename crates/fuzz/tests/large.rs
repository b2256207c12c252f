//! Inputs of just under 10 MB that were made to cost as much as they can: each kind of file, each way that is known.
//! None may take longer than a user waits, or more memory than is stated.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use slashfall_fuzz::{MOST_BYTES, hostile, most_allocated};

/// How long one of them may take on a machine that has others to do.
const MOST_TIME: Duration = Duration::from_secs(60);

/// One at a time, or memory is that of several.
static ALONE: Mutex<()> = Mutex::new(());

fn take(kind: &str) {
    let _alone = ALONE.lock();
    let mut slow = Vec::new();
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("last-large-{kind}"));
    for case in hostile::cases().into_iter().filter(|case| case.kind == kind) {
        fs::write(&last, case.name).unwrap_or_else(|error| panic!("{}: {error}", last.display()));
        let bytes = (case.make)();
        assert!(bytes.len() < 10_000_000, "{} is larger: {}", case.name, bytes.len());
        let start = Instant::now();
        (case.take)(&bytes);
        let (time, most) = (start.elapsed(), most_allocated());
        println!("{kind}: {}: {} bytes, {time:.1?}, {} MiB at most so far", case.name, bytes.len(), most >> 20);
        if time > MOST_TIME {
            slow.push(format!("{}: {time:?}", case.name));
        }
    }
    assert!(slow.is_empty(), "slow: {}", slow.join(", "));
    assert!(most_allocated() <= MOST_BYTES, "{} bytes", most_allocated());
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
