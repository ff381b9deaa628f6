//! The classic sets, MNIST and its kin and CIFAR's, from the files that everybody has of them.

mod cifar;
mod find;
mod idx;
mod packed;
mod records;
mod sets;

use std::sync::Arc;

use fovea_graph::shape::join;
use fovea_graph::{Stop, counted};

use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::labels::Labels;
use crate::part::Dealt;
use crate::split::Parts;
use crate::resize::Resize;
use crate::samples::{Samples, Source};
use crate::source::Classic;
use packed::{Archives, Packed};
use records::{Opened, Records};
pub use sets::ClassicSet;
use sets::Form;

/// The files of a set, as they were when they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    set: ClassicSet,
    parts: Vec<Records>,
    /// Of all pictures, the training part's first.
    labels: Vec<u32>,
    train: usize,
}

/// Looks at the files' heads, and at the labels.
pub(crate) fn open(
    classic: &Classic,
    size: Option<[usize; 2]>,
    stop: &dyn Stop,
) -> Result<(Description, Files), DataError> {
    let (set, classes) = (classic.set, classic.set.classes().len());
    let (mut parts, mut labels, mut counts) = (Vec::new(), Vec::new(), [0, 0]);
    let mut archives = Archives::default();
    let [train, test] = find::files(set, &classic.folder)?;
    for (part, files) in [train, test].into_iter().enumerate() {
        let opened = match (set.form(), &files[..]) {
            (Form::Idx, [pictures, labels]) => vec![idx::open(pictures.clone(), labels, classes, stop)?],
            (Form::Idx, _) => Vec::new(),
            (Form::Records { labels }, files) => {
                let open = |file: &Packed| cifar::open(file.clone(), labels, classes, &mut archives, stop);
                let each = files.iter().map(open);
                each.collect::<Result<_, _>>()?
            }
        };
        for (records, of) in opened {
            counts[part] += records.count;
            labels.extend(of);
            parts.push(records);
        }
    }
    let shape = common(&parts)?;
    let [height, width] = size.unwrap_or([shape[0], shape[1]]);
    let description = Description {
        shape: vec![height, width, shape[2]],
        positions: Vec::new(),
        classes: set.classes().iter().map(ToString::to_string).collect(),
        counts: Counts { train: counts[0], test: counts[1] },
    };
    Ok((description, Files { set, parts, labels, train: counts[0] }))
}

/// The shape that all pictures have.
fn common(parts: &[Records]) -> Result<[usize; 3], DataError> {
    let first = parts.first().map_or([1, 1, 1], |first| first.shape);
    let Some(other) = parts.iter().find(|records| records.shape != first) else { return Ok(first) };
    let message = format!(
        "its pictures are {}, and those of `{}` are {}: a net takes one size",
        join(&other.shape),
        parts[0].file.path.display(),
        join(&first)
    );
    Err(other.file.unfit(message).found(join(&other.shape)).expected(join(&first)).into())
}

impl Files {
    /// How the pictures are dealt out.
    pub(crate) fn dealt(&self) -> Dealt {
        let parts = Parts { train: (0..self.train).collect(), test: (self.train..self.labels.len()).collect() };
        Dealt { parts, labels: self.labels.clone() }
    }

    /// Reads the pictures.
    pub(crate) fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let mut archives = Archives::default();
        let parts = self.parts.iter().map(|records| records.open(&mut archives, stop));
        let parts: Vec<Opened> = parts.collect::<Result<_, _>>()?;
        let (from, to) = (self.parts[0].shape, &known.shape);
        let resize = ([from[0], from[1]] != [to[0], to[1]]).then(|| Resize::new([from[0], from[1]], [to[0], to[1]]));
        let pictures = Pictures { parts, resize };
        let count = self.labels.len();
        let Parts { train, test } = self.dealt().parts;
        Ok(Dataset {
            name: name.to_string(),
            images: Samples::of(Arc::new(pictures), count, &known.shape),
            labels: Labels::Class(self.labels.clone()),
            classes: known.classes.clone(),
            train,
            test,
            attribution: self.set.attribution().to_string(),
            left_out: Vec::new(),
            remarks: self.remarks(),
        })
    }

    /// Says so where the files are not those of everybody.
    fn remarks(&self) -> Vec<String> {
        let [train, test] = self.set.usual().1;
        let (count, title) = (self.labels.len(), self.set.title());
        let usual = train + test;
        let is_usual = self.train == train && count == usual;
        let remark = || format!("{title} has {} in all, and these files {count}", counted(usual, "picture"));
        if is_usual { Vec::new() } else { vec![remark()] }
    }
}

/// Pictures of a set, to read by their numbers.
#[derive(Debug)]
struct Pictures {
    parts: Vec<Opened>,
    resize: Option<Resize>,
}

impl Source for Pictures {
    fn read(&self, indices: &[usize], values: &mut [f32], stop: &dyn Stop) -> Result<(), DataError> {
        let size = values.len() / indices.len().max(1);
        for pair in stop.each(indices.iter().zip(values.chunks_exact_mut(size.max(1)))) {
            let (&index, slot) = pair?;
            let mut at = index;
            let part = self.parts.iter().find(|part| {
                let is_here = at < part.count();
                at -= if is_here { 0 } else { part.count() };
                is_here
            });
            if let Some(part) = part {
                part.read(at, self.resize.as_ref(), slot)?;
            }
        }
        Ok(())
    }
}
