//! People find an operator by its name and the chain by its address: what is written is the name
//! as far as it is unique, and then as much of the address as it takes.

use std::collections::{BTreeMap, BTreeSet};

/// One readable and unique label an address: the name; the name and the short address; the name
/// and the whole address. Without a name the address alone. `taken` labels are not given.
pub(super) fn unique_labels<'a>(
    named: impl IntoIterator<Item = (&'a str, &'a str)>,
    taken: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let named: Vec<(&str, String)> =
        named.into_iter().map(|(address, name)| (address, tidy(name))).collect();
    let mut detail = vec![0_usize; named.len()];
    loop {
        let labels: Vec<String> = named
            .iter()
            .zip(&detail)
            .map(|((address, name), &detail)| label(address, name, detail))
            .collect();
        let clashing = clashes(&labels, taken);
        let raised = detail
            .iter_mut()
            .zip(&labels)
            .filter(|(detail, label)| **detail < MOST_DETAIL && clashing.contains(*label))
            .map(|(detail, _)| *detail += 1)
            .count();
        if raised == 0 {
            return named.iter().map(|(address, _)| (*address).to_owned()).zip(labels).collect();
        }
    }
}

const MOST_DETAIL: usize = 2;

fn label(address: &str, name: &str, detail: usize) -> String {
    match (name.is_empty(), detail) {
        (false, 0) => name.to_owned(),
        (false, 1) => format!("{name} ({})", short(address)),
        (false, _) => format!("{name} ({address})"),
        (true, 0) => short(address),
        (true, _) => address.to_owned(),
    }
}

fn clashes(labels: &[String], taken: &BTreeSet<String>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    labels.iter().filter(|label| taken.contains(*label) || !seen.insert(*label)).cloned().collect()
}

/// `0x1234…cdef`; a text that is no longer than that as it is.
pub(super) fn short(address: &str) -> String {
    let letters: Vec<char> = address.chars().collect();
    if letters.len() <= 12 {
        return address.to_owned();
    }
    let (head, tail) = (&letters[..6], &letters[letters.len() - 4..]);
    head.iter().chain(['…'].iter()).chain(tail).collect()
}

/// One line without odd spacing; nothing for the names that have a meaning in our tables.
pub(super) fn tidy(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let tidied = words.join(" ");
    if tidied == "*" || tidied == "direct" { String::new() } else { tidied }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(named: &[(&str, &str)]) -> Vec<String> {
        unique_labels(named.iter().copied(), &BTreeSet::from(["Taken".to_owned()]))
            .into_values()
            .collect()
    }

    #[test]
    fn a_label_has_as_much_of_the_address_as_it_takes() {
        let named = [
            ("0xaaaa00000000000000000000000000000000bbbb", "Only"),
            ("0xaaaa00000000000000000000000000000000cccc", "Twice"),
            ("0xbbbb00000000000000000000000000000000dddd", " Twice "),
            ("0xcccc00000000000000000000000000000000eeee", "Thrice"),
            ("0xcccc11110000000000000000000000000000eeee", "Thrice"),
            ("0xdddd00000000000000000000000000000000ffff", ""),
            ("0xeeee00000000000000000000000000000000ffff", "Taken"),
        ];
        let expected = [
            "Only",
            "Twice (0xaaaa…cccc)",
            "Twice (0xbbbb…dddd)",
            "Thrice (0xcccc00000000000000000000000000000000eeee)",
            "Thrice (0xcccc11110000000000000000000000000000eeee)",
            "0xdddd…ffff",
            "Taken (0xeeee…ffff)",
        ];
        assert_eq!(labels(&named), expected);
    }

    #[test]
    fn a_name_that_imitates_a_label_does_not_get_it() {
        let named = [("1", "A (2)"), ("2", "A"), ("3", "A")];
        let given: BTreeSet<String> = labels(&named).into_iter().collect();
        assert_eq!(given.len(), 3, "{given:?}");
    }
}
