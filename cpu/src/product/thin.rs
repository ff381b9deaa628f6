//! Products of few rows: fully connected layers of small batches. Every element of the right factor is used as often as there
//! are rows, so the product is as fast as memory gives that factor: it is read once, as it lies, and never packed.
//!
//! Bytes: those of the right factor; a row does 2 FLOPs for each 4 of them: 1024 columns of 1000 take 26 GB/s of the 29 that two
//! cores read. Where its columns' elements lie together
//! ([`Rows`], the forward pass) tiles are dot products, a few rows by four columns, each sum in a vector of its own that is
//! added up at the end; where its rows' do ([`Columns`], the gradient by the input) a few of its rows at a time are added to
//! the sums, from left to right.

use std::fmt;
use std::ops::Range;

use fovea_graph::op::Activation;
use pulp::{Simd, WithSimd};

use super::micro::tile_rows;
use super::{Columns, Finish, Left, Lie, Memory, Panels, ROW, Right, Rows, Strip, TILE, Tile, VECTORS, Walk};
use crate::epilogue::Epilogue;
use crate::scratch::Scratch;
use crate::simd::mul_add;
use crate::team::Team;

/// The most rows that count as few.
const FEW: usize = 16;
/// Columns of a tile of dot products.
const ACROSS: usize = 4;
/// Rows of the right factor that are read side by side.
const STREAMS: usize = 16;

/// The cut of such a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thin {
    /// Rows, columns and depth.
    pub sizes: [usize; 3],
    /// Columns of a task.
    columns: usize,
    /// Rows of a tile.
    tile: usize,
    /// Columns of a panel.
    width: usize,
}

impl Thin {
    /// The cut, where the rows are few.
    pub fn new(sizes: [usize; 3], lanes: usize) -> Option<Self> {
        /// Elements of the right factor that are worth handing over, and columns that memory gives at full speed.
        const WORTH: usize = 1 << 16;
        const TASKS: usize = 32;
        const SHORTEST: usize = 128;
        let [rows, columns, depth] = sizes;
        if !(1..=FEW).contains(&rows) {
            return None;
        }
        let (tile, width) = (tile_rows(lanes), VECTORS * lanes);
        let tasks = (columns * depth / WORTH).clamp(1, TASKS);
        let columns = columns.div_ceil(tasks).max(SHORTEST).next_multiple_of(width);
        Some(Self { sizes, columns, tile: rows.div_ceil(rows.div_ceil(tile)), width })
    }

    /// Each thread has a tile of the left factor and a panel for the last columns.
    pub fn scratch(&self) -> Scratch {
        Scratch { shared: 0, each: self.each() }
    }

    fn each(&self) -> usize {
        TILE + STREAMS * self.width
    }

    fn tasks(&self) -> impl Iterator<Item = Range<usize>> + Send + use<> {
        let ([_, all, _], columns) = (self.sizes, self.columns);
        (0..all.div_ceil(columns)).map(move |i| i * columns..((i + 1) * columns).min(all))
    }

    /// The rows of each tile.
    fn tiles(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let ([rows, ..], tile) = (self.sizes, self.tile);
        (0..rows).step_by(tile).map(move |start| start..(start + tile).min(rows))
    }
}

impl fmt::Display for Thin {
    /// The rows, and the columns of a task.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows by {}", self.sizes[0], self.columns.min(self.sizes[1]))
    }
}

/// `y = act(a · b + bias)` where the elements of b's columns lie together.
pub fn dots(
    team: &Team<'_>,
    cut: &Thin,
    [a, b]: [Rows<'_>; 2],
    bias: Option<&[f32]>,
    activation: Option<Activation>,
    y: &mut [f32],
) {
    let memory = Memory::new(y);
    team.each(cut.tasks(), &mut [], 0, |columns, _| {
        team.vectors().dispatch(Dots { cut, a, b, bias, activation, memory, columns });
    });
}

struct Dots<'a> {
    cut: &'a Thin,
    a: Rows<'a>,
    b: Rows<'a>,
    bias: Option<&'a [f32]>,
    activation: Option<Activation>,
    memory: Memory,
    columns: Range<usize>,
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [rows, ..] = self.cut.sizes;
        for start in self.columns.clone().step_by(ACROSS) {
            let columns = start..(start + ACROSS).min(self.columns.end);
            let mut row = 0;
            while row < rows {
                row += match rows - row {
                    1 => self.tile::<S, 1>(simd, row, &columns),
                    2 | 3 => self.tile::<S, 2>(simd, row, &columns),
                    // Half of the vectors hold 16 sums where there are 32 of them, and 8 where there are 16.
                    _ if S::F32_LANES >= 16 => self.tile::<S, 4>(simd, row, &columns),
                    _ => self.tile::<S, 2>(simd, row, &columns),
                };
            }
        }
    }
}

impl Dots<'_> {
    /// M rows by up to four columns; says how many rows.
    #[inline(always)]
    fn tile<S: Simd, const M: usize>(&self, simd: S, row: usize, columns: &Range<usize>) -> usize {
        let [_, width, depth] = self.cut.sizes;
        let a: [&[f32]; M] = std::array::from_fn(|m| &self.a.data[(row + m) * self.a.stride..][..depth]);
        // The last column stands for those that are missing.
        let column = |c: usize| (columns.start + c).min(columns.end - 1);
        let b: [&[f32]; ACROSS] = std::array::from_fn(|c| &self.b.data[column(c) * self.b.stride..][..depth]);
        let a = a.map(|a| S::as_simd_f32s(a));
        let b = b.map(|b| S::as_simd_f32s(b));
        let mut sums = [[simd.splat_f32s(0.0); ACROSS]; M];
        for k in 0..depth / S::F32_LANES {
            let b = b.map(|(vectors, _)| vectors[k]);
            for (sums, (a, _)) in sums.iter_mut().zip(&a) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = mul_add(simd, a[k], b, *sum);
                }
            }
        }
        for (m, (sums, (_, a))) in sums.iter().zip(&a).enumerate() {
            let offset = (row + m) * width;
            let target = self.memory.at(offset + columns.start..offset + columns.end);
            for (c, (sum, (_, b))) in sums.iter().zip(&b).enumerate().take(columns.len()) {
                let rest: f32 = a.iter().zip(*b).map(|(a, b)| a * b).sum();
                let mut y = simd.reduce_sum_f32s(*sum) + rest;
                if let Some(bias) = self.bias {
                    y += bias[columns.start + c];
                }
                if let Some(Activation::Relu) = self.activation
                    && y < 0.0
                {
                    y = 0.0;
                }
                // SAFETY: these columns of the row lie in the memory, as `at` has seen; no two tasks have one in common.
                unsafe { target.add(c).write(y) };
            }
        }
        M
    }
}

/// `y = act(a · b + bias)` where the elements of b's rows lie together.
pub fn streams(
    team: &Team<'_>,
    cut: &Thin,
    (a, b): (Rows<'_>, Columns<'_>),
    bias: Option<&[f32]>,
    activation: Option<Activation>,
    y: &mut [f32],
    workspace: &mut [f32],
) {
    let memory = Memory::new(y);
    team.each(cut.tasks(), workspace, cut.each(), |columns, workspace| {
        team.vectors().dispatch(Streams { cut, a, b, bias, activation, memory, columns, workspace });
    });
}

struct Streams<'a> {
    cut: &'a Thin,
    a: Rows<'a>,
    b: Columns<'a>,
    bias: Option<&'a [f32]>,
    activation: Option<Activation>,
    memory: Memory,
    columns: Range<usize>,
    workspace: &'a mut [f32],
}

impl WithSimd for Streams<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (left, last) = std::mem::take(&mut self.workspace).split_at_mut(TILE);
        let ([_, width, depth], panel) = (self.cut.sizes, self.cut.width);
        for start in (0..depth).step_by(STREAMS) {
            let steps = start..(start + STREAMS).min(depth);
            for rows in self.cut.tiles() {
                self.a.gather(0, rows.clone(), steps.clone(), left);
                for first in self.columns.clone().step_by(panel) {
                    let columns = first..(first + panel).min(self.columns.end);
                    let (right, step) = if columns.len() == panel {
                        let from = &self.b.data[steps.start * self.b.stride + first..];
                        assert!((steps.len() - 1) * self.b.stride + panel <= from.len(), "a walk ends in its factor");
                        (from, self.b.stride)
                    } else {
                        self.b.pack(0, steps.clone(), columns.clone(), panel, last);
                        (&*last, panel)
                    };
                    let done = steps.end == depth;
                    let epilogue = Epilogue::new(self.bias.filter(|_| done), self.activation.filter(|_| done));
                    let finish = Finish { add: start > 0, epilogue, column: first, start: first };
                    let panels = Panels { first: right.as_ptr(), next: 0, walk: Walk::straight(steps.len(), step) };
                    // SAFETY: the walk ends in the factor, as the assertion has seen, or in the packed panel; `left` has
                    // `TILE` elements, of which `gather` has set what is asked; no two tasks have a column in common.
                    let strip = unsafe { Strip::new(Lie::Rows, panels, self.memory, &columns, finish) };
                    let places = strip.places(rows.len(), |m| (rows.start + m) * width);
                    // SAFETY: as above.
                    simd.vectorize(unsafe { Tile::new(&strip, (left.as_ptr(), ROW), &places) });
                }
            }
        }
    }
}
