//! The model without something of its network, and which paths that can change: everything else, draws too, is what it was.

use slashfall_cascade::Target;
use slashfall_graph::{AvsId, MemberId, Network, OperatorId, Removal};

use crate::model::Model;
use crate::source::Source;

impl<'n> Model<'n> {
    /// The model on `rest`, its network without `removal`: sources that would hit what is gone fire and hit nothing there.
    #[must_use]
    pub fn without<'m>(&self, rest: &'m Network, removal: Removal) -> Model<'m>
    where
        'n: 'm,
    {
        let network = self.network();
        let is_gone = |target: Target| match target {
            Target::Operator(operator) => network.removes(removal, operator),
            Target::Member(member) => network.removes_member(removal, member),
        };
        let mut changed = self.with_network(rest);
        for source in &mut changed.sources {
            source.reach.retain(|reach| !is_gone(reach.hit.target));
        }
        changed
    }

    /// By source: whether a path on which it fires may be another one without `removal`.
    ///
    /// It may where the source hits an operator that something is taken out of. Where AVSs can be attacked, what is left of their stake
    /// counts too, so that it may where it hits any operator of an AVS that something is taken out of.
    #[must_use]
    pub fn is_disturbed_by(&self, removal: Removal) -> Vec<bool> {
        let network = self.network();
        let members = (0..network.members().len()).map(MemberId::new);
        let gone: Vec<MemberId> =
            members.filter(|&member| network.removes_member(removal, member)).collect();
        let mut is_concerned = vec![false; network.operators().len()];
        for (index, is_concerned) in is_concerned.iter_mut().enumerate() {
            *is_concerned = network.removes(removal, OperatorId::new(index));
        }
        let is_attackable = self.setting.parameters().security.attack_prob > 0.0;
        for &member in &gone {
            is_concerned[network.member(member).operator.index()] = true;
            if is_attackable {
                let avs: AvsId = network.member(member).avs;
                for &other in network.avs_members(avs) {
                    is_concerned[network.member(other).operator.index()] = true;
                }
            }
        }
        let hits = |source: &Source| {
            source.reach.iter().any(|reach| match reach.hit.target {
                Target::Operator(operator) => is_concerned[operator.index()],
                Target::Member(member) => is_concerned[network.member(member).operator.index()],
            })
        };
        self.sources.iter().map(hits).collect()
    }
}
