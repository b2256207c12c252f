//! Scrambled Sobol points on what all sources of a path share (section 11.2 of `docs/model.md`): the
//! few draws that most of a loss depends on are spread evenly, all others stay what they are.
//!
//! Path `p` is point `p / 32` of replicate `p % 32`. Each replicate is a Sobol sequence of its own
//! random scrambling (Owen 1995), so each path is drawn from the model itself and weighs 1; but the
//! paths of one replicate depend on one another, and errors come from the replicates, which do not.

mod directions;
mod quantile;
mod scramble;

use std::collections::BTreeMap;
use std::sync::Arc;

use directions::Directions;
use quantile::GammaTable;
use scramble::{LANES, Scramble};

use crate::copula::Copula;
use crate::kernels::quantiles;
use crate::keys::{Seed, uniforms};
use crate::noise::Noise;
use crate::rate::Evidence;

/// Independent scramblings that paths are dealt out to, path `p` to number `p % REPLICATES`: errors
/// have 31 degrees of freedom.
pub const REPLICATES: u64 = LANES as u64;

/// The points of a model, one dimension for each draw that all sources of a path share.
#[derive(Clone, Debug)]
pub struct Sobol {
    /// By factor of the model; none for those that stay pseudo-random.
    factors: Vec<Option<Dimension>>,
    mixing: Option<Dimension>,
    market: Market,
    /// By evidence of the model.
    evidence: Vec<Option<Dimension>>,
    names: Vec<String>,
    pseudo_random: Vec<String>,
}

/// Where the market factor of the noise comes from.
#[derive(Clone, Debug)]
enum Market {
    /// Its own stream.
    Stream,
    /// A factor of the model.
    Factor(usize),
    /// A dimension of its own.
    Own(Box<Dimension>),
}

/// A dimension: its points and its law.
#[derive(Clone, Debug)]
pub(crate) struct Dimension {
    directions: Directions,
    scramble: Scramble,
    /// None where it is normal.
    gamma: Option<Arc<GammaTable>>,
}

/// What a model draws for all sources of a path together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws<'a> {
    pub(crate) copula: Copula,
    /// Names of the factors, in the order of the run file.
    pub(crate) factors: &'a [String],
    /// The evidence that rates are drawn from.
    pub(crate) evidence: &'a [Evidence],
    /// Names of the evidence in their own order, each with its place in `evidence`.
    pub(crate) evidence_names: &'a [(String, usize)],
    pub(crate) noise: Option<&'a Noise>,
}

/// Name of the factor that the market's days add up to.
const MARKET: &str = "market";

impl Sobol {
    /// Gives a dimension to each draw of `draws`: factors, then the mixing variable of the t copula, the
    /// market factor of the noise where it is none of these, rates by name of their evidence. So no
    /// source changes the points of another draw, unless it brings evidence of its own.
    pub(crate) fn new(seed: Seed, draws: Draws<'_>) -> Self {
        let mut deal = Deal::new(seed);
        let is_used = !matches!(draws.copula, Copula::Independent);
        let factors: Vec<_> = draws
            .factors
            .iter()
            .map(|name| is_used.then(|| deal.normal(name, format!("factor {name}"))).flatten())
            .collect();
        let mixing = match draws.copula {
            Copula::StudentT { df } => deal.gamma(0.5 * df, "mixing", "mixing variable".to_owned()),
            Copula::Independent | Copula::Gaussian => None,
        };
        let own = draws.factors.iter().position(|name| is_used && name == MARKET);
        let market = match (own, draws.noise.filter(|noise| noise.has_market())) {
            (_, None) => Market::Stream,
            (Some(number), _) if factors[number].is_some() => Market::Factor(number),
            (Some(_), _) => Market::Stream,
            (None, _) => {
                let own = deal.normal(MARKET, "market factor of the noise".to_owned());
                own.map_or(Market::Stream, |own| Market::Own(Box::new(own)))
            }
        };
        let mut evidence = vec![None; draws.evidence.len()];
        for (name, number) in draws.evidence_names {
            let (shape, _) = draws.evidence[*number].shape_and_rate();
            evidence[*number] = deal.gamma(shape, &format!("rate\u{1f}{name}"), shown(name));
        }
        let Deal { names, pseudo_random, .. } = deal;
        Self { factors, mixing, market, evidence, names, pseudo_random }
    }

    /// Its dimensions, in order.
    #[must_use]
    pub fn dimensions(&self) -> &[String] {
        &self.names
    }

    /// What there are no dimensions left for: these draws are pseudo-random, as all others are.
    #[must_use]
    pub fn pseudo_random(&self) -> &[String] {
        &self.pseudo_random
    }

    pub(crate) fn factor(&self, number: usize) -> Option<&Dimension> {
        self.factors[number].as_ref()
    }

    pub(crate) fn mixing(&self) -> Option<&Dimension> {
        self.mixing.as_ref()
    }

    pub(crate) fn evidence(&self, number: usize) -> Option<&Dimension> {
        self.evidence[number].as_ref()
    }

    /// The market factors of consecutive paths from `first` on, where they are no stream's; `factors`
    /// are all factors of the paths, `n` after `n`.
    pub(crate) fn market(&self, first: u64, n: usize, factors: &[f64], market: &mut Vec<f64>) {
        market.clear();
        match &self.market {
            Market::Stream => {}
            Market::Factor(number) => market.extend_from_slice(&factors[number * n..][..n]),
            Market::Own(dimension) => {
                market.resize(n, 0.0);
                dimension.draw(first, market);
            }
        }
    }
}

impl Dimension {
    /// Normals, or Gamma variables of scale 1, of consecutive paths from `first` on.
    pub(crate) fn draw(&self, first: u64, draws: &mut [f64]) {
        let mut bits = vec![0; draws.len()];
        self.scramble.fill(&self.directions, first, &mut bits);
        uniforms(&bits, draws);
        // The middle of the last cells before 1 is 1 by rounding.
        draws.iter_mut().for_each(|u| *u = u.min(1.0 - f64::EPSILON / 2.0));
        quantiles(draws);
        if let Some(gamma) = &self.gamma {
            gamma.apply(draws);
        }
    }
}

/// Deals out dimensions.
struct Deal {
    seed: Seed,
    names: Vec<String>,
    pseudo_random: Vec<String>,
    /// By bits of the shape.
    tables: BTreeMap<u64, Arc<GammaTable>>,
}

impl Deal {
    fn new(seed: Seed) -> Self {
        let (names, pseudo_random) = (Vec::new(), Vec::new());
        Self { seed, names, pseudo_random, tables: BTreeMap::new() }
    }

    /// The next dimension, of a factor.
    fn normal(&mut self, factor: &str, shown: String) -> Option<Dimension> {
        self.next(&format!("factor\u{1f}{factor}"), shown)
    }

    /// The next dimension, of a Gamma law.
    fn gamma(&mut self, shape: f64, name: &str, shown: String) -> Option<Dimension> {
        let dimension = self.next(name, shown)?;
        let table = self.tables.entry(shape.to_bits());
        let gamma = Arc::clone(table.or_insert_with(|| Arc::new(GammaTable::new(shape))));
        Some(Dimension { gamma: Some(gamma), ..dimension })
    }

    fn next(&mut self, name: &str, shown: String) -> Option<Dimension> {
        let Some(directions) = Directions::of(self.names.len()) else {
            self.pseudo_random.push(shown);
            return None;
        };
        self.names.push(shown);
        Some(Dimension { directions, scramble: Scramble::new(self.seed, name), gamma: None })
    }
}

/// A name of evidence for people: its label, or what its entry says of itself.
fn shown(name: &str) -> String {
    let name = name.strip_prefix("label\u{1f}").unwrap_or(name);
    format!("rate {}", name.replace('\u{1f}', " "))
}
