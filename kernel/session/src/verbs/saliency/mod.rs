//! `saliency lenet on digits[3] with guided, gradcam(conv2)`: which pixels a class's score depends on, over the picture.

mod output;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Attributed, Attribution as Said};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Tensor};
use fovea_train::probe::saliency::Attribution;
use fovea_train::{Question, TrainError, Trainee};
use ndarray::{ArrayViewD, Axis, ShapeError, concatenate};

use super::kept::Kept;
use super::{Checked, Events, Job};
use crate::classes::{class_names, known, one_answer};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights, suggest};
use crate::memory;
use crate::picture::Theme;
use crate::route::route_of;
use crate::samples::{Pick, pick};
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
    /// Each with its words, `gradcam(conv2)`.
    maps: Vec<(Attribution, String)>,
    /// What the net's classes are called.
    classes: Vec<String>,
    save: Option<Kept>,
}

/// Checks net, data, the pictures' numbers, the class and the file's folder.
pub fn check(said: verb::Saliency, names: &Names) -> Checked {
    let verb::Saliency { net, samples, with, class, save } = said;
    let maps = with.map_or_else(Vec::new, |with| with.value);
    let all = samples.range.is_none();
    let of = Use { net: &net, data: Some(&samples.data), weights: Weights::Own };
    let whole = names.net_to_predict(&of)?;
    one_answer(&whole, of.net.span)?;
    let mut maps = maps.iter().map(|map| asked(map, &whole)).collect::<Result<Vec<_>, _>>()?;
    if maps.is_empty() {
        maps.push((Attribution::Gradient, word(&Attribution::Gradient).to_string()));
    }
    for (map, _) in &maps {
        let route = route_of(&whole, &of, &map.question(), 1, names)?;
        memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    }
    let class = class.map(|class| known(class.value, class.what, &whole)).transpose()?;
    let mut pick = pick(samples, names)?.of_pictures("saliency")?;
    if all {
        pick.range.1 = pick.range.1.min(SAMPLES);
    }
    pick.few(MOST)?;
    let save = save.map(|path| Kept::at(&path.value)).transpose()?;
    let classes = class_names(&whole, pick.spec.class_names(), names);
    let device = Arc::clone(&names.device);
    let (seed, theme) = (names.seed, names.theme);
    Ok(Box::new(Look { net: whole, device, seed, theme, pick, class, maps, classes, save }))
}

/// A map that is asked for, and its words.
fn asked(map: &Attributed, net: &Net) -> Result<(Attribution, String), Diagnostic> {
    let by = match map.by {
        Said::Gradient => Attribution::Gradient,
        Said::Guided => Attribution::Guided,
        Said::Integrated(steps) => Attribution::Integrated { steps },
        Said::GradCam => {
            let of = match &map.layer {
                Some(layer) => Some(layer_with_maps(layer, net)?),
                None => {
                    has_maps(map, net)?;
                    None
                }
            };
            Attribution::GradCam { of }
        }
    };
    let words = match &map.layer {
        Some(layer) => format!("{}({})", word(&by), layer.text),
        None => word(&by).to_string(),
    };
    Ok((by, words))
}

/// The word for a map.
fn word(map: &Attribution) -> &'static str {
    match map {
        Attribution::Gradient => "gradient",
        Attribution::Guided => "guided",
        Attribution::Integrated { .. } => "integrated",
        Attribution::GradCam { .. } => "gradcam",
    }
}

/// Whether a layer makes maps of more than one position.
fn is_map(layer: &Layer) -> bool {
    let shape = &layer.output;
    shape.len() > 1 && shape[..shape.len() - 1].iter().any(|&extent| extent > 1)
}

/// Grad-CAM looks at maps that the net makes, of more than one position.
fn has_maps(map: &Attributed, net: &Net) -> Result<(), Diagnostic> {
    if net.layers.iter().skip(1).any(is_map) {
        return Ok(());
    }
    let message = format!("`{}` has no layer with maps for `gradcam` to weigh", net.name);
    let mistake = Diagnostic::new(Stage::Shapes, map.span, message).found("vectors alone");
    Err(mistake.expected("a net with `conv` or `pool`").mend(map.span, "guided").help("`guided` needs no maps"))
}

/// The layer whose maps are weighed; dropout, which does nothing here, stands for what it reads.
fn layer_with_maps(name: &Name, net: &Net) -> Result<String, Diagnostic> {
    let with_maps = || net.layers.iter().skip(1).filter(|layer| is_map(layer)).map(|layer| layer.name.as_str());
    let Some(mut at) = net.find(&name.text) else {
        let message = format!("`{}` has no layer `{}`", net.name, name.text);
        let mistake = Diagnostic::new(Stage::Names, name.span, message);
        // `lenet.conv2`
        let own = name.text.strip_prefix(&net.name).and_then(|rest| rest.strip_prefix('.'));
        if let Some(own) = own.filter(|own| net.find(own).is_some()) {
            return Err(mistake.found(&name.text).expected(own).write(name.span, own));
        }
        let otherwise = format!("`summary {}` lists its layers", net.name);
        return Err(suggest(mistake, (&name.text, name.span), with_maps(), otherwise));
    };
    while matches!(net.layers[at].kind, Kind::Dropout { .. }) {
        at = net.layers[at].inputs[0];
    }
    if at > 0 && is_map(&net.layers[at]) {
        return Ok(net.layers[at].name.clone());
    }
    let gives = join(&net.layers[at].output);
    let message = match at {
        0 => format!("`{}` is the picture itself", name.text),
        _ => format!("`{}` gives {gives}, and no maps of more than one position", name.text),
    };
    let mistake = Diagnostic::new(Stage::Shapes, name.span, message).found(gives).expected("a layer with maps");
    Err(match with_maps().next_back() {
        Some(last) => mistake.mend(name.span, last).help(format!("write `gradcam({last})`, say")),
        None => mistake.help("`guided` needs no maps"),
    })
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
    (class, maps): (Option<usize>, &[(Attribution, String)]),
    interrupted: &AtomicBool,
) -> Result<Found, TrainError> {
    let picture = picture.insert_axis(Axis(0)).to_owned();
    let seen = trainee.standardised(&picture);
    let mut answer = trainee.ask(&Question::result(), &[("images", &seen)], interrupted)?;
    let scores = answer.take("logits")?;
    let better = |best: usize, at: usize| if scores[[0, at]] > scores[[0, best]] { at } else { best };
    let class = class.unwrap_or_else(|| (0..scores.len()).fold(0, better));
    let maps = maps.iter().map(|(map, _)| trainee.attribution(&picture, class, map, interrupted));
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
        let Some(save) = &self.save else { return Ok(output) };
        save.write(&if save.is_png() {
            drawable(&found)
        } else {
            beside(&found).map_err(|e| e.to_string()).at(span)?
        })?;
        Ok(output.file(&save.path))
    }
}

/// Every map as it is, the maps of a picture behind each other as channels: `[N, H, W, C]`.
fn beside(found: &[Found]) -> Result<Tensor, ShapeError> {
    let of_one = |found: &Found| {
        let maps: Vec<_> = found.maps.iter().map(|map| map.view()).collect();
        concatenate(Axis(found.maps[0].ndim() - 1), &maps)
    };
    let all = found.iter().map(of_one).collect::<Result<Vec<Tensor>, _>>()?;
    concatenate(Axis(0), &all.iter().map(|maps| maps.view()).collect::<Vec<_>>())
}

/// Every map for itself as a picture `[N, H, W, 1]`, its largest value white: the maps of a picture, then those of the next.
fn drawable(found: &[Found]) -> Tensor {
    let extent = found.first().map_or(&[][..], |found| &found.maps[0].shape()[1..found.maps[0].ndim() - 1]);
    let mut pictures = Vec::new();
    for found in found {
        for at in 0..found.maps.len() {
            let map = found.map(at);
            let most = map.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            pictures.extend(map.into_iter().map(|value| value / most));
        }
    }
    let count = found.iter().map(|found| found.maps.len()).sum();
    Tensor::from_shape_vec([&[count], extent, &[1]].concat(), pictures).unwrap_or_default()
}
