//! Where pictures come from.

use std::path::PathBuf;

/// Where pictures come from.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Files of pictures in folders.
    Images(Images),
    /// Arrays in npy files.
    Arrays(Arrays),
}

/// Files of pictures: a folder a class, or `train/` and `test/` (`val/` where there is no `test/`) with a folder a class
/// each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The folder with the classes' folders.
    pub folder: PathBuf,
    /// What becomes of files that are no picture.
    pub broken: Broken,
    /// How pictures are dealt out; `None` where nobody says.
    pub split: Option<Split>,
}

/// What becomes of a file that cannot be read as a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// It is a mistake.
    #[default]
    Refuse,
    /// It is left out, and [`Dataset::left_out`](crate::Dataset::left_out) names it.
    Skip,
}

/// Samples `[N, …]`, and what each is labelled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrays {
    /// The npy file of the samples: f32 or f64, which are taken as they are, or u8, of which 255 becomes 1.
    pub images: PathBuf,
    /// The npy file of the labels: whole numbers `[N]`, a class a sample, or `[N, H, W]`, a class a position; 0 and 1
    /// `[N, K]`, several classes at once; else numbers.
    pub labels: Option<PathBuf>,
    /// As what the labels are read; `None`: by that rule.
    pub read_as: Option<ReadAs>,
    /// The shape that a sample is given, channels last. `None`: what follows N, and a channel where that is a line or a
    /// plane: `[N, H, W]` are pictures `HxWx1`.
    pub shape: Option<Vec<usize>>,
    /// How samples are dealt out; `None` where nobody says.
    pub split: Option<Split>,
}

/// As what labels are read, whatever they look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadAs {
    /// A class each; of `[N, K]` the one that is 1.
    Classes,
    /// Numbers.
    Numbers,
}

/// How samples are dealt out to the parts: the same share of every class, drawn by a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// How many in a hundred are for testing, 1 to 99.
    pub test: u8,
    /// How many in a hundred a training is watched by; 0 where there is no such part.
    pub validation: u8,
    /// What they are drawn by.
    pub seed: u64,
}

/// `split 80/20`, by seed 0.
impl Default for Split {
    fn default() -> Self {
        Self { test: 20, validation: 0, seed: 0 }
    }
}
