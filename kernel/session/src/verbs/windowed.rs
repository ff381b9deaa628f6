//! What `convolve` and `pool` share: an image, a window that slides over it, and the net of one layer that computes it.

use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::verb::{Matrix, Padding, Pixels};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window, WindowError};
use fovea_graph::{Span, Tensor};
use ndarray::Axis;
use serde_json::{Value, json};

use crate::display::number;
use crate::failure::Failure;
use crate::samples::{Pick, pick};
use crate::world::{Names, World};

/// So many numbers the result may have.
const MOST_RESULTS: usize = 1 << 16;

/// So many numbers may be gone over in all.
const MOST_PRODUCTS: usize = 1 << 28;

/// An image that a statement names or writes out.
pub struct Pictured {
    source: Source,
    /// Height, width, channels.
    pub shape: [usize; 3],
    /// What it is called in titles.
    pub name: String,
}

enum Source {
    Matrix(Tensor),
    Sample(Box<Pick>),
}

impl Pictured {
    /// The image that `verb` slides over.
    pub fn of(pixels: Pixels, verb: &str, names: &Names) -> Result<Self, Diagnostic> {
        match pixels {
            Pixels::Planes(planes) => {
                let pixels = stacked(&planes);
                let shape = [pixels.shape()[0], pixels.shape()[1], pixels.shape()[2]];
                let name = match shape {
                    [1, length, 1] => format!("a sequence of {length}"),
                    [_, _, 1] => format!("a {} image", join(&shape[..2])),
                    _ => format!("a {} image", join(&shape)),
                };
                Ok(Self { source: Source::Matrix(pixels), shape, name })
            }
            Pixels::Sample(samples) => {
                let pick = pick(samples, names)?;
                let shape = pick.spec.shape();
                let [height, width, channels] = shape[..] else { return Err(pick.no_picture(verb)) };
                let name = pick.name(0);
                Ok(Self { source: Source::Sample(Box::new(pick)), shape: [height, width, channels], name })
            }
        }
    }

    /// Its numbers.
    pub fn pixels(&self, world: &mut World) -> Result<Tensor, Failure> {
        match &self.source {
            Source::Matrix(matrix) => Ok(matrix.clone()),
            Source::Sample(pick) => {
                let data = pick.read(world)?;
                Ok(pick.gather(&data, world)?.index_axis_move(Axis(0), 0))
            }
        }
    }
}

/// Matrices of one size, at least one, as an image with a channel each.
pub fn stacked(planes: &[Matrix]) -> Tensor {
    let [rows, columns] = planes.first().map_or([0; 2], Matrix::size);
    let value = |at: ndarray::IxDyn| planes[at[2]].rows[at[0]][at[1]];
    Tensor::from_shape_fn(vec![rows, columns, planes.len()], value)
}

/// A window that does not slide along an axis.
pub struct Misfit {
    axis: usize,
    error: WindowError,
}

impl Misfit {
    /// The mistake at `span`, where `what` slides, `filter` or `window`.
    pub fn at(self, what: &str, size: [usize; 2], shape: [usize; 3], span: Span) -> Diagnostic {
        let axis = ["height", "width"][self.axis];
        let (filter, image) = (join(&size), join(&shape[..2]));
        let mistake = |message: String| Diagnostic::new(Stage::Shapes, span, message).found(filter.clone());
        match self.error {
            WindowError::TooLarge { extent, map, .. } => {
                let message = format!(
                    "the {what} is larger than the image: along the {axis} it covers {extent}, and the image has {}",
                    shape[self.axis]
                );
                let pad = (extent - map).div_ceil(2);
                // More zeros than picture would be no help.
                let room = (pad < extent && pad <= map).then(|| format!("`pad {pad}` makes room for it"));
                let order = (what == "filter").then(|| "the image stands first, the filter behind `with`".to_string());
                let help: Vec<String> = room.into_iter().chain(order).collect();
                let mistake = mistake(message).expected(format!("at most {image}"));
                if help.is_empty() { mistake } else { mistake.help(help.join("; ")) }
            }
            WindowError::OnlyPadding { pad, extent } => {
                let message = format!("with `pad {pad}` the {what}, which covers {extent}, could lie on zeros alone");
                mistake(message).expected(format!("at most `pad {}`", extent - 1))
            }
            error => mistake(format!("along the {axis}: {error}")),
        }
    }
}

/// The windows down and across, by their strides and their steps between elements.
pub fn windows(
    padding: Padding,
    [stride, dilate]: [[usize; 2]; 2],
    size: [usize; 2],
    shape: [usize; 3],
    rounding: Rounding,
) -> Result<[Window; 2], Misfit> {
    let window = |axis: usize| {
        let pad = match padding {
            Padding::Valid => [0, 0],
            Padding::Zeros(zeros) => [zeros[axis]; 2],
            Padding::Same => Window::same_padding(size[axis], stride[axis], dilate[axis], shape[axis])
                .map_err(|error| Misfit { axis, error })?,
        };
        let (size, stride, dilate) = (size[axis], stride[axis], dilate[axis]);
        Ok(Window { size, stride, dilate, pad, rounding })
    };
    Ok([window(0)?, window(1)?])
}

/// Rows and columns of what comes of it.
pub fn extents(windows: &[Window; 2], shape: [usize; 3]) -> Result<Vec<usize>, Misfit> {
    let extent = |axis: usize| windows[axis].output(shape[axis]).map_err(|error| Misfit { axis, error });
    (0..2).map(extent).collect()
}

/// The result, of so many maps, is of a size to look at, and soon computed.
pub fn bearable(
    extent: &[usize],
    size: [usize; 2],
    channels: usize,
    maps: usize,
    span: Span,
) -> Result<(), Diagnostic> {
    let product = |numbers: &[usize]| numbers.iter().fold(1usize, |a, &b| a.saturating_mul(b));
    let results = product(extent).saturating_mul(maps);
    if results > MOST_RESULTS {
        let message = format!("the result would have {} numbers, too many to look at", join(extent));
        return Err(Diagnostic::new(Stage::Values, span, message)
            .found(join(extent))
            .expected(format!("at most {}", number::of(MOST_RESULTS, "number")))
            .help("a larger stride or a smaller padding gives fewer"));
    }
    if product(extent).saturating_mul(product(&size)).saturating_mul(channels) > MOST_PRODUCTS {
        let message = format!("{} windows of {} are too many numbers to go over", join(extent), join(&size));
        return Err(
            Diagnostic::new(Stage::Values, span, message).help("a smaller window or a larger stride takes fewer")
        );
    }
    Ok(())
}

/// A net of one layer.
pub fn one_layer(name: &str, shape: [usize; 3], layer: &str, kind: Kind, output: Vec<usize>, span: Span) -> Net {
    let input = Layer { name: "input".into(), kind: Kind::Input, inputs: vec![], output: shape.to_vec(), span };
    let layer = Layer { name: layer.into(), kind, inputs: vec![0], output, span };
    Net { name: name.into(), layers: vec![input, layer], named: Vec::new(), base: None }
}

/// Rows of numbers, or of lists of numbers where there is more than one channel.
pub fn nested(map: &Tensor) -> Value {
    let pixel = |pixel: ndarray::ArrayViewD<'_, f32>| match pixel.len() {
        1 => json!(pixel.first()),
        _ => pixel.iter().map(|&value| json!(value)).collect(),
    };
    let row = |row: ndarray::ArrayViewD<'_, f32>| row.outer_iter().map(pixel).collect::<Value>();
    map.outer_iter().map(row).collect()
}
