//! What a test adds up, batch by batch, as it fits the target.

use fovea_data::Dataset;
use fovea_graph::Tensor;
use fovea_graph::training::Objective;
use ndarray::ArrayView1;

use crate::aim::Aim;
use crate::compiled::Compiled;
use crate::error::TrainError;
use crate::figures::{Counts, Distances, Figures, Several, by_class, is_among, mean};
use crate::target::Toward;

/// How closely a test is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// As an epoch tells of it: classes of whole samples are counted by the device alone.
    Epoch,
    /// All figures.
    Closely,
}

/// What a test adds up.
pub(crate) struct Tally<'a> {
    aim: &'a Aim,
    look: Look,
    loss: f64,
    /// What the losses so far weigh: samples, or the labels that count.
    weight: f64,
    correct: f64,
    /// How many labels count.
    labels: f64,
    confusion: Vec<Vec<u64>>,
    /// How many samples have their class among the five likeliest.
    among_five: u64,
    several: Several,
    distances: Distances,
}

/// Of more classes than this it is told how often the right one is among the five likeliest.
const FEW: usize = 5;

impl<'a> Tally<'a> {
    /// Nothing yet, of a net with this aim on data.
    pub fn new(aim: &'a Aim, data: &Dataset, look: Look) -> Self {
        let classes = data.classes.len();
        let counts =
            matches!(aim.objective, Objective::Classes(_)) && (look == Look::Closely || !aim.wanted.is_empty());
        Self {
            aim,
            look,
            loss: 0.0,
            weight: 0.0,
            correct: 0.0,
            labels: 0.0,
            confusion: if counts { vec![vec![0; classes]; classes] } else { Vec::new() },
            among_five: 0,
            several: Several::default(),
            distances: Distances::default(),
        }
    }

    /// Adds a batch and what its results are compared with; gives the likeliest classes, where they are counted here.
    pub fn add(&mut self, compiled: &Compiled, wanted: &Tensor) -> Result<Vec<u32>, TrainError> {
        let samples = wanted.shape().first().copied().unwrap_or(0) as f64;
        let counted = if compiled.has("counted") { Some(compiled.number("counted")?) } else { None };
        let loss = compiled.number("loss")?;
        // What counts for nothing has no loss, and adds none.
        self.loss += if counted == Some(0.0) { 0.0 } else { loss * counted.unwrap_or(samples) };
        self.weight += counted.unwrap_or(samples);
        match self.aim.objective {
            Objective::Classes(by) => {
                self.correct += compiled.number("correct")?;
                self.labels += counted.unwrap_or(wanted.len() as f64);
                if self.confusion.is_empty() { Ok(Vec::new()) } else { self.classes(compiled, wanted, by.ignore) }
            }
            Objective::Several(_) => {
                rows(&compiled.output("result")?, wanted, |told, truth| self.several.add(told, truth));
                Ok(Vec::new())
            }
            Objective::Numbers(_) => {
                rows(&compiled.output("result")?, wanted, |told, truth| self.distances.add(told, truth));
                Ok(Vec::new())
            }
        }
    }

    /// Counts what was taken for what.
    fn classes(&mut self, compiled: &Compiled, wanted: &Tensor, ignore: Option<u32>) -> Result<Vec<u32>, TrainError> {
        let scores = compiled.output(scores(compiled))?;
        let likeliest: Vec<u32> = scores.rows().into_iter().map(likeliest).collect();
        for (&label, &told) in wanted.iter().zip(&likeliest) {
            let is_counted = ignore.is_none_or(|ignore| label != ignore as f32);
            if let Some(row) = self.confusion.get_mut(label as usize).filter(|_| is_counted) {
                row[told as usize] += 1;
            }
        }
        if self.look == Look::Closely {
            let rows = scores.rows().into_iter().zip(wanted);
            let among =
                rows.filter(|(row, label)| row.as_slice().is_some_and(|row| is_among(row, **label as usize, FEW)));
            self.among_five += among.count() as u64;
        }
        Ok(likeliest)
    }

    /// The mean loss.
    pub fn loss(&self) -> f64 {
        if self.weight == 0.0 { 0.0 } else { self.loss / self.weight }
    }

    /// The share of labels that is right; of several classes at once, of all answers.
    pub fn accuracy(&self) -> Option<f64> {
        match self.aim.objective {
            Objective::Classes(_) => (self.labels > 0.0).then(|| self.correct / self.labels),
            Objective::Several(_) => {
                let answers = self.several.rows as f64 * self.several.counts.len() as f64;
                (answers > 0.0).then(|| self.several.right as f64 / answers)
            }
            Objective::Numbers(_) => None,
        }
    }

    /// How often the right class of a sample is among the five likeliest, where there are more than that.
    pub fn top5(&self) -> Option<f64> {
        let is_told = self.look == Look::Closely && self.confusion.len() > FEW && self.aim.wanted.is_empty();
        (is_told && self.labels > 0.0).then(|| self.among_five as f64 / self.labels)
    }

    /// The share of samples of which every class is told right, where they have several at once.
    pub fn exact(&self) -> Option<f64> {
        (self.several.rows > 0).then(|| self.several.exact as f64 / self.several.rows as f64)
    }

    /// What was taken for what, `[truth][told]`.
    pub fn confusion(&self) -> &[Vec<u64>] {
        &self.confusion
    }

    /// The counts of each class.
    pub fn counts(&self) -> Vec<Counts> {
        if self.several.rows > 0 { self.several.counts.clone() } else { by_class(&self.confusion) }
    }

    /// The figures that fit.
    pub fn figures(&self) -> Figures {
        let counts = self.counts();
        let of = |figure: fn(&Counts) -> Option<f64>| mean(counts.iter().map(figure));
        let is_mapped = matches!(self.aim.objective, Objective::Classes(_)) && !self.aim.wanted.is_empty();
        let is_itself = self.aim.target.toward == Toward::Itself;
        Figures {
            rmse: self.distances.rmse(),
            r2: if is_itself { None } else { self.distances.r2() },
            mean_f1: if is_mapped { None } else { of(|counts| counts.figures().f1) },
            mean_iou: if is_mapped { of(|counts| counts.figures().iou) } else { None },
        }
    }
}

/// Shows each sample's result beside what is wanted.
fn rows(results: &Tensor, wanted: &Tensor, mut look: impl FnMut(&[f32], &[f32])) {
    let (results, wanted) = (results.as_standard_layout(), wanted.as_standard_layout());
    let samples = wanted.shape().first().copied().unwrap_or(0).max(1);
    let size = (wanted.len() / samples).max(1);
    let [results, wanted] = [&results, &wanted].map(|values| values.as_slice().unwrap_or_default().chunks_exact(size));
    results.zip(wanted).for_each(|(told, truth)| look(told, truth));
}

/// The output that holds the scores.
pub(crate) fn scores(compiled: &Compiled) -> &'static str {
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
