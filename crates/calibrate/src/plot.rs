//! A fit that nobody has looked at is no fit: what was observed against what was fitted, as SVG.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use crate::noise::NoiseFit;
use crate::pools::PoolFit;

type Drawn = Result<(), Box<dyn std::error::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const SIZE: (u32, u32) = (960, 820);
const INK: RGBColor = RGBColor(31, 41, 55);
const OBSERVED: RGBColor = RGBColor(37, 99, 235);
const FITTED: RGBColor = RGBColor(220, 38, 38);
const BAND: RGBColor = RGBColor(203, 213, 225);

/// Discounts by day with the band of the ordinary and the panic; below, quantiles of the residuals
/// against those of the normal law.
pub(crate) fn noise(fit: &NoiseFit) -> Result<String, Box<dyn std::error::Error>> {
    drawn(|root| {
        let (upper, lower) = root.split_vertically(440);
        discounts(&upper, fit)?;
        quantiles(&lower, &fit.standardised)
    })
}

/// Price by amount: quotes and the fitted pool.
pub(crate) fn pool(fit: &PoolFit) -> Result<String, Box<dyn std::error::Error>> {
    drawn(|root| {
        let (upper, lower) = root.split_vertically(440);
        prices(&upper, fit)?;
        leftovers(&lower, fit)
    })
}

fn drawn(draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        draw(&root)?;
        root.present()?;
    }
    Ok(svg)
}

fn discounts(area: &Area<'_>, fit: &NoiseFit) -> Drawn {
    let percent: Vec<f64> = fit.discounts.iter().map(|d| 100.0 * d).collect();
    let (low, high) = range(&percent);
    let first = fit.days[0];
    let days = percent.len() as f64;
    let caption = format!("{}: discount to nav, {} to {}", fit.asset, fit.days[0], fit.days[1]);
    let mut chart = frame(area, &caption, 0.0..days, low..high)?;
    let label = |day: &f64| {
        let days = first.iter_days();
        days.step_by(1).nth(whole(*day)).map_or_else(String::new, |day| day.to_string())
    };
    chart
        .configure_mesh()
        .x_desc("day")
        .y_desc("discount, % of nav")
        .x_labels(7)
        .x_label_formatter(&label)
        .light_line_style(WHITE)
        .draw()?;
    let phi = (-fit.kappa_raw).exp();
    let half = 196.0 * fit.sigma_daily.value / (1.0 - phi * phi).sqrt();
    let panic = || fit.panic.iter().enumerate().map(|(t, j)| (t as f64, 100.0 * j));
    let upper = panic().map(|(t, j)| (t, j + half));
    let lower = panic().map(|(t, j)| (t, j - half));
    let band: Vec<(f64, f64)> = upper.chain(lower.collect::<Vec<_>>().into_iter().rev()).collect();
    chart
        .draw_series(std::iter::once(Polygon::new(band, BAND.mix(0.7))))?
        .label("fitted: panic and 95 % of the ordinary")
        .legend(|(x, y)| Rectangle::new([(x, y - 4), (x + 16, y + 4)], BAND.filled()));
    let line = percent.iter().enumerate().map(|(t, d)| (t as f64, *d));
    chart
        .draw_series(LineSeries::new(line, OBSERVED))?
        .label("observed")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], OBSERVED));
    let events = fit.depeg.starts.iter().map(|&t| Circle::new((t as f64, percent[t]), 4, FITTED));
    chart
        .draw_series(events)?
        .label("a panic begins")
        .legend(|(x, y)| Circle::new((x + 8, y), 4, FITTED));
    legend(&mut chart)
}

fn quantiles(area: &Area<'_>, standardised: &[f64]) -> Drawn {
    use statrs::distribution::{ContinuousCDF, Normal};
    let mut sorted = standardised.to_vec();
    sorted.sort_by(f64::total_cmp);
    let normal = Normal::standard();
    let n = sorted.len() as f64;
    let points: Vec<(f64, f64)> = sorted
        .iter()
        .enumerate()
        .map(|(i, z)| (normal.inverse_cdf((i as f64 + 0.5) / n), *z))
        .collect();
    let (low, high) = range(&sorted);
    let mut chart = frame(area, "residuals against the normal law", -4.0..4.0, low..high)?;
    chart
        .configure_mesh()
        .x_desc("normal quantile")
        .y_desc("residual over sigma_daily")
        .light_line_style(WHITE)
        .draw()?;
    chart
        .draw_series(LineSeries::new([(-4.0, -4.0), (4.0, 4.0)], FITTED))?
        .label("the law")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], FITTED));
    chart
        .draw_series(points.iter().map(|at| Circle::new(*at, 2, OBSERVED.filled())))?
        .label("observed")
        .legend(|(x, y)| Circle::new((x + 8, y), 2, OBSERVED.filled()));
    legend(&mut chart)
}

fn prices(area: &Area<'_>, fit: &PoolFit) -> Drawn {
    let (amounts, low, high) = amounts_and_prices(fit);
    let caption = format!("{}: ETH for an ETH of nav, by amount", fit.row.pool);
    let mut chart = frame(area, &caption, amounts.log_scale(), low..high)?;
    chart
        .configure_mesh()
        .x_desc("amount in, ETH")
        .y_desc("out over in")
        .light_line_style(WHITE)
        .draw()?;
    let quotes = fit.quotes.iter().map(|q| (q.in_eth, q.out_eth / q.in_eth));
    chart
        .draw_series(quotes.map(|at| Circle::new(at, 2, OBSERVED.filled())))?
        .label("quotes")
        .legend(|(x, y)| Circle::new((x + 8, y), 2, OBSERVED.filled()));
    for (sells, name) in [(true, "fitted, asset sold"), (false, "fitted, asset bought")] {
        let mut of_side: Vec<(f64, f64)> = fit
            .quotes
            .iter()
            .filter(|q| q.sells == sells)
            .map(|q| (q.in_eth, q.fitted_out_eth / q.in_eth))
            .collect();
        of_side.sort_by(|a, b| a.0.total_cmp(&b.0));
        if !of_side.is_empty() {
            let colour = if sells { FITTED } else { INK };
            chart
                .draw_series(LineSeries::new(of_side, colour))?
                .label(name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour));
        }
    }
    legend(&mut chart)
}

fn leftovers(area: &Area<'_>, fit: &PoolFit) -> Drawn {
    let (amounts, ..) = amounts_and_prices(fit);
    let percent = |q: &crate::pools::FittedQuote| 100.0 * (q.out_eth / q.fitted_out_eth).ln();
    let residuals: Vec<f64> = fit.quotes.iter().map(percent).collect();
    let (low, high) = range(&residuals);
    let mut chart = frame(area, "quotes less fit", amounts.log_scale(), low..high)?;
    chart
        .configure_mesh()
        .x_desc("amount in, ETH")
        .y_desc("quote over fit less 1, %")
        .light_line_style(WHITE)
        .draw()?;
    let points = fit.quotes.iter().map(|q| (q.in_eth, percent(q)));
    chart.draw_series(points.map(|at| Circle::new(at, 2, OBSERVED.filled())))?;
    Ok(())
}

fn amounts_and_prices(fit: &PoolFit) -> (std::ops::Range<f64>, f64, f64) {
    let amounts = fit.quotes.iter().map(|q| q.in_eth);
    let least = amounts.clone().fold(f64::INFINITY, f64::min);
    let most = amounts.fold(0.0, f64::max);
    let both = fit.quotes.iter().flat_map(|q| [q.out_eth / q.in_eth, q.fitted_out_eth / q.in_eth]);
    let (low, high) = range(&both.collect::<Vec<_>>());
    (0.8 * least..1.2 * most, low, high)
}

type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

fn frame<'a, 'b, X, Y>(
    area: &Area<'b>,
    caption: &str,
    x: X,
    y: Y,
) -> Result<Chart<'a, 'b, X::CoordDescType, Y::CoordDescType>, Box<dyn std::error::Error>>
where
    X: AsRangedCoord,
    Y: AsRangedCoord,
    X::CoordDescType: ValueFormatter<X::Value>,
    Y::CoordDescType: ValueFormatter<Y::Value>,
{
    Ok(ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(x, y)?)
}

fn legend<'a, 'b: 'a, X, Y>(chart: &mut Chart<'a, 'b, X, Y>) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BAND)
        .draw()?;
    Ok(())
}

/// Least and most, with room around them.
fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = (0.06 * (high - low)).max(1e-9 * high.abs()).max(f64::MIN_POSITIVE);
    (low - room, high + room)
}

/// A place on an axis of days as a number of days.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "axes start at 0")]
fn whole(day: f64) -> usize {
    day.max(0.0).round() as usize
}
