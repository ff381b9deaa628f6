//! The labels of an npy file.

use fovea_graph::{Stop, counted};
use ndarray::ArrayD;

use super::header::{Element, Kind};
use super::npy::{Npy, tuple};
use crate::error::{DataError, Unfit};
use crate::labels::Labels;

/// The most classes that are told apart.
const MAX_CLASSES: i64 = 1 << 16;

/// Where in a sample the labels are, for samples of a shape.
pub(super) fn positions(npy: &Npy, samples: &Npy, shape: &[usize]) -> Result<Vec<usize>, DataError> {
    let (found, count) = (&npy.header.shape, samples.header.shape[0]);
    let name = npy.header.element.name();
    let possible = "a class is a whole number: (N,) has one a sample, (N, H, W) one at every position";
    match npy.header.element.kind {
        Kind::Signed | Kind::Unsigned | Kind::Bool => {}
        Kind::Float => {
            let unfit = npy.unfit(format!("its labels are {name}, and nets are trained toward classes alone"));
            let help = format!("{possible}; `y.astype(\"int64\")` before it is saved, where these are classes");
            return Err(unfit.found(name).expected("whole numbers").help(help).into());
        }
        Kind::Other(_) => {
            let unfit = npy.unfit(format!("its labels are {name}")).found(name).expected("whole numbers");
            return Err(unfit.help(possible).into());
        }
    }
    npy.whole()?;
    let places = &shape[..shape.len() - 1];
    let expected = format!("{} or {}", tuple(&[count]), tuple(&[&[count], places].concat()));
    if found.first() != Some(&count) {
        let of = |n: usize| counted(n, "sample");
        let message = match found.first() {
            Some(&labelled) => {
                format!("it labels {}, and `{}` has {}", of(labelled), samples.path.display(), of(count))
            }
            None => "it is one number".to_string(),
        };
        return Err(npy.unfit(message).found(npy.shape()).expected(expected).into());
    }
    match &found[1..] {
        // Keras keeps a class a sample so.
        [] | [1] => Ok(Vec::new()),
        own if own.len() > 1 && own == places => Ok(own.to_vec()),
        [classes] => {
            let message = format!("it has {classes} numbers a sample, and nets are trained toward one class alone");
            let help = format!("{possible}; `y.argmax(axis=1)` before it is saved, where one of {classes} is set");
            Err(npy.unfit(message).found(npy.shape()).expected(expected).help(help).into())
        }
        _ => {
            let message =
                format!("its labels do not lie on the samples, `{}` of {}", samples.path.display(), samples.shape());
            Err(npy.unfit(message).found(npy.shape()).expected(expected).help(possible).into())
        }
    }
}

/// The mistake of masks that have a class a sample.
pub(super) fn no_masks(npy: &Npy, samples: &Npy, shape: &[usize]) -> Unfit {
    let expected = tuple(&[&samples.header.shape[..1], &shape[..shape.len() - 1]].concat());
    let unfit = npy.unfit("it has a class a sample, and masks have one at every position").found(npy.shape());
    unfit.expected(expected).help("`labels` is before classes of samples")
}

/// What the labels tell of the classes.
#[derive(Default)]
pub(super) struct Told {
    pub classes: Vec<String>,
    /// Each sample's class, where it has one.
    pub of: Vec<u32>,
    pub remarks: Vec<String>,
}

/// Looks at all labels; keeps them where a sample has one.
pub(super) fn look(npy: &Npy, positions: &[usize], stop: &dyn Stop) -> Result<Told, DataError> {
    let mut counts: Vec<u64> = Vec::new();
    let mut of = Vec::new();
    each(npy, stop, |label| {
        let class = label as usize;
        if counts.len() <= class {
            counts.resize(class + 1, 0);
        }
        counts[class] += 1;
        if positions.is_empty() {
            of.push(label);
        }
    })?;
    if counts.len() < 2 {
        let unfit = npy.unfit("all its labels are 0: there is nothing to tell apart").found("one class");
        return Err(unfit.expected("two classes or more").into());
    }
    let missing: Vec<String> =
        (0..counts.len()).filter(|&class| counts[class] == 0).map(|class| class.to_string()).collect();
    let remark = match &missing[..] {
        [] => None,
        [first, ..] => {
            let (classes, count) = (counts.len(), missing.len());
            let them = if count <= 8 { missing.join(", ") } else { format!("{first} and {} more", count - 1) };
            Some(format!("`{}` counts {classes} classes, and nothing is of class {them}", npy.path.display()))
        }
    };
    let classes = (0..counts.len()).map(|class| class.to_string()).collect();
    Ok(Told { classes, of, remarks: remark.into_iter().collect() })
}

/// Reads all labels.
pub(super) fn read(npy: &Npy, positions: &[usize], stop: &dyn Stop) -> Result<Labels, DataError> {
    let shape = if positions.is_empty() { &npy.header.shape[..1] } else { &npy.header.shape[..] };
    let mut labels = ArrayD::<u32>::zeros(shape);
    {
        let view = labels.view_mut();
        let mut slots = if npy.header.is_fortran { view.reversed_axes() } else { view }.into_iter();
        each(npy, stop, |label| {
            if let Some(slot) = slots.next() {
                *slot = label;
            }
        })?;
    }
    Ok(if positions.is_empty() { Labels::Class(labels.into_iter().collect()) } else { Labels::Map(labels) })
}

/// Gives each label, in the order of the file; those that are no class are a mistake.
fn each(npy: &Npy, stop: &dyn Stop, mut give: impl FnMut(u32)) -> Result<(), DataError> {
    let (mut place, mut wrong) = (0, None);
    npy.read(stop, |bytes| {
        let label = whole(&npy.header.element, bytes);
        if (0..MAX_CLASSES).contains(&label) {
            give(label as u32);
        } else {
            wrong.get_or_insert((label, place));
        }
        place += 1;
    })?;
    let Some((label, place)) = wrong else { return Ok(()) };
    let message = format!("the label {label} of sample {} is no class", npy.sample(place));
    let expected = if label < 0 { "classes counted from 0".into() } else { format!("classes below {MAX_CLASSES}") };
    let help = "`numpy.unique(y, return_inverse=True)[1]` counts the classes there are from 0";
    Err(npy.unfit(message).found(label.to_string()).expected(expected).help(help).into())
}

/// A whole number of an element's bytes; one that is larger than all others where it is larger than that.
fn whole(element: &Element, bytes: &[u8]) -> i64 {
    let is_negative = |first: u8| element.kind == Kind::Signed && first >= 128;
    let put = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
    let (first, start) = match (element.is_big_endian, bytes) {
        (true, [first, ..]) | (false, [.., first]) => (*first, if is_negative(*first) { u64::MAX } else { 0 }),
        (_, []) => (0, 0),
    };
    let number =
        if element.is_big_endian { bytes.iter().fold(start, put) } else { bytes.iter().rev().fold(start, put) };
    if is_negative(first) { number as i64 } else { i64::try_from(number).unwrap_or(i64::MAX) }
}
