//! Augmentation: pictures changed at random as training sees them, so that it sees none twice. What is drawn depends on the
//! run's seed, the epoch and the sample alone: a run that is resumed sees the same.

mod colour;
mod mix;
mod place;

use std::fmt;

use fovea_graph::philox::{Purpose, Stream};

use crate::generate::Dice;
pub use mix::blend;
use place::Placement;

/// A change that training pictures get at random.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Augmentation {
    /// Left and right are exchanged, every second time.
    Flip,
    /// The picture is moved by up to so many pixels, up or down and left or right: as one that is padded by as many and cut
    /// to its size again (K. He et al., "Deep residual learning", section 4.2), its edge repeated.
    Crop(usize),
    /// It is turned about its middle by up to so many degrees, either way.
    Rotate(f32),
    /// It is enlarged about its middle by a factor between these two, as often to more than their geometric mean as to less.
    Scale(f32, f32),
    /// Brightness, contrast and, of coloured ones, saturation are each multiplied by a factor of 1 − x to 1 + x.
    Jitter(f32),
    /// Normal noise of this deviation is added to every value.
    Noise(f32),
    /// A square of so many pixels a side, anywhere and perhaps in part outside, becomes the mean colour (T. DeVries and
    /// G. Taylor, arXiv:1708.04552).
    Cutout(usize),
    /// It is mixed with the next of its batch, and what it is with what that is: a share of Beta(α, α) of its own, the rest
    /// of the other's (H. Zhang et al., arXiv:1710.09412). This is α.
    Mixup(f32),
}

/// What training pictures are changed by; nothing where it is empty. Each kind is there once at most: of two the later counts.
#[derive(Clone, Default, PartialEq)]
pub struct Augment {
    flip: bool,
    crop: usize,
    rotate: f32,
    scale: Option<(f32, f32)>,
    jitter: f32,
    noise: f32,
    cutout: usize,
    mixup: f32,
}

/// What runs are recognised by: what is not said is not there, of mixing at least, which came later.
impl fmt::Debug for Augment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Augment");
        all.field("flip", &self.flip).field("crop", &self.crop).field("rotate", &self.rotate);
        all.field("scale", &self.scale).field("jitter", &self.jitter).field("noise", &self.noise);
        all.field("cutout", &self.cutout);
        if self.mixup > 0.0 {
            all.field("mixup", &self.mixup);
        }
        all.finish()
    }
}

/// Numbers are finite: what reads them sees to that.
impl Eq for Augment {}

impl FromIterator<Augmentation> for Augment {
    fn from_iter<I: IntoIterator<Item = Augmentation>>(all: I) -> Self {
        let mut augment = Self::default();
        for one in all {
            match one {
                Augmentation::Flip => augment.flip = true,
                Augmentation::Crop(pixels) => augment.crop = pixels,
                Augmentation::Rotate(degrees) => augment.rotate = degrees,
                Augmentation::Scale(least, most) => augment.scale = Some((least, most)),
                Augmentation::Jitter(share) => augment.jitter = share,
                Augmentation::Noise(deviation) => augment.noise = deviation,
                Augmentation::Cutout(pixels) => augment.cutout = pixels,
                Augmentation::Mixup(alpha) => augment.mixup = alpha,
            }
        }
        augment
    }
}

/// A picture that is about to be changed.
pub struct Subject<'a> {
    /// Height, width and channels.
    pub shape: [usize; 3],
    /// Its values, `[H, W, C]`.
    pub values: &'a mut [f32],
    /// Its classes, one at every position; moved with it. Empty where the picture has one class.
    pub classes: &'a mut [f32],
    /// The mean of each channel.
    pub mean: &'a [f32],
}

impl Augment {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether pictures are moved, turned or cut: samples of another shape cannot be.
    pub fn needs_pictures(&self) -> bool {
        *self != Self { noise: self.noise, mixup: self.mixup, ..Self::default() }
    }

    /// Changes sample `index` as epoch `epoch` of a run by this seed sees it.
    pub fn apply(&self, subject: &mut Subject<'_>, seed: u64, epoch: u32, index: usize) {
        let mut dice = Dice::of(Stream::new(seed, Purpose::Augment, index as u32).at_step(epoch));
        let placement = Placement::draw(self, subject.shape, &mut dice);
        placement.apply(subject.shape, subject.values, subject.classes);
        if self.jitter > 0.0 {
            colour::jitter(subject, self.jitter, &mut dice);
        }
        if self.noise > 0.0 {
            self.add_noise(subject.values, &mut dice);
        }
        if self.cutout > 0 {
            colour::cut_out(subject, self.cutout, &mut dice);
        }
    }

    /// The same for a sample that is no picture: noise alone.
    pub fn apply_to_any(&self, values: &mut [f32], seed: u64, epoch: u32, index: usize) {
        let mut dice = Dice::of(Stream::new(seed, Purpose::Augment, index as u32).at_step(epoch));
        self.add_noise(values, &mut dice);
    }

    fn add_noise(&self, values: &mut [f32], dice: &mut Dice) {
        for four in values.chunks_mut(4) {
            four.iter_mut().zip(dice.noise()).for_each(|(value, noise)| *value += self.noise * noise);
        }
    }
}
