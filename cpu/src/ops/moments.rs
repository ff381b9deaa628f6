//! Mean and variance in one pass over memory.

use fovea_graph::Shape;

use super::channels::{BLOCK, STRIP, Strip, add_row, reduce};
use crate::team::Team;

/// `result(c, mean, variance)` of every channel, in one pass.
///
/// Each block's terms are `d = x − m` and `d²`, where m is the mean of the block before it: from them follow `Σ x` and `Σ x²`
/// in f64, where their difference costs nothing. How far a block's mean is from the one before is, taken over all blocks,
/// not more than four times the variance (`Σ n (m' − m)² ≤ 4 Σ (x − mean)²`), so the variance is as exact as with its own
/// mean subtracted, however far that lies from 0 (T. Chan, G. Golub and R. LeVeque, "Algorithms for computing the sample
/// variance", 1983, has the sums of blocks).
pub fn moments(
    team: &Team<'_>,
    shape: &Shape,
    workspace: &mut [f32],
    x: &[f32],
    mut result: impl FnMut(usize, f64, f64),
) {
    let n = shape.positions() as f64;
    let strip = |strip: &Strip, _: &mut [f32], sums: &mut [[f64; STRIP]; 2]| {
        team.vectors().run(
            #[inline(always)]
            || strip_moments(strip, x, sums),
        );
    };
    reduce(team, shape, (workspace, &mut []), strip, |c, [sum, squares]| {
        // What is not a number stays so.
        let variance = (squares - sum * (sum / n)) / n;
        result(c, sum / n, if variance < 0.0 { 0.0 } else { variance });
    });
}

/// `Σ x` and `Σ x²` of a strip.
#[inline(always)]
fn strip_moments(strip: &Strip, x: &[f32], sums: &mut [[f64; STRIP]; 2]) {
    /// Rows whose mean the first block gets.
    const FIRST: usize = 8;
    let mut middle = [0.0; STRIP];
    let rows = strip.rows().take(FIRST).take_while(|row| row.len() == strip.len());
    let mut count = 0.0;
    for row in rows {
        middle.iter_mut().zip(&x[row]).for_each(|(m, x)| *m += x);
        count += 1.0;
    }
    middle.iter_mut().for_each(|m| *m /= f32::max(count, 1.0));

    let (mut block, mut count) = ([[0.0; STRIP]; 2], 0);
    for row in strip.rows() {
        let whole = row.len() == strip.len();
        // A shorter row, the last, is a block of its own: all lanes of a block have as many rows.
        if count == BLOCK || !whole {
            flush_moments(&mut block, count, strip.len(), &mut middle, sums);
            count = 0;
        }
        let len = row.len();
        add_row(
            [&x[row]],
            &middle,
            &mut block,
            #[inline(always)]
            |[x], m| [x - m, (x - m) * (x - m)],
        );
        count += 1;
        if !whole {
            flush_moments(&mut block, count, len, &mut middle, sums);
            count = 0;
        }
    }
    flush_moments(&mut block, count, strip.len(), &mut middle, sums);
}

/// Adds the sums of a block of so many rows, of which the first `len` lanes count; the next has its mean as its middle.
#[inline(always)]
fn flush_moments(
    block: &mut [[f32; STRIP]; 2],
    count: usize,
    len: usize,
    middle: &mut [f32; STRIP],
    sums: &mut [[f64; STRIP]; 2],
) {
    if count == 0 {
        return;
    }
    let n = count as f64;
    let ([first, second], [sum, squares]) = (block, sums);
    let sums = sum.iter_mut().zip(squares).zip(middle);
    for ((first, second), ((sum, squares), middle)) in first.iter_mut().zip(second).zip(sums).take(len) {
        let (m, d) = (f64::from(*middle), f64::from(*first));
        *sum += n * m + d;
        *squares += f64::from(*second) + m * (2.0 * d + n * m);
        *middle = (m + d / n) as f32;
        (*first, *second) = (0.0, 0.0);
    }
}
