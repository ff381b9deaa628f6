//! A tensor as a solid in perspective: as high and deep as its map, as thick as it has channels.

use super::super::palette::Palette;
use super::colors::{faces, hue};
use super::drawing::{Drawing, Footprint, Outline, Pen, Point, Shape};
use crate::architecture::{Family, LayerBox};

/// A solid's measures in pixels. Its front shows thickness and height; depth goes up and to the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Solid {
    /// The front's width, that of all slabs together.
    pub thickness: f64,
    /// The front's height.
    pub height: f64,
    /// How far the back is from the front, to the right and up.
    pub depth: [f64; 2],
    /// Slabs beside each other.
    slabs: usize,
}

/// Sizes of maps are drawn to this power, so that 7 is seen beside 224.
const POWER: f64 = 0.5;
/// So many slabs are drawn of a box that stands for more.
const MOST_SLABS: usize = 6;
/// The height and depth of a vector.
const VECTOR: f64 = 13.0;
const THINNEST: f64 = 3.5;
const THICKEST: f64 = 110.0;

/// What solids are drawn to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// The largest size of a map's side.
    pub largest: usize,
    /// All measures are multiplied by this.
    pub factor: f64,
}

impl Scale {
    /// The height of a map's side in pixels.
    fn side(self, size: usize) -> f64 {
        let largest = self.largest.max(1) as f64;
        let most = (112.0 + 20.0 * (largest / 8.0).max(1.0).log2()).min(214.0);
        (most * (size as f64 / largest).powf(POWER)).max(VECTOR) * self.factor
    }

    /// The thickness of so many channels.
    fn thickness(self, channels: usize) -> f64 {
        (2.0 * (channels as f64).powf(0.42)).clamp(THINNEST, THICKEST) * self.factor
    }

    /// The solid of a box's output.
    pub(super) fn solid(self, one: &LayerBox) -> Solid {
        let most: Vec<usize> = one.output.iter().map(|size| size[1]).collect();
        let slabs = one.count.clamp(1, MOST_SLABS);
        let (channels, axes) = most.split_last().map_or((1, &[][..]), |(channels, axes)| (*channels, axes));
        let flat = VECTOR * self.factor;
        let [height, deep] = match axes {
            [] => [flat, flat],
            [length] => [self.side(*length), flat],
            [.., height, width] => [self.side(*height), self.side(*width)],
        };
        let thickness = self.thickness(channels) * slabs as f64;
        Solid { thickness, height, depth: [0.36 * deep, 0.30 * deep], slabs }
    }
}

impl Solid {
    /// Its width with its depth.
    pub(super) fn width(&self) -> f64 {
        self.thickness + self.depth[0]
    }

    /// Half its height with its depth.
    pub(super) fn half(&self) -> f64 {
        (self.height + self.depth[1]) / 2.0
    }

    /// Draws it with its left end there and its middle on the axis; where it is. One that another leans on shows no side.
    pub(super) fn draw(&self, one: &LayerBox, (x, axis): Point, leaned: Leaned, drawing: &mut Drawing) -> Outline {
        let palette = drawing.palette;
        let [front, top, side] = faces(hue(one.family, palette), palette);
        let pen = Some(Pen::solid(edge(one, palette), 0.8));
        let [dx, dy] = self.depth;
        let upper = axis + dy / 2.0 - self.height / 2.0;
        let lower = upper + self.height;
        let thick = self.thickness / self.slabs as f64;
        let back = |(x, y): Point| (x + dx, y - dy);
        let mut face = |points: [Point; 4], fill| {
            drawing.shapes.push(Shape::Polygon { points: points.to_vec(), fill, pen });
        };
        for slab in 0..self.slabs {
            let (left, right) = (x + thick * slab as f64, x + thick * (slab + 1) as f64);
            // Activations and norms are a band at the slab's end.
            let band = if one.then.is_empty() { right } else { right - (0.24 * thick).clamp(1.6, 6.0) };
            face([(left, upper), back((left, upper)), back((band, upper)), (band, upper)], top);
            face([(left, upper), (band, upper), (band, lower), (left, lower)], front);
            if band < right {
                face([(band, upper), back((band, upper)), back((right, upper)), (right, upper)], side);
                face([(band, upper), (right, upper), (right, lower), (band, lower)], side);
            }
        }
        let right = x + self.thickness;
        let mut parts = vec![
            vec![(x, upper), (right, upper), (right, lower), (x, lower)],
            vec![(x, upper), back((x, upper)), back((right, upper)), (right, upper)],
        ];
        if leaned == Leaned::Free {
            let points = [(right, upper), back((right, upper)), back((right, lower)), (right, lower)];
            face(points, side);
            parts.push(points.to_vec());
        }
        drawing.boxes.push(Footprint(parts));
        Outline {
            x,
            y: upper - dy,
            width: if leaned == Leaned::Free { self.width() } else { self.thickness },
            height: self.height + dy,
        }
    }

    /// Where a link from above meets it, its left end being there: the middle of its upper back edge.
    pub(super) fn crown(&self, at: &Outline) -> Point {
        (at.x + self.depth[0] + self.thickness / 2.0, at.y)
    }
}

/// Whether another solid leans on a solid's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaned {
    Free,
    Leaned,
}

fn edge(one: &LayerBox, palette: &Palette) -> super::super::palette::Color {
    let color = if one.family == Family::Input { palette.muted } else { hue(one.family, palette) };
    color.mix(palette.ink, 0.25)
}
