//! Matrices as factors of a product: row by row, or seen transposed.

use std::ops::Range;

use crate::simd::{prefetch, turn};

use super::{COLUMN, Left, Lie, Lying, ROW, Right, TILE};

/// Steps that are turned at a time: a cache line of each column.
const STEPS: usize = 16;

/// A matrix whose rows' elements lie together, as the left factor; or a right factor whose columns do.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// Elements from row to row.
    pub stride: usize,
    /// Elements from one of several equal products to the next.
    pub next: usize,
}

/// A left factor that was written as all rows of it for one piece of the depth behind another; [`TILE`] more elements follow.
#[derive(Clone, Copy)]
pub struct Tiles<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// Elements from row to row.
    pub row: usize,
    /// Steps of a piece.
    pub piece: usize,
    /// How many rows of a piece there is room for.
    pub rows: usize,
}

/// A right factor whose rows lie together: `b[k, n] = data[k · stride + n]`.
#[derive(Clone, Copy)]
pub struct Columns<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// Elements from one step of the depth to the next.
    pub stride: usize,
    /// Elements from one of several equal products to the next.
    pub next: usize,
}

/// A left factor that lies transposed: `a[m, k] = data[k · stride + m]`.
#[derive(Clone, Copy)]
pub struct Transposed<'a> {
    /// The elements.
    pub data: &'a [f32],
    /// Elements from one step of the depth to the next.
    pub stride: usize,
    /// Elements from one of several equal products to the next.
    pub next: usize,
}

impl Left for Rows<'_> {
    const LIE: Lie = Lie::Rows;

    #[inline(always)]
    fn gather(&self, which: usize, rows: Range<usize>, depth: Range<usize>, tile: &mut [f32]) {
        for (to, row) in tile.chunks_mut(ROW).zip(rows) {
            let from = which * self.next + row * self.stride;
            to[..depth.len()].copy_from_slice(&self.data[from + depth.start..from + depth.end]);
        }
    }

    #[inline(always)]
    fn lying(&self, which: usize, rows: &Range<usize>, depth: &Range<usize>, room: usize) -> Option<Lying<'_>> {
        let from = which * self.next + rows.start * self.stride + depth.start;
        Lying::new(&self.data[from..], self.stride, room, depth.len())
    }
}

impl Left for Tiles<'_> {
    const LIE: Lie = Lie::Rows;

    fn gather(&self, _which: usize, _rows: Range<usize>, _depth: Range<usize>, _tile: &mut [f32]) {
        unreachable!("tiles lie there already");
    }

    #[inline(always)]
    fn lying(&self, _: usize, rows: &Range<usize>, depth: &Range<usize>, _: usize) -> Option<Lying<'_>> {
        let data = &self.data[(depth.start / self.piece * self.rows + rows.start) * self.row..][..TILE];
        Some(Lying { data, row: self.row, is_far: false })
    }
}

impl Left for Transposed<'_> {
    const LIE: Lie = Lie::Columns;

    #[inline(always)]
    fn gather(&self, which: usize, rows: Range<usize>, depth: Range<usize>, tile: &mut [f32]) {
        for (to, k) in tile.chunks_exact_mut(COLUMN).zip(depth) {
            let from = &self.data[which * self.next + k * self.stride + rows.start..];
            // What lies behind the rows is copied, too, where it is there: one move instead of several.
            match from.first_chunk::<COLUMN>() {
                Some(from) => to.copy_from_slice(from),
                None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
            }
        }
    }
}

impl Right for Columns<'_> {
    #[inline(always)]
    fn pack(&self, which: usize, depth: Range<usize>, columns: Range<usize>, width: usize, panels: &mut [f32]) {
        let size = depth.len() * width;
        for (at, k) in depth.enumerate() {
            let row = &self.data[which * self.next + k * self.stride..][columns.clone()];
            for (p, row) in row.chunks(width).enumerate() {
                let to = &mut panels[p * size + at * width..][..width];
                copy_padded(row, to);
            }
        }
    }
}

/// Copies a row of a panel, and zeros behind it.
#[inline(always)]
pub fn copy_padded(from: &[f32], to: &mut [f32]) {
    if from.len() == to.len() {
        copy(from, to);
    } else {
        let (copied, zeros) = to.split_at_mut(from.len());
        copied.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        zeros.fill(0.0);
    }
}

/// Copies as many elements as a panel is wide, without a loop, or another number of them.
#[inline(always)]
pub fn copy(from: &[f32], to: &mut [f32]) {
    match to.len() {
        32 => copy_exactly::<32>(from, to),
        16 => copy_exactly::<16>(from, to),
        8 => copy_exactly::<8>(from, to),
        _ => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
    }
}

#[inline(always)]
fn copy_exactly<const N: usize>(from: &[f32], to: &mut [f32]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut::<N>()) {
        *to = *from;
    }
}

impl Right for Rows<'_> {
    /// Here a row is a column of the factor: `b[k, n] = data[n · stride + k]`.
    #[inline(always)]
    fn pack(&self, which: usize, depth: Range<usize>, columns: Range<usize>, width: usize, panels: &mut [f32]) {
        let size = depth.len() * width;
        for (p, start) in columns.clone().step_by(width).enumerate() {
            let panel = &mut panels[p * size..][..size];
            let columns = start..(start + width).min(columns.end);
            if columns.len() < width {
                panel.fill(0.0);
            }
            for (block, k) in panel.chunks_mut(STEPS * width).zip(depth.clone().step_by(STEPS)) {
                self.turn_in(which, columns.clone(), k..(k + STEPS).min(depth.end), width, block);
            }
        }
    }
}

impl Rows<'_> {
    /// Writes some steps of as many columns as a panel is wide, or fewer, to it: four by four where there are so many.
    #[inline(always)]
    fn turn_in(&self, which: usize, columns: Range<usize>, depth: Range<usize>, width: usize, panel: &mut [f32]) {
        let column = |c: usize| &self.data[which * self.next + c * self.stride..][depth.clone()];
        let (fours, steps) = (columns.len() / 4 * 4, depth.len() / 4 * 4);
        for c in (0..fours).step_by(4) {
            let from: [&[f32]; 4] = std::array::from_fn(|i| column(columns.start + c + i));
            // Columns lie too far apart for the processor to foresee the next block of steps.
            from.iter().for_each(|from| prefetch(from.as_ptr().wrapping_add(2 * STEPS)));
            let from = from.map(|from| from.as_chunks::<4>().0);
            for k in 0..steps / 4 {
                for (i, turned) in turn(from.map(|from| &from[k])).into_iter().enumerate() {
                    panel[(4 * k + i) * width + c..][..4].copy_from_slice(&turned);
                }
            }
        }
        for c in 0..columns.len() {
            let rest = if c < fours { steps } else { 0 };
            let from = &column(columns.start + c)[rest..];
            for (to, from) in panel.chunks_exact_mut(width).skip(rest).zip(from) {
                to[c] = *from;
            }
        }
    }
}
