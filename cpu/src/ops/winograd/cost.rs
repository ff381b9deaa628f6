//! What it costs, from the sizes alone: which tiles, or none.
//!
//! Cycles of one core. The constants are from `cpu/lab/winograd.rs` on a Sapphire Rapids with AVX-512, two cores: a product takes
//! its multiply-adds, two a cycle, and a tenth more; a plain convolution a third more. A transform takes what its own loop took, by
//! vector. Vectors of eight lanes take about the same each.

use super::cut::Cut;
use super::plane::{Plane, WINDOW};
use super::wgrad::{self, WgradCut};

/// A vector's multiply-add in a product of transformed values.
const PRODUCT: f64 = 0.56;
/// The same in a convolution as a matrix product over gathered windows.
const PLAIN: f64 = 0.67;
/// A square of a tile of 2×2 or 4×4 results, to and fro, a vector of channels.
const SQUARE: [f64; 2] = [60.0, 170.0];
const RESULT: [f64; 2] = [45.0, 130.0];
/// A 3×3 filter, a vector of them and a channel.
const FILTER: [f64; 2] = [160.0, 260.0];
/// The bytes that go to the outer caches and come back, a cycle.
const BYTES: f64 = 4.0;
/// The bytes that come from memory, a cycle.
const READ: f64 = 5.0;
/// The sums of a vector of weights of F(3×3, 4×4), put to zero and transformed.
const SUMS: f64 = 250.0;
/// Two more phases of all threads.
const PHASES: f64 = 30_000.0;
/// Fewer channels than these leave vectors empty.
const CHANNELS: usize = 8;

/// The sizes of a convolution in vectors.
struct Sizes {
    positions: f64,
    channels: f64,
    channel_vectors: f64,
    filter_vectors: f64,
    lanes: f64,
}

impl Sizes {
    fn new(plane: &Plane, lanes: usize) -> Self {
        Self {
            positions: (plane.batch * plane.out[0] * plane.out[1]) as f64,
            channels: plane.channels as f64,
            channel_vectors: plane.channels.div_ceil(lanes) as f64,
            filter_vectors: plane.filters.div_ceil(lanes) as f64,
            lanes: lanes as f64,
        }
    }

    /// Without any of it.
    fn plain(&self) -> f64 {
        (WINDOW * WINDOW) as f64 * self.positions * self.channels * self.filter_vectors * PLAIN
    }

    /// With this cut. Filters that stay from step to step are transformed already, and read while products are computed.
    fn of(&self, cut: &Cut, tiles: usize, is_kept: bool) -> f64 {
        let (kind, tiles, points) = (usize::from(cut.size > 2), tiles as f64, cut.packing.points as f64);
        let products = points * tiles * self.channels * self.filter_vectors * PRODUCT;
        let squares = tiles * self.channel_vectors * SQUARE[kind];
        let results = tiles * self.filter_vectors * RESULT[kind];
        let (vectors, bytes) = (self.channels * self.filter_vectors, points * self.lanes * 4.0);
        let products = match (cut.made, is_kept) {
            (Some(_), _) => products + vectors * FILTER[kind],
            (None, false) => products + vectors * (FILTER[kind] + bytes / BYTES),
            (None, true) => products.max(vectors * bytes / READ),
        };
        products + squares + results + PHASES
    }

    /// The gradient by the filters.
    fn of_wgrad(&self, cut: &WgradCut, plane: &Plane) -> f64 {
        let tiles = plane.tiles(wgrad::STEP) as f64;
        let products = wgrad::POINTS as f64 * tiles * self.channels * self.filter_vectors * PRODUCT;
        let [down, across] = cut.blocks(plane).map(|blocks| blocks as f64);
        let squares = tiles * (self.channel_vectors * down + self.filter_vectors * across) * SQUARE[1];
        let sums = self.channels * self.filter_vectors * cut.parts as f64 * SUMS;
        products + squares + sums + PHASES
    }
}

/// The cut of a convolution, where it is worth it; its filters may stay from step to step.
pub fn cut(plane: &Plane, lanes: usize, is_kept: bool) -> Option<Cut> {
    if plane.channels.min(plane.filters) < CHANNELS {
        return None;
    }
    let sizes = Sizes::new(plane, lanes);
    let cost = |cut: &Cut| sizes.of(cut, plane.tiles(cut.size), is_kept);
    let transformed = [4, 2].into_iter().filter(|_| is_kept).map(|size| Cut::transformed(plane, size, lanes));
    let cuts = transformed.chain([4, 2].map(|size| Cut::new(plane, size, lanes)));
    let best = cuts.min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
    (cost(&best) < sizes.plain()).then_some(best)
}

/// The cut of the gradient by the filters, where it is worth it.
pub fn wgrad_cut(plane: &Plane, lanes: usize) -> Option<WgradCut> {
    if plane.channels.min(plane.filters) < CHANNELS {
        return None;
    }
    let (sizes, cut) = (Sizes::new(plane, lanes), WgradCut::new(plane, lanes));
    (sizes.of_wgrad(&cut, plane) < sizes.plain()).then_some(cut)
}
