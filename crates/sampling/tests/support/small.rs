//! A run file of few lines on a network of few names, and what is wrong with it.

#![allow(dead_code, reason = "not every test binary needs every helper")]

use slashfall_graph::spec::{AssetKind, LoanRow, ReserveRow, Sharing};
use slashfall_graph::{Network, Place, Problem, Sketch};
use slashfall_sampling::Scenario;

use super::scenarios;

pub(crate) const HEAD: &str = r#"name = "config"
network = "."
[run]
seed = 1
paths = 10
horizon_days = 30
levels = [0.99]
[dependence]
copula = "independent"
"#;

/// Two LSTs, an LRT that both back, an AVS, and lending against the LRT.
pub(crate) fn sketch() -> Sketch {
    let loan = |market: &str, reserve: Option<&str>| LoanRow {
        reserve: reserve.map(str::to_owned),
        ..LoanRow::new(market, "lrt", 1.2, 1.0)
    };
    Sketch::new()
        .asset("a", AssetKind::Lst)
        .asset("b", AssetKind::Lst)
        .asset("lrt", AssetKind::Lrt)
        .operator("op", "Op")
        .operator("op2", "Op")
        .avs("avs", Sharing::Unique)
        .holding("a", "op", "ETH", 100.0)
        .holding("b", "op", "ETH", 100.0)
        .holding("lrt", "op", "a", 10.0)
        .holding("lrt", "op2", "ETH", 30.0)
        .allocation("avs", "op", "a", 0.5)
        .allocation("avs", "op2", "ETH", 0.5)
        .reserve(ReserveRow::new("core", "ETH", 10.0))
        .reserve(ReserveRow::new("prime", "ETH", 10.0))
        .loan(loan("with", Some("core")))
        .loan(loan("without", None))
}

pub(crate) fn network() -> Network {
    sketch().network().unwrap()
}

pub(crate) fn good<'n>(network: &'n Network, body: &str) -> Vec<Scenario<'n>> {
    scenarios(network, &format!("{HEAD}{body}")).unwrap_or_else(|problems| panic!("{problems}"))
}

pub(crate) fn names<'s>(scenarios: &'s [Scenario<'_>]) -> Vec<&'s str> {
    scenarios.iter().map(|scenario| scenario.name.as_str()).collect()
}

/// The problems of a run file, its own and then those that the network makes.
#[track_caller]
pub(crate) fn bad(body: &str) -> Vec<Problem> {
    let network = network();
    let found = scenarios(&network, &format!("{HEAD}{body}")).err();
    found.expect("problems").as_slice().to_vec()
}

/// The one problem of a run file: its line below the head, its key, and words of it.
#[track_caller]
pub(crate) fn one_problem(body: &str, line: usize, key: &str, words: &[&str]) {
    let problems = bad(body);
    let [problem] = &problems[..] else { panic!("{problems:#?}") };
    assert_eq!(problem.place, Place::Line(HEAD.lines().count() + line));
    assert_eq!(problem.key.as_deref(), Some(key));
    let said = problem.to_string();
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
}
