//! What a picture is compared by: feature maps with those of a photograph, Gram matrices with those of a painting; and how rough
//! it is.
//!
//! Sources: L. Gatys, A. Ecker, M. Bethge, "A neural algorithm of artistic style", arXiv:1508.06576, equations 1 to 7; the
//! variation, J. Johnson, A. Alahi, L. Fei-Fei, arXiv:1603.08155, section 3.2.

use fovea_graph::autodiff::Rules;
use fovea_graph::derivative::with_gradients_unless;
use fovea_graph::op::{
    Add, ChannelSlice, Concat, Fill, Frame, GradientError, Matmul, Op, Reshape, Scale, ShapeError, SquaredError,
    Transpose,
};
use fovea_graph::{Graph, NodeId, Shape};

use crate::forward::Mode;
use crate::question::Question;

/// How much each loss counts; one of weight 0 is not computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// How far the maps of layers are from the photograph's: the mean square of the difference, of 1 where there is nothing in place
    /// of the photograph's.
    pub content: f64,
    /// The same of Gram matrices and the painting's.
    pub style: f64,
    /// The mean square of the differences between neighbours, down and across, of raw pixels.
    pub variation: f64,
}

/// A layer, and the mean square of what it is to come close to.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// The layer's name.
    pub layer: String,
    /// The mean square.
    pub square: f64,
}

/// What a picture is to come close to, and how much that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Losses {
    /// The layers whose maps are compared.
    pub content: Vec<Aim>,
    /// The layers whose Gram matrices are.
    pub style: Vec<Aim>,
    /// The weights.
    pub weights: Weights,
    /// By which each channel of raw pixels is divided before the net sees it.
    pub deviation: Vec<f32>,
}

/// The name of a layer's maps, as an output and as an input to come close to.
pub fn maps_of(layer: &str) -> String {
    format!("maps of {layer}")
}

/// The same of its Gram matrix.
pub fn gram_of(layer: &str) -> String {
    format!("gram of {layer}")
}

/// The maps of these layers, each an output that [`maps_of`] names.
pub fn maps(layers: &[String]) -> Question {
    outputs("maps", layers, |graph, value, layer| {
        graph.output(&maps_of(layer), value);
        Ok(())
    })
}

/// The Gram matrices of these layers' maps over the number of positions, `[C, C]`, each an output that [`gram_of`] names.
pub fn grams(layers: &[String]) -> Question {
    outputs("grams", layers, |graph, value, layer| {
        let gram = gram(graph, value)?;
        graph.output(&gram_of(layer), gram);
        Ok(())
    })
}

fn outputs(what: &str, layers: &[String], add: fn(&mut Graph, NodeId, &str) -> Result<(), ShapeError>) -> Question {
    let layers = layers.to_vec();
    Question::new(format!("{what} of {}", layers.join(", ")), Mode::Infer, move |forward, stop| {
        let mut graph = forward.copy_unless(stop)?;
        graph.outputs.clear();
        for layer in &layers {
            let value = value(&graph, layer)?;
            add(&mut graph, value, layer)?;
        }
        Ok(fovea_graph::fuse::prune_unless(graph, stop)?)
    })
}

/// The losses `content`, `style` and `variation`, as far as they have a weight, their weighted sum `loss`, and its gradient by the
/// picture as the net sees it. What they are compared with are the inputs that [`maps_of`] and [`gram_of`] name.
pub fn question(losses: &Losses) -> Question {
    let losses = losses.clone();
    Question::new(format!("style {losses:?}"), Mode::Infer, move |forward, stop| {
        let mut graph = forward.copy_unless(stop)?;
        graph.outputs.clear();
        let images = picture(&graph)?;
        let Weights { content, style, variation } = losses.weights;
        let mut weighted = Vec::new();
        if content > 0.0 {
            let loss = mean(&mut graph, &losses.content, maps_of, |_, value| Ok(value))?;
            weighted.push((content, "content", loss));
        }
        if style > 0.0 {
            weighted.push((style, "style", mean(&mut graph, &losses.style, gram_of, gram)?));
        }
        if variation > 0.0 {
            weighted.push((variation, "variation", roughness(&mut graph, images, &losses.deviation)?));
        }
        let mut total = None;
        for (weight, name, loss) in weighted {
            graph.output(name, loss);
            let part = graph.push(Op::Scale(Scale { factor: weight }), &[loss], None)?;
            total = Some(plus(&mut graph, total, part)?);
        }
        let total = total.ok_or_else(|| GradientError::NoOutput("loss".into()))?;
        graph.output("loss", total);
        with_gradients_unless(graph, "loss", &["images"], Rules::Gradient, stop)
    })
}

/// The node that the picture is.
fn picture(graph: &Graph) -> Result<NodeId, GradientError> {
    let is =
        |id: &NodeId| matches!(graph.node(*id).op, Op::Input(input) if graph.inputs[input.index()].name == "images");
    graph.ids().find(is).ok_or_else(|| GradientError::NoVariable("images".into()))
}

/// The value of a layer: the last that was computed for it. What losses add to a graph belongs to none.
fn value(graph: &Graph, layer: &str) -> Result<NodeId, GradientError> {
    let is = |id: &NodeId| graph.node(*id).layer.is_some_and(|own| graph.layers[own.index()].name == layer);
    graph.ids().rfind(is).ok_or_else(|| GradientError::NoOutput(layer.into()))
}

/// The Gram matrix of maps `[1, spatial…, C]` over their number of positions: the mean over the positions of the product of each two
/// channels.
fn gram(graph: &mut Graph, maps: NodeId) -> Result<NodeId, ShapeError> {
    let shape = graph.shape(maps);
    let (positions, channels) = (shape.positions(), shape.channels());
    let table = Op::Reshape(Reshape { shape: Shape::new([positions, channels])? });
    let table = graph.push(table, &[maps], None)?;
    let product = graph.push(Op::Matmul(Matmul::new(Transpose::Yes, Transpose::No)), &[table, table], None)?;
    graph.push(Op::Scale(Scale { factor: 1.0 / positions as f64 }), &[product], None)
}

/// The mean over layers of how far what `of` makes of each is from its aim, over the aim's own mean square.
fn mean(
    graph: &mut Graph,
    aims: &[Aim],
    name: fn(&str) -> String,
    of: fn(&mut Graph, NodeId) -> Result<NodeId, ShapeError>,
) -> Result<NodeId, GradientError> {
    let mut sum = None;
    for aim in aims {
        let value = value(graph, &aim.layer)?;
        let value = of(graph, value)?;
        let target = graph.input(&name(&aim.layer), graph.shape(value).clone());
        let error = graph.push(Op::SquaredError(SquaredError {}), &[value, target], None)?;
        // An aim of nothing at all has no size to compare by.
        let square = if aim.square > 0.0 { aim.square } else { 1.0 };
        let factor = 1.0 / (square * aims.len() as f64);
        let part = graph.push(Op::Scale(Scale { factor }), &[error], None)?;
        sum = Some(plus(graph, sum, part)?);
    }
    sum.ok_or_else(|| GradientError::NoOutput("a layer".into()))
}

/// The mean square of the differences between neighbours, down and across, of raw pixels.
fn roughness(graph: &mut Graph, images: NodeId, deviation: &[f32]) -> Result<NodeId, ShapeError> {
    // The net sees raw pixels less a number and over a deviation, a channel each: differences know of the deviation alone.
    let raw = match deviation {
        [first, rest @ ..] if rest.iter().any(|other| other != first) => {
            let mut channels = Vec::with_capacity(deviation.len());
            for (start, &deviation) in deviation.iter().enumerate() {
                let channel = Op::ChannelSlice(ChannelSlice { start, channels: 1 });
                let channel = graph.push(channel, &[images], None)?;
                channels.push(graph.push(Op::Scale(Scale { factor: deviation.into() }), &[channel], None)?);
            }
            graph.push(Op::Concat(Concat {}), &channels, None)?
        }
        [first, ..] => graph.push(Op::Scale(Scale { factor: f64::from(*first) }), &[images], None)?,
        [] => images,
    };
    let spatial = graph.shape(raw).rank().saturating_sub(2);
    let mut sum = None;
    for axis in (0..spatial).filter(|axis| graph.shape(raw).dims()[axis + 1] > 1).collect::<Vec<_>>() {
        let cut = |edges: [i64; 2]| {
            let mut all = vec![[0, 0]; spatial];
            all[axis] = edges;
            Op::Frame(Frame { edges: all })
        };
        let [later, earlier] = [graph.push(cut([-1, 0]), &[raw], None)?, graph.push(cut([0, -1]), &[raw], None)?];
        let earlier = graph.push(Op::Scale(Scale { factor: -1.0 }), &[earlier], None)?;
        let difference = graph.push(Op::Add(Add {}), &[later, earlier], None)?;
        let nothing = Op::Fill(Fill { shape: graph.shape(difference).clone(), value: 0.0 });
        let nothing = graph.push(nothing, &[], None)?;
        let square = graph.push(Op::SquaredError(SquaredError {}), &[difference, nothing], None)?;
        sum = Some(plus(graph, sum, square)?);
    }
    match sum {
        Some(sum) => Ok(sum),
        None => graph.push(Op::Fill(Fill { shape: Shape::scalar(), value: 0.0 }), &[], None),
    }
}

fn plus(graph: &mut Graph, sum: Option<NodeId>, part: NodeId) -> Result<NodeId, ShapeError> {
    let Some(sum) = sum else { return Ok(part) };
    graph.push(Op::Add(Add {}), &[sum, part], None)
}
