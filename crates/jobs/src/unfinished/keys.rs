//! In which keys two run files differ, as changed by the command line: tells more than that they do.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What stands at a key in one run file and in another; nothing where one does not have it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UnlikeKey {
    pub(super) key: String,
    pub(super) own: Option<String>,
    pub(super) other: Option<String>,
}

/// The keys in which scenarios of the same names differ, each once, and scenarios that only one has.
pub(super) fn unlike_keys(
    own: &BTreeMap<String, Value>,
    other: &BTreeMap<String, Value>,
) -> BTreeSet<UnlikeKey> {
    let mut found = BTreeSet::new();
    let names: BTreeSet<&String> = own.keys().chain(other.keys()).collect();
    for name in names {
        match (own.get(name), other.get(name)) {
            (Some(own), Some(other)) => compare("", Some(own), Some(other), &mut found),
            (own, other) => {
                let is_there = |there: Option<&Value>| there.map(|_| name.clone());
                let (own, other) = (is_there(own), is_there(other));
                found.insert(UnlikeKey { key: "scenario".to_owned(), own, other });
            }
        }
    }
    found
}

fn compare(key: &str, own: Option<&Value>, other: Option<&Value>, found: &mut BTreeSet<UnlikeKey>) {
    if own == other {
        return;
    }
    match (own, other) {
        (Some(Value::Object(own)), Some(Value::Object(other))) => {
            let keys: BTreeSet<&String> = own.keys().chain(other.keys()).collect();
            for name in keys {
                let dotted = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                compare(&dotted, own.get(name), other.get(name), found);
            }
        }
        (Some(Value::Array(own)), Some(Value::Array(other))) if own.len() == other.len() => {
            for (number, (own, other)) in own.iter().zip(other).enumerate() {
                compare(&format!("{key}[{number}]"), Some(own), Some(other), found);
            }
        }
        (own, other) => {
            let shown = |value: Option<&Value>| value.map(Value::to_string);
            let (own, other) = (shown(own), shown(other));
            found.insert(UnlikeKey { key: key.to_owned(), own, other });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(own: Value, other: Value) -> Vec<(String, Option<String>, Option<String>)> {
        let scenarios = |base: Value, worse: &str| {
            BTreeMap::from([("base".to_owned(), base.clone()), (worse.to_owned(), base)])
        };
        let unlike = unlike_keys(&scenarios(own, "worse"), &scenarios(other, "better"));
        unlike.into_iter().map(|own| (own.key, own.own, own.other)).collect()
    }

    #[test]
    fn keys_are_told_once_with_what_stands_there() {
        let own = serde_json::json!({"run": {"seed": 7, "levels": [0.9, 0.99]}, "source": [{"rate": 1.0}]});
        let other = serde_json::json!({"run": {"seed": 7, "levels": [0.9]}, "source": [{"rate": 2.0}], "beacon": 1});
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found(own, other),
            [
                ("beacon".to_owned(), None, text("1")),
                ("run.levels".to_owned(), text("[0.9,0.99]"), text("[0.9]")),
                ("scenario".to_owned(), None, text("better")),
                ("scenario".to_owned(), text("worse"), None),
                ("source[0].rate".to_owned(), text("1.0"), text("2.0")),
            ]
        );
    }
}
