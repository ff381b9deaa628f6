//! Pictures and maps at another size, linear between the middles of their positions; and the gradient of that.

use fovea_graph::Tensor;
use ndarray::{Axis, Zip};

/// Between which two positions of an axis of `from` the middle of one of `to` lies, and how near to the second.
fn between(at: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let last = from.saturating_sub(1);
    let place = ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, last as f64);
    (place as usize, (place as usize + 1).min(last), place.fract() as f32)
}

/// Values at so many positions of each axis from the second on: `[N, spatial…, C]` with an extent for each spatial one.
pub(super) fn brought_to(mut values: Tensor, extent: &[usize]) -> Tensor {
    for (axis, &to) in extent.iter().enumerate() {
        let (axis, from) = (Axis(axis + 1), values.shape()[axis + 1]);
        if from == to {
            continue;
        }
        let mut next = Tensor::zeros(with(&values, axis, to));
        for (at, mut lane) in next.axis_iter_mut(axis).enumerate() {
            let (low, high, share) = between(at, from, to);
            let (low, high) = (values.index_axis(axis, low), values.index_axis(axis, high));
            Zip::from(&mut lane).and(low).and(high).for_each(|new, &a, &b| *new = a + (b - a) * share);
        }
        values = next;
    }
    values
}

/// A gradient by what [`brought_to`] gives, as one by what it was given, which had this extent.
pub(super) fn brought_back(mut gradient: Tensor, extent: &[usize]) -> Tensor {
    for (axis, &from) in extent.iter().enumerate() {
        let (axis, to) = (Axis(axis + 1), gradient.shape()[axis + 1]);
        if from == to {
            continue;
        }
        let mut next = Tensor::zeros(with(&gradient, axis, from));
        for (at, lane) in gradient.axis_iter(axis).enumerate() {
            let (low, high, share) = between(at, from, to);
            next.index_axis_mut(axis, low).scaled_add(1.0 - share, &lane);
            next.index_axis_mut(axis, high).scaled_add(share, &lane);
        }
        gradient = next;
    }
    gradient
}

/// The shape with another extent of an axis.
fn with(values: &Tensor, axis: Axis, extent: usize) -> Vec<usize> {
    let mut shape = values.shape().to_vec();
    shape[axis.index()] = extent;
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_brought_to_a_size_linearly_between_the_middles() {
        let maps = Tensor::from_shape_vec(vec![1, 1, 2], vec![0.0, 4.0]).expect("it has two");
        let larger = brought_to(maps, &[2, 4]);
        assert_eq!(larger.shape(), [1, 2, 4]);
        assert_eq!(larger.iter().copied().collect::<Vec<_>>(), [0.0, 1.0, 3.0, 4.0, 0.0, 1.0, 3.0, 4.0]);
    }

    /// What is linear has one gradient: ⟨y, A x⟩ = ⟨Aᵀ y, x⟩.
    #[test]
    fn gradients_go_back_as_values_came() {
        for (small, large) in [([3, 5], [7, 8]), ([6, 4], [6, 9]), ([5, 5], [2, 3])] {
            let [x, y] = [small, large].map(|[h, w]| {
                Tensor::from_shape_fn(vec![2, h, w, 3], |at| {
                    ((at[0] * 7 + at[1] * 3 + at[2] * 5 + at[3]) as f32 * 1.7).sin()
                })
            });
            let there = (&y * &brought_to(x.clone(), &large)).sum();
            let back = (&brought_back(y, &small) * &x).sum();
            assert!((there - back).abs() < 1e-4, "{small:?} {large:?}: {there} {back}");
        }
    }
}
