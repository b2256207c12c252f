//! A total split among those who share it, largest first: the form of every concentration.

use super::worth::ratio;

/// One part of a total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share<I> {
    /// Whose.
    pub id: I,
    /// Amount in ETH.
    pub eth: f64,
    /// Amount as a fraction of the total.
    pub share: f64,
}

/// A total and its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking<I> {
    /// Sum of all parts, in ETH.
    pub total_eth: f64,
    /// The parts above zero, largest first, equal ones in order of id.
    pub shares: Vec<Share<I>>,
    /// Herfindahl-Hirschman index: the sum of squared shares, in (0, 1]; 0 of nothing.
    pub hhi: f64,
}

impl<I: Copy + Ord> Ranking<I> {
    /// Ranks amounts.
    pub(super) fn new(amounts: impl IntoIterator<Item = (I, f64)>) -> Self {
        let mut parts: Vec<(I, f64)> = amounts.into_iter().filter(|part| part.1 > 0.0).collect();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let total_eth: f64 = parts.iter().map(|part| part.1).sum();
        let shares: Vec<Share<I>> = parts
            .into_iter()
            .map(|(id, eth)| Share { id, eth, share: ratio(eth, total_eth) })
            .collect();
        let hhi = shares.iter().map(|part| part.share * part.share).sum();
        Self { total_eth, shares, hhi }
    }

    /// Share of the `k` largest together.
    #[must_use]
    pub fn top(&self, k: usize) -> f64 {
        self.shares.iter().take(k).map(|part| part.share).sum()
    }

    /// The largest part.
    #[must_use]
    pub fn largest(&self) -> Option<Share<I>> {
        self.shares.first().copied()
    }

    /// How many of the largest hold at least `share` of the total; 0 of nothing.
    #[must_use]
    pub fn n_to_reach(&self, share: f64) -> usize {
        let mut held = 0.0;
        let reached = self.shares.iter().position(|part| {
            held += part.share;
            held >= share * (1.0 - 1e-12)
        });
        reached.map_or(self.shares.len(), |index| index + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::close;
    use super::*;

    #[test]
    fn parts_are_ranked_and_squared() {
        let ranking = Ranking::new([(0, 20.0), (1, 50.0), (2, 0.0), (3, 30.0)]);
        assert_eq!(ranking.shares.iter().map(|part| part.id).collect::<Vec<_>>(), [1, 3, 0]);
        close(ranking.top(2), 0.8);
        close(ranking.hhi, 0.25 + 0.09 + 0.04);
        assert_eq!(ranking.n_to_reach(0.5), 1);
        assert_eq!(ranking.n_to_reach(0.51), 2);
        assert_eq!(ranking.n_to_reach(1.0), 3);
    }

    #[test]
    fn equal_thirds_need_one_to_reach_a_third() {
        let ranking = Ranking::new([(0, 0.1), (1, 0.1), (2, 0.1)]);
        assert_eq!(ranking.n_to_reach(1.0 / 3.0), 1);
    }

    #[test]
    fn nothing_has_no_concentration() {
        let ranking: Ranking<usize> = Ranking::new([]);
        assert_eq!((ranking.hhi, ranking.top(3), ranking.n_to_reach(0.5)), (0.0, 0.0, 0));
    }
}
