//! `calibrate` through the command line: what it writes goes into run files and networks as it is, and
//! broken input is told, all of it, with nothing written. What a fit must find is tested in the
//! calibrate crate.

use std::fmt::Write;

use crate::example::{Example, problems_of};

/// Days of 2023, from the first on.
fn day(t: usize) -> String {
    const ENDS: [usize; 12] = [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let month = ENDS.iter().filter(|end| **end <= t).count();
    let before = if month == 0 { 0 } else { ENDS[month - 1] };
    format!("2023-{:02}-{:02}", month + 1, t - before + 1)
}

/// A year of prices: a discount that wanders by a fixed sequence, and three panics.
fn prices() -> Vec<String> {
    let mut lines = vec!["date,ETH,STETH".to_owned()];
    let (mut d, mut j, mut eth, mut state) = (0.0_f64, 0.0_f64, 1_500.0_f64, 1_u64);
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    for t in 0..365 {
        // Sums of uniforms are near normal.
        let z = (0..6).map(|_| uniform()).sum::<f64>();
        d = 0.8 * d + 0.001 * z;
        j = 0.9 * j + if [60, 150, 290].contains(&t) { 0.02 } else { 0.0 };
        eth *= 1.0 + 0.03 * uniform();
        lines.push(format!("{},{eth:?},{:?}", day(t), eth * (1.0 - d - j)));
    }
    lines
}

fn write(example: &Example, file: &str, lines: &[String]) {
    example.write(file, (lines.join("\n") + "\n").as_bytes());
}

const NOISE: [&str; 9] = [
    "calibrate",
    "noise",
    "--prices",
    "prices.csv",
    "--numeraire",
    "ETH",
    "-o",
    "fit",
    "--nav-one",
];

fn noise<'a>(more: &[&'a str]) -> Vec<&'a str> {
    NOISE
        .into_iter()
        .chain(["stETH", "--asset", "stETH=STETH"])
        .chain(more.iter().copied())
        .collect()
}

#[test]
fn noise_goes_into_a_run_file_as_it_is() {
    let example = Example::new();
    write(&example, "prices.csv", &prices());
    let said = example.good(&noise(&[]));
    assert!(said.starts_with("stETH: 365 days, 2023-01-01 to 2023-12-31\n"), "{said}");
    assert!(said.contains("depegs       3 in 1.00 years") && said.ends_with("written to fit\n"));
    assert!(example.read("fit/stETH.svg").starts_with("<svg"));
    let fragment = example.read("fit/noise.toml");
    for part in
        ["[noise.stETH]", "# std err", "events = 3, exposure_years = 0.99726", "empirical = ["]
    {
        assert!(fragment.contains(part), "{part:?} is not in {fragment}");
    }
    let run = example.read("run.toml") + &fragment;
    example.write("run.toml", run.as_bytes());
    let checked = example.good(&["check", "run.toml"]);
    assert!(checked.contains("depeg"), "{checked}");
    example.good(&["run", "run.toml", "--quiet"]);
    let config = &example.json("results/small/manifest.json")["config"]["base"]["noise"]["stETH"];
    assert!(config["panic_kappa"].as_f64().is_some_and(|kappa| (0.05..0.2).contains(&kappa)));
    // What is there is left alone.
    let before = example.tree();
    assert_eq!(example.slashfall(&noise(&[])).status.code(), Some(2));
    assert!(example.tree() == before);
}

/// A broken price file, and what must be said of it.
fn broken(change: impl FnOnce(&mut Vec<String>), args: &[&str], parts: &[&str]) {
    let example = Example::empty();
    let mut lines = prices();
    change(&mut lines);
    write(&example, "prices.csv", &lines);
    let problems = problems_of(&example, args);
    assert_eq!(problems.len(), parts.len(), "{problems:#?}");
    for (problem, part) in problems.iter().zip(parts) {
        assert!(problem.contains(part), "{part:?} is not in {problem}");
    }
}

#[test]
fn broken_prices_are_told_and_nothing_written() {
    let all = noise(&[]);
    let gap = "`STETH`: a value every day was expected; there is none between 2023-02-09 and \
               2023-02-11";
    broken(|lines| drop(lines.remove(41)), &all, &[gap]);
    broken(|lines| lines.truncate(60), &all, &["found \"59\", at least 60 days were expected"]);
    let text = |lines: &mut Vec<String>| {
        lines[3] = format!("{},1500,dear", day(2));
        lines[4] = "2023-1-4,1500,1500".into();
    };
    broken(
        text,
        &all,
        &[
            "row 4 (line 5), column `date`: found \"2023-1-4\", a day, YYYY-MM-DD, was expected",
            "row 3 (line 4), column `STETH`: found \"dear\", a number above 0 was expected",
            "there is none between 2023-01-02 and 2023-01-05",
        ],
    );
    broken(
        |lines| lines.swap(10, 11),
        &all,
        &[
            "row 11 (line 12), column `date`: found \"2023-01-10\", a day after that of the row before",
        ],
    );
    broken(|lines| lines[0] = "date,ETH,stETHx".into(), &all, &["did you mean \"stETHx\"?"]);
    let mut unknown = noise(&[]);
    unknown[5] = "ETHH";
    broken(|_| (), &unknown, &["key `ETHH`: a column of this name was expected"]);
}

#[test]
fn a_request_that_leaves_something_open_is_refused() {
    let mut open = noise(&["--asset", "eETH=STETH"]);
    broken(|_| (), &open, &["`--asset`: found \"eETH\", a nav was expected"]);
    open = noise(&["--nav-trend", "stETHH", "--nav-trend", "stETH"]);
    broken(|_| (), &open, &["did you mean \"stETH\"?", "one nav was expected"]);
    let odd = noise(&["--jump-mads", "1", "--jump-floor", "2"]);
    broken(|_| (), &odd, &["`--jump-mads`: found \"1\"", "`--jump-floor`: found \"2\""]);
}

#[test]
fn a_nav_file_is_read_by_day() {
    let example = Example::empty();
    let lines = prices();
    write(&example, "prices.csv", &lines);
    let mut navs = vec!["date,STETH".to_owned()];
    navs.extend((0..365).map(|t| format!("{},1", day(t))));
    write(&example, "navs.csv", &navs);
    example.good(&noise(&[]));
    let mut by_file = noise(&["--nav", "navs.csv"]);
    by_file[7] = "by_file";
    by_file.drain(8..10);
    example.good(&by_file);
    let numbers = |file: &str| -> Vec<String> {
        let text = example.read(file);
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    assert_eq!(numbers("fit/noise.toml"), numbers("by_file/noise.toml"));
    navs.pop();
    write(&example, "navs.csv", &navs);
    by_file[7] = "again";
    let problems = problems_of(&example, &by_file);
    assert!(problems[0].contains("navs.csv, key `STETH`: a value on 2023-12-31 was expected"));
}

/// Quotes of a constant product of 100 against 100.
fn quotes() -> String {
    let mut text = String::from("src,dst,in_amount,out_amount,timestamp\n");
    for i in 1..=40 {
        let amount = f64::from(i * i) * 0.05;
        let paid = 100.0 * amount / (100.0 + amount);
        let _ = writeln!(text, "stETH,WETH,{amount:?},{paid:?},{}", i / 10 * 3_600);
    }
    text
}

const POOLS: [&str; 20] = [
    "calibrate",
    "pools",
    "--quotes",
    "quotes.csv",
    "--pool",
    "curve",
    "--asset",
    "stETH",
    "--token",
    "stETH",
    "--eth",
    "WETH",
    "--nav",
    "1",
    "--fee",
    "0",
    "--invariant",
    "constant-product",
    "-o",
    "fit",
];

#[test]
fn a_pool_goes_into_a_network_as_it_is() {
    let example = Example::new();
    example.write("quotes.csv", quotes().as_bytes());
    let said = example.good(&POOLS);
    assert!(said.starts_with("curve: 40 quotes in 5 rounds\n"), "{said}");
    let reserve = format!("  {:<18} {:>14.4} ± 0.0000\n", "reserve_eth", 100.0);
    assert!(said.contains(&reserve), "{said}");
    assert!(example.read("fit/pool.svg").contains("amount in, ETH"));
    let csv = example.read("fit/pools.csv");
    example.write("network/pools.csv", csv.as_bytes());
    example.good(&["check", "run.toml"]);
}

#[test]
fn broken_quotes_are_told_and_nothing_written() {
    let example = Example::empty();
    let text = quotes().replace("stETH,WETH,0.05,", "stETH,WETH,half,").replace(",0.2,", ",-2,");
    example.write("quotes.csv", text.as_bytes());
    let problems = problems_of(&example, &POOLS);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].contains("row 1 (line 2), column `in_amount`: found \"half\""));
    let mut args = POOLS;
    example.write("quotes.csv", quotes().as_bytes());
    (args[9], args[13], args[15]) = ("stETHx", "0", "1.5");
    let said = problems_of(&example, &args).join("\n");
    for part in ["did you mean \"stETH\"?", "`--nav`: found \"0\"", "`--fee`: found \"1.5\""] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let few: String = quotes().lines().take(9).map(|line| format!("{line}\n")).collect();
    example.write("quotes.csv", few.as_bytes());
    assert!(problems_of(&example, &POOLS)[0].contains("found \"8\", at least 10 quotes"));
    // A pool that is hardly touched does not tell its amplification from its reserves.
    let flat: String = (1..=20).map(|i| format!("stETH,WETH,{i},{i},0\n")).collect();
    example
        .write("quotes.csv", format!("src,dst,in_amount,out_amount,timestamp\n{flat}").as_bytes());
    let mut args = POOLS;
    args[17] = "stableswap";
    assert!(problems_of(&example, &args)[0].contains("that tell the parameters apart"));
}

const LOANS: [&str; 8] =
    ["calibrate", "loans", "--markets", "markets.csv", "--positions", "positions.csv", "-o", "fit"];

#[test]
fn loans_go_into_a_network_as_they_are() {
    let example = Example::new();
    let markets = "market,collateral,loan,lltv,oracle\nm,ezETH,WETH,0.86,0x95\n";
    example.write("markets.csv", markets.as_bytes());
    example.write("positions.csv", b"market,collateral_eth,debt_eth\nm,10,8\nm,5,1\nm,1,0\n");
    let more = ["--oracle", "exchange_rate", "--close-factor", "1", "--rename", "WETH=ETH"];
    let said = example.good(&[&LOANS[..], &more].concat());
    assert!(said.starts_with("2 positions that owe 9.00 ETH are 2 loans;"), "{said}");
    example.write("network/loans.csv", example.read("fit/loans.csv").as_bytes());
    example.good(&["check", "run.toml"]);
}

#[test]
fn broken_positions_are_told_and_nothing_written() {
    let example = Example::empty();
    example
        .write("markets.csv", b"market,collateral,loan,lltv,oracle\nmarket,ezETH,WETH,86,0x95\n");
    let positions = "market,collateral_eth,debt_eth\nmarkett,10,8\nmarket,many,1\nmarket,0,1\n";
    example.write("positions.csv", positions.as_bytes());
    let said = problems_of(&example, &[&LOANS[..], &["--edges", "2,1"]].concat());
    let parts = [
        "`--edges`: found \"2,1\"",
        "column `lltv`: found \"86\", a fraction above 0, at most 1 was expected",
        "column `oracle`: found \"0x95\", an oracle was expected",
        "column `market`: found \"market\", a close factor was expected",
        "row 1 (line 2), column `market`: found \"markett\"",
        "row 2 (line 3), column `collateral_eth`: found \"many\"",
        "row 3 (line 4), column `collateral_eth`: found \"0\", collateral above 0",
    ];
    assert_eq!(said.len(), parts.len(), "{said:#?}");
    for (said, part) in said.iter().zip(parts) {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
}

const RATES: [&str; 6] = ["calibrate", "rates", "--counts", "counts.csv", "-o", "fit"];

#[test]
fn rates_go_into_a_run_file_as_they_are() {
    let example = Example::new();
    let counts =
        "label,events,exposure_years\nkeys,4,1\nkeys,0,1\nincidents,1,10\nlarge,9,1\nlarge,0,1\n";
    example.write("counts.csv", counts.as_bytes());
    let said = example.good(&RATES);
    for part in [
        "incidents: 1 events in 10 years; mean 0.1500 ± 0.1225 a year, 95 % of it in 0.0108 to 0.4674",
        "2 rows of one rate: chi-squared 4.00 on 1, p = 0.1250 (exact)",
        "note: pooling is doubtful: the 2 rows of large differ by more than one rate explains",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let fragment = example.read("fit/rates.toml");
    let line = fragment.lines().find(|line| line.starts_with("\"incidents\" = ")).unwrap();
    let rate = line.strip_prefix("\"incidents\" = ").unwrap();
    example.swap("run.toml", "{ events = 1, exposure_years = 10.0, label = \"incidents\" }", rate);
    example.good(&["check", "run.toml"]);
}

#[test]
fn broken_counts_are_told_and_nothing_written() {
    let example = Example::empty();
    let counts = "label,events,exposure_years\n,1,1\nkeys,1.5,1\nkeys,1,0\n";
    example.write("counts.csv", counts.as_bytes());
    let said = problems_of(&example, &RATES);
    let parts = [
        "row 1 (line 2), column `label`: found \"\", a label was expected",
        "row 2 (line 3), column `events`: found \"1.5\", a whole number",
        "row 3 (line 4), column `exposure_years`: found \"0\", a number of years above 0",
    ];
    assert_eq!(said.len(), parts.len(), "{said:#?}");
    assert!(said.iter().zip(parts).all(|(said, part)| said.contains(part)), "{said:#?}");
    example.write("counts.csv", b"label,event,exposure_years\n");
    assert!(problems_of(&example, &RATES)[0].contains("did you mean \"event\"?"));
    example.write("counts.csv", b"label,events,exposure_years\n");
    assert!(problems_of(&example, &RATES)[0].contains("at least one row was expected"));
}
