//! Pictures and, over each, where a score depends most on its pixels.

use super::image::{Grey, Image};
use super::palette::{Palette, Theme};
use super::sheet::{Mark, Sample, sheet};
use super::{Error, Picture, Result};

/// A picture and how much each pixel matters.
#[derive(Clone, Debug)]
pub struct Salient {
    /// The picture.
    pub image: Image,
    /// A number a pixel, at least 0, row by row; the largest is drawn in full colour.
    pub map: Vec<f32>,
    /// What it is called, and which score is looked at.
    pub captions: [String; 2],
}

/// How bright the picture stays under its map.
const GROUND: f64 = 0.55;

/// Each picture beside itself, dimmed, with what matters in colour.
///
/// Fails with [`Error::Empty`] where there is none, and where a map does not fill its picture.
pub fn saliency(title: &str, items: &[Salient], theme: Theme) -> Result<Picture> {
    let mut samples = Vec::with_capacity(2 * items.len());
    for item in items {
        let [name, score] = item.captions.clone();
        samples.push(Sample { image: item.image.clone(), caption: name, mark: Mark::None });
        samples.push(Sample { image: item.over(theme)?, caption: score, mark: Mark::None });
    }
    sheet(title, &samples, Grey::Light, theme)
}

impl Salient {
    /// The picture in grey, the map over it.
    fn over(&self, theme: Theme) -> Result<Image> {
        let (height, width) = (self.image.height(), self.image.width());
        if self.map.len() != height * width {
            return Err(Error::Empty { what: "a map that does not fill its picture" });
        }
        let largest = self.map.iter().copied().filter(|value| value.is_finite()).fold(0.0, f32::max);
        let color = Palette::of(theme).series[1];
        let ink = [color.0, color.1, color.2].map(|part| f64::from(part) / 255.0);
        let pixel = |at: usize| {
            let share = if largest > 0.0 { f64::from(self.map[at] / largest) } else { 0.0 };
            let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
            let ground = GROUND * self.image.grey(at / width, at % width);
            ink.map(|ink| (ground + (ink - ground) * share) as f32)
        };
        Image::new(height, width, 3, (0..height * width).flat_map(pixel).collect())
    }
}
