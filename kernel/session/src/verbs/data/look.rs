//! What data that is known already looks like: its values, the sizes of its files, and some of its pictures.

use fovea_data::{DataError, DataSpec, Dataset};
use fovea_graph::Stop;
use fovea_graph::shape::join;
use fovea_train::Standardisation;
use serde_json::{Value, json};

use crate::display::number::figure;
use crate::picture::{self, Grey, Mapped, Mark, Picture, Sample, Theme};
use crate::samples::{class, image, is_mapped, is_pictured, mapped};

/// So many pictures are drawn; of those with a class a pixel fewer, since each has its map beside it.
const SHEET: usize = 40;
const MAPS: usize = 12;

/// What channels are called in words.
const COLOURS: [&str; 3] = ["red", "green", "blue"];

/// What is found by looking at all of the training part.
pub(super) struct Looked {
    values: Standardisation,
    sizes: Option<[[usize; 2]; 2]>,
}

impl Looked {
    /// Looks at every sample of the training part.
    pub fn at(data: &Dataset, spec: &DataSpec, stop: &dyn Stop) -> Result<Self, DataError> {
        Ok(Self { values: Standardisation::measured(data, stop)?, sizes: spec.file_sizes() })
    }

    /// A line each.
    pub fn lines(&self) -> Vec<String> {
        let Standardisation { mean, deviation } = &self.values;
        let is_coloured = mean.len() == COLOURS.len();
        let of = |figures: &[f32]| {
            let named = |(at, &value): (usize, &f32)| match COLOURS.get(at).filter(|_| is_coloured) {
                Some(colour) => format!("{colour} {}", figure(f64::from(value))),
                None => figure(f64::from(value)),
            };
            figures.iter().enumerate().map(named).collect::<Vec<_>>().join(", ")
        };
        let values = format!("values of the training part: mean {}; deviation {}", of(mean), of(deviation));
        let sizes = self.sizes.map(|[least, most]| match least == most {
            true => format!("files of {}", join(&least)),
            false => format!("files of {} to {}", join(&least), join(&most)),
        });
        [Some(values), sizes].into_iter().flatten().collect()
    }

    /// The same as data.
    pub fn figures(&self, figures: &mut Value) {
        figures["mean"] = json!(self.values.mean);
        figures["deviation"] = json!(self.values.deviation);
        if let Some(sizes) = self.sizes {
            figures["sizes"] = json!(sizes);
        }
    }
}

/// Some pictures of the training part, or of what there is else, from its first to its last; none of other samples.
pub(super) fn sheet(name: &str, data: &Dataset, theme: Theme) -> picture::Result<Option<Picture>> {
    if !is_pictured(data) {
        return Ok(None);
    }
    let part = if data.train.is_empty() { &data.test } else { &data.train };
    let most = if is_mapped(data) { MAPS } else { SHEET };
    let count = part.len().min(most);
    let indices: Vec<usize> = (0..count).map(|at| part[at * part.len() / count]).collect();
    if indices.is_empty() {
        return Ok(None);
    }
    if is_mapped(data) {
        let items = indices.iter().map(|&index| mapped(data, index, String::new(), None));
        let items: Vec<Mapped> = items.collect::<picture::Result<_>>()?;
        return picture::maps(name, &items, &data.classes, theme).map(Some);
    }
    let sample =
        |&index: &usize| Ok(Sample { image: image(data, index)?, caption: class(data, index)?, mark: Mark::None });
    let samples: Vec<Sample> = indices.iter().map(sample).collect::<picture::Result<_>>()?;
    picture::sheet(name, &samples, Grey::Auto, theme).map(Some)
}
