//! What the figures are of: inputs with their digests, assumptions, definitions, proof of the program.

use maud::{Markup, html};
use serde_json::Value;
use slashfall_output::number;

use super::section;
use crate::page::View;
use crate::tables::Tables;

pub(crate) fn provenance(view: &View<'_>) -> Markup {
    let own = view.own;
    let body = html! {
        (facts(own))
        @if let Some(versus) = view.versus {
            h3 { "Set beside: " (view.versus_name()) }
            (facts(versus))
        }
        (inputs(own))
        (assumptions(view))
        (definitions(own))
    };
    section("provenance", "Whence the figures are", &body)
}

fn facts(tables: &Tables) -> Markup {
    let manifest = &tables.manifest;
    let whole = |key: &str| manifest[key].as_u64().map_or_else(|| "–".to_owned(), number::count);
    let paths = manifest["paths"].as_object().into_iter().flatten();
    let paths: Vec<String> = paths
        .map(|(name, n)| {
            let method = manifest["sampling"][name]["method"].as_str().unwrap_or("plain");
            format!("{name}: {} ({method})", number::count(n.as_u64().unwrap_or(0)))
        })
        .collect();
    let proof = &manifest["selftest"];
    let proved = proof["problems"].as_u64().map(|n| {
        let failed = proof["failed"].as_u64().unwrap_or(0);
        format!(
            "{n} exactly solvable problems before the run, {failed} failed; digest {}",
            text(&proof["sha256"])
        )
    });
    let command: Vec<&str> =
        manifest["command"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let rows = [
        (
            "Program",
            format!(
                "{}, schema {}, streams {}",
                tables.of_manifest("program"),
                tables.of_manifest("schema_version"),
                manifest["streams_version"]
            ),
        ),
        ("Command", command.join(" ")),
        (
            "Network",
            format!(
                "{} as of {}{}",
                tables.of_manifest("network"),
                tables.of_manifest("network_as_of"),
                if manifest["network_synthetic"] == true { ", partly synthetic" } else { "" }
            ),
        ),
        ("Paths by scenario", paths.join("; ")),
        ("Seed", manifest["seed"].to_string()),
        ("Digest of inputs", tables.of_manifest("inputs_sha256").to_owned()),
        ("Digest of the configuration", tables.of_manifest("config_sha256").to_owned()),
        ("Self-test", proved.unwrap_or_else(|| "–".to_owned())),
        (
            "Books",
            format!(
                "off by {} of the stake at most; {} paths unbalanced, {} cut off",
                manifest["books_error_max"]
                    .as_f64()
                    .map_or_else(|| "–".to_owned(), |x| format!("{x:.1e}")),
                whole("unbalanced_paths"),
                whole("truncated_paths")
            ),
        ),
    ];
    html! {
        dl.facts { @for (name, value) in rows { dt { (name) } dd { (value) } } }
    }
}

fn inputs(tables: &Tables) -> Markup {
    let inputs = tables.manifest["inputs"].as_array().into_iter().flatten();
    html! {
        details { summary { "Inputs and their SHA-256" }
            div.scroll { table { tbody { @for input in inputs {
                tr { td.text { (text(&input["path"])) } td.text.digest { (text(&input["sha256"])) } }
            } } } }
        }
    }
}

/// The run file of the scenario, and what holds where it says nothing.
fn assumptions(view: &View<'_>) -> Markup {
    let manifest = &view.own.manifest;
    let config = &manifest["config"][&view.subject.scenario];
    let written = serde_json::to_string_pretty(config).unwrap_or_default();
    let absent = manifest["absent_keys"].as_object().into_iter().flatten();
    let idle: Vec<&str> = manifest["not_applied"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    html! {
        details { summary { "Assumptions: the run file of scenario " (view.subject.scenario) }
            pre { (written) }
        }
        details { summary { "Assumptions: keys that it does not give, and what holds then" }
            div.scroll { table { tbody { @for (key, value) in absent { tr { td.text { code { (key) } } td.number { (value) } } } } } }
        }
        @if !idle.is_empty() { details { summary { "Keys without effect in this run" } ul { @for key in idle { li { code { (key) } } } } } }
    }
}

fn definitions(tables: &Tables) -> Markup {
    let all = tables.manifest["definitions"].as_object().into_iter().flatten();
    html! {
        details { summary { "Definitions" }
            dl.facts { @for (name, value) in all { dt { (name) } dd { (text(value)) } } }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
