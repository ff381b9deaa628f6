//! A training step as one graph: forward, loss, gradients and updates.

use crate::against::gradients_against;
pub use crate::against::{Against, LOW, UNIT};
use crate::autodiff::gradients;
use crate::derivative::output;
use crate::fuse::{prune, prune_unless};
use crate::graph::{Graph, Role, State};
use crate::ids::NodeId;
pub use crate::objective::{
    ClassLoss, Classes, Distance, Objective, Several, Truth, Weighting, objective, of_two_classes, with_loss,
    with_objective,
};
use crate::op::{GradientError, Op, agree};
pub use crate::optimizer::{Adam, Adjustments, Decay, Decayed, Optimizer, RmsProp};
use crate::optimizer::{follow, freeze};
use crate::shape::Shape;
use crate::stop::{Never, Stop};

/// The whole training step of a forward graph: outputs `loss` and, for classes, `correct`; updates every parameter.
/// The optimizer's moments are states behind the parameters.
pub fn training_step(forward: &Graph, optimizer: &Optimizer) -> Result<Graph, GradientError> {
    training_step_of(forward, &objective(forward), optimizer, &|_| true, &Never)
}

/// The same by an objective and for the parameters and running statistics that `updated` takes, unless `stop`, which is
/// asked for every node, ends it.
///
/// # Errors
/// As [`with_step`].
pub fn training_step_of(
    forward: &Graph,
    objective: &Objective,
    optimizer: &Optimizer,
    updated: &dyn Fn(&State) -> bool,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let mut graph = with_objective(forward, objective, stop)?;
    graph.outputs.retain(|(name, _)| name != "result");
    with_step(graph, "objective", optimizer, updated, stop)
}

/// The same, adjusted.
///
/// # Errors
/// As [`with_step`].
pub fn adjusted_step(
    forward: &Graph,
    objective: &Objective,
    optimizer: &Optimizer,
    adjustments: &Adjustments,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let mut graph = with_objective(forward, objective, stop)?;
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
    let grads = match &adjustments.against {
        Some(against) => gradients_against(&mut graph, objective, &reads, against, stop)?,
        None => gradients(&mut graph, objective, &reads, stop)?,
    };
    let mut followed = Vec::with_capacity(reads.len());
    for pair in stop.each(reads.into_iter().zip(grads)) {
        let (read, grad) = pair?;
        followed.extend(grad.map(|grad| (read, grad)));
    }
    follow(&mut graph, &followed, optimizer, adjustments)?;
    Ok(prune_unless(graph, stop)?)
}

/// A forward graph whose frozen layers are so: their batch normalisation uses the statistics that it has.
pub fn with_frozen(mut forward: Graph, adjustments: &Adjustments) -> Graph {
    freeze(&mut forward, adjustments);
    prune(forward)
}

/// The first layer, by name, that normalises by the statistics of a single value a channel.
pub fn normalises_one(graph: &Graph) -> Option<&str> {
    let single = graph.nodes.iter().find(|node| {
        let elements = node.inputs.first().map(|&x| graph.shape(x).elements());
        matches!(node.op, Op::ChannelVariance(_)) && elements == Some(node.shape.elements())
    })?;
    Some(single.layer.map_or("a layer", |layer| &graph.layers[layer.index()].name))
}

/// Whether a node reads a parameter that follows its gradient.
fn reads_parameter(graph: &Graph, id: NodeId, updated: &dyn Fn(&State) -> bool) -> bool {
    let Op::State(state) = graph.node(id).op else { return false };
    let state = &graph.states[state.index()];
    state.role == Role::Parameter && updated(state)
}
