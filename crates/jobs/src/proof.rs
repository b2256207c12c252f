//! Nothing is computed by a program that computes wrong: every run begins with the quick part of the
//! self-test, and its manifest has the digest of it.

use std::sync::OnceLock;

use anyhow::Context;
use slashfall_output::SelfTest;
use slashfall_selftest::{Report, Size, selftest};

/// What a run says of the program in its manifest; found once by a process, which may run many.
///
/// # Errors
/// When a quick problem does not come out as it must: then no figure is to be believed.
pub fn proved() -> anyhow::Result<SelfTest> {
    static PROVED: OnceLock<SelfTest> = OnceLock::new();
    if let Some(proved) = PROVED.get() {
        return Ok(proved.clone());
    }
    let quick = selftest(Size::Quick);
    quick
        .verdict()
        .context("the program does not compute right on this machine; nothing was written")?;
    Ok(PROVED.get_or_init(|| said_in_manifests(&quick)).clone())
}

/// A self-test as manifests have it.
#[must_use]
pub fn said_in_manifests(quick: &Report) -> SelfTest {
    SelfTest {
        problems: quick.problems().len(),
        failed: quick.failed().len(),
        sha256: quick.sha256(),
    }
}
