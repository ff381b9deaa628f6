//! Mean and variance in one pass over memory.

use fovea_graph::Shape;

use super::channels::{Strip, add_row, reduce};
use crate::statistics::{BLOCK, FIRST, STRIP, add_block, variance};
use crate::team::Team;

/// `result(c, mean, variance)` of every channel, in one pass; how, says [`crate::statistics`].
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
        result(c, sum / n, variance(n, sum, squares));
    });
}

/// `Σ x` and `Σ x²` of a strip.
#[inline(always)]
fn strip_moments(strip: &Strip, x: &[f32], sums: &mut [[f64; STRIP]; 2]) {
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

/// Adds the sums of a block of so many rows, of which the first `len` lanes count.
#[inline(always)]
fn flush_moments(
    block: &mut [[f32; STRIP]; 2],
    count: usize,
    len: usize,
    middle: &mut [f32; STRIP],
    [sum, squares]: &mut [[f64; STRIP]; 2],
) {
    if count == 0 {
        return;
    }
    add_block([&block[0][..len], &block[1][..len]], count, middle, [sum, squares]);
    block.iter_mut().for_each(|block| block[..len].fill(0.0));
}
