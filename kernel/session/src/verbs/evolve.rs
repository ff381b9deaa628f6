//! `evolve lenet class 7 indirect for 200 generations`: pictures that mean nothing, and of which the net is sure.

use std::sync::Arc;

use fovea_dsl::net::Net;
use fovea_dsl::verb::{self, Classes};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Span, Tensor};
use fovea_train::probe::evolve::{Champion, Encoding, Evolution, Evolved, OFFSPRING};
use fovea_train::{Question, Trainee};
use ndarray::{Axis, stack};
use serde_json::{Value, json};

use super::kept::Kept;
use super::{Checked, Events, Job};
use crate::classes::{class_names, known, one_class};
use crate::display::number::{of, percent};
use crate::display::{Column, Page, Table};
use crate::event::{Event, Figure, Output, Progress};
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::{self, Grey, Image, Mark, Sample, Theme, sheet};
use crate::route::route;
use crate::world::{Names, World};

/// How long a search is where nothing is said: that of the source's figure for handwritten digits.
const GENERATIONS: usize = 200;

struct Evolve {
    net: Net,
    device: Arc<dyn Backend>,
    search: Evolution,
    /// The class that is looked for; none where all are.
    class: Option<usize>,
    /// What the net's classes are called.
    classes: Vec<String>,
    /// Of the net's first weights, where it has no others.
    seed: u64,
    theme: Theme,
    span: Span,
    save: Option<Kept>,
}

/// Checks the net, its class and the memory that a generation takes.
pub fn check(said: verb::Evolve, span: Span, names: &Names) -> Checked {
    let verb::Evolve { net, class, direct: _, indirect, generations, seed, save } = said;
    let of = Use { net: &net, data: None, weights: Weights::Own };
    one_class(&names.whole(&of)?, net.span)?;
    let (whole, route) = route(&of, &Question::result(), OFFSPRING, names)?;
    of_pictures(&whole, net.span)?;
    memory::net_fits(&route.plan, &*names.device, net.span)?;
    let class = match class {
        Some(verb::Said { value: Classes::One(class), what, .. }) => Some(known(class, what, &whole)?),
        Some(verb::Said { value: Classes::All, .. }) | None => None,
    };
    let all = whole.output().last().copied().unwrap_or_default();
    let search = Evolution {
        encoding: if indirect.is_some() { Encoding::Indirect } else { Encoding::Direct },
        classes: class.map_or_else(|| (0..all).collect(), |class| vec![class]),
        generations: generations.map_or(GENERATIONS, |said| said.value),
        seed: seed.map_or(names.seed, |said| said.value),
    };
    let classes = class_names(&whole, &[], names);
    let save = save.map(|path| Kept::at(&path.value)).transpose()?;
    let (device, theme, seed) = (Arc::clone(&names.device), names.theme, names.seed);
    Ok(Box::new(Evolve { net: whole, device, search, class, classes, seed, theme, span, save }))
}

/// A net on pictures, which can be drawn.
pub fn of_pictures(net: &Net, span: Span) -> Result<(), Diagnostic> {
    if let [_, _, 1 | 3] = net.input() {
        return Ok(());
    }
    let takes = join(net.input());
    let message = format!("`{}` takes {takes}, and pictures have height x width x 1 or 3 channels", net.name);
    Err(Diagnostic::new(Stage::Shapes, span, message).found(takes).expected("a net on pictures"))
}

impl Job for Evolve {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let interrupted = Arc::clone(&world.interrupted);
        let mut tell = |done: usize, least: f64| events(Event::Progress(self.progress(done, least)));
        let search = |trainee: &mut Trainee| trainee.evolve(&self.search, &mut tell, &interrupted);
        let evolved = world.with(&self.net, &self.device, self.seed, search).at(self.span)?;
        let output = self.output(&evolved).at(self.span)?;
        let Some(save) = &self.save else { return Ok(output) };
        let pictures: Vec<_> = evolved.champions.iter().map(|champion| champion.picture.view()).collect();
        let pictures: Tensor = stack(Axis(0), &pictures).map_err(|error| error.to_string()).at(self.span)?;
        save.write(&pictures)?;
        Ok(output.file(&save.path))
    }
}

impl Evolve {
    fn progress(&self, done: usize, least: f64) -> Progress {
        let name = if self.class.is_some() { "certainty" } else { "least certainty" };
        Progress {
            task: self.net.name.clone(),
            unit: "generation".to_string(),
            done: done as u64,
            of: self.search.generations as u64,
            part: None,
            figures: vec![Figure::share(name, least)],
            seconds_left: None,
        }
    }

    fn output(&self, evolved: &Evolved) -> picture::Result<Output> {
        let sample = |champion: &Champion| {
            let shape: [usize; 3] = champion.picture.shape().try_into().unwrap_or_default();
            let [height, width, channels] = shape;
            Ok(Sample {
                image: Image::new(height, width, channels, champion.picture.iter().copied().collect())?,
                caption: format!("{}: {}", self.classes[champion.class], percent(champion.certainty)),
                mark: Mark::None,
            })
        };
        let samples: Vec<Sample> = evolved.champions.iter().map(sample).collect::<picture::Result<_>>()?;
        let title = format!("What {} is sure of, evolved {}", self.net.name, self.encoding());
        let picture = sheet(&title, &samples, Grey::Light, self.theme)?;
        let interrupted = evolved.generations < self.search.generations;
        let asked = of(self.search.generations, "generation");
        let end = match interrupted {
            true => format!("broken off after {} of {asked}", evolved.generations),
            false => asked,
        };
        let text = format!("{title}: {end} of {}", of(OFFSPRING, "picture"));
        let page = Page::default().text(text).table(self.table(evolved));
        Ok(Output { interrupted, ..Output::page("evolve", &page, self.data(evolved)) }.picture(picture))
    }

    fn encoding(&self) -> &'static str {
        match self.search.encoding {
            Encoding::Direct => "value by value",
            Encoding::Indirect => "as patterns",
        }
    }

    fn table(&self, evolved: &Evolved) -> Table {
        let mut table =
            Table::new([Column::left("class"), Column::right("certainty"), Column::right("found in generation")]);
        for champion in &evolved.champions {
            let class = self.classes[champion.class].clone();
            table.row([class, percent(champion.certainty), champion.generation.to_string()]);
        }
        table
    }

    fn data(&self, evolved: &Evolved) -> Value {
        let champion = |champion: &Champion| {
            json!({
                "class": champion.class,
                "name": self.classes[champion.class],
                "certainty": champion.certainty,
                "generation": champion.generation,
            })
        };
        json!({
            "net": self.net.name,
            "class": self.class.map_or(json!("all"), |class| json!(class)),
            "encoding": match self.search.encoding {
                Encoding::Direct => "direct",
                Encoding::Indirect => "indirect",
            },
            "certainty": evolved.course.last(),
            "generations": evolved.generations,
            "champions": evolved.champions.iter().map(champion).collect::<Vec<_>>(),
            "course": evolved.course,
            "interrupted": evolved.generations < self.search.generations,
        })
    }
}
