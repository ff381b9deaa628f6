//! Batches that leave batch normalisation a single value: its mean is the value itself, and what remains is nothing.

use std::fmt;

use fovea_graph::training::{normalises_one, with_frozen};

use crate::forward::{Forward, Mode, NetworkError};
use crate::recipe::Recipe;
use crate::size::batches;

/// A layer that would normalise by a single value a channel, since a batch has one picture and its map one position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleValue {
    /// The layer's name.
    pub layer: String,
    /// The batch asked for.
    pub batch: usize,
    /// How many training pictures there are.
    pub samples: usize,
}

impl SingleValue {
    /// The first such layer of a net that is trained by this recipe on so many pictures. Frozen layers do not normalise by
    /// the batch.
    ///
    /// # Errors
    /// The net has no graph of one picture.
    pub fn find(forward: &Forward, recipe: &Recipe, samples: usize) -> Result<Option<Self>, NetworkError> {
        let batch = recipe.batch;
        if !batches(samples, batch).contains(&1) {
            return Ok(None);
        }
        let forward = with_frozen(forward(1, Mode::Train)?, &recipe.adjustments);
        let layer = normalises_one(&forward).map(str::to_string);
        Ok(layer.map(|layer| Self { layer, batch, samples }))
    }

    /// The batch nearest to this one that leaves no batch of one picture.
    pub fn mend(&self) -> Option<usize> {
        let fits = |batch: &usize| *batch >= 2 && *batch <= self.samples && !batches(self.samples, *batch).contains(&1);
        let nearest = (1..self.samples).flat_map(|by| [self.batch + by, self.batch.saturating_sub(by)]);
        nearest.into_iter().find(fits)
    }
}

impl fmt::Display for SingleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, batch, samples } = self;
        match batch {
            1 => write!(f, "at batch 1 `{layer}` has a single value a channel to normalise by, and would make it 0"),
            _ => write!(
                f,
                "batch {batch} leaves a last batch of 1 of the {samples} training pictures, in which `{layer}` has a single \
                 value a channel to normalise by, and would make it 0"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_batch_that_leaves_none_of_one_is_offered() {
        let mend = |batch, samples| SingleValue { layer: "bn1".into(), batch, samples }.mend();
        assert_eq!(mend(1, 100), Some(2));
        assert_eq!(mend(32, 1281), Some(33));
        assert_eq!(mend(10, 11), Some(11));
        // 9 and 8 leave one as well.
        assert_eq!(mend(8, 73), Some(7));
        assert_eq!(mend(1, 1), None);
        assert_eq!(mend(2, 3), Some(3));
    }
}
