//! Discounts are ordinary noise and panic on top of it: given the days of jumps and both speeds of
//! healing, the sizes of the jumps that fit best are known in closed form.

/// A discount series split in two.
pub(super) struct Split {
    /// What each day but the first surprises by, after its jump.
    pub(super) residuals: Vec<f64>,
    /// What it surprises by before its jump.
    pub(super) surprises: Vec<f64>,
    /// Panic discount by day, 0 on the first.
    pub(super) panic: Vec<f64>,
}

/// Splits `discounts` where jumps are free on the days of `jumps` (the first can be none).
///
/// The law is `x_t = phi x_{t-1} + noise`, `P_t = q P_{t-1} + J_t` and `d_t = x_t + P_t`, with `J_t` 0
/// on other days. With `u_t = d_t - phi d_{t-1}` the residual is `u_t - P_t + phi P_{t-1}`. Their sum
/// of squares is least by dynamic programming backwards: what the days from `t` on cost is
/// `a P^2 - 2 b P + const` in `P = P_{t-1}`, where from `(A, B)` of the day after
///
/// ```text
/// without a jump    a = (q - phi)^2 + A q^2       b = u (q - phi) + B q
/// with a jump       a = phi^2 A / (1 + A)         b = phi (B - u A) / (1 + A)
/// ```
///
/// and the best `P_t` on the day of a jump is `(u + phi P_{t-1} + B) / (1 + A)`.
pub(super) fn split(discounts: &[f64], jumps: &[bool], phi: f64, q: f64) -> Split {
    let u: Vec<f64> = discounts.windows(2).map(|pair| pair[1] - phi * pair[0]).collect();
    let mut after = vec![(0.0, 0.0); u.len()];
    let (mut a, mut b) = (0.0_f64, 0.0_f64);
    for t in (0..u.len()).rev() {
        after[t] = (a, b);
        (a, b) = if jumps[t + 1] {
            (phi * phi * a / (1.0 + a), phi * (b - u[t] * a) / (1.0 + a))
        } else {
            ((q - phi).powi(2) + a * q * q, u[t] * (q - phi) + b * q)
        };
    }
    let mut split = Split { residuals: Vec::new(), surprises: Vec::new(), panic: vec![0.0] };
    let mut before = 0.0;
    for (t, (a, b)) in after.into_iter().enumerate() {
        let carried = q * before;
        let best = (u[t] + phi * before + b) / (1.0 + a);
        let now = if jumps[t + 1] { best } else { carried };
        split.residuals.push(u[t] - now + phi * before);
        split.surprises.push(u[t] - carried + phi * before);
        split.panic.push(now);
        before = now;
    }
    split
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(d: &[f64], jumps: &[f64], phi: f64, q: f64) -> f64 {
        let mut panic = 0.0;
        let mut sum = 0.0;
        for t in 1..d.len() {
            let now = q * panic + jumps[t];
            sum += (d[t] - now - phi * (d[t - 1] - panic)).powi(2);
            panic = now;
        }
        sum
    }

    /// Coordinate descent on the sizes themselves is the slow twin.
    #[test]
    fn the_sizes_are_those_that_a_search_finds() {
        let d: Vec<f64> = (0..40).map(|t| 0.01 * f64::from((t * 37) % 11) - 0.03).collect();
        let mut is_jump = vec![false; 40];
        for t in [5, 6, 20, 39] {
            is_jump[t] = true;
        }
        let (phi, q) = (0.7, 0.9);
        let mut sizes = vec![0.0; 40];
        for _ in 0..400 {
            for t in (0..40).filter(|t| is_jump[*t]) {
                let at = |x: f64, sizes: &mut Vec<f64>| {
                    sizes[t] = x;
                    cost(&d, sizes, phi, q)
                };
                // The cost is a parabola in each size: three points give its bottom.
                let (low, mid, high) =
                    (at(-1.0, &mut sizes), at(0.0, &mut sizes), at(1.0, &mut sizes));
                sizes[t] = 0.5 * (low - high) / (low + high - 2.0 * mid);
            }
        }
        let found = split(&d, &is_jump, phi, q);
        let least: f64 = found.residuals.iter().map(|r| r * r).sum();
        assert!((least - cost(&d, &sizes, phi, q)).abs() < 1e-14);
        for (t, size) in sizes.iter().enumerate().skip(1) {
            let jump = found.panic[t] - q * found.panic[t - 1];
            assert!((jump - size).abs() < 1e-9, "day {t}: {jump}, not {size}");
        }
    }
}
