//! What happened on the paths of a batch, by name: which sources fired, who was slashed, what was
//! attacked. Figures say how much was lost; who is to blame for it takes names.

use slashfall_cascade::{State, Target};

use crate::model::Model;

/// Who was hit on which path. Paths are counted from the first of the batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// Path and source, in order of path.
    pub fired: Vec<(u32, u32)>,
    /// Path and operator that was slashed by an AVS or by the chain, in order of path; an operator
    /// may be there twice.
    pub slashed: Vec<(u32, u32)>,
    /// Path and AVS that was attacked, in order of path.
    pub attacked: Vec<(u32, u32)>,
}

impl Incidents {
    pub(crate) fn clear(&mut self) {
        self.fired.clear();
        self.slashed.clear();
        self.attacked.clear();
    }

    /// Notes whom a source has slashed that slashes all that it names.
    pub(crate) fn note_struck(&mut self, model: &Model<'_>, offset: u32, source: u32) {
        let source = &model.sources[source as usize];
        if model.classes[source.class].severity.fixed().is_some_and(|severity| severity <= 0.0) {
            return;
        }
        for reach in &source.reach {
            if let Target::Member(member) = reach.hit.target {
                let operator = model.network().member(member).operator;
                self.slashed.push((offset, index(operator.index())));
            }
        }
    }

    /// Notes who has been hit on the path that was played last.
    pub(crate) fn note_state(&mut self, offset: usize, state: &State<'_>) {
        let offset = index(offset);
        self.slashed.extend(state.slashed_operators().map(|id| (offset, index(id.index()))));
        self.attacked.extend(state.attacked_avss().map(|id| (offset, index(id.index()))));
    }

    /// Puts what was noted of `n` paths in any order into order of path.
    pub(crate) fn sort(&mut self, n: usize) {
        by_path(&mut self.fired, n);
        by_path(&mut self.slashed, n);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "ids and paths of a batch are 32 bits wide")]
pub(crate) fn index(number: usize) -> u32 {
    number as u32
}

/// Sorts by path through counting; what is of one path keeps its order.
fn by_path(noted: &mut Vec<(u32, u32)>, n: usize) {
    let mut starts = vec![0; n + 1];
    for (path, _) in &*noted {
        starts[*path as usize + 1] += 1;
    }
    for path in 0..n {
        starts[path + 1] += starts[path];
    }
    let mut sorted = vec![(0, 0); noted.len()];
    for &(path, what) in &*noted {
        let place = &mut starts[path as usize];
        sorted[*place] = (path, what);
        *place += 1;
    }
    *noted = sorted;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_one_path_keeps_its_order() {
        let mut noted = vec![(3, 1), (0, 7), (3, 0), (1, 5), (0, 2)];
        by_path(&mut noted, 5);
        assert_eq!(noted, [(0, 7), (0, 2), (1, 5), (3, 1), (3, 0)]);
        by_path(&mut Vec::new(), 0);
    }
}
