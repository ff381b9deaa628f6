//! `deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] /2`, at a line's start; elsewhere `deconv` is a layer.

use super::behind::{MATRIX, Matrix};
use super::clause::{MATRIX_FILTER, PAD, STRIDE};
use super::declare::verb;

verb! {
    /// `deconv MATRIX with MATRIX …`
    Deconv: "deconv", "deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] /2";
    behind {
        /// What is convolved in transposition.
        image: Matrix = MATRIX,
    }
    needs {
        /// With what.
        filter: Matrix = MATRIX_FILTER,
    }
    takes {
        stride: [usize; 2] = STRIDE,
        pad: [usize; 2] = PAD,
    }
}
