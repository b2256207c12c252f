//! An EigenLayer snapshot says who is registered where and with what stake; a network says what
//! may be slashed and whom it backs: this makes the second of the first, and says what it assumed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::assemble::assemble;
use super::names::unique_labels;
use super::snapshot::{Snapshot, read_snapshot};
use crate::problem::{Problem, Problems};
use crate::spec::{NetworkSpec, Sharing};

/// The raw files.
#[derive(Clone, Debug)]
pub struct EigenlayerFiles {
    /// `operator`, `name`.
    pub operators: PathBuf,
    /// `operator`, `strategy`, `shares_wei`.
    pub shares: PathBuf,
    /// `strategy`, `token`, `decimals`, `eth_quorum_strategy`.
    pub strategies: PathBuf,
    /// `avs`, `operator`: one row a registration.
    pub edges: PathBuf,
    /// `avs`, `name`.
    pub avs: Option<PathBuf>,
    /// `operator` and `brand` (or `lrt_by_operator_name`), `company` (or `company_by_name`), or
    /// both.
    pub maps: Vec<PathBuf>,
}

/// What the snapshot does not say.
#[derive(Clone, Debug)]
pub struct EigenlayerOptions {
    /// Name of the network.
    pub name: String,
    /// The day of the snapshot, `YYYY-MM-DD`.
    pub as_of: String,
    /// How the AVSs share stake.
    pub sharing: Sharing,
    /// Share of an operator's stake that each of its AVSs may slash; an upper limit where stake
    /// is unique.
    pub fraction: f64,
    /// Fewest registered operators an AVS has to have to be in the network.
    pub min_operators: usize,
}

/// What an import found and what it assumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// AVSs in the network.
    pub avss: usize,
    /// Operators in the network.
    pub operators: usize,
    /// Registrations of those operators with those AVSs.
    pub registrations: usize,
    /// Allocations: the registrations of operators that have stake.
    pub allocations: usize,
    /// ETH at those operators, native and tokens.
    pub restaked_eth: f64,
    /// Native ETH at those operators.
    pub native_eth: f64,
    /// What was left out, assumed or changed: one sentence each.
    pub notes: Vec<String>,
}

/// Makes a network of a snapshot.
///
/// The AVSs are those with at least `min_operators` registered operators, whether or not these
/// have stake; the operators are all that are registered with one of them. Stake is that of the
/// ETH quorum, a share of a token counted as one ETH. The stake of an operator that a map gives
/// to an LRT is held by that LRT, all other by `direct`. The network is marked synthetic because
/// registrations are not allocations: `fraction` is an assumption.
///
/// # Errors
/// Everything that is wrong with the files and options.
pub fn import_eigenlayer(
    files: &EigenlayerFiles,
    options: &EigenlayerOptions,
) -> Result<(NetworkSpec, ImportReport), Problems> {
    let mut problems = options.problems();
    let snapshot = read_snapshot(files, &mut problems);
    let chosen = Chosen::new(&snapshot, options.min_operators);
    if problems.is_empty() && chosen.members.is_empty() {
        let expected =
            format!("an AVS with {} operators or more was expected", options.min_operators);
        problems.push(Problem::new(files.edges.display().to_string(), expected));
    }
    problems.or_ok(())?;
    let mut report = ImportReport { notes: left_out(&snapshot, &chosen), ..Default::default() };
    let spec = assemble(&snapshot, &chosen, options, &mut report);
    Ok((spec, report))
}

impl EigenlayerOptions {
    fn problems(&self) -> Problems {
        let mut problems = Problems::default();
        if !(self.fraction > 0.0 && self.fraction <= 1.0) {
            let expected = "a fraction above 0 and at most 1 (0.05 is 5 %) was expected";
            problems.push(
                Problem::new("options", expected).key("fraction").value(self.fraction.to_string()),
            );
        }
        problems
    }
}

/// The AVSs and operators that become the network, and what they are called in it.
pub(super) struct Chosen<'a> {
    /// Operators by AVS.
    pub(super) members: BTreeMap<&'a str, &'a BTreeSet<String>>,
    /// Number of AVSs by operator.
    pub(super) degrees: BTreeMap<&'a str, usize>,
    pub(super) avs_labels: BTreeMap<String, String>,
    pub(super) operator_labels: BTreeMap<String, String>,
}

impl<'a> Chosen<'a> {
    fn new(snapshot: &'a Snapshot, min_operators: usize) -> Self {
        let members: BTreeMap<&str, &BTreeSet<String>> = snapshot
            .edges
            .iter()
            .filter(|(_, operators)| operators.len() >= min_operators.max(1))
            .map(|(avs, operators)| (avs.as_str(), operators))
            .collect();
        let mut degrees = BTreeMap::new();
        for operator in members.values().copied().flatten() {
            *degrees.entry(operator.as_str()).or_default() += 1;
        }
        let avs_labels = labels_of(members.keys().copied(), &snapshot.avss);
        let operator_labels = labels_of(degrees.keys().copied(), &snapshot.operators);
        Self { members, degrees, avs_labels, operator_labels }
    }

    /// The ETH at each operator by token, of those that have any.
    pub(super) fn stakes(
        &self,
        snapshot: &'a Snapshot,
    ) -> Vec<(&'a str, &'a BTreeMap<String, f64>)> {
        self.degrees
            .keys()
            .filter_map(|operator| Some((*operator, snapshot.restaked.get(*operator)?)))
            .collect()
    }
}

fn labels_of<'a>(
    addresses: impl Iterator<Item = &'a str>,
    names: &'a BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let named = addresses.map(|address| (address, names.get(address).map_or("", String::as_str)));
    unique_labels(named, &BTreeSet::new())
}

/// One note for each way in which the network is less than the snapshot.
fn left_out(snapshot: &Snapshot, chosen: &Chosen<'_>) -> Vec<String> {
    let registered = || chosen.degrees.keys();
    let unknown = registered().filter(|name| !snapshot.operators.contains_key(**name)).count();
    let without = registered().filter(|name| !snapshot.restaked.contains_key(**name)).count();
    let elsewhere: f64 = snapshot
        .restaked
        .iter()
        .filter(|(operator, _)| !chosen.degrees.contains_key(operator.as_str()))
        .map(|(_, tokens)| tokens.values().sum::<f64>())
        .sum();
    let counts = [
        (
            "AVSs left out because they have too few operators",
            snapshot.edges.len() - chosen.members.len(),
        ),
        ("Registrations given more than once", snapshot.repeated_edges),
        ("Registered operators that are not in the operators file", unknown),
        ("Registered operators without ETH stake, and so without an allocation", without),
    ];
    let told = counts.into_iter().filter(|(_, count)| *count > 0);
    let mut notes: Vec<String> = told.map(|(what, count)| format!("{what}: {count}.")).collect();
    if elsewhere > 0.0 {
        notes.push(format!("ETH left out because no such AVS has its operator: {elsewhere:.0}."));
    }
    notes
}
