//! What a `data` statement asks for, and the names of what is built in.

use std::sync::atomic::AtomicBool;

use crate::dataset::{Counts, DataError, Dataset, MAX_SIDE};
use crate::digits;
use crate::generate::{scenes, shapes};

/// Where pictures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// Handwritten digits, 8×8 grey, part of the program.
    Digits,
    /// Coloured shapes of ten kinds, 32×32, drawn when they are loaded.
    Shapes {
        /// What they are drawn by.
        seed: u64,
    },
    /// Small landscapes with a class at every position, 64×64, drawn when they are loaded.
    Scenes {
        /// What they are drawn by.
        seed: u64,
    },
}

/// The seed of generated data where nobody says another.
const GENERATED: u64 = 0;

/// What a `data` statement asks for; its shape and classes are known without loading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSpec {
    /// Where the pictures come from.
    pub source: DataSource,
    /// Height and width they are brought to; `None` leaves them as they are.
    pub size: Option<[usize; 2]>,
}

impl DataSpec {
    /// The largest height or width that pictures may be brought to.
    pub const MAX_SIDE: usize = MAX_SIDE;

    /// The built-in data of this name.
    pub fn builtin(name: &str) -> Option<DataSource> {
        match name {
            digits::NAME => Some(DataSource::Digits),
            shapes::NAME => Some(DataSource::Shapes { seed: GENERATED }),
            scenes::NAME => Some(DataSource::Scenes { seed: GENERATED }),
            _ => None,
        }
    }

    /// The names that [`DataSpec::builtin`] knows.
    pub fn builtin_names() -> &'static [&'static str] {
        &[digits::NAME, shapes::NAME, scenes::NAME]
    }

    /// One picture's shape, `[H, W, C]`.
    pub fn shape(&self) -> Vec<usize> {
        let (side, channels) = match self.source {
            DataSource::Digits => (digits::SIDE, 1),
            DataSource::Shapes { .. } => (shapes::SIDE, 3),
            DataSource::Scenes { .. } => (scenes::SIDE, 3),
        };
        let [height, width] = self.size.unwrap_or([side; 2]);
        vec![height, width, channels]
    }

    /// Where in a picture its labels are: `[H, W]` for a class at every position, `[]` for a class a picture.
    pub fn positions(&self) -> Vec<usize> {
        match self.source {
            DataSource::Digits | DataSource::Shapes { .. } => Vec::new(),
            DataSource::Scenes { .. } => self.shape()[..2].to_vec(),
        }
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        match self.source {
            DataSource::Digits => digits::CLASSES,
            DataSource::Shapes { .. } => shapes::CLASSES.len(),
            DataSource::Scenes { .. } => scenes::CLASSES.len(),
        }
    }

    /// How many pictures there are, without reading them.
    pub fn counts(&self) -> Counts {
        match self.source {
            DataSource::Digits => Counts { train: digits::COUNT - digits::TEST, test: digits::TEST },
            DataSource::Shapes { .. } => shapes::COUNTS,
            DataSource::Scenes { .. } => scenes::COUNTS,
        }
    }

    /// How many bytes the data take once they are read: pixels, labels, and which pictures belong to which part.
    pub fn bytes(&self) -> u64 {
        let Counts { train, test } = self.counts();
        let pixels: usize = self.shape().iter().product();
        let labels: usize = self.positions().iter().product();
        let picture = pixels * size_of::<f32>() + labels * size_of::<u32>() + size_of::<usize>();
        ((train + test) * picture) as u64
    }

    /// Reads the pictures and brings them to size, or draws them at it.
    ///
    /// # Errors
    /// A size out of bounds; data that cannot be read.
    pub fn load(&self) -> Result<Dataset, DataError> {
        self.load_unless(&AtomicBool::new(false))
    }

    /// The same, until `stop` is set.
    ///
    /// # Errors
    /// A size out of bounds; data that cannot be read; [`DataError::Interrupted`].
    pub fn load_unless(&self, stop: &AtomicBool) -> Result<Dataset, DataError> {
        if let Some([height, width]) = self.size {
            let allowed = 1..=Self::MAX_SIDE;
            if !allowed.contains(&height) || !allowed.contains(&width) {
                return Err(DataError::Size { height, width });
            }
        }
        let [height, width] = [self.shape()[0], self.shape()[1]];
        match self.source {
            DataSource::Digits => digits::load(self.size, stop),
            DataSource::Shapes { seed } => shapes::draw(seed, height, width, stop),
            DataSource::Scenes { seed } => scenes::draw(seed, height, width, stop),
        }
    }
}
