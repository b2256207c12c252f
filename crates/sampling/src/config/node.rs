//! A TOML document as a tree whose every value knows the line it stands on, so that a problem
//! found late can still be shown where it was written.

use std::collections::BTreeMap;

use slashfall_graph::{Place, Problem, Problems, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where a value was written. Bytes from the start give what a table has its order back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On this line of the run file.
    File {
        /// Line, from 1.
        line: usize,
        /// Bytes before it.
        offset: usize,
    },
    /// By a program that gave values instead of a file.
    Given {
        /// Values before it.
        offset: usize,
    },
    /// On the command line, with `--set`.
    CommandLine {
        /// Bytes before it.
        offset: usize,
    },
}

impl Origin {
    /// Bytes or values before it.
    pub(crate) fn offset(self) -> usize {
        match self {
            Self::File { offset, .. } | Self::Given { offset } | Self::CommandLine { offset } => {
                offset
            }
        }
    }
}

/// A value of a TOML file, and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    pub(crate) origin: Origin,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point or an exponent; `inf` and `nan` are some.
    Float(f64),
    /// Text in quotes, a date, or a number too large to be one.
    Text(String),
    /// A list, of tables where it is written as `[[NAME]]`.
    List(Vec<Node>),
    /// A table, inline or with a header, in order of key.
    Table(BTreeMap<String, Node>),
}

/// Parts of a key that is set: those of files have no more, as their reader sees to it.
const MOST_PARTS: usize = 80;
/// Bytes of a document of which every error is told.
const MOST_RECOVERED: usize = 1 << 20;

impl Node {
    /// Parses a run file.
    ///
    /// # Errors
    /// Every syntax error, each with its line; of a large file the first.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let lines = Lines::new(text);
        let (table, errors) = parsed(text);
        let mut problems = Problems::default();
        for error in errors {
            let line = error.span().map_or(1, |span| lines.line(span.start));
            problems.push(
                Problem::new(file, format!("not valid TOML: {}", error.message()))
                    .at(Place::Line(line)),
            );
        }
        let root_span = table.span();
        let root = convert(&DeValue::Table(table.into_inner()), root_span.start, &mut |at| {
            Origin::File { line: lines.line(at), offset: at }
        });
        problems.or_ok(root)
    }

    /// A value that no file has. `n_before` is how many values were given before it: tables keep
    /// the order of their members by it.
    #[must_use]
    pub fn given(value: NodeValue, n_before: usize) -> Self {
        Self { value, origin: Origin::Given { offset: n_before } }
    }

    /// Changes the tree as `--set KEY=VALUE` says. A value that is not TOML is taken as text.
    ///
    /// # Errors
    /// When there is no `=`, or the key leads through something that is not a table.
    pub fn set_from_command_line(&mut self, assignment: &str) -> Result<(), Problems> {
        let wrong = |expected: &str| Problem::new("--set", expected).value(assignment);
        let (key, text) = assignment
            .split_once('=')
            .ok_or_else(|| wrong("KEY=VALUE was expected, such as run.seed=7"))?;
        let value = match DeValue::parse(text.trim()) {
            Ok(value) => convert(value.get_ref(), 0, &mut |offset| Origin::CommandLine { offset }),
            Err(_) => Self {
                value: NodeValue::Text(text.trim().to_owned()),
                origin: Origin::CommandLine { offset: 0 },
            },
        };
        Ok(self.set(key.trim(), &value).map_err(|expected| wrong(&expected))?)
    }

    /// Puts `value` at a dotted key. `source.NAME.KEY` means every source of that kind or id.
    pub(crate) fn set(&mut self, key: &str, value: &Self) -> Result<(), String> {
        self.each_parent(
            key,
            |table, last, origin| {
                table.insert(last.to_owned(), Self { value: value.value.clone(), origin });
                Ok(())
            },
            value.origin,
        )
    }

    /// Multiplies the number at a dotted key; a rate given as evidence gets the factor as `scale`.
    pub(crate) fn scale(&mut self, key: &str, factor: f64, origin: Origin) -> Result<(), String> {
        self.each_parent(
            key,
            |table, last, origin| {
                let node =
                    table.get_mut(last).ok_or_else(|| format!("there is no `{last}` to scale"))?;
                node.multiply(factor, origin)
            },
            origin,
        )
    }

    fn multiply(&mut self, factor: f64, origin: Origin) -> Result<(), String> {
        match &mut self.value {
            NodeValue::Integer(number) => self.value = NodeValue::Float(*number as f64 * factor),
            NodeValue::Float(number) => *number *= factor,
            NodeValue::Table(table) if table.contains_key("exposure_years") => {
                let one = Self { value: NodeValue::Float(1.0), origin };
                return table.entry("scale".to_owned()).or_insert(one).multiply(factor, origin);
            }
            _ => return Err("a number can be scaled, nothing else".to_owned()),
        }
        Ok(())
    }

    fn each_parent(
        &mut self,
        key: &str,
        mut change: impl FnMut(&mut BTreeMap<String, Self>, &str, Origin) -> Result<(), String>,
        origin: Origin,
    ) -> Result<(), String> {
        let parts: Vec<&str> = key.split('.').collect();
        let (last, path) = parts.split_last().ok_or("a key was expected")?;
        if parts.iter().any(|part| part.is_empty()) {
            return Err("a dotted key such as run.seed was expected".to_owned());
        }
        if parts.len() > MOST_PARTS {
            return Err(format!("a key of at most {MOST_PARTS} parts was expected"));
        }
        if let ["source", name, rest @ ..] = path {
            let sources = self.sources_named(name)?;
            return sources
                .into_iter()
                .try_for_each(|source| change(descend(source, rest, origin)?, last, origin));
        }
        change(descend(self, path, origin)?, last, origin)
    }

    /// The `[[source]]` entries of a kind or id.
    fn sources_named(&mut self, name: &str) -> Result<Vec<&mut Self>, String> {
        let entries = match &mut self.value {
            NodeValue::Table(root) => root.get_mut("source"),
            _ => None,
        };
        let Some(Self { value: NodeValue::List(entries), .. }) = entries else {
            return Err("there is no [[source]]".to_owned());
        };
        let is = |entry: &Self, key| {
            entry.get(key).is_some_and(|n| n.value == NodeValue::Text(name.to_owned()))
        };
        if !entries.iter().any(|entry| is(entry, "kind") || is(entry, "id")) {
            let names = entries.iter().flat_map(|entry| [entry.text("kind"), entry.text("id")]);
            let hint = nearest(name, names.flatten());
            let hint = hint.map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
            return Err(format!("there is no [[source]] whose kind or id is {name:?}{hint}"));
        }
        Ok(entries.iter_mut().filter(|entry| is(entry, "kind") || is(entry, "id")).collect())
    }

    /// Text at a key, where there is text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Takes a dotted key away, where it is there.
    pub fn remove(&mut self, key: &str) {
        let (path, last) = key.rsplit_once('.').unwrap_or(("", key));
        let mut node = self;
        for part in path.split('.').filter(|part| !part.is_empty()) {
            let NodeValue::Table(table) = &mut node.value else { return };
            let Some(next) = table.get_mut(part) else { return };
            node = next;
        }
        if let NodeValue::Table(table) = &mut node.value {
            table.remove(last);
        }
    }

    /// A member of a table.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            NodeValue::Table(table) => table.get(key),
            _ => None,
        }
    }

    /// The value as TOML would write it, for messages.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.value {
            NodeValue::Bool(value) => value.to_string(),
            NodeValue::Integer(value) => value.to_string(),
            NodeValue::Float(value) => value.to_string(),
            NodeValue::Text(value) => value.clone(),
            NodeValue::List(list) => {
                let items: Vec<String> = list.iter().map(Self::shown).collect();
                format!("[{}]", items.join(", "))
            }
            NodeValue::Table(table) => {
                let items: Vec<String> =
                    table.iter().map(|(k, v)| format!("{k} = {}", v.shown())).collect();
                format!("{{ {} }}", items.join(", "))
            }
        }
    }

    /// How many values it is, those in it counted.
    pub(crate) fn n_values(&self) -> usize {
        let below: usize = match &self.value {
            NodeValue::List(list) => list.iter().map(Self::n_values).sum(),
            NodeValue::Table(table) => table.values().map(Self::n_values).sum(),
            _ => 0,
        };
        1 + below
    }

    /// A table with nothing in it that stands where this value does, for those who need to know
    /// no more and are many.
    pub(crate) fn place(&self) -> Self {
        Self { value: NodeValue::Table(BTreeMap::new()), origin: self.origin }
    }

    /// A problem with this value.
    #[must_use]
    pub fn problem(&self, file: &str, key: &str, expected: impl Into<String>) -> Problem {
        let problem = match self.origin {
            Origin::File { line, .. } => Problem::new(file, expected).at(Place::Line(line)),
            Origin::Given { .. } => Problem::new(file, expected),
            Origin::CommandLine { .. } => Problem::new("--set", expected),
        };
        problem.key(key)
    }
}

/// A document, and what is wrong with it: of a large one the first of it, as an error takes more than the
/// line that it is on.
fn parsed(text: &str) -> (Spanned<DeTable<'_>>, Vec<toml::de::Error>) {
    if text.len() <= MOST_RECOVERED {
        return DeTable::parse_recoverable(text);
    }
    match DeTable::parse(text) {
        Ok(table) => (table, Vec::new()),
        Err(error) => (Spanned::new(0..0, DeTable::new()), vec![error]),
    }
}

/// The table at a path below `node`, made where it is missing.
fn descend<'a>(
    node: &'a mut Node,
    path: &[&str],
    origin: Origin,
) -> Result<&'a mut BTreeMap<String, Node>, String> {
    let NodeValue::Table(table) = &mut node.value else {
        return Err("the key leads through something that is not a table".to_owned());
    };
    match path {
        [] => Ok(table),
        [next, rest @ ..] => {
            let empty = || Node { value: NodeValue::Table(BTreeMap::new()), origin };
            descend(table.entry((*next).to_owned()).or_insert_with(empty), rest, origin)
        }
    }
}

fn convert(value: &DeValue<'_>, at: usize, origin: &mut impl FnMut(usize) -> Origin) -> Node {
    let child = |spanned: &Spanned<DeValue<'_>>, origin: &mut _| {
        convert(spanned.get_ref(), spanned.span().start, origin)
    };
    let value = match value {
        DeValue::Boolean(value) => NodeValue::Bool(*value),
        DeValue::Integer(value) => i64::from_str_radix(value.as_str(), value.radix())
            .map_or_else(|_| NodeValue::Text(value.to_string()), NodeValue::Integer),
        DeValue::Float(value) => value
            .as_str()
            .parse()
            .map_or_else(|_| NodeValue::Text(value.to_string()), NodeValue::Float),
        DeValue::String(value) => NodeValue::Text(value.to_string()),
        DeValue::Datetime(value) => NodeValue::Text(value.to_string()),
        DeValue::Array(list) => {
            NodeValue::List(list.iter().map(|item| child(item, origin)).collect())
        }
        DeValue::Table(table) => NodeValue::Table(
            table
                .iter()
                .map(|(key, item)| {
                    let mut node = child(item, origin);
                    // A table's own span may be that of its header; its key says it better.
                    if !matches!(node.value, NodeValue::List(_)) {
                        node.origin = origin(key.span().start);
                    }
                    (key.get_ref().to_string(), node)
                })
                .collect(),
        ),
    };
    Node { value, origin: origin(at) }
}

/// Turns byte offsets into line numbers.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn new(text: &str) -> Self {
        let after_breaks =
            text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Self { starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }
}

impl serde::Serialize for Node {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            NodeValue::Bool(value) => serializer.serialize_bool(*value),
            NodeValue::Integer(value) => serializer.serialize_i64(*value),
            NodeValue::Float(value) => serializer.serialize_f64(*value),
            NodeValue::Text(value) => serializer.serialize_str(value),
            NodeValue::List(list) => serializer.collect_seq(list),
            NodeValue::Table(table) => serializer.collect_map(table),
        }
    }
}
