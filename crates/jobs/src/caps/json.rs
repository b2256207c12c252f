//! The whole study as JSON: what the page rounds or leaves out is here in full.

use std::path::Path;

use serde_json::{Value, json};
use slashfall_output::SCHEMA_VERSION;
use slashfall_sizing::policy::Bound;
use slashfall_sizing::{Exposure, Plan, Price, Reach, Reading};

use super::study::Study;
use super::words::{code_of, code_of_limit, code_of_risk, kind_of};

/// All of it.
pub(super) fn document(result: &Path, study: &Study) -> Value {
    let policy = &study.problem.policy;
    json!({
        "schema_version": SCHEMA_VERSION,
        "program": study.digests.program,
        "network": study.network_name,
        "result": result.display().to_string(),
        "scenario": study.scenario,
        "seed": study.seed,
        "n_paths": study.n_paths,
        "horizon_days": study.horizon_days,
        "policy_sha256": study.digests.policy,
        "config_sha256": study.digests.config,
        "name": policy.name,
        "size_eth": policy.size_eth,
        "bound": match policy.bound { Bound::Upper => "upper", Bound::Point => "point" },
        "limits": limits(study),
        "positions": positions(study),
        "optimum": plan(study, &study.answer.optimum),
        "held": held(study),
        "frontier": frontier(study),
        "scenarios": scenarios(study),
        "rates": rates(study),
        "certificate": certificate(study),
    })
}

fn limits(study: &Study) -> Value {
    let policy = &study.problem.policy;
    let through = &policy.look_through;
    let (exit, cut) = (policy.exit, policy.haircut);
    json!({
        "es": policy.es.map(|es| json!({ "level": es.level.get(), "share": es.share })),
        "loss": policy.loss.map(|own| json!({ "above": own.above, "probability": own.probability })),
        "look_through": {
            "entity": through.entity, "avs": through.avs,
            "protocol": through.protocol, "bridge": through.bridge,
        },
        "liquidity": policy.liquidity.map(|own| json!({
            "share": own.share, "days": own.days,
            "discount": own.discount, "probability": own.probability,
        })),
        "exit": { "days": exit.days, "counted": exit.is_counted },
        "haircut": {
            "staking": cut.staking, "fees": cut.fees,
            "incentives": cut.incentives, "campaign": cut.campaign, "recovery": cut.recovery,
        },
    })
}

/// What is said of each position under the scenario asked about.
fn positions(study: &Study) -> Vec<Value> {
    let answer = &study.answer;
    let robust = study.robust_caps();
    let position = |(i, own): (usize, &slashfall_sizing::Candidate)| {
        let marginal = study.answer.held.marginal.get(i);
        json!({
            "position": own.name,
            "kind": kind_of(own.kind),
            "held_eth": own.amount_eth,
            "min_eth": own.min_eth,
            "max_eth": own.max_eth,
            "cap": reach(study, &answer.caps[i].own),
            "cap_at_market": reach(study, &answer.caps[i].at_market),
            "robust_cap_eth": robust[i],
            "proposed_eth": answer.optimum.x[i],
            "certified_eth": study.proposal.certificate.x[i],
            "room": reach(study, &answer.held.room[i]),
            "expected_return": study.answer.returns[i],
            "marginal_es": marginal,
            "es_component_eth": marginal.map(|marginal| marginal.scaled(own.amount_eth)),
        })
    };
    study.problem.candidates.iter().enumerate().map(position).collect()
}

fn reach(study: &Study, own: &Reach) -> Value {
    json!({ "eth": own.eth, "binding": code_of(&study.problem, own.binding) })
}

fn plan(study: &Study, own: &Plan) -> Value {
    let prices = own.prices.iter().map(|price| price_of(study, price));
    json!({
        "positions_eth": by_name(study, &own.x),
        "net_return_eth": own.net_return,
        "budgets": readings(&own.readings),
        "exposures": exposures(study, &own.x),
        "prices": prices.collect::<Vec<_>>(),
    })
}

fn by_name(study: &Study, x: &[f64]) -> Value {
    let names = study.problem.candidates.iter().map(|own| own.name.clone());
    names.zip(x.iter().map(|x| json!(x))).collect::<serde_json::Map<_, _>>().into()
}

fn price_of(study: &Study, own: &Price) -> Value {
    json!({ "of": code_of_limit(&study.problem, own.of), "return_per_eth": own.return_per_eth })
}

fn readings(readings: &[Reading]) -> Vec<Value> {
    let reading = |own: &Reading| {
        json!({
            "budget": code_of_risk(&own.risk),
            "limit": own.risk.limit,
            "found": own.found,
            "kept": own.is_kept(),
        })
    };
    readings.iter().map(reading).collect()
}

fn exposures(study: &Study, x: &[f64]) -> Vec<Value> {
    let exposed = study.problem.exposures.iter().filter(|own| own.eth(x) > 0.0);
    let exposure = |own: &Exposure| json!({ "kind": own.kind.name(), "name": own.name, "eth": own.eth(x), "limit_eth": own.limit_eth });
    exposed.map(exposure).collect()
}

fn held(study: &Study) -> Value {
    let held = &study.answer.held;
    let mut own = plan(study, &held.plan);
    own["trade"] = held.trade.as_ref().map_or(Value::Null, |trade| plan(study, trade));
    own
}

fn frontier(study: &Study) -> Vec<Value> {
    let point = |own: &slashfall_sizing::Frontier| {
        let mut point = plan(study, &own.plan);
        point["times"] = json!(own.times);
        point
    };
    study.answer.frontier.iter().map(point).collect()
}

fn scenarios(study: &Study) -> Vec<Value> {
    let scenario = |own: &super::study::Elsewhere| {
        json!({
            "scenario": own.scenario,
            "n_paths": own.n_paths,
            "caps": caps(study, &own.caps),
            "budgets_of_proposal": readings(&own.readings),
        })
    };
    study.elsewhere.iter().map(scenario).collect()
}

fn rates(study: &Study) -> Vec<Value> {
    let kind = study.rated_kind.map(slashfall_sampling::SourceKind::name);
    let rate = |own: &super::study::AtRate| {
        json!({
            "source_kind": kind, "rate": own.rate, "n_paths": own.n_paths,
            "caps": caps(study, &own.caps),
        })
    };
    study.rates.iter().map(rate).collect()
}

fn caps(study: &Study, caps: &[slashfall_sizing::Cap]) -> Vec<Value> {
    let cap = |(own, cap): (&slashfall_sizing::Candidate, &slashfall_sizing::Cap)| {
        json!({
            "position": own.name,
            "cap": reach(study, &cap.own),
            "cap_at_market": reach(study, &cap.at_market),
        })
    };
    study.problem.candidates.iter().zip(caps).map(cap).collect()
}

fn certificate(study: &Study) -> Value {
    let proposal = &study.proposal;
    let own = &proposal.certificate;
    json!({
        "seed": proposal.seed,
        "n_paths": proposal.n_paths,
        "left": own.left,
        "certified": own.readings.iter().all(Reading::is_kept),
        "positions_eth": by_name(study, &own.x),
        "net_return_eth": own.net_return,
        "exposures": exposures(study, &own.x),
        "budgets_before": readings(&own.before),
        "budgets": readings(&own.readings),
    })
}
