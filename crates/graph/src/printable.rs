//! Text of files that strangers wrote, so that whoever shows it shows nothing but text: what a
//! terminal takes for a command, and what hides or turns around the text beside it, is written out.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with whatever would not be shown as itself written as JSON writes it: `\u001b`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unprintable(c) {
            // Writing to a text cannot fail.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is no part of what a reader sees: controls, which terminals obey and tables
/// break at, marks that turn the direction of text around, and those without any width.
///
/// The joiners U+200C and U+200D are letters' own and stay.
#[must_use]
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_as_they_are() {
        for name in ["ezETH", "Kiln – a", "名前", "नमस्\u{200d}ते", "a b", "\u{1f600}", ""]
        {
            assert!(matches!(printable(name), Cow::Borrowed(own) if own == name), "{name}");
        }
    }

    #[test]
    fn what_is_no_text_is_written_out() {
        let cases = [
            ("\u{1b}[2Jx", "\\u001b[2Jx"),
            ("a\nerror: b", "a\\u000aerror: b"),
            ("a\rb\tc\0\u{7f}", "a\\u000db\\u0009c\\u0000\\u007f"),
            ("\u{9b}31m", "\\u009b31m"),
            ("eth\u{202e}HTEzr", "eth\\u202eHTEzr"),
            ("Li\u{200b}do\u{feff}", "Li\\u200bdo\\ufeff"),
            ("a\u{2028}b", "a\\u2028b"),
        ];
        for (text, shown) in cases {
            assert_eq!(printable(text), shown);
            assert!(!printable(text).contains(is_unprintable));
        }
    }
}
