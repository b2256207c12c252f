//! The laws of the copulas themselves, far into their tails, against tables and closed forms.

use std::f64::consts::PI;

use slashfall_sampling::Copula;

use crate::law::student4_tail;
use crate::outcome::Check;
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 2] = [
    Problem {
        name: "normal law",
        source: "Abramowitz and Stegun 1964, tables 26.1, 26.2 and 26.5",
        is_quick: true,
        solve: normal,
    },
    Problem {
        name: "Student's law",
        source: "closed forms for 1, 2 and 4 degrees of freedom; table 26.10",
        is_quick: true,
        solve: student,
    },
];

fn normal(_: Size) -> Answer {
    let law = Copula::Gaussian;
    Ok(vec![
        Check::exact("P(Z >= 1)", 0.158_655_253_931_457_05, law.survival(1.0), 1e-14),
        Check::exact("P(Z >= 3)", 1.349_898_031_630_094_6e-3, law.survival(3.0), 1e-14),
        Check::exact("P(Z >= 6)", 9.865_876_450_376_946e-10, law.survival(6.0), 1e-13),
        Check::exact("97.5 % point", 1.959_963_984_540_054, law.upper_quantile(0.025), 1e-13),
        Check::exact("99.9 % point", 3.090_232_306_167_813_5, law.upper_quantile(0.001), 1e-13),
    ])
}

fn student(_: Size) -> Answer {
    let tail = |df: f64, x: f64| Copula::StudentT { df }.survival(x);
    let point = Copula::StudentT { df: 4.0 }.upper_quantile(0.01);
    let x = 12.5f64;
    Ok(vec![
        Check::exact("P(T >= 12.5), 1 df", (1.0 / x).atan() / PI, tail(1.0, x), 1e-11),
        // (1 - x / sqrt(2 + x^2)) / 2, without cancellation.
        Check::exact(
            "P(T >= 12.5), 2 df",
            1.0 / ((2.0 + x * x).sqrt() * ((2.0 + x * x).sqrt() + x)),
            tail(2.0, x),
            1e-11,
        ),
        Check::exact("P(T >= 2.5), 4 df", student4_tail(2.5), tail(4.0, 2.5), 1e-12),
        Check::exact("99 % point, 4 df", 3.746_947_387_979_197, point, 1e-11),
    ])
}
