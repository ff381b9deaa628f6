//! Using a net: predictions and tests.

use std::sync::atomic::AtomicBool;

use fovea_graph::Tensor;

use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::trainee::Trainee;

/// What a net says of some pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The net's result: for a classifier each class's probability, `[N, K]`.
    pub probabilities: Tensor,
    /// The scores before the softmax, `[N, K]`; the result itself where the net does not end in one.
    pub logits: Tensor,
}

/// How well a net does on some pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean loss.
    pub loss: f64,
    /// The share that is right; `None` where the net does not tell classes.
    pub accuracy: Option<f64>,
    /// How often pictures of class i (row) were taken for class j (column).
    pub confusion: Vec<Vec<u64>>,
    /// The likeliest class of each picture, in the order of the indices.
    pub predictions: Vec<u32>,
    /// The net's result for each picture, `[N, K]`.
    pub probabilities: Tensor,
}

impl Trainee {
    /// What the net says of pictures `[N, H, W, C]`, raw in 0..1: they are standardised as the net was trained.
    ///
    /// # Errors
    /// Pictures of another shape than the net takes; the device refuses.
    pub fn predict(&mut self, images: &Tensor) -> Result<Prediction, TrainError> {
        let _ = images;
        todo!()
    }

    /// How well the net does on the pictures `indices` of `data`.
    ///
    /// # Errors
    /// Data that does not fit the net; no pictures; an interrupt; the device refuses.
    pub fn evaluate(
        &mut self,
        data: &Dataset,
        indices: &[usize],
        interrupted: &AtomicBool,
    ) -> Result<Evaluation, TrainError> {
        let _ = (data, indices, interrupted);
        todo!()
    }
}
