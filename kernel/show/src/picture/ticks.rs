//! Where an axis has its ticks, and what stands at them.
//!
//! Steps are 1, 2 or 5 times a power of ten (Heckbert, "Nice Numbers for Graph Labels", Graphics Gems, 1990).

use plotters::coord::ranged1d::{KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;

/// Values beyond this are drawn as gaps: their differences could overflow.
pub(super) const LARGEST: f64 = 1e300;

/// Values closer to 0 than this are drawn as 0: a step between them could underflow.
const SMALLEST: f64 = 1e-290;

/// An axis: its ends in values, and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<Tick>,
    /// What every label is to be multiplied by, such as `×10⁻⁵`; empty mostly.
    pub factor: String,
    /// Decimals that tell neighbouring ticks apart, in the values' own unit.
    pub decimals: usize,
    /// How values are spread along it.
    pub spacing: Spacing,
}

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Equal differences are equally far apart.
    #[default]
    Linear,
    /// Equal ratios are.
    Logarithmic,
}

/// A tick: its value and its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub at: f64,
    pub label: String,
}

/// How a tick's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    Plain,
    /// 0.5 as `50 %`.
    Percent,
}

impl Axis {
    /// The same axis with room beyond its ends, as a share of the distance between them.
    pub(super) fn with_room(self, share: f64) -> Axis {
        match self.spacing {
            Spacing::Linear => {
                let room = (self.high - self.low) * share;
                Axis { low: self.low - room, high: self.high + room, ..self }
            }
            Spacing::Logarithmic => {
                let room = (self.high / self.low).powf(share);
                Axis { low: self.low / room, high: self.high * room, ..self }
            }
        }
    }
}

/// The axis is plotters' own, of the values or of their logarithms, with our ticks as its key points.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match self.spacing {
            Spacing::Linear => RangedCoordf64::from(self.range()).map(value, limit),
            Spacing::Logarithmic => {
                RangedCoordf64::from(self.low.log10()..self.high.log10()).map(&value.log10(), limit)
            }
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light key points would be lines between the ticks.
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks.iter().map(|tick| tick.at).collect(),
            KeyPointWeight::Any => Vec::new(),
        }
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|tick| tick.at == *value).map_or_else(String::new, |tick| tick.label.clone())
    }
}

/// The axis of measured values from `low` to `high`, about `count` ticks, whose ends are ticks or just beyond them.
pub(super) fn values(low: f64, high: f64, count: usize, labels: Labels) -> Axis {
    let (low, high) = widen(low, high, labels);
    let step = nice_step((high - low) / count.max(1) as f64);
    let first = (low / step + 1e-9).floor();
    // A curve does not lie on the line of the x axis, unless that is 0.
    let below = if first != 0.0 && low / step - first < 0.08 { 0.25 } else { 0.0 };
    let last = (high / step - 1e-9).ceil();
    let turns = ((last - first).round() as usize).min(100);
    let ticks: Vec<f64> = (0..=turns).map(|i| (first + i as f64) * step).collect();
    let largest = ticks.iter().fold(0.0f64, |most, tick| most.max(tick.abs()));
    let (unit, factor) = match labels {
        Labels::Percent => (0.01, String::new()),
        Labels::Plain => factor(largest),
    };
    let shown = decimals(step / unit);
    let label = |at: f64| match labels {
        Labels::Plain => minus(&format!("{:.shown$}", at / unit)),
        Labels::Percent => minus(&format!("{:.shown$} %", at / unit)),
    };
    Axis {
        low: (first - below) * step,
        high: (first + turns as f64) * step,
        ticks: ticks.into_iter().map(|at| Tick { at, label: label(at) }).collect(),
        factor,
        decimals: decimals(step),
        spacing: Spacing::Linear,
    }
}

/// Values whose largest is so many times their smallest are shown on a logarithmic axis.
const DECADES: f64 = 100.0;

/// The logarithmic axis of positive values from `low` to `high`, at most about `count` ticks; none where they span too
/// little for one.
pub(super) fn decades(low: f64, high: f64, count: usize) -> Option<Axis> {
    if !(low >= SMALLEST && high <= LARGEST && high / low >= DECADES) {
        return None;
    }
    let exponents = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let span = (exponents.1 - exponents.0) as usize;
    // 1, 2 and 5 times a power of ten where there is room for them, else every power, or every n-th.
    let leads: &[f64] = if span * 3 <= count + 3 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let each = span.div_ceil(count.max(1)).max(1);
    let powers = (exponents.0..=exponents.1).step_by(each);
    let all: Vec<f64> = powers.flat_map(|power| leads.iter().map(move |lead| lead * 10f64.powi(power))).collect();
    let bottom = all.iter().copied().rfind(|&at| at <= low * (1.0 + 1e-9)).unwrap_or(low);
    let top = all.iter().copied().find(|&at| at >= high * (1.0 - 1e-9)).unwrap_or(high);
    let ticks = all.into_iter().filter(|&at| at >= bottom && at <= top);
    Some(Axis {
        low: bottom,
        high: top,
        ticks: ticks.map(|at| Tick { at, label: scientific(at) }).collect(),
        factor: "log scale".to_string(),
        decimals: 0,
        spacing: Spacing::Logarithmic,
    })
}

/// `0.02`, `500`, `2×10⁻⁵`, `10⁶`: a lead of one digit times a power of ten.
fn scientific(value: f64) -> String {
    if (1e-4..1e5).contains(&value) {
        return format!("{value}");
    }
    let exponent = value.log10().floor();
    let lead = (value / 10f64.powf(exponent)).round();
    let power = format!("10{}", superscript(exponent as i64));
    if lead == 1.0 { power } else { format!("{lead}×{power}") }
}

/// The axis of whole numbers (epochs) from `low` to `high`, at most about `count` ticks, the first number among them where there is room.
pub(super) fn whole(low: f64, high: f64, count: usize) -> Axis {
    if high <= low {
        return Axis {
            low: low - 0.5,
            high: low + 0.5,
            ticks: vec![Tick { at: low, label: integer(low) }],
            factor: String::new(),
            decimals: 0,
            spacing: Spacing::Linear,
        };
    }
    let step = nice_step((high - low) / count.max(1) as f64).max(1.0);
    let first = (low / step).ceil() * step;
    let turns = (((high - first) / step).floor() as usize).min(100);
    let mut at: Vec<f64> = (0..=turns).map(|i| first + i as f64 * step).collect();
    if first - low >= 0.75 * step {
        at.insert(0, low);
    }
    let ticks = at.into_iter().map(|at| Tick { at, label: integer(at) }).collect();
    Axis { low, high, ticks, factor: String::new(), decimals: 0, spacing: Spacing::Linear }
}

/// The ends of an axis on which the values from `low` to `high` look right.
fn widen(low: f64, high: f64, labels: Labels) -> (f64, f64) {
    let largest = low.abs().max(high.abs());
    // A range too small to have labels of its own is drawn as a constant.
    if high - low <= largest * 1e-7 || largest < SMALLEST {
        let around = match labels {
            _ if largest < SMALLEST => return (0.0, 1.0),
            Labels::Percent => f64::max(0.05, largest * 0.1),
            Labels::Plain => largest * 0.1,
        };
        let top = if labels == Labels::Percent && high <= 1.0 { (high + around).min(1.0) } else { high + around };
        let bottom = if low >= 0.0 { (low - around).max(0.0) } else { low - around };
        return (bottom, top);
    }
    // Zero belongs to the picture where the values come near it.
    if low > 0.0 && low < 0.4 * high { (0.0, high) } else { (low, high) }
}

/// The least of 1, 2, 5, 10 times a power of ten that is not below `raw`.
fn nice_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = raw / power;
    let nice = [1.0, 2.0, 5.0].into_iter().find(|&nice| lead <= nice * (1.0 + 1e-9)).unwrap_or(10.0);
    nice * power
}

/// The power of ten to take out of labels whose largest value this is, and how it is written.
fn factor(largest: f64) -> (f64, String) {
    if largest == 0.0 || (1e-3..1e5).contains(&largest) {
        return (1.0, String::new());
    }
    let exponent = largest.log10().floor();
    let unit = 10f64.powf(exponent);
    if unit.is_normal() { (unit, format!("×10{}", superscript(exponent as i64))) } else { (1.0, String::new()) }
}

/// The decimals that tell neighbouring ticks apart.
fn decimals(step: f64) -> usize {
    if !step.is_normal() {
        return 0;
    }
    (-(step.log10() + 1e-9).floor()).clamp(0.0, 12.0) as usize
}

fn integer(value: f64) -> String {
    minus(&format!("{value:.0}"))
}

/// A printed number with the sign that printers use; `-0` has none.
pub(super) fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().any(|c| c.is_ascii_digit() && c != '0') => format!("−{digits}"),
        Some(digits) => digits.to_string(),
        None => text.to_string(),
    }
}

pub(super) fn superscript(number: i64) -> String {
    number
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(0x2070 + (digit as u32 - '0' as u32)).unwrap_or(digit),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn values_step_by_nice_numbers() {
        assert_eq!(labels(&values(0.02, 2.31, 5, Labels::Plain)), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(
            labels(&values(0.91, 0.9861, 5, Labels::Percent)),
            ["90 %", "92 %", "94 %", "96 %", "98 %", "100 %"]
        );
        assert_eq!(labels(&values(0.0, 0.3, 3, Labels::Plain)), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(&values(-1.0, 1.0, 4, Labels::Plain)), ["−1.0", "−0.5", "0.0", "0.5", "1.0"]);
    }

    #[test]
    fn large_and_small_values_share_a_factor() {
        let axis = values(1.2e-5, 4.9e-5, 5, Labels::Plain);
        assert_eq!(axis.factor, "×10⁻⁵");
        assert_eq!(labels(&axis), ["0", "1", "2", "3", "4", "5"]);
        let axis = values(0.0, 3.1e12, 4, Labels::Plain);
        assert_eq!((axis.factor.as_str(), axis.ticks[0].label.as_str()), ("×10¹²", "0"));
    }

    #[test]
    fn constants_have_room_around_them() {
        let axis = values(2.302, 2.302, 5, Labels::Plain);
        assert!(axis.low < 2.302 && 2.302 < axis.high, "{axis:?}");
        assert_eq!(values(1.0, 1.0, 5, Labels::Percent).high, 1.0);
        assert_eq!((values(0.0, 0.0, 5, Labels::Plain).low, values(0.0, 0.0, 5, Labels::Plain).high), (0.0, 1.0));
    }

    #[test]
    fn epochs_are_whole() {
        assert_eq!(labels(&whole(1.0, 1.0, 8)), ["1"]);
        assert_eq!(labels(&whole(1.0, 2.0, 8)), ["1", "2"]);
        assert_eq!(labels(&whole(1.0, 10.0, 9)), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
        assert_eq!(labels(&whole(1.0, 300.0, 8)), ["1", "50", "100", "150", "200", "250", "300"]);
    }

    #[test]
    fn values_that_span_decades_have_a_logarithmic_axis() {
        assert_eq!(decades(0.03, 2.31, 6), None, "linear, as it spans less than two decades");
        assert_eq!(decades(0.0, 2.31, 6), None);
        assert_eq!(decades(-1.0, 200.0, 6), None);
        let axis = decades(0.0123, 2.31, 9).unwrap();
        assert_eq!(labels(&axis), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5"]);
        assert_eq!((axis.low, axis.high, axis.spacing), (0.01, 5.0, Spacing::Logarithmic));
        assert_eq!(labels(&decades(3e-7, 2.0, 6).unwrap()), ["10⁻⁷", "10⁻⁵", "0.001", "0.1", "10"]);
        // Equal ratios are equally far apart.
        let at = |value: f64| axis.map(&value, (0, 10_000));
        assert!(((at(0.1) - at(0.01)) - (at(1.0) - at(0.1))).abs() <= 1, "{} {} {}", at(0.01), at(0.1), at(1.0));
        assert_eq!(at(5.0), 10_000);
    }

    #[test]
    fn no_range_of_numbers_panics() {
        let extremes = [0.0, 5e-324, 1e-310, 1e-30, 0.1, 1.0, 1e30, 1e300, -1e300, -1.0];
        for low in extremes {
            for high in extremes.into_iter().filter(|&high| high >= low) {
                for kind in [Labels::Plain, Labels::Percent] {
                    let axis = values(low, high, 5, kind);
                    assert!(!axis.ticks.is_empty() && axis.high > axis.low, "{low} to {high}: {axis:?}");
                }
                assert!(!whole(low, high, 5).ticks.is_empty());
                assert!(decades(low, high, 5).is_none_or(|axis| axis.ticks.len() > 1 && axis.high > axis.low));
            }
        }
    }
}
