//! Convolution to few channels, and the gradient by an input of few: lanes are positions of a line, not channels.
//!
//! Where the result has few channels, vectors of them would be mostly empty. A band of lines
//! works on a copy of what it sees of the map, padded with zeros, in planes: for each line the places of each channel, every
//! `stride`-th together, so that neighbouring windows see neighbouring numbers. Two vectors of positions by up to 8 channels
//! of the result (AVX-512: 16 sums of 32 registers; else 6: 12 of 16) stay in registers over the whole window; an element of
//! it takes 2 loads of the map and 8 filters, each for all lanes, for 16 multiply–adds. Of one to three channels more vectors
//! are computed together, so that no sum waits for the one before. In and out of planes each number
//! takes about 1.5 cycles, which is why windows of few elements are left to others.
//!
//! LeNet's gradient by 6 channels from 16 (5×5): 32 GFLOP/s a core on AVX-512 and 17 on AVX2, beside 13 as a product.

mod band;

use std::fmt;

use super::Call;
use super::conv::{Axis, Operands, Phase, Windows};
use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::scratch::Scratch;
use crate::team::Team;
use band::Band;

/// Vectors of positions that are computed together with a block of so many channels.
const fn vectors(block: usize) -> usize {
    match block {
        1 => 8,
        2 => 4,
        3 => 3,
        _ => 2,
    }
}

/// The most lanes of a vector.
const WIDEST: usize = 16;

/// The largest copy of a band, in elements: it stays in the second-level cache.
const COPY: usize = 1 << 17;

/// How the work is cut, from the sizes and the width of the vectors alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planes {
    /// The windows.
    axes: [Axis; 3],
    /// Channels of the map.
    channels: usize,
    /// Channels of the result.
    outputs: usize,
    /// Of them those that are computed together.
    block: usize,
    /// Output lines of a band; a band lies in one image.
    lines: usize,
    /// Positions of a vector.
    lanes: usize,
}

/// Filters as they lie.
struct Filters<'a> {
    w: &'a [f32],
    /// The element of the first tap.
    first: usize,
    /// From tap to tap, along each axis.
    taps: [isize; 3],
    /// From one channel of the map to the next.
    channel: usize,
    /// From one channel of the result to the next.
    output: usize,
}

impl fmt::Display for Planes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lines, {}x{}", self.lines, vectors(self.block) * self.lanes, self.block)
    }
}

impl Planes {
    /// The cut of `conv`, where this is a good way.
    pub fn forward(g: &Geometry, lanes: usize) -> Option<Self> {
        Self::new(&Windows::forward(g, &[]), g.filters, lanes)
    }

    /// The cut of the gradient by the input, where this is a good way: at stride 1.
    pub fn gradient(g: &Geometry, lanes: usize) -> Option<Self> {
        if g.stride != [1; 3] {
            return None;
        }
        Self::new(&Phase::new(g, [0; 3]).windows(g, &[]), g.channels, lanes)
    }

    fn new(windows: &Windows<'_>, outputs: usize, lanes: usize) -> Option<Self> {
        let [a0, a1, a2] = windows.axes;
        if windows.channels != windows.group || outputs == 0 {
            return None;
        }
        let most = if lanes == WIDEST { 8 } else { 6 };
        let block = outputs.div_ceil(outputs.div_ceil(most));
        let mut planes = Self { axes: windows.axes, channels: windows.channels, outputs, block, lines: 1, lanes };
        let wanted = (2048 / a2.out.max(1)).clamp(1, a1.out.max(1));
        let fit = (COPY / planes.line() / a0.taps.max(1)).checked_sub(a1.taps.saturating_sub(1) * a1.step + 1)?
            / a1.stride
            + 1;
        planes.lines = wanted.min(fit);
        planes.is_good().then_some(planes)
    }

    /// Whether it takes clearly fewer cycles than a product whose vectors are channels of the result.
    fn is_good(&self) -> bool {
        let [depth, channels, outputs] = [self.depth(), self.channels, self.outputs].map(|n| n as f64);
        let used = self.axes[2].out as f64 / self.axes[2].out.next_multiple_of(self.lanes).max(1) as f64;
        // Each plane of the map is copied for all that see it.
        let copies = channels * self.axes[0].taps as f64;
        let planes = depth * outputs / (2.0 * self.lanes as f64 * used) + 1.5 * (copies + outputs);
        let product = depth * (0.55 * self.outputs.div_ceil(self.lanes) as f64 + 0.15);
        planes < 0.8 * product
    }

    /// Terms of each sum.
    fn depth(&self) -> usize {
        self.axes.iter().map(|axis| axis.taps).product::<usize>() * self.channels
    }

    /// Elements of a plane of a line.
    fn width(&self) -> usize {
        let across = self.axes[2];
        across.out.next_multiple_of(self.lanes) + across.taps.saturating_sub(1) * across.step / across.stride
    }

    /// Elements of a line of the copy, `[channels, stride, width]`.
    fn line(&self) -> usize {
        self.channels * self.axes[2].stride * self.width()
    }

    /// Lines of each plane of the map that a band sees.
    fn height(&self) -> usize {
        let down = self.axes[1];
        (self.lines - 1) * down.stride + down.taps.saturating_sub(1) * down.step + 1
    }

    /// Elements of a band's copy: of each plane that it sees all lines.
    fn copy(&self) -> usize {
        self.axes[0].taps * self.height() * self.line()
    }

    /// Elements of the turned filters, `[blocks, depth, block]`.
    fn turned(&self) -> usize {
        self.outputs.next_multiple_of(self.block) * self.depth()
    }

    /// Scratch memory: the turned filters, and a band's copy a thread.
    pub fn scratch(&self) -> Scratch {
        Scratch { shared: self.turned(), each: self.copy() }
    }

    /// Where the window's element `[t, r, s]` of the first channel lies in the copy, from where the window begins.
    #[inline(always)]
    fn offset(&self, [t, r, s]: [usize; 3]) -> usize {
        let [_, down, across] = self.axes;
        let (place, line) = (s * across.step, (t * self.height() + r * down.step) * self.line());
        line + place % across.stride * self.width() + place / across.stride
    }

    /// Copies what the output lines of a plane from `first` on see of an image.
    fn fill(&self, image: &[f32], [plane, first]: [usize; 2], copy: &mut [f32]) {
        let ([deep, down, across], height) = (self.axes, self.height());
        let size = across.map * self.channels;
        for (number, line) in copy[..self.copy()].chunks_exact_mut(self.line()).enumerate() {
            let z = deep.place(plane, number / height);
            let y = down.place(first, 0) + (number % height) as isize;
            if !(0..deep.map as isize).contains(&z) || !(0..down.map as isize).contains(&y) {
                line.fill(0.0);
                continue;
            }
            let from = &image[(z as usize * down.map + y as usize) * size..][..size];
            (0..across.stride).for_each(|phase| self.turn(from, phase, line));
        }
    }

    /// Copies every `stride`-th place of a line of the map, from number `phase` on, to the planes of its channels.
    #[inline(always)]
    fn turn(&self, from: &[f32], phase: usize, line: &mut [f32]) {
        /// Places whose channels lie in the first cache together.
        const PLACES: usize = 64;
        let (across, channels, width) = (self.axes[2], self.channels, self.width());
        // The place of the planes' first number; the numbers that lie on the map.
        let place = across.first + phase as isize;
        let before = place.min(0).unsigned_abs().div_ceil(across.stride).min(width);
        let start = (place + (before * across.stride) as isize) as usize;
        let count = across.map.saturating_sub(start).div_ceil(across.stride).min(width - before);
        let step = across.stride * channels;
        for plane in line.chunks_exact_mut(width).skip(phase).step_by(across.stride) {
            plane[..before].fill(0.0);
            plane[before + count..].fill(0.0);
        }
        for first in (0..count).step_by(PLACES) {
            let places = PLACES.min(count - first);
            for channel in 0..channels {
                let to = (channel * across.stride + phase) * width + before + first;
                let from = from[(start + first * across.stride) * channels + channel..].iter().step_by(step);
                line[to..to + places].iter_mut().zip(from).for_each(|(to, x)| *to = *x);
            }
        }
    }

    /// Copies the filters in the order in which blocks need them, `[blocks, depth, block]`.
    fn turn_filters(&self, filters: &Filters<'_>, turned: &mut [f32]) {
        let [planes, lines, places] = self.axes.map(|axis| axis.taps as isize);
        for (block, turned) in turned.chunks_exact_mut((self.depth() * self.block).max(1)).enumerate() {
            let mut to = turned.chunks_exact_mut(self.block);
            for (t, r) in (0..planes).flat_map(|t| (0..lines).map(move |r| (t, r))) {
                for s in 0..places {
                    let away: isize = [t, r, s].iter().zip(filters.taps).map(|(tap, step)| tap * step).sum();
                    let first = (filters.first as isize + away) as usize + block * self.block * filters.output;
                    for (channel, to) in (0..self.channels).zip(&mut to) {
                        let first = first + channel * filters.channel;
                        for (output, to) in to.iter_mut().enumerate() {
                            let inside = block * self.block + output < self.outputs;
                            *to = if inside { filters.w[first + output * filters.output] } else { 0.0 };
                        }
                    }
                }
            }
        }
    }

    /// Computes the result from maps. `workspace` is what [`Planes::scratch`] says.
    fn run(
        &self,
        team: &Team<'_>,
        map: &[f32],
        filters: &Filters<'_>,
        epilogue: Epilogue<'_>,
        output: &mut [f32],
        workspace: &mut [f32],
    ) {
        let [deep, down, across] = self.axes;
        let (turned, copies) = workspace.split_at_mut(self.turned());
        self.turn_filters(filters, turned);
        let turned = &*turned;
        let (image, line) = (deep.map * down.map * across.map * self.channels, across.out * self.outputs);
        let planes = output.chunks_mut((down.out * line).max(1)).enumerate();
        let bands = planes.flat_map(|(plane, y)| {
            let start = plane * down.out * line;
            let bands = y.chunks_mut(self.lines * line).enumerate();
            bands.map(move |(i, y)| (plane, i, start + i * self.lines * line, y))
        });
        team.each(bands, copies, self.copy(), |(plane, band, start, y), copy| {
            let map = &map[plane / deep.out * image..][..image];
            self.fill(map, [plane % deep.out, band * self.lines], copy);
            team.vectors().dispatch(Band { planes: self, copy, turned, y: &mut *y });
            team.vectors().run(
                #[inline(always)]
                || epilogue.positions(start, self.outputs, y),
            );
        });
    }
}

/// `conv`, and what follows it.
pub fn forward(g: &Geometry, planes: &Planes, operands: Operands<'_>, call: Call<'_>) {
    let Operands { x, filters, epilogue } = operands;
    let taps = [g.window[1] * g.window[2], g.window[2], 1].map(|elements| (elements * g.channels) as isize);
    let filters = Filters { w: filters, first: 0, taps, channel: 1, output: g.depth() };
    planes.run(call.team, x, &filters, epilogue, call.memory.output, call.memory.workspace);
}

/// `conv_dgrad`; inputs filter and dy. Here the filters' channels are the result's.
pub fn dgrad(g: &Geometry, planes: &Planes, call: Call<'_>) {
    let [w, dy] = [call.memory.inputs[0], call.memory.inputs[1]];
    let (first, steps) = Phase::new(g, [0; 3]).elements(g);
    let taps = steps.map(|step| step * g.channels as isize);
    let filters = Filters { w, first: first * g.channels, taps, channel: g.depth(), output: 1 };
    planes.run(call.team, dy, &filters, Epilogue::default(), call.memory.output, call.memory.workspace);
}
