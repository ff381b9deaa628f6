//! Brightness, contrast and saturation; and a square that is cut out.

use super::Subject;
use crate::generate::Dice;

/// How bright red, green and blue are seen (ITU-R BT.601).
const SEEN: [f32; 3] = [0.299, 0.587, 0.114];

/// Multiplies brightness, contrast and saturation by factors of 1 − `share` to 1 + `share`. What was within 0 to 1 stays so.
pub(super) fn jitter(subject: &mut Subject<'_>, share: f32, dice: &mut Dice) {
    let mut factor = || dice.between(1.0 - share, 1.0 + share).max(0.0);
    let (brightness, contrast, saturation) = (factor(), factor(), factor());
    let values = &mut *subject.values;
    let is_picture = values.iter().all(|value| (0.0..=1.0).contains(value));
    let channels = subject.shape[2];
    let grey = |pixel: &[f32]| match pixel {
        [r, g, b] => SEEN[0] * r + SEEN[1] * g + SEEN[2] * b,
        _ => pixel.iter().sum::<f32>() / pixel.len() as f32,
    };
    values.iter_mut().for_each(|value| *value *= brightness);
    let mean = values.chunks_exact(channels).map(grey).sum::<f32>() / (values.len() / channels) as f32;
    values.iter_mut().for_each(|value| *value = mean + contrast * (*value - mean));
    if channels > 1 {
        for pixel in values.chunks_exact_mut(channels) {
            let grey = grey(pixel);
            pixel.iter_mut().for_each(|value| *value = grey + saturation * (*value - grey));
        }
    }
    if is_picture {
        values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    }
}

/// Makes a square with `side` pixels a side, about a pixel of the picture, its mean colour.
pub(super) fn cut_out(subject: &mut Subject<'_>, side: usize, dice: &mut Dice) {
    let [height, width, channels] = subject.shape;
    let mut range = |size: usize| {
        let (middle, half) = (dice.below(size), side / 2);
        middle.saturating_sub(half)..(middle + side - half).min(size)
    };
    let (rows, columns) = (range(height), range(width));
    for y in rows {
        for pixel in subject.values[y * width * channels..][..width * channels]
            .chunks_exact_mut(channels)
            .take(columns.end)
            .skip(columns.start)
        {
            pixel.iter_mut().zip(subject.mean.iter().cycle()).for_each(|(value, &mean)| *value = mean);
        }
    }
}
