//! `embed lenet.fc1 on digits`: the codes of a layer in the plane.

mod check;
mod output;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::{Dataset, LabelKind};
use fovea_dsl::net::Net;
use fovea_graph::{Backend, Span, Stop, Tensor};
use fovea_train::probe::embed::{Codes, Point, Progress, Tsne, VOTES, accuracy, nearest_in_plane};
use fovea_train::target::Toward;
use fovea_train::{TrainError, Trainee};
use ndarray::{Axis, Slice, concatenate};

pub use check::check;

use super::predict::write;
use super::{Events, Job};
use crate::classes::tells_classes;
use crate::event::{self, Event, Figure, Output};
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::picture::Theme;
use crate::samples::{Pick, is_mapped};
use crate::world::{World, forward};

/// So many numbers of pictures are held at once, at least one picture's.
const GATHERED: usize = 1 << 24;

struct Embed {
    place: Place,
    device: Arc<dyn Backend>,
    /// Of the first weights of a net that was never trained.
    net_seed: u64,
    seed: u64,
    pick: Pick,
    /// First channel and end.
    range: (usize, usize),
    how: How,
    save: Option<(PathBuf, Span)>,
    theme: Theme,
}

/// How codes are brought to the plane, every number said.
#[derive(Clone, Copy)]
enum How {
    Components,
    Neighbours(Tsne),
}

/// Codes in the plane, and what came of them.
struct Laid {
    points: Vec<Point>,
    by: By,
}

/// What a layout says of itself.
enum By {
    /// The share of the variance that each axis has.
    Components([f64; 2]),
    Neighbours {
        how: Tsne,
        progress: Progress,
        interrupted: bool,
    },
}

/// What is known of the samples beside their codes.
struct Known {
    /// The class of each, where samples have one.
    labels: Option<Vec<u32>>,
    /// Which ones the net takes for another class; `None` where it was not trained, or tells none.
    wrong: Option<Vec<usize>>,
    /// How often the nearest samples tell the class, in the plane and by the codes.
    right: Option<[f64; 2]>,
    /// One code's shape.
    shape: Vec<usize>,
    /// Of how many numbers codes were, where they were reduced.
    reduced_from: Option<usize>,
}

impl Job for Embed {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.place.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let stop = Arc::clone(&world.interrupted);
        let (values, wrong) = self.ask(&data, world).at(span)?;
        let codes = Codes::of(&values, self.seed, &*stop).at(self.place.span)?;
        let labels = labels(&data, self.pick.indices(&data));
        let by_codes = match &labels {
            None => None,
            Some(labels) => Some(accuracy(&codes.nearest(VOTES, &*stop)?, labels)),
        };
        let laid = self.lay(&codes, events, &*stop)?;
        let in_plane = |labels: &Vec<u32>| accuracy(&nearest_in_plane(&laid.points, VOTES), labels);
        let right = labels.as_ref().map(in_plane).zip(by_codes).map(<[f64; 2]>::from);
        let (shape, reduced_from) = (values.shape()[1..].to_vec(), codes.reduced_from());
        let output = self.output(&data, &laid, &Known { labels, wrong, right, shape, reduced_from }).at(span)?;
        match &self.save {
            None => Ok(output),
            Some((path, span)) => {
                let points: Vec<f32> = laid.points.iter().flatten().map(|&place| place as f32).collect();
                let points = Tensor::from_shape_vec(vec![laid.points.len(), 2], points);
                write(path, &points.map_err(|error| error.to_string()).at(*span)?).at(*span)?;
                Ok(output.file(path))
            }
        }
    }
}

/// The class of each sample, where each has one.
fn labels(data: &Dataset, indices: &[usize]) -> Option<Vec<u32>> {
    let is_of_classes = matches!(data.labels.kind(), LabelKind::Classes) && !is_mapped(data);
    is_of_classes.then(|| indices.iter().map(|&at| data.labels.class(at)).collect()).flatten()
}

impl Embed {
    /// What the layer makes of the samples, `[N, …]`, and which of them the net gets wrong.
    fn ask(&self, data: &Dataset, world: &mut World) -> Result<(Tensor, Option<Vec<usize>>), TrainError> {
        let (indices, interrupted) = (self.pick.indices(data), Arc::clone(&world.interrupted));
        let is_trained = world.trained.contains_key(&self.place.net.name);
        let tells = is_trained && tells_its_classes(&self.place.net, data);
        let (layers, net) = (self.place.up_to(), self.place.weighty(world));
        world.with(&net, &self.device, self.net_seed, |trainee| {
            let mut parts = Vec::new();
            let together = (GATHERED / data.shape().iter().product::<usize>().max(1)).max(1);
            for part in indices.chunks(together) {
                let images = data.images.select(part, &*interrupted)?;
                let values = trainee.activations(&images, forward(&layers, &interrupted), &interrupted)?;
                let channels = Axis(values.ndim() - 1);
                let (first, end) = self.range;
                parts.push(values.slice_axis(channels, Slice::from(first..end)).as_standard_layout().into_owned());
            }
            let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
            let all = concatenate(Axis(0), &views).map_err(|error| TrainError::Inconsistent(error.to_string()))?;
            Ok((all, if tells { mistakes(trainee, data, indices, &interrupted)? } else { None }))
        })
    }

    /// The codes in the plane.
    fn lay(&self, codes: &Codes, events: &mut Events<'_>, stop: &dyn Stop) -> Result<Laid, Failure> {
        let how = match self.how {
            How::Components => {
                let (points, shares) = codes.by_components(stop)?;
                return Ok(Laid { points, by: By::Components(shares) });
            }
            How::Neighbours(how) => how,
        };
        let mut tell = |progress: Progress| {
            events(Event::Progress(event::Progress {
                task: self.place.path.clone(),
                unit: "step".to_string(),
                done: progress.steps as u64,
                of: how.steps as u64,
                part: None,
                figures: vec![Figure::number("divergence", progress.divergence)],
                seconds_left: None,
            }));
        };
        let embedded = codes.by_neighbours(&how, &mut tell, stop)?;
        let (progress, interrupted) = (embedded.progress, embedded.interrupted);
        Ok(Laid { points: embedded.points, by: By::Neighbours { how, progress, interrupted } })
    }
}

/// Whether a net tells one of the data's classes a sample.
fn tells_its_classes(net: &Net, data: &Dataset) -> bool {
    tells_classes(net) && net.output() == [data.classes.len()] && labels(data, &[]).is_some()
}

/// The samples, by their places among the indices, that the net takes for another class.
fn mistakes(
    trainee: &mut Trainee,
    data: &Dataset,
    indices: &[usize],
    interrupted: &AtomicBool,
) -> Result<Option<Vec<usize>>, TrainError> {
    if trainee.target().toward == Toward::Itself {
        return Ok(None);
    }
    let told = trainee.evaluate(data, indices, interrupted)?.predictions;
    let is_wrong = |place: &usize| data.labels.class(indices[*place]) != told.get(*place).copied();
    Ok(Some((0..indices.len()).filter(is_wrong).collect()))
}
