//! Breaks a network on its way into a run. That each fault is found is the business of the graph
//! crate's own tests; here, that the author hears of it and that nothing is written.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;

use crate::example::{Example, Expected, problems_of};

/// A file of the network, text that is there once and what takes its place, and what is said:
/// row, column, value found and words.
type Case = (
    &'static str,
    (&'static str, &'static str),
    Option<usize>,
    (&'static str, &'static str),
    &'static [&'static str],
);

#[rustfmt::skip]
const CASES: [Case; 24] = [
    ("network.toml", ("name", "nmae = 1\nname"), Some(1), ("nmae", "nmae"), &["did you mean \"name\"?"]),
    ("network.toml", ("2026-11-20", "\"20.11.2026\""), None, ("as_of", "20.11.2026"), &["YYYY-MM-DD"]),
    ("holdings.csv", (",100\n", ",nan\n"), Some(4), ("amount_eth", "NaN"), &["a finite amount in ETH"]),
    ("holdings.csv", (",100\n", ",inf\n"), Some(4), ("amount_eth", "inf"), &["a finite amount in ETH"]),
    ("holdings.csv", (",100\n", ",-100\n"), Some(4), ("amount_eth", "-100"), &["0 or from 1e-18 (one wei) to 1e15"]),
    ("holdings.csv", (",100\n", ",\n"), Some(4), ("amount_eth", ""), &["empty", "a finite amount in ETH"]),
    ("holdings.csv", (",100\n", ",100,1\n"), Some(4), ("", "5 cells"), &["4 cells were expected"]),
    ("holdings.csv", ("direct,C,ETH", "direct,C,stEHT"), Some(6), ("asset", "stEHT"), &["did you mean \"stETH\"?"]),
    ("holdings.csv", ("direct,C,ETH", "direct,D,ETH"), Some(6), ("operator", "D"), &["an operator"]),
    ("holdings.csv", ("direct,C,ETH", "dierct,C,ETH"), Some(6), ("holder", "dierct"), &["did you mean \"direct\"?"]),
    ("holdings.csv", ("60\n", "60\nstETH,,ezETH,5\n"), Some(7), ("asset", "ezETH -> stETH -> ezETH"), &["no circle"]),
    ("holdings.csv", ("60\n", "60\ndirect,C,ETH,1\n"), Some(7), ("holder", ""), &["row 6"]),
    ("assets.csv", ("stETH,lst", "stETH,lstt"), Some(2), ("kind", "lstt"), &["did you mean \"lst\"?"]),
    ("assets.csv", ("lrt,,7", "lrt,,7\nrsETH,lrt,,7"), Some(4), ("asset", "rsETH"), &["nothing backs"]),
    ("operators.csv", ("C,Gamma\n", "C,Gamma\nA,Gamma\n"), Some(4), ("operator", "A"), &["row 1"]),
    ("avs.csv", ("da,unique", "da,uniqe"), Some(1), ("sharing", "uniqe"), &["did you mean \"unique\"?"]),
    ("allocations.csv", ("bridge,A,ETH,0.3", "bridge,A,ETH,0.6"), Some(2), ("fraction", "0.6"), &["at most 1", "1.1", "da, bridge"]),
    ("allocations.csv", ("bridge,A,ETH,0.3", "bridge,A,ETH,30"), Some(2), ("fraction", "30"), &["between 0 and 1"]),
    ("allocations.csv", ("bridge,A,ETH,0.3", "brigde,A,ETH,0.3"), Some(2), ("avs", "brigde"), &["did you mean \"bridge\"?"]),
    ("groups.csv", ("teku,client,A,0.5", "teku,client,A,0.6"), Some(2), ("share", "0.6"), &["1.1"]),
    ("groups.csv", ("aws,cloud,B,1", "aws,client,B,1\naws,cloud,C,1"), Some(4), ("kind", "cloud"), &["client"]),
    ("portfolios.csv", ("fund,ezETH", "fund,ezEHT"), Some(1), ("asset", "ezEHT"), &["did you mean \"ezETH\"?"]),
    ("portfolios.csv", ("asset,amount_eth\nfund,ezETH,25", "asset,amount_eth,colour\nfund,ezETH,25,red"), None, ("colour", "colour"), &["one of the columns"]),
    ("holdings.csv", (",amount_eth", ""), None, ("amount_eth", ""), &["this column was expected and is missing"]),
];

#[test]
fn tables() {
    let mut faults = Vec::new();
    for (file, (from, to), row, (key, found), words) in CASES {
        let example = Example::new();
        let path = format!("network/{file}");
        example.swap(&path, from, to);
        let place = match row {
            Some(row) if file.ends_with("toml") => format!("{file}, line {row}"),
            Some(row) => format!("{file}, row {row} (line {})", row + 1),
            None => file.to_owned(),
        };
        let problems = problems_of(&example, &["run", "run.toml"]);
        // Without its last column, rows have more cells than the header: a problem each, after that of the header.
        let n = if to.is_empty() { problems.len() } else { 1 };
        if problems.len() == n {
            faults.extend(Expected { place, key, found, words }.fault_in(&problems[0]));
        } else {
            faults.push(format!("{file} {from:?} -> {to:?}: {problems:#?}"));
        }
        assert_eq!(problems_of(&example, &["check", "run.toml"]), problems);
        assert_eq!(problems_of(&example, &["check", "network"]), problems);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Puts `bytes` in place of a file of the network and expects one problem that starts so.
#[track_caller]
fn check_bytes(file: &str, bytes: &[u8], start: &str, words: &[&str]) {
    let example = Example::new();
    example.write(&format!("network/{file}"), bytes);
    let problems = problems_of(&example, &["run", "run.toml"]);
    assert_eq!(problems.len(), 1, "{file}: {problems:#?}");
    assert!(problems[0].starts_with(&format!("error: {start}: ")), "{}", problems[0]);
    assert!(words.iter().all(|word| problems[0].contains(word)), "{words:?} in {}", problems[0]);
}

#[test]
fn files_that_are_no_tables() {
    check_bytes("holdings.csv", b"", "holdings.csv", &["header line", "empty"]);
    let header = b"holder,operator,asset,amount_eth\n";
    check_bytes("holdings.csv", header, "holdings.csv", &["at least one row"]);
    let latin = b"group,kind,operator,share\nprysm,client,A,1\naws,cloud,B,1\nZ\xFCrich,dc,C,1\n";
    check_bytes("groups.csv", latin, "groups.csv, row 3 (line 4), column `group`", &["UTF-8"]);
    check_bytes("network.toml", b"name = \xFF\n", "network.toml, line 1", &["UTF-8"]);
    check_bytes("holding.csv", b"a\n", "holding.csv", &["did you mean \"holdings.csv\"?"]);
    check_bytes("groups.parquet", b"x", "groups.parquet", &["groups.csv is there too"]);
}

#[test]
fn a_parquet_file_cut_short() {
    let example = Example::new();
    std::fs::remove_file(example.path("network/portfolios.csv")).unwrap();
    let columns: [(&str, ArrayRef); 3] = [
        ("portfolio", Arc::new(StringArray::from(vec!["fund"]))),
        ("asset", Arc::new(StringArray::from(vec!["ezETH"]))),
        ("amount_eth", Arc::new(Float64Array::from(vec![25.0]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let whole = writer.into_inner().unwrap();
    example.write("network/portfolios.parquet", &whole);
    example.good(&["check", "run.toml"]);
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        example.write("network/portfolios.parquet", &whole[..length]);
        let problems = problems_of(&example, &["run", "run.toml"]);
        assert_eq!(problems.len(), 1, "cut at {length}: {problems:#?}");
        let start = "error: portfolios.parquet: a whole Parquet file was expected";
        assert!(problems[0].starts_with(start), "{}", problems[0]);
    }
}

#[test]
fn folders() {
    let example = Example::new();
    let problems = problems_of(&example, &["check", "nowhere"]);
    assert!(problems[0].contains("nowhere"), "{problems:#?}");
    for table in ["assets", "operators", "holdings"] {
        let example = Example::new();
        std::fs::remove_file(example.path(&format!("network/{table}.csv"))).unwrap();
        let problems = problems_of(&example, &["check", "network"]);
        let start = format!("error: {table}.csv: ");
        assert!(problems.len() == 1 && problems[0].starts_with(&start), "{problems:#?}");
    }
}
