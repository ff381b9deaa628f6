//! A training step as one graph: forward, loss, gradients and updates.

use crate::autodiff::gradients;
use crate::derivative::output;
use crate::fuse::prune_unless;
use crate::graph::{Graph, Role, State};
use crate::ids::NodeId;
use crate::op::{Add, Correct, CrossEntropy, GradientError, Op, Scale, ShapeError, SquaredError, agree};
pub use crate::optimizer::{Adam, Adjustments, Decay, Decayed, Optimizer, RmsProp};
use crate::optimizer::{follow, freeze};
use crate::shape::Shape;
use crate::stop::{Never, Stop};

/// What the net's output is compared with; follows from how the net ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// A net that ends in softmax: cross-entropy of its logits against class labels, input `labels` `[N, …]`.
    CrossEntropy,
    /// Any other net: mean squared error against a `target` of the output's shape.
    SquaredError,
}

/// The objective of a forward graph, whose result is its output `result`.
pub fn objective(forward: &Graph) -> Objective {
    match forward.find_output("result").map(|id| &forward.node(id).op) {
        Some(Op::Softmax(_)) => Objective::CrossEntropy,
        _ => Objective::SquaredError,
    }
}

/// Adds to a forward graph (with the output `result`) the input `labels` or `target` and the outputs `loss` and, for
/// classes, `correct` (how many of the batch are right): what `test` runs.
pub fn with_loss(forward: &Graph) -> Result<Graph, ShapeError> {
    let mut graph = forward.clone();
    add_loss(&mut graph)?;
    Ok(graph)
}

/// The same, unless `stop` ends it.
///
/// # Errors
/// As [`with_loss`]; [`GradientError::Interrupted`].
pub fn with_loss_unless(forward: &Graph, stop: &dyn Stop) -> Result<Graph, GradientError> {
    let mut graph = forward.copy_unless(stop)?;
    add_loss(&mut graph)?;
    Ok(graph)
}

fn add_loss(graph: &mut Graph) -> Result<(), ShapeError> {
    let result = result_of(graph);
    match objective(graph) {
        Objective::CrossEntropy => {
            let logits = graph.node(result).inputs[0];
            let layer = graph.node(result).layer;
            let dims = graph.shape(logits).dims();
            let labels = Shape::new(&dims[..dims.len() - 1])?;
            let labels = graph.input("labels", labels);
            let loss = graph.push(Op::CrossEntropy(CrossEntropy::default()), &[logits, labels], layer)?;
            let correct = graph.push(Op::Correct(Correct::default()), &[logits, labels], layer)?;
            let total = with_sides(graph, loss, labels)?;
            graph.output("loss", loss);
            graph.output("correct", correct);
            graph.output("objective", total);
        }
        Objective::SquaredError => {
            let target = graph.input("target", graph.shape(result).clone());
            let layer = graph.node(result).layer;
            let loss = graph.push(Op::SquaredError(SquaredError {}), &[result, target], layer)?;
            graph.output("loss", loss);
            graph.output("objective", loss);
        }
    }
    graph.sides.clear();
    Ok(())
}

/// The loss and the weighted losses of the side classifiers: what training minimises.
fn with_sides(graph: &mut Graph, loss: NodeId, labels: NodeId) -> Result<NodeId, ShapeError> {
    let mut total = loss;
    for (weight, side) in graph.sides.clone() {
        let layer = graph.node(side).layer;
        let logits = match graph.node(side).op {
            Op::Softmax(_) => graph.node(side).inputs[0],
            _ => side,
        };
        let loss = graph.push(Op::CrossEntropy(CrossEntropy::default()), &[logits, labels], layer)?;
        let weighted = graph.push(Op::Scale(Scale { factor: weight }), &[loss], layer)?;
        total = graph.push(Op::Add(Add {}), &[total, weighted], layer)?;
    }
    Ok(total)
}

/// The whole training step of a forward graph: outputs `loss` and, for classes, `correct`; updates every parameter.
/// The optimizer's moments are states behind the parameters.
pub fn training_step(forward: &Graph, optimizer: &Optimizer) -> Result<Graph, GradientError> {
    training_step_of(forward, optimizer, &|_| true, &Never)
}

/// The same for the parameters and running statistics that `updated` takes, unless `stop`, which is asked for every node,
/// ends it.
///
/// # Errors
/// As [`with_step`].
pub fn training_step_of(
    forward: &Graph,
    optimizer: &Optimizer,
    updated: &dyn Fn(&State) -> bool,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let mut graph = with_loss_unless(forward, stop)?;
    graph.outputs.retain(|(name, _)| name != "result");
    with_step(graph, "objective", optimizer, updated, stop)
}

/// The same, adjusted.
///
/// # Errors
/// As [`with_step`].
pub fn adjusted_step(
    forward: &Graph,
    optimizer: &Optimizer,
    adjustments: &Adjustments,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let mut graph = with_loss_unless(forward, stop)?;
    graph.outputs.retain(|(name, _)| name != "result");
    freeze(&mut graph, adjustments);
    step(graph, "objective", (optimizer, adjustments), &|state| !adjustments.freezes(state), stop)
}

/// Adds to a graph a step down the gradient of its scalar output `of`. Of the parameters those that `updated` takes
/// follow it, and of the running statistics those that it takes go on following the batches: all others stay as they are.
/// `stop` is asked for every node.
///
/// # Errors
/// There is no such output, or it is no scalar; an op without a gradient; [`GradientError::Interrupted`].
pub fn with_step(
    graph: Graph,
    of: &str,
    optimizer: &Optimizer,
    updated: &dyn Fn(&State) -> bool,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    step(graph, of, (optimizer, &Adjustments::default()), updated, stop)
}

fn step(
    mut graph: Graph,
    of: &str,
    (optimizer, adjustments): (&Optimizer, &Adjustments),
    updated: &dyn Fn(&State) -> bool,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let objective = output(&graph, of)?;
    agree("gradient", graph.shape(objective), &Shape::scalar())?;
    let states = &graph.states;
    graph.updates.retain(|(state, _)| updated(&states[state.index()]));
    let reads: Vec<NodeId> = graph.ids().filter(|&id| reads_parameter(&graph, id, updated)).collect();
    let grads = gradients(&mut graph, objective, &reads, stop)?;
    let mut followed = Vec::with_capacity(reads.len());
    for pair in stop.each(reads.into_iter().zip(grads)) {
        let (read, grad) = pair?;
        followed.extend(grad.map(|grad| (read, grad)));
    }
    follow(&mut graph, &followed, optimizer, adjustments)?;
    Ok(prune_unless(graph, stop)?)
}

/// The first layer, by name, that normalises by the statistics of a single value a channel.
pub fn normalises_one(graph: &Graph) -> Option<&str> {
    let single = graph.nodes.iter().find(|node| {
        let elements = node.inputs.first().map(|&x| graph.shape(x).elements());
        matches!(node.op, Op::ChannelVariance(_)) && elements == Some(node.shape.elements())
    })?;
    Some(single.layer.map_or("a layer", |layer| &graph.layers[layer.index()].name))
}

/// The forward graph's own result.
fn result_of(graph: &Graph) -> NodeId {
    graph.find_output("result").expect("a forward graph names its result")
}

/// Whether a node reads a parameter that follows its gradient.
fn reads_parameter(graph: &Graph, id: NodeId, updated: &dyn Fn(&State) -> bool) -> bool {
    let Op::State(state) = graph.node(id).op else { return false };
    let state = &graph.states[state.index()];
    state.role == Role::Parameter && updated(state)
}
