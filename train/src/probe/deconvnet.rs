//! What excited a map, carried back to the pixels: through the switches of max pooling, rectifiers and transposed filters.
//!
//! Source: M. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", arXiv:1311.2901.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_graph::autodiff::Rules;
use fovea_graph::{Outcome, Tensor};
use ndarray::{ArrayViewD, Axis, Slice};

use crate::compile::{Net, Programs};
use crate::compiled::Numbers;
use crate::error::TrainError;
use crate::forward::Forward;
use crate::question::Question;
use crate::trainee::Trainee;

/// An activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Excited {
    /// Its value.
    pub activation: f32,
    /// Where on the map it stands, an entry a spatial axis.
    pub position: Vec<usize>,
}

/// What is asked of a net's first layers, whose result is the map: a signal carried back.
pub fn question() -> Question {
    Question::back("result", &["images"], Rules::Deconvnet)
}

impl Excited {
    /// The largest of a map `[spatial…]`, of equals the first.
    pub fn most(map: ArrayViewD<'_, f32>) -> Option<Self> {
        let first = map.iter().position(|_| true)?;
        let values: Vec<f32> = map.iter().copied().collect();
        let most = (first..values.len()).fold(first, |best, at| if values[at] > values[best] { at } else { best });
        let mut rest = most;
        let mut position: Vec<usize> = map
            .shape()
            .iter()
            .rev()
            .map(|&extent| {
                let along = rest % extent;
                rest /= extent;
                along
            })
            .collect();
        position.reverse();
        Some(Self { activation: values[most], position })
    }
}

impl Trainee {
    /// The largest activation of a map on each of these pictures `[N, H, W, C]`, raw in 0..1. `layers` gives the graph of the
    /// layers up to the map's own, whose result is theirs.
    ///
    /// # Errors
    /// As [`Trainee::activations`]; layers without maps, or without this one.
    pub fn excited(
        &mut self,
        images: &Tensor,
        layers: Forward,
        map: usize,
        interrupted: &AtomicBool,
    ) -> Result<Vec<Excited>, TrainError> {
        let all = self.activations(images, layers, interrupted)?;
        let channels = Axis(all.ndim() - 1);
        if all.ndim() < 3 || map >= all.shape()[channels.index()] {
            return Err(TrainError::Inconsistent(format!("its layer has no map {map}")));
        }
        let of_map = all.index_axis(channels, map);
        Ok(of_map.outer_iter().filter_map(Excited::most).collect())
    }

    /// Each of these activations of a map, alone, carried back to its picture, `[H, W, C]`, as the net sees pictures: what
    /// is not positive is no signal. Where the way back meets no rule of the source's, it goes by the gradient; local response
    /// normalisation is passed through. Broken off, it gives those that were done.
    ///
    /// # Errors
    /// As [`Trainee::excited`], but for an interrupt.
    pub fn carried_back(
        &mut self,
        images: &Tensor,
        layers: Forward,
        map: usize,
        excited: &[Excited],
        interrupted: &AtomicBool,
    ) -> Result<Vec<Tensor>, TrainError> {
        let net = Net::new(Arc::clone(&self.net.backend), layers)?;
        let (mut programs, question) = (Programs::new(), question());
        let seen = self.standardised(images);
        let mut back = Vec::with_capacity(excited.len());
        for (at, excited) in excited.iter().enumerate() {
            let picture = seen.slice_axis(Axis(0), Slice::from(at..at + 1)).to_owned();
            let mut signal = Tensor::zeros([&[1], &net.output[..]].concat());
            let place = [&[0], &excited.position[..], &[map]].concat();
            match signal.get_mut(&place[..]) {
                Some(value) => *value = excited.activation.max(0.0),
                None => return Err(TrainError::Inconsistent(format!("its layer has no map {map}"))),
            }
            let compiled = match programs.get(&net, &question, 1, interrupted) {
                Err(TrainError::Interrupted) => break,
                compiled => compiled?,
            };
            let feeds = [("images", &picture), ("weights of result", &signal)];
            compiled.begin(&mut *self.memory, &feeds, Numbers::default(), interrupted, &mut |_| ())?;
            if let Outcome::Interrupted = compiled.finish()? {
                break;
            }
            back.push(compiled.output("gradient of images")?.index_axis_move(Axis(0), 0));
        }
        Ok(back)
    }
}
