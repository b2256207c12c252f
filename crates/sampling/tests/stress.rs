//! Events of a run file, and the one path on which they happen for certain.

mod support;

use slashfall_cascade::{Channel, Effect, Figure, Happened};
use slashfall_graph::ReserveId;
use slashfall_sampling::{Scenario, StressEvent, stress};
use support::small::{good, network, one_problem};

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
        let event = |event: &StressEvent| (event.day(), event.name().to_owned(), event.severity());
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
    let quiet = stress(&all[0].model, &all[0].stress);
    assert!(quiet.figures.iter().all(|figure| figure.abs() < 1e-12), "{:?}", quiet.figures);
    assert_eq!(quiet.record.losses, Vec::new());

    let incident = "[[event]]\nkind = \"avs_incident\"\ntarget = { avs = \"*\" }\nday = 30\n\
                    severity = 0.5\n";
    let body = format!("{}{incident}", EVENTS.split("[[event]]").next().unwrap());
    let base = &good(&network, &body)[0];
    let record = stress(&base.model, &base.stress);
    let layout = base.model.layout();
    let figure = |figure| record.figures[layout.system(figure)];
    // Half of the half of 10 a and of 30 ETH that the AVS may slash: at both operators, and on the
    // last day of all.
    assert!((figure(Figure::Burned) - 10.0).abs() < 1e-12);
    assert!((figure(Figure::Events) - 1.0).abs() < 1e-12);
    let losses = record.record.losses;
    let slashed: Vec<_> = losses.iter().filter(|loss| loss.channel == Channel::AvsSlash).collect();
    assert!(slashed.len() == 2 && slashed.iter().all(|loss| loss.cause.source == Some(0)));
}

/// A run waits for a small chance; a stress takes it on the first day on which it is there.
#[test]
fn a_stress_attacks_as_soon_as_it_pays() {
    let network = network();
    let body = |attack_prob: f64| {
        format!(
            "[security]\nsecurity_slack = 0.1\nattack_prob = {attack_prob:?}\n[[event]]\n\
             kind = \"validator_incident\"\ntarget = {{ operator = \"op2\" }}\nday = 3\n\
             severity = 1.0\n[[event]]\nkind = \"avs_fault\"\n\
             target = {{ operator = \"op2\" }}\nday = 4.5\nseverity = 0.5\n"
        )
    };
    for (attack_prob, expected) in [(1e-9, Some(5)), (0.0, None)] {
        let base = &good(&network, &body(attack_prob))[0];
        let record = stress(&base.model, &base.stress).record;
        let attack =
            record.steps.iter().find(|step| matches!(step.happened, Happened::Attacked { .. }));
        assert_eq!(attack.map(|step| step.day), expected);
    }
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

/// Wrong in a stress alone: a run with a shorter horizon draws its own events.
#[test]
fn an_event_after_the_horizon_is_left_out_and_told() {
    let network = network();
    let body = "[[event]]\nkind = \"exploit\"\nday = 31\nseverity = 0.5\n\
                target = { asset = \"a\" }\n[[scenario]]\nname = \"x\"\n";
    for scenario in good(&network, body) {
        assert_eq!(scenario.stress, []);
        let [late] = &scenario.late[..] else { panic!("{:?}", scenario.late) };
        assert!(late.to_string().contains("at most 30, was expected"), "{late}");
    }
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
