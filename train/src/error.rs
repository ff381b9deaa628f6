//! What can go wrong in training and in using a net.

use std::path::PathBuf;

use fovea_data::DataError;
use fovea_graph::op::{GradientError, ShapeError};
use fovea_graph::shape::join;
use fovea_graph::{BackendError, Interrupted, counted};

use crate::file::FileError;
use crate::forward::NetworkError;
use crate::misfit::Misfit;
use crate::single::SingleValue;

/// Why a net cannot be trained, tested or asked.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A run without epochs.
    #[error("0 epochs train nothing: at least 1 is needed")]
    NoEpochs,
    /// A run of no steps.
    #[error("a run takes at least 1 step")]
    NoSteps,
    /// Nothing to watch a run by.
    #[error("{data} has no validation part, by which the best epoch could be told: `split 70/15/15` makes one")]
    NoValidation {
        /// The data's name.
        data: String,
    },
    /// A batch without pictures.
    #[error("a batch of 0 pictures trains nothing: at least 1 is needed")]
    NoBatch,
    /// A batch that the training part cannot fill once.
    #[error("batch {batch} is more than the {samples} training pictures of {data}: at most {samples}")]
    BatchTooLarge {
        /// The batch asked for.
        batch: usize,
        /// How many training pictures there are.
        samples: usize,
        /// The data's name.
        data: String,
    },
    /// More steps than can be numbered.
    #[error(
        "{} of {} are more than the 2^32 steps that one net can be trained for",
        counted(.epochs, "epoch"),
        counted(.steps_per_epoch, "step")
    )]
    TooManySteps {
        /// Epochs asked for.
        epochs: usize,
        /// Steps in each.
        steps_per_epoch: usize,
    },
    /// A schedule that changes after no epochs.
    #[error("the schedule's step comes every 0 epochs: at least 1 is needed")]
    ScheduleOfNoEpochs,
    /// A factor that the learning rate cannot be multiplied by.
    #[error("the schedule's factor is {0}: it must be above 0 and at most 1")]
    Factor(f64),
    /// A power that the rest of a run cannot be raised to.
    #[error("the schedule's power is {0}: it must be a number above 0")]
    Power(f64),
    /// A length that gradients cannot have.
    #[error("gradients cannot be clipped to {0}: it must be a number above 0")]
    Clip(f64),
    /// Changed pictures that there cannot be.
    #[error("pictures cannot be changed so: {0}")]
    Against(String),
    /// Every parameter belongs to a frozen layer.
    #[error("every layer with parameters is frozen: nothing is left to train")]
    AllFrozen,
    /// A warm-up longer than the run.
    #[error("the warm-up takes {}, and the whole run has {steps}", counted(.warm_up, "step"))]
    WarmUp {
        /// Steps of the warm-up.
        warm_up: u64,
        /// Steps of the run.
        steps: u64,
    },
    /// Checkpoints that never come.
    #[error("a checkpoint every 0 {0}: at least 1 is needed")]
    CheckpointEvery(&'static str),
    /// A run that has nothing left to do.
    #[error("run {run} is complete after {}: `train … further` goes on from its weights", counted(.epochs, "epoch"))]
    RunComplete {
        /// The run's number.
        run: u32,
        /// How many epochs it has.
        epochs: usize,
    },
    /// A run that was stopped early, because waiting had not helped.
    #[error(
        "run {run} was stopped early after {}: `train … further` goes on from its weights",
        counted(epochs, "epoch")
    )]
    RunEarly {
        /// Its number.
        run: u32,
        /// How many epochs it had.
        epochs: usize,
    },
    /// A run that is to have fewer steps than it has had.
    #[error(
        "run {run} has {} already, and is to have {steps} in all: ask for more, or leave them out",
        counted(done, "step")
    )]
    StepsDone {
        /// Its number.
        run: u32,
        /// How many steps it has had.
        done: u64,
        /// How many it is to have.
        steps: u64,
    },
    /// More epochs were wanted, and the run has as many already.
    #[error("run {run} has {done} epochs already, and is to have {epochs} in all: ask for more, or leave them out")]
    EpochsDone {
        /// The run's number.
        run: u32,
        /// How many epochs it has.
        done: usize,
        /// How many it is to have.
        epochs: usize,
    },
    /// A run whose description is not as it was written.
    #[error("run {run} cannot go on: its run.json is not as it was written")]
    RunChanged {
        /// The run's number.
        run: u32,
    },
    /// A recipe that is not the run's.
    #[error("run {run} goes on as it began, and this says otherwise: {differences}")]
    AnotherRecipe {
        /// The run's number.
        run: u32,
        /// What differs.
        differences: String,
    },
    /// Data that is not the run's.
    #[error("{data} is not the data that run {run} was trained on: {why}")]
    AnotherData {
        /// The run's number.
        run: u32,
        /// The data's name.
        data: String,
        /// What differs.
        why: String,
    },
    /// A net that is not the run's.
    #[error("the net is not the one that run {run} trained: {why}")]
    AnotherNet {
        /// The run's number.
        run: u32,
        /// What differs.
        why: String,
    },
    /// A run that went on from weights that nobody has any more.
    #[error("run {run} went on from other weights and was killed before it had written them down: train it anew")]
    NoCheckpoint {
        /// The run's number.
        run: u32,
    },
    /// A learning rate that is no number to learn by.
    #[error("the learning rate is {0}: it must be a number from 0 to 3.4e38, the largest of the arithmetic")]
    Rate(f64),
    /// A batch that leaves batch normalisation a single value.
    #[error("{0}")]
    SingleValue(SingleValue),
    /// Pictures of another shape than the net takes.
    #[error("the net takes {}, {data} has pictures of {}{}", join(.net), join(.found), size_mend(.net, .found, .data))]
    Shape {
        /// What the net takes, `[H, W, C]`.
        net: Vec<usize>,
        /// What the data has.
        found: Vec<usize>,
        /// The data's name.
        data: String,
    },
    /// Pictures of another shape than the net takes, of no data set.
    #[error("the net takes pictures of {}, these are {}", join(.net), join(.found))]
    Pictures {
        /// What the net takes, `[H, W, C]`.
        net: Vec<usize>,
        /// What they are.
        found: Vec<usize>,
    },
    /// Another number of classes than the net tells apart.
    #[error("the net tells {} apart, {data} has {found}: `{ending}` fits", counted(.net, "class"))]
    Classes {
        /// How many outputs the net has.
        net: usize,
        /// How many classes the data has.
        found: usize,
        /// The data's name.
        data: String,
        /// How the net would have to end.
        ending: String,
    },
    /// A net that tells a class at every position, and data with one label a picture.
    #[error(
        "the net tells a class at each of {} positions, {data} has one label a picture: `, softmax` in place of `- softmax` \
         tells one class a picture",
        join(.positions)
    )]
    Positions {
        /// The positions, height and width.
        positions: Vec<usize>,
        /// The data's name.
        data: String,
    },
    /// A net that tells one class a picture, and data with one at every position.
    #[error(
        "{data} has a class at each of {} positions, the net tells one a picture: `- softmax` in place of `, softmax` \
         tells a class at every position of the map before it",
        join(.positions)
    )]
    OneClass {
        /// The positions, height and width.
        positions: Vec<usize>,
        /// The data's name.
        data: String,
    },
    /// A net that tells classes at other positions than the data has them.
    #[error(
        "the net tells a class at each of {} positions, {data} has one at each of {}: the last map must be as large as \
         the picture (`same` convolutions keep a map's size, `deconv … to input` brings it back)",
        join(.net),
        join(.found)
    )]
    OtherPositions {
        /// The net's positions.
        net: Vec<usize>,
        /// The data's.
        found: Vec<usize>,
        /// The data's name.
        data: String,
    },
    /// A net that trains by squared error, and data that has labels only.
    #[error(
        "the net does not end in softmax, so it is trained by squared error against targets of its output's shape {}; \
         {data} has class labels and no such targets: end the net with `{ending}`",
        join(.output)
    )]
    NoTargets {
        /// The net's output, without the batch.
        output: Vec<usize>,
        /// The data's name.
        data: String,
        /// How the net would have to end.
        ending: String,
    },
    /// Data without labels, where they are needed.
    #[error("{data} has no labels to train toward: `toward itself` trains an autoencoder")]
    NoLabels {
        /// The data's name.
        data: String,
    },
    /// A net that does not tell several classes at once, on data that have them.
    #[error(
        "{data} has any of {} at once, and the net gives {}: end the net with `fc {classes} - sigmoid`",
        counted(.classes, "class"),
        join(.output)
    )]
    NoSigmoid {
        /// The net's output, without the batch.
        output: Vec<usize>,
        /// The data's name.
        data: String,
        /// How many classes there are.
        classes: usize,
    },
    /// A net that gives other numbers than are wanted.
    #[error(
        "the net gives {}, and {} {}: end the net with `fc {}`",
        join(.output),
        if *.itself { format!("the samples of {data} are") } else { format!("{data} wants numbers of") },
        join(.wanted),
        .wanted.iter().product::<usize>()
    )]
    Wanted {
        /// The net's output, without the batch.
        output: Vec<usize>,
        /// What it is compared with.
        wanted: Vec<usize>,
        /// The data's name.
        data: String,
        /// Whether that is the samples themselves.
        itself: bool,
    },
    /// Something that was said does not go with what a net is trained toward.
    #[error("{0}")]
    Unsuited(&'static str),
    /// Data whose labels do not belong to its pictures.
    #[error("{data} does not hold together: {why}")]
    Data {
        /// The data's name.
        data: String,
        /// What is wrong with it.
        why: String,
    },
    /// A picture's number beyond the data.
    #[error("{data} has {}, numbered from 0; there is no picture {index}", counted(.count, "picture"))]
    NoPicture {
        /// The data's name.
        data: String,
        /// How many it has.
        count: usize,
        /// The number asked for.
        index: usize,
    },
    /// No pictures where some are needed.
    #[error("there are no pictures to {0}")]
    NoPictures(&'static str),
    /// Weights that are not the net's.
    #[error("{0}")]
    Misfit(Misfit),
    /// A standardisation for another number of channels than the net's.
    #[error("the weights standardise {}, the net's pictures have {net}", counted(.found, "channel"))]
    Standardisation {
        /// Channels of the standardisation.
        found: usize,
        /// Channels of the net's input.
        net: usize,
    },
    /// Two forward graphs of the net with different parameters, or without an input or a result.
    #[error("the net's graph does not hold together: {0}")]
    Inconsistent(String),
    /// A tensor for an input that there is not.
    #[error("there is no input `{name}` to feed: {}", inputs(.known))]
    FeedUnknown {
        /// The name it was fed by.
        name: String,
        /// The inputs that there are.
        known: Vec<String>,
    },
    /// An input that was not fed.
    #[error("the input `{name}` is not fed")]
    FeedMissing {
        /// The input.
        name: String,
    },
    /// An output that there is not.
    #[error("there is no output `{name}`")]
    NoOutput {
        /// The name asked for.
        name: String,
    },
    /// It was interrupted before there was a result.
    #[error("interrupted")]
    Interrupted,
    /// The net has no graph of this batch.
    #[error("{0}")]
    Network(NetworkError),
    /// The loss does not fit the net.
    #[error(transparent)]
    Loss(#[from] ShapeError),
    /// The net cannot be differentiated.
    #[error(transparent)]
    Gradient(GradientError),
    /// The device was lost in the middle of a run, and with it the weights in its memory.
    #[error("{device} is lost: {why}; {}", what_is_left(.run, .checkpoint))]
    Lost {
        /// The device's name.
        device: String,
        /// What its driver says.
        why: String,
        /// The run's number, where it is kept on disk.
        run: Option<u32>,
        /// The run's last checkpoint: after which of its steps, and where.
        checkpoint: Option<(u64, PathBuf)>,
    },
    /// The device refused.
    #[error(transparent)]
    Backend(BackendError),
    /// A file of the run failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// Samples that cannot be read.
    #[error(transparent)]
    Read(DataError),
}

impl From<DataError> for TrainError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Interrupted(_) => TrainError::Interrupted,
            error => TrainError::Read(error),
        }
    }
}

impl From<Interrupted> for TrainError {
    fn from(_: Interrupted) -> Self {
        TrainError::Interrupted
    }
}

impl From<BackendError> for TrainError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Interrupted(_) => TrainError::Interrupted,
            error => TrainError::Backend(error),
        }
    }
}

impl From<GradientError> for TrainError {
    fn from(error: GradientError) -> Self {
        match error {
            GradientError::Interrupted(_) => TrainError::Interrupted,
            error => TrainError::Gradient(error),
        }
    }
}

/// Whoever gives a net's graph may be broken off as well, and says so with [`Interrupted`].
impl From<NetworkError> for TrainError {
    fn from(error: NetworkError) -> Self {
        if error.is::<Interrupted>() { TrainError::Interrupted } else { TrainError::Network(error) }
    }
}

/// The inputs that there are, in a sentence's part.
fn inputs(known: &[String]) -> String {
    match known {
        [] => "it takes none".to_string(),
        known => format!("it takes {}", known.join(", ")),
    }
}

/// What a lost device leaves of a run.
fn what_is_left(run: &Option<u32>, checkpoint: &Option<(u64, PathBuf)>) -> String {
    match (run, checkpoint) {
        (Some(run), Some((step, path))) => {
            format!("run {run} goes on from its checkpoint after step {step}, {}, when it is resumed", path.display())
        }
        (Some(run), None) => format!("run {run} had no checkpoint yet and begins anew when it is resumed"),
        (None, _) => "the run is not kept on disk, so nothing is left of it".into(),
    }
}

/// The clause that would bring the pictures to the net's shape, where one would.
fn size_mend(net: &[usize], found: &[usize], data: &str) -> String {
    match (net, found) {
        ([height, width, c], [_, _, d]) if c == d => format!(": `data {data} size {height}x{width}` fits"),
        _ => String::new(),
    }
}
