//! A net at another size of its pictures, with the same weights: what slides over a map slides further.

use fovea_graph::op::{Pool, ShapeError};
use fovea_graph::shape::join;
use fovea_graph::{Interrupted, Stop, counted};

use crate::lower::{Growing, Mode};
use crate::net::{Kind, Layer, Net};

/// Why a net takes pictures of no other size, or not of this one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{layer}` {why}")]
pub struct Fixed {
    /// The layer that forbids it.
    pub layer: String,
    /// Why, in words that follow its name.
    pub why: String,
}

/// The net for pictures of this shape, height x width x channels, and the same parameters. A pool over the whole map stays
/// one; a transposed convolution makes its map larger as it did.
///
/// # Errors
/// [`Interrupted`]; inside, the first layer that the size does not go with.
pub fn resized(net: &Net, input: &[usize], stop: &dyn Stop) -> Result<Result<Net, Fixed>, Interrupted> {
    let mut growing = Growing::new(&net.name);
    let mut layers: Vec<Layer> = Vec::with_capacity(net.layers.len());
    for layer in stop.each(&net.layers) {
        let layer = layer?;
        let fixed = |why: String| Ok(Err(Fixed { layer: layer.name.clone(), why }));
        let before: Vec<&[usize]> = layer.inputs.iter().map(|&at| &net.layers[at].output[..]).collect();
        let now: Vec<&[usize]> = layer.inputs.iter().map(|&at| &layers[at].output[..]).collect();
        let mut next = match adapted(layer, &before, &now, input) {
            Ok(next) => next,
            Err(why) => return fixed(why),
        };
        match growing.grow(&next, 1, Mode::Infer) {
            Ok(shape) => next.output = shape,
            // The batch of one is nobody's concern.
            Err(ShapeError::Disagree { left, right, .. }) => {
                let [left, right] = [left, right].map(|shape| join(shape.get(1..).unwrap_or_default()));
                return fixed(format!("would have {left} meet {right}"));
            }
            Err(error) => return fixed(format!("forbids it: {error}")),
        }
        if next.output.last() != layer.output.last() {
            let of = |shape: &[usize]| counted(shape.last().copied().unwrap_or(0), "channel");
            return fixed(format!("has {}, and would have {}", of(&layer.output), of(&next.output)));
        }
        layers.push(next);
    }
    Ok(Ok(Net { layers, ..net.clone() }))
}

/// A layer as its kind is for inputs of other shapes; its output is right where the kind asks for it.
fn adapted(layer: &Layer, before: &[&[usize]], now: &[&[usize]], input: &[usize]) -> Result<Layer, String> {
    let mut next = layer.clone();
    match (&mut next.kind, before, now) {
        (Kind::Input, ..) => next.output = input.to_vec(),
        (Kind::Fc { .. }, [before, ..], [now, ..]) => {
            let [takes, gets] = [before, now].map(|shape| shape.iter().product::<usize>());
            if takes != gets {
                let [takes, gets] = [takes, gets].map(|numbers| counted(numbers, "number"));
                return Err(format!("takes {takes}, and would get {gets}"));
            }
        }
        (Kind::Pool(pool), [before, ..], [now, ..]) if is_global(pool, before) && now.len() > 1 => {
            pool.size = now[..now.len() - 1].to_vec();
            pool.stride.clone_from(&pool.size);
        }
        (Kind::Deconv { size, stride, pad, dilate, .. }, [before, ..], [now, ..]) => {
            for axis in 0..size.len().min(now.len()) {
                // Whole steps, and what the layer has beyond them.
                let grown = |map: &[usize]| {
                    let steps = (map[axis] as i64 - 1) * stride[axis] as i64;
                    let window = (size[axis] as i64 - 1) * dilate[axis] as i64 + 1;
                    steps + window - (pad[axis][0] + pad[axis][1]) as i64
                };
                let more = layer.output[axis] as i64 - grown(before);
                let side = usize::try_from(grown(now) + more).ok().filter(|&side| side > 0);
                next.output[axis] = side.ok_or_else(|| format!("would give an empty map of {}", join(now)))?;
            }
        }
        _ => {}
    }
    Ok(next)
}

/// Whether a pool takes the whole map.
fn is_global(pool: &Pool, map: &[usize]) -> bool {
    map.split_last().is_some_and(|(_, extent)| pool.size == extent) && pool.pad.iter().flatten().all(|&pad| pad == 0)
}
