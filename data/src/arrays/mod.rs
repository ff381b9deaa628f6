//! Arrays in npy files: samples `[N, …]`, and labels. Floating-point numbers are taken as they are; of bytes 255 becomes 1.

mod archive;
mod elements;
mod header;
mod kept;
mod labels;
mod npy;
mod odd;
mod rows;
mod samples;
mod value;

use fovea_graph::{Stop, counted};

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::{LabelKind, Labels};
use crate::part::Dealt;
use crate::room::Room;
use crate::source::{Arrays, Labelled};
use crate::split::Parts;
use labels::{Meaning, Told};
use npy::Npy;
use value::Value;

/// The files of a set, as they were when they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    samples: Npy,
    labels: Option<(Npy, Meaning)>,
    /// Each sample's class, where it has one.
    classes: Vec<u32>,
    parts: Parts,
    remarks: Vec<String>,
}

/// Looks at the files' heads, and at the labels.
pub(crate) fn open(
    arrays: &Arrays,
    size: Option<[usize; 2]>,
    stop: &dyn Stop,
) -> Result<(Description, Files), DataError> {
    if size.is_some() {
        let unfit = Unfit::new(Clause::Size, &arrays.images.path, "arrays keep the size they have");
        return Err(unfit.help("leave `size` out, or bring the pictures to size before they are saved").into());
    }
    let samples = Npy::open(Clause::Samples, &arrays.images)?;
    let shape = samples::shape(arrays, &samples)?;
    let labels = arrays.labels.as_ref().map(|file| Npy::open(Clause::Labels, file)).transpose()?;
    let (labels, told) = match labels {
        None => (None, Told::default()),
        Some(labels) => {
            let meaning = labels::meaning(&labels, &samples, &shape, arrays.read_as, stop)?;
            if arrays.labelled == Labelled::AtPositions && meaning.positions().is_empty() {
                return Err(labels::no_masks(&labels, &samples, &shape).into());
            }
            let told = labels::look(&labels, &meaning, stop)?;
            (Some((labels, meaning)), told)
        }
    };
    let positions = labels.as_ref().map_or(Vec::new(), |(_, meaning)| meaning.positions().to_vec());
    let parts = parts(arrays, &samples, &told)?;
    let Told { classes, remarks, of } = told;
    let counts = parts.counts();
    let files = Files { samples, labels, classes: of, parts, remarks };
    Ok((Description { shape, positions, classes, counts }, files))
}

/// Which samples are for training. Those without labels are one part, unless a split is asked for.
fn parts(arrays: &Arrays, samples: &Npy, told: &Told) -> Result<Parts, DataError> {
    let count = samples.header.shape[0];
    let split = match (arrays.split, &arrays.labels) {
        (None, None) => return Ok(Parts { train: (0..count).collect(), ..Parts::default() }),
        (split, _) => split.unwrap_or_default(),
    };
    let parts =
        if told.of.is_empty() { split.deal(&vec![0; count], 1) } else { split.deal(&told.of, told.classes.len()) };
    if parts.test.is_empty() {
        let message = if told.of.is_empty() {
            "it has one sample, to train on: none is left to test"
        } else {
            "each class has one sample, to train on: none is left to test"
        };
        let expected = if told.of.is_empty() { "two or more" } else { "two or more of a class" };
        return Err(samples.unfit(message).found(counted(count, "sample")).expected(expected).into());
    }
    Ok(parts)
}

impl Files {
    /// What kind of labels the samples have.
    pub(crate) fn kind(&self) -> LabelKind {
        self.labels.as_ref().map_or(LabelKind::Nothing, |(_, meaning)| meaning.kind())
    }

    /// How the samples are dealt out.
    pub(crate) fn dealt(&self) -> Dealt {
        Dealt { parts: self.parts.clone(), labels: self.classes.clone() }
    }

    /// Whether samples and labels can be had within this room.
    ///
    /// # Errors
    /// The mistake that they cannot.
    pub(crate) fn can_be_read(&self, room: &Room) -> Result<(), DataError> {
        elements::can_be_read(&self.samples, &self.value()?, room)?;
        match &self.labels {
            Some((npy, meaning)) => meaning.value(npy).map_or(Ok(()), |value| elements::can_be_read(npy, &value, room)),
            None => Ok(()),
        }
    }

    /// What the samples' elements are as numbers.
    fn value(&self) -> Result<Value, DataError> {
        Value::of_samples(&self.samples.header.element).ok_or_else(|| self.samples.changed())
    }

    /// The labels.
    fn labels(&self, room: &Room, stop: &dyn Stop) -> Result<Labels, DataError> {
        let Some((npy, meaning)) = &self.labels else { return Ok(Labels::Class(Vec::new())) };
        let read = |value, shape: &[usize]| elements::read(npy, value, shape, room, stop);
        Ok(match (meaning, meaning.value(npy)) {
            (Meaning::Classes(positions), Some(value)) => Labels::Map(read(value, positions)?),
            (Meaning::Several(classes), Some(value)) => Labels::Several(read(value, &[*classes])?),
            (Meaning::Numbers(shape), Some(value)) => Labels::Numbers(read(value, shape)?),
            (Meaning::OneOf(_), _) | (_, None) => {
                npy.file()?;
                Labels::Class(self.classes.clone())
            }
        })
    }

    /// Reads the samples.
    pub(crate) fn load(
        &self,
        name: &str,
        known: &Description,
        room: &Room,
        stop: &dyn Stop,
    ) -> Result<Dataset, DataError> {
        let labels = self.labels(room, stop)?;
        let images = elements::read(&self.samples, self.value()?, &known.shape, room, stop)?;
        let data = Dataset::new(name, images, labels, known.classes.clone()).dealt(self.parts.clone());
        let attribution = format!("samples of `{}`", self.samples.path.display());
        Ok(Dataset { attribution, remarks: self.remarks.clone(), ..data })
    }
}
