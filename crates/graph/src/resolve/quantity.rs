//! The range of every number a network is made of, and how it is said: the one place of both.

/// What a number is, and so what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// ETH: nothing, or what a reserve may be.
    Amount,
    /// ETH, at least one wei, for there is no less, and at most 1e15.
    Reserve,
    /// Days, from 0 to a million.
    Days,
    /// Annual volatility, from 0 to 100.
    Volatility,
    /// A loading in [-1, 1].
    Loading,
    /// In [0, 1].
    Fraction,
    /// In (0, 1].
    PositiveFraction,
    /// In [0, 1).
    FractionBelowOne,
    /// In (0, 1).
    InnerFraction,
    /// A fraction a year, at least 0 and at most 10: more is a percentage by mistake.
    Annual,
    /// In [0.01, 1e6]: far beyond all that there is, and still exact in what follows from it.
    Multiple,
}

/// ETH: ten million times all that there is, and cubes of it are still numbers.
const MOST_ETH: f64 = 1e15;
/// ETH: one wei. Shares of less are not numbers: a position of 1e9 ETH in a market of 1e-300.
const ONE_WEI: f64 = 1e-18;
/// Days: some thousand years.
const MOST_DAYS: f64 = 1e6;
/// Annual volatility: 10,000 %.
const MOST_VOLATILITY: f64 = 100.0;

impl Quantity {
    /// What the numbers of a column are; a column name means the same in all tables.
    pub(crate) fn of_column(column: &str) -> Self {
        match column {
            "supplied_eth" | "reserve_asset_eth" | "reserve_eth" => Self::Reserve,
            "redemption_days" => Self::Days,
            "vol_annual" => Self::Volatility,
            "beta_market" => Self::Loading,
            "fraction" | "share" => Self::Fraction,
            "attack_threshold" | "ltv" | "liquidation_threshold" | "close_factor" => {
                Self::PositiveFraction
            }
            "fee" | "liquidation_bonus" => Self::FractionBelowOne,
            "optimal_utilization" => Self::InnerFraction,
            "base_rate" | "slope_1" | "slope_2" => Self::Annual,
            _ if column.starts_with("yield_") => Self::Annual,
            "amplification" | "health_factor" => Self::Multiple,
            _ => Self::Amount,
        }
    }

    /// True when `x` may be such a quantity.
    pub(crate) fn admits(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Self::Amount => x == 0.0 || Self::Reserve.admits(x),
                Self::Reserve => (ONE_WEI..=MOST_ETH).contains(&x),
                Self::Days => (0.0..=MOST_DAYS).contains(&x),
                Self::Volatility => (0.0..=MOST_VOLATILITY).contains(&x),
                Self::Loading => (-1.0..=1.0).contains(&x),
                Self::Fraction => (0.0..=1.0).contains(&x),
                Self::PositiveFraction => x > 0.0 && x <= 1.0,
                Self::FractionBelowOne => (0.0..1.0).contains(&x),
                Self::InnerFraction => x > 0.0 && x < 1.0,
                Self::Annual => (0.0..=10.0).contains(&x),
                Self::Multiple => (0.01..=1e6).contains(&x),
            }
    }

    /// The expectation, to be followed by "was expected".
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Amount => "a finite amount in ETH, 0 or from 1e-18 (one wei) to 1e15,",
            Self::Reserve => "a finite amount in ETH, at least 1e-18 (one wei) and at most 1e15,",
            Self::Days => "a number of days, at least 0 and at most 1,000,000,",
            Self::Volatility => "an annual volatility, at least 0 and at most 100 (0.6 is 60 %),",
            Self::Loading => "a loading between -1 and 1",
            Self::Fraction => "a fraction between 0 and 1 (0.05 is 5 %)",
            Self::PositiveFraction => "a fraction above 0 and at most 1 (0.05 is 5 %)",
            Self::FractionBelowOne => "a fraction of at least 0 and below 1 (0.05 is 5 %)",
            Self::InnerFraction => "a fraction above 0 and below 1 (0.9 is 90 %)",
            Self::Annual => "a fraction a year between 0 and 10 (0.03 is 3 %)",
            Self::Multiple => "a number between 0.01 and 1,000,000",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn ends_of_ranges() {
        let cases = [
            ("amount_eth", 0.0, true),
            ("amount_eth", -1e-9, false),
            ("amount_eth", 5e-324, false),
            ("amount_eth", 1e-18, true),
            ("amount_eth", f64::NAN, false),
            ("amount_eth", f64::INFINITY, false),
            ("amount_eth", 1e15, true),
            ("supplied_eth", 1.1e15, false),
            ("reserve_eth", 1.1e15, false),
            ("redemption_days", 1e7, false),
            ("vol_annual", 100.1, false),
            ("reserve_eth", 0.0, false),
            ("reserve_eth", 1e-18, true),
            ("reserve_asset_eth", 0.9e-18, false),
            ("amplification", 0.01, true),
            ("amplification", 0.009, false),
            ("amplification", 1e6, true),
            ("amplification", 1.1e6, false),
            ("redemption_days", 0.0, true),
            ("beta_market", -1.0, true),
            ("beta_market", 1.1, false),
            ("attack_threshold", 0.0, false),
            ("attack_threshold", 1.0, true),
            ("fee", 1.0, false),
            ("liquidation_bonus", 0.0, true),
            ("health_factor", 0.009, false),
            ("health_factor", 0.01, true),
            ("health_factor", 1e6, true),
            ("health_factor", 1.1e6, false),
            ("supplied_eth", 0.0, false),
            ("supplied_eth", 1e-18, true),
            ("supplied_eth", 0.9e-18, false),
            ("optimal_utilization", 0.0, false),
            ("optimal_utilization", 0.9, true),
            ("optimal_utilization", 1.0, false),
            ("slope_2", 3.0, true),
            ("base_rate", -0.01, false),
            ("yield_staking", 0.0, true),
            ("yield_campaign", 10.0, true),
            ("yield_avs_fees", 10.1, false),
            ("share", 1.0, true),
        ];
        for (column, x, admitted) in cases {
            assert_eq!(Quantity::of_column(column).admits(x), admitted, "{column} {x}");
        }
    }
}
