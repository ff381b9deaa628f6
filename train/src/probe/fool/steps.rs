//! Steps by the sign of the gradient: one of them, or several with a bound.

use std::sync::atomic::AtomicBool;

use fovea_graph::Tensor;

use super::range;
use crate::error::TrainError;
use crate::trainee::Trainee;

impl Trainee {
    /// Takes `steps` steps that move each value by `step`, none of them further than `eps` from where it was.
    pub(super) fn follow_signs(
        &mut self,
        pictures: &Tensor,
        classes: &[usize],
        toward: Option<usize>,
        (eps, steps, step): (f32, usize, f32),
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        let pictures = pictures.as_standard_layout().into_owned();
        let aims = toward.map_or_else(|| classes.to_vec(), |class| vec![class; classes.len()]);
        // Away from its own class the loss is to rise, toward another to fall.
        let step = if toward.is_some() { -step } else { step };
        let size = (pictures.len() / classes.len().max(1)).max(1);
        let mut changed = pictures.clone();
        for _ in 0..steps {
            let slope = self.slope(&changed, &aims, interrupted)?;
            let slots = changed.as_slice_mut().unwrap_or_default().chunks_exact_mut(size);
            let given = pictures.as_slice().unwrap_or_default().chunks_exact(size);
            let slopes = slope.as_slice().unwrap_or_default().chunks_exact(size);
            for ((picture, given), slopes) in slots.zip(given).zip(slopes) {
                let range = range(given);
                for ((value, &first), &slope) in picture.iter_mut().zip(given).zip(slopes) {
                    *value = near(first, *value + sign(slope) * step, eps, range);
                }
            }
        }
        Ok(changed)
    }
}

/// 0 where there is no slope: `f32::signum` gives 1 there.
fn sign(slope: f32) -> f32 {
    if slope == 0.0 || slope.is_nan() { 0.0 } else { slope.signum() }
}

/// The value that is closest to `wanted` and, rounding included, no further than `eps` from `first` and within the range.
fn near(first: f32, wanted: f32, eps: f32, (low, high): (f32, f32)) -> f32 {
    let mut value = wanted.clamp(first - eps, first + eps).clamp(low, high);
    while (value - first).abs() > eps {
        value = if value > first { value.next_down() } else { value.next_up() };
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_moves_further_than_it_may() {
        let all = (0..=1000).map(|n| n as f32 / 1000.0);
        for first in all {
            for eps in [0.1, 0.007, 1e-6, 0.3, 1.0] {
                for wanted in [first + eps, first - eps, first + 2.0 * eps, first - 2.0 * eps] {
                    let value = near(first, wanted, eps, (0.0, 1.0));
                    assert!((value - first).abs() <= eps && (0.0..=1.0).contains(&value), "{first} {eps} {value}");
                    assert!((value - wanted.clamp(first - eps, first + eps).clamp(0.0, 1.0)).abs() < 1e-6);
                }
            }
        }
    }
}
