//! A picture's pixels: as many channels as a net takes, of the bits that the file has.

use fovea_graph::{Interrupted, Stop};
use image::DynamicImage;
use image::metadata::Orientation;

use super::share::Share;
use crate::resize::Resize;
use crate::store::levels::nearest;

/// The most pixels that a picture may claim to have: 8192 × 8192.
pub(super) const MAX_PIXELS: u64 = 1 << 26;

/// Refuses a height and width that no picture may have.
pub(super) fn checked([height, width]: [usize; 2]) -> Result<(), String> {
    match (height as u64).saturating_mul(width as u64) {
        0 => Err("it has no pixels".into()),
        1..=MAX_PIXELS => Ok(()),
        _ => {
            let most = MAX_PIXELS / 1_000_000;
            Err(format!("it claims {height}x{width} pixels: pictures of up to {most} million are read"))
        }
    }
}

/// A picture as it lies in its file.
pub(super) struct Decoded {
    pub image: DynamicImage,
    /// How it is to be turned to stand upright.
    pub orientation: Orientation,
    pub share: Share,
}

/// A picture's pixels.
pub(super) struct Picture {
    /// Height and width.
    size: [usize; 2],
    channels: usize,
    levels: Levels,
    _share: Share,
}

/// Row by row.
enum Levels {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

impl Picture {
    /// With 1 channel or 3. Grey alone fills all of them; what shines through is white.
    pub fn new(image: DynamicImage, channels: usize, share: Share) -> Self {
        let size = [image.height() as usize, image.width() as usize];
        let levels = match image {
            DynamicImage::ImageLuma8(image) => Levels::Bytes(brought::<_, 1>(image.into_raw(), channels)),
            DynamicImage::ImageLumaA8(image) => Levels::Bytes(brought::<_, 2>(image.into_raw(), channels)),
            DynamicImage::ImageRgb8(image) => Levels::Bytes(brought::<_, 3>(image.into_raw(), channels)),
            DynamicImage::ImageRgba8(image) => Levels::Bytes(brought::<_, 4>(image.into_raw(), channels)),
            DynamicImage::ImageLuma16(image) => Levels::Words(brought::<_, 1>(image.into_raw(), channels)),
            DynamicImage::ImageLumaA16(image) => Levels::Words(brought::<_, 2>(image.into_raw(), channels)),
            DynamicImage::ImageRgb16(image) => Levels::Words(brought::<_, 3>(image.into_raw(), channels)),
            other => Levels::Words(brought::<_, 4>(other.into_rgba16().into_raw(), channels)),
        };
        Self { size, channels, levels, _share: share }
    }

    /// The values in 0..1, brought to a height and width. Those of bytes stay what a byte can say, so that they can be kept so.
    pub fn values(&self, size: [usize; 2], stop: &dyn Stop) -> Result<Vec<f32>, Interrupted> {
        let resize = (self.size != size).then(|| Resize::new(self.size, size));
        let mut values = vec![0.0; size[0] * size[1] * self.channels];
        match (&self.levels, &resize) {
            (Levels::Bytes(levels), Some(resize)) => {
                resize.picture(self.channels, levels, u8::WHITE, &mut values, stop)?;
                values.iter_mut().for_each(|value| *value = nearest(*value));
            }
            (Levels::Words(levels), Some(resize)) => {
                resize.picture(self.channels, levels, u16::WHITE, &mut values, stop)?;
            }
            (Levels::Bytes(levels), None) => fill(&mut values, levels),
            (Levels::Words(levels), None) => fill(&mut values, levels),
        }
        Ok(values)
    }
}

/// A level of a pixel's channel.
trait Level: Copy + Default + Into<f32> {
    /// The highest.
    const WHITE: f32;
    fn nearest(level: f32) -> Self;
}

impl Level for u8 {
    const WHITE: f32 = u8::MAX as f32;
    fn nearest(level: f32) -> Self {
        (level + 0.5) as u8
    }
}

impl Level for u16 {
    const WHITE: f32 = u16::MAX as f32;
    fn nearest(level: f32) -> Self {
        (level + 0.5) as u16
    }
}

fn fill<T: Level>(values: &mut [f32], levels: &[T]) {
    values.iter_mut().zip(levels).for_each(|(value, &level)| *value = level.into() / T::WHITE);
}

/// Pixels of `COUNT` channels, the last of an even number being how much they cover, brought to so many.
fn brought<T: Level, const COUNT: usize>(levels: Vec<T>, channels: usize) -> Vec<T> {
    if COUNT == channels {
        return levels;
    }
    // What the eye makes of red, green and blue: ITU-R BT.601.
    const GREY: [f32; 3] = [0.299, 0.587, 0.114];
    let has_alpha = COUNT.is_multiple_of(2);
    let colours = COUNT - usize::from(has_alpha);
    let becomes_grey = channels == 1 && colours == GREY.len();
    let pixels = levels.as_chunks::<COUNT>().0;
    let mut brought = vec![T::default(); pixels.len() * channels];
    for (pixel, values) in pixels.iter().zip(brought.chunks_exact_mut(channels)) {
        let covered = if has_alpha { pixel[colours].into() / T::WHITE } else { 1.0 };
        for (channel, value) in values.iter_mut().enumerate() {
            let level: f32 = if becomes_grey {
                GREY.iter().zip(pixel).map(|(share, &level)| share * level.into()).sum()
            } else {
                pixel[channel % colours].into()
            };
            *value = T::nearest(level * covered + T::WHITE * (1.0 - covered));
        }
    }
    brought
}
