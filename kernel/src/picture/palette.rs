//! The house's colours: one palette, in a light and a dark form.
//!
//! The curves' colours are Okabe and Ito's ("Color Universal Design", 2008), which people with any of the common forms of
//! colour blindness tell apart; line style and markers carry the same distinction for print in grey.

use std::fmt;

pub use fovea_dsl::command::Theme;

/// A colour in sRGB. Displays as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// From `0xrrggbb`.
    pub const fn hex(rgb: u32) -> Self {
        Color((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
    }

    /// The colour a share of the way to another: 0 gives `self`, 1 gives `other`.
    pub fn mix(self, other: Color, share: f64) -> Color {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let blend = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
        Color(blend(self.0, other.0), blend(self.1, other.1), blend(self.2, other.2))
    }

    /// Brightness as the eye weighs it, 0–1 (Rec. 709 weights on the encoded values).
    pub fn brightness(self) -> f64 {
        (0.2126 * f64::from(self.0) + 0.7152 * f64::from(self.1) + 0.0722 * f64::from(self.2)) / 255.0
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// Every colour a picture may use.
#[derive(Debug)]
pub struct Palette {
    /// The background.
    pub paper: Color,
    /// Text that matters.
    pub ink: Color,
    /// Tick labels, captions, notes.
    pub muted: Color,
    /// The axis.
    pub axis: Color,
    /// The grid and frames of pictures.
    pub grid: Color,
    /// Curves: the first is the training curve's, the second the test curve's where there is one of each.
    pub series: [Color; 7],
    /// Right answers.
    pub right: Color,
    /// Wrong answers.
    pub wrong: Color,
    /// A bar that is neither.
    pub bar: Color,
}

impl Palette {
    /// The colours of a theme.
    pub fn of(theme: Theme) -> &'static Palette {
        match theme {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

const LIGHT: Palette = Palette {
    paper: Color::hex(0xffffff),
    ink: Color::hex(0x1b2530),
    muted: Color::hex(0x5b6774),
    axis: Color::hex(0x9aa5b1),
    grid: Color::hex(0xe4e8ed),
    series: [
        Color::hex(0x0072b2),
        Color::hex(0xd55e00),
        Color::hex(0x009e73),
        Color::hex(0xb8558f),
        Color::hex(0xc98a00),
        Color::hex(0x3aa0d8),
        Color::hex(0x4a4f57),
    ],
    right: Color::hex(0x0072b2),
    wrong: Color::hex(0xd55e00),
    bar: Color::hex(0xb4bdc7),
};

const DARK: Palette = Palette {
    paper: Color::hex(0x14181d),
    ink: Color::hex(0xe8ecf1),
    muted: Color::hex(0x9ba7b4),
    axis: Color::hex(0x5d6874),
    grid: Color::hex(0x2a313a),
    series: [
        Color::hex(0x56b4e9),
        Color::hex(0xf28a3c),
        Color::hex(0x2fc79b),
        Color::hex(0xdb8fbb),
        Color::hex(0xe6b325),
        Color::hex(0x8fa8ff),
        Color::hex(0xc3cad2),
    ],
    right: Color::hex(0x56b4e9),
    wrong: Color::hex(0xf28a3c),
    bar: Color::hex(0x55606c),
};
