//! Where the windows of a convolution lie, for one, two and three axes alike: fewer axes are led by axes of size 1.

use std::ops::Range;

use fovea_graph::Shape;
use fovea_graph::op::Conv;

use crate::team::CHUNK;

/// The sizes of a convolution. Maps are `[batch, map…, channels]` and `[batch, out…, filters]`, filters
/// `[filters, window…, channels/groups]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Images.
    pub batch: usize,
    /// Channels of the input map.
    pub channels: usize,
    /// Channels of the output map.
    pub filters: usize,
    /// Separate convolutions.
    pub groups: usize,
    /// Spatial size of the input map.
    pub map: [usize; 3],
    /// Spatial size of the output map.
    pub out: [usize; 3],
    /// The window.
    pub window: [usize; 3],
    /// Steps between windows.
    pub stride: [usize; 3],
    /// Padding before the map.
    pub pad: [usize; 3],
    /// Steps between the elements of a window.
    pub dilate: [usize; 3],
}

/// Three axes, the given ones last.
pub fn axes<T: Copy>(given: &[T], missing: T) -> [T; 3] {
    let mut all = [missing; 3];
    all[3 - given.len()..].copy_from_slice(given);
    all
}

impl Geometry {
    /// The geometry of `conv` from `x` to `y` with this window.
    pub fn new(conv: &Conv, x: &Shape, window: &[usize], y: &Shape) -> Self {
        Self {
            batch: x.batch(),
            channels: x.channels(),
            filters: y.channels(),
            groups: conv.groups,
            map: axes(x.spatial(), 1),
            out: axes(y.spatial(), 1),
            window: axes(window, 1),
            stride: axes(&conv.stride, 1),
            pad: axes(&conv.pad, [0; 2]).map(|pad| pad[0]),
            dilate: axes(&conv.dilate, 1),
        }
    }

    /// Output positions of one image.
    pub fn positions(&self) -> usize {
        self.out.iter().product()
    }

    /// Elements of one image of the input.
    pub fn image(&self) -> usize {
        self.map.iter().product::<usize>() * self.channels
    }

    /// Output positions of the whole batch: the rows of the matrix product.
    pub fn rows(&self) -> usize {
        self.batch * self.positions()
    }

    /// Channels that one filter sees.
    pub fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    /// Filters of one group.
    pub fn group_filters(&self) -> usize {
        self.filters / self.groups
    }

    /// How many neighbouring groups fill a vector of so many lanes with their filters: where each has few, as many as can be
    /// are computed as one, whose filters are zero at the others' channels. That takes no more multiplications, for the
    /// lanes would be idle, and a task where there were several.
    pub fn neighbours(&self, filters: usize, lanes: usize) -> usize {
        let most = (lanes / filters.max(1)).clamp(1, self.groups);
        (1..=most).rev().find(|&n| self.groups.is_multiple_of(n)).unwrap_or(1)
    }

    /// The same, of so many groups.
    pub fn with_groups(&self, groups: usize) -> Self {
        Self { groups, ..*self }
    }

    /// Elements of one filter: the depth of the matrix product.
    pub fn depth(&self) -> usize {
        self.window.iter().product::<usize>() * self.group_channels()
    }

    /// Whether every filter sees one channel only.
    pub fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.group_channels() == 1
    }

    /// Cuts the gradient of a batch of input maps into parts that are added up separately: `images` whole maps each or,
    /// where the batch alone gives too few tasks, lines of one map. Windows that reach over an edge belong to both sides.
    /// The cut follows from the sizes alone, and every element's sum is taken in the same order however it falls.
    pub fn parts<'a>(&self, dx: &'a mut [f32], images: usize) -> impl Iterator<Item = (Part, &'a mut [f32])> + Send {
        const TASKS: usize = 16;
        let g = *self;
        let axis = g.map.iter().position(|&size| size > 1).unwrap_or(2);
        let line = g.map[axis + 1..].iter().product::<usize>() * g.channels;
        let extent = (g.window[axis] - 1) * g.dilate[axis] + 1;
        let worth = CHUNK.div_ceil(line.max(1)).max(4 * extent);
        let lines = g.map[axis].div_ceil(TASKS.div_ceil(g.batch.max(1))).max(worth);
        let whole = images > 1 || lines >= g.map[axis];
        let images = images * g.image();
        let part = if whole { images } else { lines * line };
        dx.chunks_mut(images.max(1)).enumerate().flat_map(move |(task, dx)| {
            dx.chunks_mut(part.max(1)).enumerate().map(move |(i, dx)| {
                let offset = task * images + i * part;
                let (rows, lines) = if whole {
                    let images = offset / g.image()..(offset + dx.len()) / g.image();
                    (images.start * g.positions()..images.end * g.positions(), 0..g.map[axis])
                } else {
                    let lines = i * lines..i * lines + dx.len() / line;
                    (g.rows_on(task, axis, lines.clone()), lines)
                };
                (Part { offset, rows, axis, lines }, dx)
            })
        })
    }

    /// The output positions of an image whose windows may reach `lines` of one axis of the input map; the axes before it
    /// have size 1.
    fn rows_on(&self, image: usize, axis: usize, lines: Range<usize>) -> Range<usize> {
        let extent = (self.window[axis] - 1) * self.dilate[axis] + 1;
        let inner = self.out[axis + 1..].iter().product::<usize>();
        let end = (lines.end + self.pad[axis]).div_ceil(self.stride[axis]).min(self.out[axis]);
        let start = (lines.start + self.pad[axis] + 1).saturating_sub(extent).div_ceil(self.stride[axis]).min(end);
        let first = image * self.positions();
        // Axes of size 1 before this one may still have several windows, on the padding.
        match self.out[..axis].iter().product::<usize>() {
            1 => first + start * inner..first + end * inner,
            _ => first..first + self.positions(),
        }
    }
}

/// What of a gradient is added up by itself.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its first element, counted through the batch.
    pub offset: usize,
    /// The output positions whose windows may reach it.
    pub rows: Range<usize>,
    /// The axis along which maps are cut: the first that is longer than 1.
    pub axis: usize,
    /// What of each map it is, along that axis.
    pub lines: Range<usize>,
}

/// An output position, counted through the batch.
#[derive(Clone, Copy)]
pub struct Position {
    /// Which image.
    pub image: usize,
    /// Where on the output map.
    pub at: [usize; 3],
}

impl Position {
    /// The position of this number.
    pub fn new(g: &Geometry, row: usize) -> Self {
        let (rest, x) = (row / g.out[2], row % g.out[2]);
        let (rest, y) = (rest / g.out[1], rest % g.out[1]);
        Self { image: rest / g.out[0], at: [rest % g.out[0], y, x] }
    }
}
