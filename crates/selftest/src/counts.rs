//! Laws of counts beyond copulas: rates that evidence leaves uncertain, and how many take part.

use crate::law::{from_evidence, participation};
use crate::outcome::Check;
use crate::play::{
    INDEPENDENT, collect, equal_names, faults, level, n_above, ranked, resolve, run_file,
    yearly_rate,
};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 2] = [
    Problem {
        name: "rate from evidence",
        source: "binomial mixed over the Gamma posterior (Jeffreys' prior), closed form",
        is_quick: true,
        solve: rate_from_evidence,
    },
    Problem {
        name: "participation",
        source: "binomial, given the event",
        is_quick: true,
        solve: operators_that_take_part,
    },
];

/// Ten names share the rate that one event in 20 years leaves: they fire together more often than
/// ten of a known rate would.
fn rate_from_evidence(size: Size) -> Answer {
    let network = equal_names(10).network()?;
    let rate = "{ events = 1, exposure_years = 20.0, label = \"shared\" }";
    let source = faults("operator = \"*\"", rate, "");
    let scenario = resolve(&network, &run_file(365, INDEPENDENT, &source))?;
    let n = size.paths(8_192, 4_194_304);
    let collector = collect(&scenario.model, n);
    let law = from_evidence(10, 1.0, 20.0, 1.0);
    // Of one name in closed form; the law's alternating sums have lost four digits.
    let mean = 10.0 * (1.0 - 1.05f64.powf(-1.5));
    let losses = ranked(&collector, "system")?;
    let (_, certain) = scenario.model.expected_events().into_values().next().unwrap_or_default();
    Ok(vec![
        Check::exact("expected events", mean, certain, 1e-12),
        Check::estimate("mean count", mean, &losses.mean()),
        Check::estimate("P(N >= 1)", law.at_least(1), &losses.probability_positive()),
        Check::share("P(N >= 4)", law.at_least(4), n_above(&collector, 3.5), n),
        Check::estimate(
            "ES 99 %",
            law.expected_shortfall(0.99),
            &losses.expected_shortfall(level(0.99)?),
        ),
    ])
}

/// An incident of probability .2 at an AVS with ten operators, of which each takes part with .3.
fn operators_that_take_part(size: Size) -> Answer {
    let network = equal_names(10).network()?;
    let source = format!(
        "[[source]]\nkind = \"avs_incident\"\ntarget = {{ avs = \"avs\" }}\nseverity = 1.0\n\
         rate = {:?}\nparticipation = 0.3\n",
        yearly_rate(0.2)
    );
    let scenario = resolve(&network, &run_file(365, INDEPENDENT, &source))?;
    let n = size.paths(8_192, 4_194_304);
    let collector = collect(&scenario.model, n);
    let (law, losses) = (participation(10, 0.2, 0.3), ranked(&collector, "system")?);
    Ok(vec![
        Check::estimate("mean count", law.mean(), &losses.mean()),
        Check::estimate("P(N >= 1)", law.at_least(1), &losses.probability_positive()),
        Check::share("P(N >= 6)", law.at_least(6), n_above(&collector, 5.5), n),
        Check::estimate(
            "ES 99 %",
            law.expected_shortfall(0.99),
            &losses.expected_shortfall(level(0.99)?),
        ),
    ])
}
