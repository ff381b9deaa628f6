//! A net as its forward graphs, one for each batch.

use std::error::Error;

use fovea_graph::Graph;

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

/// Gives a net's forward graph at a batch: an input `images` `[N, H, W, C]`, an output `result`, the same states
/// in the same order at every batch and mode; or why there is none, [`fovea_graph::Interrupted`] where that was broken off. In training its `updates` say how running statistics follow the batches.
pub type Forward = Box<dyn Fn(usize, Mode) -> Result<Graph, NetworkError> + Send + Sync>;
