//! `slashfall schema`: the tables that are read and written.

use std::io::Write;

use slashfall_graph::TABLE_SHAPES;
use slashfall_output::schema::TABLES;
use slashfall_sampling::SourceKind;

use crate::Ending;
use crate::args::Schema;

pub(crate) fn schema(args: &Schema) -> anyhow::Result<Ending> {
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{:#}", as_json())?;
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
    writeln!(out, "\nResult folder: manifest.json and\n")?;
    for table in TABLES {
        writeln!(out, "{}.parquet, one row {}", table.name, table.grain)?;
        for column in table.columns {
            let unit =
                if column.unit.is_empty() { String::new() } else { format!(" [{}]", column.unit) };
            writeln!(out, "  {:<22}{}{unit}", column.name, column.meaning)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn as_json() -> serde_json::Value {
    let network = TABLE_SHAPES.iter().map(|shape| {
        serde_json::json!({
            "table": shape.name, "required": shape.required, "columns": shape.columns,
            "optional": shape.optional, "further_columns": shape.open,
        })
    });
    let result = TABLES.iter().map(|table| {
        let columns = table.columns.iter().map(|column| {
            serde_json::json!({ "name": column.name, "unit": column.unit, "meaning": column.meaning })
        });
        serde_json::json!({ "table": table.name, "grain": table.grain, "columns": columns.collect::<Vec<_>>() })
    });
    serde_json::json!({
        "schema_version": slashfall_output::SCHEMA_VERSION,
        "network": network.collect::<Vec<_>>(),
        "result": result.collect::<Vec<_>>(),
    })
}
