//! Which samples are for training, which to watch a training by, and which for testing.

use fovea_graph::philox::{Purpose, Stream};

use crate::dataset::{Counts, Dataset};
use crate::source::Split;

/// The samples of each part, each in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Vec<usize>,
}

impl Parts {
    /// Of samples that were counted anew, which they are.
    pub fn of(&self, samples: &[usize]) -> Self {
        let those = |part: &[usize]| part.iter().map(|&at| samples[at]).collect();
        Self { train: those(&self.train), validation: those(&self.validation), test: those(&self.test) }
    }

    pub fn counts(&self) -> Counts {
        Counts { train: self.train.len(), validation: self.validation.len(), test: self.test.len() }
    }
}

impl Dataset {
    /// The same samples, dealt out so.
    pub(crate) fn dealt(self, parts: Parts) -> Self {
        let Parts { train, validation, test } = parts;
        Self { train, validation, test, ..self }
    }
}

impl Split {
    /// Deals samples with these labels out. Each class keeps a sample to train on, so that there may be none to test.
    pub(crate) fn deal(self, labels: &[u32], classes: usize) -> Parts {
        let share = |percent: u8| ((labels.len() * usize::from(percent) + 50) / 100).clamp(1, labels.len().max(1));
        let validation = if self.validation == 0 { 0 } else { share(self.validation) };
        stratified(labels, classes, share(self.test), validation, self.seed)
    }
}

/// Takes about `test` samples for testing and `validation` for watching, the same share of every class, drawn by a seed; but
/// never a class's last. Which are for testing does not depend on how many are for watching.
pub(crate) fn stratified(labels: &[u32], classes: usize, test: usize, validation: usize, seed: u64) -> Parts {
    let members = members(labels, classes);
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let mut parts = Parts::default();
    let both = shares(&sizes, test).into_iter().zip(shares(&sizes, validation));
    for ((class, members), (test, validation)) in members.iter().enumerate().zip(both) {
        let order = Stream::new(seed, Purpose::Data, class as u32).permutation(members.len());
        let most = members.len().saturating_sub(1);
        let (test, watched) = (test.min(most), (test + validation).min(most));
        for (place, &i) in order.iter().enumerate() {
            let part = match place {
                _ if place < test => &mut parts.test,
                _ if place < watched => &mut parts.validation,
                _ => &mut parts.train,
            };
            part.push(members[i]);
        }
    }
    [&mut parts.train, &mut parts.validation, &mut parts.test].into_iter().for_each(|part| part.sort_unstable());
    parts
}

/// About a share of samples with these labels, the same of every class and never nothing, drawn by a seed; in ascending
/// order.
pub(crate) fn portion(labels: &[u32], classes: usize, millionths: u32, seed: u64) -> Vec<usize> {
    let members = members(labels, classes);
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let total = (labels.len() as u64 * u64::from(millionths) + 500_000) / 1_000_000;
    let total = usize::try_from(total).unwrap_or(usize::MAX).clamp(usize::from(!labels.is_empty()), labels.len());
    let mut taken = Vec::with_capacity(total);
    for ((class, members), share) in members.iter().enumerate().zip(shares(&sizes, total)) {
        let order = Stream::new(seed, Purpose::Data, class as u32).permutation(members.len());
        taken.extend(order.into_iter().take(share).map(|i| members[i]));
    }
    taken.sort_unstable();
    taken
}

/// The samples of each class.
fn members(labels: &[u32], classes: usize) -> Vec<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (sample, &label) in labels.iter().enumerate() {
        members[label as usize].push(sample);
    }
    members
}

/// Deals `total` out in proportion to `sizes`, by largest remainders (the first of equal ones).
fn shares(sizes: &[usize], total: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum::<usize>().max(1);
    let mut shares: Vec<usize> = sizes.iter().map(|size| size * total / all).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&i| std::cmp::Reverse(sizes[i] * total % all));
    let missing = total - shares.iter().sum::<usize>();
    for &i in by_remainder.iter().take(missing) {
        shares[i] += 1;
    }
    shares
}
