//! What of a net has weights: each tensor with its layer, what PyTorch calls it, and how its numbers lie there.

use fovea_dsl::lower::{Mode, lower_unless};
use fovea_dsl::net::{Kind, Net};
use fovea_graph::Stop;
use fovea_train::{Axes, TrainError};

/// A tensor of a net.
#[derive(Debug)]
pub struct Slot {
    /// Its name here, `conv1.filter`.
    pub name: String,
    /// Its shape here.
    pub shape: Vec<usize>,
    /// Which of the layers with weights it is of.
    pub layer: usize,
    /// What PyTorch calls it, behind the layer's name.
    pub part: &'static str,
    /// How its numbers lie in PyTorch.
    pub axes: Axes,
}

/// Every tensor of a net, in its order.
#[derive(Debug)]
pub struct Slots {
    /// The layers with weights.
    pub layers: Vec<String>,
    /// Their tensors.
    pub slots: Vec<Slot>,
}

/// What a tensor is called behind its layer's name, here and in PyTorch.
const PARTS: [(&str, &str); 7] = [
    ("filter", "weight"),
    ("weight", "weight"),
    ("bias", "bias"),
    ("scale", "weight"),
    ("shift", "bias"),
    ("mean", "running_mean"),
    ("variance", "running_var"),
];

/// Whether a tensor's name is one that only nets here have.
pub fn is_ours(name: &str) -> bool {
    let part = name.rsplit_once('.').map_or(name, |(_, part)| part);
    ["filter", "scale", "shift", "mean", "variance"].contains(&part)
}

/// The layer that a tensor's name in PyTorch is of; none where it is of no layer with weights.
pub fn layer_of(name: &str) -> Option<&str> {
    let (layer, part) = name.rsplit_once('.')?;
    PARTS.iter().any(|(_, theirs)| *theirs == part).then_some(layer)
}

impl Slots {
    /// Those of a net.
    ///
    /// # Errors
    /// The net has no graph; it was broken off.
    pub fn of(net: &Net, stop: &dyn Stop) -> Result<Self, TrainError> {
        let lowered = lower_unless(net, 1, Mode::Infer, stop).map_err(|_| TrainError::Interrupted)?;
        let graph = lowered.map_err(|error| TrainError::Inconsistent(error.to_string()))?;
        let mut all = Self { layers: Vec::new(), slots: Vec::new() };
        for state in &graph.states {
            let (layer, ours) = state.name.rsplit_once('.').unwrap_or((&state.name, ""));
            if all.layers.last().is_none_or(|last| last != layer) {
                all.layers.push(layer.to_string());
            }
            let Some(&(ours, part)) = PARTS.iter().find(|(known, _)| *known == ours) else { continue };
            let axes = axes(net, layer, ours);
            let (name, shape) = (state.name.clone(), state.shape.dims().to_vec());
            all.slots.push(Slot { name, shape, layer: all.layers.len() - 1, part, axes });
        }
        Ok(all)
    }
}

/// How the numbers of a layer's tensor lie in PyTorch.
fn axes(net: &Net, layer: &str, part: &str) -> Axes {
    let Some(layer) = net.find(layer).map(|at| &net.layers[at]) else { return Axes::Same };
    match (&layer.kind, layer.inputs.first()) {
        (Kind::Conv { .. } | Kind::Deconv { .. }, _) if part == "filter" => Axes::ChannelsSecond,
        (Kind::Fc { .. }, Some(&input)) if part == "weight" => Axes::Maps(maps(net, input)),
        (Kind::BatchNorm { .. }, Some(&input)) if layer.output.len() == 1 => Axes::Maps(maps(net, input)),
        _ => Axes::Same,
    }
}

/// The maps whose values stand in a vector, one map behind the other; a layer's own map, where it is no vector.
fn maps(net: &Net, mut at: usize) -> Vec<Vec<usize>> {
    loop {
        let layer = &net.layers[at];
        let is_vector = layer.output.len() == 1;
        match (&layer.kind, &layer.inputs[..]) {
            (Kind::Concat, inputs) if is_vector => return inputs.iter().flat_map(|&input| maps(net, input)).collect(),
            (
                Kind::Flatten
                | Kind::Dropout { .. }
                | Kind::Relu
                | Kind::Unary(_)
                | Kind::BatchNorm { .. }
                | Kind::Softmax
                | Kind::Add
                | Kind::Side(_),
                [input, ..],
            ) if is_vector => at = *input,
            _ => return vec![layer.output.clone()],
        }
    }
}
