//! What a test keeps of a net's results as it goes, beside what it adds up.

use fovea_graph::Tensor;
use fovea_graph::training::Objective;

use crate::aim::Aim;
use crate::error::TrainError;
use crate::least::Least;

/// So many values are kept of results that may be as large as pictures: 256 MB.
const RESULTS: usize = 64 << 20;

/// What is kept of results.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Whether a class is told at every position.
    is_mapped: bool,
    /// Whether results may be as large as pictures.
    is_bounded: bool,
    has_truths: bool,
    /// Of how many pictures, the first ones, results are kept.
    pub count: usize,
    pub results: Vec<f32>,
    /// The likeliest classes of these pictures.
    pub predictions: Vec<u32>,
    /// What was wanted, where that is kept.
    pub truths: Vec<f32>,
    pub least: Least,
}

impl Seen {
    /// Nothing yet of a test with this aim; whether what was wanted is to be kept.
    pub fn new(aim: &Aim, has_truths: bool) -> Self {
        let is_mapped = matches!(aim.objective, Objective::Classes(_)) && !aim.wanted.is_empty();
        let is_bounded = is_mapped || matches!(aim.objective, Objective::Numbers(_));
        let (results, predictions, truths) = (Vec::new(), Vec::new(), Vec::new());
        Self { is_mapped, is_bounded, has_truths, count: 0, results, predictions, truths, least: Least::default() }
    }

    /// Takes a batch in: the likeliest classes, what was wanted, and the results, which are asked for where there is room.
    pub fn take(
        &mut self,
        told: Vec<u32>,
        wanted: &Tensor,
        results: impl FnOnce() -> Result<Tensor, TrainError>,
    ) -> Result<(), TrainError> {
        if self.is_mapped {
            self.least.see(&told, wanted);
        }
        if self.has_truths {
            self.truths.extend(wanted);
        }
        if !self.is_bounded || self.results.len() < RESULTS {
            self.predictions.extend(told);
            self.results.extend(results()?);
            self.count += wanted.shape().first().copied().unwrap_or(0);
        }
        Ok(())
    }
}
