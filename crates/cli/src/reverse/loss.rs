//! The loss that is asked about, as it is typed.

use slashfall_graph::{Problem, Problems};
use slashfall_output::Scope;

/// What a loss is measured in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Loss {
    /// Fraction of what the scope has on day 0.
    Share(f64),
    /// ETH.
    Eth(f64),
}

const EXPECTED: &str = "a loss above 0 was expected, as \">= 5 %\" of what the scope has on day 0 \
                        or as \">= 1,000\" ETH";

impl Loss {
    /// Reads a loss: a number above 0, `>=` before it or not, a percent sign or `ETH` after it or not.
    pub(super) fn read(text: &str) -> Result<Self, Problems> {
        let problem = || Problem::new("--loss", EXPECTED).value(text);
        let rest = text.trim();
        let rest =
            rest.strip_prefix(">=").or_else(|| rest.strip_prefix('≥')).unwrap_or(rest).trim();
        let lower = rest.to_ascii_lowercase();
        let (number, is_share) = match lower.strip_suffix('%') {
            Some(number) => (number, true),
            None => (lower.strip_suffix("eth").unwrap_or(&lower), false),
        };
        let value = number_of(number.trim()).filter(|value| *value > 0.0).ok_or_else(problem)?;
        Ok(if is_share { Self::Share(value / 100.0) } else { Self::Eth(value) })
    }

    /// The same in ETH, of a scope that has `value_eth` on day 0.
    pub(super) fn eth(self, text: &str, scope: &Scope, value_eth: f64) -> Result<f64, Problems> {
        match self {
            Self::Eth(eth) => Ok(eth),
            Self::Share(share) if value_eth > 0.0 => Ok(share * value_eth),
            Self::Share(_) => {
                let expected = format!(
                    "a loss in ETH was expected, since {} has {value_eth} ETH on day 0",
                    scope.name
                );
                Err(Problem::new("--loss", expected).value(text).into())
            }
        }
    }
}

/// A finite number, with separators of thousands or without.
fn number_of(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut groups = whole.split([',', '_']);
    let first = groups.next()?;
    let is_grouped = whole.contains([',', '_']);
    let are_whole =
        groups.all(|group| group.len() == 3 && group.bytes().all(|b| b.is_ascii_digit()));
    let is_short = (1..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_digit());
    if is_grouped && !(are_whole && is_short) {
        return None;
    }
    let plain = format!("{}{rest}", whole.replace([',', '_'], ""));
    plain.parse::<f64>().ok().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_read_as_people_type_them() {
        let cases = [
            (">= 5 %", Loss::Share(0.05)),
            ("5%", Loss::Share(0.05)),
            ("≥0.5%", Loss::Share(0.005)),
            (">= 1000", Loss::Eth(1_000.0)),
            (" >=1,000 ETH ", Loss::Eth(1_000.0)),
            ("1_234_567.5eth", Loss::Eth(1_234_567.5)),
            ("1e3", Loss::Eth(1_000.0)),
        ];
        for (text, expected) in cases {
            assert_eq!(Loss::read(text).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_loss_is_refused() {
        let wrong = [
            "", "much", "5 % ETH", "-5", "0", "0 %", "> 5", "<= 5 %", "1,00", ",000", "1000,000",
            "nan", "inf", "5 USD", "1,000,", "0x10",
        ];
        for text in wrong {
            let problems = Loss::read(text).expect_err(text);
            let [problem] = problems.as_slice() else { panic!("{problems}") };
            assert_eq!(problem.value.as_deref(), Some(text));
            assert!(problem.expected.contains(">= 5 %"), "{problem}");
        }
    }
}
