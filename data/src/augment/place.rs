//! Where in a picture each pixel of the changed one comes from.

use super::Augment;
use crate::generate::Dice;

/// A pixel at a place comes from `middle + turned · (place − middle) + moved`, rows first.
pub(super) struct Placement {
    turned: [[f32; 2]; 2],
    moved: [f32; 2],
    /// Whether every pixel is one of the old picture's.
    is_exact: bool,
}

impl Placement {
    /// What chance makes of a picture.
    pub fn draw(augment: &Augment, [height, width, _]: [usize; 3], dice: &mut Dice) -> Self {
        let is_mirrored = augment.flip && dice.below(2) == 1;
        let mut step = |side: usize| {
            let most = augment.crop.min(side.saturating_sub(1));
            if most == 0 { 0.0 } else { dice.below(2 * most + 1) as f32 - most as f32 }
        };
        let moved = [step(height), step(width)];
        let angle = if augment.rotate > 0.0 { dice.between(-augment.rotate, augment.rotate).to_radians() } else { 0.0 };
        let scale = augment.scale.map_or(1.0, |(least, most)| dice.between(least.ln(), most.ln()).exp());
        let (sin, cos) = if angle == 0.0 { (0.0, 1.0 / scale) } else { (angle.sin() / scale, angle.cos() / scale) };
        let mirror = if is_mirrored { -1.0 } else { 1.0 };
        let turned = [[cos, -sin * mirror], [sin, cos * mirror]];
        Self { turned, moved, is_exact: angle == 0.0 && scale == 1.0 }
    }

    /// Moves a picture's values, and the classes at its positions where it has such.
    pub fn apply(&self, shape: [usize; 3], values: &mut [f32], classes: &mut [f32]) {
        if self.is_exact && self.turned[1][1] > 0.0 && self.moved == [0.0; 2] {
            return;
        }
        let [height, width, channels] = shape;
        let old = values.to_vec();
        let at = |y: usize, x: usize| &old[(y * width + x) * channels..][..channels];
        for (place, pixel) in values.chunks_exact_mut(channels).enumerate() {
            let [y, x] = self.from(place, [height, width]);
            let ([top, bottom], [left, right]) = (beside(y, height), beside(x, width));
            let (down, across) = (y.max(0.0).fract(), x.max(0.0).fract());
            if self.is_exact {
                pixel.copy_from_slice(at(top, left));
                continue;
            }
            for (c, value) in pixel.iter_mut().enumerate() {
                let row = |y: usize| at(y, left)[c] + across * (at(y, right)[c] - at(y, left)[c]);
                *value = row(top) + down * (row(bottom) - row(top));
            }
        }
        let old = classes.to_vec();
        for (place, class) in classes.iter_mut().enumerate() {
            // Of classes there is nothing between two.
            let [y, x] = self.from(place, [height, width]).map(|at| at.round().max(0.0) as usize);
            *class = old[y.min(height - 1) * width + x.min(width - 1)];
        }
    }

    /// Where in the old picture the pixel of this number comes from.
    fn from(&self, place: usize, [height, width]: [usize; 2]) -> [f32; 2] {
        let middle = [height, width].map(|side| (side - 1) as f32 / 2.0);
        let [y, x] = [place / width, place % width].map(|at| at as f32);
        let (y, x) = (y - middle[0], x - middle[1]);
        let turned = self.turned.map(|[down, across]| down * y + across * x);
        [0, 1].map(|axis| middle[axis] + turned[axis] + self.moved[axis])
    }
}

/// The two pixels that a place along a side lies between; behind an edge, that at the edge.
fn beside(at: f32, side: usize) -> [usize; 2] {
    let first = at.floor().max(0.0) as usize;
    [first, if at < 0.0 { first } else { first + 1 }].map(|at| at.min(side - 1))
}
