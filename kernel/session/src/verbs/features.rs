//! `features lenet.conv1 on digits[3]`: what a layer makes of pictures.

use std::path::PathBuf;
use std::sync::Arc;

use fovea_data::Dataset;
use fovea_dsl::net::{Kind, Net};
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Span, Tensor};
use ndarray::{ArrayViewD, Axis, Slice};
use serde_json::json;

use super::filters::{MOST_DATA, nested};
use super::predict::write;
use super::weights::destination;
use super::{Checked, Events, Job};
use crate::display::number::{self, figure, of, percent, short};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::picture::{self, Face, Picture, Plane, Theme, Tile, TileRow, Values, layer, values};
use crate::samples::{Pick, behind, image, pick};
use crate::world::{Names, World, forward};

/// How many samples are looked at where the statement says no numbers.
const SAMPLES: usize = 8;

/// So many numbers are computed at most.
const MOST: usize = 1 << 26;

/// How many maps, or samples, the text lists.
const LISTED: usize = 16;

/// How many of a vector's values the text names.
const NAMED: usize = 5;

struct Features {
    place: Place,
    device: Arc<dyn Backend>,
    seed: u64,
    pick: Pick,
    /// First channel and end.
    range: (usize, usize),
    save: Option<(PathBuf, Span)>,
    theme: Theme,
}

/// Checks the layer, its channels and the samples.
pub fn check(said: verb::Features, names: &Names) -> Checked {
    let verb::Features { layer: of, samples, save } = said;
    let place = names.layer(&of, Some(&samples.data))?;
    place.fits(names)?;
    let output = &place.layer().output;
    let channels = output.last().copied().unwrap_or(1);
    let range = place.range(&of, channels, if output.len() == 1 { "value" } else { "channel" })?;
    let all = samples.range.is_none();
    let mut pick = pick(samples, names)?.of_pictures("features")?;
    if all {
        pick.range.1 = pick.range.1.min(SAMPLES);
    }
    let count = pick.range.1 - pick.range.0;
    let numbers = output.iter().fold(count, |product, &n| product.saturating_mul(n));
    if numbers > MOST {
        let message = format!("{} of {} are too many numbers to look at", self::of(count, "map"), join(output));
        return Err(Diagnostic::new(Stage::Values, pick.samples.span, message)
            .found(self::of(count, "picture"))
            .expected(format!("at most {}", self::of(MOST / (numbers / count).max(1), "picture")))
            .into());
    }
    let save = save.map(|path| destination(&path.value)).transpose()?;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Features { place, device, seed: names.seed, pick, range, save, theme: names.theme }))
}

impl Job for Features {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.place.net, events);
        let span = self.pick.samples.span;
        let data = self.pick.read(world)?;
        let images = self.pick.gather(&data, world)?;
        let (layers, interrupted) = (self.place.up_to(), Arc::clone(&world.interrupted));
        let look =
            |net: &mut fovea_train::Trainee| net.activations(&images, forward(&layers, &interrupted), &interrupted);
        let all = world.with(&self.place.weighty(world), &self.device, self.seed, look).at(span)?;
        let channels = Axis(all.ndim() - 1);
        let (first, end) = self.range;
        let maps = all.slice_axis(channels, Slice::from(first..end)).as_standard_layout().into_owned();
        let output = self.output(&data, &maps).at(span)?;
        match &self.save {
            None => Ok(output),
            Some((path, span)) => {
                write(path, &maps).at(*span)?;
                Ok(output.file(path))
            }
        }
    }
}

impl Features {
    fn output(&self, data: &Dataset, maps: &Tensor) -> picture::Result<Output> {
        let samples: Vec<String> = (0..maps.shape()[0]).map(|i| self.pick.name(i)).collect();
        let layer = self.place.layer();
        let (low, high) = ends(maps.view());
        let head = format!(
            "{} on {}: {}, {}from {} to {}",
            self.place.path,
            self.what(),
            self.extent(maps),
            if maps.ndim() == 2 { "" } else { "values " },
            short(low),
            short(high)
        );
        let is_vector = maps.ndim() == 2;
        let silent: Vec<usize> = (0..maps.shape()[maps.ndim() - 1])
            .filter(|&channel| channel_of(maps.view(), channel).iter().all(|&value| value == 0.0))
            .map(|channel| self.range.0 + channel)
            .collect();
        let page = Page::default().text(head);
        let (page, picture) = match is_vector {
            true => {
                let names = self.classes(data);
                let text = vector_text(&samples, maps, &names, self.range.0);
                (page.text(text), self.bars(&samples, maps, &names)?)
            }
            false => (self.listed(page, maps), self.tiles(data, &samples, maps)?),
        };
        let page = match told(&silent, maps.shape()[maps.ndim() - 1], is_vector) {
            None => page,
            Some(told) => page.text(told),
        };
        let figures = json!({
            "net": self.place.net.name,
            "layer": layer.name,
            "kind": layer.kind.word(),
            "samples": samples,
            "shape": &maps.shape()[1..],
            "channels": [self.range.0, self.range.1],
            "min": low,
            "max": high,
            "silent": silent,
            "values": (maps.len() <= MOST_DATA).then(|| nested(&maps.view())),
        });
        Ok(Output::page("features", &page, figures).picture(picture))
    }

    /// `digits[3]`, `digits[0..4]`
    fn what(&self) -> String {
        let (first, end) = self.pick.range;
        if end == first + 1 {
            return self.pick.name(0);
        }
        let part = behind(self.pick.samples.side);
        format!("{}{part}[{first}..{end}]", self.pick.samples.data.text)
    }

    /// `6 maps of 28x28`, `120 values`
    fn extent(&self, maps: &Tensor) -> String {
        match &maps.shape()[1..] {
            [values] => of(*values, "value"),
            [map @ .., channels] => format!("{} of {}", of(*channels, "map"), join(map)),
            [] => String::new(),
        }
    }

    fn title(&self, maps: &Tensor) -> String {
        format!("{} on {}: {}", self.place.path, self.what(), self.extent(maps))
    }

    /// The names of a vector's values: of the classes, where these are scores of them.
    fn classes(&self, data: &Dataset) -> Vec<String> {
        let Place { net, at, .. } = &self.place;
        let is_score = *at + 1 == net.layers.len() || *at + 2 == net.layers.len() && is_classifier(net);
        let fits = net.layers[*at].output.last() == Some(&data.classes.len());
        if is_score && fits { data.classes[self.range.0..self.range.1].to_vec() } else { Vec::new() }
    }

    /// A row a channel.
    fn listed(&self, page: Page, maps: &Tensor) -> Page {
        let mut table = Table::new(["channel", "mean", "smallest", "largest", "above 0"].map(Column::right));
        let channels = maps.shape()[maps.ndim() - 1];
        for channel in 0..channels.min(LISTED) {
            let map = channel_of(maps.view(), channel);
            let count = map.len().max(1) as f64;
            let mean = map.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
            let above = map.iter().filter(|&&value| value > 0.0).count() as f64 / count;
            let (low, high) = ends(map);
            let number = (self.range.0 + channel).to_string();
            table.row([number, figure(mean), figure(low), figure(high), percent(above)]);
        }
        let page = page.table(table);
        if channels > LISTED {
            page.text(format!("… and {} more", number::count((channels - LISTED) as u64)))
        } else {
            page
        }
    }

    fn tiles(&self, data: &Dataset, samples: &[String], maps: &Tensor) -> picture::Result<Picture> {
        let is_one = samples.len() == 1;
        let indices = self.pick.indices(data);
        let row = |(i, map): (usize, ArrayViewD<'_, f32>)| -> picture::Result<TileRow> {
            let [rows, columns, channels] = map.shape()[..] else {
                return Err(picture::Error::Empty { what: "no maps of a height and a width" });
            };
            let first = if is_one { samples[i].clone() } else { "picture".to_string() };
            let picture = Tile { caption: first, face: Face::Picture(image(data, indices[i])?), is_silent: false };
            let tile = |channel: usize| {
                let values: Vec<f32> = channel_of(map.view(), channel).iter().copied().collect();
                let is_silent = values.iter().all(|&value| value == 0.0);
                let face = Face::Numbers(Plane { rows, columns, values });
                Tile { caption: (self.range.0 + channel).to_string(), face, is_silent }
            };
            let tiles = [picture].into_iter().chain((0..channels).map(tile)).collect();
            Ok(TileRow { label: if is_one { String::new() } else { samples[i].clone() }, tiles })
        };
        let rows: Vec<TileRow> = maps.outer_iter().enumerate().map(row).collect::<picture::Result<_>>()?;
        let is_silent = rows.iter().flat_map(|row| &row.tiles).any(|tile| tile.is_silent);
        let note = if is_silent { "all maps on one scale; crossed out: 0 everywhere" } else { "all maps on one scale" };
        let all = [rows.len(), 1 + maps.shape()[maps.ndim() - 1]];
        layer("maps", &self.title(maps), note, &rows, all, self.theme)
    }

    fn bars(&self, samples: &[String], maps: &Tensor, names: &[String]) -> picture::Result<Picture> {
        let vector = |(label, values): (&String, ArrayViewD<'_, f32>)| Values {
            label: label.clone(),
            values: values.iter().map(|&value| value.into()).collect(),
        };
        let vectors: Vec<Values> = samples.iter().zip(maps.outer_iter()).map(vector).collect();
        let numbered: Vec<String> = match names {
            [] => (self.range.0..self.range.1).map(|i| i.to_string()).collect(),
            names => names.to_vec(),
        };
        values(&self.title(maps), &vectors, &numbered, self.theme)
    }
}

/// Whether a net ends in a softmax.
fn is_classifier(net: &Net) -> bool {
    net.layers.last().is_some_and(|layer| matches!(layer.kind, Kind::Softmax))
}

/// The values of a channel, which stands last.
fn channel_of(maps: ArrayViewD<'_, f32>, channel: usize) -> ArrayViewD<'_, f32> {
    let last = Axis(maps.ndim() - 1);
    maps.index_axis_move(last, channel)
}

/// The smallest and the largest value.
fn ends(maps: ArrayViewD<'_, f32>) -> (f64, f64) {
    let values = || maps.iter().map(|&value| f64::from(value));
    (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
}

/// The largest values of each vector.
fn vector_text(samples: &[String], vectors: &Tensor, names: &[String], first: usize) -> String {
    let line = |(sample, vector): (&String, ArrayViewD<'_, f32>)| {
        let mut ranked: Vec<(usize, f32)> = vector.iter().copied().enumerate().collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| (first + at).to_string());
        let largest: Vec<String> =
            ranked.iter().take(NAMED).map(|&(at, value)| format!("{} ({})", name(at), figure(value.into()))).collect();
        format!("{sample}: the largest are {}", largest.join(", "))
    };
    let lines: Vec<String> = samples.iter().zip(vectors.outer_iter()).take(LISTED).map(line).collect();
    let more = samples.len().saturating_sub(LISTED);
    let count = number::count(more as u64);
    if more > 0 { format!("{}\n… and {count} more", lines.join("\n")) } else { lines.join("\n") }
}

/// Which channels are zero everywhere.
fn told(silent: &[usize], all: usize, is_vector: bool) -> Option<String> {
    if silent.is_empty() {
        return None;
    }
    let listed: Vec<String> = silent.iter().take(LISTED).map(|channel| channel.to_string()).collect();
    let more = if silent.len() > LISTED { ", …" } else { "" };
    let (what, place) = if is_vector { ("value", "here") } else { ("map", "everywhere here") };
    let are = if silent.len() == 1 { "is" } else { "are" };
    Some(format!(
        "{} of {} {are} 0 {place}: {}{more}",
        number::count(silent.len() as u64),
        of(all, what),
        listed.join(", ")
    ))
}
