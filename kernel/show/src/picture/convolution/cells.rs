//! Few numbers: cells with their values, the window tinted with its factors, and every step in small.

use fovea_graph::Tensor;

use super::super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::super::font::{self, Weight};
use super::super::palette::{Color, Theme};
use super::super::sheet::draw_heading;
use super::super::{Picture, Result};
use super::{alt, makes, minus, sign, sum_line};
use crate::display::SlidingWindow;
use crate::display::number as numbers;

/// An image of more rows or columns, padding counted, is drawn as a picture.
const MOST_CELLS: isize = 12;
/// A filter of more.
const MOST_WEIGHTS: usize = 7;
/// Numbers of more characters do not fit their cells.
const MOST_CHARACTERS: usize = 7;
/// So many steps are drawn one by one, where there are no more.
const MOST_STEPS: usize = 16;

// Distances in pixels.

const EDGE: f64 = 24.0;
const TOP: f64 = 74.0;
const BETWEEN: f64 = 46.0;
const STEP_GAP: f64 = 22.0;
/// The size of the sums.
const SUM: f64 = 13.0;
const WIDEST: f64 = 930.0;
/// The steps, one by one, take no more height.
const TALLEST: f64 = 760.0;

/// Whether there is one channel, and few enough numbers in it, each short enough.
pub(super) fn fit(slide: &SlidingWindow<'_>) -> bool {
    slide.image.shape()[2] == 1 && are_few(slide)
}

/// Whether there are few enough numbers in a channel, each short enough.
pub(super) fn are_few(slide: &SlidingWindow<'_>) -> bool {
    let [height, width] = padded(slide).size();
    let (size, [rows, columns]) = (slide.size(), slide.extent());
    let is_short = |value: &f32| numbers::short(f64::from(*value)).chars().count() <= MOST_CHARACTERS;
    let parts = [Some(slide.image), slide.filter(), Some(slide.result)];
    height.max(width) <= MOST_CELLS
        && size[0].max(size[1]) <= MOST_WEIGHTS
        && rows.max(columns) <= MOST_CELLS as usize
        && parts.into_iter().flatten().all(|part| part.iter().all(is_short))
}

/// The places of the image with its padding: from where, to where (exclusive), down and across.
pub(super) struct Padded {
    from: [isize; 2],
    to: [isize; 2],
}

pub(super) fn padded(slide: &SlidingWindow<'_>) -> Padded {
    let before = |axis: usize| -(slide.windows[axis].pad[0] as isize);
    let behind = |axis: usize| {
        let image = (slide.image.shape()[axis] + slide.windows[axis].pad[1]) as isize;
        // A last window that is rounded up reaches beyond.
        let (last, end) = (slide.extent()[axis].saturating_sub(1), slide.size()[axis].saturating_sub(1));
        image.max(slide.covered([last; 2], [end; 2])[axis] + 1)
    };
    Padded { from: [before(0), before(1)], to: [behind(0), behind(1)] }
}

impl Padded {
    pub(super) fn size(&self) -> [isize; 2] {
        [self.to[0] - self.from[0], self.to[1] - self.from[1]]
    }
}

pub(super) fn draw(title: &str, slide: &SlidingWindow<'_>, theme: Theme) -> Result<Picture> {
    let [height, width] = padded(slide).size();
    let (filter, [rows, columns]) = (slide.filter().map(|filter| filter.shape()), slide.extent());
    let side: f64 = if height.max(width) <= 7 { 40.0 } else { 32.0 };
    let across = |count: usize| count as f64 * side;
    let tallest = (height as usize).max(filter.map_or(0, |filter| filter[0])).max(rows);
    let middle = filter.map_or(0.0, |filter| across(filter[1]) + BETWEEN);
    let main = across(width as usize) + middle + across(columns) + BETWEEN;
    let strip = Strip::new(slide);
    let heading_room = font::width(title, 15.0, Weight::SemiBold).min(700.0);
    let inner = main.max(strip.as_ref().map_or(0.0, Strip::width)).max(heading_room);
    let (position, channel) = slide.strongest();
    let lead = format!("strongest at {}: ", slide.place(position, channel));
    // The first window's sum, which is drawn, and that of the strongest answer, where that is another.
    let mut sums = vec![sum_line(&lead, slide, position, channel, inner, SUM)];
    if position != [0, 0] {
        sums.insert(0, sum_line("", slide, [0, 0], 0, inner, SUM));
    }
    let below = TOP + across(tallest) + 22.0 + 18.0 * sums.len() as f64;
    let total = below + strip.as_ref().map_or(0.0, Strip::height) + if strip.is_some() { 34.0 } else { 0.0 };
    let mut canvas = Canvas::new(inner + 2.0 * EDGE, total + 4.0, theme);
    draw_heading(&mut canvas, title, EDGE, inner);
    panels(&mut canvas, slide, side);
    let look = Text { size: SUM, weight: Weight::Regular, anchor: Anchor::Start, color: canvas.palette.ink, turn: 0.0 };
    canvas.paragraph((EDGE, TOP + across(tallest) + 22.0), &sums, 18.0, look);
    if let Some(strip) = strip {
        strip.draw(&mut canvas, slide, below + 16.0);
    }
    canvas.finish("steps", alt(title, slide, position, channel))
}

/// Image, filter and result in a row, the window at the first position.
fn panels(canvas: &mut Canvas, slide: &SlidingWindow<'_>, side: f64) {
    let [height, width] = padded(slide).size();
    let palette = canvas.palette;
    let [rows, columns] = slide.extent();
    let is_line = slide.is_line();
    let caption = |canvas: &mut Canvas, x: f64, what: &str, height: usize, width: usize| {
        let size = if is_line { width.to_string() } else { format!("{height}×{width}") };
        self::caption(canvas, (x, TOP - 14.0), &format!("{what} {size}"));
    };
    let what = if is_line { "sequence" } else { "image" };
    caption(canvas, EDGE, what, slide.image.shape()[0], slide.image.shape()[1]);
    image(canvas, slide, (EDGE, TOP), Look { side, factors: true, channel: 0 }, [0, 0]);
    let mut x = EDGE + width as f64 * side;
    let middle = TOP + side * slide.size()[0].min(height as usize) as f64 / 2.0;
    if let Some(filter) = slide.filter() {
        sign(canvas, (x + BETWEEN / 2.0, middle), "*");
        x += BETWEEN;
        caption(canvas, x, "filter", filter.shape()[0], filter.shape()[1]);
        weights(canvas, filter, (x, TOP), side, 0);
        x += filter.shape()[1] as f64 * side;
    }
    sign(canvas, (x + BETWEEN / 2.0, middle), makes(slide));
    let x = x + BETWEEN;
    caption(canvas, x, "result", rows, columns);
    result(canvas, slide, (x, TOP), Look { side, factors: true, channel: 0 }, [0, 0], usize::MAX);
    // The strongest answer has an outline of the window's colour; the first one, whose window is drawn, the result's own.
    let ([row, column], _) = slide.strongest();
    if [row, column] != [0, 0] {
        let cell = Rect {
            x: x + column as f64 * side + 1.5,
            y: TOP + row as f64 * side + 1.5,
            width: side - 3.0,
            height: side - 3.0,
        };
        canvas.frame(cell, 1.0, Stroke { color: palette.series[1], width: 2.0 });
    }
}

/// What stands over a grid.
pub(super) fn caption(canvas: &mut Canvas, (x, y): (f64, f64), text: &str) {
    let color = canvas.palette.muted;
    canvas.text(x, y, text, Text { size: 12.0, weight: Weight::Regular, anchor: Anchor::Start, color, turn: 0.0 });
}

/// A channel of a filter.
pub(super) fn weights(canvas: &mut Canvas, filter: &Tensor, corner: (f64, f64), side: f64, channel: usize) {
    let (size, ink) = (text_size(filter, side, 0.42, 0), canvas.palette.ink);
    for (at, &weight) in filter.indexed_iter().filter(|(at, _)| at[2] == channel) {
        let cell = Cell { corner: (corner.0 + at[1] as f64 * side, corner.1 + at[0] as f64 * side), side };
        cell.draw(canvas, tint(canvas, Part::Window), Some((weight.into(), ink)), (size, Weight::Regular));
    }
}

/// How cells are drawn.
#[derive(Clone, Copy)]
pub(super) struct Look {
    pub side: f64,
    /// With the weights beside the pixels.
    pub factors: bool,
    /// Which channel of the image, and of the filter.
    pub channel: usize,
}

/// What a cell is part of.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Plain,
    Padding,
    Window,
    Current,
}

pub(super) fn tint(canvas: &Canvas, part: Part) -> Color {
    let palette = canvas.palette;
    match part {
        Part::Plain => palette.paper,
        Part::Padding => palette.paper.mix(palette.grid, 0.75),
        Part::Window => palette.paper.mix(palette.series[1], 0.26),
        Part::Current => palette.paper.mix(palette.series[0], 0.3),
    }
}

/// The image and its padding, the window tinted.
pub(super) fn image(
    canvas: &mut Canvas,
    slide: &SlidingWindow<'_>,
    corner: (f64, f64),
    look: Look,
    position: [usize; 2],
) {
    let Padded { from, to } = padded(slide);
    let size = text_size(slide.image, look.side, 0.42, 0);
    let factor_size = slide.filter().map_or(size, |filter| text_size(filter, look.side, 0.24, 1));
    let palette = canvas.palette;
    let place = |[y, x]: [isize; 2]| Cell {
        corner: (corner.0 + (x - from[1]) as f64 * look.side, corner.1 + (y - from[0]) as f64 * look.side),
        side: look.side,
    };
    for (y, x) in (from[0]..to[0]).flat_map(|y| (from[1]..to[1]).map(move |x| (y, x))) {
        let is_inside = slide.is_inside([y, x]);
        let (part, ink) = if is_inside { (Part::Plain, palette.ink) } else { (Part::Padding, palette.muted) };
        place([y, x]).draw(
            canvas,
            tint(canvas, part),
            number(slide, [y, x], look.channel, ink),
            (size, Weight::Regular),
        );
    }
    let [rows, columns] = slide.size();
    for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
        let covered = slide.covered(position, [y, x]);
        let cell = place(covered);
        let value = number(slide, covered, look.channel, palette.ink);
        cell.draw(canvas, tint(canvas, Part::Window), value, (size, Weight::Regular));
        if let Some(filter) = slide.filter().filter(|_| look.factors) {
            cell.factor(canvas, filter[[y, x, look.channel]].into(), factor_size);
        }
    }
    // The window's outline, from its first element to its last.
    let first = place(slide.covered(position, [0, 0]));
    let last = place(slide.covered(position, [rows - 1, columns - 1]));
    let outline = Rect {
        x: first.corner.0,
        y: first.corner.1,
        width: last.corner.0 + look.side - first.corner.0,
        height: last.corner.1 + look.side - first.corner.1,
    };
    canvas.frame(outline, 1.0, Stroke { color: palette.series[1], width: if look.factors { 2.4 } else { 1.6 } });
}

/// The number at a place of the image; padding is 0 for a filter, and nothing for a pooling, which leaves it out.
fn number(slide: &SlidingWindow<'_>, place: [isize; 2], channel: usize, ink: Color) -> Option<(f64, Color)> {
    (slide.is_inside(place) || slide.filter().is_some()).then(|| (slide.pixel(place, channel), ink))
}

/// The result up to the step `end`, the position's cell tinted.
pub(super) fn result(
    canvas: &mut Canvas,
    slide: &SlidingWindow<'_>,
    corner: (f64, f64),
    look: Look,
    position: [usize; 2],
    end: usize,
) {
    let palette = canvas.palette;
    let [rows, columns] = slide.extent();
    let size = text_size(slide.result, look.side, 0.42, 0);
    for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
        let cell = Cell { corner: (corner.0 + x as f64 * look.side, corner.1 + y as f64 * look.side), side: look.side };
        let value = (y * columns + x < end).then(|| (slide.value([y, x], 0), palette.ink));
        let is_current = [y, x] == position;
        let (part, weight) =
            if is_current { (Part::Current, Weight::SemiBold) } else { (Part::Plain, Weight::Regular) };
        cell.draw(canvas, tint(canvas, part), value, (size, weight));
    }
    let cell = Rect {
        x: corner.0 + position[1] as f64 * look.side,
        y: corner.1 + position[0] as f64 * look.side,
        width: look.side,
        height: look.side,
    };
    canvas.frame(cell, 1.0, Stroke { color: palette.series[0], width: if look.factors { 2.4 } else { 1.6 } });
}

/// The one size that the numbers of a grid are set in, each behind so many signs: `share` of a cell's side, less where
/// the longest would not fit.
pub(super) fn text_size(grid: &Tensor, side: f64, share: f64, signs: usize) -> f64 {
    let longest = grid.iter().map(|&value| numbers::short(value.into()).chars().count()).max().unwrap_or(1);
    (side * share).min(side * 1.45 / (longest.max(1) + signs) as f64)
}

/// A square with a number.
pub(super) struct Cell {
    pub corner: (f64, f64),
    pub side: f64,
}

impl Cell {
    pub fn draw(&self, canvas: &mut Canvas, fill: Color, value: Option<(f64, Color)>, (size, weight): (f64, Weight)) {
        let (x, y) = self.corner;
        let rect = Rect { x, y, width: self.side, height: self.side };
        canvas.fill(rect, 0.0, fill);
        canvas.frame(rect, 0.0, Stroke { color: canvas.palette.axis, width: 0.8 });
        let Some((value, color)) = value else { return };
        let text = minus(&numbers::short(value));
        let look = Text { size, weight, anchor: Anchor::Middle, color, turn: 0.0 };
        canvas.text(x + self.side / 2.0, y + self.side / 2.0, &text, look);
    }

    /// `×1`, small, in the lower corner, as on a blackboard.
    fn factor(&self, canvas: &mut Canvas, weight: f64, size: f64) {
        let (x, y) = self.corner;
        let color = canvas.palette.series[1].mix(canvas.palette.ink, 0.4);
        let text = format!("×{}", minus(&numbers::short(weight)));
        let look = Text { size, weight: Weight::SemiBold, anchor: Anchor::End, color, turn: 0.0 };
        canvas.text(x + self.side - 3.0, y + self.side - 6.0, &text, look);
    }
}

/// Every step in small: the image with its window, below it the result so far.
struct Strip {
    side: f64,
    steps: usize,
    per_line: usize,
    /// Of one step.
    size: (f64, f64),
    /// Rows of the image, in small cells.
    image_rows: usize,
}

impl Strip {
    /// None where there are too many steps to follow, or to stand on a page.
    fn new(slide: &SlidingWindow<'_>) -> Option<Self> {
        let [height, width] = padded(slide).size();
        let [rows, columns] = slide.extent();
        let steps = rows * columns;
        if !(2..=MOST_STEPS).contains(&steps) || height.max(width) > 9 {
            return None;
        }
        let side = 16.0;
        let size = (side * (width as usize).max(columns) as f64, side * (height as usize + rows) as f64 + 10.0 + 20.0);
        let fit = (((WIDEST + STEP_GAP) / (size.0 + STEP_GAP)) as usize).max(1);
        let lines = steps.div_ceil(fit);
        let strip = Self { side, steps, per_line: steps.div_ceil(lines), size, image_rows: height as usize };
        (strip.height() <= TALLEST).then_some(strip)
    }

    fn width(&self) -> f64 {
        self.per_line as f64 * (self.size.0 + STEP_GAP) - STEP_GAP
    }

    fn height(&self) -> f64 {
        self.steps.div_ceil(self.per_line) as f64 * (self.size.1 + 14.0) - 14.0
    }

    fn draw(&self, canvas: &mut Canvas, slide: &SlidingWindow<'_>, top: f64) {
        let palette = canvas.palette;
        let columns = slide.extent()[1];
        for step in 0..self.steps {
            let x = EDGE + (step % self.per_line) as f64 * (self.size.0 + STEP_GAP);
            let y = top + (step / self.per_line) as f64 * (self.size.1 + 14.0);
            let position = [step / columns, step % columns];
            let look =
                Text { size: 11.0, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted, turn: 0.0 };
            canvas.text(x, y + 6.0, &format!("step {}", step + 1), look);
            let small = Look { side: self.side, factors: false, channel: 0 };
            image(canvas, slide, (x, y + 20.0), small, position);
            let below = y + 20.0 + self.side * self.image_rows as f64 + 10.0;
            result(canvas, slide, (x, below), small, position, step + 1);
        }
    }
}
