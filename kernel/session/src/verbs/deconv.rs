//! `deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] stride 2`: one transposed convolution, and the same by a larger map.

use std::sync::Arc;

use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::verb::Deconv;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::op::{Interpolation, Upsample};
use fovea_graph::shape::join;
use fovea_graph::window::{Rounding, Window};
use fovea_graph::{Backend, Span, Tensor};
use serde_json::{Value, json};

use super::sliding::compute;
use super::windowed::{bearable, nested, one_layer, stacked};
use super::{Checked, Events, Job};
use crate::display::{Resized, Transposed};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::picture::{Theme, transposed};
use crate::world::{Names, World};

/// The layer's stride where none is said.
const STRIDE: usize = 2;

struct Deconvolving {
    image: Tensor,
    filter: Tensor,
    /// Of the convolution that leads back from the result, down and across.
    back: [Window; 2],
    /// Of the convolution behind `upsample`.
    same: [Window; 2],
    device: Arc<dyn Backend>,
    theme: Theme,
    span: Span,
}

/// Checks that something is left of what the filter puts down, of a size to look at.
pub fn check(said: Deconv, span: Span, names: &Names) -> Checked {
    let stride = said.stride.map_or([STRIDE; 2], |stride| stride.value);
    let pad = said.pad.map_or([0; 2], |pad| pad.value);
    let (map, size) = (said.image.size(), said.filter.size());
    if let Some(said) = said.pad.filter(|pad| (0..2).any(|axis| pad.value[axis] >= size[axis])) {
        return Err(too_much(pad, size, said.span).into());
    }
    let extent = [0, 1].map(|axis| ((map[axis] - 1).saturating_mul(stride[axis]) + size[axis]) as i64);
    let extent = [0, 1].map(|axis| extent[axis] - 2 * pad[axis] as i64);
    if extent.iter().any(|&side| side < 1) {
        return Err(too_much(pad, size, said.pad.map_or(span, |pad| pad.span)).into());
    }
    let extent = extent.map(|side| side as usize);
    let larger = [0, 1].map(|axis| map[axis].saturating_mul(stride[axis]));
    bearable(&extent, size, 1, 1, span)?;
    bearable(&larger, size, 1, 1, span)?;
    let window = |axis: usize, stride: usize, pad: [usize; 2]| Window {
        size: size[axis],
        stride,
        dilate: 1,
        pad,
        rounding: Rounding::Floor,
    };
    let back = [0, 1].map(|axis| window(axis, stride[axis], [pad[axis]; 2]));
    // As much padding as keeps the size, the odd one at the far end.
    let same = [0, 1].map(|axis| window(axis, 1, [(size[axis] - 1) / 2, size[axis] / 2]));
    let (image, filter) = (stacked(&[said.image]), stacked(&[said.filter]));
    let (device, theme) = (Arc::clone(&names.device), names.theme);
    Ok(Box::new(Deconvolving { image, filter, back, same, device, theme, span }))
}

/// Padding that leaves nothing, or that the filter does not reach over.
fn too_much(pad: [usize; 2], size: [usize; 2], span: Span) -> Diagnostic {
    let said = if pad[0] == pad[1] { format!("pad {}", pad[0]) } else { format!("pad {}", join(&pad)) };
    let message = format!("`{said}` takes away all that a filter of {} puts there", join(&size));
    let least = [0, 1].map(|axis| (size[axis] - 1) / 2);
    let mistake = Diagnostic::new(Stage::Values, span, message).found(said);
    mistake.expected(format!("`pad {}` or less, say", join(&least))).help("`pad` crops the result at each of its edges")
}

impl Job for Deconvolving {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let result = self.made(&self.transposed_net(), world)?;
        let (larger, resized) = (self.larger(), self.made(&self.resized_net(), world)?);
        let resized = Resized { larger: &larger, result: &resized, windows: &self.same };
        let (image, filter) = (&self.image, &self.filter);
        let drawn = Transposed { image, filter, result: &result, windows: &self.back, resized };
        let size = |map: &Tensor| join(&map.shape()[..2]);
        let title = format!("a {} map deconvolved with a {} filter", size(image), size(filter));
        let picture = transposed(&title, &drawn, self.theme).at(self.span)?;
        Ok(Output::page("deconv", &drawn.page(&title), figures(&drawn)).picture(picture))
    }
}

impl Deconvolving {
    /// What a net makes of the map, by the device.
    fn made(&self, net: &Net, world: &World) -> Result<Tensor, Failure> {
        let made = compute(net, &self.device, &self.image, Some(&self.filter), &world.interrupted);
        world.go_on()?;
        made.at(self.span)
    }

    /// The one transposed convolution.
    fn transposed_net(&self) -> Net {
        let [height, width] = [0, 1].map(|axis| {
            let Window { size, stride, pad, .. } = self.back[axis];
            (self.image.shape()[axis] - 1) * stride + size - pad[0] - pad[1]
        });
        let of = |figure: fn(&Window) -> usize| self.back.iter().map(figure).collect::<Vec<_>>();
        let kind = Kind::Deconv {
            filters: 1,
            size: of(|window| window.size),
            stride: of(|window| window.stride),
            pad: self.back.iter().map(|window| window.pad).collect(),
            dilate: vec![1; 2],
            groups: 1,
            bias: false,
        };
        one_layer("deconv", self.shape(), "deconv1", kind, vec![height, width, 1], self.span)
    }

    /// The map made larger, and then the convolution.
    fn resized_net(&self) -> Net {
        let factor: Vec<usize> = self.back.iter().map(|window| window.stride).collect();
        let upsample = Kind::Upsample(Upsample { factor, interpolation: Interpolation::Nearest });
        let larger = self.larger().shape().to_vec();
        let mut net = one_layer("resized", self.shape(), "upsample1", upsample, larger.clone(), self.span);
        let kind = Kind::Conv {
            filters: 1,
            size: self.same.iter().map(|window| window.size).collect(),
            stride: vec![1; 2],
            pad: self.same.iter().map(|window| window.pad).collect(),
            dilate: vec![1; 2],
            groups: 1,
            bias: false,
        };
        net.layers.push(Layer { name: "conv1".into(), kind, inputs: vec![1], output: larger, span: self.span });
        net
    }

    fn shape(&self) -> [usize; 3] {
        [self.image.shape()[0], self.image.shape()[1], 1]
    }

    /// Each number repeated, down and across.
    fn larger(&self) -> Tensor {
        let stride = [0, 1].map(|axis| self.back[axis].stride);
        let shape = [0, 1].map(|axis| self.image.shape()[axis] * stride[axis]);
        let value = |at: ndarray::IxDyn| self.image[[at[0] / stride[0], at[1] / stride[1], 0]];
        Tensor::from_shape_fn(vec![shape[0], shape[1], 1], value)
    }
}

/// Map, filter, results and counts, as data.
fn figures(drawn: &Transposed<'_>) -> Value {
    json!({
        "image": nested(drawn.image),
        "filter": nested(drawn.filter),
        "output": nested(drawn.result),
        "stride": drawn.windows.iter().map(|window| window.stride).collect::<Vec<_>>(),
        "padding": drawn.windows.iter().map(|window| window.pad).collect::<Vec<_>>(),
        "written": nested(&drawn.written()),
        "uneven": drawn.is_uneven(),
        "resized": nested(drawn.resized.result),
        "summed": nested(&drawn.summed()),
    })
}
