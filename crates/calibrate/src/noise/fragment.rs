//! What was found, as text that a run file takes: keys of the engine, errors beside them.

use std::fmt::Write;

use super::{Depeg, Estimate, NavRule, NoiseFit, NoiseRequest, Severity};
use crate::text::{comment, key, number, quoted};

/// The sections `[noise.ASSET]` and the depegs of all fits, to be pasted into a run file.
#[must_use]
pub fn fragment(request: &NoiseRequest, fits: &[NoiseFit]) -> String {
    let mut text = String::from("# Written by slashfall calibrate noise; for a run file.\n");
    for fit in fits {
        head(&mut text, request, fit);
        section(&mut text, fit);
        source(&mut text, fit);
    }
    text
}

fn line(text: &mut String, line: impl AsRef<str>) {
    text.push_str(line.as_ref());
    text.push('\n');
}

fn remark(text: &mut String, said: impl AsRef<str>) {
    line(text, format!("# {}", comment(said.as_ref())));
}

fn head(text: &mut String, request: &NoiseRequest, fit: &NoiseFit) {
    let [first, last] = fit.days;
    let prices = request.prices.display();
    line(text, "");
    remark(
        text,
        format!(
            "{}: {} days, {first} to {last}; column {} of {prices} over {}.",
            fit.asset,
            fit.discounts.len(),
            fit.column,
            request.numeraire,
        ),
    );
    remark(
        text,
        match fit.nav {
            NavRule::One => "Nav is 1.".to_owned(),
            NavRule::File => format!(
                "Nav is that of {}.",
                request.nav.as_ref().map_or_else(String::new, |nav| nav.display().to_string())
            ),
            NavRule::Trend => trend_remark(fit),
        },
    );
    let jumps = request.jumps;
    remark(
        text,
        format!(
            "A jump is a surprise above {} scaled median deviations and above {}; jumps up to {} days apart \
         are one event.",
            jumps.mads, jumps.floor, jumps.cluster_days
        ),
    );
    for note in &fit.notes {
        remark(text, format!("Note: {note}."));
    }
}

fn trend_remark(fit: &NoiseFit) -> String {
    let percent = |x: f64| format!("{:.3}", 100.0 * x);
    let growth = fit.nav_growth.map_or_else(String::new, |Estimate { value, std_err }| {
        format!(" that grows {} ± {} % a year", percent(value), percent(std_err))
    });
    format!(
        "Nav is a fitted line in time{growth}: an average discount is in it, and a yield that changes \
         is in the noise."
    )
}

fn section(text: &mut String, fit: &NoiseFit) {
    line(text, format!("[noise.{}]", key(&fit.asset)));
    estimate(text, "sigma_daily", fit.sigma_daily, "");
    let raw = format!("; maximum likelihood says {}, its bias is taken off", number(fit.kappa_raw));
    estimate(text, "kappa", fit.kappa, &raw);
    match fit.beta_market {
        Some(beta) => estimate(text, "beta_market", beta, "; the market's day is the fall of ETH"),
        None => {
            remark(text, "beta_market is not known: the price of ETH does not move in the file.");
        }
    }
    match fit.panic_kappa {
        Some(panic) => estimate(text, "panic_kappa", panic, ""),
        None => {
            remark(text, "panic_kappa is not known: no panic was seen, or too little after it.");
        }
    }
}

fn estimate(text: &mut String, name: &str, estimate: Estimate, more: &str) {
    let Estimate { value, std_err } = estimate;
    line(text, format!("{name} = {} # std err {}{more}", number(value), number(std_err)));
}

fn source(text: &mut String, fit: &NoiseFit) {
    let Depeg { exposure_years, depths, starts, severity } = &fit.depeg;
    line(text, "");
    let Some(severity) = severity else {
        remark(
            text,
            format!(
                "No jump in {exposure_years:.2} years: how often and how deep a depeg is, these days do not \
             tell, and there is no source for it here."
            ),
        );
        return;
    };
    let days = starts.iter().filter_map(|start| fit.days[0].iter_days().nth(*start));
    let seen: Vec<String> =
        days.zip(depths).map(|(day, depth)| format!("{day} {}", number(*depth))).collect();
    remark(text, format!("Events: {}.", seen.join(", ")));
    line(text, "[[source]]\nkind = \"depeg\"");
    line(text, format!("target = {{ asset = {} }}", quoted(&fit.asset)));
    line(
        text,
        format!(
            "rate = {{ events = {}, exposure_years = {}, label = {} }}",
            depths.len(),
            number(*exposure_years),
            quoted(&format!("depeg of {}", fit.asset)),
        ),
    );
    law(text, severity, depths);
}

fn law(text: &mut String, severity: &Severity, depths: &[f64]) {
    match severity {
        Severity::Empirical => {
            let mut sorted = depths.to_vec();
            sorted.sort_by(f64::total_cmp);
            let values: Vec<String> = sorted.iter().map(|depth| number(*depth)).collect();
            remark(
                text,
                "No draw is deeper than the deepest seen: a tail beyond it is for you to say.",
            );
            line(text, format!("severity = {{ empirical = [{}] }}", values.join(", ")));
        }
        Severity::GeneralizedPareto { threshold, shape, scale } => {
            let mut law = String::new();
            let _ = write!(
                law,
                "threshold = {}, shape = {}, scale = {}",
                number(*threshold),
                number(shape.value),
                number(scale.value),
            );
            remark(
                text,
                format!(
                    "std err of shape {}, of scale {}",
                    number(shape.std_err),
                    number(scale.std_err)
                ),
            );
            line(text, format!("severity = {{ generalized_pareto = {{ {law} }} }}"));
        }
    }
}
