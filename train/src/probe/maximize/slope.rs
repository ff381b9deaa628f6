//! What units of a net's first layers make of pictures, and the slope of that by their pixels.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::autodiff::Rules;
use fovea_graph::derivative::with_gradients_unless;
use fovea_graph::op::{Function, GradientError, Unary};
use fovea_graph::{Node, Op, Outcome, Tensor};
use ndarray::{Axis, Slice};

use super::bounds::Size;
use super::{Ascent, Octave};
use crate::compile::{Net, Programs};
use crate::compiled::Numbers;
use crate::error::TrainError;
use crate::forward::Mode;
use crate::probe::linear::{brought_back, brought_to};
use crate::question::Question;
use crate::trainee::Trainee;

/// So many pictures at once keep a processor busy.
pub const AT_ONCE: usize = 16;

/// How much of what is below 0 counts in the mean of a map: so little that it does not weigh against what is above, and enough
/// for a map that is nowhere above 0 to have a slope.
const LEAK: f64 = 0.01;

/// The name of what is climbed.
const EXCITED: &str = "excited";

/// What is climbed of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The mean of the map, in which what is below 0 counts a hundredth: of a linear filter the mean alone would be a
    /// brightness.
    Mean,
    /// The value in the middle of the map; of a vector the value.
    Middle,
}

/// What is asked of a net's first layers, whose result holds the units: the slope of their sum, weighed. Of a rectifier what
/// goes into it counts.
pub fn question(part: Part) -> Question {
    Question::new(format!("what excites, {part:?}"), Mode::Infer, move |forward, stop| {
        let mut graph = forward.copy_unless(stop)?;
        let result = graph.find_output("result").ok_or_else(|| GradientError::NoOutput("result".into()))?;
        // A rectifier that is shut has no slope; what goes into it is the same where it is open.
        let value = match graph.node(result) {
            Node { op: Op::Relu(_), inputs, .. } => inputs[0],
            _ => result,
        };
        let excited = match part {
            Part::Mean => graph.push(Op::Unary(Unary { function: Function::Leaky { slope: LEAK } }), &[value], None)?,
            Part::Middle => value,
        };
        graph.output(EXCITED, excited);
        with_gradients_unless(graph, EXCITED, &["images"], Rules::Gradient, stop)
    })
}

/// Layers that take pictures of one size, and the size that pictures have on their way there.
pub(super) struct Scale {
    net: Net,
    programs: Programs,
    extent: [usize; 2],
}

impl Scale {
    pub fn new(trainee: &Trainee, octave: Octave) -> Result<Self, TrainError> {
        let net = Net::new(Arc::clone(&trainee.net.backend), octave.layers)?;
        let [height, width, _] = net.input[..] else {
            return Err(TrainError::Pictures { net: net.input, found: octave.extent.to_vec() });
        };
        if !trainee.net.states.starts_with(&net.states) {
            return Err(TrainError::Inconsistent("these are not its first layers".into()));
        }
        let extent = octave.extent;
        if extent[0].min(extent[1]) == 0 || extent[0] > height || extent[1] > width {
            return Err(TrainError::Pictures { net: net.input, found: extent.to_vec() });
        }
        Ok(Self { net, programs: Programs::new(), extent })
    }

    pub fn extent(&self) -> [usize; 2] {
        self.extent
    }

    pub fn size(&self) -> Size {
        let [height, width] = self.extent;
        Size { height, width, channels: self.net.input.last().copied().unwrap_or_default() }
    }

    /// The units' values on their pictures, shifted, and of each its slope by its picture, raw in 0..1.
    pub fn slope(
        &mut self,
        trainee: &mut Trainee,
        ascent: &Ascent,
        pictures: &Tensor,
        shift: [isize; 2],
        interrupted: &AtomicBool,
    ) -> Result<(Vec<f32>, Tensor), TrainError> {
        let question = question(ascent.part);
        let mut values = Vec::with_capacity(ascent.units.len());
        let mut slopes = Tensor::zeros(pictures.raw_dim());
        let at_once = ascent.at_once.max(1);
        for (chunk, units) in ascent.units.chunks(at_once).enumerate() {
            let range = Slice::from(chunk * at_once..chunk * at_once + units.len());
            let some = pictures.slice_axis(Axis(0), range).to_owned();
            let seen = rolled(&brought_to(some, &self.net.input[..2]), shift);
            let (images, weights) = (trainee.standardised(&seen), self.weights(units, ascent.part)?);
            let compiled = self.programs.get(&self.net, &question, units.len(), interrupted)?;
            let feeds = [("images", &images), ("weights of excited", &weights)];
            compiled.begin(&mut *trainee.memory, &feeds, Numbers::default(), interrupted, &mut |_| ())?;
            if let Outcome::Interrupted = compiled.finish()? {
                return Err(TrainError::Interrupted);
            }
            let excited = compiled.output(EXCITED)? * &weights;
            values.extend(excited.outer_iter().map(|of_one| of_one.iter().map(|&v| f64::from(v)).sum::<f64>() as f32));
            let slope = trainee.by_raw_pixels(compiled.output("gradient of images")?);
            let slope = brought_back(rolled(&slope, shift.map(|way| -way)), &self.extent);
            slopes.slice_axis_mut(Axis(0), range).assign(&slope);
        }
        Ok((values, slopes))
    }

    /// By what the layers' result is summed: a row a unit.
    fn weights(&self, units: &[usize], part: Part) -> Result<Tensor, TrainError> {
        let (channels, spatial) = self.net.output.split_last().unwrap_or((&0, &[]));
        let mut weights = Tensor::zeros([&[units.len()], &self.net.output[..]].concat());
        for (mut weights, &unit) in weights.outer_iter_mut().zip(units) {
            if unit >= *channels {
                return Err(TrainError::Inconsistent(format!("its layer has no channel {unit}")));
            }
            let mut map = weights.index_axis_mut(Axis(spatial.len()), unit);
            let positions = map.len().max(1);
            match part {
                Part::Mean => map.fill(1.0 / positions as f32),
                Part::Middle => {
                    let middle: Vec<usize> = spatial.iter().map(|extent| extent / 2).collect();
                    map[&middle[..]] = 1.0;
                }
            }
        }
        Ok(weights)
    }
}

/// Pictures `[N, H, W, C]` shifted down and to the right; what leaves them comes in at the other side.
fn rolled(pictures: &Tensor, [down, across]: [isize; 2]) -> Tensor {
    let mut shifted = pictures.clone();
    for (axis, by) in [(1, down), (2, across)] {
        let count = shifted.shape()[axis];
        let by = by.rem_euclid(count.max(1) as isize) as usize;
        if by > 0 {
            let given = shifted.clone();
            let part = |from: usize, to: usize| given.slice_axis(Axis(axis), Slice::from(from..to));
            shifted.slice_axis_mut(Axis(axis), Slice::from(by..count)).assign(&part(0, count - by));
            shifted.slice_axis_mut(Axis(axis), Slice::from(0..by)).assign(&part(count - by, count));
        }
    }
    shifted
}
