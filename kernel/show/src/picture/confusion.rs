//! The confusion matrix: what each class was taken for.

use super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::font::{self, Weight};
use super::image::Image;
use super::palette::{Color, Palette, Theme};
use super::{Error, Picture, Result};
use crate::display::number;

const LABEL: f64 = 12.0;
/// With more classes than this the cells carry no counts, and the sheet no names.
const MOST_NAMED: usize = 50;
const EDGE: f64 = 22.0;
/// Counts are not written smaller than this, in pixels, where cells can grow instead.
const SMALLEST_COUNT: f64 = 8.0;
/// The widest room for a class's name.
const LONGEST_NAME: f64 = 220.0;

/// A confusion matrix: a row a true class, a column a predicted one; `matrix[truth][predicted]` counts samples. Right answers are blue,
/// mistakes orange, each the stronger the larger its share of the row. At the right is the share of each row that is right (the recall).
///
/// Fails where the matrix is not square with a row a class, or empty.
pub fn confusion(title: &str, matrix: &[Vec<u64>], classes: &[String], theme: Theme) -> Result<Picture> {
    check(matrix, classes)?;
    let layout = Layout::new(matrix, classes);
    let mut canvas = Canvas::new(layout.width(title), layout.height(), theme);
    let ink = canvas.palette.ink;
    let heading = Text { size: 15.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: ink, turn: 0.0 };
    let room = layout.width(title) - 2.0 * EDGE;
    canvas.text(EDGE, 25.0, &font::elide(title, room, heading.size, heading.weight), heading);
    draw_cells(&mut canvas, matrix, &layout)?;
    draw_labels(&mut canvas, matrix, classes, &layout);
    canvas.finish("confusion", alt(matrix, classes))
}

fn check(matrix: &[Vec<u64>], classes: &[String]) -> Result<()> {
    if classes.is_empty() {
        return Err(Error::Empty { what: "no classes" });
    }
    let short = matrix.iter().enumerate().find(|(_, row)| row.len() != classes.len());
    let differs = match short {
        Some((row, counts)) => Some((row, counts.len())),
        None if matrix.len() != classes.len() => Some((matrix.len(), 0)),
        None => None,
    };
    match differs {
        Some((row, found)) => Err(Error::Matrix { classes: classes.len(), row, found }),
        None => Ok(()),
    }
}

/// Sizes in pixels.
struct Layout {
    classes: usize,
    cell: f64,
    /// Room for the names of the rows.
    names: f64,
    /// Room for the names of the columns.
    above: f64,
    /// Whether the columns' names are turned to stand upright.
    column_turn: f64,
    digits: f64,
}

impl Layout {
    fn new(matrix: &[Vec<u64>], classes: &[String]) -> Self {
        let count = classes.len();
        let cell = match count {
            0..=4 => 60.0,
            5..=12 => 42.0,
            13..=20 => 30.0,
            21..=MOST_NAMED => (680.0 / count as f64).min(17.0),
            _ => (720.0 / count as f64).clamp(1.0, 12.0),
        };
        let widest = classes.iter().map(|name| font::width(name, LABEL, Weight::Regular)).fold(0.0, f64::max);
        let named = count <= MOST_NAMED;
        let names = if named { widest.min(LONGEST_NAME) + 8.0 } else { 0.0 };
        let column_turn = if widest > cell - 4.0 { -90.0 } else { 0.0 };
        let above = match (named, column_turn == 0.0) {
            (false, _) => 0.0,
            (true, true) => 20.0,
            (true, false) => widest.min(LONGEST_NAME) + 10.0,
        };
        let largest = matrix.iter().flatten().copied().max().unwrap_or(0);
        let widest_count = font::width(&number::count(largest), 1.0, Weight::SemiBold);
        // Counts are written whole; where there are few classes, cells grow until they can be read.
        let cell = match count {
            0..=20 => cell.max((SMALLEST_COUNT * widest_count + 5.0).min(680.0 / count as f64)),
            _ => cell,
        };
        let digits = f64::min(13.0, (cell - 5.0) / widest_count);
        Layout { classes: count, cell, names, above, column_turn, digits }
    }

    fn grid(&self) -> Rect {
        let side = self.cell * self.classes as f64;
        Rect { x: EDGE + 18.0 + self.names, y: 48.0 + 18.0 + self.above, width: side, height: side }
    }

    fn recall(&self) -> f64 {
        if self.classes <= MOST_NAMED { 62.0 } else { 0.0 }
    }

    fn width(&self, title: &str) -> f64 {
        let heading = font::width(title, 15.0, Weight::SemiBold).min(600.0) + 2.0 * EDGE;
        (self.grid().right() + self.recall() + EDGE).max(heading)
    }

    fn height(&self) -> f64 {
        self.grid().bottom() + EDGE
    }
}

/// The colour of a cell that holds `count` of its row's `total`.
fn shade(palette: &Palette, is_right: bool, count: u64, total: f64) -> Color {
    let base = if is_right { palette.right } else { palette.wrong };
    // The root shows single mistakes beside hundreds of right answers.
    palette.paper.mix(base, 0.2 + 0.8 * (count as f64 / total).sqrt())
}

fn row_total(row: &[u64]) -> f64 {
    row.iter().map(|&count| count as f64).sum()
}

fn draw_cells(canvas: &mut Canvas, matrix: &[Vec<u64>], layout: &Layout) -> Result<()> {
    let palette = canvas.palette;
    let grid = layout.grid();
    if layout.classes > MOST_NAMED {
        // So many rectangles would make a document of megabytes; the same cells are the pixels of an image.
        let image = as_image(matrix, palette)?;
        canvas.image(grid, &image, [palette.paper, palette.ink], "confusion matrix")?;
        canvas.frame(grid, 0.0, Stroke { color: palette.axis, width: 1.0 });
        return Ok(());
    }
    canvas.fill(grid, 0.0, palette.grid.mix(palette.paper, 0.6));
    for (truth, row) in matrix.iter().enumerate() {
        let total = row_total(row);
        for (predicted, &count) in row.iter().enumerate().filter(|&(_, &count)| count > 0) {
            let color = shade(palette, truth == predicted, count, total);
            let cell = Rect {
                x: grid.x + predicted as f64 * layout.cell + 0.5,
                y: grid.y + truth as f64 * layout.cell + 0.5,
                width: layout.cell - 1.0,
                height: layout.cell - 1.0,
            };
            canvas.fill(cell, 2.0, color);
            if layout.digits >= 6.5 {
                draw_count(canvas, count, cell, color, layout.digits);
            }
        }
    }
    canvas.frame(grid, 0.0, Stroke { color: palette.grid, width: 1.0 });
    Ok(())
}

fn as_image(matrix: &[Vec<u64>], palette: &Palette) -> Result<Image> {
    let empty = palette.grid.mix(palette.paper, 0.6);
    let mut pixels = Vec::with_capacity(matrix.len() * matrix.len() * 3);
    for (truth, row) in matrix.iter().enumerate() {
        let total = row_total(row);
        for (predicted, &count) in row.iter().enumerate() {
            let Color(r, g, b) = if count == 0 { empty } else { shade(palette, truth == predicted, count, total) };
            pixels.extend([r, g, b].map(|value| f32::from(value) / 255.0));
        }
    }
    Image::new(matrix.len(), matrix.len(), 3, pixels)
}

fn draw_count(canvas: &mut Canvas, count: u64, cell: Rect, background: Color, size: f64) {
    let color = background.clearer(Color::hex(0xffffff), Color::hex(0x000000));
    let look = Text { size, weight: Weight::SemiBold, anchor: Anchor::Middle, color, turn: 0.0 };
    canvas.text(cell.x + cell.width / 2.0, cell.y + cell.height / 2.0, &number::count(count), look);
}

fn draw_labels(canvas: &mut Canvas, matrix: &[Vec<u64>], classes: &[String], layout: &Layout) {
    let palette = canvas.palette;
    let grid = layout.grid();
    let axis = Text { size: LABEL, weight: Weight::Regular, anchor: Anchor::Middle, color: palette.muted, turn: 0.0 };
    let (middle_x, middle_y) = (grid.x + grid.width / 2.0, grid.y + grid.height / 2.0);
    canvas.text(middle_x, grid.y - layout.above - 10.0, "predicted", axis);
    canvas.text(EDGE + 4.0, middle_y, "true", Text { turn: -90.0, ..axis });
    if layout.classes > MOST_NAMED {
        return;
    }
    let name = Text { color: palette.ink, ..axis };
    for (i, class) in classes.iter().enumerate() {
        let shown = font::elide(class, LONGEST_NAME, LABEL, Weight::Regular);
        let along = (i as f64 + 0.5) * layout.cell;
        canvas.text(grid.x - 8.0, grid.y + along, &shown, Text { anchor: Anchor::End, ..name });
        if layout.column_turn == 0.0 {
            canvas.text(grid.x + along, grid.y - 10.0, &shown, name);
        } else {
            let look = Text { anchor: Anchor::Start, turn: layout.column_turn, ..name };
            canvas.text(grid.x + along, grid.y - 6.0, &shown, look);
        }
        let total = row_total(&matrix[i]);
        let recall = if total > 0.0 { number::percent(matrix[i][i] as f64 / total) } else { "–".to_string() };
        canvas.text(grid.right() + 60.0, grid.y + along, &recall, Text { anchor: Anchor::End, ..axis });
    }
    canvas.text(grid.right() + 60.0, grid.y - 10.0, "right", Text { anchor: Anchor::End, ..axis });
}

/// `(once)`, `(1,200 times)`, apart from the class before it, which may be a number.
fn times(count: u64) -> String {
    if count == 1 { "(once)".to_string() } else { format!("({} times)", number::count(count)) }
}

fn alt(matrix: &[Vec<u64>], classes: &[String]) -> String {
    let total: f64 = matrix.iter().map(|row| row_total(row)).sum();
    let right: f64 = matrix.iter().enumerate().map(|(i, row)| row[i] as f64).sum();
    let mut errors: Vec<(u64, usize, usize)> = matrix
        .iter()
        .enumerate()
        .flat_map(|(t, row)| row.iter().enumerate().map(move |(p, &count)| (count, t, p)))
        .filter(|&(count, t, p)| count > 0 && t != p)
        .collect();
    errors.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let worst: Vec<String> = errors
        .iter()
        .take(3)
        .map(|&(n, t, p)| format!("{} taken for {} {}", classes[t], classes[p], times(n)))
        .collect();
    let share = if total > 0.0 { number::percent(right / total) } else { "none".to_string() };
    let most = if worst.is_empty() { String::new() } else { format!(" Most often {}.", worst.join(", ")) };
    format!("Confusion matrix of {}: {share} right.{most}", number::of(classes.len(), "class"))
}
