//! What samples are labelled with: a class each, or a class at each of their positions; several classes at once; numbers.

use fovea_graph::Tensor;
use ndarray::{ArrayD, Axis};

/// The labels of a data set's samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// A class a sample: indices into the classes' names.
    Class(Vec<u32>),
    /// A class at every position: `[N, H, W]`, in row-major layout.
    Map(ArrayD<u32>),
    /// Of each class whether the sample has it, 0 or 1: `[N, K]`, in row-major layout.
    Several(Tensor),
    /// Numbers: `[N, …]`, in row-major layout.
    Numbers(Tensor),
}

/// What kind of labels samples have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// None.
    Nothing,
    /// A class a sample, or at every position.
    Classes,
    /// Any of so many classes at once.
    Several(usize),
    /// Numbers of this shape.
    Numbers(Vec<usize>),
}

impl Labels {
    /// How many samples are labelled.
    pub fn len(&self) -> usize {
        let samples = |dims: &[usize]| dims.first().copied().unwrap_or(0);
        match self {
            Labels::Class(labels) => labels.len(),
            Labels::Map(maps) => samples(maps.shape()),
            Labels::Several(values) | Labels::Numbers(values) => samples(values.shape()),
        }
    }

    /// Whether no sample is labelled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their kind.
    pub fn kind(&self) -> LabelKind {
        match self {
            Labels::Class(labels) if labels.is_empty() => LabelKind::Nothing,
            Labels::Class(_) | Labels::Map(_) => LabelKind::Classes,
            Labels::Several(values) => LabelKind::Several(values.shape().get(1).copied().unwrap_or(0)),
            Labels::Numbers(values) => LabelKind::Numbers(values.shape().get(1..).unwrap_or_default().to_vec()),
        }
    }

    /// Where in a sample its classes are: `[H, W]`, or `[]` where it is labelled as a whole.
    pub fn positions(&self) -> &[usize] {
        match self {
            Labels::Map(maps) => maps.shape().get(1..).unwrap_or_default(),
            Labels::Class(_) | Labels::Several(_) | Labels::Numbers(_) => &[],
        }
    }

    /// How many classes a sample is told: 1, or one at each position.
    pub fn per_picture(&self) -> usize {
        self.positions().iter().product()
    }

    /// The classes of sample `index`, one for each position in row-major order; empty where there is no such sample, or
    /// where it has none of its own.
    pub fn of(&self, index: usize) -> &[u32] {
        part(self.all(), self.per_picture(), index)
    }

    /// What sample `index` is labelled with, where that is no class: numbers, or 0 and 1 for each class.
    pub fn values(&self, index: usize) -> &[f32] {
        match self {
            Labels::Class(_) | Labels::Map(_) => &[],
            Labels::Several(values) | Labels::Numbers(values) => {
                let size = values.shape().get(1..).unwrap_or_default().iter().product();
                part(values.as_slice().unwrap_or_default(), size, index)
            }
        }
    }

    /// The class of sample `index`, where samples have a class each.
    pub fn class(&self, index: usize) -> Option<u32> {
        match self {
            Labels::Class(labels) => labels.get(index).copied(),
            Labels::Map(_) | Labels::Several(_) | Labels::Numbers(_) => None,
        }
    }

    /// All classes, a sample's together; none where samples have no class of their own.
    pub fn all(&self) -> &[u32] {
        match self {
            Labels::Class(labels) => labels,
            Labels::Map(maps) => maps.as_slice().unwrap_or_default(),
            Labels::Several(_) | Labels::Numbers(_) => &[],
        }
    }

    /// The labels of these samples, in this order; those that there are not are left out.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let known: Vec<usize> = indices.iter().copied().filter(|&index| index < self.len()).collect();
        match self {
            Labels::Class(labels) => Labels::Class(known.iter().map(|&index| labels[index]).collect()),
            Labels::Map(maps) => Labels::Map(maps.select(Axis(0), &known)),
            Labels::Several(values) => Labels::Several(values.select(Axis(0), &known)),
            Labels::Numbers(values) => Labels::Numbers(values.select(Axis(0), &known)),
        }
    }
}

/// The `index`-th of pieces of one size.
fn part<T>(all: &[T], size: usize, index: usize) -> &[T] {
    all.get(index.saturating_mul(size)..index.saturating_add(1).saturating_mul(size)).unwrap_or_default()
}
