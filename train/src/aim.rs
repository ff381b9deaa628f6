//! What a net is trained and tested by on some data: the target that was said, with the labels that the data has.

use fovea_data::{Dataset, LabelKind};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::training::{Objective, Several, Weighting};
use fovea_graph::{Stop, Tensor, counted};
use ndarray::Array1;

use crate::error::TrainError;
use crate::target::{End, Loss, Target, Toward, Unsuited, balanced, balanced_several};

/// What a net gives for a sample.
pub(crate) struct Told<'a> {
    /// How it ends.
    pub end: End,
    /// The result's shape.
    pub output: &'a [usize],
}

impl Told<'_> {
    /// The shape of what is said of classes: of one probability, that of both.
    pub fn classes(&self) -> Vec<usize> {
        let told = if self.end == End::One { 2 } else { self.output.last().copied().unwrap_or(1) };
        [self.positions(), &[told]].concat()
    }

    /// Where the net tells a class.
    fn positions(&self) -> &[usize] {
        self.output.split_last().map_or(&[], |(_, positions)| positions)
    }
}

/// What a net is trained and tested by on some data.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub objective: Objective,
    pub target: Target,
    /// The shape of what a result is compared with, for one sample.
    pub wanted: Vec<usize>,
}

impl Aim {
    /// What a target makes of a net and data.
    ///
    /// # Errors
    /// They do not go together.
    pub fn of(target: Target, net: &Told<'_>, data: &Dataset) -> Result<Self, TrainError> {
        let kind = data.labels.kind();
        let objective =
            target.objective(net.end, &kind).and_then(|objective| Target::augmented(objective, &data.augment));
        let objective = objective.map_err(|why| unsuited(why, net, data))?;
        let wanted = match (objective, &kind) {
            (Objective::Classes(_), _) => {
                check_classes(net, data)?;
                net.positions().to_vec()
            }
            (_, kind) => {
                let wanted = match (target.toward, kind) {
                    (Toward::Labels, LabelKind::Numbers(shape)) => shape.clone(),
                    (Toward::Labels, LabelKind::Several(classes)) => vec![*classes],
                    _ => data.shape().to_vec(),
                };
                if !Target::suits(net.output, &wanted) {
                    let (output, data) = (net.output.to_vec(), data.name.clone());
                    return Err(TrainError::Wanted { output, wanted, data, itself: target.toward == Toward::Itself });
                }
                net.output.to_vec()
            }
        };
        Ok(Self { objective, target, wanted })
    }

    /// The classes' weights, where they have their own.
    ///
    /// # Errors
    /// Labels that cannot be read; [`TrainError::Interrupted`].
    pub fn class_weights(&self, data: &Dataset, stop: &dyn Stop) -> Result<Option<Tensor>, TrainError> {
        let classes = data.classes.len();
        let weights = match self.objective {
            Objective::Classes(by) if by.weights == Weighting::Own => {
                balanced(&data.class_counts(stop)?.train, classes, by.ignore)
            }
            Objective::Several(Several::Weighted) => {
                let mut there = vec![0; classes];
                data.labels.each(&data.train, stop, |labels| {
                    there.iter_mut().zip(labels).for_each(|(there, &label)| *there += u64::from(label > 0.5));
                })?;
                balanced_several(&there, data.train.len() as u64)
            }
            _ => return Ok(None),
        };
        Ok(Some(Array1::from(weights).into_dyn()))
    }
}

/// Whether the net tells the data's classes apart, at the data's positions.
fn check_classes(net: &Told<'_>, data: &Dataset) -> Result<(), TrainError> {
    let name = || data.name.clone();
    let (told, found) = (net.positions(), data.labels.positions());
    if told != found {
        return Err(match (told, found) {
            (_, []) => TrainError::Positions { positions: told.to_vec(), data: name() },
            ([], _) => TrainError::OneClass { positions: found.to_vec(), data: name() },
            _ => TrainError::OtherPositions { net: told.to_vec(), found: found.to_vec(), data: name() },
        });
    }
    let (told, classes) = (net.classes().last().copied().unwrap_or(1), data.classes.len());
    if told == classes {
        return Ok(());
    }
    Err(TrainError::Classes { net: told, found: classes, data: name(), ending: ending(data) })
}

/// How a net ends that tells the data's classes apart.
fn ending(data: &Dataset) -> String {
    let classes = data.classes.len();
    match data.labels.positions() {
        [] => format!(", softmax {classes}"),
        _ => format!("- conv {classes} 1x1 - softmax"),
    }
}

fn unsuited(why: Unsuited, net: &Told<'_>, data: &Dataset) -> TrainError {
    let name = data.name.clone();
    match why {
        Unsuited::NoLabels => TrainError::NoLabels { data: name },
        Unsuited::NoSoftmax => TrainError::NoTargets { output: net.output.to_vec(), data: name, ending: ending(data) },
        Unsuited::NoSigmoid => {
            TrainError::NoSigmoid { output: net.output.to_vec(), data: name, classes: data.classes.len() }
        }
        said => TrainError::Unsuited(in_words(said)),
    }
}

/// Why something that was said does not go with the labels.
pub fn in_words(why: Unsuited) -> &'static str {
    match why {
        Unsuited::NoLabels => "there are no labels",
        Unsuited::NoSoftmax => "classes need a net that ends in softmax",
        Unsuited::MixedIgnore => {
            "labels that are ignored have no share in samples that are mixed: `ignore` and `augment mixup` do not go together"
        }
        Unsuited::NoSigmoid => "several classes at once need a net that ends in sigmoid",
        Unsuited::Loss(Loss::Dice) => "`loss dice` compares the regions of classes, and this target is numbers",
        Unsuited::Loss(_) => "`loss mse`, `l1` and `huber` measure numbers, and this target is classes",
        Unsuited::Weights => "`weights balanced` is for the cross-entropy of classes",
        Unsuited::Smoothing => "`smooth` is for the cross-entropy of single classes",
        Unsuited::Ignore => "`ignore` leaves out labels that are classes, and this target has none",
    }
}

/// Whether all labels are such as can be trained toward.
pub(crate) fn check_labels(aim: &Aim, data: &Dataset, stop: &dyn Stop) -> Result<(), TrainError> {
    let (samples, classes, labelled) = (data.images.len(), data.classes.len(), data.labels.len());
    let wrong = |why: String| Err(TrainError::Data { data: data.name.clone(), why });
    let Objective::Classes(by) = aim.objective else {
        let is_missing = aim.target.toward == Toward::Labels && labelled != samples;
        let why = || format!("labels of {} for {}", counted(labelled, "sample"), counted(samples, "sample"));
        return if is_missing { wrong(why()) } else { Ok(()) };
    };
    if labelled != samples {
        return wrong(format!("labels of {} for {}", counted(labelled, "picture"), counted(samples, "picture")));
    }
    let counts = data.class_counts(stop)?;
    let there = counts.all.iter().zip(0u32..).skip(classes).filter(|&(&count, _)| count > 0).map(|(_, label)| label);
    match there.chain(counts.beyond).find(|&label| Some(label) != by.ignore) {
        Some(label) => {
            wrong(format!("a label {label} of {}: `ignore {label}` leaves it out", counted(classes, "class")))
        }
        None => Ok(()),
    }
}

/// Noise on samples, drawn by the sample and a number: that of the epoch, in training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Noise {
    pub deviation: f64,
    pub seed: u64,
    pub draw: u32,
}

impl Noise {
    /// The noise of a test, which is the same each time.
    pub fn of_test(deviation: f64) -> Option<Self> {
        (deviation > 0.0).then_some(Self { deviation, seed: 0, draw: u32::MAX })
    }

    /// That of an epoch.
    pub fn of_epoch(deviation: f64, seed: u64, epoch: u32) -> Option<Self> {
        (deviation > 0.0).then_some(Self { deviation, seed, draw: epoch })
    }

    /// Adds it to a sample.
    pub fn add(self, sample: usize, values: &mut [f32]) {
        let stream = Stream::new(self.seed, Purpose::Noise, sample as u32).at_step(self.draw);
        for (i, value) in (0..).zip(values) {
            *value += (self.deviation * stream.normal(i)) as f32;
        }
    }
}
