//! Local response normalisation across channels: a sum over neighbours is a sum of shifted rows.
//!
//! Source: A. Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", NIPS 2012, section 3.3.

use fovea_graph::Shape;
use fovea_graph::op::{Lrn, LrnGrad};

use super::Call;
use super::softmax::rows;
use crate::math::negative_power;

/// `y[c] = x[c] · D[c]^−beta`.
pub fn lrn(op: &Lrn, call: Call<'_>) {
    let (x, channels) = (call.memory.inputs[0], call.shape.channels().max(1));
    call.team.chunks(call.memory.output, rows(channels), |start, out| {
        call.team.vectors().run(
            #[inline(always)]
            || {
                for (y, x) in out.chunks_exact_mut(channels).zip(x[start..].chunks_exact(channels)) {
                    denominators(op, x, y);
                }
                powers(out, op.beta);
                out.iter_mut().zip(&x[start..]).for_each(|(y, x)| *y *= x);
            },
        );
    });
}

/// Scratch memory of [`lrn_grad`]: two numbers for each element of a task, a thread.
pub fn grad_workspace(x: &Shape, threads: usize) -> usize {
    threads * 2 * rows(x.channels().max(1))
}

/// `dx[j] = dy[j]·D[j]^−beta − 2·beta·alpha/size · x[j] · Σ dy[c]·x[c]·D[c]^(−beta − 1)` over the c that x[j] is a
/// neighbour of; inputs x and dy.
pub fn lrn_grad(op: &LrnGrad, call: Call<'_>) {
    let (x, dy) = (call.memory.inputs[0], call.memory.inputs[1]);
    let op = &op.lrn;
    let channels = call.shape.channels().max(1);
    let size = rows(channels);
    let factor = (2.0 * op.beta * op.alpha / op.size as f64) as f32;
    let tasks = call.memory.output.chunks_mut(size).enumerate();
    call.team.each(tasks, call.memory.workspace, 2 * size, |(task, dx), scratch| {
        let (x, dy) = (&x[task * size..][..dx.len()], &dy[task * size..][..dx.len()]);
        let (bases, terms) = scratch.split_at_mut(size);
        let (bases, terms) = (&mut bases[..dx.len()], &mut terms[..dx.len()]);
        call.team.vectors().run(
            #[inline(always)]
            || {
                for (base, x) in bases.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                    denominators(op, x, base);
                }
                dx.copy_from_slice(bases);
                powers(dx, op.beta);
                for ((((dx, term), base), x), dy) in dx.iter_mut().zip(&mut *terms).zip(&*bases).zip(x).zip(dy) {
                    *dx *= dy;
                    *term = *dx * x / base;
                }
                bases.fill(0.0);
                let sums = bases.chunks_exact_mut(channels);
                for (sums, terms) in sums.zip(terms.chunks_exact(channels)) {
                    // Channel j is a neighbour of c where c lies in j's range the other way round.
                    add_neighbours(sums, terms, (op.size - 1) / 2, op.size / 2, |term| term);
                }
                for ((dx, x), sum) in dx.iter_mut().zip(x).zip(&*bases) {
                    *dx -= factor * x * sum;
                }
            },
        );
    });
}

/// D: `k + alpha/size · Σ x[j]²` for each channel of one position.
#[inline(always)]
fn denominators(op: &Lrn, x: &[f32], d: &mut [f32]) {
    let share = (op.alpha / op.size as f64) as f32;
    d.fill(0.0);
    add_neighbours(d, x, op.size / 2, (op.size - 1) / 2, |x| x * x);
    d.iter_mut().for_each(|d| *d = op.k as f32 + share * *d);
}

/// `sums[c] += f(x[j])` for j from `c − before` to `c + after`, as far as there are such channels.
#[inline(always)]
fn add_neighbours(sums: &mut [f32], x: &[f32], before: usize, after: usize, f: impl Fn(f32) -> f32) {
    let channels = x.len();
    for shift in (1..=before.min(channels)).rev() {
        sums[shift..].iter_mut().zip(x).for_each(|(sum, &x)| *sum += f(x));
    }
    for shift in 0..=after.min(channels) {
        sums.iter_mut().zip(&x[shift..]).for_each(|(sum, &x)| *sum += f(x));
    }
}

/// `d^−beta`; for the power that nets have, by square roots.
#[inline(always)]
fn powers(d: &mut [f32], beta: f64) {
    let power = -beta as f32;
    match beta {
        0.75 => d.iter_mut().for_each(|d| *d = 1.0 / (d.sqrt() * d.sqrt().sqrt())),
        _ => d.iter_mut().for_each(|d| *d = negative_power(*d, power)),
    }
}
