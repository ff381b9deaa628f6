//! Pictures that excite a unit of a net most, found by climbing: steps along the gradient of its value by the pixels.
//!
//! Sources: D. Erhan, Y. Bengio, A. Courville, P. Vincent, "Visualizing higher-layer features of a deep network", 2009;
//! K. Simonyan, A. Vedaldi, A. Zisserman, arXiv:1312.6034; J. Yosinski et al., arXiv:1506.06579; C. Olah, A. Mordvintsev,
//! L. Schubert, Distill 2017, doi:10.23915/distill.00007.

mod bounds;
mod slope;
mod spectrum;

use std::sync::atomic::AtomicBool;

use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Stop, Tensor};
use ndarray::Axis;
use rayon::prelude::*;

use self::bounds::{Size, add_variation, blur};
use self::slope::Scale;
use self::spectrum::Spectrum;
use super::linear::brought_to;
use crate::error::TrainError;
use crate::forward::Forward;
use crate::trainee::Trainee;

pub use self::slope::{AT_ONCE, Part, question};

/// How far the first step moves the values that it moves, in the quadratic mean; the others ever less, down to 0.
const RATE: f32 = 0.05;

/// The deviation of the noise at the start.
const NOISE: f32 = 0.02;

/// The stream of the shifts; those below are of the units' starts.
const SHIFTS: u32 = u32::MAX;

/// What is climbed, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Ascent {
    /// Which channels of the layer's result, each for a picture of its own.
    pub units: Vec<usize>,
    /// What of a channel.
    pub part: Part,
    /// How many steps there are, at least 1.
    pub steps: usize,
    /// What keeps the pictures in bounds.
    pub bounds: Bounds,
    /// The seed of all chances.
    pub seed: u64,
    /// The picture `[H, W, C]` that all begin at; noise about the mean of the pictures that the net was trained on, or about
    /// mid-grey, where there is none.
    pub start: Option<Tensor>,
    /// How many pictures the layers are asked about at once, at least 1.
    pub at_once: usize,
}

/// What keeps a picture in bounds. Slopes are beside that of the value, whose quadratic mean counts 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// To which power of the frequency amplitudes fall, those of the noise at the start and those of every step.
    pub fourier: Option<f32>,
    /// The net sees the picture shifted by up to so many pixels each way, what leaves it coming in at the other side.
    pub jitter: usize,
    /// The deviation of a blur, and at every so manieth step.
    pub blur: Option<(f32, usize)>,
    /// How much the total variation counts.
    pub tv: f32,
    /// How much the distance from the mean counts, value by value.
    pub decay: f32,
}

/// Pictures of one size on the way. One smaller than the net takes is brought to its size, linearly.
pub struct Octave {
    /// Height and width.
    pub extent: [usize; 2],
    /// The graph of the net's first layers, whose result is climbed: at the net's own size, or at this one.
    pub layers: Forward,
}

/// What came of a climb.
#[derive(Clone, Debug, PartialEq)]
pub struct Climbed {
    /// Where it began, `[N, H, W, C]`, a picture a unit, raw in 0..1.
    pub start: Tensor,
    /// Where it ended.
    pub pictures: Tensor,
    /// Of each step the units' values before it, as the net saw the pictures, shifted; of a climb that was not broken off
    /// also those at its end. The first and these are of pictures that are not shifted.
    pub curve: Vec<Vec<f32>>,
    /// How many steps were complete.
    pub steps: usize,
    /// Whether a unit's value ever changed with the pixels.
    pub moved: Vec<bool>,
}

/// A climb under way.
struct Climb {
    start: Option<Tensor>,
    pictures: Tensor,
    curve: Vec<Vec<f32>>,
    steps: usize,
    units: Vec<Pace>,
    /// A value a channel, to which pictures fall back.
    mean: Vec<f32>,
}

/// How a unit's climb goes.
#[derive(Clone)]
struct Pace {
    /// Whether it ever had a slope.
    moved: bool,
    /// The picture of this size where it had one last.
    held: Option<Vec<f32>>,
    /// How much of a whole step it takes: less, since whole ones went too far.
    share: f32,
}

impl Trainee {
    /// Pictures in 0..1 that excite units of a net on pictures, `[H, W, C]`: all steps over the octaves, of which the last is
    /// of the net's own size. `told` hears how many steps are complete and the mean of the units' values. Set `interrupted`
    /// to end it with what there is.
    ///
    /// # Errors
    /// A net on something else than pictures; layers that are not the net's first, or without such a channel;
    /// [`TrainError::Interrupted`] before the first step is complete; the device refuses.
    pub fn maximize(
        &mut self,
        ascent: &Ascent,
        octaves: Vec<Octave>,
        told: &mut dyn FnMut(usize, f64),
        interrupted: &AtomicBool,
    ) -> Result<Climbed, TrainError> {
        let (own, count) = (self.net.input.clone(), octaves.len());
        let mut climb = Climb::new(self, ascent);
        for (number, octave) in octaves.into_iter().enumerate() {
            let end = ascent.steps * (number + 1) / count;
            let mut scale = Scale::new(self, octave)?;
            climb.enter(ascent, scale.size(), interrupted)?;
            let spectrum = ascent.bounds.fourier.map(|power| Spectrum::new(scale.extent(), power));
            while climb.steps < end {
                let shift = shift(ascent, climb.steps);
                let found = scale.slope(self, ascent, &climb.pictures, shift, interrupted);
                let (values, slope) = match found {
                    Err(TrainError::Interrupted) if climb.steps > 0 => return Ok(climb.end(&own)),
                    found => found?,
                };
                match ways(&slope, climb.units.len(), spectrum.as_ref(), interrupted) {
                    Err(TrainError::Interrupted) if climb.steps > 0 => return Ok(climb.end(&own)),
                    ways => climb.step(ascent, ways?),
                }
                told(
                    climb.steps,
                    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64,
                );
                climb.curve.push(values);
            }
            if number + 1 == count {
                match scale.slope(self, ascent, &climb.pictures, [0, 0], interrupted) {
                    Err(TrainError::Interrupted) => {}
                    found => climb.curve.push(found?.0),
                }
            }
        }
        Ok(climb.end(&own))
    }
}

/// How far the picture is shifted at a step: not at all at the first.
fn shift(ascent: &Ascent, step: usize) -> [isize; 2] {
    let most = ascent.bounds.jitter;
    if most == 0 || step == 0 {
        return [0, 0];
    }
    let stream = Stream::new(ascent.seed, Purpose::Probe, SHIFTS).at_step(step as u32);
    [0, 1].map(|axis| stream.below(axis, 2 * most as u64 + 1) as isize - most as isize)
}

impl Climb {
    fn new(trainee: &Trainee, ascent: &Ascent) -> Self {
        let channels = trainee.net.input.last().copied().unwrap_or_default();
        // The mean of pictures that are taken raw says nothing.
        let mean = |channel: usize| {
            let mean = trainee.standardisation.as_ref().and_then(|known| known.mean.get(channel).copied());
            mean.filter(|mean| *mean > 0.0 && *mean < 1.0).unwrap_or(0.5)
        };
        Self {
            start: None,
            pictures: Tensor::zeros(vec![0]),
            curve: Vec::new(),
            steps: 0,
            units: vec![Pace { moved: false, held: None, share: 1.0 }; ascent.units.len()],
            mean: (0..channels).map(mean).collect(),
        }
    }

    /// Begins at a size, or goes on at another one.
    fn enter(&mut self, ascent: &Ascent, size: Size, interrupted: &AtomicBool) -> Result<(), TrainError> {
        let extent = [size.height, size.width];
        if self.start.is_some() {
            let pictures = std::mem::replace(&mut self.pictures, Tensor::zeros(vec![0]));
            self.pictures = brought_to(pictures, &extent);
            self.units.iter_mut().for_each(|unit| unit.held = None);
            return Ok(());
        }
        let spectrum = ascent.bounds.fourier.map(|power| Spectrum::new(extent, power));
        let picture = |&unit: &usize| {
            interrupted.go_on()?;
            Ok(match &ascent.start {
                Some(start) => brought_to(start.clone().insert_axis(Axis(0)), &extent).iter().copied().collect(),
                None => self.noise(ascent.seed, unit, size, spectrum.as_ref()),
            })
        };
        let pictures: Vec<Vec<f32>> = ascent.units.par_iter().map(picture).collect::<Result<_, TrainError>>()?;
        let shape = vec![ascent.units.len(), size.height, size.width, size.channels];
        let pictures = Tensor::from_shape_vec(shape, pictures.concat());
        self.pictures = pictures.map_err(|error| TrainError::Inconsistent(error.to_string()))?;
        self.start = Some(self.pictures.clone());
        Ok(())
    }

    /// Noise about the mean, of mean 0 and one deviation whatever its spectrum.
    fn noise(&self, seed: u64, unit: usize, size: Size, spectrum: Option<&Spectrum>) -> Vec<f32> {
        let stream = Stream::new(seed, Purpose::Probe, unit as u32);
        let count = size.height * size.width * size.channels;
        let mut noise: Vec<f32> = (0..count as u64).map(|at| stream.normal(at) as f32).collect();
        if let Some(spectrum) = spectrum {
            spectrum.weigh(&mut noise);
        }
        let mean = noise.iter().sum::<f32>() / count.max(1) as f32;
        noise.iter_mut().for_each(|value| *value -= mean);
        let size = quadratic_mean(&noise).max(f32::MIN_POSITIVE);
        let about = self.mean.iter().cycle();
        noise.iter().zip(about).map(|(value, about)| (about + NOISE * value / size).clamp(0.0, 1.0)).collect()
    }

    /// Moves every picture along its way; where a step lost that, halfway back.
    fn step(&mut self, ascent: &Ascent, ways: Vec<Option<Vec<f32>>>) {
        let [_, height, width, channels] = self.pictures.shape()[..] else { return };
        let size = Size { height, width, channels };
        let rate = RATE * (1.0 - self.steps as f32 / ascent.steps as f32);
        self.steps += 1;
        let every = |(sigma, every): (f32, usize)| self.steps.is_multiple_of(every).then_some(sigma);
        let blurred = ascent.bounds.blur.and_then(every).filter(|_| self.steps < ascent.steps);
        let length = height * width * channels;
        let (mean, bounds) = (&self.mean, &ascent.bounds);
        let pictures = self.pictures.as_slice_mut().unwrap_or_default().par_chunks_exact_mut(length);
        pictures.zip(ways).zip(&mut self.units).for_each(|((picture, way), unit)| {
            let mut way = match (way, &unit.held) {
                (Some(way), _) => {
                    (unit.moved, unit.held) = (true, Some(picture.to_vec()));
                    way
                }
                (None, Some(held)) => {
                    picture.iter_mut().zip(held).for_each(|(value, held)| *value = 0.5 * (*value + held));
                    unit.share *= 0.5;
                    return;
                }
                (None, None) => vec![0.0; length],
            };
            if bounds.tv > 0.0 {
                add_variation(picture, size, -bounds.tv, &mut way);
            }
            let (rate, values) = (rate * unit.share, picture.iter_mut().zip(&way).zip(mean.iter().cycle()));
            values.for_each(|((value, way), mean)| {
                *value = (*value + rate * (way - bounds.decay * (*value - mean))).clamp(0.0, 1.0);
            });
            if let Some(sigma) = blurred {
                blur(picture, size, sigma);
            }
        });
    }

    /// What came of it, at the net's own size.
    fn end(self, own: &[usize]) -> Climbed {
        let extent = &own[..own.len().saturating_sub(1)];
        let start = self.start.unwrap_or_else(|| self.pictures.clone());
        Climbed {
            start: brought_to(start, extent),
            pictures: brought_to(self.pictures, extent),
            curve: self.curve,
            steps: self.steps,
            moved: self.units.iter().map(|unit| unit.moved).collect(),
        }
    }
}

/// The root of the mean of squares.
fn quadratic_mean(values: &[f32]) -> f32 {
    let squares: f64 = values.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    (squares / values.len().max(1) as f64).sqrt() as f32
}

/// Which way each of so many pictures goes, by its slope: fine parts weaker, where there is a spectrum.
fn ways(
    slopes: &Tensor,
    count: usize,
    spectrum: Option<&Spectrum>,
    interrupted: &AtomicBool,
) -> Result<Vec<Option<Vec<f32>>>, TrainError> {
    let slopes = slopes.as_slice().unwrap_or_default();
    let way = |slope: &[f32]| {
        interrupted.go_on()?;
        let mut way = slope.to_vec();
        if let Some(spectrum) = spectrum {
            spectrum.weigh(&mut way);
        }
        Ok(brought_to_one(way))
    };
    slopes.par_chunks_exact((slopes.len() / count.max(1)).max(1)).map(way).collect()
}

/// The values scaled so that those which are not 0 have a quadratic mean of 1: a unit may see a part of its picture only. None,
/// where there is no such scale.
fn brought_to_one(mut values: Vec<f32>) -> Option<Vec<f32>> {
    let some = values.iter().filter(|value| **value != 0.0).count();
    let size = quadratic_mean(&values) * (values.len() as f32 / some.max(1) as f32).sqrt();
    values.iter_mut().for_each(|value| *value /= size);
    size.is_normal().then_some(values)
}
