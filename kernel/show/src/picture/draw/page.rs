//! One net on a sheet: its boxes in one or more columns, and beside them each kind of block in detail.

use super::super::canvas::Anchor;
use super::super::font::{self, Weight};
use super::card::{Look, Style};
use super::colors::block_hue;
use super::drawing::{Dash, Drawing, Lettering, Outline, Pen, Point};
use super::flow::Laid;
use super::hues::first_of;
use crate::architecture::{Architecture, BlockKind, Diagram, Family, LayerBox, Link};

// Distances in pixels.

/// What is drawn is no wider, where it can be broken.
pub(super) const WIDEST: f64 = 1352.0;
/// A column that is taller is broken, where there is room beside it,
const TALLEST: f64 = 900.0;
/// into columns of about this height.
const COLUMN: f64 = 760.0;
const BETWEEN: f64 = 44.0;
const FRAME: f64 = 16.0;
const HEADING: f64 = 30.0;

/// The boxes and the blocks, without a title.
pub(super) fn page(net: &Architecture, look: Look<'_>) -> Drawing {
    let frames: Vec<Drawing> =
        net.blocks.iter().enumerate().map(|(kind, block)| frame(net, kind, block, &often(block), look)).collect();
    let widest = frames.iter().map(|frame| frame.width + BETWEEN).fold(0.0, f64::max);
    let mut drawing = columns(&net.diagram, WIDEST - widest, look);
    let places = beside(&drawing, &frames);
    for (frame, place) in frames.into_iter().zip(places) {
        put(&mut drawing, frame, place);
    }
    drawing
}

/// Adds a drawing to another one, which grows as it needs to.
pub(super) fn put(drawing: &mut Drawing, part: Drawing, (x, y): Point) {
    drawing.width = drawing.width.max(x + part.width);
    drawing.height = drawing.height.max(y + part.height);
    drawing.add(part, (x, y));
}

/// Places at the right of a drawing for frames, below each other as far as it is tall.
pub(super) fn beside(drawing: &Drawing, frames: &[Drawing]) -> Vec<Point> {
    let tallest = frames.iter().map(|frame| frame.height).fold(0.0, f64::max);
    let limit = drawing.height.max(tallest).max(420.0);
    let (mut x, mut y, mut widest) = (drawing.width + BETWEEN, 0.0, 0.0f64);
    let each = frames.iter().map(|frame| {
        if y > 0.0 && y + frame.height > limit {
            (x, y, widest) = (x + widest + 20.0, 0.0, 0.0);
        }
        widest = widest.max(frame.width);
        let here = (x, y);
        y += frame.height + 20.0;
        here
    });
    each.collect()
}

/// How often a block stands in its net.
fn often(block: &BlockKind) -> String {
    if block.uses > 1 { format!("{} times", block.uses) } else { "once".to_string() }
}

/// A block in a frame, with its name and where it stands.
pub(super) fn frame(net: &Architecture, kind: usize, block: &BlockKind, often: &str, look: Look<'_>) -> Drawing {
    let palette = look.palette;
    let color = block_hue(look.hues.get(kind).copied().unwrap_or(kind), palette);
    let ground = palette.paper.mix(color, 0.04);
    let inner = Laid::new(&block.diagram, Look { ground, ..look }).packed();
    let name = Lettering { size: 13.0, weight: Weight::SemiBold, anchor: Anchor::Start, color: palette.ink };
    let uses = Lettering { size: 11.0, weight: Weight::Regular, color: palette.text(palette.muted), ..name };
    let title = font::elide(&block.name, 300.0, name.size, name.weight);
    let often = &font::elide(often, 300.0, uses.size, uses.weight);
    let heading = name.width(&title) + 10.0 + uses.width(often);
    let width = inner.width.max(heading) + 2.0 * FRAME;
    let mut drawing = Drawing::new(palette);
    let dash = if first_of(net, kind).is_some() { Dash::Dashed } else { Dash::Solid };
    drawing.width = width;
    drawing.height = inner.height + HEADING + 2.0 * FRAME - 4.0;
    let outline = Outline { x: 0.0, y: 0.0, width, height: drawing.height };
    drawing.rectangle(outline, 8.0, Some(ground), None);
    drawing.rectangle(outline, 8.0, None, Some(Pen { color, width: 1.2, dash }));
    drawing.text(FRAME, FRAME + 4.0, &title, name);
    drawing.text(FRAME + name.width(&title) + 10.0, FRAME + 4.0, often, uses);
    let left = (width - inner.width) / 2.0;
    drawing.add(inner, (left, HEADING + FRAME - 4.0));
    drawing
}

/// The boxes from top to bottom; where that is too tall, in columns as far as there is room, broken where all that goes on
/// comes from one box.
fn columns(diagram: &Diagram, room: f64, look: Look<'_>) -> Drawing {
    let whole = Laid::new(diagram, look);
    let most = ((room + BETWEEN) / (whole.graph.width + BETWEEN)).floor().max(1.0);
    let count = (whole.height() / COLUMN).ceil().clamp(1.0, most) as usize;
    if count == 1 || whole.height() <= TALLEST {
        return whole.packed();
    }
    let pieces = broken(&whole, count);
    let mut drawing = Drawing::new(look.palette);
    let mut x = 0.0;
    // Below what stands there of the last box's links.
    let below = if look.traffic.is_some() { 26.0 } else { 14.0 };
    let mut last: Option<usize> = None;
    for piece in &pieces {
        let laid = Laid::new(piece, look).packed();
        let (first, width, height) = (drawing.boxes.len(), laid.width, laid.height);
        let left = drawing.width;
        drawing.add(laid, (x, 0.0));
        if let Some(last) = last {
            goes_on(&mut drawing, last, first, (left, x), below);
        }
        last = Some(drawing.boxes.len() - 1);
        drawing.width = x + width;
        drawing.height = drawing.height.max(height + below);
        x += width + BETWEEN;
    }
    drawing
}

/// A link from the last box of a column to the first of the next, through the gap between them.
fn goes_on(drawing: &mut Drawing, from: usize, to: usize, (left, right): (f64, f64), below: f64) {
    let pen = Pen::solid(drawing.palette.axis, 1.3);
    let (from_box, to_box) = (drawing.boxes[from].bounds(), drawing.boxes[to].bounds());
    let (start, end) = (from_box.x + from_box.width / 2.0, to_box.x + to_box.width / 2.0);
    let gutter = (left + right) / 2.0;
    let (low, high) = (from_box.bottom() + below, to_box.y - 14.0);
    let points =
        vec![(start, from_box.bottom()), (start, low), (gutter, low), (gutter, high), (end, high), (end, to_box.y)];
    let drawn = drawing.shapes.len();
    drawing.wire((from, to), points, pen);
    // Below what is written beside it.
    let wire = drawing.shapes.split_off(drawn);
    drawing.shapes.splice(0..0, wire);
}

/// A diagram in so many pieces of about one height; fewer where it cannot be broken there.
fn broken(whole: &Laid<'_>, count: usize) -> Vec<Diagram> {
    let diagram = whole.diagram;
    let tops = whole.graph.tops(whole.gap());
    let top = |at: usize| tops[whole.graph.ranks[at]];
    let is_cut = |at: usize| {
        let mut crossing = diagram.links.iter().filter(|link| link.from < at && link.to >= at).map(|link| link.from);
        let first = crossing.next();
        first.is_some() && crossing.all(|from| Some(from) == first)
    };
    // Before which boxes all that goes on comes from one.
    let cuts: Vec<usize> = (1..diagram.boxes.len()).filter(|&at| is_cut(at)).collect();
    let piece_height = whole.height() / count as f64;
    let mut ends: Vec<usize> = (1..count)
        .filter_map(|number| {
            let wanted = number as f64 * piece_height;
            let far = |at: usize| (top(at) - wanted).abs();
            let near = cuts.iter().copied().min_by(|&a, &b| far(a).total_cmp(&far(b)))?;
            (far(near) < piece_height * 0.3).then_some(near)
        })
        .collect();
    ends.dedup();
    ends.push(diagram.boxes.len());
    let begins = std::iter::once(0).chain(ends.iter().copied());
    begins.zip(&ends).map(|(first, &end)| piece(diagram, first, end)).collect()
}

/// A part of a diagram; what comes into it to several boxes comes through a small one.
fn piece(diagram: &Diagram, first: usize, end: usize) -> Diagram {
    let inside = diagram.boxes[first..end].to_vec();
    let entering: Vec<&Link> =
        diagram.links.iter().filter(|link| link.from < first && (first..end).contains(&link.to)).collect();
    let gate = entering.first().filter(|_| entering.len() > 1).map(|link| &diagram.boxes[link.from]);
    let shift = usize::from(gate.is_some());
    let is_inside = |link: &&Link| link.from >= first && link.to < end;
    let moved = |link: &Link| Link { from: link.from + shift - first, to: link.to + shift - first, ..*link };
    let mut links: Vec<Link> = diagram.links.iter().filter(is_inside).map(moved).collect();
    if shift > 0 {
        links.extend(entering.iter().map(|link| Link { from: 0, to: link.to + shift - first, ..**link }));
    }
    let gate = gate.map(|from| LayerBox {
        family: Family::Input,
        label: String::new(),
        then: Vec::new(),
        block: None,
        lead: None,
        count: 1,
        ..from.clone()
    });
    Diagram { boxes: gate.into_iter().chain(inside).collect(), links }
}

/// The style of a net's boxes: compact where there are many.
pub(super) fn style(net: &Architecture) -> Style {
    if net.diagram.boxes.len() > 60 { Style::Compact } else { Style::Roomy }
}
