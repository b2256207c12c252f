//! Holds losses that need not be kept one by one in memory that does not grow with the paths.
//!
//! A loss falls into the bin of its sign, exponent and ten leading binary digits, so a bin is at most 2^-10 of its loss wide. Each keeps
//! how much mass it holds, the exact sum of the losses, the least and the greatest. A sketch such as `DDSketch` (Masson, Rim and Lee 2019)
//! counts only: means would be off by its resolution, an atom would lose its value, and weights have no place in it.

use serde::{Deserialize, Serialize};
use slashfall_sampling::ExactSum;

use super::run::Run;
use super::weights::Calibration;

/// Bits below those that name a bin.
const SHIFT: u32 = 52 - 10;
/// Bins made at a time, as neighbours are.
const PAGE_BINS: usize = 64;
/// Pages that there can be: of every sign, exponent and first four digits.
const PAGES: usize = 1 << (64 - SHIFT as usize - 6);

/// What is known of the losses of one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Bin {
    /// Paths of weight 1.
    count: u64,
    /// Sum over them of the digits of the loss below those that name the bin: lower and upper half.
    digits: [u64; 2],
    low: f64,
    high: f64,
}

const EMPTY: Bin = Bin { count: 0, digits: [0; 2], low: f64::INFINITY, high: f64::NEG_INFINITY };

/// Sums over the weighted paths of a bin: of the weights and of their squares, and of the losses times either.
type Weighted = [ExactSum; 4];

/// Losses by bin: the same of the same losses, in whatever order and parts they come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredBins", into = "StoredBins")]
pub(super) struct Bins {
    /// Number of each page among those that exist, plus 1; 0 where it does not.
    pages: Vec<u16>,
    bins: Vec<Bin>,
    /// By bin; empty while every path weighs 1.
    weighted: Vec<Option<Box<Weighted>>>,
    n: u64,
}

impl Bins {
    pub(super) fn new() -> Self {
        Self { pages: vec![0; PAGES], bins: Vec::new(), weighted: Vec::new(), n: 0 }
    }

    /// Adds a path of weight 1; the loss is finite and not 0.
    pub(super) fn add(&mut self, loss: f64) {
        let at = self.place(key(loss));
        let bin = &mut self.bins[at];
        bin.count += 1;
        bin.add_digits([loss.to_bits() & DIGITS, 0]);
        self.note(at, loss);
    }

    /// Adds a weighted path.
    pub(super) fn add_weighted(&mut self, loss: f64, weight: f64) {
        let at = self.place(key(loss));
        let square = weight * weight;
        let terms = [weight, square, weight * loss, square * loss];
        self.weighted_at(at).iter_mut().zip(terms).for_each(|(sum, term)| sum.add(term));
        self.note(at, loss);
    }

    fn note(&mut self, at: usize, loss: f64) {
        let bin = &mut self.bins[at];
        bin.low = bin.low.min(loss);
        bin.high = bin.high.max(loss);
        self.n += 1;
    }

    fn weighted_at(&mut self, at: usize) -> &mut Weighted {
        self.weighted.resize(self.bins.len(), None);
        self.weighted[at].get_or_insert_default()
    }

    /// Adds all losses of others.
    pub(super) fn join(&mut self, other: &Self) {
        for stored in other.stored() {
            self.join_bin(stored);
        }
        self.n += other.n;
    }

    fn join_bin(&mut self, Stored { key, bin, weighted }: Stored) {
        let at = self.place(key);
        let own = &mut self.bins[at];
        own.count += bin.count;
        own.add_digits(bin.digits);
        own.low = own.low.min(bin.low);
        own.high = own.high.max(bin.high);
        if let Some(other) = weighted {
            self.weighted_at(at).iter_mut().zip(&*other).for_each(|(own, other)| own.join(other));
        }
    }

    /// The bins with anything in them, in order of key.
    fn stored(&self) -> impl Iterator<Item = Stored> {
        let pages = (0..PAGES).filter(|page| self.pages[*page] > 0);
        let slots = pages.flat_map(|page| (page * PAGE_BINS..).zip(self.slots(page)));
        slots.filter(|(_, at)| self.is_there(*at)).map(|(key, at)| Stored {
            key: u32::try_from(key).unwrap_or(u32::MAX),
            bin: self.bins[at],
            weighted: self.weighted.get(at).cloned().flatten(),
        })
    }

    /// Where a bin is, made if need be.
    fn place(&mut self, key: u32) -> usize {
        let (page, slot) = (key as usize / PAGE_BINS, key as usize % PAGE_BINS);
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
    }

    /// Losses added.
    pub(super) fn n(&self) -> u64 {
        self.n
    }

    /// The bins with anything in them, worst first.
    pub(super) fn runs(&self, calibration: Option<Calibration>) -> impl Iterator<Item = Run> + '_ {
        // Bits of losses ascend with them, those of gains descend.
        let (losses, gains) = (0..PAGES / 2, PAGES / 2..PAGES);
        let keyed = |page| (page * PAGE_BINS..(page + 1) * PAGE_BINS).zip(self.slots(page));
        let losses = losses.rev().flat_map(move |page| keyed(page).rev());
        let gains = gains.flat_map(keyed);
        let bins = losses.chain(gains).filter(|&(_, at)| self.is_there(at));
        bins.map(move |(key, at)| self.run(key, at, calibration))
    }

    fn is_there(&self, at: usize) -> bool {
        self.bins[at].low <= self.bins[at].high
    }

    fn slots(&self, page: usize) -> std::ops::Range<usize> {
        match usize::from(self.pages[page]) {
            0 => 0..0,
            number => (number - 1) * PAGE_BINS..number * PAGE_BINS,
        }
    }

    /// The mean of a bin can be a rounding outside of it.
    fn run(&self, key: usize, at: usize, calibration: Option<Calibration>) -> Run {
        let bin = self.bins[at];
        let (count, Bin { low, high, .. }) = (bin.count as f64, bin);
        let weighted = self.weighted.get(at).and_then(Option::as_deref);
        let sums = weighted.map(|sums| sums.each_ref().map(ExactSum::value));
        let [weight, square, by_weight, by_square] = sums.unwrap_or_default();
        let plain = if bin.count > 0 { count * bin.mean(key) } else { 0.0 };
        let (weight, square) = (count + weight, count + square);
        let amount =
            |calibration: Calibration| calibration.mass(plain + by_weight, plain + by_square);
        let mass = calibration.map_or(weight, |calibration| calibration.mass(weight, square));
        let sum = calibration.map_or(plain + by_weight, amount);
        let loss = (sum / mass).clamp(low, high);
        match calibration {
            Some(_) => Run { mass, square, cube: square * square / weight, loss, low, high },
            None => Run { low, high, ..Run::plain(mass, loss) },
        }
    }
}

/// Digits of a loss below those that name its bin.
const DIGITS: u64 = (1 << SHIFT) - 1;

/// What names the bin of a loss.
fn key(loss: f64) -> u32 {
    u32::try_from(loss.to_bits() >> SHIFT).unwrap_or(u32::MAX)
}

impl Bin {
    fn add_digits(&mut self, [low, high]: [u64; 2]) {
        let (sum, carries) = self.digits[0].overflowing_add(low);
        self.digits = [sum, self.digits[1] + high + u64::from(carries)];
    }

    /// The mean loss of the paths of weight 1.
    fn mean(&self, key: usize) -> f64 {
        let first = (key as u64) << SHIFT;
        let (base, next) = (f64::from_bits(first), f64::from_bits(first | 1));
        let [low, high] = self.digits.map(|half| half as f64);
        base + (next - base) * ((high * 2.0_f64.powi(64) + low) / self.count as f64)
    }
}

/// Bins as they are stored.
#[derive(Serialize, Deserialize)]
struct StoredBins {
    n: u64,
    bins: Vec<Stored>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    key: u32,
    bin: Bin,
    weighted: Option<Box<Weighted>>,
}

impl From<Bins> for StoredBins {
    fn from(bins: Bins) -> Self {
        Self { n: bins.n, bins: bins.stored().collect() }
    }
}

impl TryFrom<StoredBins> for Bins {
    type Error = &'static str;

    fn try_from(stored: StoredBins) -> Result<Self, Self::Error> {
        let is_ascending = stored.bins.is_sorted_by(|a, b| a.key < b.key);
        if !is_ascending || !stored.bins.iter().all(Stored::is_possible) {
            return Err("bins of losses were expected, in order");
        }
        let mut bins = Self { n: stored.n, ..Self::new() };
        stored.bins.into_iter().for_each(|bin| bins.join_bin(bin));
        Ok(bins)
    }
}

impl Stored {
    /// Whether losses can have come to it.
    fn is_possible(&self) -> bool {
        let Self { key: own, bin, weighted } = self;
        let is_of_it = |loss: f64| loss.is_finite() && key(loss) == *own;
        bin.low <= bin.high
            && is_of_it(bin.low)
            && is_of_it(bin.high)
            && (bin.count > 0 || weighted.is_some())
            && bin.count < MOST_PATHS
            && bin.digits[1] < MOST_PATHS
    }
}

/// More paths than there can be.
const MOST_PATHS: u64 = 1 << 62;

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
