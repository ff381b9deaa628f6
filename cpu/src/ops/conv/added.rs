//! The gradient by the input as one product, whose sums are added where windows overlap: `dx[p·stride + r] += dy[p] · w[r]`.
//!
//! A task has a part of dx. A block of positions at a time, all of their windows are computed, rows of dy over the filters as they
//! lie, and lie in the second cache until they are added to the map; what of them lies beside it is left out. Other than for
//! phases of the stride there is one product instead of many small ones, nothing is gathered but rows that lie together, and vectors
//! go across the elements of windows, so that few channels fill them.
//!
//! Bytes: an element of a window is written, read and added once, 16 bytes for as many multiply–adds as there are filters.
//! On a core of 100 GFLOP/s with AVX2 50² of 24 channels by 40 filters of 4×4 at stride 3 take 64 % of the peak, by phases 37.
//!
//! Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing", 2006.

use std::fmt;
use std::ops::Range;

use fovea_graph::op::Transpose;
use pulp::{Simd, WithSimd};

use super::phases::Phase;
use super::windows::{Axis, Position};
use crate::epilogue::Epilogue;
use crate::geometry::{Geometry, Part};
use crate::ops::Call;
use crate::ops::kernel::Form;
use crate::product::{Cut, Factor, Memory, Product, Rows};
use crate::scratch::Scratch;

/// How the work is cut, from the sizes and the width of the vectors alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The product of dy and the filters.
    cut: Cut,
    /// Positions whose windows are computed at a time.
    block: usize,
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}, {} positions added at a time", self.cut.tile, self.cut.width, self.cut.piece, self.block)
    }
}

impl Added {
    /// The cut, where this is a good way: where it is less work than the phases of a stride.
    pub fn new(g: &Geometry, lanes: usize) -> Option<Self> {
        /// Elements of the windows that are computed at a time: 32 KiB.
        const WINDOWS: usize = 1 << 13;
        // An eighth less: the phases' products are a little nearer to the peak.
        if g.groups > 1 || g.stride == [1; 3] || 9 * work(g, lanes) > 8 * phases_work(g, lanes) {
            return None;
        }
        let cut = Cut::packed_before([g.rows(), g.depth(), g.filters], 1, lanes);
        let tile = cut.tile;
        let block = (WINDOWS / g.depth().max(1) / tile * tile).clamp(tile, g.rows().next_multiple_of(tile));
        Some(Self { cut, block })
    }

    /// Each thread has a tile of dy and a block's windows.
    pub fn scratch(&self) -> Scratch {
        Scratch::each(self.each())
    }

    fn each(&self) -> usize {
        self.cut.workspace() + self.block * self.cut.columns
    }

    /// What is made of the filters, and of how many elements.
    pub fn form(&self) -> (Form, usize) {
        (Form::Weights(Transpose::No, self.cut), self.cut.packed())
    }
}

/// What the product and the additions take, in multiply–adds of a vector. The figures are fitted to the times of 18 convolutions
/// on AVX2: an addition of a vector is 7, one of a window's lines 100 in all, and so below.
fn work(g: &Geometry, lanes: usize) -> usize {
    let vectors = g.depth().div_ceil(lanes);
    g.rows() * (vectors * (g.filters + 7) + 100 * g.window[0] * g.window[1])
}

/// The same of the products of the phases: a tile's rows are gathered, 4 a vector, and each has its place, 170.
fn phases_work(g: &Geometry, lanes: usize) -> usize {
    let vectors = |elements: usize| elements.div_ceil(lanes);
    let work = |phase: Phase| {
        let depth = phase.depth(g);
        phase.rows(g) * (vectors(g.channels) * (depth + 7) + 4 * vectors(depth) + 170)
    };
    Phase::all(g).map(work).sum()
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(g: &Geometry, added: &Added, call: Call<'_>) {
    let packed = call.memory.prepared.first().copied().unwrap_or_default();
    let dy = Rows { data: call.memory.inputs[1], stride: g.filters, next: 0 };
    let parts = g.parts(call.memory.output, 1);
    call.team.each(parts, call.memory.workspace, added.each(), |(part, dx), workspace| {
        call.team.vectors().dispatch(Run { g, added, dy, packed, part, dx, cleared: 0, workspace });
    });
}

/// A part of dx.
struct Run<'a> {
    g: &'a Geometry,
    added: &'a Added,
    dy: Rows<'a>,
    packed: &'a [f32],
    part: Part,
    dx: &'a mut [f32],
    /// So much of it was cleared.
    cleared: usize,
    workspace: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Added { cut, block } = self.added;
        let (workspace, windows) = std::mem::take(&mut self.workspace).split_at_mut(cut.workspace());
        let axes = Axis::forward(self.g);
        let mut at = Position::new(&axes, self.part.rows.start);
        for first in self.part.rows.clone().step_by(*block) {
            let rows = first..(first + block).min(self.part.rows.end);
            let product = Product::<_, Rows<'_>, _> {
                left: &self.dy,
                right: Factor::Packed(self.packed),
                place: |_, row| (row - first) * cut.columns,
                epilogue: Epilogue::default(),
            };
            product.rows(simd, cut, rows.clone(), Memory::new(windows), workspace);
            for window in windows.chunks_exact(cut.columns).take(rows.len()) {
                self.add(&axes, &at, window);
                at.advance(&axes);
            }
        }
        self.dx[self.cleared..].fill(0.0);
    }
}

impl Run<'_> {
    /// Adds a window to what of it lies in the part.
    #[inline(always)]
    fn add(&mut self, axes: &[Axis; 3], at: &Position, window: &[f32]) {
        let (g, channels) = (self.g, self.g.channels);
        let [deep, down, across] = axes;
        let [planes, lines, places] = self.taps(axes, at);
        if planes.is_empty() || lines.is_empty() || places.is_empty() {
            return;
        }
        let line = |z: usize, y: usize| {
            let line = (at.image * g.map[0] + deep.place(at.at[0], z) as usize) * g.map[1];
            (line + down.place(at.at[1], y) as usize) * g.map[2]
        };
        // What windows reach for the first time is cleared then, by whole lines, while it comes to the first cache.
        let end = ((line(planes.end - 1, lines.end - 1) + g.map[2]) * channels - self.part.offset).min(self.dx.len());
        if end > self.cleared {
            self.dx[self.cleared..end].fill(0.0);
            self.cleared = end;
        }
        // Elements of a window that lie together are added together.
        let run = if across.step == 1 { places.len() } else { 1 };
        let (down, next) = (down.step * g.map[2] * channels, across.step * channels);
        for z in planes {
            let mut to =
                (line(z, lines.start) + across.place(at.at[2], places.start) as usize) * channels - self.part.offset;
            let mut from = ((z * g.window[1] + lines.start) * g.window[2] + places.start) * channels;
            for _ in lines.clone() {
                for x in (0..places.len()).step_by(run) {
                    let to = &mut self.dx[to + x * next..][..run * channels];
                    let from = &window[from + x * channels..][..run * channels];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
                }
                (to, from) = (to + down, from + g.window[2] * channels);
            }
        }
    }

    /// The window's elements that lie in the part, along each axis.
    #[inline(always)]
    fn taps(&self, axes: &[Axis; 3], at: &Position) -> [Range<usize>; 3] {
        let mut taps: [Range<usize>; 3] = std::array::from_fn(|a| axes[a].inside(at.at[a]));
        let (axis, lines) = (&axes[self.part.axis], &self.part.lines);
        let (position, own) = (at.at[self.part.axis], &mut taps[self.part.axis]);
        while own.start < own.end && (axis.place(position, own.start) as usize) < lines.start {
            own.start += 1;
        }
        while own.start < own.end && (axis.place(position, own.end - 1) as usize) >= lines.end {
            own.end -= 1;
        }
        taps
    }
}
