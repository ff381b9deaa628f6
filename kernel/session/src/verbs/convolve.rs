//! `convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1]`: one filter over one image, every product shown.

use std::sync::Arc;

use fovea_dsl::net::{Kind, Net};
use fovea_dsl::verb::{Convolve, Filter, Padding};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::counted;
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};
use fovea_graph::{Span, Tensor};
use ndarray::Axis;

use super::sliding::Sliding;
use super::windowed::{Misfit, Pictured, bearable, extents, nested, one_layer, stacked, windows};
use super::{Checked, Events, Job};
use crate::display::Makes;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::world::{Names, World};

/// With what.
enum Weights {
    /// Of one channel it goes over each of the image's by itself; of several it sums over them.
    Planes(Tensor),
    /// One filter of a layer, which sums over the channels.
    Learned { place: Place, index: usize, seed: u64 },
}

struct Convolving {
    sliding: Sliding,
    weights: Weights,
}

/// Checks that the filter slides over the image, and that the result is of a size to look at.
pub fn check(said: Convolve, span: Span, names: &Names) -> Checked {
    let mut padding = said.padding().unwrap_or(Padding::Valid);
    let [mut stride, mut dilate] = [said.stride, said.dilate].map(|steps| steps.map_or([1; 2], |steps| steps.value));
    let image = Pictured::of(said.image, "convolve", names)?;
    let shape = image.shape;
    let channels = shape[2];
    let (weights, size, filter_span, filter_name) = match said.filter {
        Filter::Planes(planes) => {
            let size = planes[0].size();
            let span = planes[0].span.to(planes[planes.len() - 1].span);
            summed(planes.len(), channels, span)?;
            let name = match (size, planes.len()) {
                ([1, length], 1) if shape[0] == 1 => format!("a filter of {length}"),
                (_, 1) => format!("a {} filter", join(&size)),
                (_, channels) => format!("a {}x{channels} filter", join(&size)),
            };
            (Weights::Planes(stacked(&planes)), size, span, name)
        }
        Filter::Layer(layer) => {
            let place = names.layer(&layer, None)?;
            let (size, filters) = learned(&place, channels)?;
            place.fits(names)?;
            let (index, _) = place.range(&layer, filters, "filter")?;
            let name = format!("{}[{index}]", place.path);
            (Weights::Learned { place, index, seed: names.seed }, size, layer.span, name)
        }
    };
    // A sequence has a length alone: one number is said of that.
    if [shape[0], size[0]] == [1; 2] {
        let along = |[down, across]: [usize; 2], none: usize| [if down == across { none } else { down }, across];
        (stride, dilate) = (along(stride, 1), along(dilate, 1));
        if let Padding::Zeros(zeros) = padding {
            padding = Padding::Zeros(along(zeros, 0));
        }
    }
    let misfit = |misfit: Misfit| misfit.at("filter", size, shape, filter_span);
    let windows = windows(padding, [stride, dilate], size, shape, Rounding::Floor).map_err(misfit)?;
    let extent = extents(&windows, shape).map_err(misfit)?;
    let is_depthwise = matches!(&weights, Weights::Planes(filter) if filter.shape()[2] == 1);
    let net = net(shape, &windows, &extent, is_depthwise, span);
    bearable(&extent, size, channels, if is_depthwise { channels } else { 1 }, span)?;
    let title = format!("{} convolved with {filter_name}", image.name);
    let (device, theme) = (Arc::clone(&names.device), names.theme);
    let sliding = Sliding { verb: "convolve", image, windows, net, device, theme, title, span };
    Ok(Box::new(Convolving { sliding, weights }))
}

/// A filter of several channels sums over as many of the image's.
fn summed(filter: usize, image: usize, span: Span) -> Result<(), Diagnostic> {
    if filter == 1 || filter == image {
        return Ok(());
    }
    let [has, takes] = [filter, image].map(|channels| counted(channels, "channel"));
    let message = format!("the filter has {has}, and the image has {takes}");
    let mistake = Diagnostic::new(Stage::Shapes, span, message).found(has).expected(takes);
    Err(mistake.help(
        "a matrix for each of the image's channels, with commas between them; one alone goes over each by itself",
    ))
}

/// The size and the number of a layer's filters, which must be 2-D and take the image's channels.
fn learned(place: &Place, channels: usize) -> Result<([usize; 2], usize), Diagnostic> {
    let layer = place.layer();
    let wrong = |message: String| Diagnostic::new(Stage::Shapes, place.span, message);
    let Kind::Conv { filters, size, groups, .. } = &layer.kind else {
        let message = format!("`{}` is a `{}` and has no filters to slide", place.path, layer.kind.word());
        return Err(wrong(message).found(layer.kind.word()).expected("a layer of `conv`"));
    };
    let &[height, width] = &size[..] else {
        let message =
            format!("the filters of `{}` are {}, and an image has a height and a width", place.path, join(size));
        return Err(wrong(message).found(join(size)).expected("filters of a height and a width"));
    };
    let takes = layer.inputs.first().and_then(|&input| place.net.layers[input].output.last()).map_or(0, |c| c / groups);
    if takes != channels {
        let of = |n: usize| counted(n, "channel");
        let message = format!("a filter of `{}` takes {}, and the image has {}", place.path, of(takes), of(channels));
        let help = "`features` shows what a layer makes of the maps before it";
        return Err(wrong(message).found(of(takes)).expected(of(channels)).help(help));
    }
    Ok(([height, width], *filters))
}

/// The net of this one convolution; where the filter goes over each channel by itself, a group a channel.
fn net(shape: [usize; 3], windows: &[Window; 2], extent: &[usize], is_depthwise: bool, span: Span) -> Net {
    let of = |figure: fn(&Window) -> usize| windows.iter().map(figure).collect::<Vec<_>>();
    let filters = if is_depthwise { shape[2] } else { 1 };
    let kind = Kind::Conv {
        filters,
        size: of(|window| window.size),
        stride: of(|window| window.stride),
        pad: windows.iter().map(|window| window.pad).collect(),
        dilate: of(|window| window.dilate),
        groups: filters,
        bias: false,
    };
    one_layer("convolve", shape, "conv1", kind, [extent, &[filters]].concat(), span)
}

impl Job for Convolving {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        let Self { sliding, weights } = self;
        let image = sliding.image.pixels(world)?;
        let filter = match weights {
            Weights::Planes(planes) => planes.clone(),
            Weights::Learned { place, index, seed } => {
                world.remark(&place.net, events);
                let name = format!("{}.filter", place.layer().name);
                let weighty = place.weighty(world);
                let all = world.with(&weighty, &sliding.device, *seed, |net| net.state(&name)).at(sliding.span)?;
                all.index_axis_move(Axis(0), *index)
            }
        };
        let result = sliding.result(&image, Some(&filter), world)?;
        let mut output = sliding.output([&image, &result], Makes::Sum(&filter), |page| page)?;
        output.data["filter"] = nested(&filter);
        output.data["dilate"] = sliding.windows.iter().map(|window| window.dilate).collect();
        Ok(output)
    }
}
