//! The classic sets, MNIST and its kin and CIFAR's, from the files that everybody has of them.

mod absent;
mod cifar;
#[cfg(feature = "fetch")]
mod fetch;
mod find;
mod idx;
mod packed;
mod records;
pub(crate) mod sets;

use std::path::Path;
use std::sync::Arc;

use fovea_graph::shape::join;
use fovea_graph::{Stop, counted};

use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::part::Dealt;
use crate::resize::Resize;
use crate::samples::{Samples, Source};
use crate::source::{Classic, Home};
use crate::split::Parts;
use crate::stamp;
pub(crate) use absent::Absent;
pub use absent::Fetched;
use packed::{Archives, Packed};
use records::{Opened, Records};
use sets::{ClassicSet, Form};

/// The files of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    Here(Here),
    Absent(Absent),
}

/// Files as they were when they were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Here {
    set: ClassicSet,
    parts: Vec<Records>,
    /// Of all pictures, the training part's first.
    labels: Vec<u32>,
    train: usize,
}

/// Looks at the files' heads, and at the labels; what is not here yet is known by its name.
pub(crate) fn open(
    classic: &Classic,
    size: Option<[usize; 2]>,
    stop: &dyn Stop,
) -> Result<(Description, Files), DataError> {
    let set = classic.set;
    let absent = match &classic.home {
        Home::Folder(folder) => return look(set, folder, size, stop),
        Home::Cache { folder, mirror } => Absent { set, folder: folder.clone(), mirror: mirror.clone() },
    };
    if let Some(folder) = absent.found() {
        return look(set, folder, size, stop);
    }
    let (shape, [train, test]) = set.usual();
    Ok((description(set, shape, size, [train, test]), Files::Absent(absent)))
}

fn description(set: ClassicSet, shape: [usize; 3], size: Option<[usize; 2]>, [train, test]: [usize; 2]) -> Description {
    let [height, width] = size.unwrap_or([shape[0], shape[1]]);
    Description {
        shape: vec![height, width, shape[2]],
        positions: Vec::new(),
        classes: set.classes().iter().map(ToString::to_string).collect(),
        counts: Counts { train, validation: 0, test },
    }
}

/// The first pictures are for training, the rest up to `all` for testing.
fn dealt(train: usize, all: usize) -> Parts {
    Parts { train: (0..train).collect(), test: (train..all).collect(), ..Parts::default() }
}

/// Looks at the files in a folder.
fn look(
    set: ClassicSet,
    folder: &Path,
    size: Option<[usize; 2]>,
    stop: &dyn Stop,
) -> Result<(Description, Files), DataError> {
    let classes = set.classes().len();
    let (mut parts, mut labels, mut counts) = (Vec::new(), Vec::new(), [0, 0]);
    let mut archives = Archives::default();
    let [train, test] = find::files(set, folder)?;
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
    let here = Here { set, parts, labels, train: counts[0] };
    Ok((description(set, shape, size, counts), Files::Here(here)))
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
    /// How the pictures are dealt out; what is not here yet has no labels.
    pub(crate) fn dealt(&self) -> Dealt {
        match self {
            Files::Here(here) => here.dealt(),
            Files::Absent(absent) => {
                let [train, test] = absent.set.usual().1;
                let parts = dealt(train, train + test);
                Dealt { parts, labels: Vec::new() }
            }
        }
    }

    /// What is to be fetched before it can be read.
    pub(crate) fn absent(&self) -> Option<&Absent> {
        match self {
            Files::Absent(absent) if absent.found().is_none() => Some(absent),
            _ => None,
        }
    }

    /// Reads the pictures; what is not here is fetched.
    pub(crate) fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let absent = match self {
            Files::Here(here) => return here.load(name, known, stop),
            Files::Absent(absent) => absent,
        };
        let folder = absent.fetch(&mut |_| (), stop)?;
        let size = [known.shape[0], known.shape[1]];
        match look(absent.set, folder, Some(size), stop)? {
            (known, Files::Here(here)) => here.load(name, &known, stop),
            (_, Files::Absent(_)) => Err(Unfit::new(Clause::Samples, folder, stamp::CHANGED).into()),
        }
    }
}

impl Here {
    /// How the pictures are dealt out.
    fn dealt(&self) -> Dealt {
        let parts = dealt(self.train, self.labels.len());
        Dealt { parts, labels: self.labels.clone() }
    }

    /// Reads the pictures.
    fn load(&self, name: &str, known: &Description, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let mut archives = Archives::default();
        let parts = self.parts.iter().map(|records| records.open(&mut archives, stop));
        let parts: Vec<Opened> = parts.collect::<Result<_, _>>()?;
        let (from, to) = (self.parts[0].shape, &known.shape);
        let resize = ([from[0], from[1]] != [to[0], to[1]]).then(|| Resize::new([from[0], from[1]], [to[0], to[1]]));
        let pictures = Pictures { parts, resize };
        let count = self.labels.len();
        let (images, labels) =
            (Samples::of(Arc::new(pictures), count, &known.shape), Labels::Class(self.labels.clone()));
        let data = Dataset::new(name, images, labels, known.classes.clone()).dealt(self.dealt().parts);
        Ok(Dataset { attribution: self.set.attribution().to_string(), remarks: self.remarks(), ..data })
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
