//! `maximize lenet.conv2[5]`, `maximize lenet class 7`: the pictures that units of a net want to see.

mod bounds;
mod check;
mod output;

use std::sync::Arc;

use fovea_dsl::net::Net;
use fovea_graph::Backend;
use fovea_train::Trainee;
use fovea_train::probe::maximize::{Ascent, Octave};

pub use check::check;

use super::kept::Kept;
use super::{Events, Job};
use crate::event::{Event, Figure, Output, Progress};
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::picture::Theme;
use crate::world::{World, forward};

/// How long a climb is where nothing is said.
const STEPS: usize = 150;

/// So many units are climbed to, and shown, at most.
const MOST: usize = 64;

struct Maximize {
    /// The layer whose units they are.
    place: Place,
    units: Units,
    device: Arc<dyn Backend>,
    ascent: Ascent,
    /// Height and width of the pictures of each octave, and the layers at this size.
    octaves: Vec<([usize; 2], Net)>,
    /// What keeps the pictures in bounds, in words.
    bounds: Vec<String>,
    /// Of the net's first weights, where it has no others.
    net_seed: u64,
    save: Option<Kept>,
    theme: Theme,
}

/// Which units they are.
struct Units {
    /// What one is called: `map`, `unit`, `class`.
    what: &'static str,
    /// What each is called.
    names: Vec<String>,
    /// How many the layer has.
    all: usize,
    /// The statement names one.
    is_one: bool,
}

impl Job for Maximize {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.place.net, events);
        let interrupted = Arc::clone(&world.interrupted);
        let mut tell = |done: usize, mean: f64| events(Event::Progress(self.progress(done, mean)));
        let octave =
            |(extent, layers): &([usize; 2], Net)| Octave { extent: *extent, layers: forward(layers, &interrupted) };
        let octaves = self.octaves.iter().map(octave).collect();
        let climb = |net: &mut Trainee| net.maximize(&self.ascent, octaves, &mut tell, &interrupted);
        let net = self.place.weighty(world);
        let climbed = world.with(&net, &self.device, self.net_seed, climb).at(self.place.span)?;
        let output = self.output(&climbed, world.trained.contains_key(&self.place.net.name)).at(self.place.span)?;
        let Some(save) = &self.save else { return Ok(output) };
        save.write(&climbed.pictures)?;
        Ok(output.file(&save.path))
    }
}

impl Maximize {
    fn progress(&self, done: usize, mean: f64) -> Progress {
        Progress {
            task: self.place.net.name.clone(),
            unit: "step".to_string(),
            done: done as u64,
            of: self.ascent.steps as u64,
            part: None,
            figures: vec![Figure::number(if self.units.names.len() > 1 { "mean value" } else { "value" }, mean)],
            seconds_left: None,
        }
    }
}
