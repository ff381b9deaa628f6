//! The factor of clipped gradients.

use fovea_graph::Shape;
use fovea_graph::op::{CLIP_EPS, ClipFactor};

use super::Call;
use crate::team::CHUNK;

/// The scratch memory: a norm a task.
pub fn workspace(gradients: &[&Shape]) -> usize {
    gradients.iter().map(|gradient| gradient.elements().div_ceil(CHUNK)).sum()
}

/// `min(1, limit / (‖all inputs‖ + 1e-6))`. Squares are summed in f64, where none of f32 is too large, in an order that
/// follows from the shapes.
pub fn factor(op: &ClipFactor, call: Call<'_>) {
    let mut left = &mut *call.memory.workspace;
    for &gradient in call.memory.inputs {
        let (norms, rest) = left.split_at_mut(gradient.len().div_ceil(CHUNK));
        left = rest;
        call.team.chunks(norms, 1, |task, norm| {
            let piece = &gradient[task * CHUNK..((task + 1) * CHUNK).min(gradient.len())];
            let squares = call.team.vectors().run(
                #[inline(always)]
                || squares(piece),
            );
            norm[0] = squares.sqrt() as f32;
        });
    }
    let norms = call.memory.workspace.iter().map(|&norm| f64::from(norm).powi(2));
    let factor = op.limit / (norms.sum::<f64>().sqrt() + CLIP_EPS);
    // What is no number stays none: the gradient that it comes from is named.
    call.memory.output[0] = if factor > 1.0 { 1.0 } else { factor as f32 };
}

/// The sum of squares, in eight lanes.
#[inline(always)]
fn squares(x: &[f32]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let whole = x.chunks_exact(LANES);
    let rest = whole.remainder();
    for eight in whole {
        for (sum, &x) in sums.iter_mut().zip(eight) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>()
}
