//! A transposed convolution: every number puts the filter down, and how often each position is written, beside a map that is
//! made larger first and convolved then.

use fovea_graph::Tensor;

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::palette::Theme;
use super::scale::Scale;
use super::sheet::draw_heading;
use super::{Error, Picture, Result};
use crate::display::{Transposed, number};

/// Maps of more rows or columns are drawn without numbers, and their steps not at all.
const MOST_CELLS: usize = 12;
/// So many steps are drawn.
const STEPS: usize = 9;

// Distances in pixels.

const EDGE: f64 = 24.0;
const TOP: f64 = 52.0;
const WIDE: f64 = 680.0;
const GAP: f64 = 40.0;
const CAPTION: f64 = 20.0;
/// The longest side of a map, and of a step.
const SIDE: f64 = 190.0;
const SMALL: f64 = 92.0;
const TEXT: f64 = 12.0;

/// A map on the sheet.
struct Panel {
    caption: String,
    map: Tensor,
    /// The longest side.
    most: f64,
    /// What is outlined: rows and columns from and to, the end excluded.
    outlined: Option<[[usize; 2]; 2]>,
}

/// The map, the filter, what comes of them and how often each position is written; the other way below; then the steps.
///
/// Fails with [`Error::Empty`] where a map has no numbers.
pub fn transposed(title: &str, what: &Transposed<'_>, theme: Theme) -> Result<Picture> {
    if [what.image, what.filter, what.result].iter().any(|map| map.is_empty()) {
        return Err(Error::Empty { what: "a map, a filter or a result without numbers" });
    }
    let panel = |caption: String, map: &Tensor| Panel { caption, map: map.clone(), most: SIDE, outlined: None };
    let size = |map: &Tensor| format!("{}×{}", map.shape()[0], map.shape()[1]);
    let other = &what.resized;
    let rows = [
        vec![
            panel(format!("map {}", size(what.image)), what.image),
            panel(format!("filter {}", size(what.filter)), what.filter),
            panel(format!("deconv: result {}", size(what.result)), what.result),
        ],
        vec![
            panel("deconv: how often each is written".into(), &what.written()),
            panel("upsample, conv: how many products each sums".into(), &what.summed()),
        ],
        vec![
            panel(format!("upsample: {}", size(other.larger)), other.larger),
            panel(format!("upsample, conv: result {}", size(other.result)), other.result),
        ],
        steps(what),
    ];
    let lines: Vec<Vec<&Panel>> = rows.iter().flat_map(|row| lines(row)).collect();
    let tall: f64 =
        lines.iter().map(|line| line.iter().map(|panel| panel.height()).fold(0.0, f64::max) + GAP / 2.0).sum();
    let mut canvas = Canvas::new(WIDE + 2.0 * EDGE, TOP + tall + 24.0, theme);
    draw_heading(&mut canvas, title, EDGE, WIDE);
    let mut y = TOP;
    for line in &lines {
        let mut x = EDGE;
        for panel in line {
            panel.draw(&mut canvas, (x, y))?;
            x += panel.width() + GAP;
        }
        y += line.iter().map(|panel| panel.height()).fold(0.0, f64::max) + GAP / 2.0;
    }
    let verdict = what.verdict();
    let look =
        Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: canvas.palette.ink, turn: 0.0 };
    canvas.text(EDGE, y + 2.0, &font::elide(&verdict, WIDE, TEXT, look.weight), look);
    canvas.finish("deconv", format!("{title}. {verdict}."))
}

/// The result as it grows, the filter's last place outlined.
fn steps(what: &Transposed<'_>) -> Vec<Panel> {
    let count = what.image.len();
    let longest = what.result.shape()[0].max(what.result.shape()[1]);
    if count > STEPS || longest > MOST_CELLS {
        return Vec::new();
    }
    let columns = what.image.shape()[1];
    let step = |step: usize| {
        let position = [step / columns, step % columns];
        let (rows, wide) = (what.filter.shape()[0], what.filter.shape()[1]);
        let written = (0..rows).flat_map(|y| (0..wide).map(move |x| [y, x]));
        let written: Vec<[usize; 2]> = written.filter_map(|element| what.written_at(position, element)).collect();
        let end = |axis: usize, take: fn(usize, usize) -> usize| written.iter().map(|at| at[axis]).reduce(take);
        let outlined = end(0, usize::min).zip(end(1, usize::min)).zip(end(0, usize::max).zip(end(1, usize::max)));
        let outlined = outlined.map(|((y, x), (last_y, last_x))| [[y, x], [last_y + 1, last_x + 1]]);
        let value = number::short(what.image[[position[0], position[1], 0]].into());
        Panel {
            caption: format!("step {}: {value} × filter", step + 1),
            map: what.after(step + 1),
            most: SMALL,
            outlined,
        }
    };
    (0..count).map(step).collect()
}

/// Panels in lines that the sheet is wide enough for.
fn lines(row: &[Panel]) -> Vec<Vec<&Panel>> {
    let mut lines: Vec<Vec<&Panel>> = Vec::new();
    let mut room = 0.0;
    for panel in row {
        let wide = panel.width() + GAP;
        match lines.last_mut() {
            Some(line) if wide - GAP <= room => line.push(panel),
            _ => {
                lines.push(vec![panel]);
                room = WIDE;
            }
        }
        room -= wide;
    }
    lines
}

impl Panel {
    fn extent(&self) -> [usize; 2] {
        [self.map.shape()[0], self.map.shape()[1]]
    }

    /// The side of a cell.
    fn side(&self) -> f64 {
        let longest = self.extent()[0].max(self.extent()[1]) as f64;
        let side = self.most / longest;
        if side >= 1.0 { side.floor().min(34.0) } else { side }
    }

    fn width(&self) -> f64 {
        (self.extent()[1] as f64 * self.side()).max(font::width(&self.caption, TEXT, Weight::Regular))
    }

    fn height(&self) -> f64 {
        CAPTION + self.extent()[0] as f64 * self.side()
    }

    /// The numbers on their colours.
    fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64)) -> Result<()> {
        let (palette, side, [rows, columns]) = (canvas.palette, self.side(), self.extent());
        let muted =
            Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
        canvas.text(x, y + 6.0, &self.caption, muted);
        let rect = Rect { x, y: y + CAPTION, width: columns as f64 * side, height: rows as f64 * side };
        let scale = Scale::of(self.map.iter().map(|&value| value.into()));
        let values: Vec<f32> = self.map.iter().copied().collect();
        canvas.image(
            rect,
            &scale.image(rows, columns, &values, palette)?,
            [palette.paper, palette.ink],
            &self.caption,
        )?;
        canvas.frame(rect, 0.0, Stroke { color: palette.axis, width: 1.0 });
        let text = |value: f32| number::short(value.into()).replace('-', "−");
        let longest = values.iter().map(|&value| text(value).chars().count()).max().unwrap_or(1);
        let size = (side * 0.42).min(side * 1.45 / longest as f64);
        if size >= 6.0 && rows.max(columns) <= MOST_CELLS {
            for (at, &value) in values.iter().enumerate() {
                let color = scale.ink(value.into(), palette);
                let look = Text { size, anchor: Anchor::Middle, color, ..muted };
                let (row, column) = (at / columns, at % columns);
                canvas.text(
                    rect.x + (column as f64 + 0.5) * side,
                    rect.y + (row as f64 + 0.5) * side,
                    &text(value),
                    look,
                );
            }
        }
        if let Some([from, to]) = self.outlined {
            let outline = Rect {
                x: rect.x + from[1] as f64 * side,
                y: rect.y + from[0] as f64 * side,
                width: (to[1] - from[1]) as f64 * side,
                height: (to[0] - from[0]) as f64 * side,
            };
            canvas.frame(outline, 1.0, Stroke { color: palette.series[0], width: 2.0 });
        }
        Ok(())
    }
}
