//! `saliency lenet on digits[3]`: the gradient of a class's score by the pixels, over the picture (K. Simonyan,
//! A. Vedaldi, A. Zisserman, "Deep inside convolutional networks", arXiv:1312.6034).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::Dataset;
use fovea_dsl::net::Net;
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::{Question, TrainError, Trainee};
use ndarray::{ArrayViewD, Axis, concatenate};
use serde_json::{Value, json};

use super::filters::MOST_DATA;
use super::predict::write;
use super::weights::destination;
use super::{Checked, Events, Job};
use crate::classes::{known, one_answer};
use crate::display::Page;
use crate::display::number::{figure, of};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::{self, Salient, Theme, saliency};
use crate::route::route;
use crate::samples::{Pick, image, pick};
use crate::world::{Names, World};

/// How many samples are looked at where the statement says no numbers, and at most.
const SAMPLES: usize = 8;
const MOST: usize = 64;

struct Look {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    theme: Theme,
    pick: Pick,
    class: Option<usize>,
    save: Option<(PathBuf, Span)>,
}

/// What is asked: the gradient of the scores by the pictures.
fn question() -> Question {
    Question::gradients("logits", &["images"])
}

/// Checks net, data, the pictures' numbers, the class and the file's folder.
pub fn check(said: verb::Saliency, names: &Names) -> Checked {
    let verb::Saliency { net, samples, class, save } = said;
    let all = samples.range.is_none();
    let of = Use { net: &net, data: Some(&samples.data), weights: Weights::Own };
    let (whole, route) = {
        let net = names.net(&of)?;
        one_answer(&net, of.net.span)?;
        route(&of, &question(), 1, names)?
    };
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let class = class.map(|class| known(class.value, class.what, &whole)).transpose()?;
    let mut pick = pick(samples, names)?.of_pictures("saliency")?;
    if all {
        pick.range.1 = pick.range.1.min(SAMPLES);
    }
    few(&pick)?;
    let save = save.map(|path| destination(&path.value)).transpose()?;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Look { net: whole, device, seed: names.seed, theme: names.theme, pick, class, save }))
}

/// As many pictures as can be looked at.
fn few(pick: &Pick) -> Result<(), Diagnostic> {
    let count = pick.range.1 - pick.range.0;
    if count <= MOST {
        return Ok(());
    }
    let message = format!("{} are too many to look at", of(count, "picture"));
    let mistake = Diagnostic::new(Stage::Values, pick.samples.span, message).found(of(count, "picture"));
    Err(mistake.expected(format!("at most {}", of(MOST, "picture"))))
}

/// What was found of one picture.
struct Found {
    class: usize,
    score: f32,
    /// By the raw pixels, `[1, H, W, C]`.
    gradient: Tensor,
}

/// The class that is looked at, its score, and the gradient of it.
fn find(
    trainee: &mut Trainee,
    picture: ArrayViewD<'_, f32>,
    class: Option<usize>,
    interrupted: &AtomicBool,
) -> Result<Found, TrainError> {
    let seen = trainee.standardised(&picture.insert_axis(Axis(0)).to_owned());
    let mut answer = trainee.ask(&Question::result(), &[("images", &seen)], interrupted)?;
    let scores = answer.take("logits")?;
    let better = |best: usize, at: usize| if scores[[0, at]] > scores[[0, best]] { at } else { best };
    let class = class.unwrap_or_else(|| (0..scores.len()).fold(0, better));
    let mut weights = Tensor::zeros(scores.raw_dim());
    weights[[0, class]] = 1.0;
    let mut answer = trainee.ask(&question(), &[("images", &seen), ("weights of logits", &weights)], interrupted)?;
    let gradient = trainee.by_raw_pixels(answer.take("gradient of images")?);
    Ok(Found { class, score: scores[[0, class]], gradient })
}

impl Found {
    /// The largest size of the gradient over the channels, a number a pixel, row by row.
    fn map(&self) -> Vec<f32> {
        let size = |pixel: ArrayViewD<'_, f32>| pixel.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        self.gradient.rows().into_iter().map(|pixel| size(pixel.into_dyn())).collect()
    }
}

impl Job for Look {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let images = self.pick.gather(&data, world)?;
        let interrupted = Arc::clone(&world.interrupted);
        let look = |trainee: &mut Trainee| {
            images.outer_iter().map(|picture| find(trainee, picture, self.class, &interrupted)).collect()
        };
        let found: Result<Vec<Found>, TrainError> = world.with(&self.net, &self.device, self.seed, look);
        world.go_on()?;
        let found = found.at(span)?;
        let output = self.output(&data, &found).at(span)?;
        match &self.save {
            None => Ok(output),
            Some((path, span)) => {
                let views: Vec<_> = found.iter().map(|found| found.gradient.view()).collect();
                let all = concatenate(Axis(0), &views).map_err(|error| error.to_string()).at(*span)?;
                write(path, &all).at(*span)?;
                Ok(output.file(path))
            }
        }
    }
}

impl Look {
    fn output(&self, data: &Dataset, found: &[Found]) -> picture::Result<Output> {
        let mut items = Vec::with_capacity(found.len());
        let mut lines = Vec::with_capacity(found.len());
        for ((i, found), &at) in found.iter().enumerate().zip(self.pick.indices(data)) {
            let (name, class) = (self.pick.name(i), &data.classes[found.class]);
            let picture = image(data, at)?;
            lines.push(self.line(&name, class, found, picture.width()));
            items.push(Salient { image: picture, map: found.map(), captions: [name, format!("class {class}")] });
        }
        let title = format!("What {} looks at on {}", self.net.name, self.pick.samples.data.text);
        let picture = saliency(&title, &items, self.theme)?;
        let page = Page::default().text(format!("{title}: {}", of(found.len(), "picture"))).code(lines.join("\n"));
        Ok(Output::page("saliency", &page, self.data(found)).picture(picture))
    }

    /// `digits[3]: class 7, score 4.21; most at row 12, column 9, 0.83 a shade`
    fn line(&self, name: &str, class: &str, found: &Found, width: usize) -> String {
        let map = found.map();
        let better = |best: usize, at: usize| if map[at] > map[best] { at } else { best };
        let most = (0..map.len()).fold(0, better);
        let head = format!("{name}: class {class}, score {}", figure(found.score.into()));
        match map.get(most) {
            Some(&steepest) if steepest > 0.0 => {
                let (row, column) = (most / width, most % width);
                format!("{head}; steepest at row {row}, column {column}: {}", figure(steepest.into()))
            }
            _ => format!("{head}; no pixel changes it"),
        }
    }

    fn data(&self, found: &[Found]) -> Value {
        let width = self.net.input().get(1).copied().unwrap_or(1).max(1);
        let maps = || found.iter().map(|found| found.map().chunks(width).map(|row| json!(row)).collect::<Value>());
        let numbers: usize = found.iter().map(|found| found.map().len()).sum();
        json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "samples": (0..found.len()).map(|i| self.pick.name(i)).collect::<Vec<_>>(),
            "classes": found.iter().map(|found| found.class).collect::<Vec<_>>(),
            "scores": found.iter().map(|found| found.score).collect::<Vec<_>>(),
            "maps": if numbers <= MOST_DATA { maps().collect() } else { Value::Null },
        })
    }
}
