//! `convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1]`: one filter over one image, every product shown.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::verb::{Convolve, Filter, Padding, Pixels};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window, WindowError};
use fovea_graph::{Backend, Outcome, Span, Tensor};
use fovea_train::{Numbers, Question, Task, TrainError};
use ndarray::Axis;
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::{Convolution, number};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::layers::Place;
use crate::picture::{Theme, convolution};
use crate::samples::{Pick, gather, pick};
use crate::world::{Names, World, forward};

/// So many numbers the result may have.
const MOST_RESULTS: usize = 1 << 16;

/// So many products may be summed in all.
const MOST_PRODUCTS: usize = 1 << 28;

/// What is convolved.
enum Image {
    Matrix(Tensor),
    Sample(Pick),
}

/// With what.
enum Weights {
    /// Goes over each channel by itself.
    Matrix(Tensor),
    /// One filter of a layer, which sums over the channels.
    Learned { place: Place, index: usize, seed: u64 },
}

struct Slide {
    image: Image,
    weights: Weights,
    /// Down and across.
    windows: [Window; 2],
    /// The net of one convolution that computes it.
    net: Net,
    device: Arc<dyn Backend>,
    theme: Theme,
    title: String,
    span: Span,
}

/// Checks that the filter slides over the image, and that the result is of a size to look at.
pub fn check(said: Convolve, span: Span, names: &Names) -> Checked {
    let padding = said.padding().unwrap_or(Padding::Valid);
    let [stride, dilate] = [said.stride, said.dilate].map(|steps| steps.map_or([1; 2], |steps| steps.value));
    let (image, shape, image_name) = match said.image {
        Pixels::Matrix(matrix) => {
            let shape = [matrix.rows.len(), matrix.rows[0].len(), 1];
            (Image::Matrix(tensor(&matrix.rows, shape)), shape, format!("a {} image", join(&shape[..2])))
        }
        Pixels::Sample(samples) => {
            let pick = pick(samples, names)?;
            let shape = pick.spec.shape();
            let [height, width, channels] = shape[..] else {
                return Err(not_a_picture(pick.samples.span, &shape).into());
            };
            let name = pick.name(0);
            (Image::Sample(pick), [height, width, channels], name)
        }
    };
    let channels = shape[2];
    let (weights, size, filter_span, filter_name) = match said.filter {
        Filter::Matrix(matrix) => {
            let size = [matrix.rows.len(), matrix.rows[0].len()];
            let weights = Weights::Matrix(tensor(&matrix.rows, [size[0], size[1], 1]));
            (weights, size, matrix.span, format!("a {}x{} filter", size[0], size[1]))
        }
        Filter::Layer(layer) => {
            let place = names.layer(&layer, None)?;
            let (size, filters) = learned(&place, channels)?;
            place.fits(names)?;
            let (index, _) = place.range(&layer, filters, "filters")?;
            let name = format!("{}[{index}]", place.path);
            (Weights::Learned { place, index, seed: names.seed }, size, layer.span, name)
        }
    };
    let windows = windows(&padding, stride, dilate, size, shape).map_err(|w| w.at(size, shape, filter_span))?;
    let extent: Vec<usize> = (0..2)
        .map(|axis| {
            windows[axis].output(shape[axis]).map_err(|error| Misfit { axis, error }.at(size, shape, filter_span))
        })
        .collect::<Result<_, _>>()?;
    let is_depthwise = matches!(weights, Weights::Matrix(_));
    let net = net(shape, &windows, &extent, is_depthwise, span);
    bearable(&extent, size, channels, is_depthwise, span)?;
    let title = format!("{image_name} convolved with {filter_name}");
    let device = Arc::clone(&names.device);
    Ok(Box::new(Slide { image, weights, windows, net, device, theme: names.theme, title, span }))
}

/// The numbers of a matrix, as an image of one channel.
fn tensor(rows: &[Vec<f32>], shape: [usize; 3]) -> Tensor {
    let numbers: Vec<f32> = rows.iter().flatten().copied().collect();
    // The rows are of one length: the parser saw to it.
    Tensor::from_shape_vec(shape.to_vec(), numbers).unwrap_or_else(|_| Tensor::zeros(shape.to_vec()))
}

fn not_a_picture(span: Span, shape: &[usize]) -> Diagnostic {
    Diagnostic::new(Stage::Shapes, span, "`convolve` takes pictures of height x width x channels").found(join(shape))
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
        let of = |n: usize| if n == 1 { "1 channel".to_string() } else { format!("{n} channels") };
        let message = format!("a filter of `{}` takes {}, and the image has {}", place.path, of(takes), of(channels));
        let help = "`features` shows what a layer makes of the maps before it";
        return Err(wrong(message).found(of(takes)).expected(of(channels)).help(help));
    }
    Ok(([height, width], *filters))
}

/// A window that does not slide along an axis.
struct Misfit {
    axis: usize,
    error: WindowError,
}

impl Misfit {
    fn at(self, size: [usize; 2], shape: [usize; 3], span: Span) -> Diagnostic {
        let axis = ["height", "width"][self.axis];
        let (filter, image) = (join(&size), join(&shape[..2]));
        let mistake = |message: String| Diagnostic::new(Stage::Shapes, span, message).found(filter.clone());
        match self.error {
            WindowError::TooLarge { extent, map, .. } => {
                let message = format!(
                    "the filter is larger than the image: along the {axis} it covers {extent}, and the image has {}",
                    shape[self.axis]
                );
                let pad = (extent - map).div_ceil(2);
                // More zeros than picture would be no help.
                let help = match pad < extent && pad <= map {
                    true => format!("`pad {pad}` makes room for it; the image stands first, the filter behind `with`"),
                    false => "the image stands first, the filter behind `with`".to_string(),
                };
                mistake(message).expected(format!("at most {image}")).help(help)
            }
            WindowError::OnlyPadding { pad, extent } => {
                let message = format!("with `pad {pad}` the filter, which covers {extent}, could lie on zeros alone");
                mistake(message).expected(format!("at most `pad {}`", extent - 1))
            }
            error => mistake(format!("along the {axis}: {error}")),
        }
    }
}

/// The windows down and across.
fn windows(
    padding: &Padding,
    stride: [usize; 2],
    dilate: [usize; 2],
    size: [usize; 2],
    shape: [usize; 3],
) -> Result<[Window; 2], Misfit> {
    let window = |axis: usize| {
        let pad = match padding {
            Padding::Valid => [0, 0],
            Padding::Zeros(zeros) => [zeros[axis]; 2],
            Padding::Same => Window::same_padding(size[axis], stride[axis], dilate[axis], shape[axis])
                .map_err(|error| Misfit { axis, error })?,
        };
        let (size, stride, dilate) = (size[axis], stride[axis], dilate[axis]);
        Ok(Window { size, stride, dilate, pad, rounding: Rounding::Floor })
    };
    Ok([window(0)?, window(1)?])
}

/// The result is of a size to look at, and soon computed.
fn bearable(extent: &[usize], size: [usize; 2], channels: usize, apart: bool, span: Span) -> Result<(), Diagnostic> {
    let product = |numbers: &[usize]| numbers.iter().fold(1usize, |a, &b| a.saturating_mul(b));
    let results = product(extent).saturating_mul(if apart { channels } else { 1 });
    if results > MOST_RESULTS {
        let message = format!("the result would have {} numbers, too many to look at", join(extent));
        return Err(Diagnostic::new(Stage::Values, span, message)
            .found(join(extent))
            .expected(format!("at most {}", number::of(MOST_RESULTS, "number")))
            .help("a larger stride or a smaller padding gives fewer"));
    }
    if product(extent).saturating_mul(product(&size)).saturating_mul(channels) > MOST_PRODUCTS {
        let message = format!("{} windows of {} are too many products to sum", join(extent), join(&size));
        return Err(
            Diagnostic::new(Stage::Values, span, message).help("a smaller filter or a larger stride takes fewer")
        );
    }
    Ok(())
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
    let input = Layer { name: "input".into(), kind: Kind::Input, inputs: vec![], output: shape.to_vec(), span };
    let conv = Layer { name: "conv1".into(), kind, inputs: vec![0], output: [extent, &[filters]].concat(), span };
    Net { name: "convolve".into(), layers: vec![input, conv], named: Vec::new(), base: None }
}

impl Job for Slide {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        let image = match &self.image {
            Image::Matrix(matrix) => matrix.clone(),
            Image::Sample(pick) => {
                let data = world.dataset(&pick.spec, self.span)?;
                gather(&data, pick.indices(&data)).index_axis_move(Axis(0), 0)
            }
        };
        let filter = match &self.weights {
            Weights::Matrix(matrix) => matrix.clone(),
            Weights::Learned { place, index, seed } => {
                world.remark(&place.net, events);
                let name = format!("{}.filter", place.layer().name);
                let all =
                    world.with(&place.weighty(world), &self.device, *seed, |net| net.state(&name)).at(self.span)?;
                all.index_axis_move(Axis(0), *index)
            }
        };
        let result = self.compute(&image, &filter, &world.interrupted);
        world.go_on()?;
        let result = result.at(self.span)?;
        let drawn = Convolution { image: &image, filter: &filter, result: &result, windows: &self.windows };
        let picture = convolution(&self.title, &drawn, self.theme).at(self.span)?;
        Ok(Output::page("convolve", &drawn.page(&self.title), self.data(&drawn)).picture(picture))
    }
}

impl Slide {
    /// Follows the route of every net.
    fn compute(&self, image: &Tensor, filter: &Tensor, interrupted: &AtomicBool) -> Result<Tensor, TrainError> {
        let plan = Question::result().route(&forward(&self.net), 1, &*self.device)?.plan;
        let state = plan.graph.states[0].clone();
        let filters = filter.broadcast(state.shape.dims());
        let filters = filters.ok_or_else(|| TrainError::Inconsistent("the filter is of another shape".into()))?;
        let mut task = Task::new(&self.device, plan, 0)?;
        task.set(&state.name, &filters.as_standard_layout().into_owned())?;
        let images = image.view().insert_axis(Axis(0)).as_standard_layout().into_owned();
        match task.step(&[("images", &images)], Numbers::default(), interrupted)? {
            Outcome::Interrupted => Err(TrainError::Interrupted),
            Outcome::Done | Outcome::NotFinite(_) => Ok(task.answer()?.take("result")?.index_axis_move(Axis(0), 0)),
        }
    }

    fn data(&self, drawn: &Convolution<'_>) -> Value {
        let of = |figure: fn(&Window) -> usize| self.windows.iter().map(figure).collect::<Vec<_>>();
        let (position, channel) = drawn.strongest();
        json!({
            "image": nested(drawn.image),
            "filter": nested(drawn.filter),
            "output": nested(drawn.result),
            "stride": of(|window| window.stride),
            "padding": self.windows.iter().map(|window| window.pad).collect::<Vec<_>>(),
            "dilate": of(|window| window.dilate),
            "strongest": { "row": position[0], "column": position[1], "channel": channel,
                "value": drawn.value(position, channel) },
        })
    }
}

/// Rows of numbers, or of lists of numbers where there is more than one channel.
fn nested(map: &Tensor) -> Value {
    let pixel = |pixel: ndarray::ArrayViewD<'_, f32>| match pixel.len() {
        1 => json!(pixel.first()),
        _ => pixel.iter().map(|&value| json!(value)).collect(),
    };
    let row = |row: ndarray::ArrayViewD<'_, f32>| row.outer_iter().map(pixel).collect::<Value>();
    map.outer_iter().map(row).collect()
}
