//! Zeros around a map, or a map cut at its edges.

use fovea_graph::Shape;
use fovea_graph::op::Frame;
use ndarray::{ArrayD, IxDyn};

/// `y[i] = x[i − before]`, and 0 where x has no such element.
pub(super) fn forward(frame: &Frame, x: &ArrayD<f64>, y: &Shape) -> ArrayD<f64> {
    ArrayD::from_shape_fn(IxDyn(y.dims()), |index| {
        let mut at = index.clone();
        for (a, &[before, _]) in frame.edges.iter().enumerate() {
            match usize::try_from(index[a + 1] as i64 - before) {
                Ok(i) => at[a + 1] = i,
                Err(_) => return 0.0,
            }
        }
        x.get(at).copied().unwrap_or(0.0)
    })
}
