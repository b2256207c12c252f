//! Run files and policies.

use super::{BYTES, Case, case, lines};
use crate::seeds::everything;
use crate::{policy_file, run_file};

const POLICY: &str =
    "name = \"p\"\n[treasury]\nsize_eth = 1\n[budget]\nes = { level = 0.9, share = 0.5 }\n";
const SOURCE: &str =
    "[[source]]\nkind = \"depeg\"\nrate = 1\nseverity = 0.1\ntarget = { asset = \"stETH\" }\n";

fn run(name: &'static str, make: impl Fn() -> Vec<u8> + 'static) -> Case {
    case("toml", name, run_file::take, make)
}

/// A good run file with lines after it.
fn after(name: &'static str, head: &'static str, line: fn(usize) -> String) -> Case {
    run(name, move || lines(&format!("{}{head}", everything::RUN), line))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = trees();
    cases.extend(sources());
    cases.extend(sections());
    cases.push(case("toml", "positions", policy_file::take, || {
        lines(POLICY, |n| format!("[[position]]\nasset=\"x{n}\"\n"))
    }));
    cases.push(case("toml", "the same position", policy_file::take, || {
        lines(POLICY, |_| "[[position]]\nasset=\"stETH\"\n".to_owned())
    }));
    cases
}

/// Documents that say nothing of a run.
fn trees() -> Vec<Case> {
    vec![
        run("numbers", || lines("a = [", |_| "0,".to_owned())),
        run("empty lists", || lines("a = [", |_| "[],".to_owned())),
        run("empty tables", || lines("a = [", |_| "{},".to_owned())),
        run("keys", || lines("", |n| format!("k{n}=0\n"))),
        run("tables", || lines("", |n| format!("[t{n}]\n"))),
        run("arrays of tables", || lines("", |_| "[[t]]\n".to_owned())),
        run("the same key", || lines("", |_| "k=0\n".to_owned())),
        run("a deep key", || lines("a", |_| ".a".to_owned())),
        run("deep keys", || {
            let deep = "a.".repeat(60);
            lines("", move |n| format!("{deep}{n}=0\n"))
        }),
        run("a deep table", || lines("[a", |_| ".a".to_owned())),
        run("deep lists", || lines("a=", |_| "[".to_owned())),
        run("deep tables", || lines("a=", |_| "{a=".to_owned())),
        run("a long text", || format!("a = \"{}\"", "x".repeat(BYTES - 10)).into_bytes()),
        run("text that does not end", || lines("a = \"", |_| "x\n".to_owned())),
        run("a long number", || format!("a = 1{}", "0".repeat(BYTES - 10)).into_bytes()),
        run("nothing but lines", || vec![b'\n'; BYTES]),
        run("nothing but quotation marks", || vec![b'"'; BYTES]),
        run("nothing but equals signs", || lines("", |_| "=\n".to_owned())),
        run("changes", || lines(everything::RUN, |n| format!("\n== --set a.b{n}=0"))),
        run("a deep change", || {
            let mut text = lines(&format!("{}\n== --set a", everything::RUN), |_| ".a".to_owned());
            text.extend_from_slice(b"=1");
            text
        }),
    ]
}

/// Run files with very many sources.
fn sources() -> Vec<Case> {
    vec![
        after("sources", "", |n| format!("{SOURCE}id = \"s{n}\"\n")),
        after("the same source", "", |_| SOURCE.to_owned()),
        after("sources of all", "", |n| {
            format!(
                "[[source]]\nkind=\"avs_fault\"\nid=\"s{n}\"\nrate=1\nseverity=1\ntarget={{avs=\"*\"}}\n"
            )
        }),
        run("a source of a long name", || {
            let id = "x".repeat(BYTES / 2);
            format!(
                "{}[[source]]\nkind=\"avs_fault\"\nid=\"{id}\"\nrate=1\nseverity=1\ntarget={{avs=\"*\"}}\n",
                everything::RUN
            )
            .into_bytes()
        }),
        after(
            "unknown targets",
            "[[source]]\nkind=\"depeg\"\nrate=1\nseverity=1\ntarget={asset=[",
            |n| format!("\"stEHT{n}\","),
        ),
        run("targets", || {
            let head = format!(
                "{}[[source]]\nkind=\"depeg\"\nrate=1\nseverity=1\ntarget={{asset=[",
                everything::RUN
            );
            let mut text = lines(&head, |_| "\"stETH\",".to_owned());
            text.extend_from_slice(b"]}\n");
            text
        }),
        after(
            "a law of many severities",
            "[[source]]\nkind=\"depeg\"\nrate=1\ntarget={asset=\"stETH\"}\nseverity={empirical=[",
            |_| "0.1,".to_owned(),
        ),
        after(
            "laws in laws",
            "[[source]]\nkind=\"depeg\"\nrate=1\ntarget={asset=\"stETH\"}\nseverity=",
            |_| "{mixture={at_one=0.1,else=".to_owned(),
        ),
    ]
}

/// Run files with very much of what else they may have.
fn sections() -> Vec<Case> {
    vec![
        after("events", "", |n| {
            format!(
                "[[event]]\nkind=\"depeg\"\nday=1\nseverity=1\nid=\"{n}\"\ntarget={{asset=\"*\"}}\n"
            )
        }),
        after("events of unknown scenarios", "", |n| {
            format!(
                "[[event]]\nkind=\"depeg\"\nday=1\nseverity=1\nscenario=\"s{n}\"\ntarget={{asset=\"*\"}}\n"
            )
        }),
        after("scenarios", "", |n| format!("[[scenario]]\nname=\"s{n}\"\n")),
        after("changes of a scenario", "[[scenario]]\nname=\"s\"\n[scenario.set]\n", |n| {
            format!("\"security.x{n}\"=1\n")
        }),
        after("scales of a scenario", "[[scenario]]\nname=\"s\"\n[scenario.scale]\n", |n| {
            format!("\"security.x{n}\"=1\n")
        }),
        after("a grid", "[sweep]\n\"security.attack_prob\" = { set = [", |_| "0.1,".to_owned()),
        after("axes", "[sweep]\n", |n| format!("\"security.x{n}\" = {{ set = [1] }}\n")),
        run("a large file in scenarios", || {
            let scenarios: String = (0..250)
                .map(|n| {
                    format!("[[scenario]]\nname=\"s{n}\"\nset={{\"security.attack_prob\"=0.{n}}}\n")
                })
                .collect();
            lines(&format!("{}{scenarios}", everything::RUN), |n| {
                format!("{SOURCE}id = \"s{n}\"\n")
            })
        }),
        run("factors", || {
            let head = everything::RUN
                .replace("[\"market\", \"code\"]", "[\"market\", \"code\", FACTORS]");
            let (before, rest) = head.split_once("FACTORS").unwrap_or((&head, ""));
            let mut text = super::lines_up_to(BYTES - rest.len(), before, |n| format!("\"f{n}\","));
            text.extend_from_slice(rest.as_bytes());
            text
        }),
        run("levels", || {
            let (before, rest) = everything::RUN.split_once("levels = [").unwrap_or_default();
            let mut text =
                super::lines_up_to(BYTES - rest.len(), &format!("{before}levels = ["), |n| {
                    format!("0.{},", n + 1)
                });
            text.extend_from_slice(rest.as_bytes());
            text
        }),
        after("noise of unknown assets", "", |n| format!("[noise.a{n}]\n")),
    ]
}
