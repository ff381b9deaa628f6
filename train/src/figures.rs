//! How well results are those that were wanted: the figures of a test, computed from results alone.
//!
//! Held to scikit-learn's figures by `tests/tests/figures.rs`.

use serde::{Deserialize, Serialize};

/// Counts of one class, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Truly and supposedly of the class.
    pub both: u64,
    /// Truly of it.
    pub truly: u64,
    /// Supposedly of it.
    pub told: u64,
}

/// The figures of one class; `None` where nothing is truly or supposedly of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// How much of what is told to be of the class is.
    pub precision: Option<f64>,
    /// How much of what is of the class is told.
    pub recall: Option<f64>,
    /// The harmonic mean of the two (C. J. van Rijsbergen, "Information retrieval", 1979).
    pub f1: Option<f64>,
    /// Intersection over union (M. Everingham et al., IJCV 88, 2010).
    pub iou: Option<f64>,
}

/// What a test tells in a number, as far as it fits the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The root of the mean squared error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// How much of the spread is explained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
    /// The mean F1 of the classes that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_f1: Option<f64>,
    /// The mean intersection over union of the classes that there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_iou: Option<f64>,
}

impl Counts {
    /// The figures of these counts.
    pub fn figures(self) -> ClassFigures {
        let share = |of: u64, all: u64| (all > 0).then(|| of as f64 / all as f64);
        let Self { both, truly, told } = self;
        ClassFigures {
            precision: share(both, told),
            recall: share(both, truly),
            f1: share(2 * both, truly + told),
            iou: share(both, truly + told - both),
        }
    }
}

/// The counts of each class of a confusion matrix `[truth][told]`.
pub fn by_class(confusion: &[Vec<u64>]) -> Vec<Counts> {
    let count = |truth: usize, told: usize| confusion[truth].get(told).copied().unwrap_or(0);
    let classes = 0..confusion.len();
    let of = |class: usize| Counts {
        both: count(class, class),
        truly: confusion[class].iter().sum(),
        told: classes.clone().map(|truth| count(truth, class)).sum(),
    };
    classes.clone().map(of).collect()
}

/// The mean over the classes that have the figure; `None` where none has.
pub fn mean(figures: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let there: Vec<f64> = figures.into_iter().flatten().collect();
    (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
}

/// Counts of several classes at once: rows of wanted and told numbers, both above a half where a class is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Several {
    /// Of each class.
    pub counts: Vec<Counts>,
    /// How many rows are right in all classes.
    pub exact: u64,
    /// How many single answers are right.
    pub right: u64,
    /// How many rows there are.
    pub rows: u64,
}

impl Several {
    /// Adds a row.
    pub fn add(&mut self, told: &[f32], truth: &[f32]) {
        self.counts.resize(self.counts.len().max(truth.len()), Counts::default());
        let mut right = 0;
        for ((counts, told), truth) in self.counts.iter_mut().zip(told).zip(truth) {
            let (told, truly) = (*told > 0.5, *truth > 0.5);
            counts.both += u64::from(told && truly);
            counts.truly += u64::from(truly);
            counts.told += u64::from(told);
            right += u64::from(told == truly);
        }
        self.right += right;
        self.exact += u64::from(right == truth.len() as u64);
        self.rows += 1;
    }
}

/// Sums over pairs of numbers and their targets, a column a place in a row; in f64, by shifted values, so that columns far
/// from zero lose nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distances {
    rows: u64,
    columns: Vec<Column>,
}

/// Sums of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Column {
    /// Of squared errors.
    errors: f64,
    /// The mean of the targets so far, and the sum of their squared distances from it (B. P. Welford, Technometrics 4, 1962).
    mean: f64,
    spread: f64,
}

impl Distances {
    /// Adds a row.
    pub fn add(&mut self, told: &[f32], truth: &[f32]) {
        self.rows += 1;
        self.columns.resize(self.columns.len().max(truth.len()), Column::default());
        for ((column, &told), &truth) in self.columns.iter_mut().zip(told).zip(truth) {
            let (told, truth) = (f64::from(told), f64::from(truth));
            column.errors += (told - truth) * (told - truth);
            let off = truth - column.mean;
            column.mean += off / self.rows as f64;
            column.spread += off * (truth - column.mean);
        }
    }

    /// The root of the mean squared error over all numbers; `None` before the first.
    pub fn rmse(&self) -> Option<f64> {
        let errors: f64 = self.columns.iter().map(|column| column.errors).sum();
        let count = self.rows as f64 * self.columns.len() as f64;
        (count > 0.0).then(|| (errors / count).sqrt())
    }

    /// How much of the targets' spread is explained: `1 − Σ errors / Σ (target − mean)²`, the mean over the columns; that of
    /// a column without spread is 1 where nothing is wrong in it, else 0. `None` for fewer than two rows.
    pub fn r2(&self) -> Option<f64> {
        let of = |column: &Column| match (column.errors == 0.0, column.spread == 0.0) {
            (true, _) => 1.0,
            (false, true) => 0.0,
            _ => 1.0 - column.errors / column.spread,
        };
        let sum: f64 = self.columns.iter().map(of).sum();
        (self.rows > 1 && !self.columns.is_empty()).then(|| sum / self.columns.len() as f64)
    }
}

/// Whether the class is among the `k` of the highest scores; of equal ones the first come first.
pub fn is_among(scores: &[f32], class: usize, k: usize) -> bool {
    let Some(&own) = scores.get(class) else { return false };
    let ahead = scores.iter().enumerate().filter(|&(at, &score)| score > own || score == own && at < class);
    !own.is_nan() && ahead.count() < k
}

/// The area under the receiver's curve: how often a sample of the class has a higher score than one that is not of it, a tie
/// counting half (J. Hanley and B. McNeil, "The meaning and use of the area under a receiver operating characteristic
/// curve", Radiology 143, 1982). Pairs of a score and whether the sample is of the class; `None` where all are, or none is,
/// or a score is no number.
pub fn area_under_curve(samples: impl IntoIterator<Item = (f64, bool)>) -> Option<f64> {
    let mut samples: Vec<(f64, bool)> = samples.into_iter().collect();
    if samples.iter().any(|(score, _)| score.is_nan()) {
        return None;
    }
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Of each sample of the class, twice as many others as are below it, and as many as have its score.
    let (mut below, mut twice, mut there) = (0u64, 0u64, 0u64);
    for alike in samples.chunk_by(|a, b| a.0 == b.0) {
        let of_it = alike.iter().filter(|(_, is)| *is).count() as u64;
        let others = alike.len() as u64 - of_it;
        twice += of_it * (2 * below + others);
        below += others;
        there += of_it;
    }
    let pairs = 2.0 * there as f64 * below as f64;
    (pairs > 0.0).then(|| twice as f64 / pairs)
}
