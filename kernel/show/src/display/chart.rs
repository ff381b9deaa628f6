//! Bars and small charts from the characters of a terminal.

use super::number;
use super::table::{Align, clean, cut, pad};
use unicode_width::UnicodeWidthStr;

/// A bar of block characters, as long as a share (0–1) of `width` columns, to an eighth of a column. What is more than 0 shows.
pub fn bar(share: f64, width: usize) -> String {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let mut eighths = (share * width as f64 * 8.0).round() as usize;
    if share > 0.0 && width > 0 {
        eighths = eighths.max(1);
    }
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(PARTS[eighths % 8]);
    }
    bar
}

/// A line of values in one row of `width` characters at most, low to high: `█▆▄▃▂▁`. What is not finite is a space.
pub fn sparkline(values: &[f64], width: usize) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (low, high) = range(values.iter().copied());
    let level = |value: f64| match () {
        _ if !value.is_finite() => ' ',
        _ if high <= low => LEVELS[3],
        _ => LEVELS[(share(value, low, high) * 7.0).round() as usize],
    };
    let groups = values.len().min(width);
    let group = |i: usize| &values[i * values.len() / groups..(i + 1) * values.len() / groups];
    let mean = |group: &[f64]| {
        let finite: Vec<f64> = group.iter().copied().filter(|value| value.is_finite()).collect();
        if finite.is_empty() { f64::NAN } else { finite.iter().map(|value| value / finite.len() as f64).sum() }
    };
    (0..groups).map(|i| level(mean(group(i)))).collect()
}

/// A curve of a [`chart`].
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its name.
    pub label: String,
    /// Its points. What is not finite is left out.
    pub points: Vec<(f64, f64)>,
}

/// The strokes that tell curves apart where there are no colours: so many dots, then so many left out.
const STROKES: [(usize, usize); 4] = [(1, 0), (1, 2), (6, 4), (2, 4)];

/// Curves in dots of braille, for terminals that show no pictures, each in a stroke of its own; `width` × `height` characters for the
/// curves themselves, beside them the values as `show` writes them, below them the ends of x, above them the strokes and the last values.
/// Empty where there is nothing finite.
pub fn chart(curves: &[Curve], show: fn(f64) -> String, width: usize, height: usize) -> String {
    let (width, height) = (width.clamp(8, 400), height.clamp(2, 100));
    let finite = |curve: &Curve| -> Vec<(f64, f64)> {
        curve.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
    };
    let drawn: Vec<Vec<(f64, f64)>> = curves.iter().map(finite).collect();
    if drawn.iter().all(Vec::is_empty) {
        return String::new();
    }
    let (left, right) = range(drawn.iter().flatten().map(|point| point.0));
    let (low, high) = range(drawn.iter().flatten().map(|point| point.1));
    let mut dots = Dots::new(width, height);
    for (points, stroke) in drawn.iter().zip(STROKES.iter().cycle()) {
        let place = |(x, y): (f64, f64)| (share(x, left, right), 1.0 - share(y, low, high));
        dots.curve(&points.iter().map(|&point| place(point)).collect::<Vec<_>>(), *stroke);
    }
    let labels = [show(high), show(low)];
    let margin = labels.iter().map(|label| label.width()).max().unwrap_or(0);
    let mut lines = Vec::new();
    let legend = curves.iter().zip(&drawn).zip(STROKES.iter().cycle()).filter_map(|((curve, points), stroke)| {
        Some(format!("{} {} {}", sample(*stroke), cut(&clean(&curve.label), 40), show(points.last()?.1)))
    });
    let legend: Vec<String> = legend.collect();
    // One below the other, where they do not stand in the curves' own width.
    let (joined, begin) = (legend.join("   "), " ".repeat(margin + 2));
    let legend = if joined.width() <= width.max(40) { vec![joined] } else { legend };
    lines.extend(legend.iter().map(|curve| format!("{begin}{curve}")));
    for (row, text) in dots.rows().into_iter().enumerate() {
        let label = match row {
            0 => labels[0].as_str(),
            _ if row + 1 == height => labels[1].as_str(),
            _ => "",
        };
        lines.push(format!("{} ┤{text}", pad(label, margin, Align::Right)).trim_end().to_string());
    }
    lines.push(format!("{}  {}", " ".repeat(margin), ends(left, right, width)));
    lines.join("\n")
}

/// A short piece of a stroke.
fn sample(stroke: (usize, usize)) -> String {
    let mut dots = Dots::new(4, 1);
    dots.curve(&[(0.0, 0.5), (1.0, 0.5)], stroke);
    dots.rows().concat()
}

/// What stands below a chart: the ends of x, or the only x in the middle.
fn ends(left: f64, right: f64, width: usize) -> String {
    let (first, last) = (axis_end(left), axis_end(right));
    if left == right {
        return pad(&first, width / 2 + first.width(), Align::Right);
    }
    let between = width.saturating_sub(first.width());
    format!("{first}{}", pad(&last, between, Align::Right))
}

/// The end of the x axis: a whole number where it is one.
fn axis_end(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e9 { format!("{x:.0}") } else { number::figure(x) }
}

/// The least and the largest finite value; 0 and 0 where there is none.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let range = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if range.0 <= range.1 { range } else { (0.0, 0.0) }
}

/// Where a value lies between two others, 0–1; a half where they are the same. Halved first, so that no difference overflows.
fn share(value: f64, low: f64, high: f64) -> f64 {
    if high > low { ((value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)).clamp(0.0, 1.0) } else { 0.5 }
}

/// A field of braille dots: two columns and four rows of them a character.
struct Dots {
    width: usize,
    height: usize,
    cells: Vec<u8>,
}

impl Dots {
    fn new(width: usize, height: usize) -> Self {
        Dots { width, height, cells: vec![0; width * height] }
    }

    /// Sets the dots along a line through points given as shares of the field, so many in a row and then so many not.
    fn curve(&mut self, points: &[(f64, f64)], (on, off): (usize, usize)) {
        let (mut passed, mut last) = (0, None);
        let (across, down) = ((self.width * 2 - 1) as f64, (self.height * 4 - 1) as f64);
        let place = |(x, y): (f64, f64)| (x * across, y * down);
        if let [only] = points {
            self.set(place(*only));
        }
        for pair in points.windows(2) {
            let (from, to) = (place(pair[0]), place(pair[1]));
            let steps = (to.0 - from.0).abs().max((to.1 - from.1).abs()).ceil().max(1.0);
            for step in 0..=steps as usize {
                let share = step as f64 / steps;
                let dot = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
                let place = Some((dot.0.round() as i64, dot.1.round() as i64));
                passed += usize::from(last.is_some() && last != place);
                last = place;
                if passed % (on + off) < on {
                    self.set(dot);
                }
            }
        }
    }

    fn set(&mut self, (x, y): (f64, f64)) {
        // Unicode numbers the dots of a cell down its left side, then its right, with the fourth row added later.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (x, y) = (x.round() as usize, y.round() as usize);
        if let Some(cell) = self.cells.get_mut(y / 4 * self.width + x / 2) {
            *cell |= BITS[y % 4][x % 2];
        }
    }

    fn rows(&self) -> Vec<String> {
        let cell = |&bits: &u8| match bits {
            0 => ' ',
            _ => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
        };
        self.cells.chunks(self.width).map(|row| row.iter().map(cell).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_eighths() {
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(1e-9, 10), "▏");
        assert_eq!(bar(0.0, 10), "");
        assert_eq!(bar(f64::NAN, 10), "");
        assert_eq!(bar(7.0, 2), "██");
    }

    #[test]
    fn sparklines_fall_and_have_gaps() {
        assert_eq!(sparkline(&[7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 20), "█▇▆▅▄▃▂▁");
        assert_eq!(sparkline(&[1.0, f64::NAN, 0.0], 20), "█ ▁");
        assert_eq!(sparkline(&[2.0, 2.0], 20), "▄▄");
        assert_eq!(sparkline(&[4.0, 4.0, 0.0, 0.0], 2), "█▁");
        assert_eq!(sparkline(&[], 20), "");
    }

    #[test]
    fn a_chart_falls_from_the_upper_left() {
        let curve = Curve { label: "train".into(), points: vec![(1.0, 2.0), (2.0, 1.0)] };
        // 16 × 8 dots; the line falls one dot in two.
        let drawn = chart(&[curve], number::figure, 8, 2);
        assert_eq!(drawn, "       ⠤⠤⠤⠤ train 1.000\n2.000 ┤⠉⠒⠤⣀\n1.000 ┤    ⠉⠒⠤⣀\n       1      2");
    }

    #[test]
    fn curves_are_told_apart_by_their_strokes() {
        let curve =
            |label: &str, height: f64| Curve { label: label.into(), points: vec![(1.0, height), (9.0, height)] };
        let drawn = chart(&[curve("train", 0.975), curve("test", 0.5)], number::percent, 8, 2);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0].trim(), "⠤⠤⠤⠤ train 97.5 %   ⠄⠠ ⠄ test 50.0 %");
        assert!(lines[1].contains("97.5 % ┤⠉⠉⠉⠉⠉⠉⠉⠉"), "{drawn}");
        assert!(lines[2].contains("50.0 % ┤⡀⢀ ⡀⢀ ⡀⢀"), "{drawn}");
    }

    #[test]
    fn a_chart_of_extremes_does_not_panic() {
        let points = vec![(1.0, f64::MAX), (2.0, f64::MIN), (3.0, f64::NAN), (f64::INFINITY, 1.0)];
        assert!(!chart(&[Curve { label: "x".into(), points }], number::figure, 1, 1).is_empty());
        assert_eq!(chart(&[], number::figure, 40, 8), "");
    }
}
