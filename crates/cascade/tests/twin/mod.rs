//! The slow twin of the engine: sections 5, 6 and 9 of `docs/model.md` as plainly as they can
//! be written. It keeps the factors of every formula and works everything out from them again each
//! time: no sums carried along, no sparse tables, no order of assets. It shares nothing with the
//! engine but the network as written.

pub(crate) mod case;

use std::collections::{BTreeMap, BTreeSet};

use case::{Case, Happening, What};
use slashfall_graph::spec::{AssetKind, HoldingRow, PortfolioItem};

/// What a path yields, by the names of the engine's figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) stake_eth_0: f64,
    pub(crate) figures: BTreeMap<&'static str, f64>,
    /// Losses of holders by channel, in ETH.
    pub(crate) channels: BTreeMap<&'static str, f64>,
    pub(crate) assets: BTreeMap<String, BTreeMap<&'static str, f64>>,
    pub(crate) portfolios: BTreeMap<String, f64>,
}

#[derive(Clone, Debug)]
struct Asset {
    name: String,
    kind: AssetKind,
    /// Price in ETH of a base asset.
    price: f64,
    vol_annual: f64,
    nav_0: f64,
    supply_units: f64,
    outside_units: f64,
    buffer_eth: f64,
    cover_eth: f64,
    cover_paid_eth: f64,
    minted_units: f64,
    discount: f64,
    panic: f64,
    worst_discount: f64,
}

#[derive(Clone, Copy, Debug)]
struct Holding {
    /// None is `direct`.
    holder: Option<usize>,
    /// None is idle.
    operator: Option<usize>,
    asset: usize,
    units: f64,
}

/// A slashing of validators whose correlation penalty is to come.
#[derive(Clone, Copy, Debug)]
struct Slashed {
    tau_days: f64,
    operator: usize,
    share: f64,
    charged: bool,
}

#[derive(Clone, Debug)]
struct Twin<'c> {
    case: &'c Case,
    assets: Vec<Asset>,
    operators: Vec<&'c str>,
    /// In order of name, the order in which they slash.
    avss: Vec<&'c str>,
    redistributes: Vec<bool>,
    holdings: Vec<Holding>,
    /// Magnitude `M[operator][asset]`.
    magnitude: Vec<Vec<f64>>,
    /// Fraction `w[avs][operator][asset]`.
    fraction: Vec<Vec<Vec<f64>>>,
    /// Beacon factor `l[operator]`.
    beacon: Vec<f64>,
    slashed: Vec<Slashed>,
    /// When, and how much ETH, background included.
    slashed_eth: Vec<(f64, f64)>,
    outside_active_eth: f64,
    /// Prices and navs that the event before left.
    marks: Vec<f64>,
    /// What each taker has: ETH at the price of the moment, and units of wrapped assets.
    taken_eth: BTreeMap<&'static str, f64>,
    taken_units: BTreeMap<(&'static str, usize), f64>,
    base_fall_eth: f64,
    operators_slashed: BTreeSet<usize>,
    channels: BTreeMap<&'static str, f64>,
}

/// Plays a path.
pub(crate) fn play(case: &Case) -> Outcome {
    let mut twin = Twin::new(case);
    let day_0 = twin.clone();
    for day in 1..=case.horizon_days {
        twin.market(day);
        for happening in &case.happenings {
            let (after, until) = (f64::from(day - 1), f64::from(day));
            if happening.tau_days > after && happening.tau_days <= until {
                twin.happen(happening);
                twin.mark();
            }
        }
        twin.correlation_penalties(day);
        twin.mark();
        for asset in &mut twin.assets {
            let discount = 1.0 - price_factor(asset);
            asset.worst_discount = asset.worst_discount.max(discount);
        }
    }
    twin.outcome(&day_0)
}

/// `m / nav` of 4.4 where there is no pool.
fn price_factor(asset: &Asset) -> f64 {
    (1.0 - asset.discount - asset.panic).max(0.0)
}

impl<'c> Twin<'c> {
    fn new(case: &'c Case) -> Self {
        let spec = &case.spec;
        let rows = &spec.holdings.rows;
        let mut assets = vec![Asset::base("ETH", 0.0), Asset::base("USD", 0.0)];
        for row in &spec.assets.rows {
            let mut asset = Asset::base(&row.asset, row.vol_annual);
            if row.kind != AssetKind::Base {
                let backing = rows.iter().filter(|h| h.holder == row.asset).map(|h| h.amount_eth);
                let backing = row.buffer_eth + backing.sum::<f64>();
                asset.kind = row.kind;
                asset.supply_units = row.supply_eth.unwrap_or(backing);
                asset.nav_0 = backing / asset.supply_units;
                asset.buffer_eth = row.buffer_eth;
                asset.cover_eth = row.cover_eth;
            }
            assets.push(asset);
        }
        let operators: Vec<&str> =
            spec.operators.rows.iter().map(|r| r.operator.as_str()).collect();
        let mut avss: Vec<&str> = spec.avs.rows.iter().map(|row| row.avs.as_str()).collect();
        avss.sort_unstable();
        let redistributes = avss
            .iter()
            .map(|name| spec.avs.rows.iter().any(|row| row.avs == *name && row.redistributes));
        let find = |name: &str| position(assets.iter().map(|a| a.name.as_str()), name);
        let holding = |row: &HoldingRow| Holding {
            holder: (row.holder != "direct").then(|| find(&row.holder)),
            operator: row.operator.as_ref().map(|name| position(operators.iter().copied(), name)),
            asset: find(&row.asset),
            units: row.amount_eth / assets[find(&row.asset)].nav_0,
        };
        let holdings: Vec<Holding> = rows.iter().map(holding).collect();
        for (index, asset) in assets.iter_mut().enumerate() {
            let held = holdings.iter().filter(|h| h.asset == index).map(|h| h.units);
            asset.outside_units = (asset.supply_units - held.sum::<f64>()).max(0.0);
        }
        let native: f64 = rows.iter().map(case::native_eth).sum();
        let (n_operators, n_assets) = (operators.len(), assets.len());
        let mut twin = Self {
            case,
            operators,
            redistributes: redistributes.collect(),
            holdings,
            magnitude: vec![vec![1.0; n_assets]; n_operators],
            fraction: vec![vec![vec![0.0; n_assets]; n_operators]; avss.len()],
            avss,
            assets,
            beacon: vec![1.0; n_operators],
            slashed: Vec::new(),
            slashed_eth: Vec::new(),
            outside_active_eth: case.total_active_eth - native,
            marks: Vec::new(),
            taken_eth: BTreeMap::new(),
            taken_units: BTreeMap::new(),
            base_fall_eth: 0.0,
            operators_slashed: BTreeSet::new(),
            channels: BTreeMap::new(),
        };
        twin.allocate();
        twin.mark();
        twin
    }

    /// Expands `*`, and leaves out what is allocated where nothing is restaked.
    fn allocate(&mut self) {
        for row in &self.case.spec.allocations.rows {
            let avs = position(self.avss.iter().copied(), &row.avs);
            let operator = self.operator(&row.operator);
            for asset in 0..self.assets.len() {
                let named = row.asset == "*" || row.asset == self.assets[asset].name;
                if named && self.is_restaked(operator, asset) {
                    self.fraction[avs][operator][asset] = row.fraction;
                }
            }
        }
    }

    fn operator(&self, name: &str) -> usize {
        position(self.operators.iter().copied(), name)
    }

    fn asset(&self, name: &str) -> usize {
        position(self.assets.iter().map(|asset| asset.name.as_str()), name)
    }

    /// True when an AVS may slash what `direct` or an LRT has of the asset at the operator.
    fn is_restaked(&self, operator: usize, asset: usize) -> bool {
        let mut here =
            self.holdings.iter().filter(|h| (h.operator, h.asset) == (Some(operator), asset));
        here.any(|h| self.bears_slashes(h))
    }

    fn bears_slashes(&self, holding: &Holding) -> bool {
        let restakes = holding.holder.is_none_or(|k| self.assets[k].kind == AssetKind::Lrt);
        restakes && holding.operator.is_some()
    }

    /// `units M l`.
    fn units(&self, holding: &Holding) -> f64 {
        let mut units = holding.units;
        if let Some(operator) = holding.operator {
            if self.bears_slashes(holding) {
                units *= self.magnitude[operator][holding.asset];
            }
            if self.assets[holding.asset].name == "ETH" {
                units *= self.beacon[operator];
            }
        }
        units
    }

    /// `B_k / S_k` of a wrapped asset, the price of a base asset (4.3).
    fn nav(&self, asset: usize) -> f64 {
        if self.assets[asset].kind == AssetKind::Base {
            return self.assets[asset].price;
        }
        let own = self.holdings.iter().filter(|h| h.holder == Some(asset));
        let held: f64 = own.map(|h| self.units(h) * self.nav(h.asset)).sum();
        (self.assets[asset].buffer_eth + held) / self.assets[asset].supply_units
    }

    fn navs(&self) -> Vec<f64> {
        (0..self.assets.len()).map(|asset| self.nav(asset)).collect()
    }

    fn mark(&mut self) {
        self.marks = self.navs();
    }

    /// What outside holders and direct restakers have at the prices given.
    fn wealth(&self, prices: &[f64]) -> f64 {
        let outside: f64 = self.assets.iter().zip(prices).map(|(a, p)| a.outside_units * p).sum();
        let direct = self.holdings.iter().filter(|h| h.holder.is_none());
        outside + direct.map(|h| self.units(h) * prices[h.asset]).sum::<f64>()
    }

    /// What a change costs the holders, booked to a channel.
    fn booked(&mut self, channel: &'static str, change: impl FnOnce(&mut Self)) {
        let before = self.wealth(&self.navs());
        change(self);
        let after = self.wealth(&self.navs());
        *self.channels.entry(channel).or_insert(0.0) += before - after;
    }

    /// Something takes from holdings and buffers; covers pay for it.
    fn hit(&mut self, channel: &'static str, taker: &'static str, change: impl FnOnce(&mut Self)) {
        let units: Vec<f64> = self.holdings.iter().map(|h| self.units(h)).collect();
        let buffers: Vec<f64> = self.assets.iter().map(|asset| asset.buffer_eth).collect();
        self.booked(channel, change);
        let mut own_loss = vec![0.0; self.assets.len()];
        for (holding, before) in self.holdings.clone().iter().zip(units) {
            let lost = before - self.units(holding);
            if self.assets[holding.asset].kind == AssetKind::Base {
                let eth = lost * self.assets[holding.asset].price;
                *self.taken_eth.entry(taker).or_insert(0.0) += eth;
            } else {
                *self.taken_units.entry((taker, holding.asset)).or_insert(0.0) += lost;
            }
            if let Some(holder) = holding.holder {
                own_loss[holder] += lost * self.marks[holding.asset];
            }
        }
        for (asset, before) in buffers.into_iter().enumerate() {
            let lost = before - self.assets[asset].buffer_eth;
            *self.taken_eth.entry(taker).or_insert(0.0) += lost;
            own_loss[asset] += lost;
        }
        self.booked("cover", |twin| {
            for (asset, loss) in twin.assets.iter_mut().zip(own_loss) {
                let paid = loss.min(asset.cover_eth);
                asset.cover_eth -= paid;
                asset.cover_paid_eth += paid;
                asset.buffer_eth += paid;
            }
        });
    }

    /// The market's day (2.3).
    fn market(&mut self, day: u32) {
        let z = self.case.z.get(day as usize - 1);
        for asset in &mut self.assets {
            let Some(noise) = self.case.noise.get(&asset.name) else { continue };
            let shock = z.map_or(0.0, |z| noise.sigma_daily * z[&asset.name]);
            asset.discount = (asset.discount * noise.discount_decay + shock).max(-0.02);
            asset.panic *= noise.panic_decay;
        }
        let Some(z) = z else { return };
        self.booked("base_price", |twin| {
            for index in 0..twin.assets.len() {
                let asset = &twin.assets[index];
                let (before, vol) = (asset.price, asset.vol_annual);
                let gain = -vol * vol / 730.0 + vol / 365f64.sqrt() * z[&asset.name];
                let after = before * gain.exp();
                let held = twin.holdings.iter().filter(|h| h.asset == index);
                twin.base_fall_eth += held.map(|h| twin.units(h) * (before - after)).sum::<f64>();
                twin.assets[index].price = after;
            }
        });
        self.mark();
    }

    fn happen(&mut self, happening: &Happening) {
        let (tau_days, severity) = (happening.tau_days, happening.severity);
        match &happening.what {
            What::SlashByAvs { avs, hits } => {
                let avs = position(self.avss.iter().copied(), avs);
                for (operator, share) in hits {
                    self.slash(avs, self.operator(operator), severity * share);
                }
            }
            What::SlashOperator { reach_all, hits } => {
                for (operator, share) in hits {
                    self.compromise(self.operator(operator), severity * share, *reach_all);
                }
            }
            What::SlashValidators { background, hits } => {
                self.slash_validators(tau_days, severity, *background, hits);
            }
            What::Outage { background, hits } => self.outage(severity, *background, hits),
            What::Exploit { asset } => self.exploit(self.asset(asset), severity),
            What::UnbackedMint { asset } => {
                let asset = self.asset(asset);
                self.booked("dilution", |twin| {
                    let minted = severity * twin.assets[asset].supply_units;
                    twin.assets[asset].minted_units += minted;
                    twin.assets[asset].supply_units += minted;
                });
            }
            What::Depeg { asset, .. } => {
                let asset = self.asset(asset);
                self.assets[asset].panic += severity;
            }
        }
    }

    /// 4.1: `lost = f min(w, M); M <- M - lost; w <- w - lost`.
    fn slash(&mut self, avs: usize, operator: usize, f: f64) {
        let taker = if self.redistributes[avs] { "redistributed" } else { "burned" };
        self.hit("avs_slash", taker, |twin| {
            for asset in 0..twin.assets.len() {
                let (w, m) = (twin.fraction[avs][operator][asset], twin.magnitude[operator][asset]);
                let lost = f * w.min(m);
                twin.magnitude[operator][asset] = m - lost;
                twin.fraction[avs][operator][asset] = w - lost;
                if lost > 0.0 {
                    twin.operators_slashed.insert(operator);
                }
            }
        });
    }

    /// All AVSs in order; then what none has a claim on goes to the intruder (8.5).
    fn compromise(&mut self, operator: usize, f: f64, reach_all: bool) {
        for avs in 0..self.avss.len() {
            self.slash(avs, operator, f);
        }
        if !reach_all {
            return;
        }
        self.hit("avs_slash", "redistributed", |twin| {
            for asset in 0..twin.assets.len() {
                let claimed: f64 = twin.fraction.iter().map(|w| w[operator][asset]).sum();
                let lost = f * (twin.magnitude[operator][asset] - claimed).max(0.0);
                twin.magnitude[operator][asset] -= lost;
                if lost > 0.0 && twin.is_restaked(operator, asset) {
                    twin.operators_slashed.insert(operator);
                }
            }
        });
    }

    /// Native ETH of an operator, before AVS magnitudes (8.6).
    fn native_eth(&self, operator: usize) -> f64 {
        let here = self.holdings.iter().filter(|h| h.operator == Some(operator));
        let native = here.filter(|h| self.assets[h.asset].name == "ETH");
        native.map(|h| h.units * self.beacon[operator]).sum()
    }

    fn has_validators(&self, operator: usize) -> bool {
        let mut here = self.holdings.iter().filter(|h| h.operator == Some(operator));
        here.any(|h| self.assets[h.asset].name == "ETH")
    }

    /// Rewards go with the inverse root of the stake; the figures of 4.2 are at 35M ETH (8.6).
    fn rewards(&self) -> f64 {
        (35e6 / self.case.total_active_eth).sqrt()
    }

    fn slash_validators(&mut self, tau_days: f64, v: f64, background: f64, hits: &case::Hits) {
        let mut slashed_eth = v * background * self.outside_active_eth;
        for (operator, share) in hits {
            let (operator, share) = (self.operator(operator), v * share);
            slashed_eth += share * self.native_eth(operator);
            if share > 0.0 && self.has_validators(operator) {
                self.operators_slashed.insert(operator);
            }
            let initial = 1.0 / 4_096.0 + 0.056 / 32.0 * self.rewards();
            self.hit("beacon", "beacon", |twin| twin.beacon[operator] *= 1.0 - share * initial);
            self.slashed.push(Slashed { tau_days, operator, share, charged: false });
        }
        self.slashed_eth.push((tau_days, slashed_eth));
    }

    /// Falls due on day `ceil(t + 18)`, at the horizon if later (8.1).
    fn correlation_penalties(&mut self, day: u32) {
        for index in 0..self.slashed.len() {
            let Slashed { tau_days, operator, share, charged } = self.slashed[index];
            let due = (tau_days + 18.0).ceil().min(f64::from(self.case.horizon_days));
            if charged || due > f64::from(day) {
                continue;
            }
            let near = self.slashed_eth.iter().filter(|(t, _)| (t - tau_days).abs() <= 18.0);
            let x = near.map(|(_, eth)| eth).sum::<f64>() / self.case.total_active_eth;
            let lost = share * (3.0 * x).min(1.0);
            self.hit("beacon", "beacon", |twin| twin.beacon[operator] *= 1.0 - lost);
            self.slashed[index].charged = true;
        }
    }

    fn outage(&mut self, epochs: f64, background: f64, hits: &case::Hits) {
        let inside = hits.iter().map(|(o, share)| share * self.native_eth(self.operator(o)));
        let offline = inside.sum::<f64>() + background * self.outside_active_eth;
        let lost = if offline / self.case.total_active_eth <= 1.0 / 3.0 {
            2.1e-7 * self.rewards() * epochs
        } else {
            1.0 - (-epochs.min(4_686.0).powi(2) / 2f64.powi(25)).exp()
        };
        for (operator, share) in hits {
            let operator = self.operator(operator);
            self.hit("leak", "leak", |twin| twin.beacon[operator] *= 1.0 - share * lost);
        }
    }

    /// A fraction of buffer, idle and delegated backing (8.7).
    fn exploit(&mut self, asset: usize, f: f64) {
        self.hit("theft", "stolen", |twin| {
            twin.assets[asset].buffer_eth *= 1.0 - f;
            for holding in twin.holdings.iter_mut().filter(|h| h.holder == Some(asset)) {
                holding.units *= 1.0 - f;
            }
        });
    }

    /// What a taker has at the horizon: wrapped units at the nav of then (5).
    fn taken(&self, taker: &'static str, navs: &[f64]) -> f64 {
        let units = self.taken_units.iter().filter(|((by, _), _)| *by == taker);
        let wrapped: f64 = units.map(|((_, asset), units)| units * navs[*asset]).sum();
        self.taken_eth.get(taker).unwrap_or(&0.0) + wrapped
    }

    fn outcome(self, day_0: &Self) -> Outcome {
        let (navs_0, navs) = (day_0.navs(), self.navs());
        let prices: Vec<f64> =
            navs.iter().zip(&self.assets).map(|(nav, asset)| nav * price_factor(asset)).collect();
        let stake_eth_0 = day_0.wealth(&navs_0);
        let total = stake_eth_0 - self.wealth(&navs);
        let takers = ["burned", "redistributed", "stolen", "beacon", "leak"];
        let mut figures: BTreeMap<&'static str, f64> =
            takers.into_iter().map(|taker| (taker, self.taken(taker, &navs))).collect();
        let minted: f64 = self.assets.iter().zip(&navs).map(|(a, nav)| a.minted_units * nav).sum();
        let cover_paid: f64 = self.assets.iter().map(|asset| asset.cover_paid_eth).sum();
        let taken: f64 = figures.values().sum();
        let direct = taken + self.base_fall_eth + minted - cover_paid;
        let depegs = |limit| self.assets.iter().filter(|a| a.worst_discount > limit).count() as f64;
        figures.extend([
            ("total", total),
            ("direct", direct),
            ("contagion", total - direct),
            ("holders_market_loss", stake_eth_0 - self.wealth(&prices)),
            ("base_fall", self.base_fall_eth),
            ("minted", minted),
            ("cover_paid", cover_paid),
            ("operators_slashed", self.operators_slashed.len() as f64),
            ("depegs_1pct", depegs(0.01)),
            ("depegs_5pct", depegs(0.05)),
            ("depegs_10pct", depegs(0.10)),
            ("books_error", (total - direct) / stake_eth_0),
        ]);
        let mut portfolios = BTreeMap::new();
        for row in &self.case.spec.portfolios.rows {
            let PortfolioItem::Asset(name) = &row.holds else { continue };
            let asset = self.asset(name);
            let loss = row.amount_eth / navs_0[asset] * (navs_0[asset] - prices[asset]);
            *portfolios.entry(row.portfolio.clone()).or_insert(0.0) += loss;
        }
        let wrapped = self.assets.iter().enumerate().filter(|(_, a)| a.kind != AssetKind::Base);
        let assets = wrapped.map(|(index, asset)| {
            let fall = |price: f64| (navs_0[index] - price) / navs_0[index];
            let figures = BTreeMap::from([
                ("nav_loss", fall(navs[index])),
                ("market_loss", fall(prices[index])),
                ("worst_discount", asset.worst_discount),
                ("cover_used", asset.cover_paid_eth),
            ]);
            (asset.name.clone(), figures)
        });
        Outcome {
            stake_eth_0,
            figures,
            assets: assets.collect(),
            channels: self.channels,
            portfolios,
        }
    }
}

impl Asset {
    fn base(name: &str, vol_annual: f64) -> Self {
        Self {
            name: name.to_owned(),
            kind: AssetKind::Base,
            price: 1.0,
            vol_annual,
            nav_0: 1.0,
            supply_units: 0.0,
            outside_units: 0.0,
            buffer_eth: 0.0,
            cover_eth: 0.0,
            cover_paid_eth: 0.0,
            minted_units: 0.0,
            discount: 0.0,
            panic: 0.0,
            worst_discount: 0.0,
        }
    }
}

fn position<'a>(mut names: impl Iterator<Item = &'a str>, name: &str) -> usize {
    names.position(|other| other == name).expect("the name is of this network")
}
