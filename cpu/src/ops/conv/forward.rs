//! Runs a convolution by the way that was chosen, with what follows it.

use std::mem::{replace, take};

use fovea_graph::op::Conv;

use super::fused::{self, Operands};
use super::{Forward, Windows};
use crate::epilogue::Epilogue;
use crate::geometry::Geometry;
use crate::ops::channels::totals;
use crate::ops::kernel::Way;
use crate::ops::{Call, depthwise, few, narrow, planar, winograd};
use crate::product::{Factor, Product};
use crate::statistics::{Statistics, variance};

impl Forward {
    /// In how many parts the statistics of the result are gathered, where this way can gather them.
    pub(super) fn parts(&self, g: &Geometry) -> Option<usize> {
        match self {
            Forward::Direct(bands) => Some(bands.count(g)),
            Forward::Depthwise => Some(depthwise::tasks(g)),
            Forward::Product(cut) if cut.times == 1 => Some(cut.row_blocks()),
            Forward::Few(few) => Some(few.parts),
            Forward::Inner(_) => Some(1),
            Forward::Planar(_) | Forward::Winograd(_) | Forward::Strassen(_) | Forward::Product(_) => None,
        }
    }
}

/// `conv`, and what follows it.
pub fn forward(op: &Conv, call: Call<'_>) {
    let Way::Conv(g, way, fused) = &call.kernel.way else { unreachable!("checked when it is compiled") };
    let prepared = call.memory.prepared.first().copied();
    let operands = fused::operands(g, (*fused, op.activation), call.memory.inputs, prepared);
    match fused.statistics {
        true => with_statistics(g, way, operands, call),
        false => run(g, way, operands, call),
    }
}

/// `conv`, and mean and variance of its result.
fn with_statistics(g: &Geometry, way: &Forward, operands: Operands<'_>, mut call: Call<'_>) {
    let [y, means] = &mut call.memory.earlier[..] else { unreachable!("there are three nodes") };
    let (y, means) = (take(y), take(means));
    let variances = replace(&mut call.memory.output, y);
    let parts = Statistics::workspace(way.parts(g).unwrap_or(0), g.filters);
    let (parts, workspace) = take(&mut call.memory.workspace).split_at_mut(parts);
    call.memory.workspace = workspace;
    let epilogue = Epilogue { statistics: Some(Statistics::new(parts, g.filters)), ..operands.epilogue };
    run(g, way, Operands { epilogue, ..operands }, call);
    let n = g.rows() as f64;
    totals([g.filters; 2], parts, &mut |c, [sum, squares]| {
        if let Some(to) = means.get_mut(c) {
            *to = (sum / n) as f32;
        }
        variances[c] = variance(n, sum, squares) as f32;
    });
}

fn run(g: &Geometry, way: &Forward, operands: Operands<'_>, call: Call<'_>) {
    let cut = match way {
        Forward::Direct(bands) => return narrow::forward(g, bands, operands, call),
        Forward::Depthwise => return depthwise::forward(g, operands, call),
        Forward::Planar(planes) => return planar::forward(g, planes, operands, call),
        Forward::Few(few) => return few::forward(g, few, operands, call),
        Forward::Winograd(cut) => return winograd::forward(g, cut, operands, call),
        Forward::Inner(cut) => {
            let factors = (&Windows::forward(g, operands.x), super::filters(g, operands.filters));
            return cut.run(call.team, factors, operands.epilogue, call.memory.output, call.memory.workspace);
        }
        Forward::Strassen(cut) => {
            let factors = (operands.x, operands.filters);
            return cut.run(call.team, factors, operands.epilogue, call.memory.output, call.memory.workspace);
        }
        Forward::Product(cut) => cut,
    };
    let g = &g.with_groups(cut.times);
    let filters = super::filters(g, operands.filters);
    let in_group = g.group_filters();
    let product = Product {
        left: &Windows::forward(g, operands.x),
        right: if cut.packed() == 0 { Factor::Own(&filters) } else { Factor::Packed(operands.filters) },
        place: |group, row| row * g.filters + group * in_group,
        epilogue: operands.epilogue,
    };
    product.run(call.team, cut, call.memory.output, 0, call.memory.workspace);
}
