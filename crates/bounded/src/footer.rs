//! The footer of a file, before anybody believes it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::ReadError;
use crate::format::{CHILDREN, ELEMENT, FILE};
use crate::thrift::Walk;

/// Bytes of a footer: some fifty thousand columns, with all that is said of each, unless their names are long.
const MOST_BYTES: u64 = 32 << 20;
/// Elements of a schema.
const MOST_ELEMENTS: usize = 1 << 16;
/// How deep columns lie in columns; readers go down the tree by calling themselves.
const MOST_DEPTH: usize = 16;
/// The length of a footer and the mark after it.
const TAIL: u64 = 8;

/// Holds the footer of a file to be one that a reader gets through, with a schema that is no deeper than its stack.
pub(crate) fn check(mut file: &File, n_bytes: u64) -> Result<(), ReadError> {
    let not_whole = |why: &str| ReadError::NotWhole(why.to_owned());
    if n_bytes < TAIL + 4 {
        return Err(not_whole("it is too short to be one"));
    }
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(n_bytes - TAIL))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, mark @ ..] = tail;
    if &mark != b"PAR1" {
        return Err(not_whole("it does not end as one"));
    }
    let n_footer = u64::from(u32::from_le_bytes([a, b, c, d]));
    if n_footer > n_bytes - TAIL {
        return Err(not_whole("its footer is longer than it is"));
    }
    if n_footer > MOST_BYTES {
        return Err(ReadError::TooLarge(format!(
            "its footer has {n_footer} bytes, and at most {MOST_BYTES} are read"
        )));
    }
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(n_bytes - TAIL - n_footer))?;
    file.take(n_footer).read_to_end(&mut footer)?;
    let mut schema = Schema::default();
    let mut walk = Walk::new(footer.as_slice(), n_footer);
    let walked = walk.fields(FILE, &mut |path, number| match (path, number) {
        (ELEMENT, None) => schema.element(),
        (CHILDREN, Some(n)) => schema.children(n),
        _ => Ok(()),
    });
    walked.map_err(|why| ReadError::NotWhole(format!("its footer is damaged: {why}")))
}

/// The tree of columns as it is listed, parents first.
#[derive(Default)]
struct Schema {
    n_elements: usize,
    /// Children that are still to come, of each parent down to the element.
    coming: Vec<i64>,
}

impl Schema {
    fn element(&mut self) -> Result<(), String> {
        self.n_elements += 1;
        while self.coming.last() == Some(&0) {
            self.coming.pop();
        }
        if let Some(last) = self.coming.last_mut() {
            *last -= 1;
        }
        if self.n_elements > MOST_ELEMENTS {
            return Err(format!("more than {MOST_ELEMENTS} columns"));
        }
        Ok(())
    }

    fn children(&mut self, n: i64) -> Result<(), String> {
        if n > 0 {
            self.coming.push(n);
        }
        if self.coming.len() > MOST_DEPTH {
            return Err("columns are nested too deeply".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch};
    use parquet::arrow::ArrowWriter;

    use crate::{Room, open};

    #[test]
    fn a_file_of_more_columns_than_two_thousand_assets_have_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wide.parquet");
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.5]));
        let names = (0..20_000).map(|n| format!("asset.some liquid restaking token {n}.nav_loss"));
        let columns = names.map(|name| (name, Arc::clone(&numbers)));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let opened = open(&path, Room::TABLE).unwrap();
        assert_eq!((opened.schema().fields().len(), opened.n_rows()), (20_000, 2));
        let read = opened.columns([19_999]).batches().unwrap().next().unwrap().unwrap();
        assert_eq!(read.column(0), &numbers);
    }
}
