//! Breaks a good network folder in every way its format forbids, and checks that the author is
//! told where, what was found and what was expected, with no noise that follows from it.

#![expect(clippy::unwrap_used, reason = "a test stops where its own files fail")]

mod small_folder;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use slashfall_graph::{Problem, load_network, read_network};

use small_folder::Edit::{self, Add, Remove, Swap, Write};
use small_folder::{At, GOOD, apply, check, good_folder, is_at, problems_of};

#[test]
fn the_good_folder_is_good() {
    let dir = good_folder();
    let resolved = load_network(dir.path()).unwrap();
    assert_eq!(resolved.warnings, []);
    assert_eq!(resolved.network.assets().len(), 5);
    assert_eq!(resolved.network.allocations().len(), 6);
    assert_eq!(resolved.network.groups().len(), 5);
}

#[test]
fn files_and_folders() {
    let nowhere = problems_of(Path::new("/nowhere/at/all"));
    assert_eq!(nowhere.as_slice().len(), 1);
    assert!(nowhere.to_string().contains("a network folder was expected"));
    check("network.toml", &Remove, ("network.toml", None, ""), &["`name`", "`as_of`"]);
    check("assets.csv", &Remove, ("assets.csv", None, ""), &["assets.parquet", "expected"]);
    check("operators.csv", &Remove, ("operators.csv", None, ""), &["this table"]);
    check("holdings.csv", &Remove, ("holdings.csv", None, ""), &["this table"]);
    check("holdings.csv", &Write(b""), ("holdings.csv", None, ""), &["header", "empty"]);
    let header = b"holder,operator,asset,amount_eth\n";
    check("holdings.csv", &Write(header), ("holdings.csv", None, ""), &["at least one row"]);
    let at = ("loan.csv", None, "");
    check("loan.csv", &Write(b"a\n"), at, &["no table", "did you mean \"loans.csv\""]);
    let at = ("asset.parquet", None, "");
    check("asset.parquet", &Write(b"a\n"), at, &["did you mean \"assets.parquet\""]);
    let at = ("pools.parquet", None, "");
    check("pools.parquet", &Write(b"x"), at, &["pools.csv is there too"]);
}

#[test]
fn damaged_files() {
    let latin = b"group,kind,operator,share\nprysm,client,A,0.5\nZ\xFCrich,region,B,1\n";
    check("groups.csv", &Write(latin), ("groups.csv", Some(2), "group"), &["UTF-8", "line 3"]);
    let latin = b"gr\xFCppe,kind,operator,share\nprysm,client,A,0.5\n";
    check("groups.csv", &Write(latin), ("groups.csv", Some(1), ""), &["UTF-8", "line 1"]);
    let at = ("groups.csv", Some(3), "group");
    check("groups.csv", &Swap("aws,", "\"aws,"), at, &["one line", "quotation mark"]);
    let at = ("holdings.csv", Some(4), "");
    check("holdings.csv", &Swap("ezETH,,stETH,100", "ezETH,stETH,100"), at, &["3 cells", "4"]);
    let at = ("groups.csv", None, "");
    let semicolons = b"group;kind;operator;share\nprysm;client;A;0.5\n";
    check("groups.csv", &Write(semicolons), at, &["commas"]);

    let dir = good_folder();
    fs::remove_file(dir.path().join("pools.csv")).unwrap();
    fs::write(dir.path().join("pools.parquet"), b"PAR1 and no more").unwrap();
    let problems = problems_of(dir.path());
    assert_eq!(problems.as_slice().len(), 1, "{problems}");
    assert!(problems.to_string().starts_with("pools.parquet: a whole Parquet file was expected"));
}

#[test]
fn headers() {
    let at = ("groups.csv", None, "city");
    let wider = b"group,kind,operator,share,city\naws,cloud,B,1,Bern\n";
    check("groups.csv", &Write(wider), at, &["one of the columns"]);
    let at = ("groups.csv", None, "share");
    let twice = b"group,kind,operator,share,share\naws,cloud,B,1,0\n";
    check("groups.csv", &Write(twice), at, &["once"]);

    let dir = good_folder();
    apply(dir.path(), "holdings.csv", &Swap("amount_eth", "amout_eth"));
    let problems = problems_of(dir.path());
    let [unknown, missing] = problems.as_slice() else { panic!("{problems}") };
    assert_eq!(unknown.nearest.as_deref(), Some("amount_eth"));
    assert_eq!(missing.key.as_deref(), Some("amount_eth"));
    assert_eq!(missing.nearest.as_deref(), Some("amout_eth"));
}

#[test]
fn network_toml() {
    const FILE: &str = "network.toml";
    check(FILE, &Swap("name =", "nmae = \"x\"\nname ="), (FILE, Some(1), "nmae"), &["\"name\"?"]);
    check(FILE, &Swap("\"small\"", "7"), (FILE, Some(1), "name"), &["a string", "integer"]);
    check(FILE, &Swap("\"small\"", "\"\""), (FILE, None, "name"), &["a name of the network"]);
    check(FILE, &Swap("true", "\"yes\""), (FILE, Some(4), "synthetic"), &["true or false"]);
    check(FILE, &Swap("2026-11-20", "\"20.11.2026\""), (FILE, None, "as_of"), &["YYYY-MM-DD"]);
    check(FILE, &Swap("2026-11-20", "2026"), (FILE, Some(2), "as_of"), &["YYYY-MM-DD"]);
    check(FILE, &Swap("2026-11-20", "2026-11-20T01:02:03Z"), (FILE, None, "as_of"), &["T01:02"]);
    check(FILE, &Swap("as_of = 2026-11-20\n", ""), (FILE, None, "as_of"), &["a date"]);
    check(FILE, &Swap("\"made up\"", "made up"), (FILE, Some(3), ""), &["TOML was expected"]);
    check(FILE, &Write(b"name = \"x\"\n# \xFF\n"), (FILE, Some(2), ""), &["UTF-8"]);
}

#[test]
fn cells() {
    let holdings = |cell, words: &[&str]| {
        check("holdings.csv", &Swap("1000", cell), ("holdings.csv", Some(1), "amount_eth"), words);
    };
    holdings("", &["cell is empty", "a finite amount in ETH, 0 or from 1e-18"]);
    holdings("1e3x", &["found \"1e3x\"", "a finite amount in ETH"]);
    holdings("\"1,000\"", &["found \"1,000\""]);
    holdings("NaN", &["found \"NaN\"", "finite"]);
    holdings("inf", &["found \"inf\"", "finite"]);
    holdings("-1", &["found \"-1\"", "0 or from 1e-18"]);
    holdings("9e-19", &["found \"0.0000000000000000009\"", "one wei"]);
    let at = ("holdings.csv", Some(7), "holder");
    check("holdings.csv", &Swap("direct,C", ",C"), at, &["a name was expected", "line 8"]);
    let at = ("assets.csv", Some(3), "kind");
    check("assets.csv", &Swap("lst", "lsts"), at, &["base, lst, lrt, bridged", "\"lst\"?"]);
    let at = ("pools.csv", Some(1), "invariant");
    check("pools.csv", &Swap("stableswap", "curve"), at, &["stableswap, constant_product"]);
    let at = ("avs.csv", Some(3), "redistributes");
    check("avs.csv", &Swap("TRUE", "perhaps"), at, &["true or false"]);
    let at = ("portfolios.csv", Some(2), "asset");
    check("portfolios.csv", &Swap("fund,,aave", "fund,,"), at, &["an asset, or a market"]);
    let at = ("portfolios.csv", Some(2), "market");
    check("portfolios.csv", &Swap("fund,,aave", "fund,stETH,aave"), at, &["not both"]);
}

const OUT_OF_RANGE: [(&str, Edit, At, &str); 25] = [
    ("assets.csv", Swap("-0.5", "-1.5"), ("assets.csv", Some(2), "beta_market"), "-1 and 1"),
    ("assets.csv", Swap("0.6", "-0.6"), ("assets.csv", Some(2), "vol_annual"), "60 %"),
    ("assets.csv", Swap("4,,", "-4,,"), ("assets.csv", Some(3), "redemption_days"), "days"),
    ("assets.csv", Swap("600", "0"), ("assets.csv", Some(4), "supply_eth"), "above 0"),
    ("avs.csv", Swap("0.4", "0"), ("avs.csv", Some(1), "attack_threshold"), "above 0"),
    ("avs.csv", Swap("500", "-5"), ("avs.csv", Some(1), "secured_value_eth"), "ETH"),
    ("allocations.csv", Swap("0.5", "50"), ("allocations.csv", Some(1), "fraction"), "5 %"),
    ("groups.csv", Swap("B,1", "B,2"), ("groups.csv", Some(3), "share"), "between 0 and 1"),
    ("pools.csv", Swap("0.0004", "1"), ("pools.csv", Some(1), "fee"), "below 1"),
    ("pools.csv", Swap("50,0", "0,0"), ("pools.csv", Some(1), "amplification"), "between 0.01"),
    ("pools.csv", Swap("50,0", "2e6,0"), ("pools.csv", Some(1), "amplification"), "1,000,000"),
    ("pools.csv", Swap("100", "0"), ("pools.csv", Some(1), "reserve_eth"), "least 1e-18"),
    ("pools.csv", Swap("80,", "1e-19,"), ("pools.csv", Some(1), "reserve_asset_eth"), "one wei"),
    ("pools.csv", Swap("80,100", "80,8.1e7"), ("pools.csv", Some(1), "reserve_eth"), "_eth, 80, w"),
    ("pools.csv", Swap("80,100", "80,7e-5"), ("pools.csv", Some(1), "reserve_eth"), "a millionth"),
    ("loans.csv", Swap("1.05", "0"), ("loans.csv", Some(2), "health_factor"), "between 0.01"),
    ("loans.csv", Swap("1.05", "1e-3"), ("loans.csv", Some(2), "health_factor"), "between 0.01"),
    ("loans.csv", Swap("1.05", "1e7"), ("loans.csv", Some(2), "health_factor"), "1,000,000"),
    ("loans.csv", Swap("0.7,0.77", "0.8,0.77"), ("loans.csv", Some(3), "ltv"), "at most"),
    ("loans.csv", Swap("40,1", "40,1.5"), ("loans.csv", Some(3), "close_factor"), "at most 1"),
    ("assets.csv", Swap("0.0265", "2.65e1"), ("assets.csv", Some(3), "yield_staking"), "3 %"),
    ("assets.csv", Swap("0.004", "-1"), ("assets.csv", Some(4), "yield_campaign"), "0 and 10"),
    ("reserves.csv", Swap("100", "0"), ("reserves.csv", Some(1), "supplied_eth"), "least 1e-18"),
    ("reserves.csv", Swap("0.9", "1"), ("reserves.csv", Some(1), "optimal_utilization"), "90 %"),
    ("reserves.csv", Swap("0.8", "80"), ("reserves.csv", Some(1), "slope_2"), "0.03 is 3 %"),
];

#[test]
fn ranges() {
    for (file, edit, at, word) in OUT_OF_RANGE {
        check(file, &edit, at, &[word]);
    }
}

const UNKNOWN_NAMES: [(&str, Edit, At, &[&str]); 17] = [
    ("holdings.csv", Swap("stETH,A", "stEHT,A"), ("holdings.csv", Some(1), "holder"), &[]),
    ("holdings.csv", Swap("stETH,A", "ETH,A"), ("holdings.csv", Some(1), "holder"), &["wrap"]),
    ("holdings.csv", Add("direct,D,ETH,1"), ("holdings.csv", Some(8), "operator"), &["table"]),
    ("holdings.csv", Add("direct,C,ezEHT,1"), ("holdings.csv", Some(8), "asset"), &["ezETH"]),
    ("allocations.csv", Add("dda,C,ETH,1"), ("allocations.csv", Some(6), "avs"), &["da"]),
    ("allocations.csv", Add("tower,c,ETH,1"), ("allocations.csv", Some(6), "operator"), &["C"]),
    ("allocations.csv", Add("da,A,stEth,1"), ("allocations.csv", Some(6), "asset"), &["stETH"]),
    ("groups.csv", Add("gcp,cloud,Z,1"), ("groups.csv", Some(4), "operator"), &["an operator"]),
    ("pools.csv", Swap("uni,stETH", "uni,rsETH"), ("pools.csv", Some(2), "asset"), &["stETH"]),
    ("pools.csv", Swap("uni,stETH", "uni,USD"), ("pools.csv", Some(2), "asset"), &["wrapped"]),
    ("loans.csv", Swap("USD", "USDC"), ("loans.csv", Some(3), "debt_asset"), &["\"USD\"?"]),
    ("loans.csv", Swap("USD", "stETH"), ("loans.csv", Some(3), "debt_asset"), &["a base"]),
    ("loans.csv", Swap("40,1,", "40,1,wet"), ("loans.csv", Some(3), "reserve"), &["\"weth\"?"]),
    ("reserves.csv", Swap("ETH", "USDC"), ("reserves.csv", Some(1), "asset"), &["\"USD\"?"]),
    ("reserves.csv", Swap("ETH", "stETH"), ("reserves.csv", Some(1), "asset"), &["a base"]),
    ("portfolios.csv", Swap("ez", "xz"), ("portfolios.csv", Some(1), "asset"), &["ezETH"]),
    ("portfolios.csv", Swap(",aave", ",ave"), ("portfolios.csv", Some(2), "market"), &["aave"]),
];

#[test]
fn unknown_names() {
    for (file, edit, at, words) in UNKNOWN_NAMES {
        check(file, &edit, at, words);
    }
}

const BAD_KEYS: [(&str, Edit, At, &[&str]); 15] = [
    ("assets.csv", Add("stETH,lst,,,,,,,,"), ("assets.csv", Some(6), "asset"), &["row 3"]),
    ("assets.csv", Add("direct,base,,,,,,,,"), ("assets.csv", Some(6), "asset"), &["another name"]),
    ("operators.csv", Add("A,Other,"), ("operators.csv", Some(4), "operator"), &["row 1"]),
    ("operators.csv", Add("*,Other,"), ("operators.csv", Some(4), "operator"), &["`*`"]),
    ("avs.csv", Add("da,unique,,,,"), ("avs.csv", Some(5), "avs"), &["row 1"]),
    ("avs.csv", Add("direct,unique,,,,"), ("avs.csv", Some(5), "avs"), &["another name"]),
    (
        "holdings.csv",
        Add("direct,C,ETH,1"),
        ("holdings.csv", Some(8), "holder"),
        &["direct, C, ETH", "row 7"],
    ),
    ("allocations.csv", Add("da,A,ETH,0.1"), ("allocations.csv", Some(6), "avs"), &["row 1"]),
    ("allocations.csv", Add("da,B,ETH,0.1"), ("allocations.csv", Some(6), "asset"), &["every"]),
    ("groups.csv", Add("aws,cloud,B,0"), ("groups.csv", Some(4), "group"), &["aws, B"]),
    ("pools.csv", Add("uni,stETH,stableswap,9,9,,"), ("pools.csv", Some(3), "pool"), &["row 2"]),
    (
        "reserves.csv",
        Add("weth,ETH,100,,0.9,0,0.03,1"),
        ("reserves.csv", Some(2), "reserve"),
        &["row 1 is the same"],
    ),
    ("reserves.csv", Add("*,ETH,1,,0.9,0,0.03,1"), ("reserves.csv", Some(2), "reserve"), &["`*`"]),
    ("portfolios.csv", Add("fund,ezETH,,1"), ("portfolios.csv", Some(3), "portfolio"), &[]),
    ("groups.csv", Add("aws,region,C,1"), ("groups.csv", Some(4), "kind"), &["cloud was"]),
];

#[test]
fn keys() {
    for (file, edit, at, words) in BAD_KEYS {
        check(file, &edit, at, words);
    }
}

#[test]
fn numbers_that_an_asset_does_not_have() {
    let at = ("assets.csv", Some(1), "vol_annual");
    check("assets.csv", &Swap("ETH,base,,,,,,", "ETH,base,,,,,0.1,"), at, &["own price"]);
    let at = ("assets.csv", Some(2), "buffer_eth");
    check("assets.csv", &Swap("USD,base,,,,", "USD,base,,5,,"), at, &["base asset"]);
    let at = ("assets.csv", Some(2), "supply_eth");
    check("assets.csv", &Swap("USD,base,,,,", "USD,base,9,,,"), at, &["base asset"]);
    let at = ("assets.csv", Some(3), "beta_market");
    check("assets.csv", &Swap("4,,", "4,,0.1"), at, &["follows its backing"]);
    let at = ("assets.csv", Some(1), "kind");
    check("assets.csv", &Swap("ETH,base,,,,,,", "ETH,lst,,,,,,"), at, &["base was expected"]);
    let at = ("assets.csv", Some(6), "asset");
    let at_yield = ("assets.csv", Some(2), "yield_staking");
    check("assets.csv", &Swap("-0.5,,", "-0.5,0.03,"), at_yield, &["only wrapped assets"]);
    check("assets.csv", &Add("weETH,lrt,,,,,,,,"), at, &["nothing backs"]);
}

#[test]
fn circles() {
    let at = ("holdings.csv", Some(8), "asset");
    check("holdings.csv", &Add("ezETH,,ezETH,1"), at, &["ezETH -> ezETH", "circle"]);
    let words = ["bezETH -> ezETH -> stETH -> bezETH"];
    check("holdings.csv", &Add("stETH,,bezETH,1"), at, &words);
}

#[test]
fn more_than_there_is() {
    let at = ("allocations.csv", Some(6), "fraction");
    check(
        "allocations.csv",
        &Add("bridge,B,stETH,0.7"),
        at,
        &["da, bridge", "1.1", "stETH with B"],
    );
    let at = ("allocations.csv", Some(2), "fraction");
    check("allocations.csv", &Swap("0.3", "0.50001"), at, &["da, bridge", "ETH with A"]);
    let at = ("allocations.csv", Some(6), "avs");
    check("allocations.csv", &Add("vault,B,ETH,0.7"), at, &["unique AVS da", "shared AVS vault"]);
    let at = ("groups.csv", Some(2), "share");
    check("groups.csv", &Swap("teku,client,A,0.5", "teku,client,A,0.6"), at, &["1.1", "client"]);
    let at = ("groups.csv", Some(3), "group");
    check("groups.csv", &Swap("aws", "Alpha"), at, &["entity of this name"]);
    let at = ("assets.csv", Some(3), "supply_eth");
    check("holdings.csv", &Swap("stETH,40", "stETH,901"), at, &["ezETH, direct", "1001"]);
    let at = ("assets.csv", Some(4), "supply_eth");
    check("loans.csv", &Swap(",40,1", ",481,1"), at, &["holdings and loans", "611"]);
    check("portfolios.csv", &Swap("25", "575"), at, &["holdings and portfolios", "625"]);
    check("pools.csv", &Swap("80,", "560,"), at, &["holdings and pools", "610"]);
}

#[test]
fn terms_of_a_market() {
    let row = "aave,ezETH,ETH,exchange_rate,0.9,0.95,0.01,1.2,5,,weth\n";
    for (column, from, to) in [
        ("collateral", "ezETH", "stETH"),
        ("debt_asset", ",ETH", ",USD"),
        ("oracle", "exchange_rate", "market"),
        ("ltv", "0.9,", "0.8,"),
        ("liquidation_threshold", "0.95", "0.96"),
        ("liquidation_bonus", "0.01", "0.02"),
        ("close_factor", ",5,", ",5,1"),
        ("reserve", ",weth", ","),
    ] {
        let other: &'static str = row.trim_end().replacen(from, to, 1).leak();
        let at = ("loans.csv", Some(4), column);
        check("loans.csv", &Add(other), at, &["first row of the market aave"]);
    }
    let empty = "void,ezETH,ETH,market,0.9,0.95,0.01,1.2,0,,";
    let at = ("loans.csv", Some(4), "market");
    check("loans.csv", &Add(empty), at, &["collateral above 0"]);
}

#[test]
fn reserves() {
    let at = ("loans.csv", Some(3), "reserve");
    let words = ["a reserve of USD, the debt asset", "this one lends ETH"];
    check("loans.csv", &Swap("40,1,", "40,1,weth"), at, &words);
    let at = ("reserves.csv", Some(1), "supplied_eth");
    // 0.95 (60 / 1.5 + 20 / 1.05) is owed and 30 lent to others.
    check("reserves.csv", &Swap("100", "86"), at, &["at least 86.09", "56.09", "30"]);
    let dir = good_folder();
    apply(dir.path(), "reserves.csv", &Swap("100,30", "86.1,30"));
    assert_eq!(load_network(dir.path()).unwrap().warnings, []);
    apply(dir.path(), "reserves.csv", &Add("idle,USD,5,,0.9,0,0.05,1"));
    let warnings = load_network(dir.path()).unwrap().warnings;
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(is_at(warning, ("reserves.csv", Some(2), "reserve")), "{warning}");
    // Both rows of the market name what is then unknown.
    fs::remove_file(dir.path().join("reserves.csv")).unwrap();
    assert_eq!(problems_of(dir.path()).as_slice().len(), 2);
}

#[test]
fn pools_out_of_line_are_told() {
    let warnings = |from, to| {
        let dir = good_folder();
        apply(dir.path(), "pools.csv", &Swap(from, to));
        load_network(dir.path()).unwrap().warnings
    };
    let [low] = &warnings("product,70,70", "product,70,7")[..] else { panic!("one warning") };
    assert!(is_at(low, ("pools.csv", Some(2), "reserve_eth")), "{low}");
    assert!(low.to_string().contains("found \"7\""), "{low}");
    assert!(low.to_string().contains("uni starts at a price of 0.100 of nav"), "{low}");
    assert_eq!(warnings("product,70,70", "product,70,73.4"), []);
    assert_eq!(warnings("product,70,70", "product,70,73.6").len(), 1);
    // A high amplification holds a price of 1 through what would be 0.29.
    assert_eq!(warnings("80,100,50", "70,20,500"), []);
    assert_eq!(warnings("80,100,50", "70,20,1").len(), 1);
}

#[test]
fn several_at_once() {
    let dir = good_folder();
    apply(dir.path(), "holdings.csv", &Swap("1000", "NaN"));
    apply(dir.path(), "holdings.csv", &Add("direct,D,ETH,5"));
    apply(dir.path(), "allocations.csv", &Swap("0.3", "0.9"));
    apply(dir.path(), "loans.csv", &Swap("0.77", "1.77"));
    apply(dir.path(), "network.toml", &Swap("true", "3"));
    apply(dir.path(), "pools.csv", &Swap("50,0.0004", "fifty,0.0004"));
    let problems = problems_of(dir.path());
    let expected: [At; 6] = [
        ("network.toml", Some(4), "synthetic"),
        ("pools.csv", Some(1), "amplification"),
        ("holdings.csv", Some(1), "amount_eth"),
        ("holdings.csv", Some(8), "operator"),
        ("allocations.csv", Some(2), "fraction"),
        ("loans.csv", Some(3), "liquidation_threshold"),
    ];
    for at in expected {
        assert!(problems.as_slice().iter().any(|p| is_at(p, at)), "{at:?} not in:\n{problems}");
    }
    assert_eq!(problems.as_slice().len(), expected.len(), "{problems}");
}

#[test]
fn names_of_rows_that_cannot_be_read_are_known() {
    for (file, from, to) in [
        ("assets.csv", "600", "six hundred"),
        ("operators.csv", "B,Alpha", "B,"),
        ("avs.csv", "da,unique", "da,unik"),
        ("loans.csv", "ETH,exchange_rate,0.9,0.95,0.01,1.5", "ETH,exchange_rate,0.9,0.95,0.01,x"),
        ("reserves.csv", "100", "a hundred"),
    ] {
        let dir = good_folder();
        apply(dir.path(), file, &Swap(from, to));
        let problems = problems_of(dir.path());
        assert_eq!(problems.as_slice().len(), 1, "{problems}");
    }
}

#[test]
fn how_a_file_is_written_does_not_matter() {
    let good = good_folder();
    let expected = load_network(good.path()).unwrap();
    let odd = good_folder();
    for (file, text) in GOOD.into_iter().filter(|(file, _)| file.ends_with("csv")) {
        let text = text.replace(',', " ,\t").replace('\n', "\r\n\r\n");
        fs::write(odd.path().join(file), format!("\u{feff}{text}")).unwrap();
    }
    assert_eq!(load_network(odd.path()).unwrap(), expected);
    let read = read_network(odd.path()).unwrap();
    assert_eq!(read.groups.lines, [3, 5, 7]);
}

/// Rewrites a CSV table of text as Parquet, empty cells as nulls.
fn to_parquet(dir: &Path, table: &str) {
    let csv = dir.join(format!("{table}.csv"));
    let mut reader = csv::Reader::from_path(&csv).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |index: usize| -> ArrayRef {
        let cells = || rows.iter().map(|row| Some(&row[index]).filter(|text| !text.is_empty()));
        let numbers: Option<Vec<Option<f64>>> =
            cells().map(|cell| cell.map(str::parse).transpose().ok()).collect();
        match numbers {
            Some(numbers) => Arc::new(arrow_array::Float64Array::from(numbers)),
            None => Arc::new(StringArray::from_iter(cells())),
        }
    };
    let columns = header.iter().enumerate().map(|(index, name)| (name, column(index)));
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true)));
    let batch = batch.unwrap();
    let file = fs::File::create(dir.join(format!("{table}.parquet"))).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fs::remove_file(csv).unwrap();
}

#[test]
fn parquet_reads_as_csv_does() {
    let csv = good_folder();
    apply(csv.path(), "holdings.csv", &Swap("1000", "1000.1234567890123"));
    let parquet = good_folder();
    apply(parquet.path(), "holdings.csv", &Swap("1000", "1000.1234567890123"));
    for (file, _) in GOOD {
        if let Some(table) = file.strip_suffix(".csv") {
            to_parquet(parquet.path(), table);
        }
    }
    let (a, b) = (read_network(csv.path()).unwrap(), read_network(parquet.path()).unwrap());
    assert_eq!(a.meta, b.meta);
    assert_eq!(a.assets.rows, b.assets.rows);
    assert_eq!(a.operators.rows, b.operators.rows);
    assert_eq!(a.avs.rows, b.avs.rows);
    assert_eq!(a.holdings.rows, b.holdings.rows);
    assert_eq!(a.allocations.rows, b.allocations.rows);
    assert_eq!(a.groups.rows, b.groups.rows);
    assert_eq!(a.pools.rows, b.pools.rows);
    assert_eq!(a.loans.rows, b.loans.rows);
    assert_eq!(a.reserves.rows, b.reserves.rows);
    assert_eq!(a.portfolios.rows, b.portfolios.rows);
    assert_eq!(b.holdings.file, "holdings.parquet");
    assert_eq!(load_network(csv.path()).unwrap(), load_network(parquet.path()).unwrap());
}

#[test]
fn rows_of_a_parquet_file_keep_their_number() {
    let dir = good_folder();
    apply(dir.path(), "pools.csv", &Swap("curve,ezETH", "curve,USD"));
    apply(dir.path(), "pools.csv", &Swap("uni,stETH,constant_product,70", "uni,stETH,cp,70"));
    apply(dir.path(), "pools.csv", &Add("last,ezETH,stableswap,-1,1,,"));
    to_parquet(dir.path(), "pools");
    let problems = problems_of(dir.path());
    let expected: [At; 3] = [
        ("pools.parquet", Some(2), "invariant"),
        ("pools.parquet", Some(1), "asset"),
        ("pools.parquet", Some(3), "reserve_asset_eth"),
    ];
    assert_eq!(problems.as_slice().len(), expected.len(), "{problems}");
    for (problem, at) in problems.as_slice().iter().zip(expected) {
        assert!(is_at(problem, at), "expected at {at:?}: {problem}");
    }
}

#[test]
fn a_cut_or_changed_parquet_file_is_reported_or_read() {
    let dir = good_folder();
    to_parquet(dir.path(), "pools");
    let path = dir.path().join("pools.parquet");
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(37) {
        fs::write(&path, &whole[..length]).unwrap();
        let problems = problems_of(dir.path());
        assert_eq!(problems.as_slice().len(), 1, "cut at {length}: {problems}");
        assert_eq!(problems.as_slice()[0].file, "pools.parquet");
    }
    for at in (0..whole.len()).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        fs::write(&path, changed).unwrap();
        let problems = problems_of(dir.path());
        let of_pools = |p: &Problem| ["pools.parquet", "assets.csv"].contains(&&*p.file);
        assert!(problems.as_slice().iter().all(of_pools), "changed at {at}: {problems}");
    }
}

/// Networks that are too much are told so, and stay small in memory: see also the fuzzing crate.
#[test]
fn too_much() {
    let long = format!("operator,entity\nA,Alpha\nB,Alpha\nC,Gamma\n{},E\n", "x".repeat(201));
    let at = ("operators.csv", Some(4), "operator");
    check("operators.csv", &Write(long.leak().as_bytes()), at, &["at most 200 bytes"]);
    let wide = format!("operator,entity,{}\nA,Alpha,\n", "x".repeat(201));
    let dir = good_folder();
    fs::write(dir.path().join("operators.csv"), wide).unwrap();
    let problems = problems_of(dir.path());
    assert!(problems.to_string().contains("the name of a column, at most 200 bytes"), "{problems}");
    let columns = format!("operator,entity{}\n", ",x".repeat(10_000));
    fs::write(dir.path().join("operators.csv"), columns).unwrap();
    let problems = problems_of(dir.path());
    assert!(problems.to_string().contains("at most 10000 columns"), "{problems}");
    let many: String = (0..140_000).map(|n| format!("o{n},E\n")).collect();
    let many = format!("operator,entity\nA,Alpha\nB,Alpha\nC,Gamma\n{many}");
    fs::write(dir.path().join("operators.csv"), many).unwrap();
    let problems = problems_of(dir.path());
    let [problem] = problems.as_slice() else { panic!("{problems}") };
    assert_eq!(
        problem.to_string(),
        "operators.csv: found \"140003 rows\", at most 131072 rows were expected"
    );
}

/// A thousand problems are listed, the others are counted, and the rest of the file is not read.
#[test]
fn very_many_problems() {
    let dir = good_folder();
    let rows = "direct,C,ETH,x\n".repeat(5_000);
    let table = format!("holder,operator,asset,amount_eth\n{rows}");
    fs::write(dir.path().join("holdings.csv"), table).unwrap();
    let problems = problems_of(dir.path());
    assert_eq!(problems.as_slice().len(), 1_000);
    assert!(problems.as_slice().iter().all(|problem| problem.file == "holdings.csv"));
}
