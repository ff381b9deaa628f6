//! Convolution and its gradients: which algorithm, in what tiles, with how much scratch memory.

mod added;
mod forward;
mod fused;
mod groups;
mod lines;
mod phases;
mod rounds;
mod separable;
mod ways;
mod windows;

use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad};
use fovea_graph::{Graph, Node, Op, Shape};

use super::channels::add_parts;
use super::few::Few;
use super::planar::Planes;
use super::{Call, depthwise, few, narrow, planar, winograd};
use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::ops::kernel::{Form, Kernel, Way};
use crate::product::{self, Cut, Factor, Inner, Product, Rows, Strassen, Transposed};
use crate::scratch::Scratch;
use crate::team::{CHUNK, Team};
use added::Added;
pub use forward::forward;
pub use fused::{Fused, Operands, fold, groups, is_group};
use groups::Joined;
use lines::Lines;
pub use phases::Phase;
pub use rounds::{Rounds, is_rounds, rounds};
pub use separable::{Separable, is_separable, separable};
pub use ways::{Dgrad, Forward, Wgrad};
pub use windows::{Axis, Windows};

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

/// Whether these are the sizes of the node's convolution, done in so many rounds.
pub fn is_of(g: &Geometry, rounds: usize, graph: &Graph, node: &Node) -> bool {
    let (shapes, g) = (graph.input_shapes(node), &Geometry { batch: g.batch * rounds, ..*g });
    match &node.op {
        Op::Conv(op) => *g == of_forward(op, &shapes, &node.shape),
        Op::ConvDgrad(op) => *g == of_dgrad(op, &shapes, &node.shape),
        Op::ConvWgrad(op) => *g == of_wgrad(op, &shapes),
        _ => false,
    }
}

/// How `conv` is computed, on vectors of so many lanes; its filters may stay from step to step.
pub fn choose(op: &Conv, shapes: &[&Shape], y: &Shape, lanes: usize, is_kept: bool) -> Kernel {
    choose_for(of_forward(op, shapes, y), lanes, is_kept)
}

/// The same for a convolution of these sizes.
fn choose_for(g: Geometry, lanes: usize, is_kept: bool) -> Kernel {
    let alone = Fused::default();
    if g.is_depthwise() {
        return depthwise::with_turned(Way::Conv(g, Forward::Depthwise, alone), 1, &g);
    }
    if narrow::is_narrow(&g) {
        let bands = narrow::Bands::new(&g, lanes);
        let scratch = narrow::forward_scratch(&g, &bands);
        return Kernel::new(Way::Conv(g, Forward::Direct(bands), alone), scratch);
    }
    if let Some(few) = Few::new(&g) {
        return Kernel::new(Way::Conv(g, Forward::Few(few), alone), Scratch::default());
    }
    if let Some((cut, scratch)) = winograd::choose(&g, lanes, is_kept) {
        let kernel = Kernel::new(Way::Conv(g, Forward::Winograd(cut), alone), scratch);
        return winograd::with_packed(kernel, 1, &cut, winograd::Direction::Forward);
    }
    if let Some(planes) = Planes::forward(&g, lanes) {
        return Kernel::new(Way::Conv(g, Forward::Planar(planes), alone), planes.scratch());
    }
    as_product(g, lanes, is_kept)
}

/// The same as a product, whatever the window.
fn as_product(g: Geometry, lanes: usize, is_kept: bool) -> Kernel {
    let alone = Fused::default();
    if is_kept && let Some(cut) = by_seven(&g, lanes) {
        let kernel = Kernel::new(Way::Conv(g, Forward::Strassen(cut), alone), cut.scratch());
        return kernel.with_wanted(1, Form::Strassen(cut), cut.packed());
    }
    // Where windows are single places a convolution before it may be computed with it, and meets packed filters.
    let is_once = !is_kept && g.window != [1; 3];
    if is_once
        && g.groups == 1
        && let Some(cut) = Inner::new([g.rows(), g.filters, g.depth()], lanes)
    {
        return Kernel::new(Way::Conv(g, Forward::Inner(cut), alone), cut.scratch());
    }
    let joined = g.with_groups(g.groups / g.neighbours(g.group_filters(), lanes));
    let sizes = [g.rows(), joined.group_filters(), joined.depth()];
    let cut = if is_once && joined == g {
        Cut::packed_once(sizes, g.groups, lanes)
    } else {
        Cut::packed_before(sizes, joined.groups, lanes)
    };
    let kernel = Kernel::new(Way::Conv(g, Forward::Product(cut), alone), Scratch::each(cut.workspace()));
    if cut.packed() == 0 { kernel } else { kernel.with_wanted(1, Form::Filters(g, cut), cut.packed()) }
}

/// How it is cut as a product by seven multiplications, where that is possible and worth it.
fn by_seven(g: &Geometry, lanes: usize) -> Option<Strassen> {
    /// Sizes from which on what is saved is more than what the sums and more panels cost, on AVX2; not measured on others.
    const LEAST: [usize; 3] = [384, 256, 512];
    const LANES: usize = 8;
    let is_points = [g.window, g.stride] == [[1; 3]; 2] && g.pad == [0; 3] && g.out == g.map && g.groups == 1;
    let is_large = [g.rows(), g.filters, g.channels].iter().zip(LEAST).all(|(&size, least)| size >= least);
    let sizes = [g.rows() / g.batch.max(1), g.filters, g.channels];
    if is_points && is_large && lanes == LANES { Strassen::new(g.batch, sizes, lanes) } else { None }
}

/// How `conv_dgrad` is computed.
pub fn choose_dgrad(op: &ConvDgrad, shapes: &[&Shape], dx: &Shape, lanes: usize) -> Kernel {
    let g = of_dgrad(op, shapes, dx);
    // Of several filters a channel, numbers of dy lie apart: as a product of joined groups they need not be picked out.
    let is_joined = g.group_filters() > 1 && 2 * g.neighbours(1, lanes) > lanes;
    if g.is_depthwise() && !is_joined {
        return depthwise::with_turned(Way::ConvDgrad(g, Dgrad::Depthwise), 0, &g);
    }
    if let Some(few) = Few::new(&g) {
        return Kernel::new(Way::ConvDgrad(g, Dgrad::Few(few)), Scratch::default());
    }
    if let Some((cut, scratch)) = winograd::choose_dgrad(&g, lanes) {
        let kernel = Kernel::new(Way::ConvDgrad(g, Dgrad::Winograd(cut)), scratch);
        return winograd::with_packed(kernel, 0, &cut, winograd::Direction::Backward);
    }
    if let Some(planes) = Planes::gradient(&g, lanes) {
        return Kernel::new(Way::ConvDgrad(g, Dgrad::Planar(planes)), planes.scratch());
    }
    if let Some(added) = Added::new(&g, lanes) {
        let (form, len) = added.form();
        return Kernel::new(Way::ConvDgrad(g, Dgrad::Added(added)), added.scratch()).with_wanted(0, form, len);
    }
    let joined = g.with_groups(g.groups / g.neighbours(g.group_channels(), lanes));
    let cut = |phase: Phase| {
        let sizes = [phase.rows(&g), joined.group_channels(), phase.depth(&joined)];
        (phase, Cut::packed_once(sizes, joined.groups, lanes))
    };
    let phases: Vec<(Phase, Cut)> = Phase::all(&g).map(cut).collect();
    // One phase after another.
    let scratch =
        phases.iter().map(|(_, cut)| Scratch::each(cut.workspace())).fold(Scratch::default(), Scratch::either);
    let packed = phases.iter().map(|(_, cut)| cut.packed()).sum();
    let form = Form::Taps(g, phases.clone());
    let kernel = Kernel::new(Way::ConvDgrad(g, Dgrad::Product(phases)), scratch);
    if packed == 0 { kernel } else { kernel.with_wanted(0, form, packed) }
}

/// How `conv_wgrad` is computed.
pub fn choose_wgrad(op: &ConvWgrad, shapes: &[&Shape], lanes: usize) -> Kernel {
    let g = of_wgrad(op, shapes);
    let (way, scratch) = if narrow::is_narrow(&g) {
        let cut = narrow::WgradCut::new(&g, lanes);
        let scratch = cut.scratch(&g);
        (Wgrad::Direct(cut), scratch)
    } else if g.is_depthwise() {
        let cut = depthwise::WgradCut::new(&g, lanes);
        (Wgrad::Depthwise(cut), Scratch::shared(cut.workspace(&g)))
    } else if let Some(few) = Few::new(&g) {
        (Wgrad::Few(few), few.sums(&g))
    } else if let Some((cut, scratch)) = winograd::choose_wgrad(&g, lanes) {
        (Wgrad::Winograd(cut), scratch)
    } else if let Some(cut) = Lines::new(&g, lanes) {
        (Wgrad::Lines(cut), cut.scratch(&g))
    } else if let Some((groups, cut)) = groups::lines(&g, lanes) {
        let joined = g.with_groups(g.groups / groups);
        (Wgrad::Joined(groups, cut), cut.scratch(&joined).and(Scratch::shared(joined.filters * joined.depth())))
    } else {
        let cut = Cut::packed_by_tasks([g.group_filters(), g.depth(), g.rows()], g.groups, lanes).split_depth();
        let sums = Scratch::shared(cut.sums(g.filters * g.depth()));
        (Wgrad::Product(cut), cut.scratch().and(sums))
    };
    Kernel::new(Way::ConvWgrad(g, way), scratch)
}

/// The filters as the right factor of the product that `conv` is.
fn filters<'a>(g: &Geometry, w: &'a [f32]) -> Rows<'a> {
    Rows { data: w, stride: g.depth(), next: g.group_filters() * g.depth() }
}

/// The filters as the panels of the product that `conv` is.
pub fn pack_filters(g: &Geometry, cut: &Cut, w: &[f32], packed: &mut [f32], team: &Team<'_>) {
    match g.groups / cut.times {
        1 => {
            product::pack(team, cut, &filters(g, w), packed);
        }
        groups => product::pack(team, cut, &Joined { g, groups, w }, packed),
    }
}

/// The filters as the panels of the products that `conv_dgrad` is, a phase behind another.
pub fn pack_taps(g: &Geometry, phases: &[(Phase, Cut)], w: &[f32], packed: &mut [f32], team: &Team<'_>) {
    let mut rest = packed;
    for (phase, cut) in phases.iter().filter(|(_, cut)| cut.packed() > 0) {
        let (packed, behind) = rest.split_at_mut(cut.packed());
        product::pack(team, cut, &phase.filters(g, g.groups / cut.times, w), packed);
        rest = behind;
    }
}

/// `conv_dgrad`; inputs filter and dy.
pub fn dgrad(call: Call<'_>) {
    let Way::ConvDgrad(g, way) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    let phases = match way {
        Dgrad::Depthwise => return depthwise::dgrad(g, call),
        Dgrad::Planar(planes) => return planar::dgrad(g, planes, call),
        Dgrad::Few(few) => return few::dgrad(g, few, call),
        Dgrad::Winograd(cut) => return winograd::dgrad(g, cut, call),
        Dgrad::Added(added) => return added::dgrad(g, added, call),
        Dgrad::Product(phases) => phases,
    };
    if phases.iter().any(|(_, cut)| cut.depth == 0) {
        call.team.chunks(call.memory.output, CHUNK, |_, dx| dx.fill(0.0));
    }
    let mut rest = call.memory.prepared.first().copied().unwrap_or_default();
    for (phase, cut) in phases.iter().filter(|(_, cut)| cut.depth > 0) {
        let (packed, behind) = rest.split_at(cut.packed());
        rest = behind;
        let taps = phase.filters(g, g.groups / cut.times, call.memory.inputs[0]);
        let g = &g.with_groups(cut.times);
        let in_group = g.group_channels();
        let product = Product {
            left: &phase.windows(g, call.memory.inputs[1]),
            right: if packed.is_empty() { Factor::Own(&taps) } else { Factor::Packed(packed) },
            place: |group, row| phase.place(g, row) + group * in_group,
            epilogue: Epilogue::default(),
        };
        product.run(call.team, cut, call.memory.output, 0, call.memory.workspace);
    }
}

/// `conv_wgrad`; inputs x and dy.
pub fn wgrad(call: Call<'_>) {
    let Way::ConvWgrad(g, way) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    let cut = match way {
        Wgrad::Direct(cut) => return narrow::wgrad(g, cut, call),
        Wgrad::Depthwise(cut) => return depthwise::wgrad(g, cut, call),
        Wgrad::Few(few) => return few::wgrad(g, few, call),
        Wgrad::Winograd(cut) => return winograd::wgrad(g, cut, call),
        Wgrad::Lines(cut) => {
            return lines::wgrad(g, cut, call.memory.inputs, call.memory.output, call.memory.workspace, call.team);
        }
        Wgrad::Joined(groups, cut) => return groups::wgrad(g, *groups, cut, call),
        Wgrad::Product(cut) => cut,
    };
    let (depth, filters) = (g.depth(), g.group_filters());
    let (sums, workspace) = call.memory.workspace.split_at_mut(cut.sums(g.filters * depth));
    let product = Product {
        left: &Transposed { data: call.memory.inputs[1], stride: g.filters, next: filters },
        right: Factor::Own(&Windows::forward(g, call.memory.inputs[0])),
        place: |group, row| (group * filters + row) * depth,
        epilogue: Epilogue::default(),
    };
    if cut.parts == 1 {
        return product.run(call.team, cut, call.memory.output, 0, workspace);
    }
    product.run(call.team, cut, sums, g.filters * depth, workspace);
    add_parts(call.team, sums, call.memory.output);
}
