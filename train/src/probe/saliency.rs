//! Which pixels a class's score depends on: four answers.
//!
//! Sources: the gradient, K. Simonyan, A. Vedaldi, A. Zisserman, arXiv:1312.6034; guided backpropagation, J. Springenberg,
//! A. Dosovitskiy, T. Brox, M. Riedmiller, arXiv:1412.6806; integrated gradients, M. Sundararajan, A. Taly, Q. Yan,
//! arXiv:1703.01365; Grad-CAM, R. Selvaraju et al., arXiv:1610.02391.

use std::sync::atomic::AtomicBool;

use fovea_graph::Tensor;
use fovea_graph::autodiff::Rules;
use ndarray::{Axis, Zip};

use super::linear::brought_to;
use crate::error::TrainError;
use crate::question::Question;
use crate::trainee::Trainee;

/// How it is told which pixels matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribution {
    /// The gradient of the score by the pixels.
    Gradient,
    /// The same, and a rectifier passes back only what is positive.
    Guided,
    /// The pixels times the mean gradient on the way from a black picture to this one, in so many steps (Gauss and Legendre's
    /// places and weights): their sum is how far the score lies from that of the black picture.
    Integrated {
        /// How many, at least 1.
        steps: usize,
    },
    /// The sum of a layer's maps, each times its mean gradient, where it is positive, brought to the picture's size
    /// bilinearly.
    GradCam {
        /// The layer; where none is said, the maps are the net's last of more than one position.
        of: Option<String>,
    },
}

impl Attribution {
    /// What a net is asked for it.
    pub fn question(&self) -> Question {
        match self {
            Self::Gradient | Self::Integrated { .. } => Question::gradients("logits", &["images"]),
            Self::Guided => Question::back("logits", &["images"], Rules::Guided),
            Self::GradCam { of } => Question::maps(of.as_deref()),
        }
    }
}

impl Trainee {
    /// How much each value of a picture `[1, H, W, C]`, raw in 0..1, matters to the score of a class before the softmax:
    /// `[1, H, W, C]`, of Grad-CAM `[1, H, W, 1]`, by the raw pixels.
    ///
    /// # Errors
    /// A net without logits, of Grad-CAM one without maps; [`TrainError::Interrupted`]; the device refuses.
    pub fn attribution(
        &mut self,
        picture: &Tensor,
        class: usize,
        by: &Attribution,
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        let mut weights = Tensor::zeros([&[1], self.output_shape()].concat());
        weights.rows_mut().into_iter().for_each(|mut row| row[class] = 1.0);
        let mut back = |picture: &Tensor| {
            let seen = self.standardised(picture);
            self.ask(&by.question(), &[("images", &seen), ("weights of logits", &weights)], interrupted)
        };
        match by {
            Attribution::Gradient | Attribution::Guided => {
                let gradient = back(picture)?.take("gradient of images")?;
                Ok(self.by_raw_pixels(gradient))
            }
            &Attribution::Integrated { steps } => {
                // In f64: of many small parts much is lost in f32.
                let mut mean = ndarray::ArrayD::<f64>::zeros(picture.raw_dim());
                for (place, weight) in legendre(steps) {
                    let gradient = back(&picture.mapv(|value| (f64::from(value) * place) as f32))?;
                    Zip::from(&mut mean)
                        .and(gradient.output("gradient of images")?)
                        .for_each(|mean, &part| *mean += weight * f64::from(part));
                }
                Ok(self.by_raw_pixels(mean.mapv(|value| value as f32)) * picture)
            }
            Attribution::GradCam { .. } => {
                let mut answer = back(picture)?;
                let (maps, gradient) = (answer.take("maps")?, answer.take("gradient of maps")?);
                let extent = picture.shape().get(1..picture.ndim().saturating_sub(1)).unwrap_or_default();
                let map = brought_to(weighted(&maps, &gradient), extent);
                let last = Axis(map.ndim());
                Ok(map.insert_axis(last))
            }
        }
    }
}

/// The sum of maps `[1, spatial…, C]`, each times the mean of its gradient, where it is positive: `[1, spatial…]`.
fn weighted(maps: &Tensor, gradient: &Tensor) -> Tensor {
    let channels = maps.shape().last().copied().unwrap_or_default();
    let mut means = vec![0.0; channels];
    gradient.rows().into_iter().for_each(|row| means.iter_mut().zip(row).for_each(|(mean, &d)| *mean += f64::from(d)));
    let positions = (gradient.len() / channels.max(1)).max(1) as f64;
    maps.map_axis(Axis(maps.ndim() - 1), |pixel| {
        let sum: f64 = pixel.iter().zip(&means).map(|(&value, mean)| f64::from(value) * mean / positions).sum();
        sum.max(0.0) as f32
    })
}

/// The places in 0..1 and the weights, of sum 1, of Gauss and Legendre's rule with so many points: the roots of Legendre's
/// polynomial, each found by Newton's method from its place among the others.
fn legendre(points: usize) -> Vec<(f64, f64)> {
    let n = points as f64;
    // The polynomial of this degree and its derivative, by Bonnet's recursion.
    let at = |x: f64| {
        let (mut before, mut value) = (1.0, x);
        for k in 2..=points {
            let k = k as f64;
            (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
        }
        (value, n * (x * value - before) / (x * x - 1.0))
    };
    let root = |number: usize| {
        let mut x = ((number as f64 + 0.75) / (n + 0.5) * std::f64::consts::PI).cos();
        for _ in 0..8 {
            let (value, slope) = at(x);
            x -= value / slope;
        }
        let slope = at(x).1;
        ((1.0 - x) / 2.0, 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..points).map(root).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of n points the rule is exact up to degree 2n − 1.
    #[test]
    fn the_rule_integrates_polynomials_exactly() {
        for points in [1, 2, 3, 8, 50] {
            for power in 0..(2 * points).min(30) {
                let sum: f64 = legendre(points).iter().map(|(x, weight)| weight * x.powi(power as i32)).sum();
                assert!((sum - 1.0 / (power as f64 + 1.0)).abs() < 1e-13, "{points} points, power {power}: {sum}");
            }
        }
    }
}
