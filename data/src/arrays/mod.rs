//! Arrays in npy files: samples `[N, …]`, and labels. Floating-point numbers are taken as they are; of bytes 255 becomes 1.

mod archive;
mod header;
mod labels;
mod npy;
mod rows;
mod samples;

use fovea_graph::{Stop, counted};

use crate::augment::Augment;
use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::normalize::Normalize;
use crate::part::Dealt;
use crate::room::Room;
use crate::source::{Arrays, Labelled};
use crate::split::Parts;
use labels::Told;
use npy::Npy;

/// The files of a set, as they were when they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    samples: Npy,
    labels: Option<Npy>,
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
    let (positions, told) = match &labels {
        None => (Vec::new(), Told::default()),
        Some(labels) => {
            let positions = labels::positions(labels, &samples, &shape)?;
            if arrays.labelled == Labelled::AtPositions && positions.is_empty() {
                return Err(labels::no_masks(labels, &samples, &shape).into());
            }
            let told = labels::look(labels, &positions, stop)?;
            (positions, told)
        }
    };
    let parts = parts(arrays, &samples, &told)?;
    let Told { classes, remarks, of } = told;
    let counts = parts.counts();
    let files = Files { samples, labels, classes: of, parts, remarks };
    Ok((Description { shape, positions, classes, counts }, files))
}

/// Which samples are for training; none of those without labels.
fn parts(arrays: &Arrays, samples: &Npy, told: &Told) -> Result<Parts, DataError> {
    let count = samples.header.shape[0];
    if told.classes.is_empty() {
        if arrays.split.is_some() {
            let unfit = Unfit::new(
                Clause::Split,
                &arrays.images.path,
                "without labels there is nothing to train on, nor to split",
            );
            return Err(unfit.help("`labels \"y.npy\"` says what the samples are; or leave `split` out").into());
        }
        return Ok(Parts { test: (0..count).collect(), ..Parts::default() });
    }
    let split = arrays.split.unwrap_or_default();
    let parts =
        if told.of.is_empty() { split.deal(&vec![0; count], 1) } else { split.deal(&told.of, told.classes.len()) };
    if parts.test.is_empty() {
        let unfit = samples.unfit("each class has one sample, to train on: none is left to test");
        return Err(unfit.found(counted(count, "sample")).expected("two or more of a class").into());
    }
    Ok(parts)
}

impl Files {
    /// How the samples are dealt out.
    pub(crate) fn dealt(&self) -> Dealt {
        Dealt { parts: self.parts.clone(), labels: self.classes.clone() }
    }

    /// Whether each sample is in one place of its file.
    ///
    /// # Errors
    /// The mistake that it is not.
    pub(crate) fn can_be_read_by_number(&self) -> Result<(), DataError> {
        if self.samples.packed.is_some() {
            let unfit = self.samples.unfit("its samples are packed, and they are too many to hold");
            return Err(unfit.help("save it with `numpy.savez`: each sample is then read when it is its turn").into());
        }
        if !self.samples.header.is_fortran {
            return Ok(());
        }
        let message = "its samples do not lie one behind the other (Fortran order), and they are too many to hold";
        let help = "save it as `numpy.ascontiguousarray(x)`: each sample is then read when it is its turn";
        Err(self.samples.unfit(message).help(help).into())
    }

    /// Reads the samples.
    pub(crate) fn load(
        &self,
        name: &str,
        known: &Description,
        room: &Room,
        stop: &dyn Stop,
    ) -> Result<Dataset, DataError> {
        let labels = match &self.labels {
            Some(labels) => labels::read(labels, &known.positions, stop)?,
            None => Labels::Class(Vec::new()),
        };
        Ok(Dataset {
            name: name.to_string(),
            images: samples::read(&self.samples, &known.shape, room, stop)?,
            labels,
            classes: known.classes.clone(),
            train: self.parts.train.clone(),
            validation: self.parts.validation.clone(),
            test: self.parts.test.clone(),
            augment: Augment::default(),
            normalize: Normalize::default(),
            attribution: format!("samples of `{}`", self.samples.path.display()),
            left_out: Vec::new(),
            remarks: self.remarks.clone(),
        })
    }
}
