//! The tables that are written, as Markdown, so that `docs/formats.md` says of a column what the
//! files themselves say.

use std::fmt::Write;

use arrow_schema::{DataType, Field};

use crate::difference::DIFFERENCE;
use crate::paths::{PATHS_GRAIN, path_fields};
use crate::reverse::REVERSE;
use crate::schema::{STRESS_TABLES, TABLES, TableSchema};
use crate::tables::CAPS;

/// Every table of runs, stresses, differences, reversals and caps: a line `<!-- schema:NAME -->`, what a row is of,
/// a table of its columns (name, type, unit, meaning), and a line `<!-- /schema -->`. Figures of
/// assets and portfolios stand once, under the name `NAME`.
#[must_use]
pub fn markdown() -> String {
    let fixed = fixed_tables();
    let mut page: String =
        fixed.map(|table| block(table.name, table.grain, &table.fields())).collect();
    page += &block("paths", PATHS_GRAIN, &path_fields(&["NAME"], &["NAME"]));
    page
}

/// The tables whose columns do not depend on the network.
fn fixed_tables() -> impl Iterator<Item = &'static TableSchema> {
    TABLES.iter().chain(&STRESS_TABLES).copied().chain([&DIFFERENCE, &REVERSE, &CAPS])
}

fn block(name: &str, grain: &str, fields: &[Field]) -> String {
    let mut block = format!(
        "<!-- schema:{name} -->\n\nOne row: {grain}.\n\n\
         | Column | Type | Unit | Meaning |\n|---|---|---|---|\n"
    );
    for field in fields {
        let said = |key| field.metadata().get(key).map(|text| text.replace('|', r"\|"));
        let [unit, meaning] = ["unit", "meaning"].map(|key| said(key).unwrap_or_default());
        // Writing to a text cannot fail.
        let _ =
            writeln!(block, "| `{}` | {} | {unit} | {meaning} |", field.name(), type_words(field));
    }
    block + "\n<!-- /schema -->\n"
}

/// The type of a column in words: `text`, `float`, `uint64`, `texts`, `floats`; with `or null`
/// where cells may be null.
#[must_use]
pub fn type_words(field: &Field) -> String {
    let words = match field.data_type() {
        DataType::Dictionary(..) | DataType::Utf8 => "text",
        DataType::Float64 => "float",
        DataType::UInt64 => "uint64",
        DataType::List(item) if item.data_type() == &DataType::Utf8 => "texts",
        DataType::List(_) => "floats",
        // No column of ours is of another type; should one be, Arrow's own name for it is right.
        other => return other.to_string(),
    };
    format!("{words}{}", if field.is_nullable() { " or null" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{ColumnType, annotated, list_of, text_type};

    #[test]
    fn every_column_stands_once() {
        let page = markdown();
        for table in fixed_tables() {
            let marker = format!("<!-- schema:{} -->\n", table.name);
            let rest = page.split_once(&marker).map(|(_, rest)| rest).unwrap();
            let block = rest.split_once("<!-- /schema -->").map(|(block, _)| block).unwrap();
            for column in table.columns {
                let lines = block.lines();
                let own = format!("| `{}` | ", column.name);
                let own: Vec<&str> = lines.filter(|line| line.starts_with(&own)).collect();
                assert_eq!(own.len(), 1, "{} of {}", column.name, table.name);
                assert!(own[0].ends_with(&format!("| {} |", column.meaning)), "{}", own[0]);
                let may_be_null = own[0].contains(" or null | ");
                let is_certain =
                    [ColumnType::Text, ColumnType::Float, ColumnType::Count].contains(&column.kind);
                assert_eq!(may_be_null, !is_certain, "{}", own[0]);
            }
        }
        assert!(page.contains("| `asset.NAME.nav_loss` | float | fraction |"));
    }

    #[test]
    fn a_bar_does_not_end_a_cell() {
        let field = annotated(Field::new("x", DataType::UInt64, false), "", "a | b");
        assert!(block("t", "row", &[field]).contains("| `x` | uint64 |  | a \\| b |\n"));
    }

    #[test]
    fn types_have_words() {
        let words = |kind, nullable| type_words(&Field::new("x", kind, nullable));
        assert_eq!(words(text_type(), false), "text");
        assert_eq!(words(DataType::Float64, true), "float or null");
        assert_eq!(words(list_of(DataType::Utf8), true), "texts or null");
        assert_eq!(words(list_of(DataType::Float64), true), "floats or null");
        assert_eq!(words(DataType::Int32, false), "Int32");
    }
}
