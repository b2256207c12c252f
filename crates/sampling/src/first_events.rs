//! Which events of a path lead to a loss: no more than it takes, and the first that do.

use crate::parts::Parts;

/// Events that lead to a loss on a path.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstEvents {
    /// Number of the path.
    pub path: u64,
    /// Its likelihood ratio; 1 where paths are drawn from the model itself.
    pub weight: f64,
    /// What is lost on the whole path, in ETH.
    pub loss_eth: f64,
    /// Numbers of their sources, in order of time; none where the loss comes without any event.
    pub sources: Vec<u32>,
}

/// The first events of a path that lead to a loss of at least `at_least_eth`, `loss_eth` being the loss
/// that figures of a path stand for; none when the whole path loses less.
///
/// Of the path's events, in order of time, the fewest that lose as much by themselves; of these one
/// after the other is left out, beginning with the one that loses least by itself, of equal ones with
/// the latest, as long as the rest loses as much. Where losses add up no smaller part of the first events does. In any case no
/// event can be left out of what remains.
pub fn first_events(
    parts: &mut Parts<'_, '_, '_>,
    at_least_eth: f64,
    loss_eth: impl Fn(&[f64]) -> f64,
) -> Option<FirstEvents> {
    let all = parts.sources();
    let whole = loss_eth(parts.play(|_| true));
    let mut loss_of = |kept: &[u32]| loss_eth(parts.play(|source| kept.contains(&source)));
    let n_first = (0..=all.len()).find(|&n| loss_of(&all[..n]) >= at_least_eth)?;
    let sources = needed(&all[..n_first], &mut loss_of, at_least_eth);
    Some(FirstEvents { path: parts.path(), weight: parts.weight(), loss_eth: whole, sources })
}

/// What remains of events, in order of time, when those are left out that the loss does not need.
fn needed(first: &[u32], mut loss_of: impl FnMut(&[u32]) -> f64, at_least_eth: f64) -> Vec<u32> {
    let mut kept = first.to_vec();
    if kept.len() < 2 {
        return kept;
    }
    // Latest first, so that of equal losses the latest stays in front.
    let mut cheapest: Vec<(f64, u32)> =
        first.iter().rev().map(|&source| (loss_of(&[source]), source)).collect();
    cheapest.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Less can be more (section 13 of the model), so that what was needed may not be any more.
    loop {
        let n = kept.len();
        for (_, source) in &cheapest {
            let rest: Vec<u32> = kept.iter().copied().filter(|own| own != source).collect();
            if rest.len() < kept.len() && loss_of(&rest) >= at_least_eth {
                kept = rest;
            }
        }
        if kept.len() == n {
            return kept;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of these losses, which add up.
    fn needed_of(losses: &[f64], at_least: f64) -> Vec<u32> {
        let all: Vec<u32> = (0..).take(losses.len()).collect();
        let loss_of = |kept: &[u32]| kept.iter().map(|&own| losses[own as usize]).sum::<f64>();
        needed(&all, loss_of, at_least)
    }

    #[test]
    fn the_costliest_that_suffice_remain() {
        assert_eq!(needed_of(&[3.0, 3.0, 4.0], 6.0), [0, 2]);
        assert_eq!(needed_of(&[1.0, 1.0, 1.0, 3.0], 3.0), [3]);
        assert_eq!(needed_of(&[2.0, 0.0, 2.0, 2.0], 4.0), [0, 2], "of equal ones the first");
        assert_eq!(needed_of(&[5.0], 5.0), [0]);
        assert_eq!(needed_of(&[], 0.0), [0; 0]);
    }

    /// The second event makes the third cheaper: as long as it is there the first is needed too, and no
    /// more once it is left out.
    #[test]
    fn what_was_needed_is_looked_at_again() {
        let loss_of = |kept: &[u32]| match kept {
            [0, 1, 2] | [0, 2] | [2] => 9.0,
            [1, 2] => 4.0,
            [1] => 2.0,
            [0] => 1.0,
            _ => 0.0,
        };
        assert_eq!(needed(&[0, 1, 2], loss_of, 9.0), [2]);
    }
}
