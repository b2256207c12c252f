//! `slashfall schema`: the tables that are read and written.

use std::io::Write;

use slashfall_graph::TABLE_SHAPES;
use slashfall_output::difference::DIFFERENCE;
use slashfall_output::reverse::REVERSE;
use slashfall_output::schema::{Field, STRESS_TABLES, TABLES, TableSchema};
use slashfall_output::tables::CAPS;
use slashfall_output::{PATHS_GRAIN, markdown, path_fields, type_words};
use slashfall_sampling::SourceKind;

use crate::Ending;
use crate::args::Schema;
use crate::streams::stdout;

pub(crate) fn schema(args: &Schema) -> anyhow::Result<Ending> {
    let mut out = stdout();
    if args.json {
        writeln!(out, "{:#}", as_json())?;
    } else if args.markdown {
        write!(out, "{}", markdown())?;
    } else {
        as_text(&mut out)?;
    }
    Ok(Ending::Done)
}

fn as_text(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "Network folder: network.toml and NAME.csv or NAME.parquet ([optional])\n")?;
    for shape in TABLE_SHAPES {
        let optional = shape.optional.iter().map(|column| format!("[{column}]"));
        let columns: Vec<String> =
            shape.columns.iter().map(ToString::to_string).chain(optional).collect();
        let further = if shape.open { ", any further" } else { "" };
        let required = if shape.required { "" } else { " [table]" };
        writeln!(out, "{}{required}: {}{further}", shape.name, columns.join(", "))?;
    }
    writeln!(out, "\nKinds of [[source]] in a run file\n")?;
    for (name, kind) in SourceKind::NAMES {
        writeln!(out, "{name:<20} {}", kind.meaning())?;
    }
    writeln!(out, "\nResult folder of a run: manifest.json and\n")?;
    TABLES.iter().try_for_each(|table| table_as_text(out, table))?;
    writeln!(out, "Result folder of a stress: manifest.json and\n")?;
    STRESS_TABLES.iter().try_for_each(|table| table_as_text(out, table))
}

fn table_as_text(out: &mut impl Write, table: &TableSchema) -> std::io::Result<()> {
    writeln!(out, "{}.parquet, one row {}", table.name, table.grain)?;
    for column in table.columns {
        let unit =
            if column.unit.is_empty() { String::new() } else { format!(" [{}]", column.unit) };
        writeln!(out, "  {:<22}{}{unit}", column.name, column.meaning)?;
    }
    writeln!(out)
}

fn as_json() -> serde_json::Value {
    let network = TABLE_SHAPES.iter().map(|shape| {
        serde_json::json!({
            "table": shape.name, "required": shape.required, "columns": shape.columns,
            "optional": shape.optional, "further_columns": shape.open,
        })
    });
    let tables = |tables: &[&TableSchema]| -> Vec<_> {
        tables.iter().map(|table| table_as_json(table.name, table.grain, &table.fields())).collect()
    };
    let paths = path_fields(&["NAME"], &["NAME"]);
    serde_json::json!({
        "schema_version": slashfall_output::SCHEMA_VERSION,
        "network": network.collect::<Vec<_>>(),
        "result": tables(&TABLES),
        "paths": table_as_json("paths", PATHS_GRAIN, &paths),
        "stress": tables(&STRESS_TABLES),
        "others": tables(&[&DIFFERENCE, &REVERSE, &CAPS]),
    })
}

fn table_as_json(name: &str, grain: &str, fields: &[Field]) -> serde_json::Value {
    let columns = fields.iter().map(|field| {
        let said = |key| field.metadata().get(key).map_or("", String::as_str);
        serde_json::json!({
            "name": field.name(), "type": type_words(field),
            "unit": said("unit"), "meaning": said("meaning"),
        })
    });
    serde_json::json!({ "table": name, "grain": grain, "columns": columns.collect::<Vec<_>>() })
}
