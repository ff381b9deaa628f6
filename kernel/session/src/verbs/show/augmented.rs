//! `show pets augmented`: training pictures as a net will see them.

use fovea_data::{Dataset, Subject};
use fovea_dsl::Diagnostic;
use fovea_dsl::verb::{Samples, Side};
use fovea_graph::Never;
use fovea_graph::counted;
use fovea_train::Standardisation;
use serde_json::json;

use crate::display::Page;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{self, Grey, Image, Mapped, Mark, Sample, Theme, maps, sheet};
use crate::samples::{Pick, class, image, is_mapped, mapped, pick, unread};
use crate::verbs::{Events, Job};
use crate::world::{Names, World};

/// So many pictures are shown where the statement says no numbers,
const PICTURES: usize = 12;
/// as each of so many epochs sees them.
const EPOCHS: u32 = 3;

pub struct Augmented {
    pick: Pick,
    /// Whether the statement names no pictures.
    is_spread: bool,
    seed: u64,
    theme: Theme,
}

impl Augmented {
    /// Of the pictures that are named, or of the training part.
    pub fn new(samples: Samples, names: &Names) -> Result<Self, Diagnostic> {
        let all = samples.range.is_none();
        let side = if all { Side::Train } else { samples.side };
        let samples = Samples { side, ..samples };
        let pick = pick(samples, names)?.of_pictures("show")?;
        Ok(Self { pick, is_spread: all, seed: names.seed, theme: names.theme })
    }

    /// A picture as an epoch sees it, and the classes at its positions.
    fn changed(&self, data: &Dataset, mean: &[f32], index: usize, epoch: u32) -> picture::Result<(Image, Vec<u32>)> {
        let mut values: Vec<f32> = data.images.get(index, &Never).map_err(unread)?.into_iter().collect();
        let mut classes: Vec<f32> = match is_mapped(data) {
            true => data.labels.get(index, &Never).map_err(unread)?,
            false => Vec::new(),
        };
        let &[height, width, channels] = data.shape() else {
            return Err(picture::Error::Empty { what: "no picture of height x width x channels" });
        };
        let shape = [height, width, channels];
        let subject = &mut Subject { shape, values: &mut values, classes: &mut classes, mean };
        data.augment.apply(subject, self.seed, epoch, index);
        let image = Image::new(height, width, channels, values)?;
        Ok((image, classes.into_iter().map(|class| class as u32).collect()))
    }

    /// The pictures that are shown, each with its place in the pick: those that are named, or some spread over the part, so
    /// that there are several classes.
    fn shown(&self, data: &Dataset) -> Vec<(usize, usize)> {
        let all = self.pick.indices(data);
        let count = if self.is_spread { all.len().min(PICTURES) } else { all.len() };
        (0..count).map(|i| i * all.len() / count).map(|place| (place, all[place])).collect()
    }

    /// Each picture as it is, and as the first epochs see it.
    fn picture(&self, data: &Dataset, mean: &[f32]) -> picture::Result<picture::Picture> {
        let name = &self.pick.samples.data.text;
        let (mut samples, mut map) = (Vec::new(), Vec::<Mapped>::new());
        for (place, index) in self.shown(data) {
            if is_mapped(data) {
                map.push(mapped(data, index, self.pick.name(place), None)?);
            } else {
                samples.push(Sample { image: image(data, index)?, caption: class(data, index)?, mark: Mark::None });
            }
            for epoch in 0..EPOCHS {
                let caption = format!("epoch {}", epoch + 1);
                let (image, classes) = self.changed(data, mean, index, epoch)?;
                if is_mapped(data) {
                    map.push(Mapped { caption, image, maps: vec![("truth".to_string(), classes)], over: None });
                } else {
                    samples.push(Sample { image, caption, mark: Mark::None });
                }
            }
        }
        let title = format!("{name}, augmented");
        match is_mapped(data) {
            true => maps(&title, &map, &data.classes, self.theme),
            false => sheet(&title, &samples, Grey::Auto, self.theme),
        }
    }
}

impl Job for Augmented {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let name = &self.pick.samples.data.text;
        let shown = self.shown(&data).len();
        // What is cut out becomes the mean colour.
        let mean = Standardisation::of_unless(&data, &*world.interrupted).at(span)?.mean;
        let text = match data.augment.is_empty() {
            true => format!("{name} is not augmented: every epoch sees its pictures as they are"),
            false => {
                format!("{name}: {} as they are, and as the first {EPOCHS} epochs see them", counted(shown, "picture"))
            }
        };
        let figures = json!({ "data": name, "augmented": true, "first": self.pick.range.0, "pictures": shown });
        let picture = self.picture(&data, &mean).at(span)?;
        Ok(Output::page("show", &Page::default().text(text), figures).picture(picture))
    }
}
