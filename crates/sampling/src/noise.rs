//! Daily market noise (section 3.5 of `docs/model.md`): the market's days and each asset's own.

use rand_distr::{Distribution, StandardNormal};
use slashfall_graph::Network;

use crate::gaussian::upper_quantile;
use crate::keys::{Purpose, Seed, StreamKey};

/// 32-bit words reserved for the normals of a path: the ziggurat takes two for one, and more one time
/// in a hundred.
const fn words(days: u32) -> u32 {
    4 * days + 64
}

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

/// Scratch of a worker.
#[derive(Clone, Debug, Default)]
pub(crate) struct NoiseBuffer {
    market: Vec<f64>,
    /// Day by day, one normal an asset.
    pub(crate) z: Vec<f64>,
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

    /// Fills the normals of a path: `z = beta y + sqrt(1 - beta^2) e`. The market factor is that of
    /// the path's stream unless another is given.
    pub(crate) fn draw(
        &self,
        seed: Seed,
        path: u64,
        days: u32,
        market: Option<f64>,
        buffer: &mut NoiseBuffer,
    ) {
        let factor =
            market.unwrap_or_else(|| upper_quantile(seed.uniform(self.market_factor, path)));
        self.draw_market(seed, path, days, factor, &mut buffer.market);
        buffer.z.clear();
        buffer.z.resize(days as usize * self.n_assets, 0.0);
        for mover in &self.movers {
            let mut rng = seed.rng(mover.key, path, words(days));
            for (day, y) in buffer.z.chunks_exact_mut(self.n_assets).zip(&buffer.market) {
                let e: f64 = StandardNormal.sample(&mut rng);
                day[mover.asset] = mover.beta * y + mover.residual * e;
            }
        }
    }

    /// The market's days: their standardised sum is the market factor of the path.
    fn draw_market(&self, seed: Seed, path: u64, days: u32, factor: f64, market: &mut Vec<f64>) {
        let mut rng = seed.rng(self.market_days, path, words(days));
        market.clear();
        market.extend((0..days).map(|_| -> f64 { StandardNormal.sample(&mut rng) }));
        let shift = factor / f64::from(days).sqrt() - market.iter().sum::<f64>() / f64::from(days);
        market.iter_mut().for_each(|y| *y += shift);
    }
}
