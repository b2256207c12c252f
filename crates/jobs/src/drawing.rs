//! From which law the paths of a scenario are drawn: what `[sampling]` asks for, as far as a pilot
//! finds that it helps, and whether a run bears it out.

use anyhow::bail;
use slashfall_graph::{Problem, Problems};
use slashfall_output::{Sampling, Scope, scopes};
use slashfall_sampling::config::{Method, PathCount};
use slashfall_sampling::importance::{Aim, Check, CheckSums, Goal, Pilot, Refusal};
use slashfall_sampling::{Batch, REPLICATES, Scenario, Sobol};

use crate::number::{count, eth};

/// A pilot's gain below which it is not worth its weights where nobody insists on it.
const WORTHWHILE_GAIN: f64 = 2.0;
/// Effective paths of the tail below which its figures are doubted.
const FEW_TAIL_PATHS: f64 = 100.0;
/// Part of the tail's weight on one path above which its figures are doubted.
const HEAVY_PATH: f64 = 0.1;

/// How the paths of a scenario are drawn.
pub(crate) struct Drawing {
    /// Why they are plain, where that was left to the pilot.
    reason: Option<String>,
    weighted: Option<Weighted>,
    /// The points that they are made of.
    sobol: Option<Sobol>,
}

/// What watches over weighted paths.
struct Weighted {
    scope: Scope,
    pilot: Pilot,
    check: Check,
}

impl Drawing {
    /// Does what `[sampling]` of a scenario says: from here on its model draws its paths so.
    ///
    /// # Errors
    /// When importance sampling is asked for and would not help or mislead.
    pub(crate) fn prepare(file: &str, scenario: &mut Scenario<'_>) -> Result<Self, Problems> {
        let sampling = &scenario.spec.sampling;
        let plain = |reason| Self { reason, weighted: None, sobol: None };
        match sampling.method {
            Method::Plain => return Ok(plain(None)),
            Method::Sobol => {
                return Ok(Self { sobol: scenario.model.sobol().cloned(), ..plain(None) });
            }
            Method::Importance | Method::Auto => {}
        }
        let scope = find_scope(scenario);
        let loss_eth = |row: &[f64]| scope.loss_eth(row);
        match scenario.model.with_importance(aim(scenario), loss_eth) {
            Ok((_, pilot)) if sampling.method == Method::Auto && gain(&pilot) < WORTHWHILE_GAIN => {
                let gain = gain(&pilot);
                Ok(plain(Some(format!(
                    "in the pilot a weighted path tells as much of the tail as {gain:.2} plain ones"
                ))))
            }
            Ok((model, pilot)) => {
                let check = Check::new(&model);
                scenario.model = model;
                let weighted = check.map(|check| Weighted { scope, pilot, check });
                Ok(Self { weighted, ..plain(None) })
            }
            Err(refusal) if sampling.method == Method::Auto => Ok(plain(Some(refusal.to_string()))),
            Err(refusal) => Err(refused(file, scenario, refusal)),
        }
    }

    /// What is to be known of it before the run.
    pub(crate) fn note(&self, scenario: &Scenario<'_>) -> Option<String> {
        if let Some(sobol) = &self.sobol {
            return Some(note_of_points(scenario, sobol));
        }
        let scenario = &scenario.name;
        if let Some(reason) = &self.reason {
            return Some(note_of_plain(scenario, reason));
        }
        let Weighted { scope, pilot, .. } = self.weighted.as_ref()?;
        Some(format!(
            "note: the paths of scenario {scenario} are weighted: they aim at losses of {} above {} ETH, where one tells as much as {:.1} plain ones",
            scope.name,
            eth(pilot.loss_eth),
            gain(pilot),
        ))
    }

    /// Takes note of the next batch.
    pub(crate) fn absorb(&mut self, batch: &Batch) {
        if let Some(Weighted { scope, check, .. }) = &mut self.weighted {
            check.absorb(batch, |row| scope.loss_eth(row));
        }
    }

    /// What has been noted of weighted paths since this was last asked; a part of a run stores it.
    pub(crate) fn take_sums(&mut self) -> Option<CheckSums> {
        self.weighted.as_mut().map(|weighted| weighted.check.take_sums())
    }

    /// What has been noted of weighted paths so far.
    pub(crate) fn sums(&mut self) -> Option<CheckSums> {
        let sums = self.take_sums();
        self.join(sums.as_ref());
        sums
    }

    /// Takes note of paths that were noted elsewhere.
    pub(crate) fn join(&mut self, sums: Option<&CheckSums>) {
        if let Some((Weighted { check, .. }, sums)) = self.weighted.as_mut().zip(sums) {
            check.join(sums);
        }
    }

    /// Once all paths are there: how they were drawn, and what should be known before their figures
    /// are believed.
    ///
    /// # Errors
    /// When the plain paths among them contradict the weights.
    pub(crate) fn finish(
        self,
        scenario: &str,
        n_paths: u64,
    ) -> anyhow::Result<(Sampling, Option<String>)> {
        if let Some(sobol) = &self.sobol {
            return Ok((Sampling::sobol(sobol, n_paths), None));
        }
        let Some(Weighted { scope, pilot, check }) = self.weighted else {
            // Who asked for more than plain paths hears again that there were no others.
            let note = self.reason.as_ref().map(|reason| note_of_plain(scenario, reason));
            return Ok((Sampling::plain(self.reason), note));
        };
        if let Some(contradiction) = check.contradiction() {
            bail!(
                "importance sampling misleads in scenario {scenario}: {contradiction}; nothing was written (method = \"plain\" draws from the model itself)"
            );
        }
        let (effective, largest) = (check.effective_tail_paths(), check.largest_share());
        let is_thin = effective < FEW_TAIL_PATHS || largest > HEAVY_PATH;
        let doubt = is_thin.then(|| {
            format!(
                "warning: losses of {} above {} ETH in scenario {scenario} rest on weights that are worth {effective:.0} paths, the heaviest {:.1} % of them, of {}; draw more paths, or plain ones",
                scope.name,
                eth(pilot.loss_eth),
                100.0 * largest,
                count(check.n_paths()),
            )
        });
        Ok((Sampling::importance(&scope.name, &pilot, &check), doubt))
    }
}

fn note_of_plain(scenario: &str, reason: &str) -> String {
    format!("note: the paths of scenario {scenario} are plain: {reason}")
}

/// What is to be known of Sobol points before a run.
fn note_of_points(scenario: &Scenario<'_>, sobol: &Sobol) -> String {
    let rest = match sobol.pseudo_random().len() {
        0 => String::new(),
        n => format!(", {n} draws more than there can be stay pseudo-random"),
    };
    let even = match scenario.spec.paths {
        PathCount::Fixed(n) if !(n / REPLICATES).is_power_of_two() => {
            "; they lie most evenly where paths are a power of two"
        }
        _ => "",
    };
    let n = sobol.dimensions().len();
    let s = if n == 1 { "" } else { "s" };
    format!(
        "note: the paths of scenario {} are Sobol points of {n} dimension{s} in {REPLICATES} replicates{rest}{even}",
        scenario.name,
    )
}

/// The less of the pilot's two gains.
fn gain(pilot: &Pilot) -> f64 {
    pilot.gain_probability.min(pilot.gain_excess)
}

fn aim(scenario: &Scenario<'_>) -> Aim {
    let sampling = &scenario.spec.sampling;
    let highest = scenario.spec.levels.last().copied().map(Goal::Level);
    let goal = sampling.goal.or(highest).unwrap_or(Goal::Level(0.99));
    Aim { goal, defensive_share: sampling.defensive_share }
}

/// The scope of that name, an asset's by nav.
fn find_scope(scenario: &Scenario<'_>) -> Scope {
    let mut scopes = scopes(scenario.model.setting());
    let name = &scenario.spec.sampling.scope.value;
    let number = scopes.iter().position(|scope| scope.name == *name).unwrap_or_default();
    scopes.swap_remove(number)
}

fn refused(file: &str, scenario: &Scenario<'_>, refusal: Refusal) -> Problems {
    let expected = format!(
        "a scope and a level were expected at which importance sampling helps (scenario {}): {refusal}; or method = \"auto\" or \"plain\"",
        scenario.name
    );
    Problem::new(file, expected).key("sampling.method").value("importance").into()
}
