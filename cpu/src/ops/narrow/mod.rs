//! Convolution of maps with few channels, such as images: no matrix is gathered, vectors run over the filters.
//!
//! A band of output lines works on a copy of the map's lines it sees, padded with zeros, so that every window lies inside.
//! There each window element is a fixed offset. A block of positions ([`forward`]), or of window elements ([`wgrad`]), with
//! one or two vectors of filters has its sums in registers. After E. Georganas et al., "Anatomy of high-performance deep learning
//! convolutions on SIMD architectures", arXiv:1808.05567.

mod forward;
mod wgrad;

use std::fmt;
use std::ops::Range;

use crate::geometry::Geometry;
pub use forward::{forward, forward_scratch};
pub use wgrad::{WgradCut, wgrad};

/// The most channels of a map that counts as narrow.
const CHANNELS: usize = 8;

/// Lines are padded for so many more positions than they have, because blocks of positions may end beyond them.
const MORE: usize = 8;

/// The largest copy of a band, in elements: 4 MiB. Longer lines take another way.
const COPY: usize = 1 << 20;

/// Whether this module is the way to compute it: few channels, and what a band sees is not too much.
pub fn is_narrow(g: &Geometry) -> bool {
    g.groups == 1 && g.channels <= CHANNELS && Bands::new(g, 1).copy() <= COPY
}

/// How many of so many lanes the filters need: a vector of 16 is for nothing where there are 8 of them.
fn enough(g: &Geometry, lanes: usize) -> usize {
    if g.filters <= 8 { lanes.min(8) } else { lanes }
}

/// How the work is cut, from the sizes alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands {
    /// Output lines of a band; a band lies in one plane of the last two axes.
    lines: usize,
    /// Bands of such a plane.
    per_plane: usize,
    /// Elements of one padded line of the map; the last positions' neighbours are there too.
    width: usize,
    /// Padded lines of a plane of the map that a band sees.
    height: usize,
    /// Planes that it sees.
    planes: usize,
    /// Filters of a block: one vector, or two where there are more.
    block: usize,
    /// Filters, rounded up to whole blocks.
    filters: usize,
    /// Where each element of a window lies, counted from its first.
    offsets: Vec<usize>,
}

impl Bands {
    /// Bands that keep a thread busy, for vectors of at most so many lanes.
    pub fn new(g: &Geometry, lanes: usize) -> Self {
        let lanes = enough(g, lanes);
        Self::with_block(g, if g.filters <= lanes { lanes } else { 2 * lanes })
    }

    /// Bands for blocks of so many filters.
    fn with_block(g: &Geometry, block: usize) -> Self {
        // Where bands are few, an even number of them in a plane, for two threads to have as many each.
        const FEW: usize = 32;
        let most = (2048 / g.out[2]).clamp(1, g.out[1]);
        let bands = g.out[1].div_ceil(most);
        let is_few = g.batch * g.out[0] * bands < FEW;
        let lines = if is_few { g.out[1].div_ceil(bands.next_multiple_of(2)) } else { most };
        let extent = |axis: usize, n: usize| (n - 1) * g.stride[axis] + (g.window[axis] - 1) * g.dilate[axis] + 1;
        let width = extent(2, g.out[2] + MORE) * g.channels;
        let height = extent(1, lines);
        let [planes, down, across] = g.window;
        let elements = (0..planes * down * across).map(|tap| [tap / across / down, tap / across % down, tap % across]);
        let at = |[t, r, s]: [usize; 3]| (t * height + r * g.dilate[1]) * width + s * g.dilate[2] * g.channels;
        let offsets = elements.flat_map(|tap| at(tap)..at(tap) + g.channels).collect();
        Self {
            lines,
            per_plane: g.out[1].div_ceil(lines),
            width,
            height,
            planes,
            block,
            filters: g.filters.next_multiple_of(block),
            offsets,
        }
    }

    /// Bands of the whole batch.
    pub fn count(&self, g: &Geometry) -> usize {
        g.batch * g.out[0] * self.per_plane
    }

    /// Elements of a band's padded copy.
    fn copy(&self) -> usize {
        self.width * self.height * self.planes
    }

    /// The plane of a band, counted through the batch, and which of its output lines.
    fn place(&self, g: &Geometry, band: usize) -> (usize, Range<usize>) {
        let first = band % self.per_plane * self.lines;
        (band / self.per_plane, first..(first + self.lines).min(g.out[1]))
    }

    /// Copies the lines of the maps that the output lines `lines` of a plane see.
    fn fill(&self, g: &Geometry, maps: &[f32], (plane, lines): (usize, &Range<usize>), copy: &mut [f32]) {
        let line = g.map[2] * g.channels;
        let before = g.pad[2] * g.channels;
        let inside = line.min(self.width - before);
        let (image, plane) = (&maps[plane / g.out[0] * g.image()..], plane % g.out[0]);
        let on_map = |axis: usize, at: usize| at.checked_sub(g.pad[axis]).filter(|&at| at < g.map[axis]);
        for (number, to) in copy[..self.copy()].chunks_exact_mut(self.width).enumerate() {
            let z = on_map(0, plane * g.stride[0] + number / self.height * g.dilate[0]);
            let y = on_map(1, lines.start * g.stride[1] + number % self.height);
            match z.zip(y).map(|(z, y)| z * g.map[1] + y) {
                Some(y) => {
                    to[..before].fill(0.0);
                    to[before..before + inside].copy_from_slice(&image[y * line..y * line + inside]);
                    to[before + inside..].fill(0.0);
                }
                None => to.fill(0.0),
            }
        }
    }
}

impl fmt::Display for Bands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines x {}", self.lines, self.block)
    }
}
