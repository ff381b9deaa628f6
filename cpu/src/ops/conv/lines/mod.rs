//! The gradient by the filters, a band of output lines at a time: `dw[k, r, s, c] = Σ dy[p, q, k] · x[p + r, q + s, c]`.
//!
//! A band works on a copy of the lines of the map that it sees, two vectors of channels wide and padded with zeros, so that
//! each element of the window is the same walk through it from another beginning: the map is copied once, not once an element
//! of the window. Where channels end inside of vectors the copy has all of them instead: the elements of a window on a line
//! then lie together, as they do in the gradient, and fill vectors across their borders. The sums of a tile of filters, 14 or 6,
//! by two vectors of channels stay in registers for a whole band, at most 512 positions; dy is gathered a cache line of filters
//! at a time, for all elements of the window. Where windows do not reach from line to line the images are one high map, so that
//! bands of small maps are as long. After E. Georganas et al., "Anatomy of high-performance deep learning convolutions on SIMD
//! architectures", arXiv:1808.05567.
//!
//! Bytes: a task reads dy once, and again for every 8 vectors of channels that other tasks have; the sums of a band that is not
//! the first are read and written once for up to 512 multiply–adds of each. On one core of 116 GFLOP/s, batch 8: 27² by 192 filters
//! of 5×5 and 64 channels 90 % of the peak on AVX-512, 85 % on AVX2; 56² by 128 of 3×3 and 128 channels at stride 2 74 and 73 %.

mod run;

use std::fmt;
use std::ops::Range;

use crate::geometry::Geometry;
use crate::ops::channels::add_parts;
use crate::product::{LONGEST, Memory, TILE, VECTORS, tile_rows};
use crate::scratch::Scratch;
use crate::team::Team;
use run::Run;

/// How the work is cut, from the sizes and the width of the vectors alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines {
    /// Output lines of a band.
    lines: usize,
    /// Positions of each of them.
    width: usize,
    /// Channels of a block, or columns of a run: two vectors.
    block: usize,
    /// Elements of a window that lie together in a copy of all channels; 1 where copies are of a block of channels.
    run: usize,
    /// Filters of a tile.
    tile: usize,
    /// Blocks of a task.
    blocks: usize,
    /// Bands of a part, which has its own sums.
    share: usize,
    /// Parts.
    parts: usize,
}

impl fmt::Display for Lines {
    /// Filters and channels of a tile, lines and positions of a band, and the parts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, width, block, tile, parts, .. } = self;
        write!(f, "{tile}x{block} by {lines}x{width} positions")?;
        if *parts > 1 {
            write!(f, ", {parts} parts")?;
        }
        Ok(())
    }
}

impl Lines {
    /// The cut, where this is a good way: where channels fill the vectors well enough.
    pub fn new(g: &Geometry, lanes: usize) -> Option<Self> {
        /// Tasks for each thread to find one, as long as each is worth handing over.
        const TASKS: usize = 32;
        const WORTH: usize = 1 << 19;
        /// Elements of the parts' sums, and of a task's copies, that are not too many.
        const SUMS: usize = 1 << 20;
        const COPIES: usize = 1 << 17;
        /// Channels of a task: gradients of fewer are written in pieces too short.
        const WIDE: usize = 64;
        let (g, channels) = (&piled(g), g.group_channels());
        let even = |whole: usize, most: usize| whole.div_ceil(whole.div_ceil(most).max(1)).max(1);
        let width = even(g.out[2], LONGEST);
        let lines = even(g.out[1], (LONGEST / width).max(1));
        let block = VECTORS * lanes;
        let mut cut =
            Self { lines, width, block, run: g.window[2], tile: tile_rows(lanes), blocks: 1, share: 1, parts: 1 };
        // A vector that is left alone takes longer than half of two.
        let panels = |columns: usize| columns.div_ceil(block);
        let vectors = |columns: usize| columns.div_ceil(lanes);
        let is_fewer = |count: &dyn Fn(usize) -> usize| count(g.window[2] * channels) < g.window[2] * count(channels);
        let is_run =
            g.groups == 1 && g.dilate[2] == 1 && (is_fewer(&vectors) || is_fewer(&panels)) && cut.copy(g) <= COPIES;
        if !is_run {
            cut.run = 1;
        }
        // A third of the lanes may be for nothing: to gather windows for a product takes more.
        if (cut.run * channels).next_multiple_of(lanes) * 2 > cut.run * channels * 3 {
            return None;
        }
        let all = cut.all(g);
        let fit = (COPIES / cut.copy(g).max(1)).max(1);
        let elements: usize = g.window.iter().product();
        cut.blocks = even(all, 8usize.div_ceil(elements).max(WIDE / block).min(fit).min(all));
        let tasks = g.groups * all.div_ceil(cut.blocks);
        let worth = (g.rows() * g.filters * g.depth() / WORTH).clamp(1, TASKS);
        let parts = worth.div_ceil(tasks).min(SUMS / (g.filters * g.depth()).max(1)).max(1);
        let bands = cut.bands(g);
        cut.share = bands.div_ceil(parts).max(1);
        cut.parts = bands.div_ceil(cut.share).max(1);
        Some(cut)
    }

    /// Planes, lines of each and columns of the map that a band's copy has: all that it sees.
    fn seen(&self, g: &Geometry) -> [usize; 3] {
        let seen = |axis: usize, n: usize| (n - 1) * stride(g, axis) + (g.window[axis] - 1) * g.dilate[axis] + 1;
        [g.window[0], seen(1, self.lines), seen(2, self.width)]
    }

    /// Elements of a place in a copy.
    fn place(&self, g: &Geometry) -> usize {
        if self.run > 1 { g.channels } else { self.block }
    }

    /// Elements of a block's copy: behind runs there is room for a panel.
    fn copy(&self, g: &Geometry) -> usize {
        self.seen(g).iter().product::<usize>() * self.place(g) + if self.run > 1 { self.block } else { 0 }
    }

    /// Copies of all channels.
    fn all(&self, g: &Geometry) -> usize {
        if self.run > 1 { 1 } else { g.group_channels().div_ceil(self.block) }
    }

    /// Bands of the whole batch.
    fn bands(&self, g: &Geometry) -> usize {
        g.batch * g.out[0] * g.out[1].div_ceil(self.lines) * g.out[2].div_ceil(self.width)
    }

    /// Each thread has a tile of dy and the copies of a task, all threads the parts' sums.
    pub fn scratch(&self, g: &Geometry) -> Scratch {
        let g = &piled(g);
        Scratch { shared: self.sums(g), each: TILE + self.blocks * self.copy(g) }
    }

    fn sums(&self, g: &Geometry) -> usize {
        if self.parts > 1 { self.parts * g.filters * g.depth() } else { 0 }
    }

    fn tasks(&self, g: &Geometry) -> impl Iterator<Item = Task> + Send + use<> {
        let (blocks, share, parts, bands) = (self.blocks, self.share, self.parts, self.bands(g));
        let all = self.all(g);
        let across = all.div_ceil(blocks);
        (0..parts * g.groups * across).map(move |i| {
            let (rest, b) = (i / across, i % across * blocks);
            let (part, group) = (rest % parts, rest / parts);
            let bands = part * share..((part + 1) * share).min(bands);
            Task { group, blocks: b..(b + blocks).min(all), part, bands }
        })
    }
}

/// The same convolution over one high map, where windows do not reach from line to line: the images one below another.
fn piled(g: &Geometry) -> Geometry {
    let is_piled = g.map[0] == 1 && [g.window[1], g.pad[1]] == [1, 0] && g.map[1] == g.out[1] * g.stride[1];
    let axis = |[first, lines, width]: [usize; 3]| [first, g.batch * lines, width];
    if is_piled { Geometry { batch: 1, map: axis(g.map), out: axis(g.out), ..*g } } else { *g }
}

/// From window to window in a copy: what lies between windows of one element is not copied.
fn stride(g: &Geometry, axis: usize) -> usize {
    if g.window[axis] == 1 { 1 } else { g.stride[axis] }
}

/// Some channels' gradients by all filters of a group, over some bands.
struct Task {
    group: usize,
    blocks: Range<usize>,
    part: usize,
    bands: Range<usize>,
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, cut: &Lines, inputs: &[&[f32]], output: &mut [f32], workspace: &mut [f32], team: &Team<'_>) {
    let g = &piled(g);
    let (sums, workspace) = workspace.split_at_mut(cut.sums(g));
    let memory = Memory::new(if cut.parts > 1 { &mut *sums } else { &mut *output });
    let [x, dy] = [inputs[0], inputs[1]];
    let each = TILE + cut.blocks * cut.copy(g);
    team.each(cut.tasks(g), workspace, each, |task, workspace| {
        team.vectors().dispatch(Run { g, cut, x, dy, task, memory, workspace });
    });
    if cut.parts > 1 {
        add_parts(team, sums, output);
    }
}
