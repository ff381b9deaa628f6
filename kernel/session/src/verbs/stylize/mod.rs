//! `stylize "photo.jpg" as "painting.jpg" with vgg19`: a photograph in the style of a painting (L. Gatys, A. Ecker, M. Bethge,
//! arXiv:1508.06576).

mod check;
mod layers;
mod output;
mod pictures;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fovea_data::Dataset;
use fovea_dsl::net::Net;
use fovea_graph::shape::join;
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::Trainee;
use fovea_train::probe::style::{Far, News, Transfer};

pub use check::check;

use super::kept::Kept;
use super::{Events, Job};
use crate::display::number;
use crate::event::{Event, Figure, Output, Progress};
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::picture::{self, Picture, Theme};
use crate::samples::{Pick, image};
use crate::world::{World, forward};

struct Stylize {
    /// The net, and the deepest layer that is asked.
    place: Place,
    /// Its layers up to there, at the photograph's size and at the painting's.
    nets: [Net; 2],
    device: Arc<dyn Backend>,
    photo: Pick,
    painting: Pick,
    transfer: Transfer,
    /// What it takes.
    bytes: u64,
    /// Of the net's first weights, where it has no others.
    seed: u64,
    theme: Theme,
    span: Span,
    save: Option<Kept>,
}

impl Job for Stylize {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.place.net, events);
        events(Event::Text(self.needs()));
        let given = [&self.photo, &self.painting].map(|pick| self.given(pick, world));
        let [photo, painting] = given;
        let given = [photo?, painting?];
        let weights = self.weights(world);
        let interrupted = Arc::clone(&world.interrupted);
        let stylize = |trainee: &mut Trainee| {
            let [photo, painting] = &self.nets;
            let pictures =
                [(&given[0].pixels, forward(photo, &interrupted)), (&given[1].pixels, forward(painting, &interrupted))];
            let (begun, mut course, mut drafts) = (Instant::now(), Vec::new(), Drafts::new());
            let mut tell = |news: News<'_>| {
                events(Event::Progress(self.progress(news.step, news.far, begun.elapsed())));
                course.push(news.far);
                let draft = drafts.due(|| self.picture(&given, &news.picture(), &course, weights));
                draft.into_iter().for_each(|picture| events(Event::Draft(picture)));
            };
            trainee.stylize(pictures, &self.transfer, &mut tell, &interrupted)
        };
        let styled = world.with(&self.place.weighty(world), &self.device, self.seed, stylize).at(self.span)?;
        let output = self.output(&given, &styled, weights).at(self.span)?;
        let Some(save) = &self.save else { return Ok(output) };
        save.write(&styled.picture)?;
        Ok(output.file(&save.path))
    }
}

/// How long a draft stands at least.
const DRAFT: Duration = Duration::from_secs(1);

/// A draft stands so many times as long as it took to draw.
const SHARE: u32 = 20;

/// When a picture that changes is drawn.
struct Drafts {
    due: Instant,
}

impl Drafts {
    /// The first is drawn at once.
    fn new() -> Self {
        Self { due: Instant::now() }
    }

    /// A picture, where one is due. What cannot be drawn is not: the result says why.
    fn due(&mut self, draw: impl FnOnce() -> picture::Result<Picture>) -> Option<Picture> {
        let begun = Instant::now();
        if begun < self.due {
            return None;
        }
        let drawn = draw();
        self.due = Instant::now() + DRAFT.max(begun.elapsed().saturating_mul(SHARE));
        drawn.ok()
    }
}

/// A picture that is given.
struct Given {
    data: Arc<Dataset>,
    /// Where it stands among the data.
    at: usize,
    /// `[1, H, W, C]`
    pixels: Tensor,
}

impl Given {
    fn image(&self) -> picture::Result<picture::Image> {
        image(&self.data, self.at)
    }
}

impl Stylize {
    fn given(&self, pick: &Pick, world: &mut World) -> Result<Given, Failure> {
        let data = pick.read(world)?;
        let pixels = pick.gather(&data, world)?;
        let at = pick.indices(&data)[0];
        Ok(Given { data, at, pixels })
    }

    /// `vgg19 up to relu13 at 341x512 takes 1.6 GB`
    fn needs(&self) -> String {
        let size = join(&self.nets[0].input()[..2]);
        let layer = &self.place.layer().name;
        format!("`{}` up to `{layer}` at {size} takes {}", self.place.net.name, number::bytes(self.bytes))
    }

    /// Which weights the net has.
    fn weights(&self, world: &World) -> Weighted {
        match world.trained.get(&self.place.net.name) {
            None => Weighted::Random,
            Some(trained) => trained.run.map_or(Weighted::Loaded, Weighted::Run),
        }
    }

    fn progress(&self, done: usize, far: Far, elapsed: Duration) -> Progress {
        let of = self.transfer.steps;
        let left = of.saturating_sub(done) as f64;
        Progress {
            task: self.place.net.name.clone(),
            unit: "step".to_string(),
            done: done as u64,
            of: of as u64,
            part: None,
            figures: vec![Figure::number("loss", far.total)],
            seconds_left: (done > 0).then(|| elapsed.as_secs_f64() / done as f64 * left),
        }
    }
}

/// Where a net's weights come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weighted {
    /// They are its first ones.
    Random,
    /// They were read.
    Loaded,
    /// A run trained them.
    Run(u32),
}

impl Weighted {
    fn in_words(self) -> String {
        match self {
            Self::Random => "random filters".to_string(),
            Self::Loaded => "loaded weights".to_string(),
            Self::Run(run) => format!("the weights of run {run}"),
        }
    }
}
