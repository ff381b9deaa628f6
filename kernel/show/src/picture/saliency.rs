//! Pictures and, over each, which pixels a score depends on most.

use super::image::{Grey, Image};
use super::layer::{Face, Tile, TileRow, layer};
use super::palette::{Palette, Theme};
use super::sheet::{Mark, Sample, sheet};
use super::{Error, Picture, Result};

/// A picture and how much each pixel matters, told in one way or in several.
#[derive(Clone, Debug)]
pub struct Salient {
    /// The picture.
    pub image: Image,
    /// The maps, as many for every picture.
    pub maps: Vec<SalientMap>,
    /// What it is called, and which score is looked at.
    pub captions: [String; 2],
}

/// How much each pixel matters.
#[derive(Clone, Debug)]
pub struct SalientMap {
    /// How that was told.
    pub name: String,
    /// A number a pixel, at least 0, row by row; the largest is drawn in full colour.
    pub values: Vec<f32>,
}

/// How bright the picture stays under its map.
const GROUND: f64 = 0.55;

/// Each picture beside itself, dimmed, with what matters in colour; where there are several maps, a row a picture.
///
/// Fails with [`Error::Empty`] where there is none, and where a map does not fill its picture.
pub fn saliency(title: &str, items: &[Salient], theme: Theme) -> Result<Picture> {
    if items.iter().any(|item| item.maps.len() > 1) {
        return side_by_side(title, items, theme);
    }
    let mut samples = Vec::with_capacity(2 * items.len());
    for item in items {
        let [name, score] = item.captions.clone();
        samples.push(Sample { image: item.image.clone(), caption: name, mark: Mark::None });
        for map in &item.maps {
            samples.push(Sample { image: item.under(map, theme)?, caption: score.clone(), mark: Mark::None });
        }
    }
    sheet(title, &samples, Grey::Light, theme)
}

/// A row a picture, a column a map.
fn side_by_side(title: &str, items: &[Salient], theme: Theme) -> Result<Picture> {
    let tile = |caption: &str, image: Image| Tile {
        caption: caption.to_string(),
        face: Face::Picture(image),
        is_silent: false,
    };
    let row = |item: &Salient| -> Result<TileRow> {
        let mut tiles = vec![tile("picture", item.image.colored())];
        for map in &item.maps {
            tiles.push(tile(&map.name, item.under(map, theme)?));
        }
        Ok(TileRow { label: item.captions.join(", "), tiles })
    };
    let rows: Vec<TileRow> = items.iter().map(row).collect::<Result<_>>()?;
    let columns = rows.iter().map(|row| row.tiles.len()).max().unwrap_or(0);
    layer("saliency", title, "each map on its own scale, from 0", &rows, [rows.len(), columns], theme)
}

impl Salient {
    /// The picture in grey, the map over it.
    fn under(&self, map: &SalientMap, theme: Theme) -> Result<Image> {
        let (height, width) = (self.image.height(), self.image.width());
        let map = &map.values;
        if map.len() != height * width {
            return Err(Error::Empty { what: "a map that does not fill its picture" });
        }
        let largest = map.iter().copied().filter(|value| value.is_finite()).fold(0.0, f32::max);
        let color = Palette::of(theme).series[1];
        let ink = [color.0, color.1, color.2].map(|part| f64::from(part) / 255.0);
        let pixel = |at: usize| {
            let share = if largest > 0.0 { f64::from(map[at] / largest) } else { 0.0 };
            let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
            let ground = GROUND * self.image.grey(at / width, at % width);
            ink.map(|ink| (ground + (ink - ground) * share) as f32)
        };
        Image::new(height, width, 3, (0..height * width).flat_map(pixel).collect())
    }
}
