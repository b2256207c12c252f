//! The page of a result: every number on it and in its charts is that of the Parquet cell it names, names are text, nothing is loaded,
//! and what is wrong is told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use slashfall_output::number;

use crate::example::{Example, problems_of, stderr};
use crate::table::Table;

/// A number as it stands on a page.
struct Shown {
    /// Attributes of its element.
    attributes: BTreeMap<String, String>,
    text: String,
}

/// All `data` elements of a page.
fn shown(page: &str) -> Vec<Shown> {
    let mut all = Vec::new();
    for part in page.split("<data ").skip(1) {
        let (head, rest) = part.split_once('>').unwrap();
        let text = rest.split_once("</data>").unwrap().0.to_owned();
        let mut attributes = BTreeMap::new();
        for attribute in head.split("\" ") {
            let (name, value) = attribute.split_once("=\"").unwrap();
            attributes.insert(name.to_owned(), value.trim_end_matches('"').to_owned());
        }
        all.push(Shown { attributes, text });
    }
    all
}

/// Cells of the results that a page is of, by the name that it gives their tables.
struct Files<'e> {
    example: &'e Example,
    tables: BTreeMap<String, (Table, BTreeMap<String, String>)>,
}

impl<'e> Files<'e> {
    fn new(example: &'e Example) -> Self {
        Self { example, tables: BTreeMap::new() }
    }

    fn table(&mut self, name: &str) -> &(Table, BTreeMap<String, String>) {
        let example = self.example;
        self.tables.entry(name.to_owned()).or_insert_with(|| {
            let file = match name.split_once('/') {
                Some(("vs", table)) => format!("other/{table}.parquet"),
                Some((folder, table)) => format!("{folder}/{table}.parquet"),
                None => format!("result/{name}.parquet"),
            };
            let kinds = Table::kinds(&example.path(&file));
            let units = kinds.into_iter().map(|(column, [_, unit, _])| (column, unit));
            (Table::read(&example.path(&file)), units.collect())
        })
    }

    /// A number, and its unit as people count in it.
    fn number(&mut self, place: &str) -> (f64, String) {
        let [table, row, column]: [&str; 3] =
            place.split(':').collect::<Vec<_>>().try_into().unwrap();
        let row: usize = row.parse().unwrap();
        let (table, units) = self.table(table);
        let kind = &table.columns.iter().find(|(name, _)| name == column).unwrap().1;
        if kind == "count" {
            return (table.count(column)[row] as f64, "count".to_owned());
        }
        let unit = match units[column].as_str() {
            "see unit" => table.text("unit")[row].clone(),
            unit => unit.to_owned(),
        };
        (table.maybe(column)[row].unwrap(), unit)
    }
}

/// A number in the words of a page.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are whole")]
fn in_words(value: f64, unit: &str) -> String {
    match unit {
        "probability" | "fraction" => number::percent(value),
        "count" => number::count(value as u64),
        _ => number::eth(value),
    }
}

/// Holds every number of a page to its cell; how many there are, by table.
fn hold_to_files(page: &str, files: &mut Files<'_>) -> BTreeMap<String, usize> {
    let mut held: BTreeMap<String, usize> = BTreeMap::new();
    for shown in shown(page) {
        let value: f64 = shown.attributes["value"].parse().unwrap();
        let (expected, unit) = match shown.attributes.get("data-at") {
            Some(place) => files.number(place),
            None => {
                let places = shown.attributes["data-sum"].split(' ');
                (places.map(|place| files.number(place).0).sum(), "fraction".to_owned())
            }
        };
        assert_eq!(value.to_bits(), expected.to_bits(), "{:?}", shown.attributes);
        assert_eq!(shown.text, in_words(expected, &unit), "{:?}", shown.attributes);
        let place = shown.attributes.get("data-at").map_or("sum", String::as_str);
        *held.entry(place.split(':').next().unwrap().to_owned()).or_default() += 1;
    }
    held
}

fn document(page: &str) -> Value {
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// Holds each slice in `value` to its table; how many cells there are, by table.
fn hold_slices(value: &Value, files: &mut Files<'_>, held: &mut BTreeMap<String, usize>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| hold_slices(value, files, held)),
        Value::Object(object) if object.contains_key("rows") => {
            let name = object["table"].as_str().unwrap();
            let rows = object["rows"].as_array().unwrap().iter().map(|row| row.as_u64().unwrap());
            let rows: Vec<usize> = rows.map(|row| usize::try_from(row).unwrap()).collect();
            for (column, cells) in object["columns"].as_object().unwrap() {
                let cells = cells.as_array().unwrap();
                let (table, _) = files.table(name);
                let kind = &table.columns.iter().find(|(name, _)| name == column).unwrap().1;
                let own: Vec<Value> = match kind.as_str() {
                    "text" => table.text(column).into_iter().map(Value::from).collect(),
                    "count" => table.count(column).into_iter().map(Value::from).collect(),
                    _ => table.maybe(column).into_iter().map(Value::from).collect(),
                };
                let own = rows.iter().map(|&row| &own[row]);
                assert!(own.eq(cells), "{name}, {column}");
                *held.entry(name.to_owned()).or_default() += cells.len();
            }
        }
        Value::Object(object) => {
            object.values().for_each(|value| hold_slices(value, files, held));
        }
        _ => {}
    }
}

/// Where the value at risk is 0 it says nothing, and the page says how rare any loss is.
fn says_how_rare(page: &str, files: &mut Files<'_>) {
    let meta = &document(page)["meta"];
    let (summary, _) = files.table("summary");
    let texts = ["scenario", "scope_kind", "scope"].map(|column| (column, summary.text(column)));
    let (metrics, levels) = (summary.text("metric"), summary.maybe("level"));
    let own = (0..summary.n_rows()).filter(|&row| {
        texts.iter().all(|(column, text)| meta[*column] == text[row])
            && metrics[row] == "var"
            && levels[row] == meta["level"].as_f64()
    });
    let own: Vec<f64> = own.map(|row| summary.float("value")[row]).collect();
    let is_rare = own[0].abs() <= 0.0;
    assert_eq!(page.contains("Fewer than 1 in "), is_rare, "{meta} {own:?}");
    assert_eq!(page.contains(" more than <strong>"), !is_rare, "{meta} {own:?}");
}

/// Two results of the quickstart and the caps of the first.
fn results() -> Example {
    let example = Example::empty();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = root.join("configs/quickstart.toml").display().to_string();
    let small = ["run", &run, "--allow-outside", "--paths", "9000", "--quiet"];
    example.good(&[&small[..], &["-o", "result"]].concat());
    example.good(&[&small[..], &["--seed", "8", "-o", "other"]].concat());
    let policy = root.join("configs/policies/example-dao.toml").display().to_string();
    example.good(&["caps", "result", "--policy", &policy, "-q", "-o", "caps"]);
    example
}

#[test]
fn every_number_is_that_of_its_cell() {
    let example = results();
    let ask = ["report", "result", "--vs", "other", "--caps", "caps", "-q", "-o"];
    let mut files = Files::new(&example);
    for (page, args, is_split) in [
        ("system.html", &[][..], true),
        ("eeth.html", &["--scope", "eETH", "--level", "0.95", "--budget", "0.05"][..], true),
        ("market.html", &["--scope", "rsETH", "--market", "--level", "0.99"][..], false),
        ("dao.html", &["--scope", "example-dao"][..], true),
    ] {
        example.good(&[&ask[..], &[page], args].concat());
        let text = fs::read_to_string(example.path(page)).unwrap();
        assert!(text.len() < 2_000_000, "{page} has {} bytes", text.len());
        let held = hold_to_files(&text, &mut files);
        let mut drawn = BTreeMap::new();
        hold_slices(&document(&text)["charts"], &mut files, &mut drawn);
        println!("{page}: {held:?} {drawn:?}");
        says_how_rare(&text, &mut files);
        let always = ["summary", "vs/summary", "exceedance", "caps/caps", "joint"];
        assert!(always.iter().all(|table| held.get(*table).is_some_and(|n| *n > 4)), "{held:?}");
        assert!(drawn["exceedance"] > 20 && drawn["vs/exceedance"] > 20, "{drawn:?}");
        if is_split {
            let more = ["contributions", "sensitivities", "convergence", "tail_paths", "avs_rate"];
            assert!(more.iter().all(|table| held.get(*table).is_some_and(|n| *n > 4)), "{held:?}");
            assert!(drawn["contributions"] > 100 && held.contains_key("sum"), "{drawn:?}");
        } else {
            assert!(text.contains("are not split"), "{page}");
        }
    }
}

/// What is drawn of the network is the network: stake by holder and by company as its tables have it.
#[test]
fn the_network_is_drawn_as_it_is() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    example.good(&["report", "result", "-q", "-o", "page.html"]);
    let page = document(&fs::read_to_string(example.path("page.html")).unwrap());
    let flows = |key: &str| -> BTreeMap<(String, String), f64> {
        let flows = page["charts"]["network"][key].as_array().unwrap();
        let name = |value: &Value| value.as_str().unwrap().to_owned();
        flows
            .iter()
            .map(|flow| ((name(&flow[0]), name(&flow[1])), flow[2].as_f64().unwrap()))
            .collect()
    };
    let of = |flows: &[(&str, &str, f64)]| -> BTreeMap<(String, String), f64> {
        flows.iter().map(|(a, b, eth)| (((*a).to_owned(), (*b).to_owned()), *eth)).collect()
    };
    // Of what stands in holdings.csv ezETH and direct restakers restake; the validators of stETH are no stake of an AVS.
    let held =
        of(&[("direct", "Alpha", 40.0), ("direct", "Gamma", 60.0), ("ezETH", "Alpha", 490.0)]);
    assert_eq!(flows("held"), held);
    // Half and three tenths of 200 at A, four tenths of 290 ETH and 40 stETH at B; all of C.
    let slashable =
        [("Alpha", "bridge", 60.0 + 0.4 * 330.0), ("Alpha", "da", 100.0), ("Gamma", "da", 60.0)];
    for (key, eth) in of(&slashable) {
        assert!((flows("slashable")[&key] - eth).abs() < 1e-9, "{key:?}: {:?}", flows("slashable"));
    }
    assert_eq!(flows("slashable").len(), slashable.len());
}

/// By the end of the last day a path has cost what its figures say, in the steps before it no more than that.
#[test]
fn timelines_end_at_the_losses_of_their_paths() {
    let example = results();
    example.good(&["report", "result", "-q", "-o", "page.html"]);
    let text = fs::read_to_string(example.path("page.html")).unwrap();
    let page = document(&text);
    let listed = Table::read(&example.path("result/tail_paths.parquet"));
    let (kinds, scopes) = (listed.text("scope_kind"), listed.text("scope"));
    let (paths, losses) = (listed.count("path"), listed.float("loss"));
    for k in 1..=3 {
        let days = page["charts"][format!("path-{k}")]["days"].as_array().unwrap();
        assert_eq!(days.len(), 30);
        let last = days.last().unwrap();
        let end = last[1].as_f64().unwrap() + last[2].as_f64().unwrap();
        let own = (0..listed.n_rows())
            .filter(|&row| kinds[row] == "system" && scopes[row] == "system_ex_price");
        let of_path = own.filter(|&row| text.contains(&format!("--path {}<", paths[row])));
        let found = of_path.filter(|&row| (losses[row] - end).abs() <= 1e-9 * end).count();
        assert_eq!(found, 1, "path {k} ends at {end}");
        let before = days[28][1].as_f64().unwrap() + days[28][2].as_f64().unwrap();
        assert!(before <= end + 1e-6 * end, "path {k}: {before} before {end}");
    }
}

#[test]
fn names_are_text() {
    let example = Example::new();
    let wicked = "</script><script>alert(1)</script>";
    let rename = |file: &str| {
        let text = fs::read_to_string(example.path(file)).unwrap();
        let named = text.replace("bridge", wicked);
        assert_ne!(named, text);
        example.write(file, named.as_bytes());
    };
    ["run.toml", "network/avs.csv", "network/allocations.csv"].into_iter().for_each(rename);
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    example.good(&["report", "result", "-q", "-o", "page.html"]);
    let page = fs::read_to_string(example.path("page.html")).unwrap();
    assert!(!page.contains(wicked) && !page.contains("<script>alert"), "a name is markup");
    assert!(page.contains("&lt;/script&gt;"), "the name is not there at all");
    assert!(document(&page)["charts"]["network"].to_string().contains(wicked));
}

/// Of two thousand tokens all pairs would be gigabytes.
#[test]
fn pairs_are_of_the_tokens_that_lose_most() {
    const TOKENS: usize = 45;
    let example = Example::of_tokens(TOKENS);
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    example.good(&["report", "result", "-q", "-o", "page.html"]);
    let page = fs::read_to_string(example.path("page.html")).unwrap();
    let pairs = &document(&page)["charts"]["joint"]["pairs"]["columns"]["a"];
    let shown: BTreeSet<&str> =
        pairs.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    // The larger a token, the more its holders lose.
    let largest: Vec<String> = (TOKENS - 39..=TOKENS).map(|n| format!("token{n}")).collect();
    assert_eq!(shown, largest.iter().map(String::as_str).collect());
    assert_eq!(pairs.as_array().unwrap().len(), 40 * 39);
    assert!(page.contains("Of 45 tokens and portfolios the 40 with the largest"), "no word of it");
}

/// What every page runs is what its authors have published.
#[test]
fn libraries_of_the_page_have_their_digests() {
    let vendor = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/vendor");
    let readme = fs::read_to_string(vendor.join("README.md")).unwrap();
    let mut n = 0;
    for entry in fs::read_dir(&vendor).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|own| own == "js") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
            let digest = slashfall_output::digest_file(&path).unwrap();
            assert!(row.unwrap().ends_with(&format!("| {digest} |")), "{name}: {digest}");
            n += 1;
        }
    }
    assert_eq!(n, 3);
}

#[test]
fn a_page_does_without_the_network() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    fs::write(example.path("network/avs.csv"), "avs\nanother\n").unwrap();
    example.good(&["report", "result", "-q", "-o", "page.html"]);
    let page = fs::read_to_string(example.path("page.html")).unwrap();
    assert!(
        page.contains("The network is not drawn: ") && page.contains("has changed since the run")
    );
    assert!(page.contains("The paths are not told: "));
    let held = hold_to_files(&page, &mut Files::new(&example));
    assert!(held["contributions"] > 10, "{held:?}");
}

#[test]
fn what_is_wrong_is_told_at_once() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    let ask = ["report", "result", "-o", "page.html"];
    let problem = |args: &[&str], expected: &[&str]| {
        let told = problems_of(&example, &[&ask[..], args].concat()).join("\n");
        assert!(expected.iter().all(|part| told.contains(part)), "{told}");
    };
    problem(
        &["--scope", "ezEHT", "--scenario", "wrose"],
        &["did you mean \"ezETH\"", "did you mean \"worse\""],
    );
    problem(&["--level", "0.99"], &["--level", "0.9, 0.975"]);
    problem(&["--budget", "0.02"], &["--budget", "0.01, 0.05, 0.1", "run.budgets"]);
    problem(&["--scope", "fund", "--market"], &["a wrapped asset was expected"]);
    problem(&["--vs", "network"], &["network", "a result of `slashfall run` was expected"]);
    problem(&["--caps", "network", "--vs", "nowhere"], &["`slashfall caps --output`", "nowhere"]);
    problems_of(&example, &["report", "nothing", "-o", "page.html"]);
    example.write("page.html", b"mine");
    let output = example.slashfall(&ask);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(fs::read(example.path("page.html")).unwrap(), b"mine");
    example.good(&["report", "result", "-o", "page.html", "--overwrite", "--scenario", "worse"]);
}
