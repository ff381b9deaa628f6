//! Many numbers: image, filter and result as pictures, the window where the filter answers most.

use fovea_graph::Tensor;

use super::super::canvas::{Anchor, Canvas, Rect, Stroke, Text};
use super::super::font::{self, Weight};
use super::super::image::{Grey, Image};
use super::super::palette::{Color, Palette, Theme};
use super::super::scale::Scale;
use super::super::sheet::{draw_heading, inks};
use super::super::{Picture, Result};
use super::{alt, makes, minus, sign, sum_line};
use crate::display::{SlidingWindow, number};

// Distances in pixels.

const EDGE: f64 = 24.0;
const TOP: f64 = 74.0;
const BETWEEN: f64 = 50.0;
/// The longest side of the image or of the result.
const LONGEST: f64 = 280.0;
/// The longest side of the filter.
const FILTER: f64 = 150.0;

pub(super) fn draw(title: &str, slide: &SlidingWindow<'_>, theme: Theme) -> Result<Picture> {
    let palette = Palette::of(theme);
    let (position, channel) = slide.strongest();
    let (image, result) = (slide.image.shape(), slide.extent());
    let longest = [image[0], image[1], result[0], result[1]].into_iter().max().unwrap_or(1) as f64;
    let side = scale(longest, LONGEST);
    let (shown, answer) = (size(image, side), size(&result, side));
    let kernel = slide.filter().map(Kernel::new);
    let values = Scale::of(slide.result.iter().map(|&value| value.into()));
    let is_colour = slide.result.shape()[2] == 3;
    let middle_room = kernel.as_ref().map_or(0.0, |kernel| kernel.room() + BETWEEN);
    let left_room = shown.0.max(room("image", image, image[2] == 3));
    let right_room = answer.0.max(values.width()).max(room("result", slide.result.shape(), is_colour));
    let inner = left_room + middle_room + right_room + BETWEEN;
    let tall = shown.1.max(kernel.as_ref().map_or(0.0, |kernel| kernel.size.1)).max(answer.1);
    let mut canvas = Canvas::new(inner + 2.0 * EDGE, TOP + tall + 74.0, theme);
    draw_heading(&mut canvas, title, EDGE, inner);

    let frame = Stroke { color: palette.axis, width: 1.0 };

    caption(&mut canvas, EDGE, format!("image {}", extent(image, image[2] == 3)));
    let rect = Rect { x: EDGE, y: TOP, width: shown.0, height: shown.1 };
    let (face, ink) = picture(slide.image, palette)?;
    canvas.image(rect, &face, ink, "image")?;
    canvas.frame(rect, 0.0, frame);
    window(&mut canvas, slide, position, side);

    let mut x = EDGE + left_room + BETWEEN;
    let middle = TOP + tall.min(FILTER) / 2.0;
    if let Some(kernel) = kernel {
        sign(&mut canvas, (x - BETWEEN / 2.0, middle), "*");
        kernel.draw(&mut canvas, x)?;
        x += middle_room;
    }
    sign(&mut canvas, (x - BETWEEN / 2.0, middle), makes(slide));
    caption(&mut canvas, x, format!("result {}", extent(slide.result.shape(), is_colour)));
    let rect = Rect { x, y: TOP, width: answer.0, height: answer.1 };
    result_in(&mut canvas, slide, rect, &values, palette)?;
    let cell = Rect { x: x + position[1] as f64 * side, y: TOP + position[0] as f64 * side, width: side, height: side };
    mark(&mut canvas, cell, palette.series[0]);

    let look = Text { size: 12.0, weight: Weight::Regular, anchor: Anchor::Start, color: palette.ink, turn: 0.0 };
    let lead = format!("strongest at {}: ", slide.place(position, channel));
    canvas.text(EDGE, TOP + tall + 50.0, &sum_line(&lead, slide, position, channel, inner, look.size), look);
    canvas.finish("result", alt(title, slide, position, channel))
}

fn caption(canvas: &mut Canvas, x: f64, text: String) {
    let color = canvas.palette.muted;
    let look = Text { size: 12.0, weight: Weight::Regular, anchor: Anchor::Start, color, turn: 0.0 };
    canvas.text(x, TOP - 14.0, &text, look);
}

/// What stands under a caption has room for it.
fn room(what: &str, shape: &[usize], is_colour: bool) -> f64 {
    font::width(&format!("{what} {}", extent(shape, is_colour)), 12.0, Weight::Regular)
}

fn size(shape: &[usize], side: f64) -> (f64, f64) {
    (shape[1] as f64 * side, shape[0] as f64 * side)
}

/// The filter, between image and result.
struct Kernel<'a> {
    filter: &'a Tensor,
    scale: Scale,
    /// Of one weight, in pixels.
    side: f64,
    size: (f64, f64),
}

impl<'a> Kernel<'a> {
    fn new(filter: &'a Tensor) -> Self {
        let shape = filter.shape();
        let side = scale(shape[0].max(shape[1]) as f64, FILTER);
        let scale = Scale::of(filter.iter().map(|&value| value.into()));
        Self { filter, scale, side, size: size(shape, side) }
    }

    fn room(&self) -> f64 {
        self.size.0.max(self.scale.width()).max(room("filter", self.filter.shape(), false))
    }

    fn draw(&self, canvas: &mut Canvas, x: f64) -> Result<()> {
        let (palette, shape) = (canvas.palette, self.filter.shape());
        caption(canvas, x, format!("filter {}", extent(shape, false)));
        let rect = Rect { x, y: TOP, width: self.size.0, height: self.size.1 };
        let channels = shape[2];
        let mean: Vec<f32> = self.filter.rows().into_iter().map(|pixel| pixel.sum() / channels as f32).collect();
        let drawn = self.scale.image(shape[0], shape[1], &mean, palette)?;
        canvas.image(rect, &drawn, [palette.paper, palette.ink], "filter")?;
        canvas.frame(rect, 0.0, Stroke { color: palette.axis, width: 1.0 });
        if channels == 1 {
            numbers(canvas, self.filter, rect, self.side, &self.scale);
        }
        self.scale.draw(canvas, x, TOP + self.size.1 + 16.0)
    }
}

/// The result, in colour where it has three channels; else its scale stands below it.
fn result_in(
    canvas: &mut Canvas,
    slide: &SlidingWindow<'_>,
    rect: Rect,
    values: &Scale,
    palette: &'static Palette,
) -> Result<()> {
    if slide.result.shape()[2] == 3 {
        canvas.image(rect, &stretched(slide)?, [palette.paper, palette.ink], "result")?;
    } else {
        let [rows, columns] = slide.extent();
        let flat: Vec<f32> = slide.result.rows().into_iter().map(|pixel| pixel.sum() / pixel.len() as f32).collect();
        let drawn = values.image(rows, columns, &flat, palette)?;
        canvas.image(rect, &drawn, [palette.paper, palette.ink], "result")?;
        values.draw(canvas, rect.x, rect.bottom() + 16.0)?;
    }
    canvas.frame(rect, 0.0, Stroke { color: palette.axis, width: 1.0 });
    Ok(())
}

/// `28×28`, `32×32×3`, `3×3×4, mean of 4 channels`.
fn extent(shape: &[usize], is_colour: bool) -> String {
    let &[rows, columns, channels] = shape else { return String::new() };
    match channels {
        1 => format!("{rows}×{columns}"),
        _ if is_colour => format!("{rows}×{columns}×{channels}"),
        _ => format!("{rows}×{columns}×{channels}, mean of {channels} channels"),
    }
}

/// Pixels a number, whole ones where there is room.
fn scale(longest: f64, room: f64) -> f64 {
    if longest <= room { (room / longest).floor().min(48.0) } else { room / longest }
}

/// A picture in its own colours, or in ink; a matrix whose numbers are no shades, in the scale's colours.
fn picture(image: &Tensor, palette: &Palette) -> Result<(Image, [Color; 2])> {
    let shape = image.shape();
    let values: Vec<f32> = image.iter().copied().collect();
    let is_shades = values.iter().all(|value| (0.0..=1.0).contains(value));
    let face = match shape[2] {
        1 if !is_shades => {
            Scale::of(values.iter().map(|&value| value.into())).image(shape[0], shape[1], &values, palette)?
        }
        channels => Image::new(shape[0], shape[1], channels, values)?,
    };
    let ink = inks(std::iter::once(&face), Grey::Auto, palette);
    Ok((face, ink))
}

/// A result of three channels as a colour picture, its smallest number black and its largest white.
fn stretched(slide: &SlidingWindow<'_>) -> Result<Image> {
    let (rows, columns) = (slide.result.shape()[0], slide.result.shape()[1]);
    let finite = || slide.result.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(0.0, f32::min), finite().fold(1.0, f32::max));
    Image::new(rows, columns, 3, slide.result.iter().map(|value| (value - low) / (high - low)).collect())
}

/// The window's outline on the image, cut where it lies on padding.
fn window(canvas: &mut Canvas, slide: &SlidingWindow<'_>, position: [usize; 2], side: f64) {
    let (image, [rows, columns]) = (slide.image.shape(), slide.size());
    let first = slide.covered(position, [0, 0]);
    let last = slide.covered(position, [rows - 1, columns - 1]);
    let from = |axis: usize| first[axis].max(0) as f64 * side;
    let to = |axis: usize| (last[axis] + 1).min(image[axis] as isize).max(0) as f64 * side;
    let rect = Rect { x: EDGE + from(1), y: TOP + from(0), width: to(1) - from(1), height: to(0) - from(0) };
    let color = canvas.palette.series[1];
    mark(canvas, rect, color);
}

/// An outline that shows on any ground: a light line around a coloured one.
fn mark(canvas: &mut Canvas, rect: Rect, color: Color) {
    let around = |by: f64| Rect {
        x: rect.x - by,
        y: rect.y - by,
        width: rect.width.max(1.0) + 2.0 * by,
        height: rect.height.max(1.0) + 2.0 * by,
    };
    canvas.frame(around(2.4), 0.0, Stroke { color: canvas.palette.paper, width: 1.4 });
    canvas.frame(around(1.0), 0.0, Stroke { color, width: 2.2 });
}

/// The weights' numbers, where their cells have room for them.
fn numbers(canvas: &mut Canvas, filter: &Tensor, rect: Rect, side: f64, scale: &Scale) {
    let text = |weight: f32| minus(&number::short(weight.into()));
    let longest = filter.iter().map(|&weight| text(weight).chars().count()).max().unwrap_or(1);
    let size = (side * 0.36).min(side * 1.5 / longest as f64);
    if size < 7.0 {
        return;
    }
    for (at, &weight) in filter.indexed_iter() {
        let color = scale.ink(weight.into(), canvas.palette);
        let look = Text { size, weight: Weight::Regular, anchor: Anchor::Middle, color, turn: 0.0 };
        let (x, y) = (rect.x + (at[1] as f64 + 0.5) * side, rect.y + (at[0] as f64 + 0.5) * side);
        canvas.text(x, y, &text(weight), look);
    }
}
