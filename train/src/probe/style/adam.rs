//! Adam on a vector that stays within bounds.
//!
//! Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980, algorithm 1.

use super::point::{Evaluate, Point};

/// Adam's numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbers {
    /// How far a step goes about.
    pub rate: f64,
    /// How much of the mean gradient stays.
    pub beta1: f64,
    /// How much of the mean square stays.
    pub beta2: f64,
    /// Keeps the quotient finite.
    pub eps: f64,
}

/// The means so far.
pub struct Adam {
    numbers: Numbers,
    mean: Vec<f64>,
    square: Vec<f64>,
    steps: i32,
}

impl Adam {
    /// None yet, for a vector of so many values.
    pub fn new(numbers: Numbers, values: usize) -> Self {
        Self { numbers, mean: vec![0.0; values], square: vec![0.0; values], steps: 0 }
    }

    /// The next point, every value of it within these bounds.
    ///
    /// # Errors
    /// Those of the evaluation.
    pub fn next<T, E>(
        &mut self,
        from: &Point<T>,
        (low, high): (f64, f64),
        evaluate: &mut Evaluate<'_, T, E>,
    ) -> Result<Point<T>, E> {
        let Numbers { rate, beta1, beta2, eps } = self.numbers;
        self.steps = self.steps.saturating_add(1);
        // Both means began at 0, and lean to it at first.
        let [mean_share, square_share] = [beta1, beta2].map(|beta| 1.0 - beta.powi(self.steps));
        let mut place = from.place.clone();
        let means = self.mean.iter_mut().zip(&mut self.square);
        for ((value, &slope), (mean, square)) in place.iter_mut().zip(&from.gradient).zip(means) {
            *mean = beta1 * *mean + (1.0 - beta1) * slope;
            *square = beta2 * *square + (1.0 - beta2) * slope * slope;
            let step = rate * (*mean / mean_share) / ((*square / square_share).sqrt() + eps);
            *value = (*value - step).clamp(low, high);
        }
        evaluate(place)
    }
}
