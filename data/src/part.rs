//! Parts of other data: samples by their numbers, or a share of them.

use fovea_graph::Stop;

use crate::dataset::Dataset;
use crate::description::Description;
use crate::error::{Clause, DataError, Unfit};
use crate::labels::Labels;
use crate::source::{Part, Side, Which};
use crate::spec::DataSpec;
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
        let labels = match data.labels {
            Labels::Class(labels) => labels,
            Labels::Map(_) => Vec::new(),
        };
        Self { parts: Parts { train: data.train, validation: data.validation, test: data.test }, labels }
    }
}

/// The seed of shares. It never changes: results stay comparable.
const SEED: u64 = 0;

impl Part {
    /// The same of pictures that are brought to another size.
    pub(crate) fn sized(&self, size: Option<[usize; 2]>, stop: &dyn Stop) -> Result<Self, DataError> {
        if size.is_none() || size == self.of.size() {
            return Ok(self.clone());
        }
        let of = DataSpec::open_unless(self.of.name(), self.of.source().clone(), size, stop)?;
        Ok(Self { of: Box::new(of), ..self.clone() })
    }
}

/// What is known of a part of data.
pub(crate) fn open(part: &Part, stop: &dyn Stop) -> Result<Description, DataError> {
    let dealt = part.of.dealt(stop)?;
    let classes = part.of.classes();
    let parts = take(part, &dealt, classes)?;
    Ok(Description { counts: parts.counts(), ..part.of.description().clone() })
}

/// Reads the data, and leaves all but the part out.
pub(crate) fn load(name: &str, part: &Part, stop: &dyn Stop) -> Result<Dataset, DataError> {
    let mut data = part.of.load_unless(stop)?;
    let labels = match &data.labels {
        Labels::Class(labels) => labels.clone(),
        Labels::Map(_) => Vec::new(),
    };
    let [train, validation, test] =
        [&mut data.train, &mut data.validation, &mut data.test].map(|part| std::mem::take(part));
    let whole = Parts { train, validation, test };
    let parts = take(part, &Dealt { parts: whole, labels }, data.classes.len())?;
    let is_both = matches!(part.which, Which::Range { .. }) && part.split.is_none() && !parts.train.is_empty();
    if is_both {
        data.remarks.push("the same samples are trained on and tested: `split` parts them".into());
    }
    let Parts { train, validation, test } = parts;
    Ok(Dataset { name: name.to_string(), train, validation, test, ..data })
}

/// How the samples are dealt out of which the part is.
pub(crate) fn dealt(part: &Part, stop: &dyn Stop) -> Result<Dealt, DataError> {
    let whole = part.of.dealt(stop)?;
    let parts = take(part, &whole, part.of.classes())?;
    Ok(Dealt { parts, labels: whole.labels })
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
        let unfit = Unfit::new(Clause::Samples, part.of.name().as_ref(), "it has no such samples");
        return Err(unfit.into());
    }
    let Some(split) = part.split else {
        return Ok(Parts { train: picked.to_vec(), validation: Vec::new(), test: picked.to_vec() });
    };
    Ok(split.deal(&class(picked), classes.max(1)).of(picked))
}

impl DataSpec {
    /// These samples of the data, under another name.
    ///
    /// # Errors
    /// There are no such samples; [`DataError::Interrupted`].
    pub fn part(
        &self,
        name: &str,
        which: Which,
        split: Option<crate::Split>,
        stop: &dyn Stop,
    ) -> Result<Self, DataError> {
        let part = Part { of: Box::new(self.clone()), which, split };
        let part = Self::open_unless(name, crate::DataSource::Part(part), self.size(), stop)?;
        Ok(part.seen(self.augment().clone(), self.normalize()))
    }
}
