//! A run file as Python gives it: the path of one, or a mapping that says the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use slashfall_graph::{Problem, Problems};
use slashfall_jobs::{Config, Overrides, Reach};
use slashfall_sampling::Node;
use slashfall_sampling::config::NodeValue;

use crate::problems::wrong;

/// What a run file that is a mapping is called in messages and manifests.
const NAME: &str = "(given as a mapping)";

/// A run file.
pub(crate) enum Given {
    /// The path of one.
    Path(PathBuf),
    /// All that it would say.
    Mapping(Node),
}

impl Given {
    /// It, and how far it may reach.
    pub(crate) fn config(self, allow_outside: bool) -> Config {
        let reach = Reach::anywhere(allow_outside);
        match self {
            Self::Path(path) => Config::File { path, reach },
            Self::Mapping(root) => {
                Config::Given { root, name: NAME.to_owned(), folder: PathBuf::new(), reach }
            }
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if object.cast::<PyMapping>().is_ok() {
            return Ok(Self::Mapping(read(&object, NAME, "")?));
        }
        Ok(Self::Path(object.extract()?))
    }
}

/// A dotted key and what it is set to, as the command line has them.
pub(crate) struct Assignment(String);

impl Assignment {
    /// Changes to a run file.
    pub(crate) fn overrides(set: Vec<Self>, paths: Option<u64>, seed: Option<u64>) -> Overrides {
        Overrides { set: set.into_iter().map(|own| own.0).collect(), paths, seed }
    }
}

impl<'py> FromPyObject<'_, 'py> for Assignment {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let (key, value): (String, Bound<'py, PyAny>) = object.extract()?;
        if key.contains('=') {
            let expected = "a dotted key such as run.seed was expected";
            let problem = Problem::new("set", expected).value(key);
            return Err(wrong(object.py(), &problem.into()));
        }
        let value = read(&value, "set", &key)?;
        Ok(Self(format!("{key}={}", toml(&value))))
    }
}

/// A value of Python as a run file has it.
fn read(value: &Bound<'_, PyAny>, file: &str, key: &str) -> PyResult<Node> {
    let mut reader = Reader { file, n_values: 0, problems: Problems::default() };
    let node = reader.node(value, key)?;
    reader.problems.or_ok(node).map_err(|problems| wrong(value.py(), &problems))
}

struct Reader<'f> {
    file: &'f str,
    /// Values so far: tables keep their order by them.
    n_values: usize,
    problems: Problems,
}

impl Reader<'_> {
    fn node(&mut self, value: &Bound<'_, PyAny>, key: &str) -> PyResult<Node> {
        let place = self.n_values;
        self.n_values += 1;
        Ok(Node::given(self.value(value, key)?, place))
    }

    fn value(&mut self, value: &Bound<'_, PyAny>, key: &str) -> PyResult<NodeValue> {
        if let Ok(value) = value.cast::<PyBool>() {
            return Ok(NodeValue::Bool(value.is_true()));
        }
        if let Ok(value) = value.cast::<PyString>() {
            return Ok(NodeValue::Text(value.to_string()));
        }
        if value.is_instance_of::<PyFloat>() {
            return Ok(NodeValue::Float(value.extract()?));
        }
        if value.is_instance_of::<PyInt>() {
            // What is too large for a run file is told as what it is.
            let whole = value.extract().map(NodeValue::Integer);
            return Ok(whole.unwrap_or_else(|_| NodeValue::Text(value.to_string())));
        }
        if let Ok(table) = value.cast::<PyMapping>() {
            return self.table(table, key);
        }
        if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
            let items = value.try_iter()?.map(|item| self.node(&item?, key));
            return Ok(NodeValue::List(items.collect::<PyResult<_>>()?));
        }
        self.other(value, key)
    }

    fn table(&mut self, table: &Bound<'_, PyMapping>, key: &str) -> PyResult<NodeValue> {
        let mut nodes = BTreeMap::new();
        for item in table.items()? {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let full = if key.is_empty() { name.to_string() } else { format!("{key}.{name}") };
            if !name.is_instance_of::<PyString>() {
                self.expected("a key that is text was expected", &full, &name)?;
            }
            nodes.insert(name.to_string(), self.node(&value, &full)?);
        }
        Ok(NodeValue::Table(nodes))
    }

    /// Numbers and lists of numpy, paths and dates say what they are; nothing else does.
    fn other(&mut self, value: &Bound<'_, PyAny>, key: &str) -> PyResult<NodeValue> {
        for (method, is_text) in [("tolist", false), ("__fspath__", true), ("isoformat", true)] {
            if value.hasattr(method)? {
                let plain = value.call_method0(method)?;
                return match is_text {
                    true => Ok(NodeValue::Text(plain.to_string())),
                    false => self.value(&plain, key),
                };
            }
        }
        let expected = match value.is_none() {
            true => "a value was expected, as a run file has no None; leave the key out",
            false => "text, a number, a bool, a list or a mapping was expected",
        };
        self.expected(expected, key, value)?;
        Ok(NodeValue::Text(String::new()))
    }

    fn expected(&mut self, expected: &str, key: &str, found: &Bound<'_, PyAny>) -> PyResult<()> {
        let found = found.repr()?.to_string();
        self.problems.push(Problem::new(self.file, expected).key(key).value(found));
        Ok(())
    }
}

/// A value as TOML writes it in a line.
fn toml(node: &Node) -> String {
    match &node.value {
        NodeValue::Bool(value) => value.to_string(),
        NodeValue::Integer(value) => value.to_string(),
        NodeValue::Float(value) if value.is_nan() => "nan".to_owned(),
        NodeValue::Float(value) => format!("{value:?}"),
        NodeValue::Text(value) => text(value),
        NodeValue::List(list) => {
            format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        NodeValue::Table(table) => {
            let items = table.iter().map(|(key, value)| format!("{} = {}", text(key), toml(value)));
            format!("{{ {} }}", items.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Text in quotes. What JSON escapes TOML escapes alike, but for one character.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}
