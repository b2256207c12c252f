//! Run files that are too much: one problem says of what, before anything is made of it.

mod support;

use slashfall_graph::Problem;
use slashfall_sampling::Node;
use support::small::{HEAD, bad};

/// The one problem of a run file has all of these words.
#[track_caller]
fn one(body: &str, words: &[&str]) {
    let problems: Vec<Problem> = bad(body);
    let [problem] = &problems[..] else { panic!("{} problems", problems.len()) };
    let said = problem.to_string();
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
}

fn repeated(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

#[test]
fn scenarios_and_grids() {
    let scenarios = repeated(256, |n| format!("[[scenario]]\nname = \"s{n}\"\n"));
    one(&scenarios, &["at most 256 scenarios in all", "there are 257"]);
    let axes = repeated(65, |n| format!("\"security.x{n}\" = {{ set = [1] }}\n"));
    one(&format!("[sweep]\n{axes}"), &["at most 64 keys", "there are 65"]);
    // A file of some 40,000 values has room for some 50 of itself.
    let severities = repeated(40_000, |_| "0.1,".to_owned());
    let source = format!(
        "[[source]]\nkind = \"depeg\"\ntarget = {{ asset = \"a\" }}\nrate = 1\n\
         severity = {{ empirical = [{severities}] }}\n"
    );
    let scenarios = repeated(60, |n| format!("[[scenario]]\nname = \"s{n}\"\n"));
    one(&format!("{source}{scenarios}"), &["at most 52 scenarios", "of this length", "61"]);
}

#[test]
fn values_and_sources() {
    let numbers = repeated(1 << 21, |_| "0,".to_owned());
    let root = Node::parse("run.toml", &format!("x = [{numbers}]")).unwrap();
    let (_, problems) = slashfall_sampling::RunSpec::read_all("run.toml", &root);
    assert!(problems.to_string().contains("at most 2097152 values"), "{problems}");
    // Each of these hits two members and is a source itself.
    let entry = |n| {
        format!(
            "[[source]]\nkind = \"avs_fault\"\nid = \"s{n}\"\ntarget = {{ avs = \"*\" }}\n\
             rate = 1\nseverity = 1\n"
        )
    };
    let sources = repeated(6_000, entry);
    let scenarios = repeated(100, |n| format!("[[scenario]]\nname = \"s{n}\"\n"));
    let values = format!("{sources}{scenarios}");
    one(&values, &["at most 49 scenarios"]);
}

#[test]
fn names_and_keys() {
    let source = format!(
        "[[source]]\nkind = \"depeg\"\nid = \"{}\"\ntarget = {{ asset = \"a\" }}\nrate = 1\n\
         severity = 1\n",
        "x".repeat(201)
    );
    one(&source, &["at most 200 bytes", "…"]);
    let mut root = Node::parse("run.toml", HEAD).unwrap();
    let deep = vec!["a"; 81].join(".");
    let problems = root.set_from_command_line(&format!("{deep}=1")).unwrap_err();
    assert!(problems.to_string().contains("at most 80 parts"), "{problems}");
    root.set_from_command_line(&format!("{}=1", vec!["a"; 80].join("."))).unwrap();
}

#[test]
fn degrees_of_freedom() {
    let head = HEAD.replace("copula = \"independent\"", "copula = \"student_t\"");
    for df in ["0.49", "1.1e7"] {
        let root = Node::parse("run.toml", &format!("{head}df = {df}\n")).unwrap();
        let (_, problems) = slashfall_sampling::RunSpec::read_all("run.toml", &root);
        let said = problems.to_string();
        assert!(said.contains("`dependence.df`") && said.contains("between 0.5 and 1e7"), "{said}");
        assert_eq!(problems.as_slice().len(), 1, "{said}");
    }
}
