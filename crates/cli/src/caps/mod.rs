//! `slashfall caps`: how much of each position a treasury may hold, from the paths of a result and a policy.

mod conflict;
mod json;
mod page;
mod question;
mod rows;
mod study;
mod words;

use std::io::Write;
use std::path::Path;

use slashfall_output::tables::{CAPS, push_caps};
use slashfall_output::{ResultFolder, SCHEMA_VERSION, Table};

use crate::Ending;
use crate::args::Caps;
use crate::provenance::program;
use question::Question;
use study::Study;

/// The file by which a folder of caps is known.
const KNOWN_BY: &str = "caps.json";

pub(crate) fn caps(args: &Caps) -> anyhow::Result<Ending> {
    let question = Question::read(args)?;
    if let Some(note) = question.recorded.note() {
        writeln!(std::io::stderr(), "{note}")?;
    }
    let study = Study::of(args, &question)?;
    let page = page::markdown(args, &study);
    if let Some(output) = &args.output {
        write(args, output, &study, &page)?;
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{:#}", json::document(args, &study))?;
    } else if !args.quiet {
        write!(out, "{page}")?;
    }
    Ok(Ending::Done)
}

/// Writes the table, the document and the page into a folder that takes its name when all are whole.
fn write(args: &Caps, output: &Path, study: &Study, page: &str) -> anyhow::Result<()> {
    let metadata = [
        ("schema_version", SCHEMA_VERSION.to_owned()),
        ("program", program()),
        ("result", args.result.display().to_string()),
        ("seed", study.seed.to_string()),
        ("policy_sha256", study.digests.policy.clone()),
        ("config_sha256", study.digests.config.clone()),
        ("horizon_days", study.horizon_days.to_string()),
    ];
    let metadata = metadata.map(|(key, value)| (format!("slashfall.{key}"), value));
    let folder =
        ResultFolder::create_known_by(KNOWN_BY, output, args.overwrite, metadata.to_vec())?;
    let mut table = Table::new(&CAPS);
    push_caps(&mut table, &study.rows());
    folder.write_table(table)?;
    folder.write_text(KNOWN_BY, &format!("{:#}\n", json::document(args, study)))?;
    folder.write_text("caps.md", page)?;
    folder.finish()?;
    Ok(())
}
