//! `deconvnet lenet.conv2[5] on digits top 9`: what excited a map, carried back to the pixels (M. Zeiler, R. Fergus,
//! arXiv:1311.2901).

mod draw;
mod search;

use std::sync::Arc;

use fovea_dsl::net::Net;
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Tensor};
use fovea_train::Trainee;
use fovea_train::probe::deconvnet::question;
use ndarray::{Axis, stack};
use serde_json::{Value, json};

use draw::{Found, around_grey, drawn, table};
use search::Searched;

use super::filters::{MOST_DATA, nested};
use super::kept::Kept;
use super::{Checked, Events, Job};
use crate::display::Page;
use crate::display::number::of;
use crate::event::{Event, Figure, Output, Progress};
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::picture::Theme;
use crate::route::route_of;
use crate::samples::{Pick, pick};
use crate::world::{Names, World};

/// How many samples are looked at where the statement says no numbers, and at most.
const SAMPLES: usize = 8;
const MOST: usize = 64;

struct Deconvnet {
    place: Place,
    /// The layers up to the map's own.
    layers: Net,
    map: usize,
    device: Arc<dyn Backend>,
    seed: u64,
    pick: Pick,
    /// How many of the samples, those that excite the map most; all in their order where nothing is said.
    top: Option<usize>,
    save: Option<Kept>,
    theme: Theme,
}

/// Checks the layer, that it has the map, and the samples.
pub fn check(said: verb::Deconvnet, names: &Names) -> Checked {
    let verb::Deconvnet { layer: of, samples, top, save } = said;
    let place = names.layer(&of, Some(&samples.data))?;
    let maps = maps(&place)?;
    let map = match place.range(&of, maps, "map")? {
        (first, end) if end == first + 1 => first,
        _ => return Err(which_map(&of, maps).into()),
    };
    let layers = place.up_to();
    let net = fovea_dsl::syntax::Name { text: place.net.name.clone(), span: place.span };
    let by = Use { net: &net, data: Some(&samples.data), weights: Weights::Own };
    place.fits(names)?;
    let route = route_of(&layers, &by, &question(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, place.span)?;
    let is_all = samples.range.is_none() && top.is_none();
    let mut pick = pick(samples, names)?.of_pictures("deconvnet")?;
    if is_all {
        pick.range.1 = pick.range.1.min(pick.range.0 + SAMPLES);
    }
    let top_span = top.as_ref().map(|top| top.what);
    let top = top.map(|top| top.value);
    let shown = top.unwrap_or(pick.range.1 - pick.range.0);
    if shown > MOST {
        let span = top_span.unwrap_or(pick.samples.span);
        let message = format!("{} are too many to look at", self::of(shown, "picture"));
        let mistake = Diagnostic::new(Stage::Values, span, message).found(self::of(shown, "picture"));
        return Err(mistake.expected(format!("at most {}", self::of(MOST, "picture"))).into());
    }
    let save = save.map(|path| Kept::at(&path.value)).transpose()?;
    let (device, seed, theme) = (Arc::clone(&names.device), names.seed, names.theme);
    Ok(Box::new(Deconvnet { place, layers, map, device, seed, pick, top, save, theme }))
}

/// How many maps the layer makes; one without any, or a net on something else than pictures, is refused.
fn maps(place: &Place) -> Result<usize, Diagnostic> {
    let output = &place.layer().output;
    if let ([_, _, maps], [_, _, 1 | 3]) = (&output[..], place.net.input()) {
        return Ok(*maps);
    }
    let is_of_pictures = matches!(place.net.input(), [_, _, 1 | 3]);
    let (message, found) = match is_of_pictures {
        true => (format!("`{}` gives {}, and no maps", place.path, join(output)), join(output)),
        false => {
            let takes = join(place.net.input());
            let message =
                format!("`{}` takes {takes}, and pictures have height x width x 1 or 3 channels", place.net.name);
            (message, takes)
        }
    };
    let mistake = Diagnostic::new(Stage::Shapes, place.span, message).found(found);
    let last = place.net.layers.iter().skip(1).rfind(|layer| layer.kind.word() == "conv" && layer.output.len() == 3);
    Err(match last {
        Some(last) if is_of_pictures => {
            let instead = format!("{}.{}", place.net.name, last.name);
            mistake.expected("a layer with maps").mend(place.span, &instead).help(format!("write `{instead}[0]`, say"))
        }
        _ => mistake.expected("a layer with maps, of a net on pictures"),
    })
}

/// No map is said, or several.
fn which_map(of: &verb::LayerRef, maps: usize) -> Diagnostic {
    let path = &of.path.text;
    let message = format!("`deconvnet` carries one map back: which of `{path}`?");
    let mistake = Diagnostic::new(Stage::Values, of.span, message).expected(format!("a number from 0 to {}", maps - 1));
    let first = of.range.map_or(0, |(first, _)| first);
    mistake.mend(of.span, format!("{path}[{first}]")).help(format!("write `{path}[{first}]`, say"))
}

impl Job for Deconvnet {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.place.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let interrupted = Arc::clone(&world.interrupted);
        let mut tell = |searched: &Searched| events(Event::Progress(self.progress(searched)));
        let search = |trainee: &mut Trainee| self.search(trainee, &data, &mut tell, &interrupted);
        let searched = world.with(&self.place.weighty(world), &self.device, self.seed, search).at(span)?;
        let found = &searched.found;
        let picture = drawn(&self.title(found), found, self.theme).at(span)?;
        let page = Page::default().text(self.head(&searched)).table(table(found));
        let back: Vec<_> = found.iter().map(|found| found.back.view()).collect();
        let back: Tensor = stack(Axis(0), &back).map_err(|error| error.to_string()).at(span)?;
        let output = Output::page("deconvnet", &page, self.data(&searched, &back)).picture(picture);
        let output = Output { interrupted: searched.is_broken_off(), ..output };
        let Some(save) = &self.save else { return Ok(output) };
        save.write(&if save.is_png() { around_grey(&back) } else { back })?;
        Ok(output.file(&save.path))
    }
}

impl Deconvnet {
    fn progress(&self, searched: &Searched) -> Progress {
        Progress {
            task: self.path(),
            unit: "sample".to_string(),
            done: searched.looked_at as u64,
            of: searched.of as u64,
            part: None,
            figures: vec![Figure::number("largest activation", searched.most().into())],
            seconds_left: None,
        }
    }

    /// `lenet.conv2[5]`
    fn path(&self) -> String {
        let path = &self.place.path;
        format!("{path}[{}]", self.map)
    }

    fn title(&self, found: &[Found]) -> String {
        match self.top {
            Some(_) => format!("What excites {} most: {}", self.path(), of(found.len(), "sample")),
            None => format!("What excites {}, carried back", self.path()),
        }
    }

    fn head(&self, searched: &Searched) -> String {
        let silent = searched.found.iter().filter(|found| found.excited.activation <= 0.0).count();
        let mut head = self.title(&searched.found);
        if searched.is_broken_off() {
            head += &format!("; broken off after {} of {}", searched.looked_at, of(searched.of, "sample"));
        }
        if silent > 0 {
            head += &format!("; on {} nothing is above 0, and nothing goes back", of(silent, "sample"));
        }
        head
    }

    fn data(&self, searched: &Searched, back: &Tensor) -> Value {
        let one = |found: &Found| {
            json!({
                "sample": found.name,
                "activation": found.excited.activation,
                "position": found.excited.position,
                "receptive_field": found.field,
            })
        };
        json!({
            "net": self.place.net.name,
            "layer": self.place.layer().name,
            "map": self.map,
            "data": self.pick.samples.data.text,
            "found": searched.found.iter().map(one).collect::<Vec<_>>(),
            "looked_at": searched.looked_at,
            "interrupted": searched.is_broken_off(),
            "back": (back.len() <= MOST_DATA).then(|| nested(&back.view())),
        })
    }
}
