//! Using a net: predictions and tests.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::training::Objective;
use fovea_graph::{Memory, Outcome, Stop, Tensor};

use crate::aim::{Aim, check_labels};
use crate::batch::Pictures;
use crate::compile::{Net, Programs};
use crate::compiled::{Compiled, Numbers};
use crate::error::TrainError;
use crate::feed::feed;
use crate::figures::{self, Counts, Figures};
use crate::forward::Forward;
use crate::least::Mapped;
use crate::needs::BATCH;
use crate::question::Question;
use crate::seen::Seen;
use crate::tally::{Look, Tally, scores};
use crate::target::{End, Target, Toward};
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
    /// What it was compared by.
    pub objective: Objective,
    /// Whether it was compared with the pictures themselves.
    pub is_itself: bool,
    /// The mean loss.
    pub loss: f64,
    /// The share of labels that is right: of pictures, of all their positions, or of all answers where there are several
    /// classes at once; `None` where the net gives numbers.
    pub accuracy: Option<f64>,
    /// How often the right class is among the five likeliest; `None` of so few classes, and of those at positions.
    pub top5: Option<f64>,
    /// The share of pictures of which all classes are told right, where there are several at once.
    pub exact: Option<f64>,
    /// How often pictures, or positions, of class i (row) were taken for class j (column); none of other targets.
    pub confusion: Vec<Vec<u64>>,
    /// The counts of each class.
    pub counts: Vec<Counts>,
    /// The area under each class's curve, of two classes or several at once; none of other targets.
    pub areas: Vec<Option<f64>>,
    /// The figures that fit.
    pub figures: Figures,
    /// Of pictures with a class at every position those of which the least was told right; none of others.
    pub least: Vec<Mapped>,
    /// The likeliest class of each picture, or of each of its positions in row-major order, in the order of the indices: of
    /// as many of the first ones as `probabilities` has.
    pub predictions: Vec<u32>,
    /// The net's result for each picture, `[N, K]` or `[N, H, W, K]`; of both classes, where it ends in the probability of
    /// one of two. Of maps and of numbers the results of the first pictures alone, as many as 256 MB hold.
    pub probabilities: Tensor,
}

impl Trainee {
    /// What the net says of pictures `[N, H, W, C]`, raw in 0..1: they are standardised as the net was trained.
    ///
    /// # Errors
    /// No pictures; pictures of another shape than the net takes; the device refuses.
    pub fn predict(&mut self, images: &Tensor) -> Result<Prediction, TrainError> {
        let output = self.net.output.clone();
        self.predicted(images, &Question::result(), &output)
    }

    /// The same of a net that ends in one probability, that of the second of two classes: as if it ended in a softmax of both.
    ///
    /// # Errors
    /// As [`Trainee::predict`]; a net that ends otherwise.
    pub fn predict_two(&mut self, images: &Tensor) -> Result<Prediction, TrainError> {
        let told = self.net.told();
        if told.end != End::One {
            return Err(TrainError::Inconsistent("it does not end in one probability".into()));
        }
        let output = told.classes();
        self.predicted(images, &Question::result_of_two(), &output)
    }

    /// The answers to a question, which are of this shape for each picture.
    fn predicted(&mut self, images: &Tensor, question: &Question, output: &[usize]) -> Result<Prediction, TrainError> {
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
        self.infer(question, &pictures, &indices, &AtomicBool::new(false), |compiled, _| {
            probabilities.extend(compiled.output("result")?);
            logits.extend(compiled.output(scores(compiled))?);
            Ok(())
        })?;
        Ok(Prediction {
            probabilities: results(*count, output, probabilities)?,
            logits: results(*count, output, logits)?,
        })
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
        self.check(data, self.target, interrupted)?;
        let pictures = data.images.len();
        if indices.is_empty() {
            return Err(TrainError::NoPictures("test on"));
        }
        if let Some(&index) = indices.iter().find(|&&i| i >= pictures) {
            return Err(TrainError::NoPicture { data: data.name.clone(), count: pictures, index });
        }
        let aim = self.aim(data)?;
        let pictures = Pictures::of(data, &aim, self.standardisation.clone());
        let mut tally = Tally::new(&aim, data, Look::Closely);
        let mut seen = Seen::new(&aim, has_areas(&aim, data));
        let question = Question::test_by(aim.objective.of_test());
        let output = match aim.objective {
            Objective::Classes(_) => self.net.told().classes(),
            _ => self.net.output.clone(),
        };
        self.infer(&question, &pictures, indices, interrupted, |compiled, wanted| {
            let told = tally.add(compiled, wanted)?;
            seen.take(told, wanted, || Ok(compiled.output("result")?))
        })?;
        let Seen { count, results: values, predictions, truths, least, .. } = seen;
        let probabilities = results(count, &output, values)?;
        Ok(Evaluation {
            areas: areas(&aim, data.classes.len(), &truths, &probabilities),
            objective: aim.objective.of_test(),
            is_itself: aim.target.toward == Toward::Itself,
            loss: tally.loss(),
            accuracy: tally.accuracy(),
            top5: tally.top5(),
            exact: tally.exact(),
            confusion: tally.confusion().to_vec(),
            counts: tally.counts(),
            figures: tally.figures(),
            least: least.found(),
            predictions,
            probabilities,
        })
    }

    /// The part that a run is watched by, tested in the batches that the run has prepared: what an epoch tells of, and no
    /// more.
    pub(crate) fn watch(&mut self, data: &Dataset, interrupted: &AtomicBool) -> Result<Watched, TrainError> {
        let aim = self.aim(data)?;
        let pictures = Pictures::of(data, &aim, self.standardisation.clone());
        let mut tally = Tally::new(&aim, data, Look::Epoch);
        let part = Part { net: &self.net, programs: &mut self.programs, memory: &mut *self.memory };
        let question = Question::test_by(aim.objective.of_test());
        part.batches(&question, &pictures, data.watched(), self.test_batch, interrupted, |compiled, wanted| {
            tally.add(compiled, wanted).map(drop)
        })?;
        Ok(Watched { loss: tally.loss(), accuracy: tally.accuracy(), figures: tally.figures() })
    }

    /// What the net is trained and tested by on data: the target that it has.
    pub(crate) fn aim(&self, data: &Dataset) -> Result<Aim, TrainError> {
        Aim::of(self.target, &self.net.told(), data)
    }

    /// Puts a question to the net, a batch of the pictures `indices` after the other, and shows each batch's outputs to
    /// `look`.
    fn infer(
        &mut self,
        question: &Question,
        pictures: &Pictures<'_>,
        indices: &[usize],
        interrupted: &AtomicBool,
        look: impl FnMut(&Compiled, &Tensor) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let part = Part { net: &self.net, programs: &mut self.programs, memory: &mut *self.memory };
        part.infer(question, pictures, indices, interrupted, look)
    }

    /// Whether the net can be trained and tested on this data, toward a target.
    pub(crate) fn check(&self, data: &Dataset, target: Target, stop: &dyn Stop) -> Result<(), TrainError> {
        let name = || data.name.clone();
        if data.shape().is_empty() || data.shape() != self.net.input {
            let found = data.shape().to_vec();
            return Err(TrainError::Shape { net: self.net.input.clone(), found, data: name() });
        }
        let aim = Aim::of(target, &self.net.told(), data)?;
        let pictures = data.images.len();
        let parts = data.train.iter().chain(&data.validation).chain(&data.test);
        if let Some(index) = parts.copied().find(|&i| i >= pictures) {
            let why = format!("picture {index} of {pictures} in one of its parts");
            return Err(TrainError::Data { data: name(), why });
        }
        check_labels(&aim, data, stop)
    }
}

/// Whether each sample has one of two classes, or several at once: then each class has a curve.
fn has_areas(aim: &Aim, data: &Dataset) -> bool {
    match aim.objective {
        Objective::Classes(_) => data.classes.len() == 2 && aim.wanted.is_empty(),
        Objective::Several(_) => true,
        Objective::Numbers(_) => false,
    }
}

/// The area under the curve of each class, by what was wanted of each sample and what was said.
fn areas(aim: &Aim, classes: usize, wanted: &[f32], probabilities: &Tensor) -> Vec<Option<f64>> {
    let rows = probabilities.rows();
    let one_of_two = |class: usize, ignore: Option<u32>| {
        let counted =
            wanted.iter().zip(rows.clone()).filter(|(label, _)| ignore.is_none_or(|ignore| **label != ignore as f32));
        figures::area_under_curve(counted.map(|(&label, row)| {
            // Near 1 the other's probability tells more exactly how near.
            let own = f64::from(row[class]);
            (if own > 0.5 { 1.0 - f64::from(row[1 - class]) } else { own }, label == class as f32)
        }))
    };
    let one_of_several = |class: usize| {
        let pairs = wanted.chunks_exact(classes.max(1)).zip(rows.clone());
        figures::area_under_curve(pairs.map(|(labels, row)| (f64::from(row[class]), labels[class] > 0.5)))
    };
    match aim.objective {
        _ if wanted.is_empty() => Vec::new(),
        Objective::Classes(by) => (0..classes).map(|class| one_of_two(class, by.ignore)).collect(),
        Objective::Several(_) => (0..classes).map(one_of_several).collect(),
        Objective::Numbers(_) => Vec::new(),
    }
}

/// What an epoch tells of the part that is watched.
pub(crate) struct Watched {
    pub loss: f64,
    pub accuracy: Option<f64>,
    pub figures: Figures,
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
        look: impl FnMut(&Compiled, &Tensor) -> Result<(), TrainError>,
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
        mut look: impl FnMut(&Compiled, &Tensor) -> Result<(), TrainError>,
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
                    Outcome::Done | Outcome::NotFinite(_) => look(compiled, &batch.wanted)?,
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
