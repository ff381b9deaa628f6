//! Which part of the picture one position of a layer sees, cut off at the picture's edges: counted back layer by layer, where
//! [`super::Field`] says how large such a part is in the midst of the map.

use fovea_graph::op::{Interpolation, Pool};

use super::{Kind, Layer, Net};

/// First and end along an axis.
type Stretch = (i64, i64);

impl Net {
    /// The part of the input that a layer's value at `position` depends on at most, first and end along each spatial axis;
    /// empty where it depends on none of it. A position has an entry a spatial axis.
    pub fn seen(&self, layer: usize, position: &[usize]) -> Vec<(usize, usize)> {
        let axes = self.input().len().saturating_sub(1);
        (0..axes)
            .map(|axis| {
                let at = position.get(axis).map_or(0, |&at| at as i64);
                self.seen_along(layer, axis, (at, at + 1))
            })
            .collect()
    }

    fn seen_along(&self, layer: usize, axis: usize, at: Stretch) -> (usize, usize) {
        let mut needed: Vec<Option<Stretch>> = vec![None; self.layers.len()];
        needed[layer] = Some(at);
        for place in (1..=layer).rev() {
            let Some(wanted) = needed[place] else { continue };
            let here = &self.layers[place];
            for &input in &here.inputs {
                let extent = self.layers[input].output.get(axis).map_or(1, |&extent| extent as i64);
                let (first, end) = before(here, &self.layers[input], axis, wanted);
                let (first, end) = (first.clamp(0, extent), end.clamp(0, extent));
                if first < end {
                    let (low, high) = needed[input].unwrap_or((first, end));
                    needed[input] = Some((low.min(first), high.max(end)));
                }
            }
        }
        needed[0].map_or((0, 0), |(first, end)| (first as usize, end as usize))
    }
}

/// What of the map `from` a stretch of a layer's own is computed from; it may reach beyond the edges.
fn before(layer: &Layer, from: &Layer, axis: usize, (first, end): Stretch) -> Stretch {
    let int = |number: usize| number as i64;
    let whole = (0, from.output.get(axis).map_or(1, |&extent| int(extent)));
    let window = |size: usize, stride: usize, pad: usize, dilate: usize| {
        let low = first * int(stride) - int(pad);
        (low, (end - 1) * int(stride) - int(pad) + (int(size) - 1) * int(dilate) + 1)
    };
    let spread = |size: usize, stride: usize, pad: usize, dilate: usize| {
        let reach = (int(size) - 1) * int(dilate);
        let low = (first + int(pad) - reach).div_euclid(int(stride));
        (low, (end - 1 + int(pad)).div_euclid(int(stride)) + 1)
    };
    match &layer.kind {
        Kind::Conv { size, stride, pad, dilate, .. } => window(size[axis], stride[axis], pad[axis][0], dilate[axis]),
        Kind::Pool(Pool { size, stride, pad, .. }) => window(size[axis], stride[axis], pad[axis][0], 1),
        Kind::Deconv { size, stride, pad, dilate, .. } => spread(size[axis], stride[axis], pad[axis][0], dilate[axis]),
        Kind::Upsample(up) => {
            let beside = i64::from(up.interpolation == Interpolation::Linear);
            let factor = int(up.factor[axis]);
            (first.div_euclid(factor) - beside, (end - 1).div_euclid(factor) + 1 + beside)
        }
        Kind::Frame(frame) => {
            let edge = frame.edges[axis][0];
            (first - edge, end - edge)
        }
        // Switches come from anywhere in the windows, and one vector from the whole map.
        Kind::Unpool(_) | Kind::Fc { .. } | Kind::Flatten => whole,
        Kind::Input
        | Kind::Relu
        | Kind::Dropout { .. }
        | Kind::Softmax
        | Kind::Unary(_)
        | Kind::BatchNorm { .. }
        | Kind::Lrn(_)
        | Kind::Widen(_)
        | Kind::Concat
        | Kind::Add
        | Kind::Side(_) => (first, end),
    }
}
