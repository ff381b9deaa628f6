//! `saliency lenet on digits[3] with guided, gradcam`: which pixels a class's score depends on, over the picture.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::Dataset;
use fovea_dsl::net::Net;
use fovea_dsl::verb::{self, Attribution as Said};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::probe::saliency::Attribution;
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
use crate::picture::{self, Salient, SalientMap, Theme, saliency};
use crate::route::route_of;
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
    maps: Vec<Attribution>,
    save: Option<(PathBuf, Span)>,
}

/// Checks net, data, the pictures' numbers, the class and the file's folder.
pub fn check(said: verb::Saliency, names: &Names) -> Checked {
    let verb::Saliency { net, samples, with, class, save } = said;
    let maps = with.map_or_else(Vec::new, |with| with.value);
    let all = samples.range.is_none();
    let of = Use { net: &net, data: Some(&samples.data), weights: Weights::Own };
    let whole = names.net(&of)?;
    one_answer(&whole, of.net.span)?;
    has_maps(&whole, &maps)?;
    let maps =
        if maps.is_empty() { vec![Attribution::Gradient] } else { maps.iter().map(|(map, _)| asked(*map)).collect() };
    for map in &maps {
        let route = route_of(&whole, &of, &map.question(), 1, names)?;
        memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    }
    let class = class.map(|class| known(class.value, class.what, &whole)).transpose()?;
    let mut pick = pick(samples, names)?.of_pictures("saliency")?;
    if all {
        pick.range.1 = pick.range.1.min(SAMPLES);
    }
    pick.few(MOST)?;
    let save = save.map(|path| destination(&path.value)).transpose()?;
    let device = Arc::clone(&names.device);
    let (seed, theme) = (names.seed, names.theme);
    Ok(Box::new(Look { net: whole, device, seed, theme, pick, class, maps, save }))
}

fn asked(map: Said) -> Attribution {
    match map {
        Said::Gradient => Attribution::Gradient,
        Said::Guided => Attribution::Guided,
        Said::Integrated(steps) => Attribution::Integrated { steps },
        Said::GradCam => Attribution::GradCam,
    }
}

/// The word for a map, as it is said and as it is called in data.
fn word(map: Attribution) -> &'static str {
    match map {
        Attribution::Gradient => "gradient",
        Attribution::Guided => "guided",
        Attribution::Integrated { .. } => "integrated",
        Attribution::GradCam => "gradcam",
    }
}

/// Grad-CAM looks at maps that the net makes, of more than one position.
fn has_maps(net: &Net, maps: &[(Said, Span)]) -> Result<(), Diagnostic> {
    let Some((_, span)) = maps.iter().find(|(map, _)| *map == Said::GradCam) else { return Ok(()) };
    let is_map = |shape: &[usize]| shape.len() > 1 && shape[..shape.len() - 1].iter().any(|&extent| extent > 1);
    if net.layers.iter().skip(1).any(|layer| is_map(&layer.output)) {
        return Ok(());
    }
    let message = format!("`{}` has no layer with maps for `gradcam` to weigh", net.name);
    let mistake = Diagnostic::new(Stage::Shapes, *span, message).found("vectors alone");
    Err(mistake.expected("a net with `conv` or `pool`").mend(*span, "guided").help("`guided` needs no maps"))
}

/// What was found of one picture.
struct Found {
    class: usize,
    score: f32,
    /// Each map by the raw pixels, `[1, H, W, C]`, or `[1, H, W, 1]`.
    maps: Vec<Tensor>,
}

/// The class that is looked at, its score, and the maps of it.
fn find(
    trainee: &mut Trainee,
    picture: ArrayViewD<'_, f32>,
    (class, maps): (Option<usize>, &[Attribution]),
    interrupted: &AtomicBool,
) -> Result<Found, TrainError> {
    let picture = picture.insert_axis(Axis(0)).to_owned();
    let seen = trainee.standardised(&picture);
    let mut answer = trainee.ask(&Question::result(), &[("images", &seen)], interrupted)?;
    let scores = answer.take("logits")?;
    let better = |best: usize, at: usize| if scores[[0, at]] > scores[[0, best]] { at } else { best };
    let class = class.unwrap_or_else(|| (0..scores.len()).fold(0, better));
    let maps = maps.iter().map(|&map| trainee.attribution(&picture, class, map, interrupted));
    Ok(Found { class, score: scores[[0, class]], maps: maps.collect::<Result<_, _>>()? })
}

impl Found {
    /// The largest size of a map over the channels, a number a pixel, row by row.
    fn map(&self, at: usize) -> Vec<f32> {
        let size = |pixel: ArrayViewD<'_, f32>| pixel.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        self.maps[at].rows().into_iter().map(|pixel| size(pixel.into_dyn())).collect()
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
            images.outer_iter().map(|picture| find(trainee, picture, (self.class, &self.maps), &interrupted)).collect()
        };
        let found: Result<Vec<Found>, TrainError> = world.with(&self.net, &self.device, self.seed, look);
        world.go_on()?;
        let found = found.at(span)?;
        let output = self.output(&data, &found).at(span)?;
        match &self.save {
            None => Ok(output),
            Some((path, span)) => {
                // The maps of a picture stand behind each other as channels.
                let beside = |found: &Found| {
                    let maps: Vec<_> = found.maps.iter().map(|map| map.view()).collect();
                    concatenate(Axis(found.maps[0].ndim() - 1), &maps)
                };
                let all = found.iter().map(beside).collect::<Result<Vec<Tensor>, _>>();
                let all = all.map_err(|error| error.to_string()).at(*span)?;
                let views: Vec<_> = all.iter().map(|maps| maps.view()).collect();
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
            let map =
                |(at, &by): (usize, &Attribution)| SalientMap { name: word(by).to_string(), values: found.map(at) };
            let maps = self.maps.iter().enumerate().map(map).collect();
            items.push(Salient { image: picture, maps, captions: [name, format!("class {class}")] });
        }
        let title = format!("What {} looks at on {}", self.net.name, self.pick.samples.data.text);
        let picture = saliency(&title, &items, self.theme)?;
        let page = Page::default().text(format!("{title}: {}", of(found.len(), "picture"))).code(lines.join("\n"));
        Ok(Output::page("saliency", &page, self.data(found)).picture(picture))
    }

    /// `digits[3]: class 7, score 4.21; steepest at row 12, column 9: 0.83`
    fn line(&self, name: &str, class: &str, found: &Found, width: usize) -> String {
        let head = format!("{name}: class {class}, score {}", figure(found.score.into()));
        let most = |(at, &by): (usize, &Attribution)| {
            let map = found.map(at);
            let better = |best: usize, at: usize| if map[at] > map[best] { at } else { best };
            let most = (0..map.len()).fold(0, better);
            let (row, column, value) =
                (most / width, most % width, figure(map.get(most).copied().unwrap_or(0.0).into()));
            let is_zero = map.get(most).is_none_or(|&value| value <= 0.0);
            match by {
                _ if is_zero && self.maps.len() > 1 => format!("{} 0 everywhere", word(by)),
                _ if is_zero => "no pixel changes it".to_string(),
                Attribution::Gradient if self.maps.len() == 1 => {
                    format!("steepest at row {row}, column {column}: {value}")
                }
                _ => format!("{} most at row {row}, column {column}: {value}", word(by)),
            }
        };
        let most: Vec<String> = self.maps.iter().enumerate().map(most).collect();
        format!("{head}; {}", most.join("; "))
    }

    fn data(&self, found: &[Found]) -> Value {
        let width = self.net.input().get(1).copied().unwrap_or(1).max(1);
        let map = |at: usize| -> Value {
            found.iter().map(|found| found.map(at).chunks(width).map(|row| json!(row)).collect::<Value>()).collect()
        };
        let numbers: usize = found.iter().flat_map(|found| &found.maps).map(Tensor::len).sum();
        let maps = match self.maps.len() {
            _ if numbers > MOST_DATA => Value::Null,
            1 => map(0),
            _ => self.maps.iter().enumerate().map(|(at, &by)| (word(by).to_string(), map(at))).collect(),
        };
        json!({
            "net": self.net.name,
            "data": self.pick.samples.data.text,
            "samples": (0..found.len()).map(|i| self.pick.name(i)).collect::<Vec<_>>(),
            "classes": found.iter().map(|found| found.class).collect::<Vec<_>>(),
            "scores": found.iter().map(|found| found.score).collect::<Vec<_>>(),
            "with": self.maps.iter().map(|&map| word(map)).collect::<Vec<_>>(),
            "maps": maps,
        })
    }
}
