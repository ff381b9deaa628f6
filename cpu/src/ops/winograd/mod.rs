//! 3×3 convolutions at stride 1 by Winograd's minimal filtering: a tile of 4×4 results from 6×6 values by 36 products, not 144;
//! one of 2×2 by 16, not 36; nine weights' gradient of a tile of 4×4 by 36, not 144.
//!
//! Source: A. Lavin and S. Gray, "Fast algorithms for convolutional neural networks", arXiv:1509.09308; the points after B.
//! Barabasz et al., arXiv:1803.10986 (`points.rs`). `y = Aᵀ((G g Gᵀ) ⊙ (Bᵀ d B)) A`, where the products of one point over all
//! channels are a matrix product. With channels last all transforms run over vectors of channels or filters.
//!
//! The error. Along an axis the largest sums of a row of `|Aᵀ|`, `|G|`, `|Bᵀ|` are 8.3, 1.4 and 5.3 at F(4, 3), and 3, 1.5 and 2 at
//! F(2, 3). A sum over c channels of values up to X and weights up to W is so at most `(8.3 · 1.4 · 5.3)² · c X W · (c + 20) · 2⁻²⁴` off,
//! 45 times the bound of a plain sum, `9 c X W · 9 c · 2⁻²⁴`; at F(2, 3) by the plain one. What is seen is far below either: of random
//! values, positive ones, checkerboards and such with rare large ones, at most 5e-6 of the largest result (`tests.rs`), below the
//! 1e-5 that every op is held to. Values whose transforms overflow, from 1e36 on, give what is no number; so does, in its whole
//! tile, what is none already.
//!
//! FLOPs: a quarter of the plain ones at 4×4, 4/9 at 2×2, and the transforms: at 64 channels and filters a sixth more. Bytes: a block's
//! squares and products stay in the second-level cache; filters grow fourfold (`filters.rs`). Speed, effective (the plain FLOPs
//! by the time): `cpu/lab/winograd.rs`, and shares of one core's peak in `forward.rs` and `wgrad.rs`.

mod cost;
mod cut;
mod filters;
mod forward;
mod kernel;
mod output;
mod plane;
mod points;
mod products;
#[cfg(test)]
mod tests;
mod wgrad;

use super::Call;
use super::conv::Operands;
use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::ops::kernel::{Form, Kernel};
use crate::scratch::Scratch;
pub use cut::Cut;
pub use filters::{Direction, Packing, transform};
use plane::Plane;
pub use wgrad::WgradCut;

/// How `conv` is computed on vectors of so many lanes, where this is the way to do it; its filters may stay from step to step.
pub fn choose(g: &Geometry, lanes: usize, is_kept: bool) -> Option<(Cut, Scratch)> {
    let cut = cost::cut(&Plane::new(g)?, lanes, is_kept)?;
    Some((cut, cut.scratch()))
}

/// How `conv_dgrad` is.
pub fn choose_dgrad(g: &Geometry, lanes: usize) -> Option<(Cut, Scratch)> {
    let cut = cost::cut(&Plane::new(g)?.turned(), lanes, false)?;
    Some((cut, cut.scratch()))
}

/// How `conv_wgrad` is.
pub fn choose_wgrad(g: &Geometry, lanes: usize) -> Option<(WgradCut, Scratch)> {
    let plane = Plane::new(g)?;
    let cut = cost::wgrad_cut(&plane, lanes)?;
    Some((cut, cut.scratch(&plane)))
}

/// The sizes of what was chosen.
fn plane(g: &Geometry) -> Plane {
    Plane::new(g).expect("it is chosen for such convolutions only")
}

/// The same, which wants the transformed filters that are made of its input number `filter`, unless its tasks make them.
pub fn with_packed(kernel: Kernel, filter: usize, cut: &Cut, direction: Direction) -> Kernel {
    let packing = cut.packing;
    if cut.made.is_some() {
        kernel
    } else {
        kernel.with_wanted(filter, Form::Transformed(packing, direction), packing.len())
    }
}

/// `conv`.
pub fn forward(g: &Geometry, cut: &Cut, operands: Operands<'_>, call: Call<'_>) {
    let memory = call.memory;
    let operands = (operands, Direction::Forward);
    forward::run(call.team, &plane(g), cut, operands, memory.workspace, memory.output);
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(g: &Geometry, cut: &Cut, call: Call<'_>) {
    let memory = call.memory;
    let filters = memory.prepared.first().copied().unwrap_or(memory.inputs[0]);
    let operands = Operands { x: memory.inputs[1], filters, epilogue: Epilogue::default() };
    let operands = (operands, Direction::Backward);
    forward::run(call.team, &plane(g).turned(), cut, operands, memory.workspace, memory.output);
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(g: &Geometry, cut: &WgradCut, call: Call<'_>) {
    let memory = call.memory;
    let inputs = [memory.inputs[0], memory.inputs[1]];
    wgrad::run(call.team, &plane(g), cut, inputs, memory.workspace, memory.output);
}
