//! The one comparer of tensors.

use std::fmt::Write;

use fovea_graph::Tensor;
use ndarray::{ArrayD, Zip};

/// How many mismatching elements a message shows.
const SHOWN: usize = 5;

/// How far `found` is from `expected`: ‖found − expected‖ / ‖expected‖ (Euclidean; 0 where both are 0), or, where that
/// is more than `tolerance` or not a number, a message with the first elements that differ.
pub fn compare(found: &ArrayD<f64>, expected: &ArrayD<f64>, tolerance: f64) -> Result<f64, String> {
    if found.shape() != expected.shape() {
        return Err(format!("the shape is {:?}, expected is {:?}", found.shape(), expected.shape()));
    }
    let distance = norm(&(found - expected));
    let error = if distance == 0.0 { 0.0 } else { distance / norm(expected) };
    if error <= tolerance {
        return Ok(error);
    }
    let mut message = format!("‖Δ‖/‖expected‖ is {error:.3e}, allowed is {tolerance:.1e}");
    // At least one element is farther off than this, or their norm would be within the tolerance.
    let allowed = tolerance * norm(expected) / (expected.len() as f64).sqrt();
    let fits = |f: f64, e: f64| (f - e).abs() <= allowed;
    let mismatches = found.indexed_iter().zip(expected).filter(|&((_, &f), &e)| !fits(f, e));
    let count = mismatches.clone().count();
    for ((index, f), e) in mismatches.take(SHOWN) {
        let index = ndarray::Dimension::slice(&index);
        write!(message, "\n    {index:?}: {f:e}, expected {e:e}").unwrap();
    }
    if count > SHOWN {
        write!(message, "\n    and {} more of {}", count - SHOWN, expected.len()).unwrap();
    }
    Err(message)
}

/// The Euclidean norm of all elements.
pub fn norm(x: &ArrayD<f64>) -> f64 {
    x.fold(0.0, |sum, x| sum + x * x).sqrt()
}

/// The sum of the products of the elements.
pub fn inner(a: &ArrayD<f64>, b: &ArrayD<f64>) -> f64 {
    Zip::from(a).and(b).fold(0.0, |sum, a, b| sum + a * b)
}

/// The same numbers in f64.
pub fn wide(x: &Tensor) -> ArrayD<f64> {
    x.mapv(f64::from)
}

/// The nearest numbers in f32.
pub fn narrow(x: &ArrayD<f64>) -> Tensor {
    x.mapv(|x| x as f32)
}

/// What went wrong in a list of checks, gathered so that one run shows all of it.
#[derive(Default)]
pub struct Failures {
    checks: usize,
    messages: Vec<String>,
}

impl Failures {
    /// Counts a check and keeps its message where it failed.
    pub fn check(&mut self, what: impl FnOnce() -> String, result: Result<f64, String>) {
        self.checks += 1;
        if let Err(why) = result {
            self.messages.push(format!("{}: {why}", what()));
        }
    }

    /// What the failed checks say.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// How many checks there were.
    ///
    /// # Panics
    /// With the first messages, where a check failed.
    pub fn finish(self) -> usize {
        let (failed, shown) = (self.messages.len(), self.messages.iter().take(20).cloned().collect::<Vec<_>>());
        assert!(failed == 0, "{failed} of {} checks failed\n{}", self.checks, shown.join("\n"));
        self.checks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_error_is_relative_to_the_norm() {
        let expected = array![3.0, 4.0].into_dyn();
        let found = array![3.0, 4.5].into_dyn();
        assert!((compare(&found, &expected, 0.2).unwrap() - 0.1).abs() < 1e-15);
        let message = compare(&found, &expected, 0.05).unwrap_err();
        assert!(message.contains("1.000e-1") && message.contains("[1]: 4.5e0, expected 4e0"), "{message}");
        assert!(!message.contains("[0]"), "{message}");
    }

    #[test]
    fn what_is_not_a_number_and_another_shape_never_pass() {
        let expected = array![1.0, 2.0].into_dyn();
        assert!(compare(&array![f64::NAN, 2.0].into_dyn(), &expected, 1e9).is_err());
        assert!(compare(&array![f64::INFINITY, 2.0].into_dyn(), &expected, 1e9).is_err());
        assert!(compare(&array![[1.0, 2.0]].into_dyn(), &expected, 1e9).is_err());
        let zero = array![0.0].into_dyn();
        assert_eq!(compare(&zero, &zero, 0.0), Ok(0.0));
        assert!(compare(&array![1e-100].into_dyn(), &zero, 1.0).is_err());
    }
}
