//! Holds losses that need not be kept one by one in memory that does not grow with the paths.
//!
//! A loss falls into the bin of its sign, exponent and ten leading binary digits, so a bin is at most 2^-10 of its loss wide. Each keeps
//! how much mass it holds, the exact sum of the losses, the least and the greatest. A sketch such as `DDSketch` (Masson, Rim and Lee 2019)
//! counts only: means would be off by its resolution, an atom would lose its value, and weights have no place in it.

use super::run::Run;
use super::weights::Calibration;

/// Bits below those that name a bin.
const SHIFT: u32 = 52 - 10;
/// Bins made at a time, as neighbours are.
const PAGE_BINS: usize = 64;
/// Pages that there can be: of every sign, exponent and first four digits.
const PAGES: usize = 1 << (64 - SHIFT as usize - 6);

/// What is known of the losses of one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bin {
    /// Sum of the weights.
    weight: f64,
    /// Sum of the losses, each times its weight.
    sum: f64,
    low: f64,
    high: f64,
}

const EMPTY: Bin = Bin { weight: 0.0, sum: 0.0, low: f64::INFINITY, high: f64::NEG_INFINITY };

/// Losses by bin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bins {
    /// Number of each page among those that exist, plus 1; 0 where it does not.
    pages: Vec<u16>,
    bins: Vec<Bin>,
    /// Sums of the squares of the weights, bin by bin; empty while every path weighs 1.
    squares: Vec<f64>,
    n: u64,
}

impl Bins {
    pub(super) fn new() -> Self {
        Self { pages: vec![0; PAGES], bins: Vec::new(), squares: Vec::new(), n: 0 }
    }

    /// Adds a path of weight 1; the loss is finite and not 0.
    pub(super) fn add(&mut self, loss: f64) {
        let at = self.place(loss);
        self.book(at, 1.0, loss);
        if let Some(square) = self.squares.get_mut(at) {
            *square += 1.0;
        }
    }

    /// Adds a weighted path.
    pub(super) fn add_weighted(&mut self, loss: f64, weight: f64) {
        if self.squares.is_empty() {
            self.squares = self.bins.iter().map(|bin| bin.weight).collect();
        }
        let at = self.place(loss);
        self.squares.resize(self.bins.len(), 0.0);
        self.book(at, weight, loss);
        self.squares[at] += weight * weight;
    }

    fn book(&mut self, at: usize, weight: f64, loss: f64) {
        let bin = &mut self.bins[at];
        bin.weight += weight;
        bin.sum += weight * loss;
        bin.low = bin.low.min(loss);
        bin.high = bin.high.max(loss);
        self.n += 1;
    }

    /// Where the bin of a loss is, made if need be.
    fn place(&mut self, loss: f64) -> usize {
        let key = usize::try_from(loss.to_bits() >> SHIFT).unwrap_or_default();
        let (page, slot) = (key / PAGE_BINS, key % PAGE_BINS);
        if self.pages[page] == 0 {
            self.make(page);
        }
        (usize::from(self.pages[page]) - 1) * PAGE_BINS + slot
    }

    #[cold]
    fn make(&mut self, page: usize) {
        self.bins.extend([EMPTY; PAGE_BINS]);
        // One page of every 65,536 is that of infinities and is never made.
        self.pages[page] = u16::try_from(self.bins.len() / PAGE_BINS).unwrap_or(u16::MAX);
        if !self.squares.is_empty() {
            self.squares.resize(self.bins.len(), 0.0);
        }
    }

    /// Losses added.
    pub(super) fn n(&self) -> u64 {
        self.n
    }

    /// The bins with anything in them, worst first.
    pub(super) fn runs(&self, calibration: Option<Calibration>) -> impl Iterator<Item = Run> + '_ {
        // Bits of losses ascend with them, those of gains descend.
        let (losses, gains) = (0..PAGES / 2, PAGES / 2..PAGES);
        let losses = losses.rev().flat_map(|page| self.slots(page).rev());
        let gains = gains.flat_map(|page| self.slots(page));
        let is_there = |at: &usize| self.bins[*at].weight > 0.0;
        losses.chain(gains).filter(is_there).map(move |at| self.run(at, calibration))
    }

    fn slots(&self, page: usize) -> std::ops::Range<usize> {
        match usize::from(self.pages[page]) {
            0 => 0..0,
            number => (number - 1) * PAGE_BINS..number * PAGE_BINS,
        }
    }

    /// The mean of a bin can be a rounding outside of it.
    fn run(&self, at: usize, calibration: Option<Calibration>) -> Run {
        let Bin { weight, sum, low, high } = self.bins[at];
        let loss = (sum / weight).clamp(low, high);
        let (Some(calibration), Some(&square)) = (calibration, self.squares.get(at)) else {
            return Run { low, high, ..Run::plain(weight, loss) };
        };
        let mass = calibration.mass(weight, square);
        Run { mass, square, cube: square * square / weight, loss, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Sum;
    use super::super::testing::{Uniform, close};
    use super::*;

    #[test]
    fn bins_are_narrow_and_in_order() {
        let mut bins = Bins::new();
        let mut uniform = Uniform(5);
        let mut sum = Sum::default();
        for i in 0..200_000_i32 {
            let sign = if i % 3 == 0 { -1.0 } else { 1.0 };
            let loss = sign * 10_f64.powf(40.0 * uniform.draw() - 20.0);
            bins.add(loss);
            sum.add(loss);
        }
        let runs: Vec<Run> = bins.runs(None).collect();
        close(runs.iter().map(|run| run.mass).sum(), 200_000.0, 1e-15);
        close(runs.iter().map(|run| run.mass * run.loss).sum(), sum.value(), 1e-12);
        assert!(runs.windows(2).all(|pair| pair[0].low > pair[1].high));
        assert!(runs.iter().all(|run| run.low <= run.loss && run.loss <= run.high));
        let widest =
            runs.iter().map(|run| run.half_width() / run.middle().abs()).fold(0.0, f64::max);
        assert!(widest > 3e-4 && widest < 5e-4, "{widest}");
    }

    #[test]
    fn an_atom_keeps_its_value() {
        let mut bins = Bins::new();
        (0..1000).for_each(|_| bins.add(-0.1));
        let runs: Vec<Run> = bins.runs(None).collect();
        assert_eq!((runs.len(), bins.n()), (1, 1000));
        assert_eq!((runs[0].middle(), runs[0].half_width()), (-0.1, 0.0));
    }

    #[test]
    fn weights_may_come_late() {
        let mut bins = Bins::new();
        bins.add(1.0);
        bins.add_weighted(1.0, 0.5);
        bins.add_weighted(300.0, 2.0);
        bins.add(300.0);
        let mut sums = super::super::WeightSums::default();
        sums.add(4, &[1.0, 0.5, 2.0, 1.0]);
        let runs: Vec<Run> = bins.runs(sums.calibration()).collect();
        close(runs[0].square, 5.0, 1e-15);
        close(runs[1].square, 1.25, 1e-15);
        close(runs[0].mass + runs[1].mass, 4.0, 1e-14);
    }
}
