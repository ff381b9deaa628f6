//! What runs a step on a GPU, as plans carry it: chosen once by [`ops::choose`](crate::ops::choose), obeyed where it is
//! launched, printed by `explain`.

use std::fmt;

use fovea_graph::Shape;
use fovea_graph::plan::{self, Step};

use crate::ops::matmul::{Products, Tile, slices_workspace};

/// How a node is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// In the op's one way.
    Plain,
    /// As a product of matrices.
    Product(Tiling),
    /// A convolution as the product of matrices that a 1×1 window at stride 1 is.
    Pointwise(Tiling),
    /// A convolution as loops over the window, of a map of few channels.
    Direct,
    /// The same where each filter sees few channels (F. Chollet, "Xception", arXiv:1610.02357).
    Depthwise {
        /// Into how many slices the positions are cut, whose sums are added up.
        slices: usize,
    },
    /// A convolution as a product whose factor is gathered from the map tile by tile, never stored (S. Chetlur et al.,
    /// "cuDNN: efficient primitives for deep learning", arXiv:1410.0759).
    Implicit(Tiling),
}

/// How products are cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    /// What one block computes.
    pub tile: Tile,
    /// Whether operands load 16 bytes at a time.
    pub wide: bool,
    /// Into how many slices the depth is cut, whose sums are added up.
    pub slices: usize,
}

impl Tiling {
    /// This tile, and as many slices as keep a GPU busy.
    pub fn new(products: &Products, tile: Tile, wide: bool) -> Self {
        Self { tile, wide, slices: products.slices(tile) }
    }

    /// Whether it can cut these products, whose rows of both factors begin at multiples of 16 bytes where they are `wide`,
    /// and lie on flat maps where they are `flat`.
    pub fn suits(&self, products: &Products, wide: bool, flat: bool) -> bool {
        let tile = match self.tile {
            Tile::Small => true,
            Tile::Large => flat && self.wide,
            Tile::Slim | Tile::Square => flat,
        };
        tile && (wide || !self.wide) && (1..=products.depth.max(1)).contains(&self.slices)
    }
}

impl Kernel {
    /// The kernel of a step, if it is a GPU's.
    pub fn of(step: &Step) -> Option<&Self> {
        step.kernel.downcast()
    }
}

impl Kernel {
    /// How many f32 of scratch memory the slices of products of this shape need.
    pub fn slices_workspace(&self, output: &Shape) -> usize {
        match self {
            Kernel::Product(Tiling { slices, .. })
            | Kernel::Pointwise(Tiling { slices, .. })
            | Kernel::Implicit(Tiling { slices, .. })
            | Kernel::Depthwise { slices } => slices_workspace(*slices, output.elements()),
            Kernel::Plain | Kernel::Direct => 0,
        }
    }
}

impl plan::Kernel for Kernel {}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kernel::Plain => Ok(()),
            Kernel::Product(tiling) => write!(f, "product {tiling}"),
            Kernel::Pointwise(tiling) => write!(f, "pointwise {tiling}"),
            Kernel::Direct => f.write_str("direct"),
            Kernel::Depthwise { slices: 1 } => f.write_str("depthwise"),
            Kernel::Depthwise { slices } => write!(f, "depthwise in {slices}"),
            Kernel::Implicit(tiling) => write!(f, "implicit {tiling}"),
        }
    }
}

impl fmt::Display for Tiling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rows, columns] = self.tile.sizes();
        write!(f, "{rows}x{columns}{}", if self.wide { " wide" } else { "" })?;
        if self.slices > 1 { write!(f, " in {}", self.slices) } else { Ok(()) }
    }
}
