//! Style transfer: a picture whose feature maps come close to a photograph's, and whose Gram matrices to a painting's.
//!
//! Source: L. Gatys, A. Ecker, M. Bethge, "A neural algorithm of artistic style", arXiv:1508.06576. Filters that nothing has
//! trained carry style, too: K. He, Y. Wang, J. Hopcroft, "A powerful generative model using random weights for the deep image
//! representation", arXiv:1606.04801.

pub mod adam;
pub mod lbfgs;
pub mod losses;
pub mod point;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::Dice;
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Outcome, Tensor};

use self::adam::Adam;
use self::lbfgs::Lbfgs;
use self::losses::{Aim, Losses, Weights, gram_of, grams, maps, maps_of, question};
use self::point::Point;
use crate::compile::{Net, Programs};
use crate::compiled::{Compiled, Feeds, Numbers};
use crate::error::TrainError;
use crate::forward::Forward;
use crate::question::Question;
use crate::standardise::Standardisation;
use crate::trainee::Trainee;

/// How the picture follows its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Descent {
    /// L-BFGS, which remembers so many steps.
    Lbfgs {
        /// How many.
        memory: usize,
    },
    /// Adam.
    Adam(adam::Numbers),
}

/// What the picture is at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The photograph.
    Photo,
    /// Noise, drawn by this seed.
    Noise(u64),
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The layers whose maps are compared with the photograph's, by name.
    pub content: Vec<String>,
    /// The layers whose Gram matrices are compared with the painting's.
    pub style: Vec<String>,
    /// How much each counts.
    pub weights: Weights,
    /// How the picture follows its gradient.
    pub descent: Descent,
    /// What it is at first.
    pub start: Start,
    /// How many steps there are at most.
    pub steps: usize,
}

/// How much it counts that values lie beyond 0 to 1, where no picture is: enough that what is cut off in the end is next to
/// nothing.
const BEYOND: f64 = 1000.0;

/// How far a picture is from what it is to come close to; what has no weight is not computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Far {
    /// From the photograph's maps.
    pub content: Option<f64>,
    /// From the painting's Gram matrices.
    pub style: Option<f64>,
    /// How rough it is.
    pub variation: Option<f64>,
    /// How far its values lie beyond 0 to 1: the mean square, as much as it counts.
    pub beyond: f64,
    /// All of it by its weights.
    pub total: f64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Styled {
    /// The picture, `[1, H, W, C]`, values in 0..1.
    pub picture: Tensor,
    /// How far it was, at first and after each step.
    pub course: Vec<Far>,
    /// Whether no step led lower any more, before all were taken.
    pub settled: bool,
}

/// One picture after a step, for whoever looks on.
pub struct News<'a> {
    /// How many steps are complete.
    pub step: usize,
    /// How far it is.
    pub far: Far,
    place: &'a [f64],
    shape: &'a [usize],
}

impl News<'_> {
    /// The picture, `[1, H, W, C]`, values in 0..1.
    pub fn picture(&self) -> Tensor {
        pixels(self.place, self.shape)
    }
}

impl Transfer {
    /// What a step asks of the layers, of pictures of so many channels.
    pub fn question(&self, channels: usize) -> Question {
        let aims = |layers: &[String]| layers.iter().map(|layer| Aim { layer: layer.clone(), square: 1.0 }).collect();
        let (content, style) = (aims(&self.content), aims(&self.style));
        // Each channel has a deviation of its own, which takes the most.
        let deviation = (0..channels).map(|channel| 1.0 + channel as f32).collect();
        question(&Losses { content, style, weights: self.weights, deviation })
    }

    /// The bytes that the descent takes beside the net, for a picture of so many values.
    pub fn bytes(&self, values: usize) -> u64 {
        // Two points, the way between them and what is asked at its end; and what the descent remembers.
        let vectors = 8 + match self.descent {
            Descent::Lbfgs { memory } => 2 * memory as u64,
            Descent::Adam(_) => 2,
        };
        vectors.saturating_mul(8).saturating_mul(values as u64)
    }
}

/// The standardisation of pictures for a net that keeps none: that of the photographs that such nets are trained on.
pub fn usual(channels: usize) -> Standardisation {
    Standardisation::imagenet(channels)
}

impl Trainee {
    /// Brings the maps of a picture of the photograph's shape close to the photograph's, and its Gram matrices close to the
    /// painting's. Both pictures are `[1, H, W, C]`, raw in 0..1; of each, `layers` gives the graph of the net's first layers at its
    /// size. `told` hears of every step. Set `interrupted` to end it with what there is.
    ///
    /// # Errors
    /// Layers that are not the net's first, or not named; pictures of another shape; [`TrainError::Interrupted`] before the
    /// first step is complete; the device refuses.
    pub fn stylize(
        &mut self,
        [photo, painting]: [(&Tensor, Forward); 2],
        transfer: &Transfer,
        told: &mut dyn FnMut(News<'_>),
        interrupted: &AtomicBool,
    ) -> Result<Styled, TrainError> {
        let channels = photo.0.shape().last().copied().unwrap_or(1);
        let seen = self.standardisation.clone().unwrap_or_else(|| usual(channels));
        let weights = transfer.weights;
        let mut aims = Vec::new();
        let style = match weights.style > 0.0 {
            true => self.aims(painting, &grams(&transfer.style), &seen, interrupted)?,
            false => Vec::new(),
        };
        let (photo, forward) = photo;
        let net = self.first_layers(photo, forward)?;
        let content = match weights.content > 0.0 {
            true => self.asked(&net, photo, &maps(&transfer.content), &seen, interrupted)?,
            false => Vec::new(),
        };
        let measured = |layers: &[String], name: fn(&str) -> String, found: &[(String, Tensor)]| {
            let of = |layer: &String| {
                let (_, value) = found.iter().find(|(output, _)| *output == name(layer))?;
                let square =
                    value.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / value.len().max(1) as f64;
                Some(Aim { layer: layer.clone(), square })
            };
            layers.iter().filter_map(of).collect()
        };
        let losses = Losses {
            content: measured(&transfer.content, maps_of, &content),
            style: measured(&transfer.style, gram_of, &style),
            weights,
            deviation: seen.deviation.clone(),
        };
        aims.extend(content);
        aims.extend(style);
        let shape = photo.shape().to_vec();
        let mut work =
            Work { trainee: self, net, programs: Programs::new(), question: question(&losses), aims, seen, shape };
        let first = start(photo, transfer.start);
        work.descend(first, transfer, told, interrupted)
    }

    /// The net's first layers at the size of a picture.
    fn first_layers(&self, picture: &Tensor, layers: Forward) -> Result<Net, TrainError> {
        let net = Net::new(Arc::clone(&self.net.backend), layers)?;
        match picture.shape().split_first() {
            Some((1, shape)) if shape == net.input => {}
            _ => return Err(TrainError::Pictures { net: net.input, found: picture.shape().to_vec() }),
        }
        match self.net.states.starts_with(&net.states) {
            true => Ok(net),
            false => Err(TrainError::Inconsistent("these are not its first layers".into())),
        }
    }

    fn aims(
        &mut self,
        (picture, layers): (&Tensor, Forward),
        question: &Question,
        seen: &Standardisation,
        interrupted: &AtomicBool,
    ) -> Result<Vec<(String, Tensor)>, TrainError> {
        let net = self.first_layers(picture, layers)?;
        self.asked(&net, picture, question, seen, interrupted)
    }

    /// The outputs of a question about a picture.
    fn asked(
        &mut self,
        net: &Net,
        picture: &Tensor,
        question: &Question,
        seen: &Standardisation,
        interrupted: &AtomicBool,
    ) -> Result<Vec<(String, Tensor)>, TrainError> {
        let mut images = picture.as_standard_layout().into_owned();
        seen.apply(&mut images);
        let mut programs = Programs::new();
        let compiled = programs.get(net, question, 1, interrupted)?;
        run(compiled, &mut *self.memory, &[("images", &images)], interrupted)?;
        let names: Vec<String> = compiled.graph().outputs.iter().map(|(name, _)| name.clone()).collect();
        names.into_iter().map(|name| Ok((name.clone(), compiled.output(&name)?))).collect()
    }
}

/// Runs a program to its end.
fn run(
    compiled: &mut Compiled,
    memory: &mut dyn fovea_graph::Memory,
    feeds: &Feeds<'_>,
    interrupted: &AtomicBool,
) -> Result<(), TrainError> {
    compiled.begin(memory, feeds, Numbers::default(), interrupted, &mut |_| ())?;
    match compiled.finish()? {
        Outcome::Interrupted => Err(TrainError::Interrupted),
        Outcome::Done | Outcome::NotFinite(_) => Ok(()),
    }
}

/// The first picture, a value after the other.
fn start(photo: &Tensor, start: Start) -> Vec<f64> {
    match start {
        Start::Photo => photo.iter().map(|&value| value.into()).collect(),
        Start::Noise(seed) => {
            let mut dice = Dice::of(Stream::new(seed, Purpose::Probe, 0));
            (0..photo.len()).map(|_| dice.between(0.0, 1.0).into()).collect()
        }
    }
}

/// A place as a picture.
fn pixels(place: &[f64], shape: &[usize]) -> Tensor {
    let values = place.iter().map(|value| value.clamp(0.0, 1.0) as f32).collect();
    Tensor::from_shape_vec(shape.to_vec(), values).unwrap_or_else(|_| Tensor::zeros(shape.to_vec()))
}

/// How much it counts that values lie beyond 0 to 1; adds the gradient of that.
fn pull_back(place: &[f64], gradient: &mut [f64]) -> f64 {
    let share = BEYOND / place.len().max(1) as f64;
    let mut sum = 0.0;
    for (value, slope) in place.iter().zip(gradient) {
        let excess = value - value.clamp(0.0, 1.0);
        sum += share * excess * excess;
        *slope += 2.0 * share * excess;
    }
    sum
}

/// A descent under way.
struct Work<'t> {
    trainee: &'t mut Trainee,
    /// The first layers at the photograph's size.
    net: Net,
    programs: Programs,
    question: Question,
    /// What the picture is to come close to, by the names of inputs.
    aims: Vec<(String, Tensor)>,
    seen: Standardisation,
    shape: Vec<usize>,
}

/// What descends.
enum Descending {
    Lbfgs(Lbfgs),
    Adam(Adam),
}

impl Work<'_> {
    fn descend(
        &mut self,
        first: Vec<f64>,
        transfer: &Transfer,
        told: &mut dyn FnMut(News<'_>),
        interrupted: &AtomicBool,
    ) -> Result<Styled, TrainError> {
        let shape = self.shape.clone();
        let mut descending = match transfer.descent {
            Descent::Lbfgs { memory } => Descending::Lbfgs(Lbfgs::new(memory)),
            Descent::Adam(numbers) => Descending::Adam(Adam::new(numbers, first.len())),
        };
        let mut evaluate = |place: Vec<f64>| self.look(place, interrupted);
        let mut now = evaluate(first)?;
        let mut course = vec![now.parts];
        let mut settled = false;
        told(News { step: 0, far: now.parts, place: &now.place, shape: &shape });
        while course.len() <= transfer.steps {
            let next = match &mut descending {
                Descending::Lbfgs(lbfgs) => lbfgs.next(&now, &mut evaluate),
                Descending::Adam(adam) => adam.next(&now, (0.0, 1.0), &mut evaluate).map(Some),
            };
            match next {
                Err(TrainError::Interrupted) if course.len() > 1 => break,
                Err(error) => return Err(error),
                Ok(None) => {
                    settled = true;
                    break;
                }
                Ok(Some(next)) => now = next,
            }
            course.push(now.parts);
            told(News { step: course.len() - 1, far: now.parts, place: &now.place, shape: &shape });
        }
        Ok(Styled { picture: pixels(&now.place, &shape), course, settled })
    }

    /// How far a picture is, and by which change of it that grows.
    fn look(&mut self, place: Vec<f64>, interrupted: &AtomicBool) -> Result<Point<Far>, TrainError> {
        let inconsistent = |error: ndarray::ShapeError| TrainError::Inconsistent(error.to_string());
        let values = place.iter().map(|&value| value as f32).collect();
        let mut images = Tensor::from_shape_vec(self.shape.clone(), values).map_err(inconsistent)?;
        self.seen.apply(&mut images);
        let compiled = self.programs.get(&self.net, &self.question, 1, interrupted)?;
        let aims = self.aims.iter().map(|(name, value)| (name.as_str(), value));
        let feeds: Vec<(&str, &Tensor)> = [("images", &images)].into_iter().chain(aims).collect();
        run(compiled, &mut *self.trainee.memory, &feeds, interrupted)?;
        let part = |name: &str| compiled.has(name).then(|| compiled.number(name)).transpose();
        let (content, style, variation) = (part("content")?, part("style")?, part("variation")?);
        let loss = compiled.number("loss")?;
        let mut gradient = compiled.output("gradient of images")?;
        self.seen.gradient(&mut gradient);
        let mut gradient: Vec<f64> = gradient.iter().map(|&slope| slope.into()).collect();
        let beyond = pull_back(&place, &mut gradient);
        let total = loss + beyond;
        Ok(Point { place, value: total, gradient, parts: Far { content, style, variation, beyond, total } })
    }
}
