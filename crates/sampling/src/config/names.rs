//! Finds what the names in a run file mean in a network; an unknown one is a problem with the
//! nearest that there is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use slashfall_graph::{AssetId, AvsId, GroupId, Network, OperatorId, Problems, ReserveId};

use super::node::Node;
use super::spec::{Located, Names};

/// Names of a network, and the problems found with names that are not among them.
pub(super) struct Book<'n, 'f> {
    pub(super) network: &'n Network,
    pub(super) file: &'f str,
    pub(super) problems: RefCell<Problems>,
    /// Sources and events that there is room for, each with those that it hits.
    room: Cell<usize>,
    operators: BTreeMap<&'n str, OperatorId>,
    avss: BTreeMap<&'n str, AvsId>,
    wrapped: BTreeMap<&'n str, AssetId>,
    groups: BTreeMap<&'n str, GroupId>,
    reserves: BTreeMap<&'n str, ReserveId>,
}

impl<'n, 'f> Book<'n, 'f> {
    pub(super) fn new(network: &'n Network, file: &'f str, room: usize) -> Self {
        let operators = network.operators().iter().enumerate();
        let avss = network.avss().iter().enumerate();
        let groups = network.groups().iter().enumerate();
        let reserves = network.reserves().iter().enumerate();
        Self {
            network,
            file,
            problems: RefCell::default(),
            room: Cell::new(room),
            operators: operators.map(|(i, o)| (o.name.as_str(), OperatorId::new(i))).collect(),
            avss: avss.map(|(i, a)| (a.name.as_str(), AvsId::new(i))).collect(),
            wrapped: network
                .wrapped_assets()
                .map(|id| (network.asset(id).name.as_str(), id))
                .collect(),
            groups: groups.map(|(i, g)| (g.name.as_str(), GroupId::new(i))).collect(),
            reserves: reserves.map(|(i, r)| (r.name.as_str(), ReserveId::new(i))).collect(),
        }
    }

    /// Takes room for so much; none once there was too little for something, which is a problem of `at`.
    pub(super) fn take_room(&self, n: usize, at: &Node) -> bool {
        let left = self.room.get().checked_sub(n);
        if left.is_none() && self.room.get() > 0 {
            let expected =
                "less was expected: all scenarios together have too many sources or events for it";
            self.problems.borrow_mut().push(at.problem(self.file, "target", expected));
        }
        self.room.set(left.unwrap_or(0));
        left.is_some()
    }

    pub(super) fn operators(&self, names: &Names) -> Vec<OperatorId> {
        self.find(names, "operator", &self.operators)
    }

    pub(super) fn avss(&self, names: &Names) -> Vec<AvsId> {
        self.find(names, "avs", &self.avss)
    }

    pub(super) fn wrapped(&self, names: &Names) -> Vec<AssetId> {
        self.find(names, "asset", &self.wrapped)
    }

    pub(super) fn is_wrapped(&self, name: &str) -> bool {
        self.wrapped.contains_key(name)
    }

    pub(super) fn reserves(&self, names: &Names) -> Vec<ReserveId> {
        self.find(names, "reserve", &self.reserves)
    }

    /// Groups by name, of one kind where a kind is given.
    pub(super) fn groups(&self, names: &Names, kind: Option<&Located<String>>) -> Vec<GroupId> {
        if let Some(kind) = kind {
            let kinds = self.network.groups().iter().map(|group| group.kind.as_str());
            let is_known = kinds.clone().any(|known| known == kind.value);
            self.known(kind, "target.group_kind", "a kind of group", is_known, kinds);
        }
        let found = self.find(names, "group", &self.groups);
        let of_kind =
            |id: &GroupId| kind.is_none_or(|kind| self.network.group(*id).kind == kind.value);
        found.into_iter().filter(of_kind).collect()
    }

    fn find<T: Copy + Ord>(
        &self,
        names: &Names,
        what: &str,
        known: &BTreeMap<&'n str, T>,
    ) -> Vec<T> {
        let mut found: Vec<T> = match names {
            Names::All => known.values().copied().collect(),
            Names::Listed(names) => names
                .iter()
                .filter(|name| {
                    let key = format!("target.{what}");
                    let expected = match what {
                        "asset" => "a wrapped asset",
                        "avs" => "an AVS",
                        "operator" => "an operator",
                        "reserve" => "a lending reserve",
                        _ => "a group",
                    };
                    let is_known = known.contains_key(name.value.as_str());
                    self.known(name, &key, expected, is_known, known.keys().copied())
                })
                .filter_map(|name| known.get(name.value.as_str()).copied())
                .collect(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Reports a name that is not known, which is one of the valid ones; says whether it is.
    pub(super) fn known<'a>(
        &self,
        name: &Located<String>,
        key: &str,
        what: &str,
        is_known: bool,
        valid: impl IntoIterator<Item = &'a str>,
    ) -> bool {
        if !is_known {
            let expected = format!("{what} was expected, and there is none of that name");
            let problem = name.at.problem(self.file, key, expected);
            self.problems.borrow_mut().push_near(problem.value(&name.value), valid);
        }
        is_known
    }
}
