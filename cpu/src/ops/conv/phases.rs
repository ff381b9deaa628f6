//! The gradient by the input as convolutions over dy, one for each phase of the stride.
//!
//! Element q of the map is reached from output y by tap r where `q = y·stride − pad + r·dilate`. Of the elements
//! `q = phase + i·stride` all are reached by the same taps, from outputs `i + (phase + pad − r·dilate)/stride`: windows over
//! dy at stride 1. At stride 1 there is one phase, and it has all taps.

use std::ops::Range;

use super::windows::{Axis, Windows};
use crate::geometry::Geometry;
use crate::product::{Right, copy_padded};
use crate::simd::{LINE, prefetch};

/// The elements of the map that the same taps reach, along all axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    axes: [Axis; 3],
    /// The first element, by axis.
    start: [usize; 3],
    /// The filter's element that the last tap stands for, by axis.
    last: [usize; 3],
    /// From one tap's element of the filter to the one before.
    back: [usize; 3],
}

impl Phase {
    /// All phases that have elements.
    pub fn all(g: &Geometry) -> impl Iterator<Item = Phase> + use<> {
        let g = *g;
        let [s0, s1, s2] = g.stride;
        (0..s0 * s1 * s2)
            .map(move |i| Phase::new(&g, [i / s2 / s1, i / s2 % s1, i % s2]))
            .filter(|phase| phase.axes.iter().all(|axis| axis.out > 0))
    }

    /// The phase of these elements, each below the stride.
    pub fn new(g: &Geometry, start: [usize; 3]) -> Self {
        let along: [_; 3] = std::array::from_fn(|a| axis(g, a, start[a]));
        Self {
            axes: along.map(|(axis, ..)| axis),
            start,
            last: along.map(|(_, last, _)| last),
            back: along.map(|(.., back)| back),
        }
    }

    /// The window's element that the first taps stand for, and from one tap's to the next one's along each axis.
    pub fn elements(&self, g: &Geometry) -> (usize, [isize; 3]) {
        let [_, height, width] = g.window;
        let elements = [height * width, width, 1];
        let first = elements.iter().zip(self.last).map(|(elements, last)| elements * last).sum();
        (first, std::array::from_fn(|a| -((self.back[a] * elements[a]) as isize)))
    }

    /// Elements of the map, over the whole batch.
    pub fn rows(&self, g: &Geometry) -> usize {
        g.batch * self.axes.iter().map(|axis| axis.out).product::<usize>()
    }

    /// Terms of each sum; none where no tap reaches the phase.
    pub fn depth(&self, g: &Geometry) -> usize {
        self.axes.iter().map(|axis| axis.taps).product::<usize>() * g.group_filters()
    }

    /// The windows over dy.
    pub fn windows<'a>(&self, g: &Geometry, dy: &'a [f32]) -> Windows<'a> {
        Windows { map: dy, axes: self.axes, channels: g.filters, group: g.group_filters() }
    }

    /// Where the element of a row begins in dx.
    #[inline(always)]
    pub fn place(&self, g: &Geometry, row: usize) -> usize {
        if g.stride == [1; 3] {
            return row * g.channels;
        }
        let [a0, a1, a2] = self.axes.map(|axis| axis.out);
        let at = [row / a2 / a1 % a0, row / a2 % a1, row % a2];
        let image = row / a2 / a1 / a0;
        let at: [usize; 3] = std::array::from_fn(|a| self.start[a] + at[a] * g.stride[a]);
        (((image * g.map[0] + at[0]) * g.map[1] + at[1]) * g.map[2] + at[2]) * g.channels
    }

    /// The filters of its taps, where so many neighbouring groups are computed as one.
    pub fn filters<'a>(&'a self, g: &'a Geometry, groups: usize, w: &'a [f32]) -> Taps<'a> {
        Taps { phase: self, g, groups, w }
    }
}

/// One axis of a phase, the filter's element of the last tap, and how far the taps lie apart on it.
fn axis(g: &Geometry, a: usize, start: usize) -> (Axis, usize, usize) {
    let (stride, dilate, window) = (g.stride[a], g.dilate[a], g.window[a]);
    let common = gcd(stride, dilate);
    let back = stride / common;
    let reach = |r: usize| (start + g.pad[a]) as isize - (r * dilate) as isize;
    let first = (0..back.min(window)).find(|&r| reach(r) % stride as isize == 0);
    let taps = first.map_or(0, |first| (window - first).div_ceil(back));
    let last = first.map_or(0, |first| first + (taps - 1) * back);
    let out = g.map[a].saturating_sub(start).div_ceil(stride);
    // Taps go backward through the filter, so that they go forward over dy.
    let axis =
        Axis { map: g.out[a], out, stride: 1, taps, first: reach(last) / stride as isize, step: dilate / common };
    (axis, last, back)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Filters as the right factor: a step of the depth is a filter at a tap, columns are channels.
pub struct Taps<'a> {
    phase: &'a Phase,
    g: &'a Geometry,
    groups: usize,
    w: &'a [f32],
}

impl Taps<'_> {
    /// The element of the window, counted through it, that a tap stands for.
    #[inline(always)]
    fn element(&self, tap: usize) -> usize {
        let [_, n1, n2] = self.phase.axes.map(|axis| axis.taps);
        let at = [tap / n2 / n1, tap / n2 % n1, tap % n2];
        let [r0, r1, r2]: [usize; 3] = std::array::from_fn(|a| self.phase.last[a] - at[a] * self.phase.back[a]);
        (r0 * self.g.window[1] + r1) * self.g.window[2] + r2
    }
}

/// Filters that are copied together: a panel has a line of the cache of each, and those of one panel lie together.
const TOGETHER: usize = 8;

impl Right for Taps<'_> {
    #[inline(always)]
    fn pack(&self, which: usize, depth: Range<usize>, columns: Range<usize>, width: usize, panels: &mut [f32]) {
        let all = self.groups * self.g.group_filters();
        // Tap by tap, as far as the steps go: to find a tap takes divisions.
        for tap in depth.start / all..depth.end.div_ceil(all) {
            let element = self.element(tap) * self.g.group_channels();
            let steps = depth.start.max(tap * all)..depth.end.min((tap + 1) * all);
            for first in steps.clone().step_by(TOGETHER) {
                let (some, at) = (first..(first + TOGETHER).min(steps.end), first - depth.start);
                let filters = which * all + some.start - tap * all..which * all + some.end - tap * all;
                if self.groups > 1 {
                    self.join(filters, element, &mut panels[at * width..][..some.len() * width]);
                } else {
                    self.copy(filters, element, &columns, width, (at, depth.len() * width), panels);
                }
            }
        }
    }
}

impl Taps<'_> {
    /// Copies some columns of some filters' element to the panels, from a step on.
    #[inline(always)]
    fn copy(
        &self,
        filters: Range<usize>,
        element: usize,
        columns: &Range<usize>,
        width: usize,
        (at, size): (usize, usize),
        panels: &mut [f32],
    ) {
        let own = self.g.depth();
        for (p, first) in columns.clone().step_by(width).enumerate() {
            let some = first..(first + width).min(columns.end);
            let to = panels[p * size + at * width..].chunks_exact_mut(width);
            for (filter, to) in filters.clone().zip(to) {
                let row = &self.w[filter * own + element..][some.clone()];
                // Filters lie too far apart for the processor to foresee the next ones.
                let ahead = row.as_ptr().wrapping_add(TOGETHER * own);
                (0..row.len()).step_by(LINE).for_each(|at| prefetch(ahead.wrapping_add(at)));
                copy_padded(row, to);
            }
        }
    }

    /// Copies some filters' element to the one panel that the channels of all groups are, of which the filter's has some.
    #[inline(always)]
    fn join(&self, filters: Range<usize>, element: usize, to: &mut [f32]) {
        let (channels, width) = (self.g.group_channels(), to.len() / filters.len());
        for (filter, to) in filters.zip(to.chunks_exact_mut(width)) {
            let first = filter / self.g.group_filters() % self.groups * channels;
            to.fill(0.0);
            to[first..first + channels].copy_from_slice(&self.w[filter * self.g.depth() + element..][..channels]);
        }
    }
}
