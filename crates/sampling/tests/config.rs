//! Run files against what becomes of them: parameters, scenarios and sweeps, and what is doubted.

#![expect(clippy::float_cmp, reason = "numbers come out of a file as they were written in it")]

mod support;

use slashfall_cascade::{
    BeaconParameters, CascadeParameters, LendingParameters, Parameters, RedemptionParameters,
    SecurityParameters, YieldParameters,
};
use slashfall_graph::spec::{AssetKind, LoanRow, PoolRow, Sharing, Yields};
use slashfall_graph::{Network, Sketch};
use slashfall_sampling::Scenario;
use support::scenarios;
use support::small::{HEAD, bad, good, names, network, one_problem, sketch};

fn parameters<'s>(scenario: &'s Scenario<'_>) -> &'s Parameters {
    scenario.model.setting().parameters()
}

#[test]
fn absent_sections_mean_what_the_parameters_say() {
    let network = network();
    let base = &good(&network, "")[0];
    let expected =
        Parameters { noise: parameters(base).noise.clone(), ..Parameters::absent(30, 3) };
    assert_eq!(*parameters(base), expected);
    assert!(base.spec.not_applied.is_empty() && base.stress.is_empty());
}

const ALL_SECTIONS: &str = r#"
[redemption.default]
base = 0.001
on_loss = 2
on_yield_drop = 0.5
impatience_days = 9.0
[redemption.lrt]
base = 0.02
on_discount = 1.5
tolerance = 0.003
max = 0.5
hurdle = 0.2
arbitrage_eth_per_day = 70
max_sale_discount = 0.25
[security]
security_slack = 0.25
attack_prob = 0.05
loss_given_attack = 0.75
[cascade]
enabled = false
max_rounds = 7
oracle_reads_per_day = 2
[beacon]
total_active_eth = 36e6
exit_queue_eth = 1e6
[lending]
run_on_bad_debt = 3.0
run_max = 0.125
unwind_on_carry = 4.0
unwind_max = 0.375
[yield]
staking = 0.5
avs_fees = 2
incentives = 0
campaign = 0.25
from_day = 3.5
"#;

#[test]
fn every_key_of_the_sections_reaches_the_days() {
    let network = network();
    let base = &good(&network, ALL_SECTIONS)[0];
    let default = RedemptionParameters {
        base: 0.001,
        on_loss: 2.0,
        on_yield_drop: 0.5,
        impatience_days: 9.0,
        ..RedemptionParameters::ABSENT
    };
    // What its own section leaves out is that of the default.
    let lrt = RedemptionParameters {
        base: 0.02,
        on_discount: 1.5,
        tolerance: 0.003,
        max: 0.5,
        hurdle: 0.2,
        arbitrage_eth_per_day: 70.0,
        max_sale_discount: 0.25,
        ..default
    };
    let expected = Parameters {
        horizon_days: 30,
        beacon: BeaconParameters { total_active_eth: 36e6, exit_queue_eth: 1e6 },
        noise: parameters(base).noise.clone(),
        redemption: vec![default, default, lrt],
        security: SecurityParameters {
            security_slack: 0.25,
            attack_prob: 0.05,
            loss_given_attack: 0.75,
        },
        cascade: CascadeParameters { enabled: false, max_rounds: 7, oracle_reads_per_day: 2 },
        lending: LendingParameters {
            run_on_bad_debt: 3.0,
            run_max: 0.125,
            unwind_on_carry: 4.0,
            unwind_max: 0.375,
        },
        yields: YieldParameters {
            staking: 0.5,
            avs_fees: 2.0,
            incentives: 0.0,
            campaign: 0.25,
            from_day: 3.5,
        },
    };
    assert_eq!(*parameters(base), expected);
    assert_eq!(base.spec.not_applied, Vec::<String>::new());
}

#[test]
fn scenarios_change_the_sections_by_set_and_scale() {
    let network = network();
    let body = format!(
        "{ALL_SECTIONS}\n\
         [[scenario]]\nname = \"run\"\n\
         scale = {{ \"redemption.default.base\" = 10, \"lending.run_on_bad_debt\" = 2 }}\n\
         set = {{ \"security.attack_prob\" = 0.5, \"redemption.a.max\" = 0.25, \
         \"cascade.enabled\" = true, \"yield.staking\" = 0.0 }}\n"
    );
    let all = good(&network, &body);
    assert_eq!(names(&all), ["base", "run"]);
    let (before, after) = (parameters(&all[0]), parameters(&all[1]));
    assert_eq!(after.redemption[0].base, 0.01);
    assert_eq!((after.redemption[0].max, after.redemption[1].max), (0.25, 1.0));
    assert_eq!(after.redemption[2], before.redemption[2]);
    assert_eq!((before.security.attack_prob, after.security.attack_prob), (0.05, 0.5));
    assert_eq!(after.security.security_slack, 0.25);
    assert_eq!((after.lending.run_on_bad_debt, after.lending.run_max), (6.0, 0.125));
    assert!(after.cascade.enabled && !before.cascade.enabled);
    assert_eq!((after.yields.staking, after.yields.avs_fees), (0.0, 2.0));
}

#[test]
fn a_scenario_cannot_scale_what_is_not_there() {
    let body = "[[scenario]]\nname = \"x\"\nscale = { \"redemption.default.base\" = 2 }\n";
    let key = "in scenario \"x\": redemption.default.base";
    one_problem(body, 1, key, &["there is no `base` to scale"]);
}

const SWEEP: &str = r#"
[[source]]
kind = "avs_fault"
target = { avs = "*" }
rate = 0.5
severity = 0.5
[[scenario]]
name = "other"
set = { "security.attack_prob" = 0.1 }
[sweep]
"source.avs_fault.rate" = { scale = [1, 10, 0.5] }
"security.security_slack" = { set = [0.1, 0.5] }
"#;

#[test]
fn a_sweep_makes_a_scenario_of_every_combination() {
    let network = network();
    let all = good(&network, SWEEP);
    let expected = [
        "base",
        "other",
        "source.avs_fault.rate x1, security.security_slack=0.1",
        "source.avs_fault.rate x1, security.security_slack=0.5",
        "source.avs_fault.rate x10, security.security_slack=0.1",
        "source.avs_fault.rate x10, security.security_slack=0.5",
        "source.avs_fault.rate x0.5, security.security_slack=0.1",
        "source.avs_fault.rate x0.5, security.security_slack=0.5",
    ];
    assert_eq!(names(&all), expected);
    let expected_events = |scenario: &Scenario<'_>| {
        scenario.model.expected_events().into_values().map(|(_, events)| events).sum::<f64>()
    };
    let two_members = |rate: f64| 2.0 * (1.0 - (-rate * 30.0 / 365.0).exp());
    for (scenario, (rate, slack)) in all[2..].iter().zip([
        (0.5, 0.1),
        (0.5, 0.5),
        (5.0, 0.1),
        (5.0, 0.5),
        (0.25, 0.1),
        (0.25, 0.5),
    ]) {
        assert!((expected_events(scenario) - two_members(rate)).abs() < 1e-12);
        assert_eq!(parameters(scenario).security.security_slack, slack);
        assert_eq!(parameters(scenario).security.attack_prob, 0.0);
    }
}

/// A table forgets the order of its keys; a sweep keeps that of the file, on one line too.
#[test]
fn a_sweep_keeps_the_order_of_its_keys() {
    let network = network();
    let body = "[sweep]\n\"yield.staking\" = { set = [0, 1] }\n\
                \"beacon.exit_queue_eth\" = { set = [5] }\n\"run.paths\" = { set = [7] }\n";
    let first = "yield.staking=0, beacon.exit_queue_eth=5, run.paths=7";
    let all = good(&network, body);
    assert_eq!(all[1].name, first);
    assert_eq!(all.len(), 3);
    let head = HEAD.replace(
        "network = \".\"\n",
        "network = \".\"\nsweep = { \"yield.staking\" = { set = [0, 1] }, \
         \"beacon.exit_queue_eth\" = { set = [5] }, \"run.paths\" = { set = [7] } }\n",
    );
    assert_eq!(scenarios(&network, &head).unwrap()[1].name, first);
}

#[test]
fn a_sweep_has_bounds() {
    let row = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().join(", ");
    let grid = |n: usize, m: usize| {
        format!(
            "[sweep]\n\"beacon.exit_queue_eth\" = {{ set = [{}] }}\n\
             \"yield.staking\" = {{ set = [{}] }}\n",
            row(n),
            row(m)
        )
    };
    let network = network();
    assert_eq!(good(&network, &grid(15, 17)).len(), 256);
    one_problem(&grid(16, 16), 1, "sweep", &["at most 256 scenarios", "257"]);
}

#[test]
fn a_mistake_in_a_sweep_is_told_once() {
    let sweep = |line: &str| format!("{SWEEP}{line}\n");
    let line = SWEEP.lines().count() + 1;
    let key = "sweep.run.seed";
    one_problem(&sweep("\"run.seed\" = { set = [1] }"), line, key, &["of the whole run"]);
    one_problem(&sweep("\"sweep.x\" = { set = [1] }"), line, "sweep.sweep.x", &["whole run"]);
    one_problem(&sweep("security = { set = [1] }"), line, "sweep.security", &["dotted key"]);
    let key = "sweep.yield.staking";
    one_problem(&sweep("\"yield.staking\" = 3"), line, key, &["a table was expected"]);
    one_problem(&sweep("\"yield.staking\" = { set = [] }"), line, key, &["at least one"]);
    one_problem(&sweep("\"yield.staking\" = { }"), line, key, &["set = [..]", "scale = [..]"]);
    let both = "\"yield.staking\" = { set = [1], scale = [2] }";
    one_problem(&sweep(both), line, key, &["either"]);
    let unknown = "\"yield.staking\" = { set = [1], skale = [2] }";
    one_problem(&sweep(unknown), line, "sweep.yield.staking.skale", &["\"scale\"?"]);
    let key = "sweep.source.avs_fault.severity.scale";
    let negative = "\"source.avs_fault.severity\" = { scale = [-1] }";
    one_problem(&sweep(negative), line, key, &["found \"-1\"", "at least 0"]);
    let first = "in scenario \"source.avs_fault.rate x1, security.security_slack=0.1, ";
    let key = format!("{first}yield.staking x2\": yield.staking");
    let nothing = "\"yield.staking\" = { scale = [2] }";
    one_problem(&sweep(nothing), line, &key, &["no `staking` to scale"]);
    let key = format!("{first}security.attack_prob=1.5\": security.attack_prob");
    let too_large = "\"security.attack_prob\" = { set = [0.5, 1.5] }";
    one_problem(&sweep(too_large), line, &key, &["found \"1.5\"", "[0, 1]"]);
    // An event of a scenario that there would be is not a second mistake.
    let event = "[[event]]\nscenario = \"yield.staking=1\"\nkind = \"depeg\"\nday = 1\n\
                 severity = 0.1\ntarget = { asset = \"a\" }";
    let empty = format!("\"yield.staking\" = {{ set = [] }}\n{event}");
    one_problem(&sweep(&empty), line, "sweep.yield.staking", &["at least one"]);
}

#[test]
fn no_two_scenarios_have_one_name() {
    let body = "[[scenario]]\nname = \"yield.staking=0.5\"\n\
                [sweep]\n\"yield.staking\" = { set = [0.5] }\n";
    one_problem(body, 3, "sweep", &["found \"yield.staking=0.5\"", "no other scenario"]);
    let body = "[sweep]\n\"yield.staking\" = { set = [0.5, 0.50] }\n";
    one_problem(body, 1, "sweep", &["found \"yield.staking=0.5\"", "no other scenario"]);
}

#[test]
fn reserve_withdrawals_are_sources_one_a_reserve() {
    let network = network();
    let source = "[[source]]\nkind = \"reserve_withdrawal\"\nrate = 1\nseverity = 0.5\n";
    let base = &good(&network, &format!("{source}target = {{ reserve = \"*\" }}\n"))[0];
    let names: Vec<&str> = base.model.sources().iter().map(|source| source.name()).collect();
    assert_eq!(names, ["reserve_withdrawal/core", "reserve_withdrawal/prime"]);
    let unknown = format!("{source}target = {{ reserve = [\"core\", \"prine\"] }}\n");
    let words = ["a lending reserve", "\"prine\"", "did you mean \"prime\"?"];
    one_problem(&unknown, 5, "target.reserve", &words);
    let other = format!("{source}target = {{ asset = \"a\" }}\n");
    let keys: Vec<_> = bad(&other).into_iter().map(|problem| problem.key.unwrap()).collect();
    assert_eq!(keys, ["source.target.reserve", "source.target.asset"]);
}

fn warnings(network: &Network, body: &str) -> Vec<String> {
    good(network, body)[0].warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn attacks_that_need_no_event_are_doubted() {
    let network = network();
    let body = |slack: f64, attack_prob: f64| {
        format!(
            "[redemption.lrt]\nbase = 0.01\n[security]\nsecurity_slack = {slack:?}\n\
             attack_prob = {attack_prob:?}\n"
        )
    };
    // 1 - .99^30 is 26.0 %, and 20 % of stake are a slack of .25.
    let [doubt] = &warnings(&network, &body(0.25, 0.1))[..] else { panic!("one doubt") };
    for word in ["line 13", "`security.security_slack`", "\"0.25\"", "26.0 %", "20.0 %"] {
        assert!(doubt.contains(word), "{word} in {doubt}");
    }
    assert_eq!(warnings(&network, &body(0.4, 0.1)), Vec::<String>::new());
    assert_eq!(warnings(&network, &body(0.25, 0.0)), Vec::<String>::new());
}

#[test]
fn carry_that_is_not_counted_is_told() {
    let levered = |market: &str, staking: f64| {
        let network = sketch().yields(Yields { staking, ..Yields::default() });
        warnings(&network.levered("fund", market, 0.5).network().unwrap(), "")
    };
    let said = levered("without", 0.03);
    assert!(said.len() == 1 && said[0].contains("\"fund\"") && said[0].contains("\"without\""));
    assert_eq!(levered("without", 0.0), Vec::<String>::new());
    assert_eq!(levered("with", 0.03), Vec::<String>::new());
}

#[test]
fn severities_of_which_much_is_cut_are_doubted() {
    let network = network();
    let said = |scale: f64, at_one: f64| {
        let law = format!(
            "{{ generalized_pareto = {{ threshold = 0.0, shape = 0.5, scale = {scale:?} }} }}"
        );
        warnings(
            &network,
            &format!(
                "[[source]]\nkind = \"validator_incident\"\ntarget = {{ operator = \"*\" }}\nrate = 0.3\n\
             severity = {{ mixture = {{ at_one = {at_one:?}, else = {law} }} }}\n"
            ),
        )
    };
    // (1 + .5 / .2)^-2 is 8.16 %, of half of the draws 4.08 %.
    let [doubt] = &said(0.2, 0.5)[..] else { panic!("one doubt") };
    for word in
        ["line 14", "`source.severity`", "4.1 % of the draws of this validator_incident", "smaller"]
    {
        assert!(doubt.contains(word), "{word} in {doubt}");
    }
    assert_eq!(said(0.02, 0.5), Vec::<String>::new());
}

/// Expects one warning that names the line below the head and the key, and has the words in it.
#[track_caller]
fn is_idle(network: &Network, body: &str, line: usize, key: &str, word: &str) {
    let said = warnings(network, body);
    let [said] = &said[..] else { panic!("{said:?}") };
    let start =
        format!("run.toml, line {}, key `{key}`: has no effect: ", HEAD.lines().count() + line);
    assert!(said.starts_with(&start) && said.contains(word), "{said}");
}

#[track_caller]
fn is_silent(network: &Network, body: &str) {
    assert_eq!(warnings(network, body), Vec::<String>::new());
}

/// An LST on ETH, an LRT on it, and an LRT on that; no reserve, market, pool or yield.
fn bare() -> Sketch {
    Sketch::new()
        .asset("lst", AssetKind::Lst)
        .asset("lrt", AssetKind::Lrt)
        .asset("top", AssetKind::Lrt)
        .operator("op", "Op")
        .avs("avs", Sharing::Unique)
        .holding("lst", "op", "ETH", 100.0)
        .holding("lrt", "op", "lst", 40.0)
        .holding("top", "op", "lrt", 10.0)
}

#[test]
fn keys_without_a_reserve_or_a_yield_are_doubted() {
    let bare = bare().network().unwrap();
    let lending = "[lending]\nrun_max = 0.5\n";
    is_idle(&bare, lending, 1, "lending", "no table `reserves`");
    let from = "[yield]\ncampaign = 0.0\n";
    is_idle(&bare, from, 1, "yield", "no asset of the network has a yield");
    let default = "[redemption.default]\non_yield_drop = 0.1\n";
    let key = "redemption.default.on_yield_drop";
    is_idle(&bare, default, 2, key, "no asset of the network");
    is_silent(&bare, "[redemption.default]\non_yield_drop = 0\nbase = 0.1\n");

    let yields = sketch().yields(Yields { staking: 0.03, ..Yields::default() }).network().unwrap();
    let body = format!("{from}{default}");
    is_silent(&yields, &body);
    // The yield is the LRT's.
    let own = |name: &str| format!("[redemption.{name}]\non_yield_drop = 0.1\n");
    is_silent(&yields, &own("lrt"));
    is_idle(&yields, &own("a"), 2, "redemption.a.on_yield_drop", "the asset has no yield");
}

#[test]
fn keys_without_the_key_that_they_limit_are_doubted() {
    let network = network();
    for (section, key, rate) in [
        ("security", "loss_given_attack", "attack_prob"),
        ("lending", "run_max", "run_on_bad_debt"),
        ("lending", "unwind_max", "unwind_on_carry"),
    ] {
        let body = format!("[{section}]\n{key} = 0.5\n");
        let named = format!("{section}.{key}");
        is_idle(&network, &body, 2, &named, &format!("{section}.{rate} is absent"));
        // A 0 that is written is meant.
        is_silent(&network, &format!("{body}{rate} = 0.0\n"));
        is_silent(&network, &format!("{body}{rate} = 0.1\n"));
    }
    is_silent(&network, "[cascade]\nenabled = false\n[security]\nattack_prob = 0.1\n");
}

/// A source of which `key` is the last line, the sixth below the head.
fn source_with(kind: &str, asset: &str, key: &str) -> String {
    format!(
        "[[source]]\nkind = \"{kind}\"\ntarget = {{ asset = {asset} }}\nrate = 0.1\n\
         severity = 0.1\n{key}\n"
    )
}

#[test]
fn a_pledge_that_no_market_takes_is_doubted() {
    let network = bare().loan(LoanRow::new("m", "lst", 1.5, 1.0)).network().unwrap();
    let mint = |asset, share| source_with("unbacked_mint", asset, share);
    let idle = |asset| {
        let body = mint(asset, "pledge_share = 0.5");
        is_idle(&network, &body, 6, "source.pledge_share", "no market");
    };
    idle("\"lrt\"");
    idle("[\"lrt\", \"top\"]");
    is_silent(&network, &mint("\"lrt\"", "pledge_share = 0"));
    is_silent(&network, &mint("\"lst\"", "pledge_share = 0.5"));
    is_silent(&network, &mint("[\"lrt\", \"lst\"]", "pledge_share = 0.5"));
    is_silent(&network, &mint("\"*\"", "pledge_share = 0.5"));
    let event = "[[event]]\nkind = \"unbacked_mint\"\ntarget = { asset = \"top\" }\nday = 2.0\n\
                 severity = 0.1\npledge_share = 0.5\n";
    is_idle(&network, event, 6, "event.pledge_share", "no market");
}

#[test]
fn loot_that_no_pool_takes_is_doubted() {
    let network = bare().pool(PoolRow::constant_product("p", "lst", 9.0, 9.0)).network().unwrap();
    let theft = |asset| source_with("exploit", asset, "sale_days = 3");
    is_idle(&network, &theft("\"top\""), 6, "source.sale_days", "no token in the loot");
    is_silent(&network, &theft("\"lrt\""));
    is_silent(&network, &theft("\"*\""));
    // All of it is ETH, which is never sold.
    is_silent(&network, &theft("\"lst\""));
}
