//! How a run trains, what it tells while it does, and how it ends.

use std::f64::consts::PI;
use std::path::PathBuf;
use std::time::Duration;

use fovea_graph::training::Optimizer;
use serde::{Deserialize, Serialize};

/// All that decides a run, beside the net, the data and the device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// How often every training picture is seen.
    pub epochs: usize,
    /// Pictures a step; the last step of an epoch takes what is left.
    pub batch: usize,
    /// How parameters follow their gradients.
    pub optimizer: Optimizer,
    /// The learning rate at its highest.
    pub rate: f64,
    /// The learning rate's course.
    pub schedule: Schedule,
    /// The key of first weights, shuffles and dropout masks.
    pub seed: u64,
    /// Go on from the weights, moments, and numbers of epoch and step that the trainee has; otherwise it begins anew
    /// from first weights.
    pub further: bool,
    /// A checkpoint is written when this time has passed since the last one, and after each epoch.
    pub checkpoint_every: Duration,
}

impl Recipe {
    /// The usual time between checkpoints.
    pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
}

/// The learning rate's course over a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// The same at every step.
    Constant,
    /// Half a cosine from the rate to 0 (I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm
    /// restarts", arXiv:1608.03983, without restarts).
    Cosine,
}

impl Schedule {
    /// The learning rate of step `step` (the first is 0) of `steps`, where `rate` is the highest.
    pub fn rate(self, rate: f64, step: u64, steps: u64) -> f64 {
        match self {
            Schedule::Constant => rate,
            Schedule::Cosine => rate * 0.5 * (1.0 + (PI * step as f64 / steps.max(1) as f64).cos()),
        }
    }
}

/// What happens during a run, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Everything is checked and compiled; the first step is next.
    Begin {
        /// The run's number, where it is kept on disk.
        run: Option<u32>,
        /// Steps in each epoch.
        steps_per_epoch: usize,
        /// How many epochs there will be.
        epochs: usize,
        /// How many training pictures there are.
        samples: usize,
    },
    /// A step is done.
    Step {
        /// Its number in the run, from 1.
        step: u64,
        /// Its epoch's number in the run, from 1.
        epoch: usize,
        /// The loss of its batch.
        loss: f64,
        /// Training pictures a second since the run began, tests and checkpoints not counted.
        images_per_second: f64,
        /// How long the run will yet take, at the pace so far.
        remaining: Duration,
        /// Which share of the run's steps is done, in 0..=1.
        done_fraction: f64,
    },
    /// An epoch is done and tested.
    Epoch(EpochMetrics),
    /// A checkpoint is on disk.
    Checkpoint {
        /// After which step of the run.
        step: u64,
        /// The file.
        path: PathBuf,
    },
    /// The run is over.
    End(Ending),
}

/// Figures of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Its number in the run, from 1.
    pub epoch: usize,
    /// The mean loss over the epoch's training pictures, each seen by the net as it was at that step.
    pub loss: f64,
    /// The share of training pictures that were right, likewise; `None` where the net does not tell classes.
    pub accuracy: Option<f64>,
    /// The mean loss over the test part after the epoch; `None` where the data has no test part.
    pub test_loss: Option<f64>,
    /// The share of the test part that is right after the epoch.
    pub test_accuracy: Option<f64>,
    /// How long the epoch took, its test included.
    pub seconds: f64,
}

/// The loss of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepMetrics {
    /// Its number in the run, from 1.
    pub step: u64,
    /// The loss of its batch.
    pub loss: f64,
    /// Its learning rate.
    pub rate: f64,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All epochs are done.
    Complete,
    /// It was stopped; the weights are those of the last complete step.
    Interrupted {
        /// How many steps of the run are complete.
        steps: u64,
    },
    /// A loss or gradient was not finite; the weights are those before that step.
    NotFinite {
        /// The step's number in the run, from 1.
        step: u64,
        /// What was not finite: `loss`, `gradient of conv1.filter`.
        what: String,
    },
}

/// What a run leaves behind in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The run's number, where it is kept on disk.
    pub run: Option<u32>,
    /// The complete epochs.
    pub epochs: Vec<EpochMetrics>,
    /// Training pictures a second, tests and checkpoints not counted.
    pub images_per_second: f64,
    /// How it ended.
    pub ending: Ending,
}
