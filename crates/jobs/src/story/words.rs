//! Numbers and lists as sentences have them.

use crate::number::{eth, percent};

/// Amounts below this are not worth a word, in ETH.
pub(super) const NOTHING_ETH: f64 = 0.005;
/// Fractions below this are not worth a word.
const NOTHING: f64 = 5e-6;
/// Stands for a space at which no line ends.
const BOUND: &str = "\u{a0}";
/// Columns of a paragraph.
const LINE: usize = 100;

/// An amount for a table: empty where there is none.
pub(super) fn cell(x: f64) -> String {
    if x.abs() < NOTHING_ETH { String::new() } else { amount(x) }
}

/// An amount for a table, with a 0 where there is none.
pub(super) fn amount(x: f64) -> String {
    match x.abs() {
        a if a < NOTHING_ETH => "0".to_owned(),
        a if a < 1.0 => format!("{x:.2}"),
        _ => eth(x),
    }
}

/// A fraction in percent, without what is rounding.
pub(super) fn share(x: f64) -> String {
    match x.abs() {
        a if a < NOTHING => percent(0.0),
        // What is nearly all is not all: a price is left.
        a if (0.999..1.0).contains(&a) && x > 0.0 => "> 99.9 %".to_owned(),
        // Else 9.999 % would be 10.00 %, and 10 % be 10.0 %.
        a if a >= 0.001 => percent((x * 1e4).round() / 1e4),
        _ => percent(x),
    }
}

/// A time in days for a table.
pub(super) fn days_cell(x: f64) -> String {
    if x <= 0.0 { String::new() } else { format!("{x:.1}") }
}

/// A time in days.
pub(super) fn days(x: f64) -> String {
    match x {
        x if (x - 1.0).abs() < 0.05 => "1 day".to_owned(),
        x if (x - x.round()).abs() < 0.05 => format!("{x:.0} days"),
        x => format!("{x:.1} days"),
    }
}

/// A number of things: "1 loan", "12 loans".
pub(super) fn things(n: usize, thing: &str) -> String {
    if n == 1 {
        format!("1 {thing}")
    } else {
        format!("{} {thing}s", crate::number::count(n as u64))
    }
}

/// "A", "A and B", "A, B and C".
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// With a capital in front.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A paragraph in lines that a terminal holds.
pub(super) fn wrapped(text: &str) -> String {
    // A number and its unit stay together.
    let units = [" %", " ETH", " days"];
    let bound = units
        .iter()
        .fold(text.to_owned(), |text, unit| text.replace(unit, &unit.replace(' ', BOUND)));
    let mut lines = vec![String::new()];
    for word in bound.split(' ') {
        let last = lines.len() - 1;
        let needed = lines[last].chars().count() + 1 + word.chars().count();
        if lines[last].is_empty() {
            lines[last].push_str(word);
        } else if needed <= LINE {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n").replace(BOUND, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_well() {
        assert_eq!(days(1.0), "1 day");
        assert_eq!(days(8.24), "8.2 days");
        assert_eq!(days(7.0), "7 days");
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items), "a, b and c");
        assert_eq!(list(&items[..1]), "a");
        assert_eq!(capital("on day 1"), "On day 1");
        assert_eq!(
            (things(1, "loan"), things(1_200, "loan")),
            ("1 loan".into(), "1,200 loans".into())
        );
        assert_eq!((share(1e-9), share(0.099_999)), ("0 %".to_owned(), "10.0 %".to_owned()));
        assert_eq!((share(0.999_7), share(1.0)), ("> 99.9 %".to_owned(), "100.0 %".to_owned()));
        let text = wrapped(&"word ".repeat(60));
        assert!(text.lines().all(|line| line.len() <= LINE) && text.lines().count() == 3);
    }
}
