//! Parts of other data: samples by their numbers, or a share of them.

use crate::dataset::Dataset;
use crate::error::{Clause, DataError, Unfit};
use crate::source::{Part, Side, Which};
use crate::split::{Parts, portion};

/// How samples are dealt out, and the class of each where it has one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dealt {
    pub parts: Parts,
    pub labels: Vec<u32>,
}

impl Dealt {
    /// Of data that were read.
    pub fn of(data: Dataset) -> Self {
        let labels = data.labels.classes().to_vec();
        Self { parts: Parts { train: data.train, validation: data.validation, test: data.test }, labels }
    }
}

/// The seed of shares. It never changes: results stay comparable.
const SEED: u64 = 0;

/// How the samples of a part are dealt out, of data that is dealt out so, with so many classes.
pub(crate) fn dealt(part: &Part, whole: Dealt, classes: usize) -> Result<Dealt, DataError> {
    let parts = take(part, &whole, classes)?;
    Ok(Dealt { parts, labels: whole.labels })
}

/// Leaves all but the part of data out that were read.
pub(crate) fn of(name: &str, part: &Part, mut data: Dataset) -> Result<Dataset, DataError> {
    let labels = data.labels.classes().to_vec();
    let [train, validation, test] = [&mut data.train, &mut data.validation, &mut data.test].map(std::mem::take);
    let whole = Parts { train, validation, test };
    let parts = take(part, &Dealt { parts: whole, labels }, data.classes.len())?;
    let is_both = matches!(part.which, Which::Range { .. }) && part.split.is_none() && !parts.train.is_empty();
    if is_both {
        data.remarks.push("the same samples are trained on and tested: `split` parts them".into());
    }
    Ok(Dataset { name: name.to_string(), ..data }.dealt(parts))
}

fn take(part: &Part, whole: &Dealt, classes: usize) -> Result<Parts, DataError> {
    let Parts { train, validation, test } = &whole.parts;
    let class = |samples: &[usize]| -> Vec<u32> {
        samples.iter().map(|&sample| whole.labels.get(sample).copied().unwrap_or(0)).collect()
    };
    let picked = match part.which {
        Which::Share { millionths } => {
            let some = |samples: &[usize]| -> Vec<usize> {
                let taken = portion(&class(samples), classes.max(1), millionths, SEED);
                taken.into_iter().map(|at| samples[at]).collect()
            };
            let parts = Parts { train: some(train), validation: some(validation), test: some(test) };
            let Some(split) = part.split else { return Ok(parts) };
            let mut all = [parts.train, parts.validation, parts.test].concat();
            all.sort_unstable();
            return Ok(split.deal(&class(&all), classes.max(1)).of(&all));
        }
        Which::Range { side, first, end } => {
            let samples = match side {
                Side::Train => train,
                Side::Validation => validation,
                Side::Test => test,
            };
            samples.get(first..end.unwrap_or(samples.len())).unwrap_or_default()
        }
    };
    if picked.is_empty() {
        let unfit = Unfit::new(Clause::Samples, part.name.as_ref(), "it has no such samples");
        return Err(unfit.into());
    }
    let Some(split) = part.split else {
        return Ok(Parts { train: picked.to_vec(), validation: Vec::new(), test: picked.to_vec() });
    };
    Ok(split.deal(&class(picked), classes.max(1)).of(picked))
}
