//! `pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4] 2x2 max`, at a line's start; elsewhere `pool` is a layer.

use fovea_graph::Span;

use super::Said;
use super::behind::{MATRIX, Matrix};
use super::clause::{AVG, CEIL, MAX, PAD, SAME, STRIDE, WINDOW};
use super::declare::verb;
use super::read::Parts;

verb! {
    /// `pool MATRIX …`
    Pool: "pool", "pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4]";
    behind {
        /// What is pooled.
        image: Matrix = MATRIX,
    }
    takes {
        size: [usize; 2] = WINDOW,
        stride: [usize; 2] = STRIDE,
        pad: [usize; 2] = PAD,
        same: () = SAME,
        ceil: () = CEIL,
        max: () = MAX,
        avg: () = AVG,
    }
    check one_of_each;
}

/// What is taken of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolForm {
    /// The largest number.
    Max,
    /// The mean, padding left out.
    Avg,
}

impl Pool {
    /// What is taken of a window, where it says so.
    pub fn form(&self) -> Option<PoolForm> {
        let max = self.max.map(|_| PoolForm::Max);
        max.or(self.avg.map(|_| PoolForm::Avg))
    }
}

/// The word of a clause, and all of it.
fn whole<T>(said: Said<T>) -> [Span; 2] {
    [said.word, said.span]
}

fn one_of_each(pool: &Pool, parts: &mut Parts<'_>) {
    let pairs = [
        (pool.max.map(whole), pool.avg.map(whole), ["max", "avg"]),
        (pool.pad.map(whole), pool.same.map(whole), ["pad", "same"]),
    ];
    for (one, other, [first, second]) in pairs {
        if let (Some(a), Some(b)) = (one, other) {
            let (earlier, later) = if a[0].start < b[0].start { (a, b) } else { (b, a) };
            let error = parts.error(later[0], format!("`{first}` and `{second}` stand together"));
            parts.one_of_two(error.expected("one of the two"), earlier[1], later[1]);
        }
    }
}
