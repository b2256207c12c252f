//! `slashfall init`: a commented run file and a small network that run as they are.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::Ending;
use crate::args::Init;
use crate::streams::stdout;

/// The example, file by file.
const FILES: [(&str, &str); 10] = [
    ("run.toml", include_str!("example.toml")),
    ("network/network.toml", include_str!("../../../data/networks/tiny/network.toml")),
    ("network/assets.csv", include_str!("../../../data/networks/tiny/assets.csv")),
    ("network/operators.csv", include_str!("../../../data/networks/tiny/operators.csv")),
    ("network/avs.csv", include_str!("../../../data/networks/tiny/avs.csv")),
    ("network/holdings.csv", include_str!("../../../data/networks/tiny/holdings.csv")),
    ("network/allocations.csv", include_str!("../../../data/networks/tiny/allocations.csv")),
    ("network/groups.csv", include_str!("../../../data/networks/tiny/groups.csv")),
    ("network/pools.csv", include_str!("../../../data/networks/tiny/pools.csv")),
    ("network/loans.csv", include_str!("../../../data/networks/tiny/loans.csv")),
];

pub(crate) fn init(args: &Init) -> anyhow::Result<Ending> {
    let dir = &args.dir;
    let place = || format!("the example could not be written to {}", dir.display());
    if dir.exists() {
        let exists = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(exists)
            .with_context(|| format!("{} exists already and is left alone", dir.display()));
    }
    let name =
        dir.file_name().context("a folder to make was expected")?.to_string_lossy().into_owned();
    let partial = dir.with_file_name(format!(".{name}.partial-{}", std::process::id()));
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).with_context(place)?;
    }
    fs::create_dir(&partial).with_context(place)?;
    let written = write_example(&partial).and_then(|()| fs::rename(&partial, dir));
    if written.is_err() {
        // What is left says `.partial` in its name.
        let _ = fs::remove_dir_all(&partial);
    }
    written.with_context(place)?;
    let mut out = stdout();
    writeln!(out, "written to {0}; now: slashfall run {0}/run.toml", dir.display())?;
    Ok(Ending::Done)
}

fn write_example(dir: &Path) -> std::io::Result<()> {
    fs::create_dir(dir.join("network"))?;
    FILES.iter().try_for_each(|(file, text)| fs::write(dir.join(file), text))
}
