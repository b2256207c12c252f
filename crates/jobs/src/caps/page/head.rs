//! The first paragraphs: what was asked and what the answer is, in sentences for who has never seen the program.

use slashfall_sizing::policy::{Bound, Policy};
use slashfall_sizing::{Ask, Certificate, Reading};

use super::Page;
use super::names::text;
use crate::caps::words::{amount, and, budget, exposure, interval, limit};
use crate::number::{eth, level, percent_with_error, with_error};

impl Page<'_> {
    pub(super) fn head(&self) -> String {
        let name = text(&self.study.problem.policy.name);
        format!("# How much to hold: {name}\n\n{}\n{}", self.asked(), self.answered())
    }

    fn asked(&self) -> String {
        let policy = &self.study.problem.policy;
        let limits: String = limits(policy).iter().map(|own| format!("- {own}\n")).collect();
        let kept_by = match policy.bound {
            Bound::Upper => {
                "A budget is kept when the upper end of the 95 % interval of the figure keeps it, so that few paths do not pass for little risk."
            }
            Bound::Point => "A budget is kept when the estimate keeps it.",
        };
        format!(
            "**What was asked.** A treasury of {} ETH looks {} days ahead and has {} positions to choose from; what is in none of them is ETH. How much of each, at most, so that\n\n{limits}\n{kept_by} Losses are of market prices{}.\n",
            eth(policy.size_eth),
            self.study.horizon_days,
            self.study.problem.candidates.len(),
            if policy.exit.is_counted { ", with what it costs to leave at the end" } else { "" },
        )
    }

    fn answered(&self) -> String {
        let study = self.study;
        let certificate = &study.proposal.certificate;
        let held: f64 = certificate.x.iter().sum();
        let n = certificate.x.iter().filter(|x| **x >= self.step()).count();
        let text = format!(
            "**The answer.** Hold {} ETH in {n} position{} (next table) and the rest, {}, as ETH. That is expected to earn {} ETH in {} days, {} of the treasury a year (that times {:.1}): yields after their haircuts, less losses; {}.",
            self.down(held),
            if n == 1 { "" } else { "s" },
            self.down((self.size_eth() - held).max(0.0)),
            with_error(&certificate.net_return),
            study.horizon_days,
            percent_with_error(&certificate.net_return, self.size_eth() / self.a_year()),
            self.a_year(),
            regained(study.problem.policy.haircut.recovery),
        );
        let stands: String =
            certificate.readings.iter().map(|own| format!("- {}\n", sentence(own))).collect();
        format!(
            "{text} On paths that it was not chosen by,\n\n{stands}\n{} {} {}\n",
            verdict(certificate),
            self.binding(),
            self.state_of_held(),
        )
    }

    /// What stops the optimum.
    fn binding(&self) -> String {
        let study = self.study;
        let plan = &study.answer.optimum;
        let mut prices = plan.prices.clone();
        prices.sort_by(|a, b| b.return_per_eth.total_cmp(&a.return_per_eth));
        let mut names: Vec<String> =
            prices.iter().map(|price| limit(&study.problem, price.of)).collect();
        let most = study.problem.most();
        let full = self.names().enumerate().filter(|(i, _)| plan.x[*i] >= most[*i] - self.step());
        let full: Vec<String> = full.map(|(_, name)| name).collect();
        if !full.is_empty() {
            names.push(format!("`max_eth` of {}", and(&full)));
        }
        match &names[..] {
            [] => {
                "Nothing binds: no position beside these is expected to earn anything.".to_owned()
            }
            _ => format!("What binds: {}.", and(&names)),
        }
    }

    fn state_of_held(&self) -> String {
        match self.broken_today() {
            broken if broken.is_empty() => "What is held today keeps every limit.".to_owned(),
            broken => format!("What is held today breaks {}.", and(&broken)),
        }
    }

    /// The limits that what is held breaks.
    pub(super) fn broken_today(&self) -> Vec<String> {
        let problem = &self.study.problem;
        let plan = &self.study.answer.held.plan;
        let budgets = plan.readings.iter().filter(|reading| !reading.is_kept());
        let mut broken: Vec<String> = budgets.map(|own| budget(&own.risk)).collect();
        let exposed = problem.limited().filter(|(own, limit)| own.eth(&plan.x) > *limit);
        broken.extend(exposed.map(|(own, _)| format!("the limit on {}", text(&exposure(own)))));
        let bounds = problem.least().into_iter().zip(problem.most());
        for ((name, x), (least, most)) in self.names().zip(&plan.x).zip(bounds) {
            if *x < least {
                broken.push(format!("`min_eth` of {name}"));
            } else if *x > most {
                broken.push(format!("`max_eth` of {name}"));
            }
        }
        broken
    }
}

/// The limits of a policy, each as the end of `so that`.
fn limits(policy: &Policy) -> Vec<String> {
    let size = policy.size_eth;
    let share = |share: f64| format!("{} ETH ({} of it)", eth(share * size), level(share));
    let mut said = Vec::new();
    if let Some(es) = policy.es {
        said.push(format!(
            "the worst {} of outcomes cost at most {} on average (expected shortfall, ES {});",
            level(1.0 - es.level.get()),
            share(es.share),
            level(es.level.get()),
        ));
    }
    if let Some(loss) = policy.loss {
        said.push(format!(
            "a loss of more than {} has a probability of at most {};",
            share(loss.above),
            level(loss.probability)
        ));
    }
    let through = &policy.look_through;
    let parts = [
        (through.entity, "a company that runs operators"),
        (through.avs, "an AVS"),
        (through.protocol, "an issuer, pool or lending market"),
        (through.bridge, "a bridged token"),
    ];
    let parts = parts.into_iter().filter_map(|(limit, what)| Some((limit?, what)));
    let parts: Vec<String> =
        parts.map(|(limit, what)| format!("{} ({what})", level(limit))).collect();
    if !parts.is_empty() {
        said.push(format!(
            "no single name that fails in whole, however unlikely, costs more of the treasury than {};",
            parts.join(", ")
        ));
    }
    if let Some(own) = policy.liquidity {
        said.push(format!(
            "{} of it, ETH counted, can be had within {} days at no more than {} below nav, on {} of all paths;",
            level(own.share),
            own.days,
            level(own.discount),
            level(own.probability)
        ));
    }
    if let Some(last) = said.last_mut() {
        last.pop();
        last.push('?');
    }
    said
}

/// How a budget stands for what is proposed.
fn sentence(reading: &Reading) -> String {
    let risk = &reading.risk;
    let what = match risk.ask {
        Ask::Shortfall { level: own } => {
            format!("the worst {} of outcomes cost", level(1.0 - own.get()))
        }
        Ask::LossAbove { eth: above } => {
            format!("to lose more than {} ETH has a probability of", eth(above))
        }
        Ask::StuckAbove { eth: above } => {
            format!("that more than {} ETH cannot leave in time has a probability of", eth(above))
        }
    };
    format!(
        "{what} {}; allowed: {}{}.",
        interval(risk, &reading.found),
        amount(risk, risk.limit),
        if reading.is_kept() { "" } else { " (**broken**)" },
    )
}

/// What other paths say of the optimum.
pub(super) fn verdict(certificate: &Certificate) -> String {
    let is_kept = |readings: &[Reading]| readings.iter().all(Reading::is_kept);
    if !is_kept(&certificate.readings) {
        return "**Not certified**: on other paths even the minimums break a budget.".to_owned();
    }
    if certificate.left >= 1.0 {
        return "Other paths certify the optimum as it is.".to_owned();
    }
    let broken = certificate.before.iter().filter(|reading| !reading.is_kept());
    let broken: Vec<String> = broken.map(|reading| budget(&reading.risk)).collect();
    format!(
        "The optimum of its own paths broke {} on others; it was drawn in to {} of what it had above the minimums, which keeps all.",
        and(&broken),
        level((1e4 * certificate.left).floor() / 1e4),
    )
}

/// How much counts of what prices regain.
fn regained(uncounted: f64) -> String {
    let what = "what prices below nav are expected to regain";
    if uncounted >= 1.0 {
        format!("{what} is no income and not counted")
    } else if uncounted > 0.0 {
        format!("of {what}, once, {} is not counted", level(uncounted))
    } else {
        format!("{what}, once, is counted")
    }
}
