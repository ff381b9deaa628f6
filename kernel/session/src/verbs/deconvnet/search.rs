//! The samples that are shown, each carried back as soon as it is among them: what a search has so far is whole whenever it
//! is broken off.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::Dataset;
use fovea_train::probe::deconvnet::Excited;
use fovea_train::{TrainError, Trainee};
use ndarray::Axis;

use super::Deconvnet;
use super::draw::Found;
use crate::world::forward;

/// How many pictures the layers are asked about at once.
const CHUNK: usize = 64;

/// What a search has found.
pub struct Searched {
    /// The samples, those that excite the map most first, or in their order.
    pub found: Vec<Found>,
    /// How many were looked at.
    pub looked_at: usize,
    /// How many there are.
    pub of: usize,
}

impl Searched {
    /// Whether it was broken off.
    pub fn is_broken_off(&self) -> bool {
        self.looked_at < self.of
    }

    /// The largest activation so far.
    pub fn most(&self) -> f32 {
        self.found.iter().map(|found| found.excited.activation).fold(f32::NEG_INFINITY, f32::max)
    }
}

impl Deconvnet {
    /// Looks through the samples; `tell` hears how far it is. Broken off, it gives what it has.
    ///
    /// # Errors
    /// Broken off before anything was found; samples that cannot be read; the device refuses.
    pub fn search(
        &self,
        trainee: &mut Trainee,
        data: &Dataset,
        tell: &mut dyn FnMut(&Searched),
        interrupted: &Arc<AtomicBool>,
    ) -> Result<Searched, TrainError> {
        let indices = self.pick.indices(data);
        let mut searched = Searched { found: Vec::new(), looked_at: 0, of: indices.len() };
        for chunk in indices.chunks(CHUNK) {
            match self.look(trainee, data, chunk, &mut searched, interrupted) {
                Err(TrainError::Interrupted) if !searched.found.is_empty() => break,
                done => done?,
            }
            tell(&searched);
        }
        Ok(searched)
    }

    /// Looks at some samples.
    fn look(
        &self,
        trainee: &mut Trainee,
        data: &Dataset,
        chunk: &[usize],
        searched: &mut Searched,
        interrupted: &Arc<AtomicBool>,
    ) -> Result<(), TrainError> {
        let layers = || forward(&self.layers, interrupted);
        let images = data.images.select(chunk, &**interrupted)?;
        let excited = trainee.excited(&images, layers(), self.map, interrupted)?;
        let new = self.candidates(&excited, searched);
        let images = images.select(Axis(0), &new);
        let excited: Vec<Excited> = new.iter().map(|&at| excited[at].clone()).collect();
        let back = trainee.carried_back(&images, layers(), self.map, &excited, interrupted)?;
        let (done, begun) = (back.len(), searched.looked_at);
        for (((at, back), excited), picture) in new.iter().zip(back).zip(excited).zip(images.outer_iter()) {
            let field = self.place.net.seen(self.place.at, &excited.position);
            let (name, picture) = (self.pick.name(begun + at), picture.to_owned());
            searched.found.push(Found { name, excited, field, picture, back });
        }
        if let Some(top) = self.top {
            searched.found.sort_by(|a, b| b.excited.activation.total_cmp(&a.excited.activation));
            searched.found.truncate(top);
        }
        match self.top {
            _ if done == new.len() => searched.looked_at += chunk.len(),
            Some(_) => return Err(TrainError::Interrupted),
            None => {
                searched.looked_at += done;
                return Err(TrainError::Interrupted);
            }
        }
        Ok(())
    }

    /// Which of these are among those that are shown, as far as is known, those that excite the map most first.
    fn candidates(&self, excited: &[Excited], searched: &Searched) -> Vec<usize> {
        let mut new: Vec<usize> = (0..excited.len()).collect();
        let Some(top) = self.top else { return new };
        let activation = |at: usize| excited[at].activation;
        new.sort_by(|&a, &b| activation(b).total_cmp(&activation(a)));
        let least = searched.found.get(top - 1).map(|found| found.excited.activation);
        new.retain(|&at| least.is_none_or(|least| activation(at) > least));
        new.truncate(top);
        new
    }
}
