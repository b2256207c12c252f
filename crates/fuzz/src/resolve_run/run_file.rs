//! A run file from choices, as text, so that what is found can be read.

use std::fmt::Write;

use arbitrary::{Result, Unstructured};

use super::network::{AVSS, OPERATORS, RESERVES, Sketched, WRAPPED, fraction};

/// A run in which nothing happens, and nobody does anything.
pub(super) const QUIET: &str = r#"
name = "quiet"
network = "."
[run]
seed = 1
paths = 50
horizon_days = 20
levels = [0.9]
[dependence]
copula = "independent"
"#;

/// Rates a year.
const RATES: [&str; 8] = [
    "0",
    "0.01",
    "1.0",
    "30",
    "1000",
    "1e-300",
    "{ events = 0, exposure_years = 2.0 }",
    "{ events = 3, exposure_years = 1.0 }",
];

/// Severities.
const SEVERITIES: [&str; 9] = [
    "0",
    "0.05",
    "1",
    "{ beta = { mean = 0.1, concentration = 4.0 } }",
    "{ beta = { mean = 0.999, concentration = 1e5 } }",
    "{ uniform = [0.0, 1.0] }",
    "{ generalized_pareto = { threshold = 0.01, shape = 0.5, scale = 0.1 } }",
    "{ mixture = { at_one = 0.5, else = 0.1 } }",
    "{ empirical = [0.01, 0.5, 1.0] }",
];

/// A run file with a horizon of no more than `most_days`.
pub(super) fn text(
    choices: &mut Unstructured<'_>,
    network: &Sketched,
    most_days: u32,
) -> Result<String> {
    let mut text = String::new();
    let days = most_days.min(*choices.choose(&[1, 1, 7, 30, 30, 30, 90, 365])?);
    let seed = choices.arbitrary::<u16>()?;
    let copula = *choices.choose(&[
        "copula = \"independent\"",
        "copula = \"gaussian\"",
        "copula = \"student_t\"\ndf = 4",
        "copula = \"student_t\"\ndf = 1",
    ])?;
    let _ = write!(
        text,
        "name = \"made\"\nnetwork = \".\"\n[run]\nseed = {seed}\npaths = 50\nhorizon_days = {days}\n\
         levels = [0.5, 0.99]\n[dependence]\n{copula}\nfactors = [\"f\", \"g\"]\n"
    );
    for number in 0..choices.int_in_range(0..=6)? {
        source(&mut text, number, choices, network)?;
    }
    behaviour(&mut text, choices, network)?;
    if choices.ratio(1, 3)? {
        text.push_str(
            "[[scenario]]\nname = \"other\"\nset = { \"cascade.enabled\" = false, \"run.paths\" = 9 }\n",
        );
    }
    Ok(text)
}

fn source(
    text: &mut String,
    number: usize,
    choices: &mut Unstructured<'_>,
    network: &Sketched,
) -> Result<()> {
    let operator =
        |choices: &mut Unstructured<'_>| named(choices, &OPERATORS[..network.n_operators]);
    let asset = |choices: &mut Unstructured<'_>| named(choices, &WRAPPED[..network.n_wrapped]);
    let has_avss = network.n_avss > 0;
    let (kind, keys) = match choices.int_in_range(0..=9_u8)? {
        0 if has_avss => {
            let avs = named(choices, &AVSS[..network.n_avss])?;
            ("avs_fault", format!("target = {{ avs = {avs}, operator = {} }}", operator(choices)?))
        }
        1 if has_avss => {
            let avs = named(choices, &AVSS[..network.n_avss])?;
            let share = fraction(choices)?;
            ("avs_incident", format!("target = {{ avs = {avs} }}\nparticipation = {share:?}"))
        }
        2 => (
            "operator_compromise",
            format!("target = {{ operator = {} }}\nreach = \"all\"", operator(choices)?),
        ),
        3 => {
            let background = fraction(choices)?;
            let operator = operator(choices)?;
            (
                "validator_incident",
                format!("target = {{ operator = {operator} }}\nbackground = {background:?}"),
            )
        }
        4 => (
            "group_incident",
            "target = { group_kind = \"entity\" }\neffect = \"avs_fault\"".to_owned(),
        ),
        5 => ("exploit", format!("target = {{ asset = {} }}\nsale_days = 2", asset(choices)?)),
        6 => {
            let share = fraction(choices)?;
            (
                "unbacked_mint",
                format!("target = {{ asset = {} }}\npledge_share = {share:?}", asset(choices)?),
            )
        }
        7 if network.has_reserves => {
            let reserve = named(choices, &RESERVES)?;
            ("reserve_withdrawal", format!("target = {{ reserve = {reserve} }}"))
        }
        _ => {
            let flight = fraction(choices)?;
            ("depeg", format!("target = {{ asset = {} }}\nflight = {flight:?}", asset(choices)?))
        }
    };
    let (rate, severity) = (choices.choose(&RATES)?, choices.choose(&SEVERITIES)?);
    let loading = 0.7 * fraction(choices)?;
    let _ = write!(
        text,
        "[[source]]\nkind = \"{kind}\"\nid = \"s{number}\"\n{keys}\nrate = {rate}\nseverity = {severity}\n\
         loadings = {{ f = {loading:?} }}\n"
    );
    Ok(())
}

/// One of the names, or all of them.
fn named(choices: &mut Unstructured<'_>, names: &[&str]) -> Result<String> {
    let name = if choices.arbitrary()? { "*" } else { choices.choose(names)? };
    Ok(format!("{name:?}"))
}

fn behaviour(text: &mut String, choices: &mut Unstructured<'_>, network: &Sketched) -> Result<()> {
    if choices.arbitrary()? {
        let sigma = *choices.choose(&[0.0, 1e-4, 0.003, 0.05, 1.0])?;
        let kappa = *choices.choose(&[0.0, 0.1, 5.0])?;
        let beta = 2.0 * fraction(choices)? - 1.0;
        let _ = write!(
            text,
            "[noise.default]\nsigma_daily = {sigma:?}\nkappa = {kappa:?}\nbeta_market = {beta:?}\n"
        );
    }
    if choices.arbitrary()? {
        let on_loss = *choices.choose(&[0.0, 0.5, 3.0, 1e6])?;
        let most = fraction(choices)?;
        let arbitrage = *choices.choose(&[0.0, 5.0, 1e6, 1e12])?;
        let name = if choices.arbitrary()? {
            "default"
        } else {
            WRAPPED[choices.choose_index(network.n_wrapped)?]
        };
        let base = 0.1 * fraction(choices)?;
        let _ = write!(
            text,
            "[redemption.{name}]\nbase = {base:?}\non_loss = {on_loss:?}\non_discount = {on_loss:?}\n\
             max = {most:?}\narbitrage_eth_per_day = {arbitrage:?}\n"
        );
    }
    if choices.arbitrary()? {
        let (prob, slack) = (fraction(choices)?, fraction(choices)?);
        let _ = write!(text, "[security]\nattack_prob = {prob:?}\nsecurity_slack = {slack:?}\n");
    }
    if choices.arbitrary()? {
        let total = *choices.choose(&[3.6e7, 1e15])?;
        let queue = *choices.choose(&[0.0, 1e5, 1e12])?;
        let _ =
            write!(text, "[beacon]\ntotal_active_eth = {total:?}\nexit_queue_eth = {queue:?}\n");
    }
    if choices.arbitrary()? {
        let (run, unwind) = (fraction(choices)?, fraction(choices)?);
        let _ = write!(
            text,
            "[lending]\nrun_on_bad_debt = 3.0\nrun_max = {run:?}\nunwind_on_carry = 2.0\nunwind_max = {unwind:?}\n"
        );
    }
    if choices.arbitrary()? {
        let incentives = *choices.choose(&[0.0, 0.5, 2.0])?;
        let _ = write!(text, "[yield]\nincentives = {incentives:?}\nfrom_day = 3\n");
    }
    Ok(())
}
