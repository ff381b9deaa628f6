//! The colours of a diagram: a hue a family of layers, the same everywhere.

use super::super::palette::{CLASSES, Color, Palette};
use crate::architecture::Family;

/// The colour of a family.
pub(super) fn hue(family: Family, palette: &Palette) -> Color {
    match family {
        Family::Input => palette.axis,
        Family::Convolution => palette.series[0],
        Family::Pooling => palette.series[1],
        Family::Dense => palette.series[3],
        Family::Enlarging => CLASSES[2].mix(palette.series[2], 0.45),
        Family::Join => palette.muted,
        Family::Pointwise => palette.series[4],
        Family::Block => CLASSES[7],
    }
}

/// The colour of a kind of blocks, by its number.
pub(super) fn block_hue(kind: usize, palette: &Palette) -> Color {
    let [.., point, light, _] = palette.series;
    [CLASSES[7], point, CLASSES[4], light, CLASSES[6], CLASSES[2]][kind % 6]
}

/// The ground of a box of this hue, on which ink is read.
pub(super) fn ground(hue: Color, palette: &Palette) -> Color {
    palette.paper.mix(hue, 0.14)
}

/// The three faces of a solid: front, top and side.
pub(super) fn faces(hue: Color, palette: &Palette) -> [Color; 3] {
    [0.46, 0.26, 0.64].map(|share| palette.paper.mix(hue, share))
}
