//! The standard normal's upper tail and its inverse as plain arithmetic: vector code that gives the
//! same bits on every instruction set, accurate far into the tail.
//!
//! With `w = -ln(4 p (1 - p))` the quantile over `1 - 2 p` is a smooth function of `w`, and far out
//! of `sqrt(w)` (Giles 2010, "Approximating the erfinv function"); the upper tail over
//! `exp(-x^2 / 2)` is one of `4 / (4 + x)`. The polynomials are Chebyshev interpolations made with
//! 50 digits, written by powers of a variable that runs from -1 to 1.

use super::elementary::{exp, ln, polynomial};
use super::vectorised;

/// Of `w` from 0 to [`CENTRAL_W`]: relative error 3e-17.
#[inline(always)]
fn central(x: f64) -> f64 {
    polynomial!(
        x;
        1.103328720160869e-09,
        -1.2131077183626839e-10,
        -1.2200690530131382e-08,
        1.2829852844388905e-08,
        5.55999639976491e-08,
        -1.487044247507703e-07,
        -1.4725771436793193e-08,
        7.716543975230637e-07,
        -1.4978201850101315e-06,
        -9.724912828181154e-07,
        1.0083257483661359e-05,
        -1.5917898517508315e-05,
        -2.12523287471523e-05,
        0.00013204077567969004,
        -0.00016530579810925363,
        -0.0003739089957853321,
        0.0017429978089465805,
        -0.0017984444652822756,
        -0.005851046104529433,
        0.02518482680773321,
        -0.031967516158611514,
        -0.0833290935280152,
        1.061359245941059,
        2.338620710026593,
    )
}

/// Of `sqrt(w)` from 2.5 to 4.5: relative error 4e-16.
#[inline(always)]
fn tail(x: f64) -> f64 {
    polynomial!(
        x;
        1.5054020079548305e-09,
        1.9848544519473577e-09,
        -2.5749773468388252e-08,
        3.808592914439549e-08,
        6.672156858926588e-08,
        -3.9613737116021416e-07,
        8.129755604881679e-07,
        -1.9974478685544762e-07,
        -4.052705902638689e-06,
        1.3301675692750627e-05,
        -1.8930667964083954e-05,
        -7.750999573323905e-06,
        0.00011090815142014369,
        -0.00031832465622985505,
        0.0006092025057888261,
        -0.0009614613396859159,
        0.001546380848269165,
        -0.002917770192141615,
        0.004634188649129704,
        1.4246346372943468,
        4.71708913820131,
    )
}

/// Of `sqrt(w)` from 4.5 to 8.5: relative error 3e-16.
#[inline(always)]
fn far_tail(x: f64) -> f64 {
    polynomial!(
        x;
        2.541119630187671e-09,
        -5.0164945190145675e-09,
        -4.278160556676846e-09,
        1.1005785698386563e-08,
        7.160894438107071e-09,
        -1.7567257760160143e-08,
        6.677349052927053e-10,
        -5.49192203803553e-09,
        6.273001794989544e-08,
        -2.0679765400471648e-07,
        6.519430382582485e-07,
        -2.0694750787363294e-06,
        6.3773758050216785e-06,
        -1.8858678437359397e-05,
        5.2544316445276663e-05,
        -0.00013204788770668487,
        0.00026159699414000074,
        -0.00012211877467785227,
        -0.0028886213181185515,
        2.8541923716437223,
        9.000894201233203,
    )
}

/// `P(Z >= x) exp(x^2 / 2) (4 + x) / 4` of `4 / (4 + x)` from 1/11 to 1: relative error 4e-17.
#[inline(always)]
fn mills(x: f64) -> f64 {
    polynomial!(
        x;
        -3.0682698788667824e-11,
        -6.715894361009464e-11,
        4.4922371569115514e-10,
        3.8551751186405487e-10,
        -3.6208443214231236e-09,
        1.0151449012322034e-09,
        2.17488434565529e-08,
        -3.06629565081533e-08,
        -1.1141293296964782e-07,
        3.1647047680957647e-07,
        5.51968596502844e-07,
        -2.6993860179588522e-06,
        -3.4169413456608515e-06,
        2.2666164987648397e-05,
        3.7020355172225263e-05,
        -0.0001880776267506245,
        -0.0006311061539588638,
        0.0008330788584702822,
        0.010817311005331131,
        0.039265829600098445,
        0.09112701348669129,
        0.15524857171253123,
        0.2034730626815634,
    )
}

/// Up to here `w` itself is the variable: 99.9 % of all draws.
const CENTRAL_W: f64 = 6.25;
/// `sqrt(w)` up to which the polynomials go: probabilities down to 1e-32.
const FAR_TAIL_END: f64 = 8.5;
/// Beyond this the tail is less than 1e-298.
const X_MAX: f64 = 37.0;
/// Quantiles worked out between two looks at the tail.
const CHUNK: usize = 32;

/// `-ln(4 p (1 - p))`: what the quantile is a smooth function of.
#[inline(always)]
fn closeness(p: f64) -> f64 {
    -ln(4.0 * p * (1.0 - p))
}

/// The quantile where `w` is at most [`CENTRAL_W`], and `w`.
#[inline(always)]
fn central_quantile(p: f64) -> (f64, f64) {
    let w = closeness(p);
    ((1.0 - 2.0 * p) * central(w * (2.0 / CENTRAL_W) - 1.0), w)
}

/// The `x` with `P(Z >= x) = p` for the p of a draw, in (0, 1): relative error 4e-15 down to 1e-32.
/// Below, which no draw reaches, the slow inverse goes on.
pub(crate) fn quantile(p: f64) -> f64 {
    let (x, w) = central_quantile(p);
    if w <= CENTRAL_W {
        return x;
    }
    let y = w.sqrt();
    let factor = if y <= 4.5 {
        tail(y - 3.5)
    } else if y <= FAR_TAIL_END {
        far_tail(0.5 * y - 3.25)
    } else {
        return crate::gaussian::upper_quantile(p);
    };
    (1.0 - 2.0 * p) * factor
}

/// [`quantile`] of each probability, in place.
pub(crate) fn quantiles(p: &mut [f64]) {
    vectorised(
        #[inline(always)]
        || {
            let (chunks, rest) = p.as_chunks_mut::<CHUNK>();
            for chunk in chunks {
                quantile_chunk(chunk);
            }
            let mut last = [0.5; CHUNK];
            last[..rest.len()].copy_from_slice(rest);
            quantile_chunk(&mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        },
    );
}

#[inline(always)]
fn quantile_chunk(p: &mut [f64; CHUNK]) {
    let (mut x, mut w) = ([0.0; CHUNK], [0.0; CHUNK]);
    for i in 0..CHUNK {
        (x[i], w[i]) = central_quantile(p[i]);
    }
    let mut beyond = 0u32;
    for (i, w) in w.iter().enumerate() {
        beyond |= u32::from(*w > CENTRAL_W) << i;
    }
    while beyond != 0 {
        let i = beyond.trailing_zeros() as usize;
        x[i] = quantile(p[i]);
        beyond &= beyond - 1;
    }
    *p = x;
}

/// `P(Z >= x)` of a standard normal: relative error 3e-15 up to x = 37, where it ends.
#[inline(always)]
pub(crate) fn survival(x: f64) -> f64 {
    let a = x.abs();
    let a = if a < X_MAX { a } else { X_MAX };
    let t = 4.0 / (4.0 + a);
    // The square in two parts: its rounding would otherwise be that of the exponent.
    let high = f64::from_bits(a.to_bits() & 0xffff_ffff_f800_0000);
    let low = 0.5 * (a - high) * (a + high);
    let density = exp(-0.5 * high * high) * (1.0 - low * (1.0 - low * (0.5 - low * (1.0 / 6.0))));
    let above = density * t * mills(t * 2.2 - 1.2);
    if x < 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_invert_the_survival_function() {
        for i in 1..7_400 {
            for p in [0.99f64.powi(i), 1.0 - 0.99f64.powi(i)] {
                if p > 0.0 && p < 1.0 {
                    let exact = crate::gaussian::upper_quantile(p);
                    let found = quantile(p);
                    assert!((found - exact).abs() <= 4e-15 * exact.abs() + 1e-16, "{p}: {found}");
                }
            }
        }
    }

    /// Bit for bit, whatever stands beside them.
    #[test]
    fn many_quantiles_are_those_one_by_one() {
        let p: Vec<f64> = (0..100_003u32).map(|i| (f64::from(i) + 0.01) / 100_003.5).collect();
        let mut x = p.clone();
        quantiles(&mut x);
        assert!(p.iter().zip(&x).all(|(&p, x)| quantile(p).to_bits() == x.to_bits()));
    }

    #[test]
    fn many_tails_are_those_one_by_one() {
        let x: Vec<f64> = (0..100_003).map(|i| f64::from(i) * 8e-4 - 40.0).collect();
        let mut tails = vec![0.0; x.len()];
        vectorised(|| tails.iter_mut().zip(&x).for_each(|(tail, &x)| *tail = survival(x)));
        assert!(x.iter().zip(&tails).all(|(&x, tail)| survival(x).to_bits() == tail.to_bits()));
    }

    #[test]
    fn survival_is_that_of_the_library() {
        for i in -37_000..37_000 {
            let x = f64::from(i) / 1_000.0 + 1e-4;
            let exact = crate::gaussian::survival(x);
            // The library rounds x / sqrt(2).
            let bound = 2e-15 + 3e-16 * x * x;
            assert!((survival(x) / exact - 1.0).abs() < bound, "{x}: {} {exact}", survival(x));
        }
        assert!(survival(40.0) < 1e-298 && (survival(-40.0) - 1.0).abs() < 1e-16);
    }

    /// Published values: Abramowitz and Stegun, table 26.5.
    #[test]
    fn quantiles_match_the_tables() {
        for (p, x) in [(0.025, 1.959_963_984_540_054), (0.001, 3.090_232_306_167_813_5)] {
            assert!((quantile(p) - x).abs() < 1e-14);
        }
    }
}
