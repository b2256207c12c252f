//! Daily market noise (section 3.5 of `docs/model.md`): the market's days and each asset's own.

use std::ops::Range;

use slashfall_cascade::Normals;
use slashfall_graph::Network;

use crate::importance::Bend;
use crate::kernels::quantiles;
use crate::keys::{Purpose, Seed, StreamKey, place, uniforms};

/// Who moves, and how much with the market.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    market_factor: StreamKey,
    market_days: StreamKey,
    n_assets: usize,
    movers: Vec<Mover>,
}

#[derive(Clone, Copy, Debug)]
struct Mover {
    asset: usize,
    beta: f64,
    residual: f64,
    key: StreamKey,
}

/// Paths whose normals are drawn together: they stay in the cache until they are played.
const TOGETHER: usize = 32;

/// The normals of consecutive paths; a worker keeps one.
#[derive(Clone, Debug, Default)]
pub(crate) struct NoiseBuffer {
    first: u64,
    n_paths: usize,
    /// Day by day and asset by asset, one normal a path.
    z: Vec<f64>,
    /// Of one path, day by day, one normal an asset.
    of_one: Vec<f64>,
    /// Market's days, a normal a path.
    market: Vec<f64>,
    /// Words of the pairs of days, then normals of their first and of their second days, a path each.
    words: [Vec<u64>; 2],
    normals: [Vec<f64>; 2],
}

impl NoiseBuffer {
    /// Forgets what was drawn.
    pub(crate) fn clear(&mut self) {
        self.n_paths = 0;
    }

    /// The normals of a path that was drawn, day by day, one an asset; none where nothing was drawn.
    pub(crate) fn of_path(&mut self, path: u64) -> &[f64] {
        let Some(at) = self.place_of(path) else { return &[] };
        if self.n_paths == 1 {
            return &self.z;
        }
        self.of_one.clear();
        self.of_one.extend(self.z.iter().skip(at).step_by(self.n_paths));
        &self.of_one
    }

    /// The normals of a path that was drawn, and of those that were drawn with it.
    pub(crate) fn starting_at(&self, path: u64) -> Option<Normals<'_>> {
        let first = self.place_of(path)?;
        Some(Normals { z: &self.z, n_paths: self.n_paths, first })
    }

    /// Where a path stands among those drawn.
    fn place_of(&self, path: u64) -> Option<usize> {
        let at = usize::try_from(path.checked_sub(self.first)?).ok()?;
        (at < self.n_paths).then_some(at)
    }

    /// Draws the normals of a stream: row `d` of a path has those of days `2 d` and `2 d + 1`.
    fn draw<const N: usize>(&mut self, seed: Seed, key: StreamKey, days: usize) {
        let len = days.div_ceil(2) * N;
        let first = self.first;
        let [a, b] = &mut self.words;
        a.resize(len, 0);
        b.resize(len, 0);
        seed.cipher().fill((a, b), |i| (key.0, place((i / N) as u64, first + (i % N) as u64)));
        for (words, normals) in self.words.iter().zip(&mut self.normals) {
            normals.resize(len, 0.0);
            uniforms(words, normals);
            quantiles(normals);
        }
    }

    /// The normals last drawn of a day, a path each.
    fn day<const N: usize>(&self, day: usize) -> &[f64] {
        &self.normals[day % 2][day / 2 * N..][..N]
    }
}

impl Noise {
    /// Noise for the assets that move, each with its loading on the market; none when none does.
    pub(crate) fn new(network: &Network, movers: &[(usize, f64)]) -> Option<Self> {
        let mover = |&(asset, beta): &(usize, f64)| Mover {
            asset,
            beta,
            residual: (1.0 - beta * beta).sqrt(),
            key: StreamKey::new(Purpose::AssetNoise, &network.assets()[asset].name),
        };
        (!movers.is_empty()).then(|| Self {
            market_factor: StreamKey::market_factor(),
            market_days: StreamKey::new(Purpose::MarketNoise, "market"),
            n_assets: network.assets().len(),
            movers: movers.iter().map(mover).collect(),
        })
    }

    /// Whether any asset moves with the market.
    pub(crate) fn has_market(&self) -> bool {
        self.movers.iter().any(|mover| mover.beta.abs() > 0.0)
    }

    /// Draws the normals of paths and of those that follow, unless they are there; of no more than are
    /// drawn together. Market factors are those of the paths' streams where `bends` from the first path
    /// on give no others.
    pub(crate) fn draw(
        &self,
        seed: Seed,
        paths: Range<u64>,
        days: u32,
        bends: &[Bend],
        buffer: &mut NoiseBuffer,
    ) {
        debug_assert!(paths.end <= paths.start + TOGETHER as u64);
        let path = paths.start;
        if buffer.place_of(path).is_none() || buffer.place_of(paths.end - 1).is_none() {
            let mut factors = [0.0; TOGETHER];
            seed.normals(self.market_factor, path, &mut factors);
            for (factor, bend) in factors.iter_mut().zip(bends) {
                *factor = bend.market.unwrap_or(*factor);
            }
            self.draw_paths(seed, (path, factors), days as usize, buffer);
        }
    }

    /// Draws the normals of one path.
    pub(crate) fn draw_alone(
        &self,
        seed: Seed,
        path: u64,
        days: u32,
        bend: Bend,
        buffer: &mut NoiseBuffer,
    ) {
        let factor = bend.market.unwrap_or_else(|| seed.normal(self.market_factor, path));
        self.draw_paths(seed, (path, [factor]), days as usize, buffer);
    }

    /// Fills the normals of `N` paths whose market factors are given: `z = beta y + sqrt(1 - beta^2) e`.
    fn draw_paths<const N: usize>(
        &self,
        seed: Seed,
        (first, factors): (u64, [f64; N]),
        days: usize,
        buffer: &mut NoiseBuffer,
    ) {
        let len = N * days * self.n_assets;
        if (buffer.n_paths, buffer.z.len()) != (N, len) {
            buffer.z.clear();
            buffer.z.resize(len, 0.0); // and so it stays of assets that do not move
        }
        (buffer.first, buffer.n_paths) = (first, N);
        self.draw_market(seed, factors, days, buffer);
        for mover in &self.movers {
            buffer.draw::<N>(seed, mover.key, days);
            let NoiseBuffer { z, market, normals, .. } = buffer;
            for (day, market) in market.chunks_exact(N).enumerate() {
                let z = &mut z[(day * self.n_assets + mover.asset) * N..][..N];
                let own = &normals[day % 2][day / 2 * N..][..N];
                for ((z, y), e) in z.iter_mut().zip(market).zip(own) {
                    *z = mover.beta * y + mover.residual * e;
                }
            }
        }
    }

    /// The market's days: their standardised sum is the market factor of the path.
    fn draw_market<const N: usize>(
        &self,
        seed: Seed,
        factors: [f64; N],
        days: usize,
        buffer: &mut NoiseBuffer,
    ) {
        buffer.draw::<N>(seed, self.market_days, days);
        let mut sums = [0.0; N];
        for day in 0..days {
            for (sum, normal) in sums.iter_mut().zip(buffer.day::<N>(day)) {
                *sum += normal;
            }
        }
        let n_days = days as f64;
        let shifts: [f64; N] =
            std::array::from_fn(|path| factors[path] / n_days.sqrt() - sums[path] / n_days);
        let mut market = std::mem::take(&mut buffer.market);
        market.clear();
        for day in 0..days {
            let normals = buffer.day::<N>(day).iter();
            market.extend(normals.zip(&shifts).map(|(normal, shift)| normal + shift));
        }
        buffer.market = market;
    }
}

#[cfg(test)]
mod tests {
    use slashfall_graph::Sketch;
    use slashfall_graph::spec::AssetKind;

    use super::*;

    #[test]
    fn many_paths_are_those_one_by_one() {
        let network = Sketch::new().asset("a", AssetKind::Lst).asset("b", AssetKind::Lst);
        let network = network.operator("op", "Op").holding("a", "op", "ETH", 1.0);
        let network = network.holding("b", "op", "ETH", 1.0).network().unwrap();
        let noise = Noise::new(&network, &[(2, 0.6), (3, 0.0)]).unwrap();
        let (mut many, mut one) = (NoiseBuffer::default(), NoiseBuffer::default());
        for days in [1, 7, 30] {
            many = NoiseBuffer::default();
            for path in 1_000..1_080 {
                noise.draw(Seed(9), path..path + 1, days, &[], &mut many);
                noise.draw_alone(Seed(9), path, days, Bend::default(), &mut one);
                let bits = |z: &[f64]| -> Vec<u64> { z.iter().map(|z| z.to_bits()).collect() };
                assert_eq!(bits(many.of_path(path)), bits(one.of_path(path)));
                assert_eq!(many.of_path(path).len(), days as usize * network.assets().len());
            }
        }
        assert!(many.of_path(3).is_empty());
    }
}
