//! Small maps on a sheet, their numbers in their cells.

use fovea_graph::Tensor;

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::palette::Theme;
use super::scale::Scale;
use super::sheet::draw_heading;
use super::{Picture, Result};
use crate::display::number;

/// Maps of more rows or columns are drawn without numbers.
pub const MOST_CELLS: usize = 12;

// Distances in pixels.

const EDGE: f64 = 24.0;
const TOP: f64 = 52.0;
const WIDE: f64 = 680.0;
const GAP: f64 = 40.0;
const CAPTION: f64 = 20.0;
const TEXT: f64 = 12.0;

/// A map on the sheet.
pub struct SmallMap {
    pub caption: String,
    /// `[rows, columns, 1]`
    pub map: Tensor,
    /// The longest side.
    pub most: f64,
    /// What is outlined: rows and columns from and to, the end excluded.
    pub outlined: Vec<[[usize; 2]; 2]>,
}

/// Maps row by row, each row in as many lines as it needs, and a sentence below.
pub fn draw_small_maps(
    (kind, title): (&str, &str),
    rows: &[Vec<SmallMap>],
    verdict: &str,
    theme: Theme,
) -> Result<Picture> {
    let lines: Vec<Vec<&SmallMap>> = rows.iter().flat_map(|row| lines(row)).collect();
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
    let look =
        Text { size: TEXT, weight: Weight::Regular, anchor: Anchor::Start, color: canvas.palette.ink, turn: 0.0 };
    canvas.text(EDGE, y + 2.0, &font::elide(verdict, WIDE, TEXT, look.weight), look);
    canvas.finish(kind, format!("{title}. {verdict}."))
}

/// Maps in lines that the sheet is wide enough for.
fn lines(row: &[SmallMap]) -> Vec<Vec<&SmallMap>> {
    let mut lines: Vec<Vec<&SmallMap>> = Vec::new();
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

impl SmallMap {
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
        for [from, to] in &self.outlined {
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
