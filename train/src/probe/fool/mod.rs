//! Adversarial examples: pictures changed so little that one does not see it, and so that a net is wrong about them.

mod boundary;
mod steps;

use std::sync::atomic::AtomicBool;

use fovea_graph::Tensor;
use fovea_graph::derivative::with_gradients_unless;
use fovea_graph::training::{objective, with_objective};

use crate::error::TrainError;
use crate::forward::Mode;
use crate::question::{Question, with_logits};
use crate::trainee::Trainee;

/// How pictures are changed. Distances are of raw pixels, whatever they are standardised to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attack {
    /// The fast gradient sign method (I. Goodfellow, J. Shlens, C. Szegedy, arXiv:1412.6572): every value moves by `eps`, the way
    /// in which the loss rises.
    Fgsm {
        /// How far each value moves.
        eps: f32,
    },
    /// Projected gradient descent (A. Madry et al., arXiv:1706.06083), from the picture itself: such steps one after the other, none
    /// of which leaves the values that are closer than `eps`.
    Pgd {
        /// How far a value moves at most.
        eps: f32,
        /// How many steps there are.
        steps: usize,
        /// How far a step moves each value.
        step: f32,
    },
    /// DeepFool (S.-M. Moosavi-Dezfooli, A. Fawzi, P. Frossard, arXiv:1511.04599): steps to the nearest boundary of the class, as far
    /// as that is flat.
    DeepFool {
        /// How many steps there are at most.
        steps: usize,
        /// By which share it goes further, to end behind the boundary.
        overshoot: f32,
    },
}

impl Attack {
    /// The same with another bound; DeepFool has none.
    #[must_use]
    pub fn within(self, bound: f32) -> Self {
        match self {
            Self::Fgsm { .. } => Self::Fgsm { eps: bound },
            Self::Pgd { eps, steps, step } => Self::Pgd { eps: bound, steps, step: step * bound / eps },
            Self::DeepFool { .. } => self,
        }
    }

    /// How far a value moves at most; nothing is said of it by DeepFool.
    pub fn bound(self) -> Option<f32> {
        match self {
            Self::Fgsm { eps } | Self::Pgd { eps, .. } => Some(eps),
            Self::DeepFool { .. } => None,
        }
    }
}

/// What is asked: the gradient of the loss by the pictures, and the scores.
pub fn question() -> Question {
    Question::new("the loss and its gradient by the pictures", Mode::Infer, |forward, stop| {
        let graph = with_objective(&with_logits(forward, stop)?, &objective(forward), stop)?;
        with_gradients_unless(graph, "loss", &["images"], stop)
    })
}

impl Trainee {
    /// Pictures `[N, H, W, C]`, raw in 0..1, changed so that a net that tells one class a picture is wrong about them: away from
    /// their classes, or toward another. No value leaves 0..1, or the picture's own range where that is wider.
    ///
    /// # Errors
    /// [`TrainError::Interrupted`]; the device refuses.
    pub fn attack(
        &mut self,
        pictures: &Tensor,
        classes: &[usize],
        attack: Attack,
        toward: Option<usize>,
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        match attack {
            Attack::Fgsm { eps } => self.follow_signs(pictures, classes, toward, (eps, 1, eps), interrupted),
            Attack::Pgd { eps, steps, step } => {
                self.follow_signs(pictures, classes, toward, (eps, steps, step), interrupted)
            }
            Attack::DeepFool { steps, overshoot } => {
                self.cross_boundaries(pictures, classes, toward, (steps, overshoot), interrupted)
            }
        }
    }

    /// The gradient of the loss on these classes by raw pictures.
    fn slope(&mut self, pictures: &Tensor, classes: &[usize], interrupted: &AtomicBool) -> Result<Tensor, TrainError> {
        let labels = Tensor::from_shape_fn(vec![classes.len()], |at| classes[at[0]] as f32);
        let seen = self.standardised(pictures);
        let mut answer = self.ask(&question(), &[("images", &seen), ("labels", &labels)], interrupted)?;
        Ok(self.by_raw_pixels(answer.take("gradient of images")?))
    }
}

/// What the values of a picture stay in.
fn range(picture: &[f32]) -> (f32, f32) {
    picture.iter().fold((0.0, 1.0), |(low, high), &value| (value.min(low), value.max(high)))
}
