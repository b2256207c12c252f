//! The same network without an AVS, an operator, a company or one allocation, so that a figure can be asked what it would be without it.

use crate::ids::{AllocationId, AvsId, EntityId, MemberId, OperatorId};
use crate::network::{Csr, Network};

/// What is taken out of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removal {
    /// All that one AVS may slash of one operator.
    Allocation(MemberId),
    /// An AVS: it may slash nothing, and nobody gains by corrupting it.
    Avs(AvsId),
    /// An operator: nobody may slash it. Its stake stays where it is.
    Operator(OperatorId),
    /// All operators of a company.
    Entity(EntityId),
}

impl Network {
    /// Whether an operator is taken out.
    #[must_use]
    pub fn removes(&self, removal: Removal, operator: OperatorId) -> bool {
        match removal {
            Removal::Operator(own) => own == operator,
            Removal::Entity(own) => self.operator(operator).entity == own,
            Removal::Allocation(_) | Removal::Avs(_) => false,
        }
    }

    /// Whether what an AVS may slash of an operator is taken out.
    #[must_use]
    pub fn removes_member(&self, removal: Removal, member: MemberId) -> bool {
        match removal {
            Removal::Allocation(own) => own == member,
            Removal::Avs(own) => self.member(member).avs == own,
            _ => self.removes(removal, self.member(member).operator),
        }
    }

    /// The network without something. All rows but allocations keep their ids, registrations too.
    #[must_use]
    pub fn without(&self, removal: Removal) -> Self {
        let mut rest = self.clone();
        rest.allocations.clear();
        for (index, member) in rest.members.iter_mut().enumerate() {
            let start = rest.allocations.len();
            if !self.removes_member(removal, MemberId::new(index)) {
                rest.allocations.extend_from_slice(&self.allocations[member.allocations.clone()]);
            }
            member.allocations = start..rest.allocations.len();
        }
        let stakes = rest.allocations.iter().enumerate();
        let stakes: Vec<(usize, AllocationId)> =
            stakes.map(|(id, own)| (own.stake.index(), AllocationId::new(id))).collect();
        rest.stake_allocations = Csr::new(rest.stakes.len(), &stakes);
        if let Removal::Avs(avs) = removal {
            let avs = &mut rest.avss[avs.index()];
            (avs.profit_from_corruption_eth, avs.secured_value_eth) = (None, 0.0);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sketch;
    use crate::spec::Sharing;

    fn network() -> Network {
        let sketch = Sketch::new().avs("x", Sharing::Unique).avs("y", Sharing::Unique);
        let sketch = ["a", "b", "c"].into_iter().fold(sketch, |sketch, name| {
            sketch
                .operator(name, if name == "c" { "C" } else { "AB" })
                .holding("direct", name, "ETH", 10.0)
        });
        sketch.allocation("x", "*", "*", 0.5).allocation("y", "*", "*", 0.25).network().unwrap()
    }

    fn left(removal: Removal) -> Vec<(usize, usize)> {
        let rest = network().without(removal);
        let of_stakes = (0..rest.stakes().len()).map(crate::StakeId::new);
        let listed: usize = of_stakes.map(|id| rest.stake_allocations(id).len()).sum();
        assert_eq!(listed, rest.allocations().len());
        for (index, member) in rest.members().iter().enumerate() {
            for id in rest.member_allocations(MemberId::new(index)) {
                let own = rest.allocation(id);
                assert_eq!(own.avs, member.avs);
                assert_eq!(rest.stakes()[own.stake.index()].operator, member.operator);
            }
        }
        assert_eq!(rest.members().len(), 6);
        let pairs = rest.allocations().iter();
        pairs
            .map(|own| (own.avs.index(), rest.stakes()[own.stake.index()].operator.index()))
            .collect()
    }

    #[test]
    fn only_what_is_named_is_gone() {
        let (x, b) = (AvsId::new(0), OperatorId::new(1));
        assert_eq!(left(Removal::Avs(x)), [(1, 0), (1, 1), (1, 2)]);
        assert_eq!(left(Removal::Operator(b)), [(0, 0), (0, 2), (1, 0), (1, 2)]);
        let ab = network().operator(b).entity;
        assert_eq!(left(Removal::Entity(ab)), [(0, 2), (1, 2)]);
        let member = network().avs_members(x)[2];
        assert_eq!(left(Removal::Allocation(member)), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]);
    }
}
