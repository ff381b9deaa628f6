//! Convolution as a matrix product over gathered windows, a bounded tile of positions at a time.
//!
//! Source: K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document processing",
//! 2006. With channels last, a row of the gathered matrix is one window: rows of it lie together on the map, so gathering
//! is copying runs. Tiles stay in the cache, go through the product, and are never written out.

use std::fmt;
use std::ops::Range;

use fovea_graph::op::Activation;

use super::Call;
use super::matmul::epilogue;
use crate::geometry::Geometry;
use crate::kernel::Scratch;
use crate::matrix::{Matrix, MatrixMut, Store, cut, halve, packed};
use crate::team::{CHUNK, Team};

/// Elements of a gathered tile that one thread works on, where that leaves enough rows for the product: 512 KiB.
const TILE: usize = 1 << 17;

/// Fewer rows than this, and the product would spend its time packing filters.
const FEWEST_ROWS: usize = 128;

/// How many rows a tile of windows has, each of `depth` elements.
fn tile_rows(depth: usize, rows: usize) -> usize {
    (TILE / depth.max(1)).clamp(FEWEST_ROWS, 2048).min(rows).next_multiple_of(16)
}

/// How the output of the forward pass is cut: positions and, where these give too few tasks, filters. A tile never
/// reaches from one group into the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardCut {
    /// Positions of a tile.
    rows: usize,
    /// Filters of a tile.
    filters: usize,
}

impl ForwardCut {
    /// Follows from the sizes alone.
    pub fn new(g: &Geometry) -> Self {
        let rows = tile_rows(g.depth(), g.rows());
        let tasks = g.rows().div_ceil(rows) * g.groups;
        let mut filters = g.group_filters();
        if g.groups == 1 {
            while tasks * g.filters.div_ceil(filters) < 16 && filters > 64 && rows * filters * g.depth() > 1 << 22 {
                filters = halve(filters);
            }
        }
        Self { rows, filters }
    }

    /// A tile a thread.
    pub fn scratch(&self, g: &Geometry) -> Scratch {
        Scratch::each(self.rows * g.depth()).with_packed(packed([self.rows, self.filters, g.depth()]))
    }
}

impl fmt::Display for ForwardCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rows, self.filters)
    }
}

/// `y = act(windows(x) · wᵀ + bias)`.
pub fn forward(g: &Geometry, cut: &ForwardCut, activation: Option<Activation>, call: Call<'_>) {
    let (x, bias) = (call.memory.inputs[0], call.memory.inputs.get(2).copied());
    let w = Matrix::new(call.memory.inputs[1], g.filters, g.depth());
    let y = MatrixMut::new(call.memory.output, g.rows(), g.filters);
    let ForwardCut { rows, filters } = *cut;
    call.team.each(y.tiles(rows, filters), call.memory.workspace, rows * g.depth(), |mut tile, windows| {
        let group = tile.columns.start / g.group_filters();
        call.team.vectors().run(
            #[inline(always)]
            || g.gather(x, tile.rows.clone(), 0..g.window_rows(), group, windows),
        );
        let windows = Matrix::new(windows, tile.rows.len(), g.depth());
        tile.matrix.product(Store::Set, windows, w.rows(tile.columns.clone()).transposed());
        epilogue(call.team.vectors(), &mut tile, bias, activation);
    });
}

/// How [`dgrad`] is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DgradCut {
    /// How many images one task takes, where it takes whole ones.
    images: usize,
    /// How many rows it computes at a time.
    step: usize,
}

impl DgradCut {
    /// Follows from the sizes alone.
    pub fn new(g: &Geometry) -> Self {
        let rows = tile_rows(g.depth(), g.rows());
        let images = (rows / g.positions().max(1)).clamp(1, g.batch.div_ceil(16).max(1));
        Self { images, step: rows.min((images * g.positions()).next_multiple_of(16)) }
    }

    /// A tile a thread.
    pub fn scratch(&self, g: &Geometry) -> Scratch {
        Scratch::each(self.step * g.depth()).with_packed(packed([self.step, g.depth(), g.group_filters()]))
    }
}

impl fmt::Display for DgradCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.step, self.images)
    }
}

/// `dx`: the rows of `dy · w`, each added to its window.
pub fn dgrad(g: &Geometry, cut: &DgradCut, call: Call<'_>) {
    let w = Matrix::new(call.memory.inputs[0], g.filters, g.depth());
    let dy = Matrix::new(call.memory.inputs[1], g.rows(), g.filters);
    let DgradCut { images, step } = *cut;
    let parts = g.parts(call.memory.output, images);
    call.team.each(parts, call.memory.workspace, step * g.depth(), |(part, dx), windows| {
        dx.fill(0.0);
        for (group, rows) in groups_and_steps(g, part.rows, step).take_while(|_| call.team.goes_on()) {
            let filters = group * g.group_filters()..(group + 1) * g.group_filters();
            MatrixMut::new(windows, rows.len(), g.depth()).product(
                Store::Set,
                dy.block(rows.clone(), filters.clone()),
                w.rows(filters),
            );
            call.team.vectors().run(
                #[inline(always)]
                || g.scatter(windows, rows, group, dx, part.offset),
            );
        }
    });
}

/// Every group with every `step` rows of `rows`.
fn groups_and_steps(g: &Geometry, rows: Range<usize>, step: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    (0..g.groups).flat_map(move |group| steps(rows.clone(), step).map(move |rows| (group, rows)))
}

/// `rows`, `step` at a time.
fn steps(rows: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    let end = rows.end;
    rows.step_by(step.max(1)).map(move |start| start..(start + step).min(end))
}

/// How the gradient by the filters is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WgradCut {
    /// Into how many parts the positions are split; each has its own sums, which are added in order at the end.
    parts: usize,
    /// Positions of one part.
    share: usize,
    /// Filters of one task.
    filters: usize,
    /// Window rows of one task.
    window_rows: usize,
    /// Positions gathered at a time.
    step: usize,
}

impl WgradCut {
    /// Follows from the sizes alone. First the filters' gradient itself is cut, which costs nothing; then the batch, as far
    /// as the parts' sums stay small.
    pub fn new(g: &Geometry) -> Self {
        const WIDE: usize = 384;
        const PARTIAL_SUMS: usize = 1 << 22;
        let window_rows = WIDE.div_ceil(g.window_row().max(1)).clamp(1, g.window_rows().max(1));
        let mut filters = g.group_filters();
        if g.groups == 1 && filters * window_rows * g.window_row() * g.rows() > 1 << 22 {
            [filters, _] = cut([filters, window_rows * g.window_row(), g.rows()]).map(|n| n.max(64).min(g.filters));
        }
        let tasks = g.filters.div_ceil(filters) * g.window_rows().div_ceil(window_rows);
        let fit = PARTIAL_SUMS / (g.filters * g.depth()).max(1);
        let worth = (g.rows() / 512).min((g.rows() * g.filters * g.depth()) >> 20);
        let share = g.rows().div_ceil(16usize.div_ceil(tasks).min(fit).min(worth).max(1)).max(1);
        let step = tile_rows(window_rows * g.window_row(), share);
        Self { parts: g.rows().div_ceil(share).max(1), share, filters, window_rows, step }
    }

    /// Elements of the tile that one thread gathers; none where the map itself is the matrix.
    fn tile(&self, g: &Geometry) -> usize {
        if g.is_pointwise() { 0 } else { self.step * self.window_rows * g.window_row() }
    }

    /// Each part's sums, where there are several.
    fn sums(&self, g: &Geometry) -> usize {
        if self.parts > 1 { self.parts * g.filters * g.depth() } else { 0 }
    }

    /// A tile a thread, and the sums.
    pub fn scratch(&self, g: &Geometry) -> Scratch {
        let packed = packed([self.filters, self.window_rows * g.window_row(), self.step]);
        Scratch { shared: self.sums(g), each: self.tile(g), packed }
    }
}

impl fmt::Display for WgradCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parts, filters, window_rows, step, .. } = self;
        write!(f, "{filters}x{window_rows} by {step} in {parts}")
    }
}

/// `dw = dyᵀ · windows(x)`.
pub fn wgrad(g: &Geometry, cut: &WgradCut, call: Call<'_>) {
    let tile = cut.tile(g);
    let filters = g.filters * g.depth();
    let (sums, tiles) = call.memory.workspace.split_at_mut(cut.sums(g));
    let target = if cut.parts > 1 { &mut *sums } else { &mut *call.memory.output };
    let columns = cut.window_rows * g.window_row();
    let tasks = target.chunks_mut(filters.max(1)).enumerate().flat_map(|(part, dw)| {
        let rows = part * cut.share..((part + 1) * cut.share).min(g.rows());
        let tiles = MatrixMut::new(dw, g.filters, g.depth()).tiles(cut.filters, columns);
        tiles.map(move |tile| (rows.clone(), tile))
    });
    let x = call.memory.inputs[0];
    let dy = Matrix::new(call.memory.inputs[1], g.rows(), g.filters);
    call.team.each(tasks, tiles, tile, |(rows, mut tile), windows| {
        let group = tile.rows.start / g.group_filters();
        let window = tile.columns.start / g.window_row()..tile.columns.end / g.window_row();
        let mut store = Store::Set;
        for rows in steps(rows, cut.step).take_while(|_| call.team.goes_on()) {
            let dy = dy.block(rows.clone(), tile.rows.clone()).transposed();
            let windows = if g.is_pointwise() {
                Matrix::new(x, g.rows(), g.channels).rows(rows)
            } else {
                call.team.vectors().run(
                    #[inline(always)]
                    || g.gather(x, rows.clone(), window.clone(), group, windows),
                );
                Matrix::new(windows, rows.len(), tile.columns.len())
            };
            tile.matrix.product(store, dy, windows);
            store = Store::Add;
        }
    });
    if cut.parts > 1 {
        add_parts(call.team, sums, call.memory.output);
    }
}

/// The sum of equally long parts, in their order.
pub fn add_parts(team: &Team<'_>, parts: &[f32], output: &mut [f32]) {
    let len = output.len();
    team.chunks(output, CHUNK, |start, sum| {
        sum.copy_from_slice(&parts[start..start + sum.len()]);
        for part in parts.chunks_exact(len).skip(1) {
            let part = &part[start..start + sum.len()];
            team.vectors().run(
                #[inline(always)]
                || sum.iter_mut().zip(part).for_each(|(s, p)| *s += p),
            );
        }
    });
}
