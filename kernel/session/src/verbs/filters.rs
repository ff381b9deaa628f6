//! `filters lenet.conv1`, `filters lenet.conv1[5]`: a layer's weights as images.

mod picture;

use std::sync::Arc;

use fovea_dsl::net::{Kind, Net};
use fovea_dsl::verb::LayerRef;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Tensor};
use ndarray::{Axis, Slice};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::number::{self, figure};
use crate::display::{Column, Page, Table, matrix};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::picture::Theme;
use crate::world::{Names, World};

/// How many filters the text lists.
const LISTED: usize = 16;

/// More numbers than this are left out of the data: a file of weights holds them better.
pub const MOST_DATA: usize = 1 << 16;

/// A filter of more numbers, or more channels, is not written out.
const MOST_WRITTEN: usize = 11;
const MOST_CHANNELS: usize = 6;

/// How a layer's weights are read as filters.
#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// `[K, R, S, C]`, or without one of the spatial axes, or with one more, which then counts as channels.
    Conv,
    /// `[C, R, S, K/groups]`, as a transposed convolution has them.
    Deconv { groups: usize },
    /// `[K, F]`, units over a map of this shape.
    Map(Vec<usize>),
    /// `[K, F]`, units over a vector.
    Vector,
}

impl Form {
    /// Whether each of them is a unit.
    fn is_fc(&self) -> bool {
        matches!(self, Form::Map(_) | Form::Vector)
    }
}

struct Filters {
    place: Place,
    device: Arc<dyn Backend>,
    seed: u64,
    form: Form,
    range: (usize, usize),
    /// Some of them were asked for.
    is_part: bool,
    /// The channels are red, green and blue.
    is_colour: bool,
    theme: Theme,
}

/// Checks that the layer has weights, and such filters.
pub fn check(of: LayerRef, names: &Names) -> Checked {
    let place = names.layer(&of, None)?;
    place.fits(names)?;
    let layer = place.layer();
    let (count, form) = match &layer.kind {
        Kind::Conv { filters, .. } => (*filters, Form::Conv),
        Kind::Deconv { filters, groups, .. } => (*filters, Form::Deconv { groups: *groups }),
        Kind::Fc { units, .. } => match &place.net.layers[seen(&place.net, place.at)].output[..] {
            [_] => (*units, Form::Vector),
            map => (*units, Form::Map(map.to_vec())),
        },
        kind => {
            let message = format!("`{}` is a `{}` and has no filters", place.path, kind.word());
            return Err(Diagnostic::new(Stage::Verbs, place.span, message)
                .found(kind.word())
                .expected("a layer of `conv`, `deconv` or `fc`")
                .help(format!("`summary {}` lists the layers; `features` shows what this one does", place.net.name))
                .into());
        }
    };
    let range = place.range(&of, count, if form.is_fc() { "unit" } else { "filter" })?;
    let is_colour = seen(&place.net, place.at) == 0 && place.net.input().len() == 3 && place.net.input()[2] == 3;
    Ok(Box::new(Filters {
        place,
        device: Arc::clone(&names.device),
        seed: names.seed,
        form,
        range,
        is_part: of.range.is_some(),
        is_colour,
        theme: names.theme,
    }))
}

/// The layer whose map a layer sees.
fn seen(net: &Net, at: usize) -> usize {
    let before = |at: usize| net.layers[at].inputs.first().copied().unwrap_or(0);
    let mut map = before(at);
    while matches!(net.layers[map].kind, Kind::Flatten | Kind::Dropout { .. }) {
        map = before(map);
    }
    map
}

impl Job for Filters {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.place.net, events);
        let layer = &self.place.layer().name;
        let name = format!("{layer}.{}", if self.form.is_fc() { "weight" } else { "filter" });
        let span = self.place.span;
        let weights =
            world.with(&self.place.weighty(world), &self.device, self.seed, |net| net.state(&name)).at(span)?;
        let shape = weights.shape().to_vec();
        let filters = self.filters(weights).ok_or_else(|| "the weights are of another shape".to_string()).at(span)?;
        let picture = picture::draw(self, &filters).at(span)?;
        let data = self.data(&shape, &filters);
        Ok(Output::page("filters", &self.page(&shape, &filters), data).picture(picture))
    }
}

/// Figures of one filter.
struct Figures {
    norm: f64,
    mean: f64,
    low: f64,
    high: f64,
}

fn figures<'a>(weights: impl Iterator<Item = &'a f32> + Clone) -> Figures {
    let values = || weights.clone().map(|&value| f64::from(value));
    let count = values().count().max(1) as f64;
    Figures {
        norm: values().map(|value| value * value).sum::<f64>().sqrt(),
        mean: values().sum::<f64>() / count,
        low: values().fold(f64::INFINITY, f64::min),
        high: values().fold(f64::NEG_INFINITY, f64::max),
    }
}

impl Filters {
    /// The filters that were asked for, `[K, rows, columns, channels]`.
    fn filters(&self, weights: Tensor) -> Option<Tensor> {
        let all = match &self.form {
            Form::Conv | Form::Vector => weights,
            Form::Deconv { groups } => by_result(weights, *groups)?,
            Form::Map(map) => {
                let units = weights.shape()[0];
                weights.to_shape([&[units], &map[..]].concat()).ok()?.into_owned()
            }
        };
        let (first, end) = self.range;
        let some = all.slice_axis(Axis(0), Slice::from(first..end)).as_standard_layout().into_owned();
        let dims = some.shape().to_vec();
        let shape = match dims[..] {
            // Units over a vector: a row a unit, in one plane.
            [units, inputs] => vec![1, units, inputs, 1],
            // Over a sequence: a row a channel.
            [_, _, _] => {
                let turned = some.permuted_axes(vec![0, 2, 1]).insert_axis(Axis(3));
                return Some(turned.as_standard_layout().into_owned());
            }
            [k, rows, columns, channels] => vec![k, rows, columns, channels],
            [k, rows, columns, time, channels] => vec![k, rows, columns, time * channels],
            _ => return None,
        };
        some.into_shape_with_order(shape).ok()
    }

    fn title(&self) -> String {
        let (first, end) = self.range;
        match (self.is_part, end - first) {
            (false, _) => self.place.path.clone(),
            (true, 1) => format!("{}[{first}]", self.place.path),
            (true, _) => format!("{}[{first}..{end}]", self.place.path),
        }
    }

    fn word(&self, count: usize) -> String {
        number::of(count, if self.form.is_fc() { "unit" } else { "filter" })
    }

    /// One number a filter: what each row of `filters` belongs to.
    fn rows<'a>(&self, filters: &'a Tensor) -> Vec<ndarray::ArrayViewD<'a, f32>> {
        let rows = if self.form == Form::Vector { filters.index_axis(Axis(0), 0) } else { filters.view() };
        (0..rows.shape()[0]).map(|i| rows.clone().index_axis_move(Axis(0), i)).collect()
    }

    fn page(&self, shape: &[usize], filters: &Tensor) -> Page {
        let all = figures(filters.iter());
        // Of a single one, its own shape.
        let shape = match (self.range.1 - self.range.0, &self.form) {
            (1, Form::Conv | Form::Vector) => shape.get(1..).unwrap_or(shape),
            (1, _) => filters.shape().get(1..).unwrap_or(shape),
            _ => shape,
        };
        let text = format!(
            "{}: {}, weights {}, from {} to {}, mean {}",
            self.title(),
            self.word(self.range.1 - self.range.0),
            join(shape),
            figure(all.low),
            figure(all.high),
            figure(all.mean)
        );
        let rows = self.rows(filters);
        if let [one] = &rows[..] {
            let page = Page::default().text(format!("{text}, norm {}", figure(all.norm)));
            let blocks = written(one);
            return if blocks.is_empty() { page } else { page.code(blocks) };
        }
        let mut table = Table::new(["number", "norm", "mean", "smallest", "largest"].map(Column::right));
        for (i, row) in rows.iter().enumerate().take(LISTED) {
            let Figures { norm, mean, low, high } = figures(row.iter());
            table.row([(self.range.0 + i).to_string(), figure(norm), figure(mean), figure(low), figure(high)]);
        }
        let page = Page::default().text(text).table(table);
        if rows.len() > LISTED {
            page.text(format!("… and {} more", number::count((rows.len() - LISTED) as u64)))
        } else {
            page
        }
    }

    fn data(&self, shape: &[usize], filters: &Tensor) -> Value {
        let figures = |(i, row): (usize, &ndarray::ArrayViewD<'_, f32>)| {
            let Figures { norm, mean, low, high } = figures(row.iter());
            json!({ "number": self.range.0 + i, "norm": norm, "mean": mean, "min": low, "max": high })
        };
        let rows = self.rows(filters);
        let layer = self.place.layer();
        json!({
            "net": self.place.net.name,
            "layer": layer.name,
            "kind": layer.kind.word(),
            "shape": shape,
            "filters": rows.iter().enumerate().map(figures).collect::<Vec<_>>(),
            "weights": (filters.len() <= MOST_DATA).then(|| rows.iter().map(nested).collect::<Vec<_>>()),
        })
    }
}

/// Filters `[C, …, K/groups]` of a transposed convolution as `[K, …, C/groups]`.
fn by_result(weights: Tensor, groups: usize) -> Option<Tensor> {
    let rank = weights.ndim();
    let (channels, each) = (*weights.shape().first()?, *weights.shape().last()?);
    let inner: Vec<usize> = weights.shape()[1..rank - 1].to_vec();
    let dims = [&[groups, channels / groups], &inner[..], &[each]].concat();
    let grouped = weights.into_shape_with_order(dims).ok()?;
    // [group, C/group, …, K/group] to [group, K/group, …, C/group]
    let axes: Vec<usize> = [0, rank].into_iter().chain(2..rank).chain([1]).collect();
    let turned = grouped.permuted_axes(axes).as_standard_layout().into_owned();
    turned.into_shape_with_order([&[groups * each], &inner[..], &[channels / groups]].concat()).ok()
}

/// A filter's numbers, a block a channel; nothing where they are too many to read.
fn written(filter: &ndarray::ArrayViewD<'_, f32>) -> String {
    let &[rows, columns, channels] = filter.shape() else { return String::new() };
    if rows.max(columns) > MOST_WRITTEN || channels > MOST_CHANNELS {
        return String::new();
    }
    let block = |channel: usize| {
        let head = if channels == 1 { String::new() } else { format!("channel {channel}\n") };
        head + &matrix([rows, columns], |row, column| filter[[row, column, channel]].into())
    };
    (0..channels).map(block).collect::<Vec<_>>().join("\n\n")
}

/// Lists in lists.
pub fn nested(values: &ndarray::ArrayViewD<'_, f32>) -> Value {
    match values.ndim() {
        0 => json!(values.first()),
        _ => values.outer_iter().map(|inner| nested(&inner)).collect(),
    }
}
