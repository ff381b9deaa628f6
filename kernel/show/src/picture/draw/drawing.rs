//! What a diagram is made of, in coordinates: shapes, and for each the box, the text or the link that it is. SVG and TikZ
//! are written from this.

use super::super::canvas::{Anchor, Rect};
use super::super::font::{self, Weight};
use super::super::palette::{Color, Palette};

/// A point in pixels.
pub type Point = (f64, f64);

/// A diagram in coordinates.
pub struct Drawing {
    /// Its width in pixels.
    pub width: f64,
    /// Its height in pixels.
    pub height: f64,
    pub(super) palette: &'static Palette,
    /// What is drawn, in order.
    pub(super) shapes: Vec<Shape>,
    /// Where boxes are.
    pub boxes: Vec<Footprint>,
    /// Where texts are.
    pub labels: Vec<(String, Outline)>,
    /// Where links are.
    pub links: Vec<Wire>,
    /// The diagram in words.
    pub alt: String,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    /// The left end.
    pub x: f64,
    /// The upper end.
    pub y: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
}

/// What a box covers: polygons without dents, its corners in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Footprint(pub Vec<Vec<Point>>);

/// A link from a box to another, by their numbers in the drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// From which box.
    pub from: usize,
    /// To which box.
    pub to: usize,
    /// The points that it goes through.
    pub points: Vec<Point>,
}

/// How a shape's outline looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pen {
    pub color: Color,
    pub width: f64,
    pub dash: Dash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Dashed,
}

impl Pen {
    pub(super) fn solid(color: Color, width: f64) -> Self {
        Self { color, width, dash: Dash::Solid }
    }
}

/// How a text looks; its position is its middle in height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lettering {
    pub size: f64,
    pub weight: Weight,
    pub anchor: Anchor,
    pub color: Color,
}

impl Lettering {
    pub(super) fn width(&self, text: &str) -> f64 {
        font::width(text, self.size, self.weight)
    }
}

/// Something that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Rectangle { at: Outline, radius: f64, fill: Option<Color>, pen: Option<Pen> },
    Polygon { points: Vec<Point>, fill: Color, pen: Option<Pen> },
    Line { points: Vec<Point>, pen: Pen },
    Text { x: f64, y: f64, text: String, look: Lettering },
}

impl Outline {
    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

impl Footprint {
    /// The rectangle around it.
    pub fn bounds(&self) -> Outline {
        let corners = || self.0.iter().flatten();
        let least = |of: fn(&Point) -> f64| corners().map(of).fold(f64::INFINITY, f64::min);
        let most = |of: fn(&Point) -> f64| corners().map(of).fold(f64::NEG_INFINITY, f64::max);
        let (x, y) = (least(|point| point.0), least(|point| point.1));
        Outline { x, y, width: most(|point| point.0) - x, height: most(|point| point.1) - y }
    }
}

impl From<Outline> for Footprint {
    fn from(at: Outline) -> Self {
        Self(vec![vec![(at.x, at.y), (at.right(), at.y), (at.right(), at.bottom()), (at.x, at.bottom())]])
    }
}

impl From<Outline> for Rect {
    fn from(Outline { x, y, width, height }: Outline) -> Self {
        Rect { x, y, width, height }
    }
}

impl Drawing {
    pub(super) fn new(palette: &'static Palette) -> Self {
        let (width, height) = (0.0, 0.0);
        let (shapes, boxes, labels, links) = Default::default();
        Self { width, height, palette, shapes, boxes, labels, links, alt: String::new() }
    }

    /// A text, whose place is kept.
    pub(super) fn text(&mut self, x: f64, y: f64, text: &str, look: Lettering) {
        if text.is_empty() {
            return;
        }
        let width = look.width(text);
        let left = match look.anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        // From the tops of capitals to the ends of descenders.
        let outline = Outline { x: left, y: y - 0.5 * look.size, width, height: look.size };
        self.labels.push((text.to_string(), outline));
        self.shapes.push(Shape::Text { x, y, text: text.to_string(), look });
    }

    pub(super) fn rectangle(&mut self, at: Outline, radius: f64, fill: Option<Color>, pen: Option<Pen>) {
        self.shapes.push(Shape::Rectangle { at, radius, fill, pen });
    }

    pub(super) fn line(&mut self, points: Vec<Point>, pen: Pen) {
        self.shapes.push(Shape::Line { points, pen });
    }

    /// A link with an arrow's head at its end, where it is long enough for one.
    pub(super) fn wire(&mut self, (from, to): (usize, usize), points: Vec<Point>, pen: Pen) {
        if let Some((line, head)) = with_head(&points, pen) {
            self.line(line, pen);
            self.shapes.push(Shape::Polygon { points: head, fill: pen.color, pen: None });
        } else if length(&points) > 1.0 {
            self.line(points.clone(), pen);
        }
        self.links.push(Wire { from, to, points });
    }

    /// Adds another drawing at a place.
    pub(super) fn add(&mut self, other: Drawing, (dx, dy): Point) {
        let moved = |(x, y): Point| (x + dx, y + dy);
        let outline = |at: Outline| Outline { x: at.x + dx, y: at.y + dy, ..at };
        let first = self.boxes.len();
        let polygon = |points: Vec<Point>| points.into_iter().map(moved).collect();
        self.boxes.extend(
            other.boxes.into_iter().map(|Footprint(parts)| Footprint(parts.into_iter().map(polygon).collect())),
        );
        self.labels.extend(other.labels.into_iter().map(|(text, at)| (text, outline(at))));
        self.links.extend(other.links.into_iter().map(|wire| Wire {
            from: wire.from + first,
            to: wire.to + first,
            points: wire.points.into_iter().map(moved).collect(),
        }));
        self.shapes.extend(other.shapes.into_iter().map(|shape| match shape {
            Shape::Rectangle { at, radius, fill, pen } => Shape::Rectangle { at: outline(at), radius, fill, pen },
            Shape::Polygon { points, fill, pen } => {
                Shape::Polygon { points: points.into_iter().map(moved).collect(), fill, pen }
            }
            Shape::Line { points, pen } => Shape::Line { points: points.into_iter().map(moved).collect(), pen },
            Shape::Text { x, y, text, look } => Shape::Text { x: x + dx, y: y + dy, text, look },
        }));
    }
}

fn length(points: &[Point]) -> f64 {
    points.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1)).sum()
}

/// A line cut short, and the arrow's head at its end; none where it is too short for one.
fn with_head(points: &[Point], pen: Pen) -> Option<(Vec<Point>, Vec<Point>)> {
    let (long, wide) = (4.0 + 2.0 * pen.width, 2.2 + 0.9 * pen.width);
    let &tip = points.last()?;
    if length(points) < long + 3.0 {
        return None;
    }
    let mut line = points.to_vec();
    let mut left = long;
    // Back along the line by the head's length.
    while let [.., from, to] = line[..] {
        let piece = (to.0 - from.0).hypot(to.1 - from.1);
        line.pop();
        if piece > left {
            let share = left / piece;
            line.push((to.0 + (from.0 - to.0) * share, to.1 + (from.1 - to.1) * share));
            break;
        }
        left -= piece;
    }
    let &base = line.last()?;
    let far = (tip.0 - base.0).hypot(tip.1 - base.1).max(1e-9);
    let (dx, dy) = ((tip.0 - base.0) / far, (tip.1 - base.1) / far);
    let head = vec![tip, (base.0 - dy * wide, base.1 + dx * wide), (base.0 + dy * wide, base.1 - dx * wide)];
    Some((line, head))
}
