//! What is convolved: planes with a 3×3 window at stride 1, and the tiles that they are cut into.

use std::ops::Range;

use pulp::Simd;

use super::points::both_axes;
use crate::geometry::Geometry;

/// Taps of the window along an axis.
pub const WINDOW: usize = 3;

/// The sizes of a convolution of planes. The window's first tap lies `pad` before the first result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane {
    /// Images.
    pub batch: usize,
    /// Lines and columns of the input map.
    pub map: [usize; 2],
    /// Channels of the input map.
    pub channels: usize,
    /// Lines and columns of the output map.
    pub out: [usize; 2],
    /// Channels of the output map.
    pub filters: usize,
    /// Padding before the map; less than none where the window begins inside of it.
    pub pad: [isize; 2],
}

impl Plane {
    /// The sizes, where it is such a convolution: two axes, 3×3, stride and dilation 1, one group.
    pub fn new(g: &Geometry) -> Option<Self> {
        let flat = g.map[0] == 1 && g.out[0] == 1 && g.window == [1, WINDOW, WINDOW];
        let plain = g.groups == 1 && g.stride == [1; 3] && g.dilate == [1; 3];
        (flat && plain).then(|| Self {
            batch: g.batch,
            map: [g.map[1], g.map[2]],
            channels: g.channels,
            out: [g.out[1], g.out[2]],
            filters: g.filters,
            pad: [g.pad[1] as isize, g.pad[2] as isize],
        })
    }

    /// The convolution that the gradient by the input is: of the output's gradient, with the filters turned around.
    pub fn turned(self) -> Self {
        Self {
            map: self.out,
            channels: self.filters,
            out: self.map,
            filters: self.channels,
            pad: self.pad.map(|pad| WINDOW as isize - 1 - pad),
            ..self
        }
    }

    /// How many tiles of `size`×`size` results there are.
    pub fn tiles(&self, size: usize) -> usize {
        self.batch * self.out[0].div_ceil(size) * self.out[1].div_ceil(size)
    }

    /// Where this tile begins, counted through the batch.
    pub fn tile(&self, number: usize, size: usize) -> Tile {
        let across = self.out[1].div_ceil(size);
        let down = self.out[0].div_ceil(size);
        let (line, column) = (number / across, number % across);
        Tile { image: line / down, out: [line % down * size, column * size] }
    }

    /// The input map.
    pub fn input<'a>(&self, data: &'a [f32]) -> Map<'a> {
        Map { data, size: self.map, channels: self.channels }
    }

    /// The output map.
    pub fn output<'a>(&self, data: &'a [f32]) -> Map<'a> {
        Map { data, size: self.out, channels: self.filters }
    }
}

/// Where the results of a tile begin.
#[derive(Clone, Copy, Debug)]
pub struct Tile {
    /// Which image.
    pub image: usize,
    /// Line and column of the output map.
    pub out: [usize; 2],
}

impl Tile {
    /// Line and column of the input map that its window begins at.
    pub fn seen(&self, pad: [isize; 2]) -> [isize; 2] {
        [self.out[0] as isize - pad[0], self.out[1] as isize - pad[1]]
    }
}

/// A batch of maps to read.
#[derive(Clone, Copy)]
pub struct Map<'a> {
    data: &'a [f32],
    size: [usize; 2],
    channels: usize,
}

impl Map<'_> {
    /// Transforms a square of N×N positions from `corner` on, a vector of channels at a time; what lies outside of the map is
    /// zero. `store` is told the number of the vector, line, column and value.
    #[inline(always)]
    #[expect(clippy::redundant_closure, reason = "what calls a closure by reference is not compiled for these vectors")]
    pub fn transform<S: Simd, const N: usize, const TO: usize>(
        &self,
        simd: S,
        (image, corner): (usize, [isize; 2]),
        channels: Range<usize>,
        along: impl Fn([S::f32s; N]) -> [S::f32s; TO],
        mut store: impl FnMut(usize, usize, usize, S::f32s),
    ) {
        assert!(channels.end <= self.channels, "channels of the map");
        let square = self.square::<N>(image, corner);
        let zero = simd.splat_f32s(0.0);
        for (number, first) in channels.clone().step_by(S::F32_LANES).enumerate() {
            let count = (channels.end - first).min(S::F32_LANES);
            if square.whole && count == S::F32_LANES {
                both_axes(
                    zero,
                    #[inline(always)]
                    |values| along(values),
                    #[inline(always)]
                    |line, column| {
                        let from = square.at(line, column).wrapping_add(first);
                        // SAFETY: all lines and columns lie on the map, as do `count` channels from `first` on.
                        unsafe { from.cast::<S::f32s>().read_unaligned() }
                    },
                    #[inline(always)]
                    |line, column, value| store(number, line, column, value),
                );
            } else {
                let mask = simd.mask_between_m32s(0, count as u32);
                both_axes(
                    zero,
                    #[inline(always)]
                    |values| along(values),
                    #[inline(always)]
                    |line, column| {
                        if !square.lines.contains(&line) || !square.columns.contains(&column) {
                            return zero;
                        }
                        let from = square.at(line, column).wrapping_add(first);
                        // SAFETY: this line and column lie on the map, as do `count` channels from `first` on.
                        unsafe {
                            if count == S::F32_LANES {
                                from.cast::<S::f32s>().read_unaligned()
                            } else {
                                simd.mask_load_ptr_f32s(mask, from)
                            }
                        }
                    },
                    #[inline(always)]
                    |line, column, value| store(number, line, column, value),
                );
            }
        }
    }

    /// The N×N positions of an image from `corner` on, which may lie beside the map.
    #[inline(always)]
    fn square<const N: usize>(&self, image: usize, corner: [isize; 2]) -> Square {
        let [lines, columns] = [inside::<N>(corner[0], self.size[0]), inside::<N>(corner[1], self.size[1])];
        let image = &self.data[image * self.size[0] * self.size[1] * self.channels..];
        let (width, step) = (self.size[1] as isize, self.channels as isize);
        let last = (corner[0] + lines.end as isize - 1) * width + corner[1] + columns.end as isize;
        let empty = lines.is_empty() || columns.is_empty();
        assert!(empty || last * step <= image.len() as isize, "a square lies in its map");
        Square {
            corner: image.as_ptr().wrapping_offset((corner[0] * width + corner[1]) * step),
            steps: [self.size[1] * self.channels, self.channels],
            whole: lines == (0..N) && columns == (0..N),
            lines,
            columns,
        }
    }
}

/// Positions of a map, some of which may lie beside it.
struct Square {
    /// Where the first would be.
    corner: *const f32,
    /// Elements from line to line, and from column to column.
    steps: [usize; 2],
    /// Those that lie on the map.
    lines: Range<usize>,
    columns: Range<usize>,
    /// Whether all do.
    whole: bool,
}

impl Square {
    /// Where the channels of a position are, or would be.
    #[inline(always)]
    fn at(&self, line: usize, column: usize) -> *const f32 {
        self.corner.wrapping_add(line * self.steps[0] + column * self.steps[1])
    }
}

/// Which of N positions from `corner` on lie on an axis of this size.
#[inline(always)]
fn inside<const N: usize>(corner: isize, size: usize) -> Range<usize> {
    let first = corner.saturating_neg().clamp(0, N as isize) as usize;
    let end = (size as isize - corner).clamp(0, N as isize) as usize;
    first..end.max(first)
}
