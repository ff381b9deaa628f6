//! A step by the sign of a slope.

use fovea_graph::op::SignStep;
use ndarray::{ArrayD, Zip};

/// `x + step·unit·sign(slope)`, near the origin and in the range of the values.
pub(super) fn forward(
    op: &SignStep,
    [x, slope, origin]: [&ArrayD<f64>; 3],
    unit: &ArrayD<f64>,
    low: &ArrayD<f64>,
) -> ArrayD<f64> {
    let [unit, low] = [unit, low].map(|of| of.broadcast(x.raw_dim()).expect("one number a channel"));
    let moved = Zip::from(x).and(slope).and(&unit).map_collect(|&x, &slope, &unit| {
        let sign = f64::from(i8::from(slope > 0.0) - i8::from(slope < 0.0));
        x + op.step * unit * sign
    });
    let near = Zip::from(&moved)
        .and(origin)
        .and(&unit)
        .map_collect(|&y, &origin, &unit| y.clamp(origin - op.eps * unit, origin + op.eps * unit));
    Zip::from(&near)
        .and(origin)
        .and(&unit)
        .and(&low)
        .map_collect(|&y, &origin, &unit, &low| y.clamp(low.min(origin), (low + unit).max(origin)))
}
