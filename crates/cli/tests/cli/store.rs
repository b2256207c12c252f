//! Addresses of stores where there is none to ask: what is no address is told with all other problems, a
//! build without stores says that it has none, and commands that take none say which do.
//! Stores that answer are in `crates/outside`.

use crate::example::{Example, problems_of, stderr, stdout};

#[test]
fn what_is_no_address_is_told_with_all_else() {
    let example = Example::new();
    example.swap("run.toml", "horizon_days = 30", "horizon_days = 0");
    let problems = problems_of(&example, &["run", "run.toml", "-o", "gs://bucket/a"]);
    assert_eq!(problems.len(), 2, "{problems:?}");
    let first =
        "error: --output: found \"gs://bucket/a\", a folder, or s3://BUCKET/PREFIX, was expected";
    assert_eq!(problems[0], first);
    assert!(problems[1].contains("run.horizon_days"), "{problems:?}");
    let problems = problems_of(&example, &["merge", "s3://b//a", "s3:/b/a", "-o", "s3://b/../a"]);
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].starts_with("error: --output: found \"s3://b/../a\""), "{problems:?}");
    assert!(problems[1].starts_with("error: PART: found \"s3://b//a\""), "{problems:?}");
    assert!(problems[2].starts_with("error: PART: found \"s3:/b/a\""), "{problems:?}");
    let problems = problems_of(&example, &["report", "s3://b/a?x", "-o", "page.html"]);
    assert!(problems[0].starts_with("error: RESULT: found \"s3://b/a?x\""), "{problems:?}");
}

#[cfg(not(feature = "object-storage"))]
#[test]
fn a_build_without_stores_says_so() {
    let example = Example::new();
    for args in [
        &["run", "run.toml", "-o", "s3://bucket/a"][..],
        &["run", "run.toml", "--paths-to", "10", "-o", "s3://bucket/a"],
        &["merge", "s3://bucket/a", "-o", "merged"],
        &["report", "s3://bucket/a", "-o", "page.html"],
    ] {
        let problems = problems_of(&example, args);
        assert_eq!(problems.len(), 1, "{problems:?}");
        let said =
            "found \"s3://bucket/a\", a folder was expected: this build has no object storage";
        assert!(problems[0].contains(said), "{problems:?}");
        assert!(problems[0].contains("--features object-storage"), "{problems:?}");
    }
    for args in [
        &["run", "s3://bucket/run.toml", "-o", "result"][..],
        &["run", "run.toml", "--set", "network=\"s3://bucket/a\"", "-o", "result"],
    ] {
        let problems = problems_of(&example, args);
        assert!(problems.len() == 1 && problems[0].contains("no object storage"), "{problems:?}");
    }
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    let problems = problems_of(&example, &["report", "result", "-o", "s3://bucket/page.html"]);
    assert!(problems.len() == 1 && problems[0].contains("no object storage"), "{problems:?}");
}

#[test]
fn commands_that_take_folders_alone_say_which_take_addresses() {
    let example = Example::new();
    let before = example.tree();
    for args in [
        &["replay", "s3://b/a", "--path", "1"][..],
        &["caps", "s3://b/a", "--policy", "policy.toml"],
        &["caps", "result", "--policy", "policy.toml", "-o", "s3://b/a"],
        &["reverse", "s3://b/a", "--loss", ">= 5 %"],
        &["reverse", "result", "--loss", ">= 5 %", "-o", "s3://b/a"],
        &["diff", "s3://b/a"],
        &["diff", "a", "s3://b/a"],
        &["diff", "a", "b", "-o", "s3://b/a"],
        &["report", "result", "--vs", "s3://b/a"],
        &["report", "result", "--caps", "s3://b/a"],
        &["stress", "run.toml", "-o", "s3://b/a"],
        &["synth", "-o", "s3://b/a"],
    ] {
        let output = example.slashfall(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.contains("s3://b/a") && said.contains("a path of this machine"), "{said}");
        assert!(said.contains("is taken by `run`, `merge`"), "{said}");
        assert_eq!(stdout(&output), "");
    }
    assert!(example.tree() == before, "left behind: {:?}", example.tree().keys());
}
