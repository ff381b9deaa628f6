//! `show pets augmented`: training pictures as a net will see them.

use fovea_data::{Dataset, Subject, blend};
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

/// A picture as an epoch sees it.
#[derive(Clone)]
struct Seen {
    image: Image,
    /// The classes at its positions, where it has such; of what is mixed, those of the larger share.
    map: Vec<u32>,
    /// What it is mixed of.
    mixture: Option<String>,
}

/// `0.7 cat + 0.3 dog`; what is nameless is "itself" and "the next".
fn mixture(share: f32, [own, next]: [String; 2]) -> String {
    let names =
        if own.is_empty() || next.is_empty() { ["itself".to_string(), "the next".to_string()] } else { [own, next] };
    let hundredths = (100.0 * share).round();
    let shares = [hundredths, 100.0 - hundredths].map(|share| share / 100.0);
    match (shares, names) {
        ([1.0, _], [name, _]) | ([_, 1.0], [_, name]) => name,
        ([own, next], [itself, other]) => format!("{own} {itself} + {next} {other}"),
    }
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

    /// These pictures as an epoch sees them, as if they were a batch of it.
    fn changed(&self, data: &Dataset, mean: &[f32], indices: &[usize], epoch: u32) -> picture::Result<Vec<Seen>> {
        let &[height, width, channels] = data.shape() else {
            return Err(picture::Error::Empty { what: "no picture of height x width x channels" });
        };
        let shape = [height, width, channels];
        let mut values: Vec<f32> = data.images.select(indices, &Never).map_err(unread)?.into_iter().collect();
        let mut maps = Vec::new();
        for (values, &index) in values.chunks_exact_mut(height * width * channels).zip(indices) {
            let mut classes = match is_mapped(data) {
                true => data.labels.get(index, &Never).map_err(unread)?,
                false => Vec::new(),
            };
            let subject = &mut Subject { shape, values, classes: &mut classes, mean };
            data.augment.apply(subject, self.seed, epoch, index);
            maps.push(classes.into_iter().map(|class| class as u32).collect::<Vec<u32>>());
        }
        let kept = data.augment.shares(self.seed, epoch, indices);
        if let Some(kept) = &kept {
            blend(&mut values, height * width * channels, kept);
        }
        let seen = values.chunks_exact(height * width * channels).enumerate().map(|(n, values)| {
            let image = Image::new(height, width, channels, values.to_vec())?;
            let is_own = kept.as_ref().is_none_or(|kept| kept[n] >= 0.5);
            let map = maps[if is_own { n } else { (n + 1) % maps.len() }].clone();
            let mixture = kept.as_ref().map(|kept| {
                let name = |at: usize| if is_mapped(data) { Ok(String::new()) } else { class(data, indices[at]) };
                Ok(mixture(kept[n], [name(n)?, name((n + 1) % indices.len())?]))
            });
            let mixture = mixture.transpose()?;
            Ok(Seen { image, map, mixture })
        });
        seen.collect()
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
        let shown = self.shown(data);
        let indices: Vec<usize> = shown.iter().map(|&(_, index)| index).collect();
        let truth = if data.augment.mixes() { "larger share" } else { "truth" };
        let seen = (0..EPOCHS).map(|epoch| self.changed(data, mean, &indices, epoch));
        let seen: Vec<Vec<Seen>> = seen.collect::<picture::Result<_>>()?;
        for (n, (place, index)) in shown.into_iter().enumerate() {
            if is_mapped(data) {
                map.push(mapped(data, index, self.pick.name(place), None)?);
            } else {
                samples.push(Sample { image: image(data, index)?, caption: class(data, index)?, mark: Mark::None });
            }
            for (epoch, seen) in seen.iter().enumerate() {
                let Seen { image, map: classes, mixture } = seen[n].clone();
                let caption = mixture.unwrap_or_else(|| format!("epoch {}", epoch + 1));
                if is_mapped(data) {
                    map.push(Mapped { caption, image, maps: vec![(truth.to_string(), classes)], over: None });
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
                let mixed = if data.augment.mixes() { ", each mixed with the next" } else { "" };
                format!(
                    "{name}: {} as they are, and as the first {EPOCHS} epochs see them{mixed}",
                    counted(shown, "picture")
                )
            }
        };
        let figures = json!({ "data": name, "augmented": true, "first": self.pick.range.0, "pictures": shown });
        let picture = self.picture(&data, &mean).at(span)?;
        Ok(Output::page("show", &Page::default().text(text), figures).picture(picture))
    }
}
