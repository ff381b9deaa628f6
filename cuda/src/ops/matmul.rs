//! The product of two matrices, and how any product is cut into blocks.

use fovea_graph::op::{Activation, Matmul, Transpose};
use fovea_graph::{BackendError, Shape};

use super::{Call, grid, kernels, unfit};
use crate::kernels::MatmulSizes;
use crate::ops::kernel::{Kernel, Tiling};
use crate::queue::{MULTIPROCESSORS, Queue};
use crate::view::{In, Out};

/// How many blocks keep a large GPU busy: two on each multiprocessor.
const BUSY: usize = 2 * MULTIPROCESSORS;
/// A slice of the depth is no shorter than this, or adding up the slices would cost too much.
const SHORTEST: usize = 128;
/// And in large tiles no longer than this: they add up its products one by one, and errors grow with the square root.
const LONGEST: usize = 16_384;

/// The size of the part of a product that one block computes: the tilings of `matmul.cuh`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// 64×64, for any size.
    Small,
    /// 128×64, eight by eight sums a thread; for products with many tiles, whose operands load 16 bytes at a time.
    Large,
    /// 64×16, for few columns.
    Slim,
    /// 32×32, for few rows or columns of great depth.
    Square,
}

impl Tile {
    /// Rows and columns.
    pub fn sizes(self) -> [usize; 2] {
        match self {
            Tile::Small => [64, 64],
            Tile::Large => [128, 64],
            Tile::Slim => [64, 16],
            Tile::Square => [32, 32],
        }
    }
}

/// Some products of the same size, computed by one launch.
#[derive(Clone, Copy, Debug)]
pub struct Products {
    /// Rows of one of them.
    pub rows: usize,
    /// Columns of one of them.
    pub columns: usize,
    /// How many products a sum has.
    pub depth: usize,
    /// How many there are: groups of a convolution, and phases of its gradient.
    pub count: usize,
}

impl Products {
    /// Whether [`Tile::Large`] pays: it leaves little of its rows empty, and there are blocks enough.
    pub fn fill_large(&self) -> bool {
        let padded = |rows: usize| self.rows.next_multiple_of(rows);
        4 * padded(128) <= 5 * padded(64) && self.tiles(Tile::Large) * self.slices(Tile::Large) >= BUSY
    }

    /// Into how many slices the depth is cut, so that there are blocks enough.
    pub fn slices(&self, tile: Tile) -> usize {
        let (shortest, longest) = match tile {
            Tile::Large => (2 * SHORTEST, LONGEST),
            Tile::Small | Tile::Slim | Tile::Square => (SHORTEST, usize::MAX),
        };
        let busy = BUSY.div_ceil(self.tiles(tile).max(1));
        busy.min(self.depth / shortest).max(self.depth.div_ceil(longest)).max(1)
    }

    /// One block for every tile and slice. A grid too large is refused at the launch.
    pub fn grid(&self, tile: Tile, slices: usize) -> [u32; 3] {
        let blocks = self.tiles(tile).saturating_mul(slices);
        [u32::try_from(blocks).unwrap_or(u32::MAX), 1, 1]
    }

    fn tiles(&self, tile: Tile) -> usize {
        let [rows, columns] = tile.sizes();
        self.rows.div_ceil(rows).saturating_mul(self.columns.div_ceil(columns)).saturating_mul(self.count)
    }
}

/// What follows a product: bias and activation.
#[derive(Clone, Copy)]
pub struct Finish {
    /// An element a column, where it is given.
    pub bias: In<f32>,
    /// Whether the rectifier is applied: 1 or 0.
    pub relu: i32,
}

impl Finish {
    /// Nothing follows.
    pub fn none() -> Self {
        Self { bias: In::none(), relu: 0 }
    }

    /// The bias that was fused in, input number 2, and the activation.
    pub fn of(call: &Call<'_>, activation: Option<Activation>) -> Self {
        Self { bias: call.x(2), relu: i32::from(activation == Some(Activation::Relu)) }
    }
}

/// How many f32 of scratch memory [`sliced`] needs for an output of so many elements.
pub fn slices_workspace(slices: usize, output: usize) -> usize {
    if slices > 1 { slices.saturating_mul(output) } else { 0 }
}

/// Computes a product in slices: `launch` writes all of them, one after the other, and they are then added up, in order;
/// or, where there is one slice, `launch` writes the output. It is told what follows the product in its place.
pub fn sliced(
    call: &Call<'_>,
    slices: usize,
    columns: usize,
    finish: Finish,
    launch: impl FnOnce(&Queue<'_>, Out<f32>, Finish) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    if slices <= 1 {
        return launch(call.queue, call.y(), finish);
    }
    let (n, Finish { bias, relu }) = (call.len(), finish);
    let parts = call.scratch(0, slices * n);
    launch(call.queue, parts.write(), Finish::none())?;
    let grid = grid(n, 256);
    kernels::sum_slices(call.queue, grid, parts.read(), bias, call.y(), n as u64, slices as i32, columns as i32, relu)
}

/// One product of two matrices in memory.
#[derive(Clone, Copy, Debug)]
pub struct Gemm {
    sizes: Products,
    a: Transpose,
    b: Transpose,
}

impl Gemm {
    /// `op(a)·op(b)`, rows × columns, with this depth.
    pub fn new([rows, columns, depth]: [usize; 3], a: Transpose, b: Transpose) -> Self {
        Self { sizes: Products { rows, columns, depth, count: 1 }, a, b }
    }

    /// Whether rows of both factors, as stored, begin at multiples of 16 bytes.
    fn is_wide(&self) -> bool {
        let [_, a] = self.a.view([self.sizes.rows, self.sizes.depth]);
        let [_, b] = self.b.view([self.sizes.depth, self.sizes.columns]);
        a.is_multiple_of(4) && b.is_multiple_of(4)
    }

    /// How it is cut.
    pub fn tiling(&self) -> Tiling {
        let wide = self.is_wide();
        let tile = if wide && self.sizes.fill_large() { Tile::Large } else { Tile::Small };
        Tiling::new(&self.sizes, tile, wide)
    }

    /// Whether it can be cut so.
    pub fn takes(&self, tiling: &Tiling) -> bool {
        matches!(tiling.tile, Tile::Small | Tile::Large) && tiling.suits(&self.sizes, self.is_wide(), true)
    }

    /// Launches it; the result is the call's output.
    pub fn run(
        &self,
        call: &Call<'_>,
        Tiling { tile, wide, slices }: Tiling,
        a: In<f32>,
        b: In<f32>,
        finish: Finish,
    ) -> Result<(), BackendError> {
        let Products { rows, columns, depth, .. } = self.sizes;
        let grid = self.sizes.grid(tile, slices);
        let kernel = match (tile, wide, self.a, self.b) {
            (Tile::Large, _, Transpose::No, Transpose::No) => kernels::matmul_nn_large,
            (Tile::Large, _, Transpose::No, Transpose::Yes) => kernels::matmul_nt_large,
            (Tile::Large, _, Transpose::Yes, Transpose::No) => kernels::matmul_tn_large,
            (Tile::Large, _, Transpose::Yes, Transpose::Yes) => kernels::matmul_tt_large,
            (_, true, Transpose::No, Transpose::No) => kernels::matmul_nn_wide,
            (_, true, Transpose::No, Transpose::Yes) => kernels::matmul_nt_wide,
            (_, true, Transpose::Yes, Transpose::No) => kernels::matmul_tn_wide,
            (_, true, Transpose::Yes, Transpose::Yes) => kernels::matmul_tt_wide,
            (_, false, Transpose::No, Transpose::No) => kernels::matmul_nn,
            (_, false, Transpose::No, Transpose::Yes) => kernels::matmul_nt,
            (_, false, Transpose::Yes, Transpose::No) => kernels::matmul_tn,
            (_, false, Transpose::Yes, Transpose::Yes) => kernels::matmul_tt,
        };
        let [rows, columns_, depth] = [rows, columns, depth].map(|size| size as i32);
        sliced(call, slices, columns, finish, |queue, y, Finish { bias, relu }| {
            kernel(
                queue,
                grid,
                a,
                b,
                bias,
                y,
                MatmulSizes { rows, columns: columns_, depth, slices: slices as i32, relu },
            )
        })
    }
}

fn of(op: &Matmul, shapes: &[&Shape]) -> Option<Gemm> {
    op.sizes(shapes[0], shapes[1]).ok().map(|sizes| Gemm::new(sizes, op.a, op.b))
}

/// How `matmul` is computed.
pub fn choose(op: &Matmul, shapes: &[&Shape]) -> Kernel {
    of(op, shapes).map_or(Kernel::Plain, |gemm| Kernel::Product(gemm.tiling()))
}

/// Whether `matmul` of these sizes can be computed so.
pub fn suits(op: &Matmul, shapes: &[&Shape], kernel: Kernel) -> bool {
    match (of(op, shapes), kernel) {
        (Some(gemm), Kernel::Product(tiling)) => gemm.takes(&tiling),
        (None, kernel) => kernel == Kernel::Plain,
        _ => false,
    }
}

/// `matmul`.
pub fn forward(op: &Matmul, call: &Call<'_>) -> Result<(), BackendError> {
    match (of(op, &call.shapes), call.kernel) {
        _ if call.len() == 0 => Ok(()),
        (Some(gemm), Kernel::Product(tiling)) => {
            gemm.run(call, tiling, call.x(0), call.x(1), Finish::of(call, op.activation))
        }
        _ => unfit("matmul"),
    }
}
