//! Windows of one channel each that slide over maps: any rows of their sums, of any channels, to wherever they are wanted.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::ops::conv::{Axis, Phase, Windows};

/// Windows over maps, and the elements of the filters that they meet: those of `conv`, or of a phase of its gradient.
#[derive(Clone, Copy)]
pub struct Slide<'a> {
    /// The windows; a group is one channel, which in the gradient has as many numbers as filters.
    pub(super) windows: Windows<'a>,
    /// Channels.
    pub(super) channels: usize,
    /// Numbers of a channel in the result: in `conv` as many as it has filters.
    pub(super) written: usize,
    /// The turned filters, `[filters of a channel, window…, channels]`.
    pub(super) filters: &'a [f32],
    /// Elements of a window.
    pub(super) window: usize,
    /// The window's element that the first tap stands for.
    first: usize,
    /// From one tap's element of the window to the next one's, by axis.
    pub(super) steps: [isize; 3],
    /// What follows the sums.
    pub(super) epilogue: Epilogue<'a>,
}

/// Neighbours on the last axis of the result.
pub(super) struct Line {
    /// The image, and the place on the first two axes.
    at: [usize; 3],
    /// The places on the last one.
    pub(super) columns: Range<usize>,
    pub(super) channels: Range<usize>,
}

/// Where a line's numbers go: its first channel's to the beginning of `out`, the next position's `stride` further.
pub(super) struct Target<'o> {
    pub(super) out: &'o mut [f32],
    pub(super) stride: usize,
}

/// What of the windows of a line lies on the map.
pub(super) struct Seen {
    /// The taps of the first two axes.
    pub(super) taps: [Range<usize>; 2],
    /// The place on all maps where the line of their taps 0 begins; it may lie beside the map.
    line: isize,
    /// Places from line to line, on the first two axes.
    pub(super) next: [isize; 2],
}

impl Seen {
    /// Of the windows at an image and a place on the first two axes.
    #[inline(always)]
    pub(super) fn new([a0, a1, a2]: &[Axis; 3], [image, z, y]: [usize; 3]) -> Self {
        let first = (image * a0.map) as isize + a0.place(z, 0);
        let first = first * a1.map as isize + a1.place(y, 0);
        Self {
            taps: [a0.inside(z), a1.inside(y)],
            line: first * a2.map as isize,
            next: [a0.step * a1.map * a2.map, a1.step * a2.map].map(|next| next as isize),
        }
    }

    /// The place on all maps where the line of these taps begins.
    #[inline(always)]
    pub(super) fn line(&self, [z, y]: [usize; 2]) -> isize {
        self.line + z as isize * self.next[0] + y as isize * self.next[1]
    }
}

impl<'a> Slide<'a> {
    /// `conv` of maps with turned filters.
    pub fn forward(g: &Geometry, map: &'a [f32], filters: &'a [f32], epilogue: Epilogue<'a>) -> Self {
        let [window, height, width] = [g.window.iter().product(), g.window[1], g.window[2]];
        let steps = [height * width, width, 1].map(|step| step as isize);
        let (windows, channels, written) = (Windows::forward(g, map), g.channels, g.group_filters());
        Self { windows, channels, written, filters, window, first: 0, steps, epilogue }.checked()
    }

    /// A phase of the gradient by the input, from dy and turned filters.
    pub fn gradient(g: &Geometry, phase: &Phase, dy: &'a [f32], filters: &'a [f32]) -> Self {
        let forward = Self::forward(g, &[], filters, Epilogue::default());
        let (first, steps) = phase.elements(g);
        Self { windows: phase.windows(g, dy), written: 1, first, steps, ..forward }.checked()
    }

    /// What the loops count on.
    fn checked(self) -> Self {
        assert!(self.filters.len() >= self.read() * self.written * self.window * self.channels, "all filters");
        assert!(self.epilogue.bias.is_none_or(|bias| bias.len() == self.channels * self.written), "a bias for each");
        self
    }

    /// Numbers of a channel on the map.
    #[inline(always)]
    pub(super) fn read(&self) -> usize {
        self.windows.group
    }

    /// Computes `rows` of the result, counted over the whole batch, as far as `channels` go: number j of channel c of row r
    /// goes to `out[(r − rows.start) · stride + (c − channels.start) · written + j]`, where `written` is how many filters a
    /// channel has.
    ///
    /// Any rows and channels may be asked for: whole maps, or a tile of a product's left factor (`product::Left::gather`).
    /// 6 rows or more of a line, and a vector of channels or more, are worth the call. It is inlined, and fast only where
    /// the caller is compiled for the vectors: inside of `with_simd`.
    #[inline(always)]
    pub fn rows<S: Simd>(&self, simd: S, rows: Range<usize>, channels: Range<usize>, out: &mut [f32], stride: usize) {
        let [a0, a1, a2] = self.windows.axes.map(|axis| axis.out);
        let mut row = rows.start;
        while row < rows.end {
            let (line, start) = (row / a2, row % a2);
            let columns = start..a2.min(start + rows.end - row);
            let out = &mut out[(row - rows.start) * stride..];
            row += columns.len();
            let line = Line { at: [line / a1 / a0, line / a1 % a0, line % a1], columns, channels: channels.clone() };
            simd.vectorize(Run { slide: self, line, to: Target { out, stride } });
        }
    }

    /// Computes all channels of a line of the result: `at` is the image, and the place on the first two axes.
    #[inline(always)]
    pub fn whole_line<S: Simd>(&self, simd: S, at: [usize; 3], out: &mut [f32], stride: usize) {
        let line = Line { at, columns: 0..self.windows.axes[2].out, channels: 0..self.channels };
        simd.vectorize(Run { slide: self, line, to: Target { out, stride } });
    }

    /// The element of the result at which the numbers of a line's position begin.
    #[inline(always)]
    pub(super) fn element(&self, line: &Line, column: usize) -> usize {
        let [a0, a1, a2] = self.windows.axes.map(|axis| axis.out);
        let [image, z, y] = line.at;
        (((image * a0 + z) * a1 + y) * a2 + column) * self.channels * self.written
    }

    /// Where the vectors of channels of a tap begin among the filters' numbers `which` of each channel.
    #[inline(always)]
    pub(super) fn filter(&self, which: usize, tap: [usize; 3]) -> usize {
        let along = |axis: usize| tap[axis] as isize * self.steps[axis];
        let element = (self.first as isize + along(0) + along(1) + along(2)) as usize;
        (which * self.window + element) * self.channels
    }
}

/// One line, compiled once for all that ask for lines.
struct Run<'r, 'a> {
    slide: &'r Slide<'a>,
    line: Line,
    to: Target<'r>,
}

impl WithSimd for Run<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { slide, line, to } = self;
        let axes = &slide.windows.axes;
        let size = axes.iter().map(|axis| axis.map).product::<usize>() * slide.windows.channels;
        assert!((line.at[0] + 1) * size <= slide.windows.map.len(), "an image that is there");
        let seen = Seen::new(axes, line.at);
        // Windows of the usual widths and strides have loops of their own.
        if slide.read() > 1 || line.channels.len() < S::F32_LANES {
            return slide.few(simd, &line, &seen, to);
        }
        match (axes[2].step == 1, axes[2].taps, axes[2].stride) {
            // These two are phases of the gradient of 3×3 at stride 2.
            (true, 1, 1) => slide.sized::<S, 1, 1>(simd, &line, &seen, to),
            (true, 2, 1) => slide.sized::<S, 2, 1>(simd, &line, &seen, to),
            (true, 3, 1) => slide.sized::<S, 3, 1>(simd, &line, &seen, to),
            (true, 3, 2) => slide.sized::<S, 3, 2>(simd, &line, &seen, to),
            (true, 5, 1) => slide.sized::<S, 5, 1>(simd, &line, &seen, to),
            (true, 5, 2) => slide.sized::<S, 5, 2>(simd, &line, &seen, to),
            (true, 7, 1) => slide.sized::<S, 7, 1>(simd, &line, &seen, to),
            _ => slide.sized::<S, 0, 0>(simd, &line, &seen, to),
        }
    }
}
