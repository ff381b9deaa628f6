//! Pooling of maps with many channels, a line of the output at a time: each element of the window is one pass over the line,
//! which stays in the first cache while the map is read once. At stride 1 a pass is one loop over the whole line, else one
//! over the channels of each position.
//!
//! Bytes: the map is read and the pool written; the gradient reads map and dy and writes dx, whose lines are cleared when
//! they are first reached. Operations: forward 3 an element of a window, gradient of the largest 6 more.

use std::ops::Range;

use fovea_graph::op::PoolKind;

use super::pool::Before;
use crate::geometry::{Geometry, Part};

/// Fewer channels than this do not fill vectors.
const MANY: usize = 16;

/// Whether this is the way for such maps: of many channels and of more than one line, at stride 1 along it. At others a pass
/// is a short loop for each position, and a window at a time is faster: 4.6 times for 2x2 at stride 2 and 32 channels.
pub fn suits(g: &Geometry) -> bool {
    g.channels >= MANY && g.map[0] * g.map[1] > 1 && g.stride[2] == 1
}

/// Scratch memory of [`gradient`], a thread: a line of the largest elements, and one of what is left to give.
pub fn gradient_workspace(g: &Geometry) -> usize {
    2 * g.out[2] * g.channels
}

/// What output `at` of one axis sees of the map.
#[inline(always)]
pub fn span(g: &Geometry, axis: usize, at: usize) -> Range<usize> {
    let start = at * g.stride[axis];
    let end = (start + g.window[axis]).saturating_sub(g.pad[axis]).min(g.map[axis]);
    start.saturating_sub(g.pad[axis])..end
}

/// Output line number `line` of the batch: where the lines of the map that it sees begin, in their order.
#[inline(always)]
fn sources(g: &Geometry, line: usize) -> impl Iterator<Item = usize> + use<> {
    let (rest, y) = (line / g.out[1], line % g.out[1]);
    let (image, z) = (rest / g.out[0], rest % g.out[0]);
    let ([planes, lines, columns], ys) = (g.map, span(g, 1, y));
    let size = columns * g.channels;
    span(g, 0, z).flat_map(move |z| ys.clone().map(move |y| ((image * planes + z) * lines + y) * size))
}

/// The runs of elements of an output line that see element `tap` of a window's row, and which they see of a line of the map:
/// `visit(at, source, len)`.
#[inline(always)]
fn runs(g: &Geometry, tap: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let (stride, pad, c) = (g.stride[2], g.pad[2], g.channels);
    let first = pad.saturating_sub(tap).div_ceil(stride);
    let end = (g.map[2] + pad).saturating_sub(tap).div_ceil(stride).min(g.out[2]);
    if first >= end {
        return;
    }
    let source = |x: usize| (x * stride + tap - pad) * c;
    if stride == 1 {
        return visit(first * c, source(first), (end - first) * c);
    }
    (first..end).for_each(|x| visit(x * c, source(x), c));
}

/// The larger of two; what is not a number stays, the first if there are two.
#[inline(always)]
fn larger(best: f32, x: f32) -> f32 {
    let wins = (x > best) | x.is_nan();
    if wins & !best.is_nan() { x } else { best }
}

/// The pool of one line.
#[inline(always)]
fn pool_line(g: &Geometry, kind: PoolKind, line: usize, x: &[f32], y: &mut [f32]) {
    y.fill(if kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 });
    for source in sources(g, line) {
        let x = &x[source..source + g.map[2] * g.channels];
        for tap in 0..g.window[2] {
            runs(
                g,
                tap,
                #[inline(always)]
                |at, from, len| {
                    let seen = y[at..at + len].iter_mut().zip(&x[from..from + len]);
                    match kind {
                        PoolKind::Max => seen.for_each(|(y, &x)| *y = larger(*y, x)),
                        PoolKind::Avg => seen.for_each(|(y, &x)| *y += x),
                    }
                },
            );
        }
    }
    if kind == PoolKind::Avg {
        share(g, line, y);
    }
}

/// Divides each position of an output line by how many elements it sees.
#[inline(always)]
fn share(g: &Geometry, line: usize, y: &mut [f32]) {
    let lines = sources(g, line).count();
    for (x, y) in y.chunks_exact_mut(g.channels).enumerate() {
        let share = 1.0 / (lines * span(g, 2, x).len()).max(1) as f32;
        y.iter_mut().for_each(|y| *y *= share);
    }
}

/// Some whole lines of the pool, the first of them number `first` of the batch.
#[inline(always)]
pub fn forward(g: &Geometry, kind: PoolKind, first: usize, x: &[f32], y: &mut [f32]) {
    let size = g.out[2] * g.channels;
    y.chunks_exact_mut(size).enumerate().for_each(|(i, y)| pool_line(g, kind, first + i, x, y));
}

/// One part of the gradient. The windows that reach it are whole output lines.
#[inline(always)]
pub fn gradient(
    g: &Geometry,
    (kind, before): (PoolKind, Before),
    part: &Part,
    (x, dy): (&[f32], &[f32]),
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    let (size, line_of_map) = (g.out[2] * g.channels, g.map[2] * g.channels);
    let (best, rest) = scratch.split_at_mut(size);
    let left = &mut rest[..size];
    let mut cleared = 0;
    for line in part.rows.start / g.out[2]..part.rows.end / g.out[2] {
        left.copy_from_slice(&dy[line * size..(line + 1) * size]);
        match kind {
            PoolKind::Max => pool_line(g, kind, line, x, best),
            PoolKind::Avg => share(g, line, left),
        }
        if before == Before::Relu {
            left.iter_mut().zip(&*best).for_each(|(left, &best)| *left = if best > 0.0 { *left } else { 0.0 });
        }
        for source in sources(g, line) {
            let x = &x[source..source + line_of_map];
            let Some(target) = source.checked_sub(part.offset) else {
                // Another part's: what wins there is not to be had here.
                let pass =
                    |at, from, len| take(kind, &x[from..from + len], &best[at..at + len], &mut left[at..at + len]);
                each_tap(g, pass);
                continue;
            };
            if target >= dx.len() {
                break;
            }
            // Lines are reached in their order, but for maps of several planes, whose windows go back.
            if cleared < target + line_of_map {
                dx[cleared..target + line_of_map].fill(0.0);
                cleared = target + line_of_map;
            }
            let dx = &mut dx[target..target + line_of_map];
            each_tap(
                g,
                #[inline(always)]
                |at, from, len| {
                    let (best, left) = (&best[at..at + len], &mut left[at..at + len]);
                    give(kind, (&x[from..from + len], best), left, &mut dx[from..from + len]);
                },
            );
        }
    }
    dx[cleared..].fill(0.0);
}

/// The runs of all elements of a window's row.
#[inline(always)]
fn each_tap(g: &Geometry, mut visit: impl FnMut(usize, usize, usize)) {
    (0..g.window[2]).for_each(|tap| runs(g, tap, &mut visit));
}

/// Takes what windows give to a run.
#[inline(always)]
fn take(kind: PoolKind, x: &[f32], best: &[f32], left: &mut [f32]) {
    if kind == PoolKind::Max {
        for ((left, &x), &best) in left.iter_mut().zip(x).zip(best) {
            *left = if (x == best) | x.is_nan() { 0.0 } else { *left };
        }
    }
}

/// Adds to a run of dx what its windows have left for it: of the largest all goes to the first that is as large.
#[inline(always)]
fn give(kind: PoolKind, (x, best): (&[f32], &[f32]), left: &mut [f32], dx: &mut [f32]) {
    match kind {
        PoolKind::Max => {
            for (((dx, left), &x), &best) in dx.iter_mut().zip(left).zip(x).zip(best) {
                let wins = (x == best) | x.is_nan();
                *dx += if wins { *left } else { 0.0 };
                *left = if wins { 0.0 } else { *left };
            }
        }
        PoolKind::Avg => dx.iter_mut().zip(left).for_each(|(dx, left)| *dx += *left),
    }
}
