//! Convolution and its gradients: which algorithm, and how much scratch memory.

mod phases;
mod windows;

use fovea_graph::Shape;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad};
use fovea_graph::plan::{Algorithm, Choice};

use super::channels::add_parts;
use super::{Call, depthwise, narrow};
use crate::geometry::Geometry;
use crate::product::{self, Cut, Factor, Product, Rows, Transposed};
use phases::{Phase, Taps};
use windows::Windows;

/// The algorithm for these sizes: loops where a filter sees few channels, else a product over windows.
fn algorithm(g: &Geometry) -> Algorithm {
    if narrow::is_narrow(g) {
        Algorithm::Direct
    } else if g.is_depthwise() {
        Algorithm::Depthwise
    } else {
        Algorithm::ImplicitGemm
    }
}

/// The algorithm of the gradient by the input. Narrow maps have no way of their own there: most are images, whose
/// gradient nobody wants.
fn dgrad_algorithm(g: &Geometry) -> Algorithm {
    match algorithm(g) {
        Algorithm::Direct => Algorithm::ImplicitGemm,
        other => other,
    }
}

/// The sizes of a convolution from its input and filter.
fn of_forward(op: &Conv, shapes: &[&Shape], y: &Shape) -> Geometry {
    Geometry::new(op, shapes[0], shapes[1].spatial(), y)
}

/// The sizes of the convolution whose gradient by its input this is.
fn of_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape) -> Geometry {
    Geometry::new(&op.conv, dx, shapes[0].spatial(), shapes[1])
}

/// The sizes of the convolution whose gradient by its filters this is.
fn of_wgrad(op: &ConvWgrad, shapes: &[&Shape]) -> Geometry {
    Geometry::new(&op.conv, shapes[0], &op.window, shapes[1])
}

/// How `conv` is computed.
pub fn choose(op: &Conv, shapes: &[&Shape], y: &Shape, threads: usize) -> Choice {
    let g = of_forward(op, shapes, y);
    let algorithm = algorithm(&g);
    let workspace = match algorithm {
        Algorithm::Direct => narrow::forward_workspace(&g, threads),
        Algorithm::Depthwise => depthwise::forward_workspace(&g),
        _ => workspace(&forward_cut(&g), threads),
    };
    Choice { algorithm, workspace }
}

/// How `conv_dgrad` is computed.
pub fn choose_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape, threads: usize) -> Choice {
    let g = of_dgrad(op, shapes, dx);
    let algorithm = dgrad_algorithm(&g);
    let workspace = match algorithm {
        Algorithm::Depthwise => depthwise::forward_workspace(&g),
        // One phase after another.
        _ => Phase::all(&g).map(|phase| workspace(&phase_cut(&g, &phase), threads)).max().unwrap_or(0),
    };
    Choice { algorithm, workspace }
}

/// How `conv_wgrad` is computed.
pub fn choose_wgrad(op: &ConvWgrad, shapes: &[&Shape], threads: usize) -> Choice {
    let g = of_wgrad(op, shapes);
    let algorithm = algorithm(&g);
    let workspace = match algorithm {
        Algorithm::Direct => narrow::wgrad_workspace(&g, threads),
        Algorithm::Depthwise => depthwise::wgrad_workspace(&g),
        _ => {
            let cut = wgrad_cut(&g);
            workspace(&cut, threads) + cut.sums(g.filters * g.depth())
        }
    };
    Choice { algorithm, workspace }
}

/// The right factor, packed, and what each thread has to itself.
fn workspace(cut: &Cut, threads: usize) -> usize {
    cut.packed() + threads * cut.workspace()
}

/// `windows(x) · wᵀ`.
fn forward_cut(g: &Geometry) -> Cut {
    Cut::packed_before([g.rows(), g.group_filters(), g.depth()], g.groups)
}

/// `windows(dy) · w`, in a phase.
fn phase_cut(g: &Geometry, phase: &Phase) -> Cut {
    Cut::packed_before([phase.rows(g), g.group_channels(), phase.depth(g)], g.groups)
}

/// `dyᵀ · windows(x)`.
fn wgrad_cut(g: &Geometry) -> Cut {
    Cut::packed_by_tasks([g.group_filters(), g.depth(), g.rows()], g.groups).split_depth()
}

/// `conv`.
pub fn forward(op: &Conv, call: Call<'_>) {
    let g = of_forward(op, &call.shapes, call.shape);
    match call.algorithm {
        Algorithm::Direct => return narrow::forward(&g, op.activation, call),
        Algorithm::Depthwise => return depthwise::forward(&g, op.activation, call),
        _ => {}
    }
    let cut = forward_cut(&g);
    let (packed, workspace) = call.memory.workspace.split_at_mut(cut.packed());
    let (depth, filters) = (g.depth(), g.group_filters());
    let w = Rows { data: call.memory.inputs[1], stride: depth, next: filters * depth };
    product::pack(call.team, &cut, &w, packed);
    let product = Product::<_, Rows<'_>, _> {
        left: &Windows::forward(&g, call.memory.inputs[0]),
        right: Factor::Packed(packed),
        place: |group, row| row * g.filters + group * filters,
        bias: call.memory.inputs.get(2).copied(),
        activation: op.activation,
    };
    product.run(call.team, &cut, call.memory.output, 0, workspace);
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(op: &ConvDgrad, call: Call<'_>) {
    let g = of_dgrad(op, &call.shapes, call.shape);
    if call.algorithm == Algorithm::Depthwise {
        return depthwise::dgrad(&g, call);
    }
    if Phase::all(&g).any(|phase| phase.depth(&g) == 0) {
        call.team.chunks(call.memory.output, crate::team::CHUNK, |_, dx| dx.fill(0.0));
    }
    for phase in Phase::all(&g).filter(|phase| phase.depth(&g) > 0) {
        let cut = phase_cut(&g, &phase);
        let (packed, workspace) = call.memory.workspace.split_at_mut(cut.packed());
        product::pack(call.team, &cut, &phase.filters(&g, call.memory.inputs[0]), packed);
        let product = Product::<_, Taps<'_>, _> {
            left: &phase.windows(&g, call.memory.inputs[1]),
            right: Factor::Packed(packed),
            place: |group, row| phase.place(&g, row) + group * g.group_channels(),
            bias: None,
            activation: None,
        };
        product.run(call.team, &cut, call.memory.output, 0, workspace);
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(op: &ConvWgrad, call: Call<'_>) {
    let g = of_wgrad(op, &call.shapes);
    match call.algorithm {
        Algorithm::Direct => return narrow::wgrad(&g, call),
        Algorithm::Depthwise => return depthwise::wgrad(&g, call),
        _ => {}
    }
    let cut = wgrad_cut(&g);
    let (depth, filters) = (g.depth(), g.group_filters());
    let (sums, workspace) = call.memory.workspace.split_at_mut(cut.sums(g.filters * depth));
    let product = Product {
        left: &Transposed { data: call.memory.inputs[1], stride: g.filters, next: filters },
        right: Factor::Own(&Windows::forward(&g, call.memory.inputs[0])),
        place: |group, row| (group * filters + row) * depth,
        bias: None,
        activation: None,
    };
    if cut.parts == 1 {
        return product.run(call.team, &cut, call.memory.output, 0, workspace);
    }
    product.run(call.team, &cut, sums, g.filters * depth, workspace);
    add_parts(call.team, sums, call.memory.output);
}
