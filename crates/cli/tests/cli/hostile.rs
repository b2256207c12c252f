//! Files of strangers: their names show as text on terminals and pages, they are read from nowhere but
//! beside what the user named, and what never ends is not read.

use std::fs;
use std::process::Output;

use assert_cmd::Command;
use slashfall_graph::is_unprintable;

use crate::example::{Example, PROGRAM, problems_of, stderr, stdout};

/// A name that clears a terminal, sets its title, and forges a line.
const WICKED: &str = "a\u{1b}[2J\u{9b}31m\u{1b}]0;b\u{7}\nerror: c\u{202e}d";

/// That nothing printed commands a terminal.
#[track_caller]
fn is_text(printed: &str) {
    let commands = |c| c != '\n' && is_unprintable(c);
    assert!(!printed.contains(commands), "{printed:?}");
    assert!(!printed.lines().any(|line| line.starts_with("error: c")), "{printed:?}");
}

#[test]
fn names_that_command_a_terminal_are_refused() {
    let escaped = serde_json::json!(WICKED).to_string().replace('\u{9b}', "\\u009b");
    for (file, from, to) in [
        ("run.toml", "\"worse\"", escaped.clone()),
        ("run.toml", "\"incidents\"", escaped.clone()),
        ("run.toml", "[beacon]", format!("[{escaped}]")),
        ("network/network.toml", "\"small\"", escaped),
        ("network/avs.csv", "\nda,", "\nd\u{1b}[2Ja,".to_owned()),
        ("network/avs.csv", "\nda,", "\nd\u{202e}a,".to_owned()),
    ] {
        let example = Example::new();
        example.swap(file, from, &to);
        for command in ["run", "check"] {
            let problems = problems_of(&example, &[command, "run.toml"]);
            let is_told = |told: &String| told.contains("without control or invisible characters");
            assert!(problems.iter().any(is_told), "{file}: {problems:?}");
            problems.iter().for_each(|problem| is_text(problem));
        }
    }
}

#[test]
fn a_policy_with_such_a_name_is_refused() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    let name = "name = \"a\\u001b[2J\"\n[treasury]\nsize_eth = 200\n[budget]\n\
                es = { level = 0.9, share = 0.05 }\n[[position]]\nasset = \"ezETH\"\n";
    example.write("policy.toml", name.as_bytes());
    let problems = problems_of(&example, &["caps", "result", "--policy", "policy.toml"]);
    assert!(problems.len() == 1 && problems[0].contains("key `name`"), "{problems:?}");
    is_text(&problems[0]);
}

/// Results are read back, and whoever sent one may have written into it what he liked.
#[test]
fn results_of_strangers_command_no_terminal() {
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    let mut manifest = example.json("result/manifest.json");
    manifest["program"] = WICKED.into();
    manifest["name"] = WICKED.into();
    example.write("result/manifest.json", manifest.to_string().as_bytes());
    for args in [
        &["replay", "result", "--path", "1"][..],
        &["replay", "result", "--worst", "2", "--json"],
        &["replay", "result", "--path", "1", "--scenario", WICKED],
    ] {
        let output = example.slashfall(args);
        assert!(!stderr(&output).is_empty(), "the program is another");
        is_text(&stderr(&output));
        is_text(&stdout(&output));
    }
    // Files have names too.
    example.write(&format!("network/{}.csv", WICKED.replace('\n', "")), b"");
    let problems = problems_of(&example, &["check", "network"]);
    assert_eq!(problems.len(), 1);
    is_text(&problems[0]);
}

/// Runs the program in the folder `a` of an example, where the run file is.
fn in_a(example: &Example, args: &[&str]) -> Output {
    Command::new(PROGRAM).current_dir(example.path("a")).args(args).output().unwrap()
}

/// `a/run.toml`, and its network in `b/network`.
fn apart() -> Example {
    let example = Example::new();
    for name in ["a", "b"] {
        fs::create_dir(example.path(name)).unwrap();
    }
    fs::rename(example.path("run.toml"), example.path("a/run.toml")).unwrap();
    fs::rename(example.path("network"), example.path("b/network")).unwrap();
    example
}

#[track_caller]
fn is_out_of_reach(output: &Output) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    let place = "error: run.toml, line 2, key `network`: found ";
    assert!(said.starts_with(place) && said.contains("--allow-outside"), "{said}");
    assert!(said.ends_with("1 problem; nothing was written\n"), "{said}");
}

#[test]
fn a_run_file_reaches_no_further_than_it_may() {
    let example = apart();
    let absolute = example.path("b/network").display().to_string();
    let set = |network: &str| {
        let text = example.read("a/run.toml");
        let line = text.lines().find(|line| line.starts_with("network = ")).unwrap().to_owned();
        example.swap("a/run.toml", &line, &format!("network = {network:?}"));
    };
    for network in ["../b/network", &absolute, "s3://bucket/network"] {
        set(network);
        for args in [&["run", "run.toml"][..], &["check", "run.toml"], &["stress", "run.toml"]] {
            is_out_of_reach(&in_a(&example, args));
        }
    }
    set("../b/network");
    for args in [
        &["check", "run.toml", "--allow-outside"][..],
        &["check", "run.toml", "--set", "network=../b/network"],
        &["run", "run.toml", "-q", "--paths", "50", "--allow-outside", "-o", "one"],
    ] {
        let output = in_a(&example, args);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    // Where both lie below what the user named nothing has to be allowed.
    example.good(&["check", "a/run.toml"]);
    let output = in_a(&example, &["check", "../a/run.toml"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // A result is held to the digests of its network, wherever that is.
    let output = in_a(&example, &["replay", "one", "--path", "3"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn links_lead_no_further_either() {
    use std::os::unix::fs::symlink;
    let example = apart();
    symlink(example.path("b/network"), example.path("a/network")).unwrap();
    is_out_of_reach(&in_a(&example, &["check", "run.toml"]));
    fs::remove_file(example.path("a/network")).unwrap();
    fs::rename(example.path("b/network"), example.path("a/network")).unwrap();
    fs::rename(example.path("a/network/avs.csv"), example.path("b/avs.csv")).unwrap();
    symlink("../../b/avs.csv", example.path("a/network/avs.csv")).unwrap();
    for args in [&["check", "run.toml"][..], &["check", "network"]] {
        let said = stderr(&in_a(&example, args));
        let place = "error: network/avs.csv: a file of this folder was expected, and it is a link";
        assert!(said.starts_with(place) && said.contains("1 problem;"), "{said}");
        let output = in_a(&example, &[args, &["--allow-outside"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    }
}

/// A pipe that nobody writes to would be waited for without end.
#[cfg(unix)]
#[test]
fn what_never_ends_is_not_read() {
    let fifo = |example: &Example, file: &str| {
        let path = example.path(file);
        let _ = fs::remove_file(&path);
        Command::new("mkfifo").arg(&path).assert().success();
    };
    for file in ["run.toml", "network/network.toml", "network/avs.csv", "network/pools.parquet"] {
        let example = Example::new();
        fifo(&example, file);
        // Pipes cannot be compared before and after.
        let output = Command::new(PROGRAM)
            .current_dir(example.path(""))
            .args(["run", "run.toml"])
            .timeout(std::time::Duration::from_secs(60))
            .output()
            .unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{file}: {said}");
        assert!(said.contains("no pipe and no device"), "{file}: {said}");
    }
    let example = Example::new();
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    std::os::unix::fs::symlink("/dev/zero", example.path("policy.toml")).unwrap();
    let output = example.slashfall(&["caps", "result", "--policy", "policy.toml"]);
    assert!(stderr(&output).contains("no pipe and no device"), "{}", stderr(&output));
}

#[test]
fn a_part_names_no_file_but_its_own() {
    let example = Example::new();
    let part = ["run", "run.toml", "-q", "--paths-to", "1000", "-o", "part"];
    example.good(&part);
    for file in ["../run.toml", "/etc/hostname"] {
        let mut manifest = example.json("part/part.json");
        manifest["states"][0]["file"] = file.into();
        example.write("part/part.json", manifest.to_string().as_bytes());
        let problems = problems_of(&example, &["merge", "part", "-o", "whole"]);
        let told = format!("found {file:?}, a file in the folder of the part was expected");
        assert!(problems.iter().any(|own| own.contains(&told)), "{problems:?}");
    }
}

#[test]
fn names_on_the_page_of_caps_are_text() {
    let example = Example::new();
    let wicked = "[x](javascript:alert(1))<script>|*";
    for file in ["run.toml", "network/avs.csv", "network/allocations.csv"] {
        let text = example.read(file).replace("bridge", wicked).replace("worse", "`worse`");
        example.write(file, text.as_bytes());
    }
    example.good(&["run", "run.toml", "-q", "-o", "result"]);
    let policy = format!(
        "name = {wicked:?}\n[treasury]\nsize_eth = 200\n[budget]\n\
         es = {{ level = 0.9, share = 0.05 }}\n[look_through]\navs = 0.01\n\
         [[position]]\nasset = \"ezETH\"\namount_eth = 100\n"
    );
    example.write("policy.toml", policy.as_bytes());
    example.good(&["caps", "result", "--policy", "policy.toml", "-q", "-o", "caps"]);
    let page = example.read("caps/caps.md");
    let escaped = "\\[x\\](javascript:alert(1))\\<script\\>";
    assert!(page.starts_with(&format!("# How much to hold: {escaped}")), "{page}");
    assert!(!page.contains("[x](") && !page.contains("<script>"), "{page}");
    assert!(page.contains(&format!("AVS {escaped}")), "{page}");
    example.good(&["report", "result", "--caps", "caps", "-q", "-o", "page.html"]);
    let page = example.read("page.html");
    assert!(!page.contains("href=\"javascript") && !page.contains("<script>|"), "a name is markup");
    assert!(page.contains("[x](javascript:alert(1))&lt;script&gt;"), "the name is there");
}
