//! A net on a device: its parameters and its compiled programs.

use std::error::Error;
use std::sync::Arc;

use fovea_graph::training::Objective;
use fovea_graph::{Backend, Graph, State};

use crate::error::TrainError;
use crate::standardise::Standardisation;
use crate::weights::Weights;

/// What a forward graph is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Training: dropout drops.
    Train,
    /// Inference: dropout is the identity.
    Infer,
}

/// Why a net has no graph of some batch.
pub type NetworkError = Box<dyn Error + Send + Sync>;

/// Gives a net's forward graph at a batch: an input `images` `[N, H, W, C]`, an output `result`, the same parameters
/// first and in the same order at every batch and mode.
pub type Forward = Box<dyn Fn(usize, Mode) -> Result<Graph, NetworkError> + Send + Sync>;

/// A net being trained or used, on a device.
pub struct Trainee {
    backend: Arc<dyn Backend>,
    forward: Forward,
}

impl Trainee {
    /// A net with its first weights, drawn by `seed`.
    ///
    /// # Errors
    /// The net has no graph; the device refuses.
    pub fn fresh(backend: Arc<dyn Backend>, forward: Forward, seed: u64) -> Result<Self, TrainError> {
        let _ = (backend, forward, seed);
        todo!()
    }

    /// A net with these weights, standardisation and class names.
    ///
    /// # Errors
    /// As [`Trainee::fresh`]; weights that are not the net's, by name or shape.
    pub fn with_weights(backend: Arc<dyn Backend>, forward: Forward, weights: &Weights) -> Result<Self, TrainError> {
        let _ = (backend, forward, weights);
        todo!()
    }

    /// The parameters as they are now, with the standardisation and the class names; no metadata.
    ///
    /// # Errors
    /// The device refuses.
    pub fn weights(&self) -> Result<Weights, TrainError> {
        todo!()
    }

    /// The parameters' declarations, in the net's order.
    pub fn parameters(&self) -> &[State] {
        todo!()
    }

    /// How many numbers training adjusts.
    pub fn parameter_count(&self) -> usize {
        todo!()
    }

    /// One picture's shape, `[H, W, C]`.
    pub fn input_shape(&self) -> &[usize] {
        todo!()
    }

    /// The shape of the result for one picture; `[K]` for a classifier of K classes.
    pub fn output_shape(&self) -> &[usize] {
        todo!()
    }

    /// What the net is trained by.
    pub fn objective(&self) -> Objective {
        todo!()
    }

    /// How pictures are standardised; `None` before any training.
    pub fn standardisation(&self) -> Option<&Standardisation> {
        todo!()
    }

    /// The classes' names; empty before any training.
    pub fn classes(&self) -> &[String] {
        todo!()
    }

    /// The device it is on.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }
}
