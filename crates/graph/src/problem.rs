//! What is wrong with an input, said so that its author can put it right: place, value,
//! expectation and the nearest valid name. Problems are collected, never thrown one by one.

use std::fmt;

use crate::printable::printable;

/// Where in a file a problem stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A data row, from 1 without the header, and the line of a text file it stands on.
    Row {
        /// Number of the data row, from 1.
        row: usize,
        /// Line in the file, from 1, where the file has lines.
        line: Option<usize>,
    },
    /// A line of a text file, from 1.
    Line(usize),
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the user named it.
    pub file: String,
    /// Where in the file.
    pub place: Place,
    /// Column of a table or dotted key of a run file.
    pub key: Option<String>,
    /// What was found, as written.
    pub value: Option<String>,
    /// What is wrong and what was expected instead.
    pub expected: String,
    /// The nearest valid name, where a name was expected.
    pub nearest: Option<String>,
}

impl Problem {
    /// A problem of the file as a whole; add the rest with the `with_*` methods.
    #[must_use]
    pub fn new(file: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: Place::File,
            key: None,
            value: None,
            expected: expected.into(),
            nearest: None,
        }
    }

    /// Says where in the file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Names the column or key.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Quotes what was found.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Offers the valid name nearest to the value found, if one is near.
    #[must_use]
    pub fn nearest_of<'a>(mut self, valid: impl IntoIterator<Item = &'a str>) -> Self {
        self.nearest = self.value.as_deref().and_then(|value| nearest(value, valid));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", printable(&self.file))?;
        match self.place {
            Place::File => {}
            Place::Row { row, line: Some(line) } => write!(f, ", row {row} (line {line})")?,
            Place::Row { row, line: None } => write!(f, ", row {row}")?,
            Place::Line(line) => write!(f, ", line {line}")?,
        }
        if let Some(key) = &self.key {
            let kind = if matches!(self.place, Place::Row { .. }) { "column" } else { "key" };
            write!(f, ", {kind} `{}`", printable(key))?;
        }
        write!(f, ": ")?;
        if let Some(value) = &self.value {
            write!(f, "found {value:?}, ")?;
        }
        write!(f, "{}", printable(&self.expected))?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean {nearest:?}?")?;
        }
        Ok(())
    }
}

/// Everything that is wrong with an input; never empty when it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Adds all of another collection.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// What came of it, or else its problems added.
    pub fn keep<T>(&mut self, result: Result<T, Self>) -> Option<T> {
        result.map_err(|found| self.append(found)).ok()
    }

    /// All of them in the order found.
    #[must_use]
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }

    /// True when nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value` when nothing is wrong.
    ///
    /// # Errors
    /// The problems, when there are any.
    pub fn or_ok<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The valid name most like `value`, when it is like enough to be what was meant.
#[must_use]
pub fn nearest<'a>(value: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let folded = value.to_lowercase();
    valid
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&folded, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_one_sentence() {
        let problem = Problem::new("holdings.csv", "an asset of the network was expected")
            .at(Place::Row { row: 3, line: Some(4) })
            .key("asset")
            .value("ezEHT")
            .nearest_of(["eETH", "ezETH", "rsETH"]);
        assert_eq!(
            problem.to_string(),
            "holdings.csv, row 3 (line 4), column `asset`: found \"ezEHT\", an asset of the \
             network was expected; did you mean \"ezETH\"?"
        );
    }

    /// Whatever a file, a key or a name in it is called, a problem is one line of text.
    #[test]
    fn a_problem_shows_nothing_but_text() {
        let evil = "a\u{1b}[2J\nerror: \u{202e}b";
        let problem = Problem::new(evil, format!("{evil} was expected"));
        let problem = problem.key(evil).value(evil).nearest_of([evil]);
        assert!(problem.nearest.is_some());
        let shown = problem.to_string();
        assert!(!shown.contains(crate::is_unprintable), "{shown:?}");
        assert_eq!(shown.matches("[2J").count(), 5);
    }

    #[test]
    fn a_name_unlike_all_has_no_nearest() {
        assert_eq!(nearest("zzz", ["eETH", "stETH"]), None);
    }
}
