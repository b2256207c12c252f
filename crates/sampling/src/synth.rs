//! Networks of any size that look like the real one, so that speed and memory can be measured
//! where no data exists.
//!
//! The stylised facts are those of EigenLayer in autumn 2024. Operators are of two sorts: the
//! registered, who serve an AVS and have nearly all the stake, and the rest, who have dust; the
//! facts are those of the registered. Sizes scale so:
//!
//! - An AVS has as many operators as it would have in the real network, whatever the number of
//!   other AVSs: log-normal, median 27, 206 for the largest of 40 (more for the largest of more).
//! - An operator serves 4.4 AVSs on average and at most 23. Below 12 AVSs it is `(n + 2) / 3` of
//!   `n`, and at most all.
//! - The number of registered operators follows from both. Where the network has fewer operators
//!   than that, all are registered and every AVS is smaller by the same factor.
//! - 20 operators have 77 % of the stake; with fewer than 300 registered, one in 15 has.
//! - Past [`MOST_RESTAKED_ETH`] all stake is scaled down alike: there is only so much ETH.

use std::collections::BTreeMap;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use slashfall_graph::NetworkSpec;
use slashfall_graph::spec::{
    AllocationRow, AssetKind, AssetRow, AvsRow, GroupRow, HoldingRow, MetaSpec, OperatorRow,
    Sharing, Table,
};
use statrs::distribution::{ContinuousCDF, Normal};

/// How large a network, and which one of that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SynthSize {
    /// Number of operators, registered and not; 0 is taken as 1.
    pub operators: usize,
    /// Number of AVSs; 0 is taken as 1.
    pub avss: usize,
    /// Another seed is another network.
    pub seed: u64,
}

/// Most ETH that registered operators have together: 30 % of the 35 million that are staked.
pub const MOST_RESTAKED_ETH: f64 = 10_500_000.0;

const LOG_STAKE: (f64, f64) = (6.9, 2.67);
const LOG_DUST: (f64, f64) = (-1.5, 2.0);
const HEAD: (usize, f64) = (20, 0.77);
const OPERATORS_PER_HEAD: usize = 15;
const OPERATOR_DEGREE: (f64, usize) = (4.4, 23);
const AVS_MEDIAN: f64 = 27.0;
/// So that the largest of 40 has 206 operators: `ln(206 / 27)` over the normal quantile of 39.5/40.
const AVS_LOG_SD: f64 = 0.9066;
/// Correlation of the normals behind stake and degree that gives a rank correlation of 0.6, half
/// of the degrees being tied at 1.
const STAKE_DEGREE: f64 = 0.68;
const LRTS: [(&str, f64); 5] =
    [("lrt-1", 0.58), ("lrt-2", 0.12), ("lrt-3", 0.12), ("lrt-4", 0.09), ("lrt-5", 0.09)];
/// Of operators; by stake it is about 0.72, the largest being branded first.
const LRT_SHARE: f64 = 0.4;
const LST: &str = "lst-1";
const CLIENTS: [(&str, f64); 4] =
    [("client-1", 0.45), ("client-2", 0.3), ("client-3", 0.15), ("client-4", 0.1)];

/// Makes the network of a size and a seed: always the same one.
///
/// Stake is unique and every operator's fractions sum to less than 1. Five LRTs (fewer where
/// there are fewer than nine registered operators) and direct restakers hold native ETH and an
/// LST; companies run several operators; operators run one or two of four clients. There are no
/// pools, loans or portfolios.
#[must_use]
pub fn synth(size: &SynthSize) -> NetworkSpec {
    let size = SynthSize { operators: size.operators.max(1), avss: size.avss.max(1), ..*size };
    let shape = Shape::new(&size);
    let draft = Draft {
        stakes: draw_stakes(&shape, &size),
        services: draw_services(&shape, &size),
        operators: labels("op", size.operators),
        avss: labels("avs", size.avss),
    };
    let (holdings, restaked) = draw_holdings(&draft, &size);
    let allocations = draw_allocations(&draft, &size);
    NetworkSpec {
        meta: meta(&size),
        assets: Table::new("assets.csv", assets(&holdings)),
        operators: Table::new("operators.csv", draw_operators(&draft, &size)),
        avs: Table::new("avs.csv", avss(&draft, &allocations, &restaked)),
        holdings: Table::new("holdings.csv", holdings),
        allocations: Table::new("allocations.csv", allocations),
        groups: Table::new("groups.csv", draw_clients(&draft, &size)),
        ..Default::default()
    }
}

/// How many operators are registered and how many serve whom on average.
struct Shape {
    registered: usize,
    mean_degree: f64,
    max_degree: usize,
    /// Operators of each AVS, ascending, not yet whole.
    avs_degrees: Vec<f64>,
}

impl Shape {
    fn new(size: &SynthSize) -> Self {
        let (mean, max) = OPERATOR_DEGREE;
        let mean_degree = mean.min((size.avss + 2) as f64 / 3.0);
        let unscaled: Vec<f64> = (0..size.avss)
            .map(|i| AVS_MEDIAN * (AVS_LOG_SD * normal_quantile(i, size.avss)).exp())
            .collect();
        let edges: f64 = unscaled.iter().sum();
        let natural = edges / mean_degree;
        let registered = size.operators.min(whole(natural)).max(1);
        let factor = registered as f64 / natural;
        let avs_degrees = unscaled.iter().map(|degree| degree * factor).collect();
        Self { registered, mean_degree, max_degree: max.min(size.avss), avs_degrees }
    }
}

/// The normal quantile in the middle of the `i`-th of `n` equal parts.
fn normal_quantile(i: usize, n: usize) -> f64 {
    Normal::standard().inverse_cdf((i as f64 + 0.5) / n as f64)
}

/// What is drawn first; operators by falling stake, the registered before the others.
struct Draft {
    stakes: Vec<Stake>,
    /// AVSs of each registered operator.
    services: Vec<Vec<usize>>,
    operators: Vec<String>,
    avss: Vec<String>,
}

struct Stake {
    eth: f64,
    registered: bool,
}

/// One stream for each purpose, so that a change of one does not move the others.
#[derive(Clone, Copy)]
enum Purpose {
    Stake = 1,
    Dust,
    Degree,
    Edges,
    Fractions,
    Holders,
    Companies,
    Clients,
}

fn stream(size: &SynthSize, purpose: Purpose) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(size.seed);
    rng.set_stream(purpose as u64);
    rng
}

/// Stakes, falling among the registered.
fn draw_stakes(shape: &Shape, size: &SynthSize) -> Vec<Stake> {
    let mut rng = stream(size, Purpose::Stake);
    let mut z = standardised((0..shape.registered).map(|_| rng.sample(StandardNormal)).collect());
    z.sort_by(|a, b| b.total_cmp(a));
    let mut eth: Vec<f64> = z.iter().map(|z| (LOG_STAKE.0 + LOG_STAKE.1 * z).exp()).collect();
    bend_head(&mut eth);
    let total: f64 = eth.iter().sum();
    let scale = (MOST_RESTAKED_ETH / total).min(1.0);
    let stakes = eth.iter().map(|eth| Stake { eth: milli(eth * scale), registered: true });
    let mut rng = stream(size, Purpose::Dust);
    let dust = (shape.registered..size.operators).map(|_| {
        let z: f64 = rng.sample(StandardNormal);
        Stake { eth: milli((LOG_DUST.0 + LOG_DUST.1 * z).exp()), registered: false }
    });
    stakes.chain(dust).collect()
}

/// The same normals with a mean of 0 and a standard deviation of 1.
fn standardised(mut z: Vec<f64>) -> Vec<f64> {
    let n = z.len() as f64;
    let mean = z.iter().sum::<f64>() / n;
    let sd = (z.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / n).sqrt();
    let scale = if sd > 0.0 { 1.0 / sd } else { 0.0 };
    z.iter_mut().for_each(|z| *z = (*z - mean) * scale);
    z
}

/// Stretches or squeezes the largest stakes, in order, until they have their share of the whole.
fn bend_head(falling: &mut [f64]) {
    let (most, share) = HEAD;
    let n_head = most.min((falling.len() / OPERATORS_PER_HEAD).max(1));
    let Some(&pivot) = falling.get(n_head) else {
        return;
    };
    let (head, body) = falling.split_at_mut(n_head);
    let wanted = body.iter().sum::<f64>() * share / (1.0 - share);
    let ratios: Vec<f64> = head.iter().map(|stake| stake / pivot).collect();
    let bent = |power: f64| ratios.iter().map(move |ratio| pivot * ratio.powf(power));
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if bent(middle).sum::<f64>() < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    let stakes: Vec<f64> = bent(low).collect();
    head.copy_from_slice(&stakes);
}

/// Who serves whom: operators with more stake tend to serve more AVSs.
fn draw_services(shape: &Shape, size: &SynthSize) -> Vec<Vec<usize>> {
    let degrees = draw_degrees(shape, size);
    let edges: usize = degrees.iter().sum();
    let mut room = whole_degrees(&shape.avs_degrees, edges, shape.registered);
    let mut rng = stream(size, Purpose::Edges);
    let mut by_degree: Vec<usize> = (0..degrees.len()).collect();
    by_degree.sort_by_key(|&operator| std::cmp::Reverse(degrees[operator]));
    let mut services = vec![Vec::new(); degrees.len()];
    for operator in by_degree {
        services[operator] = pick_distinct(&room, degrees[operator], &mut rng);
        for &avs in &services[operator] {
            room[avs] = (room[avs] - 1.0).max(0.0);
        }
    }
    give_each_one(&mut services, size.avss, &mut rng);
    services
}

/// Half of the operators serve one AVS; the others up to the most, a power of the rank, which has
/// the mean asked for.
fn draw_degrees(shape: &Shape, size: &SynthSize) -> Vec<usize> {
    let n = shape.registered;
    let mut rng = stream(size, Purpose::Degree);
    let rest = (1.0 - STAKE_DEGREE * STAKE_DEGREE).sqrt();
    let keys: Vec<f64> = (0..n)
        .map(|i| {
            let noise: f64 = rng.sample(StandardNormal);
            STAKE_DEGREE * normal_quantile(n - 1 - i, n) + rest * noise
        })
        .collect();
    let mut ranked: Vec<usize> = (0..n).collect();
    ranked.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    let span = (shape.max_degree - 1) as f64;
    let power = if span > 0.0 { 0.5 * span / (shape.mean_degree - 1.0) - 1.0 } else { 1.0 };
    let mut degrees = vec![1; n];
    for (rank, operator) in ranked.into_iter().enumerate() {
        let u = (rank as f64 + 0.5) / n as f64;
        degrees[operator] = whole(1.0 + span * (2.0 * u - 1.0).max(0.0).powf(power));
    }
    degrees
}

/// Whole numbers of operators that sum to `edges` as nearly as 1 to `most` each allows.
fn whole_degrees(degrees: &[f64], edges: usize, most: usize) -> Vec<f64> {
    let scale = edges as f64 / degrees.iter().sum::<f64>();
    let mut exact = 0.0;
    let mut given = 0.0;
    let whole_of = |degree: &f64| {
        exact += degree * scale;
        let part = (exact - given).round().clamp(1.0, most as f64);
        given += part;
        part
    };
    degrees.iter().map(whole_of).collect()
}

/// `count` different indices, each as likely to be taken next as its weight is (Efraimidis and
/// Spirakis 2006); those without weight last.
fn pick_distinct(weights: &[f64], count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut keyed: Vec<(f64, usize)> = weights
        .iter()
        .enumerate()
        .map(|(index, weight)| (-open_uniform(rng).ln() / weight.max(1e-9), index))
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut picked: Vec<usize> = keyed.into_iter().take(count).map(|(_, index)| index).collect();
    picked.sort_unstable();
    picked
}

fn give_each_one(services: &mut [Vec<usize>], n_avss: usize, rng: &mut ChaCha8Rng) {
    let mut served = vec![false; n_avss];
    services.iter().flatten().for_each(|&avs| served[avs] = true);
    for avs in (0..n_avss).filter(|&avs| !served[avs]) {
        let operator = rng.random_range(0..services.len());
        services[operator].push(avs);
    }
}

/// All holdings, and the restaked ETH of each operator.
fn draw_holdings(draft: &Draft, size: &SynthSize) -> (Vec<HoldingRow>, BTreeMap<String, f64>) {
    let mut rng = stream(size, Purpose::Holders);
    let n_lrts = LRTS.len().min(draft.services.len().div_ceil(2));
    let mut rows = Vec::new();
    let mut restaked = BTreeMap::new();
    for (i, (stake, operator)) in draft.stakes.iter().zip(&draft.operators).enumerate() {
        let drawn = draw_holder(&LRTS[..n_lrts], &mut rng);
        let holder = match (stake.registered, LRTS[..n_lrts].get(i)) {
            (false, _) => "direct",
            (true, Some((lrt, _))) => lrt,
            (true, None) => drawn,
        };
        let of_lst = if rng.random::<f64>() < 0.5 { 0.8 * rng.random::<f64>() } else { 0.0 };
        let lst = if stake.eth > 1.0 { milli(stake.eth * of_lst) } else { 0.0 };
        rows.push(holding(holder, operator, "ETH", milli(stake.eth - lst)));
        if lst > 0.0 && of_lst > 0.0 {
            rows.push(holding(holder, operator, LST, lst));
        }
        restaked.insert(operator.clone(), stake.eth);
    }
    let validators = lst_validators(&rows, draft);
    rows.extend(validators);
    (rows, restaked)
}

fn draw_holder(lrts: &[(&'static str, f64)], rng: &mut ChaCha8Rng) -> &'static str {
    let wrapped = rng.random::<f64>() < LRT_SHARE;
    let lrt = pick_weighted(lrts, rng);
    if wrapped { lrt } else { "direct" }
}

/// The LST has twice the ETH that is restaked of it, with the twenty largest operators.
fn lst_validators(rows: &[HoldingRow], draft: &Draft) -> Vec<HoldingRow> {
    let restaked: f64 = rows.iter().filter(|row| row.asset == LST).map(|row| row.amount_eth).sum();
    let n = draft.services.len().min(20);
    let each = milli(2.0 * restaked / n as f64);
    let hosts = if restaked > 0.0 { &draft.operators[..n] } else { &[] };
    hosts.iter().map(|operator| holding(LST, operator, "ETH", each)).collect()
}

fn holding(holder: &str, operator: &str, asset: &str, amount_eth: f64) -> HoldingRow {
    HoldingRow {
        holder: holder.to_owned(),
        operator: Some(operator.to_owned()),
        asset: asset.to_owned(),
        amount_eth,
    }
}

/// The wrapped assets that hold something.
fn assets(holdings: &[HoldingRow]) -> Vec<AssetRow> {
    let kinds = LRTS.iter().map(|(lrt, _)| (*lrt, AssetKind::Lrt, 10.0)).chain([(
        LST,
        AssetKind::Lst,
        4.0,
    )]);
    kinds
        .filter(|(name, ..)| holdings.iter().any(|row| row.holder == *name))
        .map(|(name, kind, redemption_days)| AssetRow {
            redemption_days,
            ..AssetRow::new(name, kind)
        })
        .collect()
}

/// Each operator gives 30 to 95 % of its stake to its AVSs, in unequal parts.
fn draw_allocations(draft: &Draft, size: &SynthSize) -> Vec<AllocationRow> {
    let mut rng = stream(size, Purpose::Fractions);
    let mut rows = Vec::new();
    for (services, operator) in draft.services.iter().zip(&draft.operators) {
        let given = 0.3 + 0.65 * rng.random::<f64>();
        let parts: Vec<f64> = services.iter().map(|_| 0.5 + rng.random::<f64>()).collect();
        let sum: f64 = parts.iter().sum();
        rows.extend(services.iter().zip(&parts).map(|(&avs, part)| AllocationRow {
            avs: draft.avss[avs].clone(),
            operator: operator.clone(),
            asset: "*".to_owned(),
            fraction: (1e6 * given * part / sum).floor() / 1e6,
        }));
    }
    rows
}

/// The users of an AVS stand to lose what corrupts it: a third of what it may slash.
fn avss(
    draft: &Draft,
    allocations: &[AllocationRow],
    restaked: &BTreeMap<String, f64>,
) -> Vec<AvsRow> {
    let mut slashable: BTreeMap<&str, f64> = BTreeMap::new();
    for row in allocations {
        *slashable.entry(&row.avs).or_default() += row.fraction * restaked[&row.operator];
    }
    let row = |avs: &String| AvsRow {
        avs: avs.clone(),
        sharing: Sharing::Unique,
        attack_threshold: 1.0 / 3.0,
        profit_from_corruption_eth: None,
        secured_value_eth: milli(slashable.get(avs.as_str()).map_or(0.0, |eth| eth / 3.0)),
        redistributes: false,
    };
    draft.avss.iter().map(row).collect()
}

/// Two registered operators in five belong to a company that already has one, the likelier the
/// more it has.
fn draw_operators(draft: &Draft, size: &SynthSize) -> Vec<OperatorRow> {
    let mut rng = stream(size, Purpose::Companies);
    let own = labels("company", draft.operators.len());
    let mut companies: Vec<usize> = Vec::new();
    for (i, stake) in draft.stakes.iter().enumerate() {
        let joins = i > 0 && stake.registered && rng.random::<f64>() < 0.4;
        companies.push(if joins { companies[rng.random_range(0..i)] } else { i });
    }
    draft
        .operators
        .iter()
        .zip(companies)
        .map(|(operator, company)| OperatorRow {
            operator: operator.clone(),
            entity: own[company].clone(),
            attributes: BTreeMap::new(),
        })
        .collect()
}

/// Half of the operators run one client, the others three parts of one and one of another.
fn draw_clients(draft: &Draft, size: &SynthSize) -> Vec<GroupRow> {
    let mut rng = stream(size, Purpose::Clients);
    let mut rows = Vec::new();
    for operator in &draft.operators {
        let main = pick_weighted(&CLIENTS, &mut rng);
        let second = pick_weighted(&CLIENTS, &mut rng);
        let alone = rng.random::<bool>() || main == second;
        rows.push(member(main, operator, if alone { 1.0 } else { 0.75 }));
        if !alone {
            rows.push(member(second, operator, 0.25));
        }
    }
    rows
}

fn member(client: &str, operator: &str, share: f64) -> GroupRow {
    GroupRow {
        group: client.to_owned(),
        kind: "client".to_owned(),
        operator: operator.to_owned(),
        share,
    }
}

fn meta(size: &SynthSize) -> MetaSpec {
    MetaSpec {
        name: format!("synthetic-{}x{}", size.operators, size.avss),
        as_of: "2024-10-31".to_owned(),
        source: format!("made by slashfall from seed {}", size.seed),
        synthetic: true,
        notes: "Nobody's network: only its stylised facts are those of EigenLayer in autumn 2024."
            .to_owned(),
    }
}

/// One of some names, as likely as its weight.
fn pick_weighted(weighted: &[(&'static str, f64)], rng: &mut ChaCha8Rng) -> &'static str {
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.random::<f64>() * total;
    for (name, weight) in weighted {
        left -= weight;
        if left < 0.0 {
            return name;
        }
    }
    weighted.last().map_or("", |(name, _)| name)
}

/// Above 0, so that its logarithm is finite.
fn open_uniform(rng: &mut ChaCha8Rng) -> f64 {
    rng.random::<f64>().max(f64::MIN_POSITIVE)
}

/// `kind-001`: as many digits as the last one has.
fn labels(kind: &str, count: usize) -> Vec<String> {
    let width = count.to_string().len();
    (1..=count).map(|i| format!("{kind}-{i:0width$}")).collect()
}

/// To a thousandth of an ETH, at least one.
fn milli(eth: f64) -> f64 {
    (eth * 1e3).round().max(1.0) / 1e3
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are positive and far below 2^53"
)]
fn whole(x: f64) -> usize {
    x.round().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the real network is known by, measured on the rows of a spec.
    #[derive(Debug)]
    struct Facts {
        log_mean: f64,
        log_sd: f64,
        top_20: f64,
        mean_degree: f64,
        max_degree: usize,
        avs_median: usize,
        avs_max: usize,
        rank_correlation: f64,
        lrt_share: f64,
        restaked_eth: f64,
        registered: usize,
    }

    fn check(size: SynthSize, expect: impl Fn(&Facts, &NetworkSpec)) {
        let spec = synth(&size);
        expect(&measure(&spec), &spec);
    }

    fn stakes(spec: &NetworkSpec) -> BTreeMap<&str, f64> {
        let mut stakes = BTreeMap::new();
        for row in spec.holdings.rows.iter().filter(|row| row.holder != LST) {
            *stakes.entry(row.operator.as_deref().unwrap()).or_default() += row.amount_eth;
        }
        stakes
    }

    fn measure(spec: &NetworkSpec) -> Facts {
        let stakes = stakes(spec);
        let mut degrees: BTreeMap<&str, usize> = BTreeMap::new();
        let mut avs_degrees: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &spec.allocations.rows {
            *degrees.entry(&row.operator).or_default() += 1;
            *avs_degrees.entry(&row.avs).or_default() += 1;
        }
        let registered: Vec<f64> = degrees.keys().map(|operator| stakes[operator]).collect();
        let served: Vec<f64> = degrees.values().map(|&degree| degree as f64).collect();
        let logs: Vec<f64> = registered.iter().map(|eth| eth.ln()).collect();
        let restaked_eth: f64 = stakes.values().sum();
        let mut falling: Vec<f64> = stakes.values().copied().collect();
        falling.sort_by(|a, b| b.total_cmp(a));
        let mut sizes: Vec<usize> = avs_degrees.into_values().collect();
        sizes.sort_unstable();
        let wrapped = spec.holdings.rows.iter().filter(|row| row.holder.starts_with("lrt"));
        Facts {
            log_mean: mean(&logs),
            log_sd: covariance(&logs, &logs).sqrt(),
            top_20: falling.iter().take(20).sum::<f64>() / restaked_eth,
            mean_degree: mean(&served),
            max_degree: degrees.values().copied().max().unwrap(),
            avs_median: usize::midpoint(sizes[(sizes.len() - 1) / 2], sizes[sizes.len() / 2]),
            avs_max: *sizes.last().unwrap(),
            rank_correlation: correlation(&ranks(&registered), &ranks(&served)),
            lrt_share: wrapped.map(|row| row.amount_eth).sum::<f64>() / restaked_eth,
            restaked_eth,
            registered: registered.len(),
        }
    }

    fn mean(x: &[f64]) -> f64 {
        x.iter().sum::<f64>() / x.len() as f64
    }

    fn covariance(x: &[f64], y: &[f64]) -> f64 {
        let (mean_x, mean_y) = (mean(x), mean(y));
        x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / x.len() as f64
    }

    fn correlation(x: &[f64], y: &[f64]) -> f64 {
        covariance(x, y) / (covariance(x, x) * covariance(y, y)).sqrt()
    }

    /// Ranks, those that are equal sharing the mean of theirs.
    fn ranks(x: &[f64]) -> Vec<f64> {
        let below = |of: f64| x.iter().filter(|&&other| other < of).count() as f64;
        let upto = |of: f64| x.iter().filter(|&&other| other <= of).count() as f64;
        x.iter().map(|&of| f64::midpoint(below(of), upto(of))).collect()
    }

    fn near(found: f64, expected: f64, tolerance: f64) -> bool {
        (found - expected).abs() <= tolerance
    }

    const REAL: SynthSize = SynthSize { operators: 1665, avss: 40, seed: 0 };

    /// Operators and AVSs of the sizes that are held to work.
    const SIZES: [(usize, usize); 6] =
        [(1, 1), (3, 1), (30, 5), (350, 25), (1665, 40), (3500, 250)];

    #[test]
    fn the_stylised_facts_hold_at_the_size_of_the_real_network() {
        for seed in 1..=20 {
            check(SynthSize { seed, ..REAL }, |facts, spec| {
                assert_eq!((spec.operators.rows.len(), spec.avs.rows.len()), (1665, 40));
                assert!(near(facts.log_mean, 6.9, 0.15), "{seed}: {facts:?}");
                assert!(near(facts.log_sd, 2.67, 0.15), "{seed}: {facts:?}");
                assert!(near(facts.top_20, 0.77, 0.005), "{seed}: {facts:?}");
                assert!(near(facts.mean_degree, 4.4, 0.1), "{seed}: {facts:?}");
                assert_eq!(facts.max_degree, 23, "{seed}: {facts:?}");
                assert!(near(facts.avs_median as f64, 27.0, 2.0), "{seed}: {facts:?}");
                assert!(near(facts.avs_max as f64, 206.0, 10.0), "{seed}: {facts:?}");
                assert!(near(facts.rank_correlation, 0.6, 0.08), "{seed}: {facts:?}");
            });
        }
    }

    #[test]
    fn the_lrts_have_most_of_the_stake_of_a_plausible_whole() {
        let facts: Vec<Facts> =
            (1..=20).map(|seed| measure(&synth(&SynthSize { seed, ..REAL }))).collect();
        let lrt_shares: Vec<f64> = facts.iter().map(|facts| facts.lrt_share).collect();
        assert!(near(mean(&lrt_shares), 0.72, 0.05), "{lrt_shares:?}");
        for facts in facts {
            assert_eq!(facts.registered, 362);
            assert!((5e6..=MOST_RESTAKED_ETH * 1.001).contains(&facts.restaked_eth), "{facts:?}");
        }
    }

    #[test]
    fn rank_correlation_and_head_hold_at_other_sizes() {
        for (operators, avss) in [(350, 40), (700, 80), (3500, 250)] {
            check(SynthSize { operators, avss, seed: 5 }, |facts, _| {
                assert!(near(facts.top_20, 0.77, 0.005), "{operators}x{avss}: {facts:?}");
                assert!(near(facts.rank_correlation, 0.6, 0.08), "{operators}x{avss}: {facts:?}");
                assert!(near(facts.mean_degree, 4.4, 0.1), "{operators}x{avss}: {facts:?}");
            });
        }
    }

    #[test]
    fn every_size_resolves_without_a_warning() {
        for (operators, avss) in SIZES {
            for seed in 1..=5 {
                let spec = synth(&SynthSize { operators, avss, seed });
                let resolved = slashfall_graph::resolve(&spec).unwrap();
                assert!(
                    resolved.warnings.is_empty(),
                    "{operators}x{avss}: {:?}",
                    resolved.warnings
                );
                assert_eq!(resolved.network.operators().len(), operators);
                assert_eq!(resolved.network.avss().len(), avss);
            }
        }
    }

    #[test]
    fn no_operator_gives_more_than_it_has_and_every_avs_has_one() {
        for (operators, avss) in SIZES {
            let spec = synth(&SynthSize { operators, avss, seed: 7 });
            let mut given: BTreeMap<&str, f64> = BTreeMap::new();
            for row in &spec.allocations.rows {
                assert!(row.fraction > 0.0, "{row:?}");
                *given.entry(&row.operator).or_default() += row.fraction;
            }
            assert!(given.values().all(|sum| *sum <= 0.95), "{given:?}");
            let served: std::collections::BTreeSet<&str> =
                spec.allocations.rows.iter().map(|row| row.avs.as_str()).collect();
            assert_eq!(served.len(), avss);
            assert!(spec.holdings.rows.iter().all(|row| row.amount_eth > 0.0));
        }
    }

    #[test]
    fn companies_run_several_operators() {
        let spec = synth(&SynthSize { seed: 1, ..REAL });
        let mut companies: BTreeMap<&str, usize> = BTreeMap::new();
        for row in &spec.operators.rows {
            *companies.entry(&row.entity).or_default() += 1;
        }
        assert!(companies.values().filter(|count| **count > 1).count() >= 20, "{companies:?}");
    }

    #[test]
    fn a_seed_is_a_network() {
        let of = |seed| synth(&SynthSize { operators: 350, avss: 25, seed });
        assert_eq!(of(3), of(3));
        assert_ne!(of(3).holdings, of(4).holdings);
    }

    #[test]
    fn nothing_is_taken_as_one() {
        let spec = synth(&SynthSize { operators: 0, avss: 0, seed: 1 });
        assert_eq!((spec.operators.rows.len(), spec.avs.rows.len()), (1, 1));
    }
}
