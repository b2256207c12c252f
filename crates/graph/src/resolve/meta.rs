//! Checks that a network says what it is called and of which day it is.

use super::report::Report;
use crate::network::NetworkMeta;
use crate::printable::is_unprintable;
use crate::problem::Problem;
use crate::read::{META_FILE, Unread};
use crate::spec::MetaSpec;

pub(super) fn resolve(meta: &MetaSpec, unread: &Unread, report: &mut Report) -> NetworkMeta {
    if meta.name.is_empty() && !unread.meta.contains("name") {
        report.problem(Problem::new(META_FILE, "a name of the network was expected").key("name"));
    }
    if !is_date(&meta.as_of) && !unread.meta.contains("as_of") {
        let problem = Problem::new(META_FILE, "a date as YYYY-MM-DD was expected").key("as_of");
        report.problem(problem.value(&*meta.as_of));
    }
    check_texts(meta, report);
    NetworkMeta {
        name: meta.name.clone(),
        as_of: meta.as_of.clone(),
        source: meta.source.clone(),
        synthetic: meta.synthetic,
        notes: meta.notes.clone(),
    }
}

/// A name is one line; what is said of a network may be several.
fn check_texts(meta: &MetaSpec, report: &mut Report) {
    let texts: [(_, _, &[char]); 3] = [
        ("name", &meta.name, &[]),
        ("source", &meta.source, &['\n', '\r', '\t']),
        ("notes", &meta.notes, &['\n', '\r', '\t']),
    ];
    for (key, text, allowed) in texts {
        if text.contains(|c| is_unprintable(c) && !allowed.contains(&c)) {
            let expected = "text without control or invisible characters was expected";
            report.problem(Problem::new(META_FILE, expected).key(key).value(text));
        }
    }
}

/// True for a day of the Gregorian calendar as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if !digits || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    let [Ok(year), Ok(month), Ok(day)] = [year, month, day].map(|part| part.parse::<u32>()) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn dates() {
        for good in ["2026-11-20", "2024-02-29", "2000-02-29", "2026-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in
            ["", "2026-02-29", "1900-02-29", "2026-13-01", "2026-1-1", "20-11-2026", "+026-01-01"]
        {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
