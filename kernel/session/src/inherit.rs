//! The first weights of a net that begins inside another: the other's, as far as they fit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fovea_dsl::lower;
use fovea_dsl::net::{Base, Layer, Net};
use fovea_graph::shape::join;
use fovea_graph::{Backend, State};
use fovea_train::{TrainError, Trainee};

use crate::event::Event;
use crate::world::{Trained, World, forward};

impl World {
    /// A net with its first weights, drawn by `seed`. One that begins inside another takes along the weights that the
    /// other has, but for layers of other shapes, and the way in which its pictures are standardised.
    pub fn first(&self, net: &Net, device: &Arc<dyn Backend>, seed: u64) -> Result<Trainee, TrainError> {
        let fresh =
            Trainee::fresh_unless(Arc::clone(device), forward(net, &self.interrupted), seed, &*self.interrupted)?;
        let Some((base, trained)) = self.base(net) else { return Ok(fresh) };
        let theirs = match trained.trainee.weights() {
            Err(lost) => self.saved(trained.run).ok_or(lost)?.weights,
            weights => weights?,
        };
        let mut weights = fresh.weights()?;
        let anew = anew(base, net, fresh.states(), trained.trainee.states());
        let taken = |layer: &Layer| !anew.contains(&layer.name.as_str());
        let taken: BTreeSet<&str> =
            net.layers.iter().take(base.layers).filter(|layer| taken(layer)).map(|layer| layer.name.as_str()).collect();
        for (name, value) in &mut weights.tensors {
            let is_taken = name.rsplit_once('.').is_some_and(|(layer, _)| taken.contains(layer));
            if let Some((_, tensor)) = theirs.tensors.iter().find(|(other, _)| other == name).filter(|_| is_taken) {
                value.clone_from(tensor);
            }
        }
        let channels = net.input().last().copied();
        weights.standardisation = theirs.standardisation.filter(|theirs| Some(theirs.mean.len()) == channels);
        Trainee::with_weights(Arc::clone(device), forward(net, &self.interrupted), &weights)
    }

    /// The net that `net` begins inside of, where it has weights of its own.
    pub fn base<'a>(&self, net: &'a Net) -> Option<(&'a Base, &Trained)> {
        let base = net.base.as_ref()?;
        Some((base, self.trained.get(&base.net)?))
    }

    /// Says which layers do not have the weights of the net that `net` begins inside of, because behind another input
    /// their shapes are others.
    pub fn remark_anew(&self, net: &Net, events: &mut dyn FnMut(Event)) {
        let Some((base, trained)) = self.base(net) else { return };
        let Ok(graph) = lower::lower(net, 1, lower::Mode::Infer) else { return };
        let anew = anew(base, net, &graph.states, trained.trainee.states());
        let names: Vec<String> = anew.iter().map(|layer| format!("`{layer}`")).collect();
        let (names, input, base) = (names.join(", "), join(net.input()), &base.net);
        let said = match anew.len() {
            0 => return,
            1 => format!("{names} starts anew: behind {input} its shape is not the one in `{base}`"),
            _ => format!("{names} start anew: behind {input} their shapes are not those in `{base}`"),
        };
        events(Event::Text(said));
    }
}

/// The layers that `net` has from `base`, and whose weights have other shapes in `theirs` than in `ours`.
fn anew<'n>(base: &Base, net: &'n Net, ours: &[State], theirs: &[State]) -> Vec<&'n str> {
    let theirs: BTreeMap<&str, &State> = theirs.iter().map(|state| (state.name.as_str(), state)).collect();
    let differs = |state: &&State| theirs.get(state.name.as_str()).is_none_or(|other| other.shape != state.shape);
    let layer = |state: &'_ State| state.name.rsplit_once('.').map(|(layer, _)| layer.to_string());
    let differing: BTreeSet<String> = ours.iter().filter(differs).filter_map(layer).collect();
    let layers = net.layers.iter().take(base.layers).map(|layer| layer.name.as_str());
    layers.filter(|name| differing.contains(*name)).collect()
}
