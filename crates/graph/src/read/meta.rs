//! Reads `network.toml`, which says what a network is and of which day.

use std::path::Path;

use slashfall_bounded::read_file;
use toml::de::{DeTable, DeValue};

use super::Read;
use crate::problem::{Place, Problem};
use crate::spec::MetaSpec;

/// Name of the file.
pub(crate) const FILE: &str = "network.toml";

/// Bytes of it, which has a few lines.
const MOST_BYTES: usize = 1 << 20;

const KEYS: [&str; 5] = ["name", "as_of", "source", "synthetic", "notes"];

/// Reads `network.toml` of `dir`.
pub(super) fn read(dir: &Path, read: &mut Read) -> MetaSpec {
    let bytes = match read_file(&dir.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) => return fail(read, Problem::new(FILE, missing(&error))),
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let line = line_of(error.as_bytes(), error.utf8_error().valid_up_to());
            return fail(read, Problem::new(FILE, "UTF-8 text was expected").at(line));
        }
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.len() > MOST_BYTES {
        let expected = format!("at most {MOST_BYTES} bytes were expected");
        return fail(read, Problem::new(FILE, expected).value(format!("{} bytes", text.len())));
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in &errors {
            let problem = Problem::new(FILE, format!("TOML was expected: {}", error.message()));
            let line = error.span().map_or(Place::File, |s| line_of(text.as_bytes(), s.start));
            fail(read, problem.at(line));
        }
        return MetaSpec::default();
    }
    let mut meta = MetaSpec::default();
    for (key, value) in document.get_ref() {
        let line = line_of(text.as_bytes(), key.span().start);
        if let Some((known, problem)) = fault_in(&mut meta, key.get_ref(), value.get_ref()) {
            read.problems.push(problem.at(line));
            read.unread.meta.extend(known);
        }
    }
    meta
}

fn fail(read: &mut Read, problem: Problem) -> MetaSpec {
    read.problems.push(problem);
    read.unread.meta.extend(KEYS);
    MetaSpec::default()
}

fn missing(error: &std::io::Error) -> String {
    format!("a file with `name` and `as_of` was expected ({error})")
}

fn line_of(text: &[u8], offset: usize) -> Place {
    let before = &text[..offset.min(text.len())];
    Place::Line(1 + before.iter().filter(|byte| **byte == b'\n').count())
}

/// Takes one key; says what is wrong with it, and which known key now has no value.
fn fault_in(
    meta: &mut MetaSpec,
    key: &str,
    value: &DeValue<'_>,
) -> Option<(Option<&'static str>, Problem)> {
    let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
        let expected = format!("one of the keys {} was expected", KEYS.join(", "));
        let problem = Problem::new(FILE, expected).value(key).nearest_of(KEYS);
        return Some((None, problem.key(key)));
    };
    let done = match known {
        "name" => text(value).map(|text| meta.name = text),
        "as_of" => date(value).map(|text| meta.as_of = text),
        "source" => text(value).map(|text| meta.source = text),
        "notes" => text(value).map(|text| meta.notes = text),
        _ => value.as_bool().map(|flag| meta.synthetic = flag),
    };
    if done.is_some() {
        return None;
    }
    let expected = match known {
        "as_of" => "a date as YYYY-MM-DD was expected",
        "synthetic" => "true or false was expected",
        _ => "a string was expected",
    };
    let found = format!("a value of type {}", value.type_str());
    let problem = Problem::new(FILE, expected).key(known).value(found);
    Some((Some(known), problem))
}

fn text(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(|text| text.trim().to_owned())
}

fn date(value: &DeValue<'_>) -> Option<String> {
    text(value).or_else(|| value.as_datetime().map(ToString::to_string))
}
