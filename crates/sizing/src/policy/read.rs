//! Reads a policy file: what each key is called, which values are good, what an absent one means.

use std::collections::BTreeSet;

use slashfall_graph::Problems;
use slashfall_output::measures::Level;
use slashfall_sampling::Node;
use slashfall_sampling::config::{
    NodeValue, Range, Reading, Section, required, required_text, section_or,
};

use super::{
    Bound, Exit, ExtraYields, Haircut, Liquidity, LookThroughLimits, LossBudget, Policy,
    PositionSpec, ROUNDING, ShortfallBudget, What,
};

const BOUNDS: [(&str, Bound); 2] = [("upper", Bound::Upper), ("point", Bound::Point)];

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// Every problem with a key or a value, each with its line.
    pub fn read(file: &str, root: &Node) -> Result<Self, Problems> {
        let (policy, problems) = Self::read_all(file, root);
        problems.or_ok(policy)
    }

    /// Reads a policy file, and whatever is wrong with it, all that can be read of it: names in it
    /// can then be checked against a network in the same go. Never size with it while there are
    /// problems: what could not be read has a value that means nothing.
    #[must_use]
    pub fn read_all(file: &str, root: &Node) -> (Self, Problems) {
        let reading = Reading::new(file);
        reading.check_texts(root);
        let policy = Section::new(&reading, "", root).map_or_else(placeholder, read_root);
        (policy, reading.into_problems())
    }
}

/// What stands in for what could not be read.
fn placeholder() -> Policy {
    Policy {
        name: String::new(),
        size_eth: 0.0,
        es: None,
        loss: None,
        bound: Bound::default(),
        look_through: LookThroughLimits::default(),
        liquidity: None,
        exit: Exit::default(),
        haircut: Haircut::default(),
        positions: Vec::new(),
    }
}

fn read_root(root: Section<'_, '_>) -> Policy {
    let name = required_text(&root, "name", "the name of the treasury");
    let size_eth = read_size(&root);
    let (es, loss, bound) = read_budget(&root);
    let look_through = section_or(&root, "look_through", LookThroughLimits::default(), |limits| {
        let limit = |key| limits.number(key, Range::Share);
        LookThroughLimits {
            entity: limit("entity"),
            avs: limit("avs"),
            protocol: limit("protocol"),
            bridge: limit("bridge"),
        }
    });
    let liquidity = section_or(&root, "liquidity", None, read_liquidity);
    let exit = section_or(&root, "exit", Exit::default(), |exit| {
        let absent = Exit::default();
        Exit {
            days: exit.number_or("days", Range::NonNegative, absent.days),
            is_counted: exit.boolean("counted").unwrap_or(absent.is_counted),
        }
    });
    let haircut = section_or(&root, "haircut", Haircut::default(), read_haircut);
    let positions = read_positions(&root, size_eth);
    root.finish();
    Policy {
        name: name.unwrap_or_default(),
        size_eth: size_eth.unwrap_or_default(),
        es,
        loss,
        bound,
        look_through,
        liquidity,
        exit,
        haircut,
        positions,
    }
}

/// A section that must be there.
fn required_section<'a, 'f>(
    root: &Section<'a, 'f>,
    key: &'static str,
    what: &str,
) -> Option<Section<'a, 'f>> {
    required(root, key, what, |key| root.section(key))
}

/// A number that must be there.
fn required_number(
    section: &Section<'_, '_>,
    key: &'static str,
    what: &str,
    range: Range,
) -> Option<f64> {
    required(section, key, what, |key| section.number(key, range))
}

fn read_size(root: &Section<'_, '_>) -> Option<f64> {
    let treasury = required_section(root, "treasury", "a section [treasury] with size_eth")?;
    let what = "all that the treasury has, in ETH";
    let size_eth = required_number(&treasury, "size_eth", what, Range::Positive);
    treasury.finish();
    size_eth
}

/// `[budget]`, as far as it could be read.
fn read_budget(root: &Section<'_, '_>) -> (Option<ShortfallBudget>, Option<LossBudget>, Bound) {
    let what = "a section [budget] with es, loss or both: how much is borne has no default";
    let Some(budget) = required_section(root, "budget", what) else {
        return (None, None, Bound::default());
    };
    if ["es", "loss"].iter().all(|key| budget.here().get(key).is_none()) {
        budget.missing(
            "es",
            "es = { level, share }, loss = { above, probability } or both: how much is borne has no default",
        );
    }
    let es = budget.section("es").and_then(read_shortfall);
    let loss = budget.section("loss").and_then(read_loss);
    let bound = match budget.node("bound") {
        Some(_) => budget.choice("bound", &BOUNDS).unwrap_or_default(),
        None => Bound::default(),
    };
    budget.finish();
    (es, loss, bound)
}

fn read_shortfall(es: Section<'_, '_>) -> Option<ShortfallBudget> {
    let level = required_number(&es, "level", "a probability such as 0.99", Range::Probability);
    let what = "the most that is lost on average beyond it, a share of the treasury";
    let share = required_number(&es, "share", what, Range::Share);
    es.finish();
    Some(ShortfallBudget { level: Level::new(level?)?, share: share? })
}

fn read_loss(loss: Section<'_, '_>) -> Option<LossBudget> {
    let above = required_number(&loss, "above", "a share of the treasury", Range::BelowOne);
    let what = "the highest probability that losing more may have";
    let probability = required_number(&loss, "probability", what, Range::Probability);
    loss.finish();
    Some(LossBudget { above: above?, probability: probability? })
}

fn read_liquidity(liquidity: &Section<'_, '_>) -> Option<Liquidity> {
    let number = |key, what, range| required_number(liquidity, key, what, range);
    let share = number("share", "a share of the treasury, ETH counted", Range::Fraction);
    let days = number("days", "the days within which it can be had", Range::NonNegative);
    let discount = number("discount", "the most below nav at which it can be had", Range::BelowOne);
    let probability =
        number("probability", "the least share of paths on which that is so", Range::Probability);
    Some(Liquidity { share: share?, days: days?, discount: discount?, probability: probability? })
}

fn read_haircut(haircut: &Section<'_, '_>) -> Haircut {
    let absent = Haircut::default();
    Haircut {
        staking: haircut.number_or("staking", Range::Fraction, absent.staking),
        fees: haircut.number_or("fees", Range::Fraction, absent.fees),
        incentives: haircut.number_or("incentives", Range::Fraction, absent.incentives),
        campaign: haircut.number_or("campaign", Range::Fraction, absent.campaign),
        recovery: haircut.number_or("recovery", Range::Fraction, absent.recovery),
    }
}

fn read_yields(yields: &Section<'_, '_>) -> ExtraYields {
    ExtraYields {
        staking: yields.number_or("staking", Range::Yield, 0.0),
        fees: yields.number_or("fees", Range::Yield, 0.0),
        incentives: yields.number_or("incentives", Range::Yield, 0.0),
        campaign: yields.number_or("campaign", Range::Yield, 0.0),
    }
}

fn read_positions(root: &Section<'_, '_>, size_eth: Option<f64>) -> Vec<PositionSpec> {
    let entries = root.sections("position");
    match root.here().get("position") {
        None => root.missing("position", "a [[position]] for each that is held or considered"),
        Some(node) if node.value == NodeValue::List(Vec::new()) => {
            root.wrong("position", node, "at least one [[position]] was expected");
        }
        Some(_) => {}
    }
    let positions: Vec<PositionSpec> =
        entries.into_iter().filter_map(|entry| read_position(entry, size_eth)).collect();
    repeated(root, &positions);
    if let Some(size_eth) = size_eth {
        check_sum(root, "amount_eth", size_eth, positions.iter().map(|p| p.amount_eth));
        check_sum(root, "min_eth", size_eth, positions.iter().map(|p| p.min_eth));
    }
    positions
}

fn read_position(entry: Section<'_, '_>, size_eth: Option<f64>) -> Option<PositionSpec> {
    let place = read_place(&entry);
    let amount_eth = entry.number_or("amount_eth", Range::NonNegative, 0.0);
    let min_eth = entry.number("min_eth", Range::NonNegative);
    let max_eth = entry.number("max_eth", Range::NonNegative);
    check_limits(&entry, min_eth, max_eth);
    let yields = section_or(&entry, "yields", ExtraYields::default(), read_yields);
    entry.finish();
    Some(PositionSpec {
        place: place?,
        amount_eth,
        min_eth: min_eth.unwrap_or_default(),
        max_eth: max_eth.or(size_eth).unwrap_or_default(),
        yields,
    })
}

/// What a position is in: one of three keys says it.
fn read_place(entry: &Section<'_, '_>) -> Option<What> {
    let asset = entry.text("asset").map(What::Asset);
    let pool = entry.text("pool").map(What::Pool);
    let market = entry.text("market").map(What::Market);
    let keys = ["asset", "pool", "market"];
    if keys.iter().filter(|key| entry.here().get(key).is_some()).count() != 1 {
        entry.wrong_here("exactly one of `asset`, `pool` and `market` was expected");
        return None;
    }
    asset.or(pool).or(market)
}

/// The least of a position is no more than the most.
fn check_limits(entry: &Section<'_, '_>, min_eth: Option<f64>, max_eth: Option<f64>) {
    if let (Some(min_eth), Some(max_eth), Some(node)) =
        (min_eth, max_eth, entry.here().get("min_eth"))
        && min_eth > max_eth
    {
        entry.wrong("min_eth", node, &format!("at most max_eth was expected, {max_eth}"));
    }
}

/// No position stands in the file twice.
fn repeated(root: &Section<'_, '_>, positions: &[PositionSpec]) {
    let mut known = BTreeSet::new();
    for PositionSpec { place, .. } in positions {
        let (key, name) = (place.key(), place.name());
        if !known.insert((key, &name.value)) {
            let (file, key) = (root.reading().file(), format!("position.{key}"));
            let expected = "a name that no other [[position]] has was expected";
            root.reading().report(name.at.problem(file, &key, expected).value(&name.value));
        }
    }
}

/// What all positions have by a key is no more than the treasury.
fn check_sum(root: &Section<'_, '_>, key: &str, size_eth: f64, amounts: impl Iterator<Item = f64>) {
    let sum: f64 = amounts.sum();
    let Some(node) = root.here().get("treasury").and_then(|treasury| treasury.get("size_eth"))
    else {
        return;
    };
    if sum > size_eth * (1.0 + ROUNDING) {
        let expected = format!("at least {sum} was expected, the sum of {key} of all positions");
        root.wrong("treasury.size_eth", node, &expected);
    }
}
