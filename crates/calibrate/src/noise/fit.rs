//! The fit of one asset: exact maximum likelihood of the discrete law given the first day and the
//! days of jumps, which are found in turn with it.

use slashfall_graph::{Problem, Problems};

use super::depeg::depeg;
use super::nav::Trend;
use super::panic::{Split, split};
use super::read::Observed;
use super::{Estimate, JumpRule, NavRule, NoiseFit};
use crate::least_squares::{Fit, least_squares};

/// Times that jumps and parameters are found in turn; three or four are enough where they settle.
const MAX_TURNS: usize = 30;

/// Speeds of panic that searches start from, a day.
const PANIC_STARTS: [f64; 4] = [0.03, 0.1, 0.3, 1.0];

/// Of normal noise, a standard deviation over the median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The engine's ordinary discount goes no lower.
const PREMIUM_FLOOR: f64 = -0.02;

/// `kappa` above which a day remembers less than a hundredth of the day before: no law of reversion.
const MAX_KAPPA: f64 = 4.6;

/// Standard errors beyond which a property that the law does not have is told.
const TOLD_BEYOND: f64 = 4.0;

/// What least squares found, with the jumps that it was given.
struct Found {
    jumps: Vec<bool>,
    kappa: f64,
    /// None where the data do not tell.
    kappa_std_err: Option<f64>,
    /// Speed and its error, where there are jumps.
    panic: Option<(f64, Option<f64>)>,
    /// Line of nav, and the error of its growth, where it is fitted.
    trend: Option<(Trend, Option<f64>)>,
    discounts: Vec<f64>,
    split: Split,
}

/// The fit; none where the law is not one of these days, which is a problem like any other.
pub(super) fn fit(
    observed: &Observed,
    rule: JumpRule,
    problems: &mut Problems,
) -> Option<NoiseFit> {
    let found = settle(observed, rule);
    let kappa_std_err = found.kappa_std_err.filter(|_| found.kappa < MAX_KAPPA);
    if kappa_std_err.is_none() {
        let expected = "a discount that carries over from day to day was expected: the law cannot be \
                        fitted to one that does not";
        problems.push(Problem::new(&observed.file, expected).key(&observed.asset.column));
    }
    Some(describe(observed, rule, found, kappa_std_err?))
}

/// Finds jumps and parameters in turn until the jumps stay the same.
fn settle(observed: &Observed, rule: JumpRule) -> Found {
    let mut found = search(observed, vec![false; observed.price.values.len()]);
    for _ in 0..MAX_TURNS {
        let jumps = find_jumps(&found.split, rule);
        if jumps == found.jumps {
            break;
        }
        found = search(observed, jumps);
    }
    found
}

fn discounts(observed: &Observed, trend: Option<Trend>) -> Vec<f64> {
    let prices = &observed.price.values;
    let off = |(price, nav): (&f64, f64)| 1.0 - price / nav;
    match (trend, &observed.nav) {
        (Some(trend), _) => prices.iter().zip(trend.navs(prices.len())).map(off).collect(),
        (None, Some(navs)) => prices.iter().zip(navs.iter().copied()).map(off).collect(),
        (None, None) => prices.iter().map(|price| 1.0 - price).collect(),
    }
}

/// Days whose surprise is beyond the ordinary, upwards alone: a fall of the discount is no panic.
fn find_jumps(split: &Split, rule: JumpRule) -> Vec<bool> {
    let centre = median(split.surprises.clone());
    let mad = median(split.surprises.iter().map(|s| (s - centre).abs()).collect());
    let threshold = (rule.mads * MAD_TO_SIGMA * mad).max(rule.floor);
    std::iter::once(false).chain(split.surprises.iter().map(|s| s - centre > threshold)).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    f64::midpoint(values[(n - 1) / 2], values[n / 2])
}

/// Parameters of a search: the logarithm of `kappa`, that of `panic_kappa` where there are jumps, and
/// the line of nav where that is fitted.
#[derive(Clone, Copy)]
struct Parameters {
    ln_kappa: f64,
    ln_panic: Option<f64>,
    trend: Option<Trend>,
}

/// The parameters that make the sum of squares least; that is the maximum of the likelihood, noise
/// being normal. Jump sizes are profiled out.
fn search(observed: &Observed, jumps: Vec<bool>) -> Found {
    let is_trend = observed.asset.nav == NavRule::Trend;
    let line = is_trend.then(|| Trend::through(&observed.price.values));
    let kappa = start_kappa(&discounts(observed, line));
    match (jumps.contains(&true), line) {
        (false, None) => {
            let read = |p: &[f64; 1]| Parameters { ln_kappa: p[0], ln_panic: None, trend: None };
            found(observed, jumps, &[[kappa]], read)
        }
        (false, Some(Trend { level, growth })) => {
            let read = |&[ln_kappa, level, growth]: &[f64; 3]| Parameters {
                ln_kappa,
                ln_panic: None,
                trend: Some(Trend { level, growth }),
            };
            found(observed, jumps, &[[kappa, level, growth]], read)
        }
        (true, None) => {
            let read = |&[ln_kappa, ln_panic]: &[f64; 2]| Parameters {
                ln_kappa,
                ln_panic: Some(ln_panic),
                trend: None,
            };
            found(observed, jumps, &PANIC_STARTS.map(|panic| [kappa, panic.ln()]), read)
        }
        (true, Some(Trend { level, growth })) => {
            let read = |&[ln_kappa, ln_panic, level, growth]: &[f64; 4]| {
                let trend = Some(Trend { level, growth });
                Parameters { ln_kappa, ln_panic: Some(ln_panic), trend }
            };
            let starts = PANIC_STARTS.map(|panic| [kappa, panic.ln(), level, growth]);
            found(observed, jumps, &starts, read)
        }
    }
}

/// The best of the searches from `starts`, at least one; `read` says what its parameters are.
fn found<const P: usize>(
    observed: &Observed,
    jumps: Vec<bool>,
    starts: &[[f64; P]],
    read: impl Fn(&[f64; P]) -> Parameters,
) -> Found {
    let parts = |p: &[f64; P]| {
        let Parameters { ln_kappa, ln_panic, trend } = read(p);
        let discounts = discounts(observed, trend);
        let q = ln_panic.map_or(0.0, |ln_panic| (-ln_panic.exp()).exp());
        let split = split(&discounts, &jumps, (-ln_kappa.exp()).exp(), q);
        (discounts, split)
    };
    let from = |start: &[f64; P]| least_squares(*start, |p| parts(p).1.residuals);
    let least = |a: Fit<P>, b: Fit<P>| if b.variance(0) < a.variance(0) { b } else { a };
    let fit = starts[1..].iter().map(from).fold(from(&starts[0]), least);
    let (discounts, split) = parts(&fit.parameters);
    let Parameters { ln_kappa, ln_panic, trend } = read(&fit.parameters);
    // A jump frees a parameter each.
    let n_estimated = P + jumps.iter().filter(|jump| **jump).count();
    let days: Vec<usize> = (0..split.residuals.len()).collect();
    let errors = fit.std_errs(n_estimated, &days);
    Found {
        kappa: ln_kappa.exp(),
        kappa_std_err: errors.map(|errors| ln_kappa.exp() * errors[0]),
        panic: ln_panic.map(|ln| (ln.exp(), errors.map(|errors| ln.exp() * errors[1]))),
        trend: trend.map(|trend| (trend, errors.map(|errors| errors[P - 1]))),
        jumps,
        discounts,
        split,
    }
}

/// The logarithm of `kappa` from the plain regression of each day on the day before.
fn start_kappa(discounts: &[f64]) -> f64 {
    let pairs = discounts.windows(2).map(|pair| (pair[0] * pair[1], pair[0] * pair[0]));
    let (xy, xx) = pairs.fold((0.0, 0.0), |(xy, xx), (a, b)| (xy + a, xx + b));
    (-(xy / xx).clamp(0.02, 0.999).ln()).ln()
}

/// Bias of the maximum-likelihood `kappa` to the first order in `1 / n`: `(c_0 + c_1 e^kappa +
/// e^(2 kappa) / 2) / n`, with c = (3/2, 0), (5/2, 1) and (7/2, 2) for a mean that is known, fitted, and
/// fitted as a line.
///
/// It is `-b / phi + (1 - phi^2) / (2 n phi^2)` with `b` the bias of `phi`: `-2 phi / n` of a known
/// mean (Marriott and Pope 1954), `-(2 + 4 phi) / n` of a line (Kendall's method, as Orcutt and Winokur
/// 1969). Of a fitted constant it is theorem 3.1 of Tang and Chen 2009, "Parameter estimation and bias
/// correction for diffusion processes".
fn kappa_bias(kappa: f64, n: usize, is_trend: bool) -> f64 {
    let (c0, c1) = if is_trend { (3.5, 2.0) } else { (1.5, 0.0) };
    (c0 + c1 * kappa.exp() + 0.5 * (2.0 * kappa).exp()) / n as f64
}

fn describe(observed: &Observed, rule: JumpRule, found: Found, kappa_std_err: f64) -> NoiseFit {
    let Found { jumps, kappa, panic, trend, discounts, split, .. } = found;
    let calm: Vec<usize> = (0..split.residuals.len()).filter(|t| !jumps[t + 1]).collect();
    let residuals: Vec<f64> = calm.iter().map(|&t| split.residuals[t]).collect();
    let n_estimated = 1 + usize::from(panic.is_some()) + 2 * usize::from(trend.is_some());
    let sigma_daily = deviation(&residuals, n_estimated);
    let market: Vec<f64> = calm.iter().map(|&t| observed.market[t]).collect();
    let unbiased = kappa - kappa_bias(kappa, calm.len(), trend.is_some());
    let mut fit = NoiseFit {
        asset: observed.asset.asset.clone(),
        column: observed.asset.column.clone(),
        days: [observed.price.first, observed.price.last()],
        nav: observed.asset.nav,
        nav_growth: trend.map(|(trend, error)| growth(trend, error, discounts.len())),
        sigma_daily,
        kappa: Estimate { value: unbiased.max(0.0), std_err: kappa_std_err },
        kappa_raw: kappa,
        beta_market: correlation(&residuals, &market),
        panic_kappa: panic.and_then(|(value, error)| Some(Estimate { value, std_err: error? })),
        depeg: depeg(&split.panic, &jumps, panic.map_or(0.0, |(panic, _)| (-panic).exp()), rule),
        notes: Vec::new(),
        standardised: residuals.iter().map(|r| r / sigma_daily.value).collect(),
        discounts,
        panic: split.panic,
    };
    fit.notes = notes(&fit, unbiased, rule);
    fit
}

/// Growth of nav a year.
fn growth(trend: Trend, std_err: Option<f64>, days: usize) -> Estimate {
    let years = (days as f64 - 1.0) / 365.0;
    let value = (trend.growth / years).exp_m1();
    let std_err = std_err.map_or(f64::INFINITY, |error| (1.0 + value) * error / years);
    Estimate { value, std_err }
}

/// Standard deviation of residuals about 0, with an error that holds for tails that are not normal:
/// `sigma sqrt((kurtosis - 1) / 4 n)`, `sigma / sqrt(2 n)` for normal ones.
fn deviation(residuals: &[f64], n_estimated: usize) -> Estimate {
    let n = residuals.len() as f64;
    let variance = residuals.iter().map(|r| r * r).sum::<f64>() / (n - n_estimated as f64);
    let kurtosis = residuals.iter().map(|r| (r * r / variance).powi(2)).sum::<f64>() / n;
    let value = variance.sqrt();
    Estimate { value, std_err: value * ((kurtosis - 1.0) / (4.0 * n)).sqrt() }
}

/// Correlation, with the error that its influence function gives (`(1 - rho^2) / sqrt(n)` for normal
/// pairs); none where one side does not move.
fn correlation(residuals: &[f64], market: &[f64]) -> Option<Estimate> {
    let standardised = |values: &[f64]| -> Option<Vec<f64>> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let sd = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        (sd > 0.0).then(|| values.iter().map(|x| (x - mean) / sd).collect())
    };
    let (u, v) = (standardised(residuals)?, standardised(market)?);
    let n = u.len() as f64;
    let value = u.iter().zip(&v).map(|(u, v)| u * v).sum::<f64>() / n;
    let influence = |(u, v): (&f64, &f64)| (u * v - 0.5 * value * (u * u + v * v)).powi(2);
    let squares: f64 = u.iter().zip(&v).map(influence).sum();
    Some(Estimate { value: value.clamp(-1.0, 1.0), std_err: squares.sqrt() / n })
}

/// What the law does not have and the data show, or what they cannot say.
fn notes(fit: &NoiseFit, kappa_unbiased: f64, rule: JumpRule) -> Vec<String> {
    let ordinary: Vec<f64> = fit.discounts.iter().zip(&fit.panic).map(|(d, j)| d - j).collect();
    let z = &fit.standardised;
    let n = z.len() as f64;
    let mut notes = Vec::new();
    if kappa_unbiased <= 0.0 {
        notes.push(
            "kappa is 0 within its bias: these days do not tell that discounts revert".into(),
        );
    }
    let mean = ordinary.iter().sum::<f64>() / ordinary.len() as f64;
    let mean_err = fit.sigma_daily.value / ((1.0 - (-fit.kappa_raw).exp()) * n.sqrt());
    if fit.nav != NavRule::Trend && mean.abs() > TOLD_BEYOND * mean_err {
        notes.push(format!(
            "the ordinary discount averages {mean:.5} ± {mean_err:.5} and in the law 0: kappa is lower \
             for it"
        ));
    }
    let below = ordinary.iter().filter(|x| **x < PREMIUM_FLOOR).count();
    if below > 0 {
        notes.push(format!("on {below} days the premium was above 2 %, which the law cuts off"));
    }
    let lag = z.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / n;
    if lag.abs() > TOLD_BEYOND / n.sqrt() {
        notes.push(format!(
            "residuals of following days correlate by {lag:.2}: noise of single prices (closes at \
             different hours, thin markets) is taken for reversion where that is below 0"
        ));
    }
    notes.extend(tail_notes(z, rule));
    notes
}

fn tail_notes(z: &[f64], rule: JumpRule) -> Vec<String> {
    let mut notes = Vec::new();
    let robust = MAD_TO_SIGMA * median(z.iter().map(|z| z.abs()).collect());
    if robust < 0.8 {
        notes.push(format!(
            "tails are heavier than normal: the middle of the residuals has a deviation of {:.0} % of \
             sigma_daily",
            100.0 * robust
        ));
    }
    let falls = z.iter().filter(|z| **z < -rule.mads * robust).count();
    if falls > 0 {
        notes.push(format!(
            "{falls} falls of the discount in one day are as large as jumps; the law has none, and they \
             are in sigma_daily"
        ));
    }
    notes
}
