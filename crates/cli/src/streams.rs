//! What the program prints, as text and nothing else: names in files of strangers cannot command the
//! terminal. All that is printed goes through here.

use std::io::{self, IsTerminal, Write};

use slashfall_graph::printable;

/// Standard output.
#[expect(clippy::disallowed_methods, reason = "this is what is to be used in its place")]
pub(crate) fn stdout() -> impl Write {
    Printable(io::stdout().lock())
}

/// Standard error.
#[expect(clippy::disallowed_methods, reason = "this is what is to be used in its place")]
pub(crate) fn stderr() -> impl Write {
    Printable(io::stderr().lock())
}

/// Standard output for what no file has a part in, such as a manual page with its tabs.
#[expect(clippy::disallowed_methods, reason = "nothing of a file is printed there")]
pub(crate) fn own_stdout() -> impl Write {
    io::stdout().lock()
}

/// Whether somebody looks at standard error.
#[expect(clippy::disallowed_methods, reason = "nothing is printed")]
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Hands on text with whatever is none written out, but for line breaks. In JSON that is the same text.
struct Printable<W>(W);

impl<W: Write> Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Text that is formatted comes a whole piece at a time, so no character is cut.
        for chunk in bytes.utf8_chunks() {
            for line in chunk.valid().split_inclusive('\n') {
                let text = line.strip_suffix('\n').unwrap_or(line);
                self.0.write_all(printable(text).as_bytes())?;
                self.0.write_all(&line.as_bytes()[text.len()..])?;
            }
            if !chunk.invalid().is_empty() {
                self.0.write_all("\u{fffd}".as_bytes())?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(bytes: &[u8]) -> String {
        let mut own = Printable(Vec::new());
        own.write_all(bytes).unwrap();
        String::from_utf8(own.0).unwrap()
    }

    #[test]
    fn lines_stay_and_commands_do_not() {
        assert_eq!(printed(b"a\nb\n\n"), "a\nb\n\n");
        assert_eq!(printed("\u{1b}[2Ja\r\n\u{9b}b".as_bytes()), "\\u001b[2Ja\\u000d\n\\u009bb");
        assert_eq!(printed(b"a\xffb\x9b"), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn json_stays_the_same_document() {
        let document = serde_json::json!({ "a\u{9b}\u{202e}": ["\u{7f}\u{1b}\n", "ä"] });
        let printed = printed(format!("{document:#}").as_bytes());
        assert!(!printed.contains(|c| c != '\n' && slashfall_graph::is_unprintable(c)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), document);
    }
}
