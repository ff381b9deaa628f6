//! Which samples are for training and which for testing.

use fovea_graph::philox::{Purpose, Stream};

use crate::dataset::Counts;
use crate::source::Split;

/// Which samples are for training and which for testing, each in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub train: Vec<usize>,
    pub test: Vec<usize>,
}

impl Parts {
    /// Of samples that were counted anew, which they are.
    pub fn of(&self, samples: &[usize]) -> Self {
        let those = |part: &[usize]| part.iter().map(|&at| samples[at]).collect();
        Self { train: those(&self.train), test: those(&self.test) }
    }

    pub fn counts(&self) -> Counts {
        Counts { train: self.train.len(), test: self.test.len() }
    }
}

impl Split {
    /// Deals samples with these labels out. Each class keeps a sample to train on, so that there may be none to test.
    pub(crate) fn deal(self, labels: &[u32], classes: usize) -> Parts {
        let share = (labels.len() * usize::from(self.test) + 50) / 100;
        stratified(labels, classes, share.clamp(1, labels.len().max(1)), self.seed)
    }
}

/// Takes about `test` samples for testing, the same share of every class, drawn by a seed; but never a class's last.
pub(crate) fn stratified(labels: &[u32], classes: usize, test: usize, seed: u64) -> Parts {
    let members = members(labels, classes);
    let sizes: Vec<usize> = members.iter().map(Vec::len).collect();
    let mut parts = Parts::default();
    for ((class, members), share) in members.iter().enumerate().zip(shares(&sizes, test)) {
        let order = Stream::new(seed, Purpose::Data, class as u32).permutation(members.len());
        let share = share.min(members.len().saturating_sub(1));
        for (place, &i) in order.iter().enumerate() {
            if place < share { &mut parts.test } else { &mut parts.train }.push(members[i]);
        }
    }
    parts.train.sort_unstable();
    parts.test.sort_unstable();
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
