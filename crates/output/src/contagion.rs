//! Which nodes set something off, and what follows: for each operator, company, AVS, group, asset, reserve and kind of source how often
//! a source fires there, what such paths lose, and how often the node itself is hit, from whatever cause.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slashfall_graph::facts::{DebtRanks, Node as RankedNode};
use slashfall_graph::{AssetId, GroupId, Network, OperatorId, ReserveId};
use slashfall_sampling::{Batch, Model, Named, SourceKind};

use crate::collect::OutcomeFigures;
use crate::measures::{Estimate, Given, Tally, WeightSums};

/// Kind of node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// An operator.
    Operator,
    /// A company.
    Entity,
    /// An AVS.
    Avs,
    /// A group of operators that is no company.
    Group,
    /// A wrapped asset.
    Asset,
    /// A lending reserve.
    Reserve,
    /// All sources of a kind.
    SourceKind,
}

impl NodeKind {
    /// Name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Entity => "entity",
            Self::Avs => "avs",
            Self::Group => "group",
            Self::Asset => "asset",
            Self::Reserve => "reserve",
            Self::SourceKind => "source_kind",
        }
    }
}

/// What is known of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeFigures {
    /// Kind of node.
    pub kind: NodeKind,
    /// Its name.
    pub name: String,
    /// Probability that it is hit: an operator, and with it its company and groups, that it is slashed by an AVS or by the chain; an AVS
    /// that it is attacked; none for others here.
    pub hit: Option<Estimate>,
    /// Probability that a source fires that names it.
    pub trigger: Estimate,
    /// Mean total loss of the system on such paths, in ETH; none where there is none.
    pub loss: Option<Estimate>,
    /// Mean total over mean direct loss of such paths.
    pub amplification: Option<Estimate>,
    /// Mean rounds of such paths.
    pub rounds: Option<Estimate>,
    /// Linear DebtRank of the node in the network of day 0.
    pub debtrank: Option<f64>,
}

/// Dense numbers of all nodes.
#[derive(Clone, Debug)]
struct Numbers {
    /// First number of each kind, in order of [`NodeKind`], and the number of all.
    starts: [usize; 8],
    /// By group: the company that it is, if it is one.
    companies: Vec<Option<usize>>,
}

impl Numbers {
    fn new(network: &Network) -> Self {
        let sizes = [
            network.operators().len(),
            network.entities().len(),
            network.avss().len(),
            network.groups().len(),
            network.assets().len(),
            network.reserves().len(),
            SourceKind::NAMES.len(),
        ];
        let mut starts = [0; 8];
        for (kind, size) in sizes.into_iter().enumerate() {
            starts[kind + 1] = starts[kind] + size;
        }
        let by_name: BTreeMap<&str, usize> =
            network.entities().iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let company = |group: &slashfall_graph::Group| {
            (group.kind == "entity").then(|| by_name.get(group.name.as_str()).copied()).flatten()
        };
        Self { starts, companies: network.groups().iter().map(company).collect() }
    }

    fn of(&self, kind: NodeKind, index: usize) -> u32 {
        u32::try_from(self.starts[kind as usize] + index).unwrap_or(u32::MAX)
    }

    fn len(&self) -> usize {
        self.starts[7]
    }

    fn operator(&self, network: &Network, id: OperatorId) -> [u32; 2] {
        let entity = network.operator(id).entity.index();
        [self.of(NodeKind::Operator, id.index()), self.of(NodeKind::Entity, entity)]
    }

    fn group(&self, id: GroupId) -> u32 {
        match self.companies[id.index()] {
            Some(company) => self.of(NodeKind::Entity, company),
            None => self.of(NodeKind::Group, id.index()),
        }
    }

    /// The nodes that a source names, its kind the last.
    fn named(&self, network: &Network, named: Named, kind: SourceKind) -> Vec<u32> {
        let mut nodes = match named {
            Named::Member(id) => {
                let member = network.member(id);
                let [operator, entity] = self.operator(network, member.operator);
                vec![self.of(NodeKind::Avs, member.avs.index()), operator, entity]
            }
            Named::Avs(id) => vec![self.of(NodeKind::Avs, id.index())],
            Named::Operator(id) => self.operator(network, id).to_vec(),
            Named::Group(id) => vec![self.group(id)],
            Named::Asset(id) => vec![self.of(NodeKind::Asset, id.index())],
            Named::Reserve(id) => vec![self.of(NodeKind::Reserve, id.index())],
        };
        nodes.push(self.of(NodeKind::SourceKind, kind as usize));
        nodes
    }

    /// The nodes that are hit with an operator.
    fn hit(&self, network: &Network) -> Vec<Vec<u32>> {
        let ids = (0..network.operators().len()).map(OperatorId::new);
        let mut nodes: Vec<Vec<u32>> = ids.map(|id| self.operator(network, id).to_vec()).collect();
        for (index, group) in network.groups().iter().enumerate() {
            let node = self.group(GroupId::new(index));
            for member in group.members.iter().filter(|member| member.share > 0.0) {
                nodes[member.operator.index()].push(node);
            }
        }
        nodes
    }
}

/// Sums by node over the paths of a scenario; a node costs nothing until something happens there.
#[derive(Clone, Debug)]
pub struct Contagion {
    numbers: Numbers,
    figures: OutcomeFigures,
    /// By source: the nodes that it names.
    named: Vec<Vec<u32>>,
    /// By operator: the nodes that are hit with it.
    hit_with: Vec<Vec<u32>>,
    given: Vec<Option<Box<Given>>>,
    hit: Vec<Option<Box<Tally>>>,
    /// By node: one over the number of the last path on which a source named it, and on which it was hit.
    last: Vec<[u64; 2]>,
    is_replicated: bool,
}

impl Contagion {
    /// Before the first path.
    #[must_use]
    pub fn new(model: &Model<'_>) -> Self {
        let network = model.network();
        let numbers = Numbers::new(network);
        let named = model.sources().iter();
        let named = named.map(|source| numbers.named(network, source.named(), source.kind()));
        Self {
            figures: OutcomeFigures::new(model.layout()),
            named: named.collect(),
            hit_with: numbers.hit(network),
            given: vec![None; numbers.len()],
            hit: vec![None; numbers.len()],
            last: vec![[0; 2]; numbers.len()],
            is_replicated: model.sobol().is_some(),
            numbers,
        }
    }

    /// Adds the next batch, whose incidents have been noted.
    pub fn absorb(&mut self, batch: &Batch) {
        for &(offset, source) in &batch.incidents.fired {
            self.fire(batch, offset, source as usize);
        }
        for &(offset, operator) in &batch.incidents.slashed {
            for at in 0..self.hit_with[operator as usize].len() {
                self.hit(batch, offset, self.hit_with[operator as usize][at]);
            }
        }
        for &(offset, avs) in &batch.incidents.attacked {
            self.hit(batch, offset, self.numbers.of(NodeKind::Avs, avs as usize));
        }
    }

    fn fire(&mut self, batch: &Batch, offset: u32, source: usize) {
        let path = batch.first_path + u64::from(offset);
        let row = &batch.figures[offset as usize * batch.width..][..batch.width];
        let outcome = self.figures.of(row);
        for &node in &self.named[source] {
            let last = &mut self.last[node as usize][0];
            if *last == path + 1 {
                continue;
            }
            *last = path + 1;
            let given = self.given[node as usize].get_or_insert_default();
            match batch.weights.get(offset as usize) {
                Some(weight) => given.add_weighted(*weight, outcome),
                None if self.is_replicated => given.add_replicated(path, outcome),
                None => given.add(path, outcome),
            }
        }
    }

    fn hit(&mut self, batch: &Batch, offset: u32, node: u32) {
        let path = batch.first_path + u64::from(offset);
        let last = &mut self.last[node as usize][1];
        if *last == path + 1 {
            return;
        }
        *last = path + 1;
        let tally = self.hit[node as usize].get_or_insert_default();
        match batch.weights.get(offset as usize) {
            Some(weight) => tally.add_weighted(*weight),
            None => tally.add(path),
        }
    }

    /// What another joins.
    #[must_use]
    pub fn stored(&self) -> StoredContagion {
        StoredContagion { given: numbered(&self.given), hit: numbered(&self.hit) }
    }

    /// Whether this can be of `n_paths` other paths of the same nodes.
    #[must_use]
    pub fn can_join(&self, other: &StoredContagion, n_paths: u64) -> bool {
        let are_nodes = |node: &usize| *node < self.given.len();
        other.given.iter().all(|(node, given)| are_nodes(node) && given.is_possible(n_paths))
            && other.hit.iter().all(|(node, tally)| are_nodes(node) && tally.is_possible(n_paths))
    }

    /// Adds what others have added up over other paths.
    pub fn join(&mut self, other: &StoredContagion) {
        for (node, given) in &other.given {
            self.given[*node].get_or_insert_default().join(given);
        }
        for (node, tally) in &other.hit {
            self.hit[*node].get_or_insert_default().join(tally);
        }
    }

    /// The figures of every node at which a source can fire or that was hit, among paths that weigh `sums` in all.
    #[must_use]
    pub fn figures(
        &self,
        network: &Network,
        ranks: &DebtRanks,
        sums: WeightSums,
    ) -> Vec<NodeFigures> {
        let mut can_fire = vec![false; self.numbers.len()];
        self.named.iter().flatten().for_each(|&node| can_fire[node as usize] = true);
        let debtranks: BTreeMap<u32, f64> =
            ranks.nodes.iter().map(|ranked| (self.ranked(ranked.node), ranked.debtrank)).collect();
        let mut all = Vec::new();
        for (kind, name, node) in self.nodes(network) {
            let number = node as usize;
            let (given, hit) = (self.given[number].as_deref(), self.hit[number].as_deref());
            if !can_fire[number] && hit.is_none() {
                continue;
            }
            let is_hit = matches!(
                kind,
                NodeKind::Operator | NodeKind::Entity | NodeKind::Avs | NodeKind::Group
            );
            let probability =
                |tally: Option<&Tally>| tally.unwrap_or(&Tally::default()).probability(sums);
            all.push(NodeFigures {
                kind,
                name: name.to_owned(),
                hit: is_hit.then(|| probability(hit)),
                trigger: given.map_or_else(|| probability(None), |given| given.probability(sums)),
                loss: given.map(Given::mean_total),
                amplification: given.and_then(Given::amplification),
                rounds: given.map(Given::mean_rounds),
                debtrank: debtranks.get(&node).copied(),
            });
        }
        all
    }

    fn ranked(&self, node: RankedNode) -> u32 {
        match node {
            RankedNode::Operator(id) => self.numbers.of(NodeKind::Operator, id.index()),
            RankedNode::Avs(id) => self.numbers.of(NodeKind::Avs, id.index()),
            RankedNode::Wrapped(id) => self.numbers.of(NodeKind::Asset, id.index()),
        }
    }

    /// All nodes in order of number; companies are no groups.
    fn nodes<'n>(&self, network: &'n Network) -> Vec<(NodeKind, &'n str, u32)> {
        let mut nodes = Vec::new();
        let mut add = |kind, names: Vec<&'n str>| {
            let numbered = names.into_iter().enumerate();
            nodes.extend(numbered.map(|(at, name)| (kind, name, self.numbers.of(kind, at))));
        };
        add(NodeKind::Operator, network.operators().iter().map(|o| o.name.as_str()).collect());
        add(NodeKind::Entity, network.entities().iter().map(String::as_str).collect());
        add(NodeKind::Avs, network.avss().iter().map(|avs| avs.name.as_str()).collect());
        add(NodeKind::Group, network.groups().iter().map(|group| group.name.as_str()).collect());
        let assets = (0..network.assets().len()).map(AssetId::new);
        add(NodeKind::Asset, assets.map(|id| network.asset(id).name.as_str()).collect());
        let reserves = (0..network.reserves().len()).map(ReserveId::new);
        add(NodeKind::Reserve, reserves.map(|id| network.reserve(id).name.as_str()).collect());
        add(NodeKind::SourceKind, SourceKind::NAMES.iter().map(|(name, _)| *name).collect());
        nodes
    }
}

/// A [`Contagion`] of some paths as it is stored: by number of the node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredContagion {
    given: Vec<(usize, Box<Given>)>,
    hit: Vec<(usize, Box<Tally>)>,
}

fn numbered<T: Clone>(all: &[Option<T>]) -> Vec<(usize, T)> {
    all.iter().cloned().enumerate().filter_map(|(number, own)| Some((number, own?))).collect()
}
