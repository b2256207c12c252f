//! A tree of values back from JSON, to the last bit: a manifest keeps the run file in that form, and
//! a path is replayed from it.

use slashfall_graph::Problems;

use super::node::{Node, NodeValue};

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

impl Node {
    /// The tree as JSON whose tables have their keys in the order in which they were written, as they
    /// have them again when it is read.
    #[must_use]
    pub fn json_in_order(&self) -> String {
        match &self.value {
            NodeValue::List(list) => {
                let items: Vec<String> = list.iter().map(Self::json_in_order).collect();
                format!("[{}]", items.join(","))
            }
            NodeValue::Table(table) => {
                let mut members: Vec<(&String, &Self)> = table.iter().collect();
                members.sort_by_key(|(_, node)| node.origin.offset());
                let member = |(key, node): (&String, &Self)| {
                    format!("{}:{}", serde_json::json!(key), node.json_in_order())
                };
                let members: Vec<String> = members.into_iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            }
            _ => serde_json::to_value(self).unwrap_or_default().to_string(),
        }
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
    fn keys_keep_their_order() {
        let node =
            Node::parse("a", "z = 1\ny = { d = 0.1, c = [\"n\", true] }\nx = 1e300").unwrap();
        let json = node.json_in_order();
        assert_eq!(json, r#"{"z":1,"y":{"d":0.1,"c":["n",true]},"x":1e+300}"#);
        assert_eq!(Node::parse_json("b", &json).unwrap().json_in_order(), json);
    }

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
