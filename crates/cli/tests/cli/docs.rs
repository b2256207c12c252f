//! `docs/formats.md` says of every column what the program says of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::example::Example;
use crate::table::Table;

/// What rewrites the tables of `docs/formats.md`.
const BLESS: &str = "BLESS=1 cargo test --workspace --test cli formats_md";

/// The blocks of a page by name, each from its marker to the end marker.
fn blocks(page: &str) -> BTreeMap<String, String> {
    let mut blocks = BTreeMap::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        let marker = line.strip_prefix("<!-- schema:").and_then(|name| name.strip_suffix(" -->"));
        if let Some(name) = marker {
            assert!(open.is_none(), "{name} begins within another block");
            open = Some((name.to_owned(), String::new()));
        }
        if let Some((_, text)) = &mut open {
            text.push_str(line);
            text.push('\n');
        }
        if line == "<!-- /schema -->" {
            let (name, text) = open.take().expect("a block ends that has begun");
            assert!(blocks.insert(name.clone(), text).is_none(), "{name} is there twice");
        }
    }
    assert!(open.is_none(), "{open:?} does not end");
    blocks
}

#[test]
fn formats_md_has_the_tables_as_they_are_written() {
    let said = blocks(&Example::empty().good(&["schema", "--markdown"]));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = fs::read_to_string(&path).unwrap();
    let there = blocks(&page);
    let names = |blocks: &BTreeMap<String, String>| blocks.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&there), names(&said), "docs/formats.md has a block for each table");
    let fresh = there.iter().fold(page.clone(), |page, (name, old)| page.replace(old, &said[name]));
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &fresh).unwrap();
        return;
    }
    let old = there.iter().filter(|(name, block)| said[*name] != **block);
    let old: Vec<&String> = old.map(|(name, _)| name).collect();
    assert!(old.is_empty(), "docs/formats.md is not what the program says of {old:?}; run {BLESS}");
    assert_eq!(page, fresh);
}

/// Figures of assets and portfolios stand once in the docs, and so they do in files, a name each.
#[test]
fn paths_have_the_columns_that_are_said() {
    let example = Example::new();
    let detail = ["--set", "run.detail=paths", "--paths", "100", "-o", "result", "--quiet"];
    example.good(&[&["run", "run.toml"], &detail[..]].concat());
    let page = blocks(&example.good(&["schema", "--markdown"]));
    let said = page["paths"].lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let (own, named): (Vec<&str>, Vec<&str>) = said.partition(|name| !name.contains("NAME"));
    let of = |prefix: &str, name: &str| {
        let named = named.iter().filter(|column| column.starts_with(prefix));
        named.map(|column| column.replace("NAME", name)).collect::<Vec<_>>()
    };
    let mut expected: Vec<String> = own.into_iter().map(str::to_owned).collect();
    expected.extend([of("asset.", "stETH"), of("asset.", "ezETH")].concat());
    expected.extend(of("portfolio.", "fund"));
    let rows = Table::read(&example.path("result/paths/scenario000-000000000000.parquet"));
    assert_eq!(rows.columns.into_iter().map(|(name, _)| name).collect::<Vec<_>>(), expected);
}
