//! Who sets off what, what falls together and what would be without somebody, against what the paths themselves say: every path by the
//! plainest sums there are, whole runs on changed networks, closed forms.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use slashfall_cascade::Figure;
use slashfall_graph::facts::debtrank;
use slashfall_graph::spec::{AssetKind, Sharing};
use slashfall_graph::{AvsId, Network, OperatorId, Removal, Sketch};
use slashfall_output::measures::{Estimate, Level, PairedLosses, Sum};
use slashfall_output::{
    CloseUps, Collector, ComponentKind, Contagion, Contribution, EventCounts, Looks, NodeFigures,
    NodeKind, ScopeKind, contributions, joint, removals,
};
use slashfall_sampling::importance::{Aim, Goal};
use slashfall_sampling::{Model, Node, RunSpec, event_times, replay, simulate_noting};

fn model<'n>(network: &'n Network, toml: &str) -> Model<'n> {
    let root = Node::parse("run.toml", toml).unwrap();
    let spec = RunSpec::read("run.toml", &root).unwrap_or_else(|problems| panic!("{problems}"));
    spec.resolve("run.toml", &root, network)
        .unwrap_or_else(|problems| panic!("{problems}"))
        .swap_remove(0)
        .model
}

fn year(seed: u64, dependence: &str, sources: &str) -> String {
    format!(
        "name = \"test\"\nnetwork = \".\"\n\
         [run]\nseed = {seed}\npaths = 1\nhorizon_days = 365\nlevels = [0.9]\n\
         [dependence]\n{dependence}\n{sources}\n"
    )
}

const T: &str = "copula = \"student_t\"\ndf = 4\nfactors = [\"f\", \"g\"]";

/// LRTs on three operators and two AVSs, with noise, loans by default prices, and attacks.
fn network() -> Network {
    Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("eETH", AssetKind::Lrt)
        .asset("kETH", AssetKind::Lrt)
        .avs("da", Sharing::Unique)
        .avs("oracle", Sharing::Unique)
        .operator("a", "A")
        .operator("b", "B")
        .operator("c", "A")
        .holding("stETH", "a", "ETH", 100.0)
        .holding("stETH", "c", "ETH", 60.0)
        .holding("eETH", "a", "ETH", 50.0)
        .holding("eETH", "b", "stETH", 80.0)
        .holding("kETH", "b", "ETH", 70.0)
        .holding("kETH", "c", "ETH", 30.0)
        .holding("direct", "b", "ETH", 40.0)
        .allocation("da", "*", "*", 0.4)
        .allocation("oracle", "b", "*", 0.3)
        .portfolio("dao", "eETH", 30.0)
        .portfolio("dao", "kETH", 20.0)
        .network()
        .unwrap()
}

const SOURCES: &str = "\
    [[source]]\nkind = \"avs_fault\"\ntarget = { avs = \"*\", operator = \"*\" }\n\
    rate = { events = 1, exposure_years = 10.0, label = \"x\" }\n\
    severity = { uniform = [0.0, 1.0] }\nloadings = { f = 0.5, g = 0.3 }\n\
    [[source]]\nkind = \"avs_incident\"\ntarget = { avs = \"da\" }\nrate = 0.1\nparticipation = 0.5\n\
    severity = { beta = { mean = 0.3, concentration = 3.0 } }\nloadings = { f = 0.4 }\n\
    [[source]]\nkind = \"operator_compromise\"\ntarget = { operator = \"*\" }\nrate = 0.05\n\
    severity = { uniform = [0.2, 1.0] }\nloadings = { g = 0.6 }\n\
    [[source]]\nkind = \"validator_incident\"\ntarget = { operator = \"*\" }\nrate = 0.2\nseverity = 0.3\n\
    [[source]]\nkind = \"exploit\"\ntarget = { asset = \"eETH\" }\nrate = 0.1\nseverity = 0.2\n\
    [security]\nattack_prob = 0.01\nsecurity_slack = 0.3\nloss_given_attack = 1.0\n";

/// What a run gathers.
struct Run<'n> {
    model: Model<'n>,
    collector: Collector,
    contagion: Contagion,
    counts: EventCounts,
}

impl<'n> Run<'n> {
    fn of(model: Model<'n>, n_paths: u64) -> Self {
        let mut collector = Collector::new(model.setting());
        let (mut contagion, mut counts) = (Contagion::new(&model), EventCounts::new(&model));
        let flow = simulate_noting(&model, 0..n_paths, 4_096, |batch| {
            collector.absorb(batch);
            contagion.absorb(batch);
            counts.absorb(batch);
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        Self { model, collector, contagion, counts }
    }

    fn nodes(&self) -> Vec<NodeFigures> {
        let network = self.model.network();
        self.contagion.figures(network, &debtrank(network), self.collector.weights())
    }

    fn look(&self, levels: &[Level], looks: Looks) -> CloseUps<'_> {
        CloseUps::take(&self.model, &self.collector, levels, looks, || false).unwrap()
    }
}

const ALL: Looks =
    Looks { per_scope: usize::MAX, of_all: usize::MAX, n_worst: 0, beyond: usize::MAX };

fn level(level: f64) -> Level {
    Level::new(level).unwrap()
}

fn close(found: f64, expected: f64, tolerance: f64) {
    let off = (found - expected).abs();
    assert!(off <= tolerance * expected.abs().max(1e-12), "{found}, not {expected}");
}

/// The slow twin: every path again by itself, and for each node plain sums over those on which a source
/// fires that names it.
#[test]
fn nodes_are_what_the_paths_say() {
    let network = network();
    let run = Run::of(model(&network, &year(1, T, SOURCES)), 6_000);
    let layout = run.model.layout();
    let mut fired: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (path, source, _) in event_times(&run.model, 0..6_000) {
        fired.entry(path).or_default().push(source);
    }
    let paths: Vec<u64> = (0..6_000).collect();
    let rows = replay(&run.model, &paths, |record| record.figures);
    let figure = |path: u64, figure| rows[usize::try_from(path).unwrap()][layout.system(figure)];
    let nodes = run.nodes();
    // By name of the source: `avs_fault/da/a`.
    let names = |node: &NodeFigures, source: usize| {
        let name = run.model.sources()[source].name();
        let parts: Vec<&str> = name.split('/').collect();
        let of_operator = |is: &dyn Fn(&str) -> bool| match parts[0] {
            "avs_fault" => is(parts[2]),
            "operator_compromise" | "validator_incident" => is(parts[1]),
            _ => false,
        };
        let entity = |operator: &str| if operator == "b" { "B" } else { "A" };
        match node.kind {
            NodeKind::Avs => parts[0].starts_with("avs_") && parts[1] == node.name,
            NodeKind::Operator => of_operator(&|operator| operator == node.name),
            NodeKind::Entity => of_operator(&|operator| entity(operator) == node.name),
            NodeKind::Asset => parts[0] == "exploit" && parts[1] == node.name,
            NodeKind::SourceKind => parts[0] == node.name,
            NodeKind::Group | NodeKind::Reserve => false,
        }
    };
    let mut n_checked = 0;
    for node in &nodes {
        let is_named =
            |(_, sources): &(&u64, &Vec<usize>)| sources.iter().any(|source| names(node, *source));
        let own: Vec<u64> = fired.iter().filter(is_named).map(|(path, _)| *path).collect();
        close(node.trigger.value, own.len() as f64 / 6_000.0, 1e-12);
        let sum = |of| Sum::from_iter(own.iter().map(|path| figure(*path, of))).value();
        let n = own.len() as f64;
        close(node.loss.unwrap().value, sum(Figure::Total) / n, 1e-10);
        close(node.rounds.unwrap().value, sum(Figure::Rounds) / n, 1e-10);
        let amplification = sum(Figure::Total) / sum(Figure::Direct);
        close(node.amplification.unwrap().value, amplification, 1e-10);
        n_checked += usize::from(n > 100.0);
    }
    assert!(n_checked >= 10, "{n_checked}");
    // Attacks, and operators slashed by anybody.
    let of = |kind, name: &str| {
        nodes.iter().find(|node| node.kind == kind && node.name == name).unwrap().hit.unwrap()
    };
    let attacked: f64 = paths.iter().map(|path| figure(*path, Figure::AvssAttacked)).sum();
    let by_avs = of(NodeKind::Avs, "da").value + of(NodeKind::Avs, "oracle").value;
    assert!(attacked > 20.0, "{attacked}");
    close(by_avs, attacked / 6_000.0, 1e-12);
    let slashed: f64 = paths.iter().map(|path| figure(*path, Figure::OperatorsSlashed)).sum();
    let by_operator: f64 =
        ["a", "b", "c"].iter().map(|name| of(NodeKind::Operator, name).value).sum();
    close(by_operator, slashed / 6_000.0, 1e-12);
    assert!(
        of(NodeKind::Entity, "A").value
            < of(NodeKind::Operator, "a").value + of(NodeKind::Operator, "c").value
    );
}

/// Sources fire as often, and together as often, as the law says, and factors are uncorrelated.
#[test]
fn what_was_asked_for_is_what_came() {
    let network = network();
    for dependence in [T, "copula = \"gaussian\"\nfactors = [\"f\", \"g\"]"] {
        let run = Run::of(model(&network, &year(2, dependence, SOURCES)), 400_000);
        let names = ["f".to_owned(), "g".to_owned()];
        let all = run.counts.realised(&run.model, &names);
        let n_pairs = all.iter().filter(|found| found.kind == "joint_events").count();
        assert!(n_pairs >= 12, "{n_pairs}");
        assert_eq!(all.iter().filter(|found| found.kind == "factor_correlation").count(), 1);
        for found in &all {
            // Two of the sources of one incident do not exist, and joint events of rare pairs are few.
            let few = found.realised.value * 400_000.0 < 30.0 && found.kind == "joint_events";
            assert!(few || found.z().unwrap().abs() < 4.5, "{found:?}");
        }
        let sure = all.iter().filter(|found| {
            found.realised.std_err.is_some_and(|std_err| std_err < 0.01 * found.requested.abs())
        });
        assert!(sure.count() >= 4);
    }
}

/// Where all paths are looked at, joint figures are those of the paths by plain sums.
#[test]
fn pairs_lose_what_the_paths_say() {
    let network = network();
    let run = Run::of(model(&network, &year(3, T, SOURCES)), 5_000);
    let at = level(0.9);
    let close_ups = run.look(&[at], ALL);
    let pairs = joint(&close_ups, &[at]);
    let losses = |name: &str| run.collector.losses(name).unwrap();
    for (a, b) in [("eETH", "kETH"), ("kETH", "eETH"), ("stETH", "dao")] {
        let found = pairs.iter().find(|pair| pair.a.name == a && pair.b.name == b).unwrap();
        let mut order: Vec<u64> = (0..5_000).collect();
        order.sort_by(|x, y| losses(a).loss(*y).total_cmp(&losses(a).loss(*x)).then(x.cmp(y)));
        let tail = &order[..500];
        let in_tail: Vec<f64> = tail.iter().map(|path| losses(b).loss(*path)).collect();
        assert!(losses(a).loss(order[500]) > 0.0);
        close(found.mes.value, in_tail.iter().sum::<f64>() / 500.0, 1e-9);
        let mut sorted = in_tail.clone();
        sorted.sort_by(|x, y| y.total_cmp(x));
        close(found.covar.value, sorted[50], 1e-12);
        let edge = losses(b).sorted().unwrap().value_at_risk(at).value;
        let both = in_tail.iter().filter(|loss| **loss >= edge && **loss > 0.0).count();
        close(found.both.value, both as f64 / 5_000.0, 1e-9);
        assert!(found.covar.ci_low.unwrap() <= found.covar.value);
        assert!(found.covar.ci_high.unwrap() >= found.covar.value);
    }
}

/// Where all paths are looked at, what a component costs by itself is the shortfall of its losses on all of them.
#[test]
fn components_cost_by_themselves_what_the_paths_say() {
    let network = network();
    let run = Run::of(model(&network, &year(4, T, SOURCES)), 5_000);
    let levels = [level(0.9), level(0.98)];
    let close_ups = run.look(&levels, ALL);
    let all = contributions(&run.model, &close_ups, &levels);
    let of = |scope: &str, kind, component: &str, at: Level| -> Contribution {
        let own = |c: &&Contribution| {
            (c.scope.as_str(), c.component_kind, c.component.as_str(), c.level)
                == (scope, kind, component, at)
        };
        all.iter().find(own).unwrap().clone()
    };
    let mut n_errors = 0;
    for at in levels {
        for channel in ["avs_slash", "beacon", "theft", "attack_slash"] {
            let expected =
                run.collector.losses(channel).unwrap().sorted().unwrap().expected_shortfall(at);
            let found = of("system", ComponentKind::Channel, channel, at);
            close(found.standalone.value, expected.value, 1e-9);
            // Weights of 1 have the errors of plain paths.
            let std_errs = (found.standalone.std_err, expected.std_err);
            assert_eq!(std_errs.0.is_some(), std_errs.1.is_some());
            if let (Some(own), Some(plain)) = std_errs {
                close(own, plain, 1e-6);
                n_errors += 1;
            }
            assert!(found.diversification().unwrap() >= -1e-9);
        }
        let contagion = of("system", ComponentKind::Origin, "contagion", at);
        let expected = run.collector.losses("system_contagion").unwrap().sorted().unwrap();
        close(contagion.standalone.value, expected.expected_shortfall(at).value, 1e-9);
    }
    assert!(n_errors >= 6, "{n_errors}");
    // With a tenth of the paths it is near, by its own error.
    let some = Looks { per_scope: 200, of_all: 400, n_worst: 0, beyond: usize::MAX };
    let few = contributions(&run.model, &run.look(&levels, some), &levels);
    let mut n = 0;
    for found in few.iter().filter(|c| c.component_kind == ComponentKind::Channel) {
        let whole = of(&found.scope, found.component_kind, &found.component, found.level);
        let Some(std_err) = found.standalone.std_err else { continue };
        let off = (found.standalone.value - whole.standalone.value).abs();
        assert!(off <= 4.5 * std_err, "{found:?} {whole:?}");
        n += 1;
    }
    assert!(n > 20, "{n}");
}

/// Whole runs on the network without something say what the paths run again say.
#[test]
fn shortfalls_without_somebody_are_those_of_whole_runs() {
    let network = network();
    let run = Run::of(model(&network, &year(5, T, SOURCES)), 5_000);
    let at = level(0.9);
    let close_ups = run.look(&[at], ALL);
    let found = removals(&run.model, &close_ups, at, || false).unwrap();
    assert!(removals(&run.model, &close_ups, at, || true).is_none());
    let kinds: Vec<&str> = found.iter().map(|without| without.kind.name()).collect();
    for kind in ["avs", "operator", "entity", "allocation"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let cases = [
        ("avs", "da", Removal::Avs(AvsId::new(0))),
        ("operator", "b", Removal::Operator(OperatorId::new(1))),
        ("operator", "a", Removal::Operator(OperatorId::new(0))),
        ("entity", "A", Removal::Entity(network.operator(OperatorId::new(0)).entity)),
        ("allocation", "oracle/b", Removal::Allocation(network.avs_members(AvsId::new(1))[0])),
    ];
    for (kind, name, removal) in cases {
        let rest = network.without(removal);
        let whole = Run::of(run.model.without(&rest, removal), 5_000);
        for (scope_kind, scope) in
            [(ScopeKind::System, "system_ex_price"), (ScopeKind::Portfolio, "dao")]
        {
            let own = found.iter().find(|without| {
                (without.scope.kind, without.scope.name.as_str()) == (scope_kind, scope)
                    && (without.kind.name(), without.removed.as_str()) == (kind, name)
            });
            let own = own.unwrap();
            let es = |collector: &Collector| {
                let losses = collector.losses(scope).unwrap().sorted().unwrap();
                losses.expected_shortfall(at).value
            };
            let expected = es(&whole.collector) - es(&run.collector);
            assert!((own.change.value - expected).abs() < 1e-9 * own.es, "{own:?}, not {expected}");
            assert!(own.n_rerun > 0 && own.n_rerun < 5_000);
        }
    }
    let changes: Vec<f64> = found
        .iter()
        .filter(|without| without.scope.name == "dao")
        .map(|without| without.change.value)
        .collect();
    assert!(changes.is_sorted_by(|a, b| a <= b) && changes[0] < 0.0);
}

/// Twenty equal names without anything in common, slashed by as much as `most`.
fn twenty(seed: u64, most: f64) -> String {
    let rate = -(-0.1f64).ln_1p();
    let sources = format!(
        "[[source]]\nkind = \"avs_fault\"\ntarget = {{ avs = \"*\", operator = \"*\" }}\nrate = {rate}\n\
         severity = {{ uniform = [0.0, {most:?}] }}\n"
    );
    year(seed, "copula = \"independent\"", &sources)
}

fn twenty_names() -> Network {
    let mut sketch = Sketch::new().avs("avs", Sharing::Unique);
    for i in 0..20 {
        let name = format!("op{i:02}");
        sketch = sketch.operator(&name, &name).holding("direct", &name, "ETH", 1.0);
    }
    sketch.allocation("avs", "*", "*", 1.0).network().unwrap()
}

/// Figures of a run on the twenty names: value at risk, shortfall, contribution of a name with all paths of the tail run again and with
/// some, mean loss and probability given the name.
fn figures(run: &Run<'_>, at: Level) -> [Estimate; 6] {
    let losses = run.collector.losses("system").unwrap().sorted().unwrap();
    let contribution = |per_scope| -> Estimate {
        let looks = Looks { per_scope, of_all: 1, n_worst: 0, beyond: 1 };
        let all = contributions(&run.model, &run.look(&[at], looks), &[at]);
        all.iter().find(|c| c.scope == "system" && c.component == "op07").unwrap().estimate
    };
    let nodes = run.nodes();
    let node = nodes.iter().find(|node| node.name == "op07").unwrap();
    [
        losses.value_at_risk(at),
        losses.expected_shortfall(at),
        contribution(usize::MAX),
        contribution(256),
        node.loss.unwrap(),
        node.trigger,
    ]
}

/// Of the twenty names each contributes a twentieth, and the paths on which one is slashed lose what nineteen others lose besides. What is
/// known in no closed form is taken from a run of four million paths.
fn truths(network: &Network, at: Level) -> [f64; 6] {
    let large = Run::of(model(network, &twenty(999_999, 1.0)), 4_000_000);
    let losses = large.collector.losses("system").unwrap().sorted().unwrap();
    let (var, es) = (losses.value_at_risk(at).value, losses.expected_shortfall(at).value);
    [var, es, es / 20.0, es / 20.0, 0.5 + 19.0 * 0.1 * 0.5, 0.1]
}

fn holds(found: &Estimate, truth: f64) -> u32 {
    u32::from((found.ci_low.unwrap()..=found.ci_high.unwrap()).contains(&truth))
}

#[test]
fn intervals_hold_the_truth() {
    let network = twenty_names();
    let at = level(0.95);
    let truths = truths(&network, at);
    // What lower severities save: a fifth of the mean and of the shortfall.
    let saved = [0.2, 0.2 * truths[1]];
    let mut held = [0_u32; 8];
    for seed in 0..1_000 {
        let run = Run::of(model(&network, &twenty(seed, 1.0)), 16_384);
        let lower = Run::of(model(&network, &twenty(seed, 0.8)), 16_384);
        let column = |run: &Run<'_>| run.collector.losses("system").unwrap().clone();
        let pairs = PairedLosses::new(column(&lower), column(&run)).unwrap();
        let differences = [pairs.mean().estimate, pairs.expected_shortfall(at).estimate];
        let cases = figures(&run, at).into_iter().zip(truths);
        let cases = cases.chain(differences.into_iter().zip(saved));
        held.iter_mut().zip(cases).for_each(|(held, (found, truth))| *held += holds(&found, truth));
    }
    let shares = held.map(|held| f64::from(held) / 1_000.0);
    println!("{shares:?}");
    // Exact limits of a probability and of a quantile hold more.
    for (number, share) in shares.into_iter().enumerate() {
        let band = if [0, 5].contains(&number) { 0.935..=0.98 } else { 0.935..=0.965 };
        assert!(band.contains(&share), "{number}: {shares:?}");
    }
}

/// Where few heavy paths stand for a component there may be no interval; mostly there is one.
#[test]
fn intervals_of_weighted_paths_hold_the_truth() {
    let network = twenty_names();
    let at = level(0.95);
    let truths = truths(&network, at);
    let mut held = [[0_u32; 2]; 6];
    for seed in 0..1_000 {
        let plain = model(&network, &twenty(seed, 1.0));
        let column = plain.layout().system(Figure::Total);
        let aim = Aim { goal: Goal::Level(0.95), defensive_share: 0.25 };
        let (weighted, _) = plain.with_importance(aim, |row| row[column]).unwrap();
        let run = Run::of(weighted, 8_192);
        let cases = figures(&run, at).into_iter().zip(truths);
        for ([held, told], (found, truth)) in held.iter_mut().zip(cases) {
            if found.ci_low.is_some() && found.ci_high.is_some() {
                *told += 1;
                *held += holds(&found, truth);
            }
        }
    }
    let shares = held.map(|[held, told]| f64::from(held) / f64::from(told));
    println!("{shares:?} {held:?}");
    assert!(held.iter().all(|[_, told]| *told > 950), "{held:?}");
    assert!(shares.iter().all(|share| (0.92..=0.98).contains(share)), "{shares:?}");
}
