//! What colours and lines mean, below a drawing in perspective.

use super::super::canvas::Anchor;
use super::super::font::Weight;
use super::colors::{faces, hue};
use super::drawing::{Dash, Drawing, Lettering, Outline, Pen};
use crate::architecture::{Architecture, Family, Flow};

// Distances in pixels.

const SWATCH: f64 = 11.0;
const GAP: f64 = 18.0;
const ABOVE: f64 = 26.0;

/// Adds a line that says what the colours of some nets are.
pub(super) fn add(drawing: &mut Drawing, nets: &[Architecture]) {
    let boxes = || nets.iter().flat_map(|net| &net.diagram.boxes);
    let mut families: Vec<Family> = boxes().map(|one| one.family).filter(|&family| family != Family::Input).collect();
    families.sort_unstable();
    families.dedup();
    let palette = drawing.palette;
    let look = Lettering { size: 10.5, weight: Weight::Regular, anchor: Anchor::Start, color: palette.muted };
    let y = drawing.height + ABOVE;
    let (mut x, right) = (0.0, drawing.width);
    let mut line = y;
    let mut place = |width: f64| {
        let wide = width + GAP;
        if x > 0.0 && x + width > right {
            (x, line) = (0.0, line + 18.0);
        }
        let here = (x, line);
        x += wide;
        here
    };
    for family in families {
        let (x, y) = place(SWATCH + 5.0 + look.width(family.word()));
        let swatch = Outline { x, y: y - SWATCH / 2.0, width: SWATCH, height: SWATCH };
        let color = hue(family, palette);
        drawing.rectangle(swatch, 2.0, Some(faces(color, palette)[0]), Some(Pen::solid(color, 0.8)));
        drawing.text(x + SWATCH + 5.0, y, family.word(), look);
    }
    if boxes().any(|one| !one.then.is_empty()) {
        let mut words: Vec<&str> = boxes().flat_map(|one| one.then.iter().map(String::as_str)).collect();
        words.sort_unstable();
        words.dedup();
        let text = format!("edge: {}", words.join(", "));
        let (x, y) = place(look.width(&text));
        drawing.text(x, y, &text, look);
    }
    if nets.iter().flat_map(|net| &net.diagram.links).any(|link| link.flow == Flow::Switches) {
        let text = "where the maxima were";
        let (x, y) = place(26.0 + look.width(text));
        let pen = Pen { color: palette.axis, width: 1.4, dash: Dash::Dashed };
        drawing.line(vec![(x, y), (x + 21.0, y)], pen);
        drawing.text(x + 26.0, y, text, look);
    }
    drawing.height = line + 8.0;
}
