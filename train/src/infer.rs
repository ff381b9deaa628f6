//! Using a net: predictions and tests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::counted;
use fovea_graph::training::Objective;
use fovea_graph::{Memory, Outcome, Tensor};
use ndarray::ArrayView1;

use crate::batch::Pictures;
use crate::compile::{Net, Programs};
use crate::compiled::{Compiled, Numbers};
use crate::error::TrainError;
use crate::feed::feed;
use crate::forward::Forward;
use crate::needs::BATCH;
use crate::question::Question;
use crate::trainee::Trainee;
use fovea_data::Dataset;

/// What a net says of some pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The net's result: for a classifier each class's probability, `[N, K]`, or `[N, H, W, K]` where it tells a class at
    /// every position.
    pub probabilities: Tensor,
    /// The scores before the softmax, of the same shape; the result itself where the net does not end in one.
    pub logits: Tensor,
}

/// How well a net does on some pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The mean loss.
    pub loss: f64,
    /// The share of labels that is right: of pictures, or of all their positions; `None` where the net does not tell classes.
    pub accuracy: Option<f64>,
    /// How often pictures, or positions, of class i (row) were taken for class j (column).
    pub confusion: Vec<Vec<u64>>,
    /// The likeliest class of each picture, or of each of its positions in row-major order, in the order of the indices.
    pub predictions: Vec<u32>,
    /// The net's result for each picture, `[N, K]` or `[N, H, W, K]`.
    pub probabilities: Tensor,
}

impl Trainee {
    /// What the net says of pictures `[N, H, W, C]`, raw in 0..1: they are standardised as the net was trained.
    ///
    /// # Errors
    /// No pictures; pictures of another shape than the net takes; the device refuses.
    pub fn predict(&mut self, images: &Tensor) -> Result<Prediction, TrainError> {
        let (count, shape) = images.shape().split_first().ok_or(TrainError::NoPictures("predict"))?;
        if shape != self.net.input {
            return Err(TrainError::Pictures { net: self.net.input.clone(), found: shape.to_vec() });
        }
        if *count == 0 {
            return Err(TrainError::NoPictures("predict"));
        }
        let pictures = Pictures::new(images, self.standardisation.clone());
        let indices: Vec<usize> = (0..*count).collect();
        let (mut probabilities, mut logits) = (Vec::new(), Vec::new());
        self.infer(&Question::result(), &pictures, &indices, &AtomicBool::new(false), |compiled, _| {
            probabilities.extend(compiled.output("result")?);
            logits.extend(compiled.output(scores(compiled))?);
            Ok(())
        })?;
        Ok(Prediction { probabilities: self.results(*count, probabilities)?, logits: self.results(*count, logits)? })
    }

    /// What the net's first layers make of pictures `[N, H, W, C]`, raw in 0..1: they are standardised as the net was
    /// trained. `layers` gives the graph of these layers alone, whose result is theirs.
    ///
    /// # Errors
    /// As [`Trainee::predict`]; layers that are not the net's first; an interrupt.
    pub fn activations(
        &mut self,
        images: &Tensor,
        layers: Forward,
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        let (count, shape) = images.shape().split_first().ok_or(TrainError::NoPictures("look at"))?;
        if *count == 0 {
            return Err(TrainError::NoPictures("look at"));
        }
        let net = Net::new(Arc::clone(&self.net.backend), layers)?;
        if shape != net.input {
            return Err(TrainError::Pictures { net: net.input, found: shape.to_vec() });
        }
        if !self.net.states.starts_with(&net.states) {
            return Err(TrainError::Inconsistent("these are not its first layers".into()));
        }
        let pictures = Pictures::new(images, self.standardisation.clone());
        let indices: Vec<usize> = (0..*count).collect();
        let mut values = Vec::new();
        let part = Part { programs: &mut Programs::new(), net: &net, memory: &mut *self.memory };
        part.infer(&Question::result(), &pictures, &indices, interrupted, |compiled, _| {
            values.extend(compiled.output("result")?);
            Ok(())
        })?;
        results(*count, &net.output, values)
    }

    /// How well the net does on the pictures `indices` of `data`. A net that was never trained takes them raw.
    ///
    /// # Errors
    /// Data that does not fit the net; no pictures; an interrupt; the device refuses.
    pub fn evaluate(
        &mut self,
        data: &Dataset,
        indices: &[usize],
        interrupted: &AtomicBool,
    ) -> Result<Evaluation, TrainError> {
        self.check(data)?;
        let pictures = data.images.len();
        if indices.is_empty() {
            return Err(TrainError::NoPictures("test on"));
        }
        if let Some(&index) = indices.iter().find(|&&i| i >= pictures) {
            return Err(TrainError::NoPicture { data: data.name.clone(), count: pictures, index });
        }
        let pictures = Pictures::of(data, self.standardisation.clone());
        let mut tally = Tally::default();
        let (mut probabilities, mut predictions) = (Vec::new(), Vec::with_capacity(indices.len()));
        self.infer(&Question::test(), &pictures, indices, interrupted, |compiled, part| {
            tally.add(compiled, part.len())?;
            predictions.extend(compiled.output(scores(compiled))?.rows().into_iter().map(likeliest));
            probabilities.extend(compiled.output("result")?);
            Ok(())
        })?;

        let mut confusion = vec![vec![0; data.classes.len()]; data.classes.len()];
        let labels = indices.iter().flat_map(|&i| data.labels.of(i));
        for (&label, &predicted) in labels.zip(&predictions) {
            confusion[label as usize][predicted as usize] += 1;
        }
        let (loss, accuracy) = tally.means(data, indices.len());
        let probabilities = self.results(indices.len(), probabilities)?;
        Ok(Evaluation { loss, accuracy: Some(accuracy), confusion, predictions, probabilities })
    }

    /// The mean loss on the part that a run is watched by, and the share of its labels that is right, in the batches that the run has prepared:
    /// what it tells of, and no more.
    pub(crate) fn tally(&mut self, data: &Dataset, interrupted: &AtomicBool) -> Result<(f64, f64), TrainError> {
        let pictures = Pictures::of(data, self.standardisation.clone());
        let mut tally = Tally::default();
        let part = Part { net: &self.net, programs: &mut self.programs, memory: &mut *self.memory };
        part.batches(&Question::test(), &pictures, data.watched(), self.test_batch, interrupted, |compiled, part| {
            tally.add(compiled, part.len())
        })?;
        Ok(tally.means(data, data.watched().len()))
    }

    /// Puts a question to the net, a batch of the pictures `indices` after the other, and shows each batch's outputs to
    /// `look`.
    fn infer(
        &mut self,
        question: &Question,
        pictures: &Pictures<'_>,
        indices: &[usize],
        interrupted: &AtomicBool,
        look: impl FnMut(&Compiled, &[usize]) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let part = Part { net: &self.net, programs: &mut self.programs, memory: &mut *self.memory };
        part.infer(question, pictures, indices, interrupted, look)
    }

    /// The results of `count` pictures as one tensor.
    fn results(&self, count: usize, values: Vec<f32>) -> Result<Tensor, TrainError> {
        results(count, &self.net.output, values)
    }

    /// Whether the net can be trained and tested on this data.
    pub(crate) fn check(&self, data: &Dataset) -> Result<(), TrainError> {
        let name = || data.name.clone();
        if data.shape().is_empty() || data.shape() != self.net.input {
            let found = data.shape().to_vec();
            return Err(TrainError::Shape { net: self.net.input.clone(), found, data: name() });
        }
        let classes = data.classes.len();
        let ending = match data.labels.positions() {
            [] => format!(", softmax {classes}"),
            _ => format!("- conv {classes} 1x1 - softmax"),
        };
        if self.net.objective == Objective::SquaredError {
            return Err(TrainError::NoTargets { output: self.net.output.clone(), data: name(), ending });
        }
        let (net, found) = (self.net.positions(), data.labels.positions());
        if net != found {
            return Err(match (net, found) {
                (_, []) => TrainError::Positions { positions: net.to_vec(), data: name() },
                ([], _) => TrainError::OneClass { positions: found.to_vec(), data: name() },
                _ => TrainError::OtherPositions { net: net.to_vec(), found: found.to_vec(), data: name() },
            });
        }
        let net = self.net.output.last().copied().unwrap_or(1);
        if net != classes {
            return Err(TrainError::Classes { net, found: classes, data: name(), ending });
        }
        let pictures = data.images.len();
        let why = if data.labels.len() != pictures {
            format!("labels of {} for {}", counted(data.labels.len(), "picture"), counted(pictures, "picture"))
        } else if data.labels.all().len() != pictures * data.labels.per_picture() {
            "its labels are not in row-major order".to_string()
        } else if let Some(label) = data.labels.all().iter().find(|&&label| label as usize >= classes) {
            format!("a label {label} of {}", counted(classes, "class"))
        } else if let Some(index) =
            data.train.iter().chain(&data.validation).chain(&data.test).find(|&&i| i >= pictures)
        {
            format!("picture {index} of {pictures} in one of its parts")
        } else {
            return Ok(());
        };
        Err(TrainError::Data { data: name(), why })
    }
}

/// What a test adds up.
#[derive(Default)]
struct Tally {
    loss: f64,
    correct: f64,
}

impl Tally {
    /// Adds a batch of so many pictures.
    fn add(&mut self, compiled: &Compiled, pictures: usize) -> Result<(), TrainError> {
        self.loss += compiled.number("loss")? * pictures as f64;
        self.correct += compiled.number("correct")?;
        Ok(())
    }

    /// The mean loss of so many pictures, and the share of their labels that is right.
    fn means(&self, data: &Dataset, pictures: usize) -> (f64, f64) {
        let count = pictures as f64;
        (self.loss / count, self.correct / (count * data.labels.per_picture() as f64))
    }
}

/// A net, or the first layers of one, with its programs and the memory of its states.
struct Part<'a> {
    net: &'a Net,
    programs: &'a mut Programs,
    memory: &'a mut dyn Memory,
}

impl Part<'_> {
    /// Puts a question to it, a batch of the pictures `indices` after the other, and shows each batch's outputs to `look`.
    /// A batch has [`BATCH`] pictures, or as many as the device has room for.
    fn infer(
        self,
        question: &Question,
        pictures: &Pictures<'_>,
        indices: &[usize],
        interrupted: &AtomicBool,
        look: impl FnMut(&Compiled, &[usize]) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let batch = self.programs.fitting(self.net, question, indices.len().min(BATCH), interrupted)?;
        self.batches(question, pictures, indices, batch, interrupted, look)
    }

    /// The same with batches of this size.
    fn batches(
        self,
        question: &Question,
        pictures: &Pictures<'_>,
        indices: &[usize],
        batch: usize,
        interrupted: &AtomicBool,
        mut look: impl FnMut(&Compiled, &[usize]) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let parts: Vec<&[usize]> = indices.chunks(batch.max(1)).collect();
        feed(pictures, &parts, interrupted, |feed| {
            for part in &parts {
                let Some(batch) = feed.next(interrupted)? else { break };
                self.programs.get(self.net, question, part.len(), interrupted)?;
                self.programs.begin(self.memory, batch, Numbers::default(), interrupted)?;
                let compiled = self.programs.get(self.net, question, part.len(), interrupted)?;
                match compiled.finish()? {
                    Outcome::Interrupted => return Err(TrainError::Interrupted),
                    // A loss of weights that ran away is an answer too.
                    Outcome::Done | Outcome::NotFinite(_) => look(compiled, part)?,
                }
            }
            Ok(())
        })
    }
}

/// What `count` pictures gave, `output` each, as one tensor.
fn results(count: usize, output: &[usize], values: Vec<f32>) -> Result<Tensor, TrainError> {
    let dims: Vec<usize> = [&[count], output].concat();
    Tensor::from_shape_vec(dims, values).map_err(|e| TrainError::Inconsistent(e.to_string()))
}

/// The output that holds the scores.
fn scores(compiled: &Compiled) -> &'static str {
    if compiled.has("logits") { "logits" } else { "result" }
}

/// The place of the largest score, the first of equal ones, as the graph's `correct` counts them.
fn likeliest(scores: ArrayView1<'_, f32>) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (place, &score) in (0u32..).zip(scores) {
        if score > best.1 {
            best = (place, score);
        }
    }
    best.0
}
