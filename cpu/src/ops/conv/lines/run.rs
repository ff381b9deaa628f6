//! A task of the gradient by the filters: what its bands add to it.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use super::{Lines, Task, stride};
use crate::geometry::Geometry;
use crate::product::{COLUMN, Finish, Lie, Memory, Panels, Strip, TILE, Tile, Walk, copy};

/// Some lines of a plane of the output.
struct Band {
    /// Counted through the batch.
    plane: usize,
    lines: Range<usize>,
    columns: Range<usize>,
}

/// A task.
pub(super) struct Run<'a> {
    pub(super) g: &'a Geometry,
    pub(super) cut: &'a Lines,
    pub(super) x: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) task: Task,
    pub(super) memory: Memory,
    pub(super) workspace: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (tile, copies) = std::mem::take(&mut self.workspace).split_at_mut(TILE);
        let (size, filters) = (self.cut.copy(self.g), self.g.group_filters());
        for (number, band) in self.task.bands.clone().enumerate() {
            let band = self.band(band);
            for (block, copy) in self.task.blocks.clone().zip(copies.chunks_exact_mut(size)) {
                self.fill(&band, block, copy);
            }
            let together = Lie::Columns.tiles(self.cut.tile) * self.cut.tile;
            for first in (0..filters).step_by(together) {
                self.gather(&band, first, tile);
                let gathered = first..(first + together).min(filters);
                for start in gathered.clone().step_by(self.cut.tile) {
                    let rows = start..(start + self.cut.tile).min(filters);
                    self.multiply(simd, &band, &rows, &tile[start - first..], copies, number > 0);
                }
            }
        }
    }
}

impl Run<'_> {
    fn band(&self, number: usize) -> Band {
        let (g, cut) = (self.g, self.cut);
        let [down, across] = [g.out[1].div_ceil(cut.lines), g.out[2].div_ceil(cut.width)];
        let (line, column) = (number / across % down * cut.lines, number % across * cut.width);
        Band {
            plane: number / across / down,
            lines: line..(line + cut.lines).min(g.out[1]),
            columns: column..(column + cut.width).min(g.out[2]),
        }
    }

    /// Copies a block of channels of what a band sees of the map.
    #[inline(always)]
    fn fill(&self, band: &Band, block: usize, to: &mut [f32]) {
        let (g, size) = (self.g, self.cut.place(self.g));
        let [planes, lines, width] = self.cut.seen(g);
        let channel = block * size;
        let channels = size.min(g.group_channels() - channel);
        // From one column, or line, of the copy to the next on the map.
        let [down, across] = [1, 2].map(|axis| g.stride[axis] / stride(g, axis));
        let first = (band.columns.start * g.stride[2]) as isize - g.pad[2] as isize;
        // The columns of the copy that lie on the map.
        let before = first.min(0).unsigned_abs().div_ceil(across).min(width);
        let end = ((g.map[2] as isize - first).max(0) as usize).div_ceil(across).clamp(before, width);
        let (image, plane) = (band.plane / g.out[0], band.plane % g.out[0]);
        for (number, line) in to.chunks_exact_mut(width * size).take(planes * lines).enumerate() {
            let z = (plane * g.stride[0] + number / lines * g.dilate[0]).wrapping_sub(g.pad[0]);
            let y = (band.lines.start * g.stride[1] + number % lines * down).wrapping_sub(g.pad[1]);
            if z >= g.map[0] || y >= g.map[1] || before == end {
                line.fill(0.0);
                continue;
            }
            let (line, behind) = line.split_at_mut(end * size);
            let (padding, middle) = line.split_at_mut(before * size);
            padding.fill(0.0);
            behind.fill(0.0);
            let from =
                ((image * g.map[0] + z) * g.map[1] + y) * g.map[2] + (first + (before * across) as isize) as usize;
            let from = &self.x[from * g.channels + self.task.group * g.group_channels() + channel..];
            if self.cut.run > 1 {
                middle.copy_from_slice(&from[..middle.len()]);
                continue;
            }
            for (to, from) in middle.chunks_exact_mut(size).zip(from.chunks(g.channels * across)) {
                if channels == size {
                    copy(&from[..size], to);
                } else {
                    to[..channels].iter_mut().zip(from).for_each(|(to, from)| *to = *from);
                    to[channels..].fill(0.0);
                }
            }
        }
    }

    /// The tiles of dy of the filters from one on, position by position.
    #[inline(always)]
    fn gather(&self, band: &Band, filter: usize, tile: &mut [f32]) {
        let g = self.g;
        let first = self.task.group * g.group_filters() + filter;
        let mut to = tile.chunks_exact_mut(COLUMN);
        for line in band.lines.clone() {
            let from = (band.plane * g.out[1] + line) * g.out[2] + band.columns.start;
            for position in from..from + band.columns.len() {
                let (Some(to), from) = (to.next(), &self.dy[position * g.filters + first..]) else { return };
                // What lies behind the filters is copied, too, where it is there: one move instead of several.
                match from.first_chunk::<COLUMN>() {
                    Some(from) => to.copy_from_slice(from),
                    None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
                }
            }
        }
    }

    /// Adds a band's part to the gradients by all elements of the window of the task's channels.
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, band: &Band, filters: &Range<usize>, tile: &[f32], copies: &[f32], add: bool) {
        let (g, cut, block) = (self.g, self.cut, self.cut.block);
        let ([_, lines, width], size, copy) = (cut.seen(g), cut.place(g), cut.copy(g));
        let line = width * size;
        let (step, steps) = (stride(g, 2) * size, band.columns.len());
        let down = stride(g, 1) * line;
        let walk = Walk { lines: band.lines.len(), steps, step, jump: down.wrapping_sub(steps * step) };
        // Columns of the gradient that are one walk's, in panels that lie in one copy, or one in each.
        let (channels, next) = if cut.run > 1 {
            (0..cut.run * g.channels, block)
        } else {
            (self.task.blocks.start * block..(self.task.blocks.end * block).min(g.group_channels()), copy)
        };
        let part = self.task.part * g.filters * g.depth();
        let row = |k: usize| part + (self.task.group * g.group_filters() + filters.start + k) * g.depth();
        let panels = channels.len().div_ceil(block);
        let furthest = (walk.lines - 1) * down + (steps - 1) * step + (panels - 1) * next + block;
        let [planes, height, across] = [g.window[0], g.window[1], g.window[2] / cut.run];
        for element in 0..planes * height * across {
            let [t, r, s] = [element / across / height, element / across % height, element % across];
            let first = (t * lines + r * g.dilate[1]) * line + s * g.dilate[2] * size;
            assert!(first + furthest <= copies.len(), "a walk ends in its copies");
            let before = element * cut.run * g.group_channels();
            let columns = before + channels.start..before + channels.end;
            let panels = Panels { first: copies[first..].as_ptr(), next, walk };
            // SAFETY: the walk ends in the copies, as the assertion has seen; `tile` begins in `TILE` elements, where `gather`
            // has set the band's positions; no two tasks have a part and channels in common.
            let strip = unsafe { Strip::new(Lie::Columns, panels, self.memory, &columns, Finish::sums(add)) };
            let places = strip.places(filters.len(), row);
            // SAFETY: as above.
            simd.vectorize(unsafe { Tile::new(&strip, (tile.as_ptr(), 1), &places) });
        }
    }
}
