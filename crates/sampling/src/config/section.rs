//! A table of a TOML file being read: each key is asked for by name, and what nobody asked for is a
//! problem too. Nothing stops at the first problem.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use slashfall_graph::{Problem, Problems, is_unprintable};

use super::node::{Node, NodeValue};
use super::spec::Located;

/// Where reading collects its problems.
#[derive(Debug)]
pub struct Reading<'f> {
    pub(crate) file: &'f str,
    pub(crate) problems: RefCell<Problems>,
    /// Keys that are there and have no effect.
    pub(crate) without_effect: RefCell<BTreeSet<String>>,
}

impl<'f> Reading<'f> {
    /// Of a file as the user named it; nothing is wrong yet.
    #[must_use]
    pub fn new(file: &'f str) -> Self {
        Self { file, problems: RefCell::default(), without_effect: RefCell::default() }
    }
}

impl Reading<'_> {
    /// The file as the user named it.
    #[must_use]
    pub fn file(&self) -> &str {
        self.file
    }

    /// Adds a problem.
    pub fn report(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// Reports every key and text of the file that has what no reader sees: all of them name something,
    /// and are shown where they do.
    pub fn check_texts(&self, root: &Node) {
        self.check_texts_of(root, "");
    }

    fn check_texts_of(&self, node: &Node, path: &str) {
        match &node.value {
            NodeValue::Text(text) => self.check_text(node, path, text),
            NodeValue::List(list) => list.iter().for_each(|item| self.check_texts_of(item, path)),
            NodeValue::Table(table) => {
                for (key, item) in table {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    self.check_text(item, &path, key);
                    self.check_texts_of(item, &path);
                }
            }
            NodeValue::Bool(_) | NodeValue::Integer(_) | NodeValue::Float(_) => {}
        }
    }

    fn check_text(&self, node: &Node, path: &str, text: &str) {
        if text.contains(is_unprintable) {
            let expected = "text without control or invisible characters was expected";
            self.report(node.problem(self.file, path, expected).value(text));
        }
    }

    /// Adds a problem with the valid name that is nearest.
    pub fn report_near<'a>(&self, problem: Problem, valid: impl IntoIterator<Item = &'a str>) {
        self.problems.borrow_mut().push_near(problem, valid);
    }

    /// All that was found, in the order found.
    #[must_use]
    pub fn into_problems(self) -> Problems {
        self.problems.into_inner()
    }
}

/// Which numbers are good.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// [0, 1].
    Fraction,
    /// (0, 1].
    Share,
    /// (0, 1).
    Probability,
    /// [0, 1).
    BelowOne,
    /// [-1, 1].
    Correlation,
    /// [0, 10]: a yield a year, as a fraction.
    Yield,
    /// [0, inf).
    NonNegative,
    /// (0, inf).
    Positive,
    /// Any finite number.
    Finite,
}

impl Range {
    fn has(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Self::Fraction => (0.0..=1.0).contains(&x),
                Self::Share => x > 0.0 && x <= 1.0,
                Self::Probability => x > 0.0 && x < 1.0,
                Self::BelowOne => (0.0..1.0).contains(&x),
                Self::Correlation => (-1.0..=1.0).contains(&x),
                Self::Yield => (0.0..=10.0).contains(&x),
                Self::NonNegative => x >= 0.0,
                Self::Positive => x > 0.0,
                Self::Finite => true,
            }
    }

    fn expected(self, x: f64) -> String {
        let range = match self {
            Self::Fraction => "a fraction in [0, 1]",
            Self::Share => "a fraction in (0, 1]",
            Self::Probability => "a probability in (0, 1)",
            Self::BelowOne => "a fraction in [0, 1)",
            Self::Correlation => "a number in [-1, 1]",
            Self::Yield => "a fraction a year in [0, 10]",
            Self::NonNegative => "a finite number, at least 0,",
            Self::Positive => "a finite number above 0",
            Self::Finite => "a finite number",
        };
        let most = match self {
            Self::Fraction | Self::Share => 100.0,
            Self::Probability | Self::BelowOne => 99.999_999,
            _ => 0.0,
        };
        let hint = if x > 1.0 && x <= most {
            // Rounded, since 99.9 / 100 has sixteen digits.
            format!(" (write {} for {x} %)", (x * 1e10).round() / 1e12)
        } else {
            String::new()
        };
        format!("{range} was expected{hint}")
    }
}

/// One table being read. A wrong value is reported and read as none, so that reading goes on; ask
/// for every key that a table may have, then [`finish`](Self::finish) it.
#[derive(Debug)]
pub struct Section<'a, 'f> {
    reading: &'a Reading<'f>,
    path: String,
    node: &'a Node,
    table: &'a BTreeMap<String, Node>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a, 'f> Section<'a, 'f> {
    /// The table at a node; none, with a problem, when it is something else.
    pub fn new(reading: &'a Reading<'f>, path: &str, node: &'a Node) -> Option<Self> {
        let NodeValue::Table(table) = &node.value else {
            reading.report(
                node.problem(reading.file, path, "a table was expected").value(node.shown()),
            );
            return None;
        };
        Some(Self { reading, path: path.to_owned(), node, table, asked: RefCell::default() })
    }

    /// The dotted key of a member, as messages name it: `run.seed`.
    #[must_use]
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A value by key, whatever it is.
    pub fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// All keys, for tables whose keys are names.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        self.table.iter().map(|(key, node)| (key.as_str(), node))
    }

    /// A table by key.
    pub fn section(&self, key: &'static str) -> Option<Section<'a, 'f>> {
        Section::new(self.reading, &self.path(key), self.node(key)?)
    }

    /// The entries of an array of tables.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'a, 'f>> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        let NodeValue::List(list) = &node.value else {
            self.wrong(key, node, &format!("[[{key}]] was expected"));
            return Vec::new();
        };
        list.iter().filter_map(|item| Section::new(self.reading, &self.path(key), item)).collect()
    }

    /// A number in a range; none, with a problem, when it is something else.
    #[must_use]
    pub fn number(&self, key: &'static str, range: Range) -> Option<f64> {
        self.number_at(key, self.node(key)?, range)
    }

    /// A number where it may be a member of something else than this table.
    pub fn number_at(&self, key: &str, node: &Node, range: Range) -> Option<f64> {
        let number = match node.value {
            NodeValue::Float(number) => number,
            NodeValue::Integer(number) => number as f64,
            _ => {
                self.wrong(key, node, "a number was expected");
                return None;
            }
        };
        if !range.has(number) {
            self.wrong(key, node, &range.expected(number));
            return None;
        }
        Some(number)
    }

    /// Notes that a key, if it is there, has no effect.
    pub fn without_effect(&self, key: &str) {
        if self.table.contains_key(key) {
            self.reading.without_effect.borrow_mut().insert(self.path(key));
        }
    }

    /// A number, or what an absent key means.
    pub fn number_or(&self, key: &'static str, range: Range, absent: f64) -> f64 {
        self.number(key, range).unwrap_or(absent)
    }

    /// A whole number from `low` to `high`, both included.
    #[must_use]
    pub fn integer(&self, key: &'static str, low: i64, high: i64) -> Option<i64> {
        let node = self.node(key)?;
        match node.value {
            NodeValue::Integer(number) if (low..=high).contains(&number) => Some(number),
            _ => {
                self.wrong(key, node, &format!("a whole number from {low} to {high} was expected"));
                None
            }
        }
    }

    /// True or false.
    #[must_use]
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let node = self.node(key)?;
        match node.value {
            NodeValue::Bool(value) => Some(value),
            _ => {
                self.wrong(key, node, "true or false was expected");
                None
            }
        }
    }

    /// Text, and where it stands.
    #[must_use]
    pub fn text(&self, key: &'static str) -> Option<Located<String>> {
        let node = self.node(key)?;
        match &node.value {
            NodeValue::Text(text) => Some(Located { value: text.clone(), at: node.clone() }),
            _ => {
                self.wrong(key, node, "text in quotes was expected");
                None
            }
        }
    }

    /// What one of a few names stands for; another is a problem that tells all of them.
    #[must_use]
    pub fn choice<T: Copy>(&self, key: &'static str, names: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = names.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            let all: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            let expected = format!("one of {} was expected", all.join(", "));
            let problem = text.at.problem(self.reading.file, &self.path(key), expected);
            self.reading.report_near(problem.value(&text.value), all);
        }
        found.map(|(_, value)| *value)
    }

    /// The members of a list, whatever they are.
    #[must_use]
    pub fn list(&self, key: &'static str) -> Option<&'a [Node]> {
        let node = self.node(key)?;
        let NodeValue::List(list) = &node.value else {
            self.wrong(key, node, "a list was expected");
            return None;
        };
        Some(list)
    }

    /// A list of numbers, all in a range.
    #[must_use]
    pub fn numbers(&self, key: &'static str, range: Range) -> Option<Vec<f64>> {
        let list = self.list(key)?;
        list.iter().map(|node| self.number_at(key, node, range)).collect()
    }

    /// Says that a key must be there.
    pub fn missing(&self, key: &str, expected: &str) {
        let problem = self.node.problem(
            self.reading.file,
            &self.path(key),
            format!("is missing: {expected}"),
        );
        self.reading.report(problem);
    }

    /// Says what is wrong with a value.
    pub fn wrong(&self, key: &str, node: &Node, expected: &str) {
        let problem = node.problem(self.reading.file, &self.path(key), expected);
        self.reading.report(problem.value(node.shown()));
    }

    /// Says what is wrong with the table as a whole.
    pub fn wrong_here(&self, expected: &str) {
        self.reading.report(self.node.problem(self.reading.file, &self.path, expected));
    }

    /// This table.
    pub fn here(&self) -> &'a Node {
        self.node
    }

    /// The reading it is part of.
    pub fn reading(&self) -> &'a Reading<'f> {
        self.reading
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        let asked = self.asked.into_inner();
        for (key, node) in self.table {
            if asked.contains(&key.as_str()) {
                continue;
            }
            let path =
                if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            let problem = node.problem(self.reading.file, &path, "unknown key");
            let mut problems = self.reading.problems.borrow_mut();
            let nearest = problems.nearest(key, asked.iter().copied());
            problems.push(Problem { nearest, ..problem });
        }
    }
}
