//! A table of a result with its cells decoded, so that what is shown can name the row and column that it is from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, UInt64Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow_schema::DataType;
use slashfall_bounded::{Parquet, ReadError, Room};
use slashfall_graph::{Problem, Problems};

/// Cells of a column, by row of the file.
#[derive(Clone, Debug)]
enum Cells {
    /// Words, each once, and the number of that of each row.
    Text {
        words: Vec<Arc<str>>,
        known: BTreeMap<Arc<str>, usize>,
        of_row: Vec<usize>,
    },
    /// Null is not a number.
    Float(Vec<f64>),
    Count(Vec<u64>),
    Texts(Vec<Vec<String>>),
    Floats(Vec<Vec<f64>>),
}

/// A table as it is in its file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// Name of the table.
    pub(crate) name: &'static str,
    n_rows: usize,
    columns: BTreeMap<String, Cells>,
    units: BTreeMap<String, String>,
}

impl Rows {
    /// Reads `name.parquet` of a result; without rows where the result has no such table.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(crate) fn read(result: &Path, name: &'static str) -> Result<Self, Problems> {
        let path = result.join(format!("{name}.parquet"));
        let mut rows = Self { name, ..Self::default() };
        if !path.is_file() {
            return Ok(rows);
        }
        let unread = |error: ReadError| {
            Problems::from(Problem::new(path.display().to_string(), error.to_string()))
        };
        let batches = slashfall_bounded::open(&path, Room::TABLE).and_then(Parquet::batches);
        for batch in batches.map_err(unread)? {
            rows.add(&batch.map_err(unread)?);
        }
        Ok(rows)
    }

    fn add(&mut self, batch: &RecordBatch) {
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            if let Some(unit) = field.metadata().get("unit") {
                self.units.insert(field.name().clone(), unit.clone());
            }
            let Some(cells) = decoded(array) else { continue };
            match self.columns.get_mut(field.name()) {
                None => {
                    self.columns.insert(field.name().clone(), cells);
                }
                Some(all) => all.extend(cells),
            }
        }
        self.n_rows += batch.num_rows();
    }

    /// Whether the result has the table, with rows.
    pub(crate) fn is_there(&self) -> bool {
        self.n_rows > 0
    }

    /// The rows of which `is_wanted` holds, in order.
    pub(crate) fn filter(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        (0..self.n_rows).filter(|row| is_wanted(*row)).collect()
    }

    /// A text; empty where there is no such column.
    pub(crate) fn text(&self, row: usize, column: &str) -> &str {
        match self.columns.get(column) {
            Some(Cells::Text { words, of_row, .. }) => &words[of_row[row]],
            _ => "",
        }
    }

    /// A number; `None` where it is null or there is no such column.
    pub(crate) fn number(&self, row: usize, column: &str) -> Option<f64> {
        match self.columns.get(column)? {
            Cells::Float(values) => Some(values[row]).filter(|value| !value.is_nan()),
            Cells::Count(values) => Some(values[row] as f64),
            _ => None,
        }
    }

    /// Whether a column is of whole numbers.
    pub(crate) fn is_count(&self, column: &str) -> bool {
        matches!(self.columns.get(column), Some(Cells::Count(_)))
    }

    /// A list of texts; none where it is null.
    pub(crate) fn texts(&self, row: usize, column: &str) -> &[String] {
        match self.columns.get(column) {
            Some(Cells::Texts(lists)) => &lists[row],
            _ => &[],
        }
    }

    /// A list of numbers; none where it is null.
    pub(crate) fn numbers(&self, row: usize, column: &str) -> &[f64] {
        match self.columns.get(column) {
            Some(Cells::Floats(lists)) => &lists[row],
            _ => &[],
        }
    }

    /// Names of the columns, in order of name.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// The unit of a cell: that of its column, or of its row where the column says so.
    pub(crate) fn unit(&self, row: usize, column: &str) -> &str {
        match self.units.get(column).map(String::as_str) {
            Some("see unit") => self.text(row, "unit"),
            Some(unit) => unit,
            None => "",
        }
    }

    /// A column of some rows as JSON.
    pub(crate) fn json(&self, rows: &[usize], column: &str) -> serde_json::Value {
        let Some(cells) = self.columns.get(column) else { return serde_json::Value::Null };
        let of_row = |&row: &usize| -> serde_json::Value {
            match cells {
                Cells::Text { words, of_row, .. } => words[of_row[row]].as_ref().into(),
                Cells::Float(values) => values[row].into(),
                Cells::Count(values) => values[row].into(),
                Cells::Texts(lists) => lists[row].clone().into(),
                Cells::Floats(lists) => lists[row].clone().into(),
            }
        };
        rows.iter().map(of_row).collect()
    }
}

impl Cells {
    fn extend(&mut self, more: Self) {
        match (self, more) {
            (Self::Text { words, known, of_row }, Self::Text { words: own, of_row: rows, .. }) => {
                let numbers: Vec<usize> =
                    own.into_iter().map(|word| number_of(word, words, known)).collect();
                of_row.extend(rows.into_iter().map(|word| numbers[word]));
            }
            (Self::Float(all), Self::Float(more)) => all.extend(more),
            (Self::Count(all), Self::Count(more)) => all.extend(more),
            (Self::Texts(all), Self::Texts(more)) => all.extend(more),
            (Self::Floats(all), Self::Floats(more)) => all.extend(more),
            _ => {}
        }
    }
}

/// The number of a word, a new one where it is new.
fn number_of(
    word: Arc<str>,
    words: &mut Vec<Arc<str>>,
    known: &mut BTreeMap<Arc<str>, usize>,
) -> usize {
    *known.entry(word).or_insert_with_key(|word| {
        words.push(Arc::clone(word));
        words.len() - 1
    })
}

/// The texts of an array: a word may be there often, and the words of a file be many times those of its rows.
fn texts(coded: &DictionaryArray<Int32Type>) -> Option<Cells> {
    let all: &StringArray = coded.values().as_string_opt()?;
    let (mut words, mut known) = (Vec::new(), BTreeMap::new());
    let mut numbers = vec![None; all.len()];
    let mut number = |row: usize| {
        let key = coded.key(row).filter(|key| *key < all.len());
        let word = |key: Option<usize>| key.map_or("", |key| all.value(key)).into();
        match key {
            None => number_of(word(None), &mut words, &mut known),
            Some(key) => *numbers[key]
                .get_or_insert_with(|| number_of(word(Some(key)), &mut words, &mut known)),
        }
    };
    let of_row = (0..coded.len()).map(&mut number).collect();
    Some(Cells::Text { words, known, of_row })
}

/// The cells of an array; `None` of a type that no table has.
fn decoded(array: &ArrayRef) -> Option<Cells> {
    if let Some(coded) = array.as_dictionary_opt::<Int32Type>() {
        return texts(coded);
    }
    if let Some(values) = array.as_primitive_opt::<Float64Type>() {
        return Some(Cells::Float(values.iter().map(|value| value.unwrap_or(f64::NAN)).collect()));
    }
    if let Some(values) = array.as_primitive_opt::<UInt64Type>() {
        return Some(Cells::Count(values.values().to_vec()));
    }
    let lists = array.as_list_opt::<i32>()?;
    if lists.value_type() == DataType::Float64 {
        let of = |list: Option<ArrayRef>| {
            list.map_or_else(Vec::new, |list| list.as_primitive::<Float64Type>().values().to_vec())
        };
        return Some(Cells::Floats(lists.iter().map(of).collect()));
    }
    let of = |list: Option<ArrayRef>| {
        let own = |list: ArrayRef| {
            let texts = list.as_string_opt::<i32>().map(|texts| {
                texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect()
            });
            texts.unwrap_or_default()
        };
        list.map_or_else(Vec::new, own)
    };
    Some(Cells::Texts(lists.iter().map(of).collect()))
}
