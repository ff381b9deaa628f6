//! What walking all of a data set has found, kept with it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::digest::Digest;
use crate::samples::Samples;

/// How often each class is among labels, at their positions where they have such.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// By class, of all samples. There may be more than there are classes: what belongs to none is counted too.
    pub all: Vec<u64>,
    /// By class, of the training part.
    pub train: Vec<u64>,
    /// A label that is far from any class.
    pub beyond: Option<u32>,
}

/// What walking all values gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The mean of each channel over the training part.
    pub mean: Vec<f64>,
    /// The standard deviation of each channel over the training part.
    pub deviation: Vec<f64>,
    /// A digest of all that training and tests see: shapes, class names, parts, augmentation, labels and values.
    pub digest: u64,
}

/// What was found before. It belongs to the very samples, labels and parts that it was found of: of others it is found anew.
#[derive(Clone, Debug, Default)]
pub struct Found(Arc<Mutex<Option<Of>>>);

/// What was found, and of what.
#[derive(Clone, Debug)]
pub(crate) struct Of {
    /// The digest of all that is no file: shapes, names, parts, augmentation, and a class a sample.
    pub key: u64,
    pub images: Samples,
    /// Labels that are more than a class a sample.
    pub labels: Option<Samples>,
    /// How often each class is there, and the digest behind the labels.
    pub counts: Option<(Arc<ClassCounts>, Digest)>,
    pub measured: Option<Arc<Measured>>,
}

impl Found {
    /// What is known by now of data of this key.
    pub(crate) fn of(&self, key: &Digest, images: &Samples, labels: Option<&Samples>) -> Of {
        let is_of_these = |of: &&Of| {
            let same_labels = match (&of.labels, labels) {
                (Some(one), Some(two)) => one.are(two),
                (one, two) => one.is_none() && two.is_none(),
            };
            of.key == key.value() && of.images.are(images) && same_labels
        };
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.as_ref().filter(is_of_these).cloned().unwrap_or_else(|| Of {
            key: key.value(),
            images: images.clone(),
            labels: labels.cloned(),
            counts: None,
            measured: None,
        })
    }

    /// Keeps what was found.
    pub(crate) fn keep(&self, of: Of) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(of);
    }
}
