//! What pictures are labelled with: a class each, or a class at each of their positions.

use ndarray::{ArrayD, Axis};

/// The labels of a data set's pictures; each is an index into the classes' names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Labels {
    /// A class a picture.
    Class(Vec<u32>),
    /// A class at every position: `[N, H, W]`, in row-major layout.
    Map(ArrayD<u32>),
}

impl Labels {
    /// How many pictures are labelled.
    pub fn len(&self) -> usize {
        match self {
            Labels::Class(labels) => labels.len(),
            Labels::Map(maps) if maps.ndim() == 0 => 0,
            Labels::Map(maps) => maps.len_of(Axis(0)),
        }
    }

    /// Whether no picture is labelled.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where in a picture the labels are: `[H, W]`, or `[]` for a class a picture.
    pub fn positions(&self) -> &[usize] {
        match self {
            Labels::Class(_) => &[],
            Labels::Map(maps) => maps.shape().get(1..).unwrap_or_default(),
        }
    }

    /// How many labels a picture has.
    pub fn per_picture(&self) -> usize {
        self.positions().iter().product()
    }

    /// The labels of picture `index`, one for each position in row-major order; empty where there is no such picture.
    pub fn of(&self, index: usize) -> &[u32] {
        let size = self.per_picture();
        let range = index.saturating_mul(size)..index.saturating_add(1).saturating_mul(size);
        self.all().get(range).unwrap_or_default()
    }

    /// The class of picture `index`, where pictures have a class each.
    pub fn class(&self, index: usize) -> Option<u32> {
        match self {
            Labels::Class(labels) => labels.get(index).copied(),
            Labels::Map(_) => None,
        }
    }

    /// All labels, a picture's together.
    pub fn all(&self) -> &[u32] {
        match self {
            Labels::Class(labels) => labels,
            Labels::Map(maps) => maps.as_slice().unwrap_or_default(),
        }
    }
}
