//! The house's colours: one palette, in a light and a dark form.
//!
//! The first two curves' colours, which are right and wrong as well, are Okabe and Ito's blue and orange ("Color Universal
//! Design", 2008); the others were searched for so that people with any of the common forms of colour blindness tell all
//! of them apart, by lightness where the hue does not (the tests compute it). Line style, markers and signs carry the
//! same distinction for print in grey.

use std::fmt;

pub use fovea_dsl::verb::Theme;

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

    /// Red, green and blue as amounts of light, 0–1: sRGB's encoding undone (IEC 61966-2-1).
    fn linear(self) -> [f64; 3] {
        [self.0, self.1, self.2].map(|part| match f64::from(part) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        })
    }

    /// The contrast with another colour, 1 to 21 (Web Content Accessibility Guidelines 2.2, "contrast ratio").
    pub fn contrast(self, other: Color) -> f64 {
        let luminance = |color: Color| {
            let [r, g, b] = color.linear();
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (a, b) = (luminance(self), luminance(other));
        f64::max(a, b) / f64::min(a, b)
    }

    /// The first of the two, or the second where it is easier to read on `self`.
    pub fn clearer(self, first: Color, second: Color) -> Color {
        if self.contrast(first) >= self.contrast(second) { first } else { second }
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

/// Classes on a map, in both themes: areas without line style or marker, so that colour alone tells them apart. Found by a
/// search for the largest least distance of the first six, to every eye of the tests.
pub(super) const CLASSES: [Color; 8] = [
    Color::hex(0x0072b2),
    Color::hex(0xd55e00),
    Color::hex(0x00ffcc),
    Color::hex(0x330099),
    Color::hex(0xcc99ff),
    Color::hex(0x7f1919),
    Color::hex(0xe5e519),
    Color::hex(0x33cc66),
];

/// The least contrast of text with what it stands on (WCAG 2.2, criterion 1.4.3).
const READABLE: f64 = 4.5;

impl Palette {
    /// A colour for text on paper: `color` itself, or as much nearer to ink as it takes to be read.
    pub fn text(&self, color: Color) -> Color {
        let shares = (0..=20).map(|step| color.mix(self.ink, f64::from(step) / 20.0));
        shares.into_iter().find(|shade| shade.contrast(self.paper) >= READABLE).unwrap_or(self.ink)
    }

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
    axis: Color::hex(0x838e9a),
    grid: Color::hex(0xe4e8ed),
    series: [
        Color::hex(0x0072b2),
        Color::hex(0xd55e00),
        Color::hex(0x0d3c1d),
        Color::hex(0x5f0a75),
        Color::hex(0x6c5314),
        Color::hex(0x1f97e6),
        Color::hex(0x918a8f),
    ],
    right: Color::hex(0x0072b2),
    wrong: Color::hex(0xd55e00),
    bar: Color::hex(0x8b96a2),
};

const DARK: Palette = Palette {
    paper: Color::hex(0x14181d),
    ink: Color::hex(0xe8ecf1),
    muted: Color::hex(0x9ba7b4),
    axis: Color::hex(0x667280),
    grid: Color::hex(0x2a313a),
    series: [
        Color::hex(0x56b4e9),
        Color::hex(0xf28a3c),
        Color::hex(0x267d6a),
        Color::hex(0xa259d4),
        Color::hex(0xf9dc4e),
        Color::hex(0x55f0f5),
        Color::hex(0x97969a),
    ],
    right: Color::hex(0x56b4e9),
    wrong: Color::hex(0xf28a3c),
    bar: Color::hex(0x667280),
};

#[cfg(test)]
mod tests {
    use super::*;

    /// What an eye sees of linear red, green and blue.
    type Eye = [[f64; 3]; 3];

    /// The usual eye, and the three that lack a cone: protanopia, deuteranopia, tritanopia. From table 1 of Machado,
    /// Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6),
    /// 2009, severity 1.0.
    const EYES: [Eye; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// A colour's place in Oklab, in which equal distances look equal, 0–100 from black to white (Ottosson, "A perceptual
    /// color space for image processing", 2020).
    fn place(color: Color, eye: &Eye) -> [f64; 3] {
        const CONES: [[f64; 3]; 3] = [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ];
        const LAB: [[f64; 3]; 3] = [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ];
        let seen = times(eye, color.linear()).map(|light| light.clamp(0.0, 1.0));
        times(&LAB, times(&CONES, seen).map(f64::cbrt)).map(|part| 100.0 * part)
    }

    fn distance(a: Color, b: Color, eye: &Eye) -> f64 {
        place(a, eye).iter().zip(place(b, eye)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_classes_of_a_map_are_told_apart() {
        for eye in &EYES {
            for (i, &one) in CLASSES.iter().enumerate() {
                for (j, &other) in CLASSES[..i].iter().enumerate() {
                    let (apart, least) = (distance(one, other, eye), if i < 6 { 17.0 } else { 12.0 });
                    assert!(apart > least, "classes {i} and {j}, {one} and {other}: {apart:.1}");
                }
            }
        }
    }

    #[test]
    fn the_measures_are_those_of_their_sources() {
        let (white, black) = (Color::hex(0xffffff), Color::hex(0));
        assert!((white.contrast(black) - 21.0).abs() < 1e-9);
        // Oklab of sRGB's red: 0.627955, 0.224863, 0.125846.
        let [l, a, b] = place(Color::hex(0xff0000), &EYES[0]);
        assert!((l - 62.7955).abs() < 0.01 && (a - 22.4863).abs() < 0.01 && (b - 12.5846).abs() < 0.01, "{l} {a} {b}");
        // White is white to every eye, and red and green, of one brightness, are nearly one to a deuteranope's.
        assert!(EYES.iter().all(|eye| distance(white, Color::hex(0xffffff), eye) < 1e-9));
        let (red, green) = (Color::hex(0xc04000), Color::hex(0x708000));
        assert!(distance(red, green, &EYES[2]) < distance(red, green, &EYES[0]) / 3.0);
    }

    #[test]
    fn every_eye_tells_the_curves_apart() {
        for palette in [&LIGHT, &DARK] {
            for (eye, which) in EYES.iter().zip(["all cones", "protanopia", "deuteranopia", "tritanopia"]) {
                for (i, &one) in palette.series.iter().enumerate() {
                    for &other in &palette.series[..i] {
                        let apart = distance(one, other, eye);
                        // The first two are by far the commonest.
                        let least = if i == 1 { 20.0 } else { 10.0 };
                        assert!(apart >= least, "{which}: {one} and {other} are only {apart:.1} apart");
                    }
                }
                let apart = distance(palette.right, palette.wrong, eye);
                assert!(apart >= 20.0, "{which}: right and wrong are only {apart:.1} apart");
            }
        }
    }

    /// WCAG 2.2: 4.5 for text (1.4.3), 3 for what a picture is made of (1.4.11).
    #[test]
    fn everything_stands_out_from_the_paper() {
        for palette in [&LIGHT, &DARK] {
            let contrast = |color: Color| color.contrast(palette.paper);
            let shapes = palette.series.iter().chain([&palette.axis, &palette.bar, &palette.right, &palette.wrong]);
            for &color in shapes {
                assert!(contrast(color) >= 3.0, "{color} has {:.2}", contrast(color));
                assert!(
                    contrast(palette.text(color)) >= 4.5,
                    "text in {color} has {:.2}",
                    contrast(palette.text(color))
                );
            }
            assert!(contrast(palette.ink) >= 7.0 && contrast(palette.muted) >= 4.5);
        }
    }

    #[test]
    fn one_of_black_and_white_is_readable_on_anything() {
        let (white, black) = (Color::hex(0xffffff), Color::hex(0));
        for grey in 0..=255 {
            let ground = Color(grey, grey, grey);
            assert!(ground.contrast(ground.clearer(white, black)) >= 4.5);
        }
    }
}
