//! The labels of an npy file.

use fovea_graph::{Stop, counted};

use super::header::Kind;
use super::npy::{Npy, tuple};
use super::odd::Odd;
use super::value::{Value, number};
use crate::error::{DataError, Unfit};
use crate::labels::LabelKind;
use crate::source::ReadAs;

/// The most classes that are told apart.
const MAX_CLASSES: f64 = 65_536.0;

/// What an array of labels says, by the rule: whole numbers `(N,)` are classes, and so are those that lie on the samples;
/// `(N, K)` of 0 and 1 are several classes at once; all else are numbers. `as` decides otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A class at each of these positions; `[]`: one a sample.
    Classes(Vec<usize>),
    /// Of so many classes one is 1, and that is the sample's.
    OneOf(usize),
    /// Any of so many classes at once.
    Several(usize),
    /// Numbers of this shape.
    Numbers(Vec<usize>),
}

const POSSIBLE: &str = "a class is a whole number: (N,) has one a sample, (N, H, W) one at every position, and (N, K) of 0 \
                        and 1 several classes at once; `as numbers` takes any as numbers to come near to";

impl Meaning {
    /// Where in a sample its classes are.
    pub fn positions(&self) -> &[usize] {
        if let Meaning::Classes(positions) = self { positions } else { &[] }
    }

    /// What the labels' elements are as numbers, unless samples have a class each, which is held.
    pub fn value(&self, npy: &Npy) -> Option<Value> {
        match self {
            Meaning::Classes(positions) if positions.is_empty() => None,
            Meaning::OneOf(_) => None,
            Meaning::Classes(_) | Meaning::Several(_) => Some(Value::of_classes(&npy.header.element)),
            Meaning::Numbers(_) => Some(Value::of_numbers(&npy.header.element)),
        }
    }

    /// The kind of labels.
    pub fn kind(&self) -> LabelKind {
        match self {
            Meaning::Classes(_) | Meaning::OneOf(_) => LabelKind::Classes,
            Meaning::Several(classes) => LabelKind::Several(*classes),
            Meaning::Numbers(shape) => LabelKind::Numbers(shape.clone()),
        }
    }
}

/// What labels mean for samples of a shape; their elements are looked at where that decides.
pub(super) fn meaning(
    npy: &Npy,
    samples: &Npy,
    shape: &[usize],
    said: Option<ReadAs>,
    stop: &dyn Stop,
) -> Result<Meaning, DataError> {
    if let Kind::Other(_) = npy.header.element.kind {
        let name = npy.header.element.name();
        let unfit = npy.unfit(format!("its labels are {name}")).found(name).expected("numbers");
        return Err(unfit.help(POSSIBLE).into());
    }
    npy.whole()?;
    one_each(npy, samples, shape)?;
    let own = &npy.header.shape[1..];
    let numbers = || Meaning::Numbers(if own.is_empty() { vec![1] } else { own.to_vec() });
    let is_whole = npy.header.element.kind != Kind::Float;
    let places = &shape[..shape.len() - 1];
    match (own, said) {
        (_, Some(ReadAs::Numbers)) => Ok(numbers()),
        // Keras keeps a class a sample so.
        ([] | [1], said) if is_whole || said.is_some() => Ok(Meaning::Classes(Vec::new())),
        (own, said) if own.len() > 1 && own == places && (is_whole || said.is_some()) => {
            Ok(Meaning::Classes(own.to_vec()))
        }
        (&[classes], said) if classes > 1 && are_yes_or_no(npy, stop)? => {
            Ok(if said.is_some() { Meaning::OneOf(classes) } else { Meaning::Several(classes) })
        }
        (_, None) if !is_whole => Ok(numbers()),
        (own, said) => Err(no_classes(npy, samples, shape, own, said)),
    }
}

/// Whether there are labels for each sample, and no others.
fn one_each(npy: &Npy, samples: &Npy, shape: &[usize]) -> Result<(), DataError> {
    let (found, count) = (&npy.header.shape, samples.header.shape[0]);
    if found.first() == Some(&count) {
        return Ok(());
    }
    let of = |n: usize| counted(n, "sample");
    let message = match found.first() {
        Some(&labelled) => format!("it labels {}, and `{}` has {}", of(labelled), samples.path.display(), of(count)),
        None => "it is one number".to_string(),
    };
    Err(npy.unfit(message).found(npy.shape()).expected(expected(count, shape)).into())
}

/// The shapes of classes of so many samples.
fn expected(count: usize, shape: &[usize]) -> String {
    format!("{} or {}", tuple(&[count]), tuple(&[&[count], &shape[..shape.len() - 1]].concat()))
}

/// The mistake of an array that tells no classes, where it should.
fn no_classes(npy: &Npy, samples: &Npy, shape: &[usize], own: &[usize], said: Option<ReadAs>) -> DataError {
    let (message, help) = match own {
        [numbers] => (
            format!("it has {numbers} whole numbers a sample, and not only 0 and 1: they are no classes"),
            match said {
                None => {
                    "`as numbers` takes them as numbers to come near to; `y.argmax(axis=1)` before it is saved makes \
                         one class of them"
                        .to_string()
                }
                Some(_) => "`y.argmax(axis=1)` before it is saved makes one class of them".to_string(),
            },
        ),
        _ => (
            format!("its labels do not lie on the samples, `{}` of {}", samples.path.display(), samples.shape()),
            POSSIBLE.to_string(),
        ),
    };
    npy.unfit(message).found(npy.shape()).expected(expected(samples.header.shape[0], shape)).help(help).into()
}

/// Whether all elements are 0 or 1.
fn are_yes_or_no(npy: &Npy, stop: &dyn Stop) -> Result<bool, DataError> {
    let mut all = true;
    npy.read(stop, |bytes| all &= [0.0, 1.0].contains(&number(&npy.header.element, bytes)))?;
    Ok(all)
}

/// What marks a position of no class in pictures of classes.
const VOID: usize = 255;

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

/// Looks at all labels; keeps the classes where a sample has one.
pub(super) fn look(npy: &Npy, meaning: &Meaning, stop: &dyn Stop) -> Result<Told, DataError> {
    match meaning {
        Meaning::Classes(positions) => classes(npy, positions, stop),
        Meaning::OneOf(count) => {
            let of = one_of(npy, *count, stop)?;
            Ok(Told { classes: (0..*count).map(|class| class.to_string()).collect(), of, remarks: Vec::new() })
        }
        Meaning::Several(count) => {
            let single = one_of(npy, *count, stop).is_ok();
            let remark = format!(
                "`{}` has exactly one class a sample: `as classes` takes it so, for a net that ends in softmax",
                npy.path.display()
            );
            let remarks = if single { vec![remark] } else { Vec::new() };
            Ok(Told { classes: (0..*count).map(|class| class.to_string()).collect(), of: Vec::new(), remarks })
        }
        Meaning::Numbers(_) => {
            Odd::look_through(npy, &Value::of_numbers(&npy.header.element), stop)?;
            Ok(Told::default())
        }
    }
}

/// The class of each sample, where exactly one of its numbers is 1.
fn one_of(npy: &Npy, classes: usize, stop: &dyn Stop) -> Result<Vec<u32>, DataError> {
    const NONE: u32 = u32::MAX;
    const SEVERAL: u32 = NONE - 1;
    let mut of = vec![NONE; npy.header.shape[0]];
    let mut place = 0;
    npy.read(stop, |bytes| {
        if number(&npy.header.element, bytes) == 1.0 {
            let (sample, class) = npy.at(place);
            of[sample] = if of[sample] == NONE { class as u32 } else { SEVERAL };
        }
        place += 1;
    })?;
    let Some(sample) = of.iter().position(|&class| class >= SEVERAL) else { return Ok(of) };
    let found = if of[sample] == NONE { "none" } else { "several" };
    let message = format!("sample {sample} has {found} of its {classes} numbers set");
    let unfit = npy.unfit(message).found(found).expected("one of them");
    Err(unfit.help("without `as classes` each sample may have several classes at once").into())
}

/// Looks at labels that are classes.
fn classes(npy: &Npy, positions: &[usize], stop: &dyn Stop) -> Result<Told, DataError> {
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
    // A byte's largest value marks what belongs to no class, where the classes end long before it.
    let is_void = !positions.is_empty() && counts.len() == VOID + 1 && counts[VOID - 1] == 0;
    let mut remarks = Vec::new();
    if is_void {
        let last = counts[..VOID].iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
        counts.truncate(last);
        remarks.push(format!(
            "`{}` has positions of {VOID}, which is taken for none of its classes: `ignore {VOID}` behind `train` leaves \
             them out",
            npy.path.display()
        ));
    }
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
    remarks.extend(remark);
    Ok(Told { classes, of, remarks })
}

/// Gives each label, in the order of the file; those that are no class are a mistake.
fn each(npy: &Npy, stop: &dyn Stop, mut give: impl FnMut(u32)) -> Result<(), DataError> {
    let (mut place, mut wrong) = (0, None);
    npy.read(stop, |bytes| {
        let label = number(&npy.header.element, bytes);
        if (0.0..MAX_CLASSES).contains(&label) && label.fract() == 0.0 {
            give(label as u32);
        } else {
            wrong.get_or_insert((label, place));
        }
        place += 1;
    })?;
    let Some((label, place)) = wrong else { return Ok(()) };
    let message = format!("the label {label} of sample {} is no class", npy.at(place).0);
    let expected = match label {
        label if label < 0.0 => "classes counted from 0".into(),
        label if label >= MAX_CLASSES => format!("classes below {MAX_CLASSES}"),
        _ => "whole numbers".to_string(),
    };
    let help = "`numpy.unique(y, return_inverse=True)[1]` counts the classes there are from 0";
    Err(npy.unfit(message).found(label.to_string()).expected(expected).help(help).into())
}
