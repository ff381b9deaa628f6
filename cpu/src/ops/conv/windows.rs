//! Windows of a map as rows of a matrix, gathered as they are needed: what convolution and both of its gradients multiply.
//!
//! Along each axis the windows of an output position are an arithmetic sequence of places on the map, for the forward pass
//! and, where the positions are taken in phases of the stride, for the gradient by the input as well: that is a convolution
//! over dy whose windows have the taps that reach the phase.
//!
//! Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285, chapter 4.

use std::ops::Range;

use crate::geometry::Geometry;
use crate::product::{Left, Lie, Lying, ROW, Right, copy};
use crate::simd::LINE;

/// The windows along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Places of the map.
    pub map: usize,
    /// Windows.
    pub out: usize,
    /// Places from window to window.
    pub stride: usize,
    /// Elements of a window.
    pub taps: usize,
    /// Where the first window begins; before the map it is negative.
    pub first: isize,
    /// Places from one element of a window to the next.
    pub step: usize,
}

/// Windows over a batch of maps. A window's elements lie in the order of its taps, the channels of each together; of
/// several groups each has windows over its own channels.
#[derive(Clone, Copy)]
pub struct Windows<'a> {
    /// The maps, `[batch, axes…, channels]`.
    pub map: &'a [f32],
    /// The three axes.
    pub axes: [Axis; 3],
    /// Channels of the map.
    pub channels: usize,
    /// Channels of a group.
    pub group: usize,
}

/// How many runs are looked up at a time, for all windows.
const RUNS: usize = 32;

/// Elements of a window that lie together on the map.
#[derive(Clone, Copy, Default)]
struct Run {
    /// Places from the window's first tap, by axis.
    away: [isize; 3],
    /// The first of its elements that is asked for.
    first: usize,
    /// Where that lies on the map, counted from the window's first element.
    source: usize,
    /// How many are.
    len: usize,
    /// Where they go, counted from the first that is asked for of all.
    into: usize,
}

impl<'a> Windows<'a> {
    /// The windows that the filters see.
    pub fn forward(g: &Geometry, map: &'a [f32]) -> Self {
        Self { map, axes: Axis::forward(g), channels: g.channels, group: g.group_channels() }
    }

    /// Whether the elements of a window on the last axis lie together on the map.
    fn is_run(&self) -> bool {
        self.channels == self.group && (self.axes[2].step == 1 || self.axes[2].taps == 1)
    }

    /// Whether windows are the map's places, one behind another.
    fn is_pointwise(&self) -> bool {
        self.axes.iter().all(|axis| (axis.taps, axis.stride, axis.first, axis.out) == (1, 1, 0, axis.map))
    }

    /// Where the first of these windows begins on the maps, where each is one run and all lie on the same line.
    #[inline(always)]
    fn one_line(&self, rows: &Range<usize>) -> Option<usize> {
        let [a0, a1, a2] = self.axes;
        if a0.taps * a1.taps > 1 || !self.is_run() {
            return None;
        }
        let at = Position::new(&self.axes, rows.start);
        let [z, y, x] = std::array::from_fn(|a| self.axes[a].place(at.at[a], 0));
        let is_inside = a0.whole().contains(&at.at[0]) && a1.whole().contains(&at.at[1]);
        let places = a2.whole();
        if !is_inside || at.at[2] < places.start || at.at[2] + rows.len() > places.end {
            return None;
        }
        let line = ((at.image * a0.map) as isize + z) * a1.map as isize + y;
        Some(((line * a2.map as isize + x) as usize) * self.channels)
    }

    /// Walks through elements `depth` of the windows `rows`, counted over the whole batch, in runs that lie together:
    /// `visit(row, at, source, len)`, where rows and elements count from the first asked for, and `source` is the run's place
    /// on the maps, or `None` beside them.
    #[inline(always)]
    fn runs(
        &self,
        which: usize,
        rows: Range<usize>,
        depth: Range<usize>,
        mut visit: impl FnMut(usize, usize, Option<usize>, usize),
    ) {
        let [a0, a1, a2] = self.axes;
        let whole = self.axes.map(|axis| axis.whole());
        // Places that a run takes on the last axis.
        let wide = if self.is_run() { a2.taps } else { 1 };
        let mut list = [Run::default(); RUNS];
        let mut from = depth.start;
        while from < depth.end {
            let runs = self.list(&mut list, depth.start, from..depth.end);
            from = runs.last().map_or(depth.end, |run| depth.start + run.into + run.len);
            let mut at = Position::new(&self.axes, rows.start);
            for row in 0..rows.len() {
                let [z, y, x] = std::array::from_fn(|a| self.axes[a].place(at.at[a], 0));
                let first = (((at.image * a0.map) as isize + z) * a1.map as isize + y) * a2.map as isize + x;
                let first = first * self.channels as isize + (which * self.group) as isize;
                if whole.iter().zip(at.at).all(|(whole, at)| whole.contains(&at)) {
                    runs.iter().for_each(|run| visit(row, run.into, Some(first as usize + run.source), run.len));
                    at.advance(&self.axes);
                    continue;
                }
                for run in runs {
                    let [z, y, x] = [z + run.away[0], y + run.away[1], x + run.away[2]];
                    let is_beside = |place: isize, axis: &Axis| place < 0 || place >= axis.map as isize;
                    if is_beside(z, &a0) || is_beside(y, &a1) || wide == 1 && is_beside(x, &a2) {
                        visit(row, run.into, None, run.len);
                    } else if wide == 1 || x >= 0 && x as usize + wide <= a2.map {
                        visit(row, run.into, Some((first + run.source as isize) as usize), run.len);
                    } else {
                        let line = ((at.image * a0.map + z as usize) * a1.map + y as usize) * a2.map;
                        let span = run.first..run.first + run.len;
                        self.line(line, x, span, |at, source, len| visit(row, run.into + at, source, len));
                    }
                }
                at.advance(&self.axes);
            }
        }
    }

    /// The runs of the elements `depth` of a window, as many as the list holds; they go to their places behind `start`.
    fn list<'l>(&self, list: &'l mut [Run; RUNS], start: usize, depth: Range<usize>) -> &'l [Run] {
        let [a0, a1, a2] = self.axes;
        let (run, per_row) = if self.is_run() { (a2.taps * self.group, 1) } else { (self.group, a2.taps) };
        let (mut from, mut count, mut begin) = (depth.start, 0, depth.start / run * run);
        // Divided once; from there on the taps are counted.
        let (line, mut x) = (begin / run / per_row, begin / run % per_row);
        let (mut z, mut y) = (line / a1.taps, line % a1.taps);
        while from < depth.end && count < RUNS {
            let to = depth.end.min(begin + run);
            let away = [z * a0.step, y * a1.step, x * a2.step];
            let source = ((away[0] * a1.map + away[1]) * a2.map + away[2]) * self.channels + from - begin;
            let away = away.map(|away| away as isize);
            list[count] = Run { away, first: from - begin, source, len: to - from, into: from - start };
            (from, begin, count, x) = (to, begin + run, count + 1, x + 1);
            if x == per_row {
                (x, y) = (0, y + 1);
            }
            if y == a1.taps {
                (y, z) = (0, z + 1);
            }
        }
        &list[..count]
    }

    /// The elements `span` of a run of several places, which has all channels, that begins at place `x` of a line of the map.
    #[inline(always)]
    fn line(&self, line: usize, x: isize, span: Range<usize>, mut visit: impl FnMut(usize, Option<usize>, usize)) {
        let (channels, places) = (self.channels as isize, self.axes[2].map as isize);
        let (low, high) = (-x * channels, (places - x) * channels);
        let clamp = |end: isize| end.clamp(span.start as isize, span.end as isize) as usize;
        let (low, high) = (clamp(low), clamp(high.max(low)));
        if low > span.start {
            visit(0, None, low - span.start);
        }
        if high > low {
            let source = (line as isize + x) * channels + low as isize;
            visit(low - span.start, Some(source as usize), high - low);
        }
        if span.end > high {
            visit(high - span.start, None, span.end - high);
        }
    }
}

impl Axis {
    /// The windows that the filters see, along the three axes.
    pub fn forward(g: &Geometry) -> [Self; 3] {
        let axis = |a: usize| Axis {
            map: g.map[a],
            out: g.out[a],
            stride: g.stride[a],
            taps: g.window[a],
            first: -(g.pad[a] as isize),
            step: g.dilate[a],
        };
        std::array::from_fn(axis)
    }

    /// Where a tap of a window falls.
    #[inline(always)]
    pub fn place(&self, window: usize, tap: usize) -> isize {
        (window * self.stride + tap * self.step) as isize + self.first
    }

    /// The windows all of whose taps fall on the map.
    #[inline(always)]
    pub fn whole(&self) -> Range<usize> {
        let first = self.first.min(0).unsigned_abs().div_ceil(self.stride).min(self.out);
        let room = self.map as isize - self.first - ((self.taps - 1) * self.step + 1) as isize;
        let end = if room < 0 { 0 } else { room.unsigned_abs() / self.stride + 1 };
        first..end.clamp(first, self.out)
    }

    /// The taps of a window that fall on the map.
    #[inline(always)]
    pub fn inside(&self, window: usize) -> Range<usize> {
        let first = self.place(window, 0);
        if first >= 0 && first as usize + self.taps * self.step < self.map + self.step {
            return 0..self.taps;
        }
        let behind = (self.map as isize - first).max(0).unsigned_abs().div_ceil(self.step).min(self.taps);
        let before = first.min(0).unsigned_abs().div_ceil(self.step).min(behind);
        before..behind
    }
}

impl Left for Windows<'_> {
    const LIE: Lie = Lie::Rows;

    #[inline(always)]
    fn lying(&self, which: usize, rows: &Range<usize>, depth: &Range<usize>, room: usize) -> Option<Lying<'_>> {
        let (from, row) = if self.is_pointwise() {
            (rows.start * self.channels + which * self.group, self.channels)
        } else {
            (self.one_line(rows)?, self.axes[2].stride * self.channels)
        };
        Lying::new(&self.map[from + depth.start..], row, room, depth.len())
    }

    #[inline(always)]
    fn gather(&self, which: usize, rows: Range<usize>, depth: Range<usize>, tile: &mut [f32]) {
        self.runs(which, rows, depth, |row, at, source, len| {
            // As far as the row is wide: what is written too far is written over by the next run, or not read.
            let to = &mut tile[row * ROW..(row + 1) * ROW][at..];
            match source {
                Some(source) => copy_run(&self.map[source..], to, len),
                None => clear_run(to, len),
            }
        });
    }
}

/// Clears a run in the way in which [`copy_run`] copies one.
#[inline(always)]
fn clear_run(to: &mut [f32], len: usize) {
    match to.get_mut(..len.next_multiple_of(LINE)) {
        Some(to) => to.as_chunks_mut::<LINE>().0.fill([0.0; LINE]),
        None => to[..len].fill(0.0),
    }
}

/// Copies a run by whole lines of the cache, where there is room for them: no call, and no loop over a few elements.
#[inline(always)]
fn copy_run(from: &[f32], to: &mut [f32], len: usize) {
    let whole = len.next_multiple_of(LINE);
    match (from.get(..whole), to.get_mut(..whole)) {
        (Some(from), Some(to)) => {
            for (from, to) in from.as_chunks::<LINE>().0.iter().zip(to.as_chunks_mut::<LINE>().0) {
                *to = *from;
            }
        }
        _ => to[..len].copy_from_slice(&from[..len]),
    }
}

impl Right for Windows<'_> {
    /// Here the windows are the steps of the depth, and their elements the columns.
    #[inline(always)]
    fn pack(&self, which: usize, depth: Range<usize>, columns: Range<usize>, width: usize, panels: &mut [f32]) {
        let size = depth.len() * width;
        let missing = columns.len().next_multiple_of(width) - columns.len();
        if missing > 0 {
            let last = columns.len() / width;
            for row in panels[last * size..][..size].chunks_exact_mut(width) {
                row[width - missing..].fill(0.0);
            }
        }
        self.runs(which, depth, columns, |row, mut at, source, mut len| {
            let mut source = source;
            while len > 0 {
                let (panel, column) = (at / width, at % width);
                let now = len.min(width - column);
                let to = &mut panels[panel * size + row * width + column..][..now];
                match &mut source {
                    Some(source) => {
                        copy(&self.map[*source..*source + now], to);
                        *source += now;
                    }
                    None => to.fill(0.0),
                }
                (at, len) = (at + now, len - now);
            }
        });
    }
}

/// A window, counted through the batch.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) image: usize,
    pub(super) at: [usize; 3],
}

impl Position {
    pub(super) fn new([a0, a1, a2]: &[Axis; 3], row: usize) -> Self {
        let (rest, x) = (row / a2.out, row % a2.out);
        let (rest, y) = (rest / a1.out, rest % a1.out);
        Self { image: rest / a0.out, at: [rest % a0.out, y, x] }
    }

    #[inline(always)]
    pub(super) fn advance(&mut self, axes: &[Axis; 3]) {
        for axis in (0..3).rev() {
            self.at[axis] += 1;
            if self.at[axis] < axes[axis].out {
                return;
            }
            self.at[axis] = 0;
        }
        self.image += 1;
    }
}
