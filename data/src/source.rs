//! Where pictures come from.

use std::path::PathBuf;

pub use crate::classic::sets::ClassicSet;

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
    /// A classic set, from the files that everybody has of it.
    Classic(Classic),
    /// A table with a row a sample.
    Table(Table),
    /// A part of other data.
    Part(Part),
}

/// A table of comma-separated values with a row a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its file.
    pub path: PathBuf,
    /// The columns of the labels; all others are the sample. None: nothing is labelled.
    pub labels: Vec<Column>,
    /// What labels are taken for; `None`: what they look like.
    pub read_as: Option<ReadAs>,
    /// The shape that a sample is given, channels last. `None`: a vector.
    pub shape: Option<Vec<usize>>,
    /// How samples are dealt out; `None` where nobody says.
    pub split: Option<Split>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By what its head says.
    Named(String),
    /// By its number, from 1.
    Number(usize),
}

/// A part of other data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The other data's name.
    pub name: String,
    /// Where it comes from.
    pub of: Box<DataSource>,
    /// The height and width that its pictures are brought to, where the part says no others.
    pub size: Option<[usize; 2]>,
    /// Which of its samples.
    pub which: Which,
    /// How they are dealt out. `None`: a share of each part stays in it, and samples by their numbers are both parts.
    pub split: Option<Split>,
}

/// Which samples a part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those of one side by their numbers there, up to the last where no end is said.
    Range {
        /// Which side.
        side: Side,
        /// The first.
        first: usize,
        /// The one behind the last.
        end: Option<usize>,
    },
    /// So many in a million, of each class and each side the same.
    Share {
        /// 1 to a million.
        millionths: u32,
    },
}

/// A side of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What is trained on.
    Train,
    /// What a training is watched by.
    Validation,
    /// What is tested.
    Test,
}

/// A classic set, and where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classic {
    /// Which set.
    pub set: ClassicSet,
    /// Where its files are.
    pub home: Home,
}

/// Where the files of a classic set are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// In somebody's folder.
    Folder(PathBuf),
    /// In a folder that they are fetched into, where they are not there yet.
    Cache {
        /// The folder, which is made when it is needed; `None` where there can be none.
        folder: Option<PathBuf>,
        /// The address that files are fetched from; `None` for the usual one.
        mirror: Option<String>,
    },
}

/// Files of pictures: a folder a class, or `train/` and `test/` (`val/` where there is no `test/`) with a folder a class
/// each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The folder with the classes' folders, or with the pictures.
    pub folder: PathBuf,
    /// What says the classes.
    pub labels: PictureLabels,
    /// What becomes of files that are no picture.
    pub broken: Broken,
    /// How pictures are dealt out; `None` where nobody says.
    pub split: Option<Split>,
}

/// What says the classes of pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PictureLabels {
    /// The folders that they are in.
    #[default]
    Folders,
    /// A table of the files.
    Table(FileLabels),
    /// A folder with a mask for each picture, under the same name: a class a pixel.
    Masks(PathBuf),
    /// Nothing: the folder is of pictures, or is one of them, as a net takes them that has so many channels.
    None {
        /// 1 of grey ones, 3 of coloured ones.
        channels: usize,
    },
}

/// A table with a file a row, and its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLabels {
    /// The table. A file's name is in its first column, the way from the pictures' folder.
    pub path: PathBuf,
    /// The column of the classes; `None` where there is one besides the first.
    pub column: Option<Column>,
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
    /// The array of the samples: f32 or f64, which are taken as they are, or u8, of which 255 becomes 1.
    pub images: ArrayFile,
    /// The array of the labels: whole numbers `[N]`, a class a sample, or `[N, H, W]`, a class a position; 0 and 1
    /// `[N, K]`, several classes at once; else numbers.
    pub labels: Option<ArrayFile>,
    /// As what the labels are read; `None`: by that rule.
    pub read_as: Option<ReadAs>,
    /// What labels must be.
    pub labelled: Labelled,
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

/// The file of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayFile {
    /// The file: npy, or an archive of several, npz.
    pub path: PathBuf,
    /// Which of an archive; `None` where it has one.
    pub member: Option<String>,
}

impl From<PathBuf> for ArrayFile {
    fn from(path: PathBuf) -> Self {
        Self { path, member: None }
    }
}

/// What labels must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labelled {
    /// Classes of samples or of their positions, as the array's shape says.
    #[default]
    AsShaped,
    /// Classes of positions.
    AtPositions,
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
