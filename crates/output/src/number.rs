//! Numbers for people: ETH with thousands separators and as many digits as mean something.

use crate::measures::Estimate;

/// An amount of ETH.
pub fn eth(x: f64) -> String {
    if x.abs() >= 999.5 {
        return grouped(x);
    }
    let digits = match x.abs() {
        0.0 => return "0".to_owned(),
        a if a >= 100.0 => 0,
        a if a >= 10.0 => 1,
        a if a >= 1.0 => 2,
        a if a >= 0.1 => 3,
        a if a >= 0.001 => 5,
        _ => return format!("{x:.1e}"),
    };
    format!("{x:.digits$}")
}

/// An amount with its standard error, or with a dash where the sample supports none.
pub fn with_error(estimate: &Estimate) -> String {
    match estimate.std_err {
        Some(std_err) => format!("{} ± {}", eth(estimate.value), eth(std_err)),
        None => format!("{} ± –", eth(estimate.value)),
    }
}

/// A fraction as percent.
pub fn percent(x: f64) -> String {
    let p = 100.0 * x;
    match p.abs() {
        0.0 => "0 %".to_owned(),
        // What rounds to the next size up is shown as that is.
        a if a >= 9.995 => format!("{p:.1} %"),
        a if a >= 0.099_95 => format!("{p:.2} %"),
        a if a >= 0.001 => format!("{p:.4} %"),
        _ => format!("{p:.1e} %"),
    }
}

/// An amount and its standard error as percent of a whole.
pub fn percent_with_error(estimate: &Estimate, whole: f64) -> String {
    let std_err = estimate.std_err.map_or_else(|| "–".to_owned(), |error| percent(error / whole));
    format!("{} ± {std_err}", percent(estimate.value / whole))
}

/// A level as it is spoken: 99.5 %.
pub fn level(level: f64) -> String {
    let p = (level * 1e8).round() / 1e6;
    format!("{p} %")
}

/// A whole number with separators.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "amounts are far below 2^64"
)]
fn grouped(x: f64) -> String {
    let sign = if x < 0.0 { "-" } else { "" };
    format!("{sign}{}", count(x.abs().round() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        let cases = [
            (1_234_567.8, "1,234,568"),
            (-4_321.0, "-4,321"),
            (999.4, "999"),
            (999.7, "1,000"),
            (12.34, "12.3"),
            (0.0123, "0.01230"),
            (0.0, "0"),
            (1e-7, "1.0e-7"),
        ];
        for (x, expected) in cases {
            assert_eq!(eth(x), expected);
        }
        assert_eq!(level(0.995), "99.5 %");
        let cases = [
            (0.1234, "12.3 %"),
            (0.09996, "10.0 %"),
            (0.09994, "9.99 %"),
            (0.000_999_6, "0.10 %"),
            (0.000_999_4, "0.0999 %"),
            (-0.09996, "-10.0 %"),
        ];
        for (x, expected) in cases {
            assert_eq!(percent(x), expected);
        }
    }
}
