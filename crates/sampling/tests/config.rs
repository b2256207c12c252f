//! Run files against what becomes of them: parameters, scenarios, sweeps and events.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

mod support;

use slashfall_cascade::{
    BeaconParameters, CascadeParameters, Effect, LendingParameters, Parameters,
    RedemptionParameters, SecurityParameters, YieldParameters,
};
use slashfall_graph::spec::{AssetKind, LoanRow, ReserveRow, Sharing, Yields};
use slashfall_graph::{Network, Problem, ReserveId, Sketch};
use slashfall_sampling::Scenario;
use support::scenarios;

const HEAD: &str = r#"name = "config"
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
fn sketch() -> Sketch {
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

fn network() -> Network {
    sketch().network().unwrap()
}

fn good<'n>(network: &'n Network, body: &str) -> Vec<Scenario<'n>> {
    scenarios(network, &format!("{HEAD}{body}")).unwrap_or_else(|problems| panic!("{problems}"))
}

fn names<'s>(scenarios: &'s [Scenario<'_>]) -> Vec<&'s str> {
    scenarios.iter().map(|scenario| scenario.name.as_str()).collect()
}

/// The problems of a run file, its own and then those that the network makes.
#[track_caller]
fn bad(body: &str) -> Vec<Problem> {
    let network = network();
    let found = scenarios(&network, &format!("{HEAD}{body}")).err();
    found.expect("problems").as_slice().to_vec()
}

/// The one problem of a run file: its line below the head, its key, and words of it.
#[track_caller]
fn one_problem(body: &str, line: usize, key: &str, words: &[&str]) {
    let problems = bad(body);
    let [problem] = &problems[..] else { panic!("{problems:#?}") };
    assert_eq!(problem.place, slashfall_graph::Place::Line(HEAD.lines().count() + line));
    assert_eq!(problem.key.as_deref(), Some(key));
    let said = problem.to_string();
    assert!(words.iter().all(|word| said.contains(word)), "{words:?} in {said}");
}

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

const EVENTS: &str = r#"
[noise.default]
sigma_daily = 0.01
[[source]]
kind = "exploit"
target = { asset = "*" }
rate = 1e6
severity = 1.0
[[scenario]]
name = "half"
scale = { "yield.staking" = 0.5 }
[yield]
staking = 1.0
[[event]]
kind = "unbacked_mint"
target = { asset = "lrt" }
day = 20
severity = 0.25
pledge_share = 0.5
[[event]]
scenario = "half"
kind = "exploit"
id = "second"
target = { asset = ["a", "b"] }
day = 2.5
severity = 0.5
sale_days = 2.5
[[event]]
scenario = "base"
kind = "avs_incident"
target = { avs = "avs" }
day = 30.0
severity = 0.5
[[event]]
kind = "reserve_withdrawal"
target = { reserve = "prime" }
day = 20
severity = 0.75
[[event]]
kind = "client_outage"
target = { group = "Op" }
day = 1
epochs = 100
"#;

#[test]
fn events_are_those_of_the_scenario_in_time_order() {
    let network = network();
    let all = good(&network, EVENTS);
    let listed = |scenario: &Scenario<'_>| -> Vec<(f64, String, f64)> {
        let event = |event: &slashfall_sampling::StressEvent| {
            (event.day(), event.name().to_owned(), event.severity())
        };
        scenario.stress.iter().map(event).collect()
    };
    let row = |day, name: &str, severity| (day, name.to_owned(), severity);
    let outage = row(1.0, "client_outage/entity/Op", 100.0);
    let mint = row(20.0, "unbacked_mint/lrt", 0.25);
    let withdrawal = row(20.0, "reserve_withdrawal/prime", 0.75);
    let incident = row(30.0, "avs_incident/avs", 0.5);
    let base = [outage.clone(), mint.clone(), withdrawal.clone(), incident];
    assert_eq!(listed(&all[0]), base);
    let exploits = [row(2.5, "exploit/second/a", 0.5), row(2.5, "exploit/second/b", 0.5)];
    let half = [&[outage][..], &exploits[..], &[mint, withdrawal][..]].concat();
    assert_eq!(listed(&all[1]), half);
    assert_eq!(all[0].spec.not_applied, ["event"]);
    let lrt = network.wrapped_assets().last().unwrap();
    let effect = |scenario: usize, event: usize| all[scenario].stress[event].effect();
    assert_eq!(effect(0, 1), Effect::UnbackedMint { asset: lrt, pledge_share: 0.5 });
    assert_eq!(effect(0, 2), Effect::WithdrawSupply { reserve: ReserveId::new(1) });
    assert!(matches!(effect(1, 1), Effect::Exploit { sale_days: 3, .. }));
    assert_eq!(all[0].stress[3].hits().len(), 2);
}

/// Sources that would fire on every path do not, and no noise moves anything: what is lost is what
/// the events take.
#[test]
fn a_stress_is_its_events_and_nothing_drawn() {
    let network = network();
    let all = good(&network, EVENTS.split("[[event]]").next().unwrap());
    let quiet = slashfall_sampling::stress(&all[0].model, &all[0].stress);
    assert!(quiet.figures.iter().all(|figure| figure.abs() < 1e-12), "{:?}", quiet.figures);
    assert_eq!(quiet.entries, Vec::new());

    let incident = "[[event]]\nkind = \"avs_incident\"\ntarget = { avs = \"*\" }\nday = 30\n\
                    severity = 0.5\n";
    let body = format!("{}{incident}", EVENTS.split("[[event]]").next().unwrap());
    let base = &good(&network, &body)[0];
    let record = slashfall_sampling::stress(&base.model, &base.stress);
    let layout = base.model.layout();
    let figure = |figure| record.figures[layout.system(figure)];
    // Half of the half of 10 a and of 30 ETH that the AVS may slash: at both operators, and on the
    // last day of all.
    assert!((figure(slashfall_cascade::Figure::Burned) - 10.0).abs() < 1e-12);
    assert_eq!(figure(slashfall_cascade::Figure::Events), 1.0);
    assert!(!record.entries.is_empty());
    assert!(record.entries.iter().all(|entry| entry.cause.source == Some(0)));
}

#[test]
fn events_are_checked_as_sources_are() {
    let event = |lines: &str| {
        format!("[[event]]\nkind = \"exploit\"\nday = 5\nseverity = 0.5\ntarget = {lines}\n")
    };
    let wrong = |from: &str, to: &str| event("{ asset = \"a\" }").replace(from, to);
    one_problem(&event("{ asset = \"aa\" }"), 5, "target.asset", &["\"aa\"", "\"a\"?"]);
    one_problem(&event("{ avs = \"avs\", asset = \"a\" }"), 5, "event.target.avs", &["unknown"]);
    one_problem(&wrong("day = 5\n", ""), 1, "event.day", &["is missing"]);
    one_problem(&wrong("day = 5", "day = 0"), 3, "event.day", &["above 0"]);
    one_problem(&wrong("day = 5", "day = 31"), 3, "event.day", &["at most 30"]);
    one_problem(&wrong("= 0.5", "= { uniform = [0.0, 1.0] }"), 4, "event.severity", &["a number"]);
    one_problem(&wrong("= 0.5", "= 50"), 4, "event.severity", &["write 0.5 for 50 %"]);
    one_problem(&wrong("severity = 0.5\n", ""), 1, "event.severity", &["is missing"]);
    one_problem(&wrong("severity", "rate = 1\nseverity"), 4, "event.rate", &["unknown key"]);
    one_problem(&wrong("exploit", "exploits"), 2, "event.kind", &["did you mean \"exploit\"?"]);
    one_problem(&wrong("day", "scenario = \"bse\"\nday"), 3, "event.scenario", &["\"base\"?"]);
    let participation = "[[event]]\nkind = \"avs_incident\"\ntarget = { avs = \"*\" }\nday = 1\n\
                         severity = 1.0\nparticipation = 0.5\n";
    one_problem(participation, 6, "event.participation", &["all take part"]);
    // A wrong name in an event of one scenario is told once, and not of every scenario.
    let of_other = "[[scenario]]\nname = \"x\"\n[[scenario]]\nname = \"y\"\n[[event]]\n\
                    scenario = \"y\"\nkind = \"exploit\"\nday = 5\nseverity = 0.5\n\
                    target = { asset = \"aa\" }\n";
    one_problem(of_other, 10, "target.asset", &["\"aa\""]);
}

#[test]
fn an_event_may_belong_to_a_scenario_of_the_sweep() {
    let network = network();
    let body = "[sweep]\n\"yield.staking\" = { set = [0.5, 1.5] }\n[[event]]\n\
                scenario = \"yield.staking=1.5\"\nkind = \"depeg\"\nday = 1\nseverity = 0.1\n\
                target = { asset = \"*\" }\n";
    let n: Vec<usize> = good(&network, body).iter().map(|s| s.stress.len()).collect();
    assert_eq!(n, [0, 0, 3]);
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
