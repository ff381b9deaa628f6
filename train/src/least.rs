//! Of pictures with a class at every position those of which the least was told right, found as a test goes.

use fovea_graph::Tensor;

/// So many are kept.
const KEPT: usize = 16;

/// What was told of a picture, at each of its positions.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Which of the tested pictures it is.
    pub place: usize,
    /// The share of its positions of which the class was told right.
    pub right: f64,
    /// The classes that were told, in row-major order.
    pub classes: Vec<u32>,
}

/// Those of which the least was told right so far.
#[derive(Debug, Default)]
pub(crate) struct Least {
    seen: usize,
    found: Vec<Mapped>,
}

impl Least {
    /// Looks at a batch: what was told at all positions of its pictures, and what there is.
    pub fn see(&mut self, told: &[u32], wanted: &Tensor) {
        let count = wanted.shape().first().copied().unwrap_or(0);
        let size = (told.len() / count.max(1)).max(1);
        let wanted = wanted.as_slice().unwrap_or_default();
        for (told, wanted) in told.chunks_exact(size).zip(wanted.chunks_exact(size)) {
            let right = told.iter().zip(wanted).filter(|(told, wanted)| **told as f32 == **wanted).count();
            let right = right as f64 / size as f64;
            // Of equal ones the first stay.
            let at = self.found.partition_point(|other| other.right <= right);
            if at < KEPT {
                self.found.insert(at, Mapped { place: self.seen, right, classes: told.to_vec() });
                self.found.truncate(KEPT);
            }
            self.seen += 1;
        }
    }

    /// Them, the least right first.
    pub fn found(self) -> Vec<Mapped> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_right_of_all_batches_are_found() {
        let mut least = Least::default();
        for batch in 0..10usize {
            // Of three pictures of four positions, so many are right.
            let right = |picture: usize| (batch * 3 + picture) * 7 % 5;
            let wanted = Tensor::zeros(vec![3, 2, 2]);
            let told: Vec<u32> = (0..12).map(|at| u32::from(at % 4 >= right(at / 4))).collect();
            least.see(&told, &wanted);
        }
        let mut expected: Vec<(usize, f64)> = (0..30).map(|place| (place, (place * 7 % 5) as f64 / 4.0)).collect();
        expected.sort_by(|one, other| one.1.total_cmp(&other.1));
        let found = least.found();
        assert_eq!(found.iter().map(|of| (of.place, of.right)).collect::<Vec<_>>(), expected[..KEPT]);
        assert_eq!(found[0].classes, [1; 4]);
    }
}
