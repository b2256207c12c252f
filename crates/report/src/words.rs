//! Words for levels and horizons.

use slashfall_output::number;

/// The horizon as one of many: `month`, or `period of 45 days`; and many of them.
pub(crate) fn period(horizon_days: u64) -> [String; 2] {
    let name = match horizon_days {
        1 => "day",
        7 => "week",
        28..=31 => "month",
        90..=92 => "quarter",
        360..=366 => "year",
        days => return [format!("period of {days} days"), format!("periods of {days} days")],
    };
    [name.to_owned(), format!("{name}s")]
}

/// How rare losses beyond a level are: `1 in 200`, or `1.7 %` where that is no whole number.
pub(crate) fn one_in(level: f64) -> String {
    let many = 1.0 / (1.0 - level);
    if (many - many.round()).abs() < 1e-6 * many {
        let text = format!("{}", many.round());
        let n = text.parse().unwrap_or(0);
        format!("1 in {}", number::count(n))
    } else {
        number::percent(1.0 - level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_horizons_read_well() {
        assert_eq!(one_in(0.995), "1 in 200");
        assert_eq!(one_in(0.9999), "1 in 10,000");
        assert_eq!(one_in(0.983), "1.70 %");
        assert_eq!(period(30)[1], "months");
        assert_eq!(period(45)[0], "period of 45 days");
    }
}
