//! Receptive fields: how much of the input one element of a layer sees.
//!
//! Source: A. Araujo, W. Norris and J. Sim, "Computing receptive fields of convolutional neural networks", Distill 2019.

use fovea_graph::op::{Interpolation, Pool};

use super::{Kind, Layer, Net};

/// What one element of a layer sees along one spatial axis of the input; the input's edges do not cut it off, so that it
/// can be larger than the input. Behind an upsampling elements see different numbers, and this is their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// How many elements of the input.
    pub size: f64,
    /// How many elements of the input lie between the fields of two neighbours.
    pub jump: f64,
}

impl Field {
    /// What one window sees of elements with this field.
    fn window(self, size: usize, stride: usize, dilate: usize) -> Field {
        let between = (size - 1) as f64 * dilate as f64;
        Field { size: self.size + between * self.jump, jump: self.jump * stride as f64 }
    }

    /// What an element of a map `factor` times as large sees, where it is made of `of` elements.
    fn enlarged(self, factor: usize, of: usize) -> Field {
        Field { size: self.size + (of - 1) as f64 * self.jump, jump: self.jump / factor as f64 }
    }

    /// What sees all that both see.
    fn and(self, other: Field) -> Field {
        Field { size: self.size.max(other.size), jump: self.jump }
    }
}

impl Net {
    /// The receptive field of every layer, an entry a spatial axis of the input; none where the input is a vector.
    pub fn receptive_fields(&self) -> Vec<Vec<Field>> {
        let axes = self.input().len() - 1;
        let mut fields: Vec<Vec<Field>> = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            let field = |axis: usize| {
                let mut inputs = layer.inputs.iter().map(|&input| (fields[input][axis], &self.layers[input]));
                let Some((first, from)) = inputs.next() else { return Field { size: 1.0, jump: 1.0 } };
                inputs.fold(behind(layer, from, axis, first), |all, (other, _)| all.and(other))
            };
            fields.push((0..axes).map(field).collect());
        }
        fields
    }
}

/// The field of `layer` along `axis`, whose first input is `from` with the field `x`.
fn behind(layer: &Layer, from: &Layer, axis: usize, x: Field) -> Field {
    let enlarged = |size: usize, stride: usize| x.enlarged(stride, size.div_ceil(stride));
    match &layer.kind {
        Kind::Conv { size, stride, dilate, .. } => x.window(size[axis], stride[axis], dilate[axis]),
        Kind::Pool(Pool { size, stride, .. }) => x.window(size[axis], stride[axis], 1),
        Kind::Deconv { size, stride, dilate, .. } => enlarged((size[axis] - 1) * dilate[axis] + 1, stride[axis]),
        Kind::Unpool(Pool { size, stride, .. }) => enlarged(size[axis], stride[axis]),
        Kind::Upsample(up) => {
            let of = if up.interpolation == Interpolation::Linear { 2 } else { 1 };
            x.enlarged(up.factor[axis], of)
        }
        // One vector of the whole map.
        Kind::Fc { .. } | Kind::Flatten if from.output.len() > 1 => x.window(from.output[axis], 1, 1),
        _ => x,
    }
}
