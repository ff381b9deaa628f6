//! Pictures of a data set, as a statement picks them: `digits`, `digits[3]`, `digits.train[0..16]`.

use std::sync::Arc;

use fovea_data::{DataError, DataSpec, Dataset, LabelKind};
use fovea_dsl::verb::{Samples, Side};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Never, Tensor};

use crate::display::number;
use crate::failure::{At, Failure};
use crate::picture::{self, Image, Mapped};
use crate::world::{Names, World};

/// Pictures of a part of a data set.
#[derive(Clone, Debug)]
pub struct Pick {
    /// The data.
    pub spec: DataSpec,
    /// As written.
    pub samples: Samples,
    /// The first and the end, in the part.
    pub range: (usize, usize),
    /// What each sample is called, where they are files.
    pub files: Vec<String>,
}

/// Checks the numbers of the pictures against what the data has; none are read.
pub fn pick(samples: Samples, names: &Names) -> Result<Pick, Diagnostic> {
    let spec = names.spec(&samples.data)?;
    let count = count(samples.side, &spec);
    let (first, end) = samples.range.unwrap_or((0, count));
    if first < end && end <= count {
        return Ok(Pick { spec, samples, range: (first, end), files: Vec::new() });
    }
    Err(no_such(&samples, (first, end), count))
}

/// How many samples a part of data has.
fn count(side: Side, spec: &DataSpec) -> usize {
    match side {
        Side::Train => spec.counts().train,
        Side::Validation => spec.counts().validation,
        // Samples without labels are one part.
        Side::Test | Side::Files if spec.counts().test == 0 && !spec.is_labelled() => spec.counts().train,
        Side::Test | Side::Files => spec.counts().test,
    }
}

/// Where the samples of a part stand among all.
fn part(side: Side, data: &Dataset) -> &[usize] {
    match side {
        Side::Train => &data.train,
        Side::Validation => &data.validation,
        Side::Test | Side::Files if data.test.is_empty() && data.labels.is_empty() => &data.train,
        Side::Test | Side::Files => &data.test,
    }
}

/// What stands behind the data's name for a part, where something does.
pub fn behind(side: Side) -> &'static str {
    match side {
        Side::Train => ".train",
        Side::Validation => ".validation",
        Side::Test | Side::Files => "",
    }
}

/// The mistake of numbers that no picture of the part has, which has so many.
fn no_such(samples: &Samples, (first, end): (usize, usize), count: usize) -> Diagnostic {
    let part = match samples.side {
        Side::Train => "training",
        Side::Validation => "validation",
        Side::Test | Side::Files => "test",
    };
    let data = &samples.data.text;
    let message = match first >= end {
        true => format!("{first}..{end} are no pictures: the end of a range lies behind its first"),
        false => format!(
            "the {part} part of `{data}` has {}, and none with number {}",
            number::of(count, "picture"),
            end - 1
        ),
    };
    if count == 0 && samples.range.is_none() {
        let message = format!("`{data}` has no {part} part");
        let mistake = Diagnostic::new(Stage::Values, samples.span, message).found("no samples");
        return mistake.expected("another part").mend(samples.span, format!("{data}.test"));
    }
    Diagnostic::new(Stage::Values, samples.span, message)
        .found(format!("{first}..{end}"))
        .expected(format!("numbers from 0 to {}", count.saturating_sub(1)))
}

impl Pick {
    /// The data. Where files were left out, pictures that the statement names may not be there after all.
    pub fn read(&self, world: &mut World) -> Result<Arc<Dataset>, Failure> {
        let data = world.dataset(&self.spec, self.samples.span)?;
        let part = part(self.samples.side, &data);
        let is_there = self.range.0 < part.len() && self.samples.range.is_none_or(|(_, end)| end <= part.len());
        if is_there { Ok(data) } else { Err(no_such(&self.samples, self.range, part.len()).into()) }
    }

    /// Whether they are as many as can be looked at.
    pub fn few(&self, most: usize) -> Result<(), Diagnostic> {
        let pictures = |count| number::of(count, "picture");
        let count = self.range.1 - self.range.0;
        if count <= most {
            return Ok(());
        }
        let message = format!("{} are too many to look at", pictures(count));
        let mistake = Diagnostic::new(Stage::Values, self.samples.span, message).found(pictures(count));
        Err(mistake.expected(format!("at most {}", pictures(most))))
    }

    /// The same for a verb that draws them: samples of another shape than pictures are a mistake.
    pub fn of_pictures(self, verb: &str) -> Result<Self, Diagnostic> {
        if self.spec.shape().len() == 3 { Ok(self) } else { Err(self.no_picture(verb)) }
    }

    /// The mistake of samples that are no pictures.
    pub fn no_picture(&self, verb: &str) -> Diagnostic {
        let shape = join(&self.spec.shape());
        let message = format!("`{verb}` takes pictures of height x width x channels, and these samples are {shape}");
        Diagnostic::new(Stage::Shapes, self.samples.span, message).found(shape).expected("height x width x channels")
    }

    /// Where the pictures stand among all of the data.
    pub fn indices<'a>(&self, data: &'a Dataset) -> &'a [usize] {
        let part = part(self.samples.side, data);
        part.get(self.range.0..self.range.1.min(part.len())).unwrap_or_default()
    }

    /// The pictures as a tensor `[N, H, W, C]`.
    pub fn gather(&self, data: &Dataset, world: &World) -> Result<Tensor, Failure> {
        data.images.select(self.indices(data), &*world.interrupted).at(self.samples.span)
    }

    /// What picture number `i` of the pick is called: `digits[3]`, `digits.train[3]`.
    pub fn name(&self, i: usize) -> String {
        if let Some(file) = self.files.get(self.range.0 + i) {
            return file.clone();
        }
        let part = behind(self.samples.side);
        format!("{}{part}[{}]", self.samples.data.text, self.range.0 + i)
    }
}

/// One picture of the data, to draw.
pub fn image(data: &Dataset, index: usize) -> picture::Result<Image> {
    let pixels = data.images.get(index, &Never).map_err(unread)?;
    let &[height, width, channels] = pixels.shape() else {
        return Err(picture::Error::Empty { what: "no picture of height x width x channels" });
    };
    Image::new(height, width, channels, pixels.into_iter().collect())
}

/// The mistake of a sample that is to be drawn, and cannot be read.
pub fn unread(error: DataError) -> picture::Error {
    picture::Error::Unread { why: error.to_string() }
}

/// What samples are labelled with, in words: `10 classes`.
pub fn labelled(data: &Dataset) -> String {
    let classes = || number::of(data.classes.len(), "class");
    match data.labels.kind() {
        LabelKind::Classes => classes(),
        LabelKind::Several(_) => format!("any of {} at once", classes()),
        LabelKind::Numbers(shape) => format!("{} a sample", number::of(shape.iter().product(), "number")),
        LabelKind::Nothing => "no labels".to_string(),
    }
}

/// The name of a picture's class, or of all classes at its positions.
pub fn class(data: &Dataset, index: usize) -> picture::Result<String> {
    let mut labels: Vec<u32> = data.labels.of(index, &Never).map_err(unread)?;
    labels.sort_unstable();
    labels.dedup();
    let names: Vec<&str> =
        labels.iter().filter_map(|&label| Some(data.classes.get(label as usize)?.as_str())).collect();
    Ok(names.join(", "))
}

/// Whether samples are pictures, which can be drawn.
pub fn is_pictured(data: &Dataset) -> bool {
    data.shape().len() == 3
}

/// Whether each picture has a class at every position.
pub fn is_mapped(data: &Dataset) -> bool {
    !data.labels.positions().is_empty()
}

/// A picture and the map of its true classes, with further maps such as a prediction's behind it.
pub fn mapped(
    data: &Dataset,
    index: usize,
    caption: String,
    further: Option<(String, Vec<u32>)>,
) -> picture::Result<Mapped> {
    let truth = ("truth".to_string(), data.labels.of(index, &Never).map_err(unread)?);
    let maps = [Some(truth), further].into_iter().flatten().collect();
    Ok(Mapped { caption, image: image(data, index)?, maps, over: None })
}

/// The share of a picture's positions of which the class is told right.
pub fn share_right(data: &Dataset, index: usize, said: &[u32]) -> picture::Result<f64> {
    let truth = data.labels.of(index, &Never).map_err(unread)?;
    let right = truth.iter().zip(said).filter(|(truth, said)| truth == said).count();
    Ok(right as f64 / truth.len().max(1) as f64)
}
