//! Convolution and its gradients: which kernel, in which tiles, in how many slices.

use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad, Transpose};
use fovea_graph::{BackendError, Shape};

use super::maps::{counts, extent, three};
use super::matmul::{Finish, Gemm, Products, Tile, sliced};
use super::{Call, grid, kernels, unfit};
use crate::kernels::{Convolution, DepthwiseWgrad, Dgrad, Divider, Fprop, Wgrad};
use crate::ops::kernel::{Kernel, Tiling};
use crate::queue::MULTIPROCESSORS;

/// Positions on a padded map are below this, so that sums of a few of them fit 32 bits.
const MAX_POSITIONS: usize = 1 << 28;
/// Up to so many channels (and filters) of a group a tile of a matrix product would be mostly empty.
const FEW: i32 = 4;
/// Up to so many channels a map is narrow; four are loaded at a time.
const NARROW: i32 = 3;

/// The sizes of a convolution as its kernels take them.
fn sizes(op: &Conv, x: &Shape, window: &[usize], y: &Shape) -> Result<Convolution, BackendError> {
    let padded: Vec<usize> =
        x.spatial().iter().zip(&op.pad).map(|(&n, pad)| n.saturating_add(pad[0]).saturating_add(pad[1])).collect();
    let too_large = || BackendError::Unsupported { device: "cuda".into(), op: "a convolution of such a size".into() };
    if padded.iter().any(|&positions| positions >= MAX_POSITIONS) {
        return Err(too_large());
    }
    // Beyond the padded map no step is ever taken.
    let stride: Vec<usize> = op.stride.iter().zip(&padded).map(|(&stride, &all)| stride.min(all.max(1))).collect();
    let dilate: Vec<usize> = op.dilate.iter().zip(window).map(|(&d, &size)| if size == 1 { 1 } else { d }).collect();
    let before: Vec<usize> = op.pad.iter().map(|&[before, _]| before).collect();
    let one = |n: usize| i32::try_from(n).map_err(|_| too_large());
    Ok(Convolution {
        batch: one(x.batch())?,
        channels: one(x.channels())?,
        filters: one(y.channels())?,
        group_channels: one(x.channels() / op.groups)?,
        group_filters: one(y.channels() / op.groups)?,
        map: extent("conv", x)?,
        windows: extent("conv", y)?,
        window: three("conv", counts(window), 1)?,
        stride: three("conv", counts(&stride), 1)?,
        dilate: three("conv", counts(&dilate), 1)?,
        pad: three("conv", counts(&before), 0)?,
    })
}

fn volume(sizes: [i32; 3]) -> usize {
    sizes.iter().map(|&size| size as usize).product()
}

/// What divides by `divisor`, or by 1 in place of 0: the multiplier and the shift of `conv.cuh`.
fn divider(divisor: i32) -> Divider {
    let divisor = u64::from(divisor.max(1).unsigned_abs());
    let shift = divisor.next_power_of_two().ilog2();
    let multiplier = (((1 << shift) - divisor) << 32) / divisor + 1;
    Divider { divisor: divisor as u32, multiplier: multiplier as u32, shift }
}

impl Convolution {
    fn groups(&self) -> usize {
        (self.filters / self.group_filters.max(1)) as usize
    }

    /// Whether the first spatial axis is only there for form.
    fn is_flat(&self) -> bool {
        [self.map, self.windows, self.window, self.stride, self.dilate].iter().all(|sizes| sizes[0] == 1)
            && self.pad[0] == 0
    }

    /// Whether it is a matrix product as it stands.
    fn is_pointwise(&self) -> bool {
        self.groups() == 1 && self.window == [1; 3] && self.stride == [1; 3] && self.map == self.windows
    }

    /// Whether there are many groups of few channels and filters.
    fn is_depthwise(&self) -> bool {
        self.groups() > 1 && (1..=FEW).contains(&self.group_channels) && self.group_filters <= FEW
    }

    /// Whether a map has few channels, and lines of windows are runs of it.
    fn is_narrow(&self) -> bool {
        self.groups() == 1 && (1..=NARROW).contains(&self.channels) && self.dilate[2] == 1
    }

    fn rows(&self) -> usize {
        self.batch as usize * volume(self.windows)
    }

    /// Columns of the filters as a matrix: elements and channels.
    fn window_channels(&self) -> usize {
        volume(self.window) * self.group_channels as usize
    }

    fn fprop(&self) -> Products {
        let columns = self.group_filters as usize;
        Products { rows: self.rows(), columns, depth: self.window_channels(), count: self.groups() }
    }

    /// Of the largest phase; there are as many as a stride has positions.
    fn dgrad(&self) -> Products {
        let axes = 0..3;
        let rows: usize = axes.clone().map(|a| (self.map[a] as usize).div_ceil(self.stride[a] as usize)).product();
        let phases: usize = axes.clone().map(|a| self.map[a].min(self.stride[a]) as usize).product();
        let taps: usize = axes.map(|a| self.most_taps(a) as usize).product();
        Products {
            rows: self.batch as usize * rows,
            columns: self.group_channels as usize,
            depth: taps * self.group_filters as usize,
            count: self.groups() * phases,
        }
    }

    fn wgrad(&self) -> Products {
        let (rows, columns) = (self.group_filters as usize, self.window_channels());
        Products { rows, columns, depth: self.rows(), count: self.groups() }
    }

    /// From one tap to the next that a phase sees along an axis, and by how much what it sees through that lies before.
    fn tap_step(&self, axis: usize) -> [i32; 2] {
        let shared = greatest_common_divisor(self.stride[axis], self.dilate[axis]);
        [self.stride[axis] / shared, self.dilate[axis] / shared]
    }

    fn most_taps(&self, axis: usize) -> i32 {
        let [step, _] = self.tap_step(axis);
        (self.window[axis] + step - 1) / step
    }

    fn are_channels_wide(&self) -> bool {
        self.group_channels % 4 == 0
    }

    fn are_all_wide(&self) -> bool {
        self.are_channels_wide() && self.group_filters % 4 == 0
    }

    /// How products of positions by channels are cut.
    fn tiling(&self, products: &Products, wide: bool) -> Tiling {
        let tile = if self.is_flat() && products.columns <= 16 {
            Tile::Slim
        } else if self.is_flat() && wide && products.fill_large() {
            Tile::Large
        } else {
            Tile::Small
        };
        Tiling::new(products, tile, wide)
    }

    /// How products of filters by window elements are cut.
    fn wgrad_tiling(&self, products: &Products) -> Tiling {
        let tile = if self.is_flat() && (products.rows <= 32 || products.columns <= 32) {
            Tile::Square
        } else if self.is_flat() && self.are_all_wide() && products.fill_large() {
            Tile::Large
        } else {
            Tile::Small
        };
        Tiling::new(products, tile, self.are_all_wide())
    }

    /// The tiles of the depthwise gradient by the filters, of 32 filters by 4 elements.
    fn depthwise_tiles(&self) -> usize {
        (self.filters as usize).div_ceil(32) * self.window_channels().div_ceil(4)
    }

    /// And its slices.
    fn depthwise_slices(&self) -> usize {
        DEPTHWISE_BUSY.div_ceil(self.depthwise_tiles().max(1)).min(self.rows() / DEPTHWISE_SHORTEST).max(1)
    }

    /// As the products of whole matrices: positions, filters, channels.
    fn matrix(&self) -> [usize; 3] {
        [self.rows(), self.filters as usize, self.channels as usize]
    }
}

/// Blocks of the depthwise gradient by the filters that keep a large GPU busy, and the positions one has at least.
const DEPTHWISE_BUSY: usize = 4 * MULTIPROCESSORS;
const DEPTHWISE_SHORTEST: usize = 256;

fn greatest_common_divisor(a: i32, b: i32) -> i32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// The product that a pointwise convolution is, and those of its gradients.
fn pointwise(conv: &Convolution) -> Gemm {
    let [rows, filters, channels] = conv.matrix();
    Gemm::new([rows, filters, channels], Transpose::No, Transpose::Yes)
}

fn pointwise_dgrad(conv: &Convolution) -> Gemm {
    let [rows, filters, channels] = conv.matrix();
    Gemm::new([rows, channels, filters], Transpose::No, Transpose::No)
}

fn pointwise_wgrad(conv: &Convolution) -> Gemm {
    let [rows, filters, channels] = conv.matrix();
    Gemm::new([filters, channels, rows], Transpose::Yes, Transpose::No)
}

/// What computes sizes; where they are refused when it runs, anything.
fn chosen(sizes: Result<Convolution, BackendError>, choose: impl FnOnce(&Convolution) -> Kernel) -> Kernel {
    sizes.map_or(Kernel::Plain, |conv| choose(&conv))
}

/// How `conv` is computed.
pub fn choose(op: &Conv, shapes: &[&Shape], y: &Shape) -> Kernel {
    chosen(sizes(op, shapes[0], shapes[1].spatial(), y), |conv| {
        if conv.is_pointwise() {
            Kernel::Pointwise(pointwise(conv).tiling())
        } else if conv.is_depthwise() {
            Kernel::Depthwise { slices: 1 }
        } else if conv.is_narrow() {
            Kernel::Direct
        } else {
            Kernel::Implicit(conv.tiling(&conv.fprop(), conv.are_channels_wide()))
        }
    })
}

/// How `conv_dgrad` is computed; narrow maps have a way of their own only forward.
pub fn choose_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape) -> Kernel {
    chosen(sizes(&op.conv, dx, shapes[0].spatial(), shapes[1]), |conv| {
        if conv.is_pointwise() {
            Kernel::Pointwise(pointwise_dgrad(conv).tiling())
        } else if conv.is_depthwise() {
            Kernel::Depthwise { slices: 1 }
        } else {
            Kernel::Implicit(conv.tiling(&conv.dgrad(), conv.are_all_wide()))
        }
    })
}

/// How `conv_wgrad` is computed.
pub fn choose_wgrad(op: &ConvWgrad, shapes: &[&Shape], _: &Shape) -> Kernel {
    chosen(sizes(&op.conv, shapes[0], &op.window, shapes[1]), |conv| {
        if conv.is_pointwise() {
            Kernel::Pointwise(pointwise_wgrad(conv).tiling())
        } else if conv.is_depthwise() {
            Kernel::Depthwise { slices: conv.depthwise_slices() }
        } else {
            Kernel::Implicit(conv.wgrad_tiling(&conv.wgrad()))
        }
    })
}

/// Whether `conv` of these sizes can be computed so; sizes that are refused where it runs can be by nothing.
pub fn suits(op: &Conv, shapes: &[&Shape], y: &Shape, kernel: Kernel) -> bool {
    let Ok(conv) = sizes(op, shapes[0], shapes[1].spatial(), y) else { return kernel == Kernel::Plain };
    match kernel {
        Kernel::Pointwise(tiling) => conv.is_pointwise() && pointwise(&conv).takes(&tiling),
        Kernel::Depthwise { slices } => conv.is_depthwise() && slices == 1,
        Kernel::Direct => conv.is_narrow(),
        Kernel::Implicit(tiling) => {
            tiling.tile != Tile::Square && tiling.suits(&conv.fprop(), conv.are_channels_wide(), conv.is_flat())
        }
        Kernel::Plain | Kernel::Product(_) => false,
    }
}

/// The same for `conv_dgrad`.
pub fn suits_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape, kernel: Kernel) -> bool {
    let Ok(conv) = sizes(&op.conv, dx, shapes[0].spatial(), shapes[1]) else { return kernel == Kernel::Plain };
    match kernel {
        Kernel::Pointwise(tiling) => conv.is_pointwise() && pointwise_dgrad(&conv).takes(&tiling),
        Kernel::Depthwise { slices } => conv.is_depthwise() && slices == 1,
        Kernel::Implicit(tiling) => {
            tiling.tile != Tile::Square && tiling.suits(&conv.dgrad(), conv.are_all_wide(), conv.is_flat())
        }
        Kernel::Plain | Kernel::Product(_) | Kernel::Direct => false,
    }
}

/// The same for `conv_wgrad`.
pub fn suits_wgrad(op: &ConvWgrad, shapes: &[&Shape], _: &Shape, kernel: Kernel) -> bool {
    let Ok(conv) = sizes(&op.conv, shapes[0], &op.window, shapes[1]) else { return kernel == Kernel::Plain };
    match kernel {
        Kernel::Pointwise(tiling) => conv.is_pointwise() && pointwise_wgrad(&conv).takes(&tiling),
        Kernel::Depthwise { slices } => conv.is_depthwise() && (1..=conv.rows().max(1)).contains(&slices),
        Kernel::Implicit(tiling) => {
            tiling.tile != Tile::Slim && tiling.suits(&conv.wgrad(), conv.are_all_wide(), conv.is_flat())
        }
        Kernel::Plain | Kernel::Product(_) | Kernel::Direct => false,
    }
}

/// `conv`; inputs x, filter and, where it is fused in, bias.
pub fn forward(op: &Conv, call: &Call<'_>) -> Result<(), BackendError> {
    if call.len() == 0 {
        return Ok(());
    }
    let conv = sizes(op, call.shapes[0], call.shapes[1].spatial(), call.shape)?;
    let (queue, x, w, finish) = (call.queue, call.x(0), call.x(1), Finish::of(call, op.activation));
    match call.kernel {
        Kernel::Pointwise(tiling) => pointwise(&conv).run(call, tiling, x, w, finish),
        Kernel::Depthwise { .. } => {
            let grid = grid(call.len().div_ceil(4), 256);
            kernels::conv_depthwise(queue, grid, x, w, finish.bias, call.y(), conv, finish.relu)
        }
        Kernel::Direct => {
            let blocks = conv.rows().div_ceil(256).saturating_mul((conv.filters as usize).div_ceil(16));
            let grid = [u32::try_from(blocks).unwrap_or(u32::MAX), 1, 1];
            kernels::conv_narrow(queue, grid, x, w, finish.bias, call.y(), conv, finish.relu)
        }
        Kernel::Implicit(Tiling { tile, wide, slices }) => {
            let products = conv.fprop();
            let kernel = match (tile, conv.is_flat(), wide) {
                (Tile::Slim, ..) => kernels::conv_fprop_2d_slim,
                (Tile::Large, ..) => kernels::conv_fprop_2d_large,
                (_, true, true) => kernels::conv_fprop_2d_wide,
                (_, true, false) => kernels::conv_fprop_2d,
                (_, false, true) => kernels::conv_fprop_3d_wide,
                (_, false, false) => kernels::conv_fprop_3d,
            };
            let (channels, window) = (divider(conv.group_channels), conv.window.map(divider));
            sliced(call, slices, conv.filters as usize, finish, |queue, y, Finish { bias, relu }| {
                let f = Fprop { conv, channels, window, slices: slices as i32, relu };
                kernel(queue, products.grid(tile, slices), x, w, bias, y, f)
            })
        }
        Kernel::Plain | Kernel::Product(_) => unfit("conv"),
    }
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(op: &ConvDgrad, call: &Call<'_>) -> Result<(), BackendError> {
    if call.len() == 0 {
        return Ok(());
    }
    let conv = sizes(&op.conv, call.shape, call.shapes[0].spatial(), call.shapes[1])?;
    let (queue, w, dy) = (call.queue, call.x(0), call.x(1));
    match call.kernel {
        Kernel::Pointwise(tiling) => pointwise_dgrad(&conv).run(call, tiling, dy, w, Finish::none()),
        Kernel::Depthwise { .. } => kernels::conv_depthwise_dgrad(queue, grid(call.len(), 256), w, dy, call.y(), conv),
        Kernel::Implicit(Tiling { tile, wide, slices }) => {
            let products = conv.dgrad();
            let kernel = match (tile, conv.is_flat(), wide) {
                (Tile::Slim, ..) => kernels::conv_dgrad_2d_slim,
                (Tile::Large, ..) => kernels::conv_dgrad_2d_large,
                (_, true, true) => kernels::conv_dgrad_2d_wide,
                (_, true, false) => kernels::conv_dgrad_2d,
                (_, false, true) => kernels::conv_dgrad_3d_wide,
                (_, false, false) => kernels::conv_dgrad_3d,
            };
            let steps = [0, 1, 2].map(|axis| conv.tap_step(axis));
            let g = Dgrad {
                conv,
                filters: divider(conv.group_filters),
                fewer: [0, 1, 2].map(|axis| divider(conv.window[axis] / steps[axis][0])),
                more: [0, 1, 2].map(|axis| divider(conv.most_taps(axis))),
                tap_step: steps.map(|[step, _]| step),
                back: steps.map(|[_, back]| back),
                slices: slices as i32,
            };
            sliced(call, slices, conv.channels as usize, Finish::none(), |queue, dx, _| {
                kernel(queue, products.grid(tile, slices), w, dy, dx, g)
            })
        }
        Kernel::Plain | Kernel::Product(_) | Kernel::Direct => unfit("conv_dgrad"),
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(op: &ConvWgrad, call: &Call<'_>) -> Result<(), BackendError> {
    if call.len() == 0 {
        return Ok(());
    }
    let conv = sizes(&op.conv, call.shapes[0], &op.window, call.shapes[1])?;
    let (x, dy, windows, columns) = (call.x(0), call.x(1), conv.windows.map(divider), conv.window_channels());
    match call.kernel {
        Kernel::Pointwise(tiling) => pointwise_wgrad(&conv).run(call, tiling, dy, x, Finish::none()),
        Kernel::Depthwise { slices } => {
            let grid = [u32::try_from(conv.depthwise_tiles() * slices).unwrap_or(u32::MAX), 1, 1];
            let g = DepthwiseWgrad { conv, windows, slices: slices as i32 };
            sliced(call, slices, columns, Finish::none(), |queue, dw, _| {
                kernels::conv_depthwise_wgrad(queue, grid, x, dy, dw, g)
            })
        }
        Kernel::Implicit(Tiling { tile, wide, slices }) => {
            let products = conv.wgrad();
            let kernel = match (tile, conv.is_flat(), wide) {
                (Tile::Square, ..) => kernels::conv_wgrad_2d_square,
                (Tile::Large, ..) => kernels::conv_wgrad_2d_large,
                (_, true, true) => kernels::conv_wgrad_2d_wide,
                (_, true, false) => kernels::conv_wgrad_2d,
                (_, false, true) => kernels::conv_wgrad_3d_wide,
                (_, false, false) => kernels::conv_wgrad_3d,
            };
            let g = Wgrad { conv, windows, slices: slices as i32 };
            sliced(call, slices, columns, Finish::none(), |queue, dw, _| {
                kernel(queue, products.grid(tile, slices), x, dy, dw, g)
            })
        }
        Kernel::Plain | Kernel::Product(_) | Kernel::Direct => unfit("conv_wgrad"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `divide` of `conv.cuh` does it.
    fn divide(n: u32, by: Divider) -> u32 {
        (((u64::from(n) * u64::from(by.multiplier)) >> 32) as u32 + n) >> by.shift
    }

    #[test]
    fn a_multiplication_and_a_shift_divide() {
        let divisors = (1..200).chain([1023, 1024, 1025, 65_537, 1 << 30, i32::MAX - 1, i32::MAX]);
        for divisor in divisors {
            let (by, d) = (divider(divisor), divisor.unsigned_abs());
            let multiples = (1..50).filter_map(|i| d.checked_mul(i)).flat_map(|n| [n - 1, n]);
            for n in (0..300).chain(multiples).chain([i32::MAX as u32]).filter(|&n| n <= i32::MAX as u32) {
                assert_eq!(divide(n, by), n / d, "{n} / {d}");
            }
        }
    }
}
