//! Numbers and names as run files have them: short, and read back as what is meant.

/// A number to six significant digits, the shortest that reads back as that.
pub(crate) fn number(x: f64) -> String {
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    let text = rounded.to_string();
    // A TOML integer is no float, and readers of fragments expect one.
    if text.contains(['.', 'e', 'n', 'i']) { text } else { format!("{text}.0") }
}

/// A text in TOML's quotes.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A part of a dotted key: bare where TOML allows it.
pub(crate) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A text that stays on its line of comment.
pub(crate) fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_floats() {
        let texts = [0.001_234_567_8, 2.0, 0.0, 1.5e-9, 123_456_789.0].map(number);
        assert_eq!(texts, ["0.00123457", "2.0", "0.0", "0.0000000015", "123457000.0"]);
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(key("stETH"), "stETH");
        assert_eq!(key("a.b"), "\"a.b\"");
        assert_eq!(comment("a\nb"), "a b");
    }
}
