//! How a run trains, what it tells while it does, and how it ends.

use std::path::PathBuf;
use std::time::Duration;

use fovea_graph::training::{Adam, Adjustments, Against, Decay, Decayed, Optimizer, RmsProp};
use fovea_graph::{NotFinite, counted};
use serde::{Deserialize, Serialize};

use crate::figures::Figures;
use crate::schedule::{Course, Schedule, WarmUp, rate_at};
use crate::target::Target;

/// All that decides a run, beside the net, the data and the device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// How often every training picture is seen.
    pub epochs: usize,
    /// Pictures a step; the last step of an epoch takes what is left.
    pub batch: usize,
    /// How parameters follow their gradients.
    pub optimizer: Optimizer,
    /// What holds beside the optimizer's own rule.
    #[serde(default)]
    pub adjustments: Adjustments,
    /// The learning rate at its highest.
    pub rate: f64,
    /// The learning rate's course.
    pub schedule: Schedule,
    /// How the learning rate rises before that; `None`: it begins at its highest.
    #[serde(default)]
    pub warm_up: Option<WarmUp>,
    /// What the net is trained toward.
    #[serde(default)]
    pub target: Target,
    /// The key of first weights, shuffles, dropout masks and noise.
    pub seed: u64,
    /// Go on from the weights, moments, and numbers of epoch and step that the trainee has; otherwise it begins anew
    /// from first weights.
    pub further: bool,
    /// When checkpoints are written; this has no influence on the result.
    pub checkpoint_every: CheckpointEvery,
    /// How many steps it has at most, be the last epoch whole or not; `None`: those of all epochs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// What follows from how the validation part fares.
    #[serde(default)]
    pub watch: Watch,
}

/// What follows from how the validation part fares, epoch by epoch: by accuracy where the net tells classes, else by loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Which weights stay beside the last.
    #[serde(default)]
    pub keep: Keep,
    /// The run ends after so many epochs in a row that were no better than the best.
    #[serde(default)]
    pub patience: Option<usize>,
}

/// Which weights of a run stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The last.
    #[default]
    Last,
    /// Those of the best epoch, too.
    Best,
}

impl Recipe {
    /// How long it trains, as the language writes it: `for 10 epochs`, `for 500 steps`.
    pub fn length_in_words(&self) -> String {
        let length = self.steps.map_or_else(|| counted(self.epochs, "epoch"), |steps| counted(steps, "step"));
        format!("for {length}")
    }

    /// How it is watched, as the language writes it: `keep best`, `stop early 5`; each empty where it is not said.
    pub fn watch_in_words(&self) -> [String; 2] {
        let keep = if self.watch.keep == Keep::Best { "keep best".to_string() } else { String::new() };
        [keep, self.watch.patience.map_or(String::new(), |patience| format!("stop early {patience}"))]
    }

    /// The usual moments for checkpoints: after each epoch and every 30 s.
    pub const CHECKPOINT_EVERY: CheckpointEvery = CheckpointEvery::EpochAnd(Duration::from_secs(30));

    /// The optimizer as the language writes it: `sgd(lr 0.01, momentum 0.9, decay 0.0005)`.
    pub fn optimizer_in_words(&self) -> String {
        let rate = self.rate;
        let decay = |decay: f64| match self.adjustments.decayed {
            Decayed::All => format!("decay {decay}"),
            Decayed::Weights => format!("decay {decay} weights"),
        };
        match self.optimizer {
            Optimizer::Sgd { momentum, decay: d } => format!("sgd(lr {rate}, momentum {momentum}, {})", decay(d)),
            Optimizer::Nesterov { momentum, decay: d } => {
                format!("sgd(lr {rate}, momentum {momentum}, nesterov, {})", decay(d))
            }
            Optimizer::RmsProp(RmsProp { alpha, eps, momentum, decay: d }) => {
                format!("rmsprop(lr {rate}, alpha {alpha}, eps {eps}, momentum {momentum}, {})", decay(d))
            }
            Optimizer::Adam(Adam { beta1, beta2, eps, decay: d, form }) => {
                let word = if form == Decay::Weights { "adamw" } else { "adam" };
                format!("{word}(lr {rate}, beta1 {beta1}, beta2 {beta2}, eps {eps}, {})", decay(d))
            }
        }
    }

    /// Gives it another learning rate; layers with one of their own keep that.
    pub fn set_rate(&mut self, rate: f64) {
        for (_, factor) in &mut self.adjustments.factors {
            *factor *= self.rate / rate;
        }
        self.rate = rate;
    }

    /// How gradients are clipped, as the language writes it, `clip 1`; empty where they are not.
    pub fn clip_in_words(&self) -> String {
        self.adjustments.clip.map_or(String::new(), |limit| format!("clip {limit}"))
    }

    /// The frozen layers as the language writes it, `freeze conv1, conv2`; empty where there are none.
    pub fn frozen_in_words(&self) -> String {
        match &self.adjustments.frozen[..] {
            [] => String::new(),
            frozen => format!("freeze {}", frozen.join(", ")),
        }
    }

    /// The pictures that it is trained against as the language writes it, `against fgsm(eps 0.1)`, `share 0.3`; each empty where
    /// it is not said, or is what is usual.
    pub fn against_in_words(&self) -> [String; 2] {
        let Some(against) = &self.adjustments.against else { return Default::default() };
        let &Against { eps, steps, step, share } = against;
        let attack = match (steps, step == eps) {
            (1, true) => format!("fgsm(eps {eps})"),
            _ => format!("pgd(eps {eps}, steps {steps}, step {step})"),
        };
        let share = if share == Against::SHARE { String::new() } else { format!("share {share}") };
        [format!("against {attack}"), share]
    }

    /// The learning rates by layer as the language writes it, `lr 0.1 at fc1, fc2, 0.01 at conv1`; empty where there are
    /// none.
    pub fn rates_in_words(&self) -> String {
        let mut said = String::new();
        let mut last = None;
        for (layer, factor) in &self.adjustments.factors {
            let rate = rounded(self.rate * factor);
            said += &match last {
                None => format!("lr {rate} at {layer}"),
                Some(before) if before == rate => format!(", {layer}"),
                Some(_) => format!(", {rate} at {layer}"),
            };
            last = Some(rate);
        }
        said
    }

    /// The learning rate of step `step` of the run (the first is 0), behind its complete epochs.
    pub fn rate_at(&self, step: u64, course: Course, done: &[EpochMetrics]) -> f64 {
        let losses: Vec<f64> = match self.schedule {
            Schedule::Plateau(_) => done.iter().map(EpochMetrics::deciding_loss).collect(),
            _ => Vec::new(),
        };
        rate_at(&self.schedule, self.warm_up, self.rate, step, course, &losses)
    }
}

/// A product without the dust of its rounding.
fn rounded(number: f64) -> f64 {
    format!("{number:.12e}").parse().unwrap_or(number)
}

/// When checkpoints are written. However a run ends, but for a kill, it writes one at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointEvery {
    /// After each epoch, and when this time has passed since the last one.
    EpochAnd(Duration),
    /// After each so many steps of the run, at least 1.
    Steps(u64),
    /// After each so many epochs of the run, at least 1.
    Epochs(u64),
}

/// What happens during a run, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A checkpoint of a run that goes on is of no use, and an older one serves.
    PassedOver {
        /// The file.
        path: PathBuf,
        /// Why, in a sentence that names it.
        why: String,
    },
    /// Everything is checked and compiled; the first step is next.
    Begin {
        /// The run's number, where it is kept on disk.
        run: Option<u32>,
        /// Steps in each epoch.
        steps_per_epoch: usize,
        /// How many epochs there will be, the last perhaps not whole.
        epochs: usize,
        /// How many steps there will be.
        steps: u64,
        /// How many training pictures there are.
        samples: usize,
        /// How many steps are done already: more than 0 where the run is resumed.
        done: u64,
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
    /// The mean loss over the validation part after the epoch; `None` where the data has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
    /// The share of the validation part that is right after the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
    /// The mean loss over the test part after the epoch; `None` where the data has no test part, or a validation part is
    /// watched in its place.
    pub test_loss: Option<f64>,
    /// The share of the test part that is right after the epoch.
    pub test_accuracy: Option<f64>,
    /// What else there is to tell of the part that was watched.
    #[serde(flatten)]
    pub figures: Figures,
    /// How long the epoch took, its test included.
    pub seconds: f64,
}

impl Ending {
    /// Whether the run came to its end, by itself.
    pub fn is_whole(&self) -> bool {
        matches!(self, Ending::Complete | Ending::Early { .. })
    }

    /// In a word, for scripts: `complete`, `early`, `interrupted`, `not finite`.
    pub fn word(&self) -> &'static str {
        match self {
            Ending::Complete => "complete",
            Ending::Early { .. } => "early",
            Ending::Interrupted { .. } => "interrupted",
            Ending::NotFinite { .. } => "not finite",
        }
    }
}

impl EpochMetrics {
    /// The loss that a schedule goes by: that of the validation part where there is one, else that of training. That of the
    /// test part decides nothing.
    pub fn deciding_loss(&self) -> f64 {
        self.validation_loss.unwrap_or(self.loss)
    }

    /// The loss on the part that was watched: the one for validation, or else the test part.
    pub fn watched_loss(&self) -> Option<f64> {
        self.validation_loss.or(self.test_loss)
    }

    /// The share of that part that was right.
    pub fn watched_accuracy(&self) -> Option<f64> {
        self.validation_accuracy.or(self.test_accuracy)
    }

    /// What that part is called: `validation` or `test`.
    pub fn watched(&self) -> &'static str {
        if self.validation_loss.is_some() { "validation" } else { "test" }
    }
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
    /// So many epochs as the recipe says were no better than the best; the weights are those of the last.
    Early {
        /// The best epoch's number.
        best: usize,
    },
    /// A loss or gradient was not finite; the weights are those before that step.
    NotFinite {
        /// The step's number in the run, from 1.
        step: u64,
        /// What was not finite.
        what: NotFinite,
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
    /// The share of that time in which pictures were waited for, in 0..=1.
    pub waiting: f64,
    /// How it ended.
    pub ending: Ending,
}
