//! A box as it is drawn in a layered diagram: its lines of text, and how large it is.

use super::super::canvas::Anchor;
use super::super::font::{self, Weight};
use super::super::palette::{Color, Palette};
use super::colors::{block_hue, ground, hue};
use super::drawing::{Dash, Drawing, Lettering, Outline, Pen};
use super::traffic::Traffic;
use crate::architecture::{Family, LayerBox};

/// How much room boxes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Two lines of text, sizes among them.
    Roomy,
    /// One line.
    Compact,
}

/// What all boxes of a diagram share.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub style: Style,
    pub palette: &'static Palette,
    /// What it is drawn on.
    pub ground: Color,
    /// The number of the colour of each kind of block.
    pub hues: &'a [usize],
    /// What links are labelled with.
    pub traffic: Option<Traffic>,
}

/// A box's texts and size.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub width: f64,
    pub height: f64,
    head: String,
    times: String,
    note: String,
    /// What stands below it on its links.
    pub below: String,
}

// Distances in pixels.

/// Longer names are cut.
const WIDEST_TEXT: f64 = 300.0;
const SIDE: f64 = 12.0;
const STACK: f64 = 3.0;
const TIMES_GAP: f64 = 8.0;
/// Where the text of a link stands below its box.
const BELOW: f64 = 11.0;

impl Card {
    pub(super) fn of(one: &LayerBox, look: &Look<'_>) -> Self {
        let is_small = is_pill(one);
        let times = one.times().unwrap_or_default();
        let (head, note) = match look.style {
            Style::Compact => (head(one), String::new()),
            Style::Roomy if is_small => {
                let sizes = if one.family == Family::Join && !is_concat(one) || look.traffic.is_some() {
                    String::new()
                } else {
                    one.sizes()
                };
                let note = [vec![one.title()], vec![sizes]].concat().into_iter().filter(|part| !part.is_empty());
                (note.collect::<Vec<_>>().join(" "), String::new())
            }
            Style::Roomy => (one.label.clone(), note(one, look.traffic.is_some())),
        };
        let head = font::elide(&head, WIDEST_TEXT, 12.5, Weight::SemiBold);
        let below = look.traffic.map(|traffic| one.traffic(traffic.batch)).unwrap_or_default();
        let [large, bold, small] = letterings(look.style, is_small, look.palette.ink, look.palette.muted);
        let gap = if times.is_empty() { 0.0 } else { TIMES_GAP };
        let text = (large.width(&head) + gap + bold.width(&times)).max(small.width(&note));
        let height = match look.style {
            Style::Compact if is_small => 16.0,
            Style::Compact => 20.0,
            Style::Roomy if is_small => 24.0,
            Style::Roomy if note.is_empty() => 28.0,
            Style::Roomy => 42.0,
        };
        let stack = stack(one);
        // Links that meet in a small box stand apart.
        let side = if one.family == Family::Join {
            13.0
        } else if is_small {
            9.0
        } else {
            SIDE
        };
        Self { width: text + 2.0 * side + stack, height: height + stack, head, times, note, below }
    }

    /// Draws it into its rectangle, whose place is kept as that of a box.
    pub(super) fn draw(&self, one: &LayerBox, at: Outline, look: &Look<'_>, drawing: &mut Drawing) {
        let (palette, stack) = (look.palette, stack(one));
        let color = color(one, palette, look.hues);
        let is_small = is_pill(one);
        let front = Outline { x: at.x, y: at.y + stack, width: at.width - stack, height: at.height - stack };
        let radius = if is_small { front.height / 2.0 } else { 5.0 };
        let dash = if one.family == Family::Input { Dash::Dashed } else { Dash::Solid };
        let pen = Pen { color, width: 1.2, dash: Dash::Solid };
        let fill = ground(color, palette);
        if stack > 0.0 {
            for behind in [2.0, 1.0] {
                let shift = behind * STACK;
                let back = Outline { x: front.x + shift, y: front.y - shift, ..front };
                drawing.rectangle(back, radius, Some(fill), Some(Pen { width: 1.0, ..pen }));
            }
        }
        let is_input = dash == Dash::Dashed;
        drawing.rectangle(front, radius, Some(if is_input { palette.paper } else { fill }), Some(pen));
        drawing.boxes.push(at.into());
        let middle = front.y + front.height / 2.0;
        let [large, bold, small] = letterings(look.style, is_small, palette.ink, palette.text(palette.muted));
        let gap = if self.times.is_empty() { 0.0 } else { TIMES_GAP };
        let width = large.width(&self.head) + gap + bold.width(&self.times);
        let left = front.x + (front.width - width) / 2.0;
        let lift = if self.note.is_empty() { 0.0 } else { 8.0 };
        drawing.text(left, middle - lift, &self.head, large);
        let bold = Lettering { color: palette.text(color), ..bold };
        drawing.text(left + width - bold.width(&self.times), middle - lift, &self.times, bold);
        drawing.text(
            front.x + front.width / 2.0,
            middle + lift,
            &self.note,
            Lettering { anchor: Anchor::Middle, ..small },
        );
    }

    /// Writes what its links carry, below it, on a ground of its own.
    pub(super) fn draw_below(&self, at: Outline, look: &Look<'_>, drawing: &mut Drawing) {
        if self.below.is_empty() {
            return;
        }
        let lettering = below(look.palette);
        let (x, y) = (at.x + at.width / 2.0, at.bottom() + BELOW);
        let width = lettering.width(&self.below);
        let ground = Outline { x: x - width / 2.0 - 2.0, y: y - 6.5, width: width + 4.0, height: 13.0 };
        drawing.rectangle(ground, 0.0, Some(look.ground), None);
        drawing.text(x, y, &self.below, lettering);
    }

    /// How wide it is with what stands below.
    pub(super) fn reach(&self, palette: &Palette) -> f64 {
        self.width.max(below(palette).width(&self.below))
    }
}

fn below(palette: &Palette) -> Lettering {
    Lettering { size: 10.5, weight: Weight::Regular, anchor: Anchor::Middle, color: palette.text(palette.muted) }
}

/// The lettering of the first line, of the count, and of the second line.
fn letterings(style: Style, is_small: bool, ink: Color, muted: Color) -> [Lettering; 3] {
    let size = match style {
        Style::Compact => 10.5,
        Style::Roomy if is_small => 11.0,
        Style::Roomy => 12.5,
    };
    let weight = if style == Style::Roomy && !is_small { Weight::SemiBold } else { Weight::Regular };
    let large = Lettering { size, weight, anchor: Anchor::Start, color: ink };
    let bold = Lettering { weight: Weight::SemiBold, ..large };
    [large, bold, Lettering { size: 10.5, weight: Weight::Regular, anchor: Anchor::Start, color: muted }]
}

/// Whether a box is a small one: what is given, and where branches meet.
pub(super) fn is_pill(one: &LayerBox) -> bool {
    matches!(one.family, Family::Input | Family::Join)
}

fn is_concat(one: &LayerBox) -> bool {
    one.label.starts_with("concat")
}

/// How much larger a box is that stands for several.
fn stack(one: &LayerBox) -> f64 {
    if one.count > 1 { 2.0 * STACK } else { 0.0 }
}

/// The colour of a box.
pub(super) fn color(one: &LayerBox, palette: &Palette, hues: &[usize]) -> Color {
    let number = one.block.and_then(|kind| hues.get(kind));
    number.map_or_else(|| hue(one.family, palette), |&number| block_hue(number, palette))
}

/// The one line of a compact box.
fn head(one: &LayerBox) -> String {
    match one.family {
        Family::Join if one.label == "add" => "+".to_string(),
        Family::Input => format!("{} {}", one.label, one.sizes()).trim_start().to_string(),
        _ => one.label.clone(),
    }
}

/// The second line of a box: what follows, and the sizes.
fn note(one: &LayerBox, has_traffic: bool) -> String {
    let sizes = if has_traffic { String::new() } else { one.sizes() };
    let first = one.first.clone().unwrap_or_default();
    let parts = [one.channels(), one.then.join(", "), first, sizes];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
