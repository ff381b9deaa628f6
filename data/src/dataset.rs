//! Labelled pictures.

use crate::augment::Augment;
use crate::found::Found;
use crate::labels::Labels;
use crate::normalize::Normalize;
use crate::samples::Samples;

/// Labelled pictures, split into a training and a test part, and perhaps one for validation.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The name under which it was asked for.
    pub name: String,
    /// All pictures, `HxWxC`, values in 0..1; or whatever samples somebody's arrays have.
    pub images: Samples,
    /// The class of each picture, or of each of its positions: indices into `classes`. Empty where nothing is labelled.
    pub labels: Labels,
    /// The classes' names.
    pub classes: Vec<String>,
    /// Which pictures are for training.
    pub train: Vec<usize>,
    /// Which pictures a training is watched by, while the test part is left alone; none is in another part. Often empty.
    pub validation: Vec<usize>,
    /// Which pictures are for testing; none of them is in `train`.
    pub test: Vec<usize>,
    /// What training pictures are changed by at random.
    pub augment: Augment,
    /// What the values are brought to before a net sees them.
    pub normalize: Normalize,
    /// Who made it, and under which licence it may be used.
    pub attribution: String,
    /// Files that are no pictures and were left out, as was asked for: each with why.
    pub left_out: Vec<String>,
    /// What else is worth knowing about the files, a sentence each.
    pub remarks: Vec<String>,
    /// What walking all of it has found: [`Dataset::measured`], [`Dataset::class_counts`].
    pub found: Found,
}

impl Dataset {
    /// Samples with their labels, in no part yet, as they are.
    pub fn new(name: &str, images: Samples, labels: Labels, classes: Vec<String>) -> Self {
        Self {
            name: name.to_string(),
            images,
            labels,
            classes,
            train: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
            augment: Augment::default(),
            normalize: Normalize::default(),
            attribution: String::new(),
            left_out: Vec::new(),
            remarks: Vec::new(),
            found: Found::default(),
        }
    }

    /// One picture's shape, `[H, W, C]`.
    pub fn shape(&self) -> &[usize] {
        self.images.shape()
    }

    /// The part that a training is watched by: the one for validation, or else the test part.
    pub fn watched(&self) -> &[usize] {
        if self.validation.is_empty() { &self.test } else { &self.validation }
    }
}

/// How many pictures each part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The training part.
    pub train: usize,
    /// The part that a training is watched by; often 0.
    pub validation: usize,
    /// The test part.
    pub test: usize,
}

impl Counts {
    /// All of them.
    pub fn all(self) -> usize {
        self.train + self.validation + self.test
    }

    /// How many a training is watched by: those of the part for validation, or else of the test part.
    pub fn watched(self) -> usize {
        if self.validation == 0 { self.test } else { self.validation }
    }
}
