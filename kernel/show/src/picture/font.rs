//! The embedded font (Inter, SIL Open Font License; see `assets/OFL.txt`), so that pictures look alike on every machine.

use std::sync::OnceLock;

pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/Inter-Regular.otf");
pub(super) const SEMIBOLD: &[u8] = include_bytes!("../../assets/Inter-SemiBold.otf");

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
    let advances = match weight {
        Weight::Regular => advances(REGULAR, &REGULAR_ADVANCES),
        Weight::SemiBold => advances(SEMIBOLD, &SEMIBOLD_ADVANCES),
    };
    text.chars().map(|c| advances.of(if c.is_control() { ' ' } else { c })).sum::<f64>() * size
}

/// The text, cut with `…` where it is wider than the room there is.
pub(super) fn elide(text: &str, room: f64, size: f64, weight: Weight) -> String {
    // A room measured by this very text is wide enough, however sums are rounded.
    if width(text, size, weight) <= room + 1e-6 {
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

/// The text in lines no wider than the room there is: broken at spaces, and within a word where the word alone is wider.
pub(super) fn wrap(text: &str, room: f64, size: f64, weight: Weight) -> Vec<String> {
    let fits = |line: &str| width(line, size, weight) <= room + 1e-6;
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        let joined = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if fits(&joined) {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            line.push(c);
            if !fits(&line) && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, c.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Whether the embedded font can draw a character.
#[cfg(feature = "png")]
pub(super) fn has(c: char) -> bool {
    let face = &advances(REGULAR, &REGULAR_ADVANCES).face;
    face.as_ref().is_some_and(|face| face.glyph_index(c).is_some())
}

static REGULAR_ADVANCES: OnceLock<Advances> = OnceLock::new();
static SEMIBOLD_ADVANCES: OnceLock<Advances> = OnceLock::new();

/// The font's advances as shares of the text's size.
struct Advances {
    face: Option<ttf_parser::Face<'static>>,
}

fn advances(data: &'static [u8], cell: &'static OnceLock<Advances>) -> &'static Advances {
    cell.get_or_init(|| Advances { face: ttf_parser::Face::parse(data, 0).ok() })
}

impl Advances {
    fn of(&self, c: char) -> f64 {
        // What the font lacks is taken to be as wide as a terminal would have it, at half a size a column.
        let guess = || unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) as f64 * 0.55;
        let Some(face) = &self.face else { return guess() };
        match face.glyph_index(c).and_then(|glyph| face.glyph_hor_advance(glyph)) {
            Some(advance) => f64::from(advance) / f64::from(face.units_per_em()),
            None => guess(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, room: f64) -> Vec<String> {
        wrap(text, room, 12.0, Weight::Regular)
    }

    #[test]
    fn nothing_is_lost_where_lines_are_broken() {
        assert_eq!(wrapped("7 → 1 (98 %)", 200.0), ["7 → 1 (98 %)"]);
        assert_eq!(wrapped("", 50.0), Vec::<String>::new());
        for room in [1.0, 20.0, 47.0, 90.0, 300.0] {
            for text in
                ["great white shark → tiger shark (98 %)", "unbrokenunbrokenunbroken", "ein Wort, 漢字漢字漢字 é"]
            {
                let lines = wrapped(text, room);
                assert!(
                    lines.iter().all(|line| width(line, 12.0, Weight::Regular) <= room || line.chars().count() == 1)
                );
                let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                assert_eq!(letters(&lines.concat()), letters(text), "{room}");
            }
        }
    }
}
