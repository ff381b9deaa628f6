//! What a `data` statement asks for, and the names of what is built in.

use std::sync::Arc;

use fovea_graph::{Never, Stop};

use crate::augment::Augment;
use crate::classic::{Absent, Fetched};
use crate::dataset::{Counts, Dataset};
use crate::description::Description;
use crate::error::DataError;
use crate::generate::{scenes, shapes};
use crate::labels::LabelKind;
use crate::normalize::Normalize;
use crate::part::{self, Dealt};
use crate::resize::MAX_SIDE;
use crate::room::Room;
use crate::source::{DataSource, Images, Part, PictureLabels, Split, Which};
use crate::{arrays, classic, digits, images, table};

/// The seed of generated data where nobody says another.
const GENERATED: u64 = 0;

/// What a `data` statement asks for; its shape, classes and counts are known without reading its pixels. Two are equal if
/// they give the same data: one of a file that has changed since is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSpec {
    name: String,
    source: DataSource,
    size: Option<[usize; 2]>,
    room: Room,
    augment: Augment,
    normalize: Normalize,
    opened: Arc<Opened>,
}

/// What looking at the source gave.
#[derive(Debug, PartialEq, Eq)]
struct Opened {
    description: Description,
    files: Files,
}

/// What the pictures are made from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Files {
    Digits,
    Shapes {
        seed: u64,
    },
    Scenes {
        seed: u64,
    },
    Images(images::Folder),
    Arrays(Box<arrays::Files>),
    Classic(classic::Files),
    Table(table::Read),
    /// A part, and the data that it is of.
    Part(Part, DataSpec),
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

    /// The built-in data of this name, as they are.
    pub fn of_builtin(name: &str) -> Option<Self> {
        Self::open(name, Self::builtin(name)?, None).ok()
    }

    /// Looks at a source: at its folders and the heads of its files, not at pixels. `size` is the height and width that
    /// pictures are brought to; `None` leaves them as they are.
    ///
    /// # Errors
    /// A size out of bounds; files that cannot be read, or are no data.
    pub fn open(name: &str, source: DataSource, size: Option<[usize; 2]>) -> Result<Self, DataError> {
        Self::open_unless(name, source, size, &Never)
    }

    /// The same, unless `stop` ends it.
    ///
    /// # Errors
    /// A size out of bounds; files that cannot be read, or are no data; [`DataError::Interrupted`].
    pub fn open_unless(
        name: &str,
        source: DataSource,
        size: Option<[usize; 2]>,
        stop: &dyn Stop,
    ) -> Result<Self, DataError> {
        // What a net takes may be larger.
        let is_bounded = !matches!(&source, DataSource::Images(Images { labels: PictureLabels::None { .. }, .. }));
        if let Some([height, width]) = size.filter(|_| is_bounded) {
            let allowed = 1..=Self::MAX_SIDE;
            if !allowed.contains(&height) || !allowed.contains(&width) {
                return Err(DataError::Size { height, width });
            }
        }
        let (description, files) = match &source {
            DataSource::Digits => (digits::describe(size), Files::Digits),
            &DataSource::Shapes { seed } => (shapes::describe(size), Files::Shapes { seed }),
            &DataSource::Scenes { seed } => (scenes::describe(size), Files::Scenes { seed }),
            DataSource::Images(images) => {
                let (description, folder) = images::open(images, size, stop)?;
                (description, Files::Images(folder))
            }
            DataSource::Arrays(arrays) => {
                let (description, files) = arrays::open(arrays, size, stop)?;
                (description, Files::Arrays(Box::new(files)))
            }
            DataSource::Classic(classic) => {
                let (description, files) = classic::open(classic, size, stop)?;
                (description, Files::Classic(files))
            }
            DataSource::Table(table) => {
                let (description, read) = table::open(table, size, stop)?;
                (description, Files::Table(read))
            }
            DataSource::Part(part) => {
                let of = Self::open_unless(&part.name, (*part.of).clone(), size.or(part.size), stop)?;
                let dealt = part::dealt(part, of.dealt(stop)?, of.classes())?;
                let description = Description { counts: dealt.parts.counts(), ..of.opened.description.clone() };
                (description, Files::Part(part.clone(), of))
            }
        };
        let opened = Arc::new(Opened { description, files });
        let (augment, normalize) = (Augment::default(), Normalize::default());
        Ok(Self { name: name.to_string(), source, size, room: Room::default(), augment, normalize, opened })
    }

    /// The same data, which may take so much of memory and disk.
    ///
    /// # Errors
    /// Samples that cannot be read by their number, and are too many to be held.
    pub fn within(self, room: Room) -> Result<Self, DataError> {
        let spec = Self { room, ..self };
        if let Files::Arrays(files) = &spec.opened.files {
            files.can_be_read(&spec.room)?;
        }
        Ok(spec)
    }

    /// The same data, whose training pictures are changed so, and whose values are brought to this.
    #[must_use]
    pub fn seen(self, augment: Augment, normalize: Normalize) -> Self {
        Self { augment, normalize, ..self }
    }

    /// What they are made from.
    pub(crate) fn files(&self) -> &Files {
        &self.opened.files
    }

    /// What is known of them.
    pub(crate) fn description(&self) -> &Description {
        &self.opened.description
    }

    /// What training pictures are changed by at random.
    pub fn augment(&self) -> &Augment {
        &self.augment
    }

    /// What the values are brought to before a net sees them.
    pub fn normalize(&self) -> Normalize {
        self.normalize
    }

    /// The name under which the data were asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the pictures come from.
    pub fn source(&self) -> &DataSource {
        &self.source
    }

    /// Height and width they are brought to; `None` leaves them as they are.
    pub fn size(&self) -> Option<[usize; 2]> {
        self.size
    }

    /// One sample's shape, channels last: `[H, W, C]` of a picture.
    pub fn shape(&self) -> Vec<usize> {
        self.opened.description.shape.clone()
    }

    /// Where in a picture its labels are: `[H, W]` for a class at every position, `[]` for a class a picture.
    pub fn positions(&self) -> Vec<usize> {
        self.opened.description.positions.clone()
    }

    /// How many classes there are; 0 where nothing is labelled.
    pub fn classes(&self) -> usize {
        self.opened.description.classes.len()
    }

    /// The classes' names.
    pub fn class_names(&self) -> &[String] {
        &self.opened.description.classes
    }

    /// Whether they are people's own, and not built in: what is built in, and has another name, is somebody's too.
    pub fn is_own(&self) -> bool {
        Self::builtin(&self.name).as_ref() != Some(&self.source)
    }

    /// What kind of labels samples have.
    pub fn labels(&self) -> LabelKind {
        match &self.opened.files {
            Files::Arrays(files) => files.kind(),
            Files::Table(read) => read.kind(),
            Files::Part(_, of) => of.labels(),
            _ if self.classes() == 0 => LabelKind::Nothing,
            _ => LabelKind::Classes,
        }
    }

    /// Whether samples are labelled.
    pub fn is_labelled(&self) -> bool {
        self.labels() != LabelKind::Nothing
    }

    /// How many pictures there are, without reading them. Files that are found to be no pictures only when they are read
    /// count, even where they will be left out.
    pub fn counts(&self) -> Counts {
        self.opened.description.counts
    }

    /// How many bytes of memory the data take once they are read: pixels, labels, and which pictures belong to which part.
    pub fn bytes(&self) -> u64 {
        // Of a part, the whole is read.
        if let Files::Part(_, of) = &self.opened.files {
            return Self { room: self.room.clone(), ..of.clone() }.bytes();
        }
        let count = self.counts().all() as u64;
        // Of arrays that are read by number nothing stays in memory; of pictures those that were decoded may.
        let most = if let Files::Arrays(_) = self.opened.files { 0 } else { self.room.held };
        let values = self.sample_bytes().saturating_mul(count);
        let values = if self.is_held() { values } else { values.min(most) };
        let labels = self.label_bytes().saturating_mul(count);
        let labels = if self.labels_are_held() { labels } else { labels.min(most) };
        values.saturating_add(labels).saturating_add(count.saturating_mul(size_of::<usize>() as u64))
    }

    /// How many bytes of memory the label of one sample takes.
    pub fn label_bytes(&self) -> u64 {
        let numbers = match self.labels() {
            LabelKind::Nothing => return 0,
            LabelKind::Classes => self.positions(),
            LabelKind::Several(classes) => vec![classes],
            LabelKind::Numbers(shape) => shape,
        };
        numbers.iter().fold(size_of::<f32>() as u64, |product, &n| product.saturating_mul(n as u64))
    }

    /// How many bytes of memory the values of one sample take.
    pub fn sample_bytes(&self) -> u64 {
        let dims = &self.opened.description.shape;
        dims.iter().fold(size_of::<f32>() as u64, |product, &n| product.saturating_mul(n as u64))
    }

    /// Whether all samples are held in memory, once they are read; of others each is read when it is asked for.
    pub fn is_held(&self) -> bool {
        match &self.opened.files {
            Files::Classic(_) => return false,
            Files::Table(_) => return true,
            Files::Part(_, of) => return Self { room: self.room.clone(), ..of.clone() }.is_held(),
            Files::Digits | Files::Shapes { .. } | Files::Scenes { .. } | Files::Images(_) | Files::Arrays(_) => {}
        }
        self.fits(self.sample_bytes())
    }

    /// Whether all labels are held in memory: a class a sample is, and of what is more as much as of samples. Of others each
    /// is read when it is asked for.
    pub fn labels_are_held(&self) -> bool {
        if let Files::Part(_, of) = &self.opened.files {
            return Self { room: self.room.clone(), ..of.clone() }.labels_are_held();
        }
        let is_class = self.labels() == LabelKind::Classes && self.opened.description.positions.is_empty();
        is_class || self.fits(self.label_bytes())
    }

    /// Whether there is room in memory for so many bytes a sample.
    fn fits(&self, bytes: u64) -> bool {
        !self.is_own() || bytes.saturating_mul(self.counts().all() as u64) <= self.room.held
    }

    /// Reads the pictures and brings them to size, or draws them at it.
    ///
    /// # Errors
    /// Data that cannot be read, or have changed since they were opened.
    pub fn load(&self) -> Result<Dataset, DataError> {
        self.load_unless(&Never)
    }

    /// The same, unless `stop` ends it.
    ///
    /// # Errors
    /// Data that cannot be read, or have changed since they were opened; [`DataError::Interrupted`].
    pub fn load_unless(&self, stop: &dyn Stop) -> Result<Dataset, DataError> {
        let Opened { description, files } = &*self.opened;
        let data = match files {
            Files::Digits => digits::load(self.size, stop),
            Files::Shapes { seed } => shapes::draw(*seed, self.size, &self.room, stop),
            Files::Scenes { seed } => scenes::draw(*seed, self.size, &self.room, stop),
            Files::Images(folder) => folder.load(&self.name, description, &self.room, stop),
            Files::Arrays(files) => files.load(&self.name, description, &self.room, stop),
            Files::Classic(files) => files.load(&self.name, description, stop),
            Files::Table(read) => read.load(&self.name, description, stop),
            Files::Part(part, of) => {
                let of = Self { room: self.room.clone(), ..of.clone() };
                of.load_unless(stop).and_then(|data| part::of(&self.name, part, data))
            }
        }?;
        Ok(Dataset { augment: self.augment.clone(), normalize: self.normalize, ..data })
    }

    /// What each sample is called where they are files, in their order; none of others.
    pub fn file_names(&self) -> Vec<String> {
        match &self.opened.files {
            Files::Images(folder) => folder.names(),
            _ => Vec::new(),
        }
    }

    /// The least height and width of the files that pictures come from, and the most; none of what comes from no such files.
    pub fn file_sizes(&self) -> Option<[[usize; 2]; 2]> {
        match &self.opened.files {
            Files::Images(folder) => Some(folder.sizes()),
            Files::Part(_, of) => of.file_sizes(),
            _ => None,
        }
    }

    /// Whether files are to be fetched before the data can be read.
    pub fn is_absent(&self) -> bool {
        self.absent().is_some()
    }

    fn absent(&self) -> Option<&Absent> {
        match &self.opened.files {
            Files::Classic(files) => files.absent(),
            Files::Part(_, of) => of.absent(),
            _ => None,
        }
    }

    /// Fetches the files that are not here yet; `told` hears how far each is.
    ///
    /// # Errors
    /// Files that cannot be had, or kept; [`DataError::Interrupted`]: the next time goes on from there.
    pub fn fetch_unless(&self, told: &mut dyn FnMut(Fetched), stop: &dyn Stop) -> Result<(), DataError> {
        self.absent().map_or(Ok(()), |absent| absent.fetch(told, stop).map(drop))
    }

    /// These samples of the data, under another name.
    ///
    /// # Errors
    /// There are no such samples; [`DataError::Interrupted`].
    pub fn part(&self, name: &str, which: Which, split: Option<Split>, stop: &dyn Stop) -> Result<Self, DataError> {
        let (of, size) = (Box::new(self.source.clone()), self.size);
        let part = Part { name: self.name.clone(), of, size, which, split };
        let part = Self::open_unless(name, DataSource::Part(part), self.size, stop)?;
        Ok(part.seen(self.augment.clone(), self.normalize))
    }

    /// Which samples belong to which part, and the class of each, without reading pixels.
    fn dealt(&self, stop: &dyn Stop) -> Result<Dealt, DataError> {
        Ok(match &self.opened.files {
            Files::Digits => Dealt::of(digits::load(None, stop)?),
            Files::Shapes { seed } => shapes::dealt(*seed),
            Files::Scenes { .. } => scenes::dealt(),
            Files::Images(folder) => folder.dealt(&self.opened.description)?,
            Files::Arrays(files) => files.dealt(),
            Files::Classic(files) => files.dealt(),
            Files::Table(read) => read.dealt(),
            Files::Part(part, of) => part::dealt(part, of.dealt(stop)?, of.classes())?,
        })
    }
}
