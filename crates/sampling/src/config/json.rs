//! A tree of values back from JSON, to the last bit: a manifest keeps the run file in that form, and
//! a path is replayed from it.

use slashfall_graph::Problems;

use super::node::Node;

impl Node {
    /// Reads JSON. What is `null` there becomes empty text, since a run file has no such thing.
    ///
    /// It is read as TOML is, so that each number is the one that was written: readers of JSON may
    /// be off by the last digit.
    ///
    /// # Errors
    /// Where it is not JSON.
    pub fn parse_json(file: &str, json: &str) -> Result<Self, Problems> {
        let root = Self::parse(file, &as_toml(json))?;
        Ok(root.get(ROOT).cloned().unwrap_or(root))
    }
}

/// Key of the document in the TOML that is made of it.
const ROOT: &str = "root";

/// JSON is an inline table of TOML but for colons, line breaks and `null`.
fn as_toml(json: &str) -> String {
    let mut toml = format!("{ROOT} = ");
    let (mut in_text, mut is_escaped) = (false, false);
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        if in_text {
            in_text = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
            // The one character that JSON has in the plain and TOML has not.
            match c {
                '\u{7f}' => toml.push_str("\\u007f"),
                c => toml.push(c),
            }
            continue;
        }
        match c {
            '"' => {
                in_text = true;
                toml.push(c);
            }
            ':' => toml.push('='),
            'n' => {
                chars.nth("ull".len() - 1);
                toml.push_str("\"\"");
            }
            c if c.is_whitespace() => {}
            c => toml.push(c),
        }
    }
    toml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let text = "\"a\" = 0.30000000000000004\nb = [1, -2.5e-300, 1e21, true]\n\
                    \"k: \\\"x\" = { t = \"n: { \\\\ \\u007f\\n\", u = 5e-324, v = -0.0 }\n";
        let json = "{\n  \"a\": 0.30000000000000004,\n  \"b\": [1, -2.5e-300, 1e+21,\n true],\n\
                    \"k: \\\"x\": { \"t\": \"n: { \\\\ \u{7f}\\n\", \"u\": 5e-324, \"v\": -0.0 } }\n";
        let (toml, json) = (Node::parse("a", text), Node::parse_json("b", json));
        assert_eq!(toml.unwrap().shown(), json.unwrap().shown());
        let nothing = Node::parse_json("c", "{ \"x\": null, \"y\": 1 }").unwrap();
        assert_eq!((nothing.text("x"), nothing.get("y").unwrap().shown()), (Some(""), "1".into()));
        assert!(Node::parse_json("d", "{ \"x\": ").is_err());
    }
}
