//! The labels at the curves' ends: name and last value, in the curve's colour, in place of a legend.

use super::backend::{lettering, pixels, units};
use super::chart::{Area, BESIDE, Chart, Drawn, LABEL, Style, is_drawn};
use super::curves::{Series, SeriesKind, Unit};
use super::font::{self, Weight};
use super::palette::{Color, Palette};
use super::ticks::{self, Axis, Spacing};
use crate::display::number;
use plotters::style::text_anchor::HPos;

/// What stands at a curve's end.
pub(super) struct End {
    pub text: String,
    /// The last point, in values.
    pub at: (f64, f64),
}

/// The label and last value of a curve, where it has one.
pub(super) fn label(series: &Series, unit: Unit, axis: &Axis) -> Option<End> {
    if series.kind == SeriesKind::Dots {
        return None;
    }
    let at = *series.points.iter().rfind(|point| is_drawn(point))?;
    let value = match unit {
        Unit::Plain | Unit::Even => figure(at.1, axis),
        Unit::Percent => number::percent(at.1),
    };
    let label = font::elide(&series.label, 150.0, LABEL, Weight::SemiBold);
    Some(End { text: if label.is_empty() { value } else { format!("{label} {value}") }, at })
}

/// A value in four digits, or in as many more as it takes to tell it from the axis's neighbouring ticks.
fn figure(value: f64, axis: &Axis) -> String {
    let text = number::figure(value);
    if let Some((digits, exponent)) = text.split_once('e') {
        let exponent = exponent.parse().map_or_else(|_| exponent.to_string(), ticks::superscript);
        return ticks::minus(&format!("{digits}×10{exponent}"));
    }
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if axis.spacing == Spacing::Linear && decimals <= axis.decimals {
        ticks::minus(&format!("{value:.*}", axis.decimals + 1))
    } else {
        ticks::minus(&text)
    }
}

/// Labels at the curves' ends, pushed apart where they would touch; those for which there is no room are counted.
pub(super) fn draw(
    area: &Area<'_>,
    chart: &Chart<'_>,
    ends: &[Option<End>],
    styles: &[Style],
    palette: &Palette,
) -> Drawn {
    let gap = LABEL + 4.0;
    let (across, down) = chart.plotting_area().get_pixel_range();
    let (top, bottom) = (pixels(down.start), pixels(down.end));
    let mut labels: Vec<(f64, &End, Color)> = ends
        .iter()
        .zip(styles)
        .filter_map(|(end, style)| end.as_ref().map(|end| (pixels(chart.backend_coord(&end.at).1), end, style.color)))
        .collect();
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let room = ((bottom - top) / gap) as usize;
    let left_out = labels.len().saturating_sub(room);
    labels.truncate(room);
    let places = spread(&labels.iter().map(|label| label.0).collect::<Vec<_>>(), gap, top, bottom);
    let (left, above) = area.get_base_pixel();
    let write = |y, text: &str, color| {
        let look = lettering(LABEL, Weight::SemiBold, color, HPos::Left);
        area.draw_text(text, &look, (across.end + units(BESIDE) - left, units(y) - above))
    };
    for ((_, end, color), y) in labels.into_iter().zip(places) {
        write(y, &end.text, palette.text(color))?;
    }
    if left_out > 0 {
        write(bottom + 15.0, &format!("and {left_out} more"), palette.muted)?;
    }
    Ok(())
}

/// Places as near the wanted ones (ascending) as a gap between them allows, from `low` to `high` where they fit.
fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    // Groups that touch are centred on the mean of what they want, and merge with the group above while they overlap.
    let mut groups: Vec<(f64, usize)> = Vec::new();
    for &place in wanted {
        groups.push((place, 1));
        while let [.., (above, above_count), (below, below_count)] = groups[..] {
            let needed = (above_count + below_count) as f64 / 2.0 * gap;
            if below - above >= needed {
                break;
            }
            let count = above_count + below_count;
            let mean = (above * above_count as f64 + below * below_count as f64) / count as f64;
            let half = (count - 1) as f64 / 2.0 * gap;
            groups.truncate(groups.len() - 2);
            groups.push((mean.min(high - half).max(low + half), count));
        }
    }
    let start =
        |&(middle, count): &(f64, usize)| (0..count).map(move |i| middle + (i as f64 - (count - 1) as f64 / 2.0) * gap);
    groups.iter().flat_map(start).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_pushed_apart_and_stay_inside() {
        assert_eq!(spread(&[10.0, 50.0], 16.0, 0.0, 100.0), [10.0, 50.0]);
        assert_eq!(spread(&[50.0, 50.0], 16.0, 0.0, 100.0), [42.0, 58.0]);
        assert_eq!(spread(&[100.0, 100.0], 16.0, 0.0, 100.0), [84.0, 100.0]);
    }
}
