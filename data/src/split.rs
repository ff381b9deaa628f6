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
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (sample, &label) in labels.iter().enumerate() {
        members[label as usize].push(sample);
    }
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
