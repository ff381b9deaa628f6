//! The embedded font (Inter, SIL Open Font License; see `assets/OFL.txt`), so that pictures look alike on every machine.

use std::sync::OnceLock;
use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, OutlineBuilder};

const REGULAR: &[u8] = include_bytes!("../../assets/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../assets/Inter-SemiBold.otf");

/// The families an SVG asks for: ours, then what viewers have that is about as wide.
pub(super) const FAMILY: &str = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif";

/// A weight of the font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    SemiBold,
}

/// How wide a text is, in pixels, at a size in pixels. Without kerning, so at most a little too wide.
pub(super) fn width(text: &str, size: f64, weight: Weight) -> f64 {
    // What the font lacks is taken to be as wide as a terminal would have it, at half a size a column.
    let guess = |c| unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) as f64 * 0.55;
    let wide = |c: char| advance(if c.is_control() { ' ' } else { c }, weight).unwrap_or_else(|| guess(c));
    text.chars().map(wide).sum::<f64>() * size
}

/// The outlines of a text whose baseline begins at (0, 0), none where there is nothing to see; and where it ends. There is
/// a `?` for every character that the font lacks: a viewer of the SVG has fonts for them.
pub(super) fn outline(text: &str, size: f64, weight: Weight) -> (Option<Path>, f64) {
    let Some(face) = face(weight) else { return (None, 0.0) };
    let mut pen = Pen { path: PathBuilder::new(), x: 0.0, scale: size / f64::from(face.units_per_em()) };
    for c in text.chars().filter_map(drawn) {
        if let Some(glyph) = face.glyph_index(c) {
            face.outline_glyph(glyph, &mut pen);
        }
        pen.x += advance(c, weight).unwrap_or(0.0) * size;
    }
    (pen.path.finish(), pen.x)
}

/// What is drawn for a character: itself, `?`, or nothing for a mark without a width.
fn drawn(c: char) -> Option<char> {
    match c {
        c if c.is_control() => Some(' '),
        c if advance(c, Weight::Regular).is_some() => Some(c),
        c if unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) == 0 => None,
        _ => Some('?'),
    }
}

/// The text, cut with `…` where it is wider than the room there is.
pub(super) fn elide(text: &str, room: f64, size: f64, weight: Weight) -> String {
    if width(text, size, weight) <= room {
        return text.to_string();
    }
    let room = room - width("…", size, weight);
    let mut used = 0.0;
    let mut cut = String::new();
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), size, weight);
        if used > room {
            break;
        }
        cut.push(c);
    }
    format!("{}…", cut.trim_end())
}

/// How far a character moves the pen, as a share of the text's size; none where the font lacks it.
fn advance(c: char, weight: Weight) -> Option<f64> {
    let face = face(weight)?;
    let units = face.glyph_hor_advance(face.glyph_index(c)?)?;
    Some(f64::from(units) / f64::from(face.units_per_em()))
}

/// The embedded font in a weight.
fn face(weight: Weight) -> Option<&'static Face<'static>> {
    static FACES: [OnceLock<Option<Face<'static>>>; 2] = [OnceLock::new(), OnceLock::new()];
    let (face, data) = match weight {
        Weight::Regular => (&FACES[0], REGULAR),
        Weight::SemiBold => (&FACES[1], SEMIBOLD),
    };
    face.get_or_init(|| Face::parse(data, 0).ok()).as_ref()
}

/// Draws glyphs, whose units have their own size and count upwards.
struct Pen {
    path: PathBuilder,
    x: f64,
    scale: f64,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        ((self.x + f64::from(x) * self.scale) as f32, (-f64::from(y) * self.scale) as f32)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
