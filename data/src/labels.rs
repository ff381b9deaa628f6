//! What samples are labelled with: a class each, or a class at each of their positions; several classes at once; numbers.
//!
//! A class a sample is held in memory. What else labels say is as large as the samples themselves may be, and is held or
//! read by its number as they are.

use fovea_graph::Stop;

use crate::error::DataError;
use crate::samples::Samples;

/// The labels of a data set's samples.
#[derive(Clone, Debug)]
pub enum Labels {
    /// A class a sample: indices into the classes' names.
    Class(Vec<u32>),
    /// A class at every position, `[N, H, W]`: whole numbers, which 32 bits hold as they are.
    Map(Samples),
    /// Of each class whether the sample has it, 0 or 1: `[N, K]`.
    Several(Samples),
    /// Numbers: `[N, …]`.
    Numbers(Samples),
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
        match self {
            Labels::Class(labels) => labels.len(),
            Labels::Map(all) | Labels::Several(all) | Labels::Numbers(all) => all.len(),
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
            Labels::Several(all) => LabelKind::Several(all.size()),
            Labels::Numbers(all) => LabelKind::Numbers(all.shape().to_vec()),
        }
    }

    /// Where in a sample its classes are: `[H, W]`, or `[]` where it is labelled as a whole.
    pub fn positions(&self) -> &[usize] {
        match self {
            Labels::Map(maps) => maps.shape(),
            Labels::Class(_) | Labels::Several(_) | Labels::Numbers(_) => &[],
        }
    }

    /// How many classes a sample is told: 1, or one at each position.
    pub fn per_picture(&self) -> usize {
        self.positions().iter().product()
    }

    /// How many numbers a sample's label is: 1 where it is a class.
    pub fn size(&self) -> usize {
        self.shaped().map_or(1, Samples::size)
    }

    /// The class of each sample, where samples have one each; else none.
    pub fn classes(&self) -> &[u32] {
        if let Labels::Class(labels) = self { labels } else { &[] }
    }

    /// The class of sample `index`, where samples have a class each.
    pub fn class(&self, index: usize) -> Option<u32> {
        self.classes().get(index).copied()
    }

    /// Whether all of them are in memory.
    pub fn are_held(&self) -> bool {
        self.shaped().is_none_or(|all| all.held().is_some())
    }

    /// Those that are more than a class a sample.
    pub(crate) fn shaped(&self) -> Option<&Samples> {
        match self {
            Labels::Class(_) => None,
            Labels::Map(all) | Labels::Several(all) | Labels::Numbers(all) => Some(all),
        }
    }

    /// Writes the labels of these samples one after the other, as numbers: classes in row-major order of the positions,
    /// 0 and 1 for each class, or numbers.
    ///
    /// # Errors
    /// Files that cannot be read any more, or have changed; [`DataError::Interrupted`] where `stop` ends it.
    ///
    /// # Panics
    /// There is no such sample, or `values` has another length.
    pub fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        match self {
            Labels::Class(labels) => {
                assert_eq!(values.len(), indices.len(), "a number a sample");
                values.iter_mut().zip(indices).for_each(|(value, &index)| *value = labels[index] as f32);
                Ok(())
            }
            Labels::Map(all) | Labels::Several(all) | Labels::Numbers(all) => all.read(indices, values, stop),
        }
    }

    /// Gives the labels of these samples, those of one sample at a time, as [`Labels::read`] writes them.
    ///
    /// # Errors
    /// As [`Labels::read`].
    pub fn each(&self, indices: &[usize], stop: &dyn Stop, mut give: impl FnMut(&[f32])) -> Result<(), DataError> {
        let Some(all) = self.shaped() else {
            let labels = self.classes();
            indices.iter().for_each(|&index| give(&[labels[index] as f32]));
            return Ok(());
        };
        all.each(indices, stop, give)
    }

    /// What one sample is labelled with, as [`Labels::read`] writes it; nothing where it has no label.
    ///
    /// # Errors
    /// As [`Labels::read`].
    pub fn get(&self, index: usize, stop: &dyn Stop) -> Result<Vec<f32>, DataError> {
        if index >= self.len() {
            return Ok(Vec::new());
        }
        let mut values = vec![0.0; self.size()];
        self.read(&[index], &mut values, stop)?;
        Ok(values)
    }

    /// The classes of sample `index`, one for each position in row-major order; none where it is labelled with no class of
    /// its own.
    ///
    /// # Errors
    /// As [`Labels::read`].
    pub fn of(&self, index: usize, stop: &dyn Stop) -> Result<Vec<u32>, DataError> {
        match self {
            Labels::Class(_) | Labels::Map(_) => {
                Ok(self.get(index, stop)?.into_iter().map(|class| class as u32).collect())
            }
            Labels::Several(_) | Labels::Numbers(_) => Ok(Vec::new()),
        }
    }
}
