//! A training step as one graph: forward, loss, gradients and updates.

use serde::{Deserialize, Serialize};

use crate::autodiff::gradients;
use crate::derivative::output;
use crate::fuse::prune_unless;
use crate::graph::{Graph, Init, Role, State};
use crate::ids::NodeId;
pub use crate::objective::{
    ClassLoss, Classes, Distance, Objective, Several, Weighting, objective, with_loss, with_objective,
};
use crate::op::{AdamMean, AdamSquare, AdamStep, GradientError, Op, SgdStep, SgdVelocity, ShapeError, agree};
use crate::shape::Shape;
use crate::stop::{Never, Stop};

/// How parameters follow their gradients. The learning rate is not here: it comes with each step's feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// How much of the old velocity stays.
        momentum: f64,
        /// L2 penalty's weight.
        decay: f64,
    },
    /// Adam (`decoupled` false: the decay is an L2 penalty) and AdamW.
    Adam(Adam),
}

/// The numbers of Adam and AdamW.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adam {
    /// How much of the mean gradient stays; 0.9 is usual.
    pub beta1: f64,
    /// How much of the mean square stays; 0.999 is usual.
    pub beta2: f64,
    /// Keeps the quotient finite; 1e-8 is usual.
    pub eps: f64,
    /// The decay's weight.
    pub decay: f64,
    /// What the decay acts on.
    pub form: Decay,
}

/// What a weight decay acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// The gradient: an L2 penalty (Adam).
    Gradient,
    /// The weights themselves (AdamW).
    Weights,
}

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

/// Adds to a graph a step down the gradient of its scalar output `of`. Of the parameters those that `updated` takes
/// follow it, and of the running statistics those that it takes go on following the batches: all others stay as they are.
/// `stop` is asked for every node.
///
/// # Errors
/// There is no such output, or it is no scalar; an op without a gradient; [`GradientError::Interrupted`].
pub fn with_step(
    mut graph: Graph,
    of: &str,
    optimizer: &Optimizer,
    updated: &dyn Fn(&State) -> bool,
    stop: &dyn Stop,
) -> Result<Graph, GradientError> {
    let objective = output(&graph, of)?;
    agree("gradient", graph.shape(objective), &Shape::scalar())?;
    let states = &graph.states;
    graph.updates.retain(|(state, _)| updated(&states[state.index()]));
    let reads: Vec<NodeId> = graph.ids().filter(|&id| reads_parameter(&graph, id, updated)).collect();
    let grads = gradients(&mut graph, objective, &reads, stop)?;
    for pair in stop.each(reads.into_iter().zip(grads)) {
        let (read, grad) = pair?;
        if let Some(grad) = grad {
            update(&mut graph, read, grad, optimizer)?;
        }
    }
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

/// Appends the new value of the parameter that `read` reads, and of its moments.
fn update(graph: &mut Graph, read: NodeId, grad: NodeId, optimizer: &Optimizer) -> Result<(), ShapeError> {
    let Op::State(parameter) = graph.node(read).op else { unreachable!("only states are updated") };
    let layer = graph.node(read).layer;
    let declared = graph.states[parameter.index()].clone();
    let moment = |kind: &str| State {
        name: format!("{}.{kind}", declared.name),
        shape: declared.shape.clone(),
        role: Role::Moment,
        init: Init::Zeros,
    };
    match *optimizer {
        Optimizer::Sgd { momentum, decay } => {
            let (velocity, old) = graph.state(moment("velocity"), layer);
            let new = graph.push(Op::SgdVelocity(SgdVelocity { momentum, decay }), &[read, grad, old], layer)?;
            let stepped = graph.push(Op::SgdStep(SgdStep {}), &[read, new], layer)?;
            graph.updates.push((velocity, new));
            graph.updates.push((parameter, stepped));
        }
        Optimizer::Adam(Adam { beta1, beta2, eps, decay, form }) => {
            let (penalty, shrink) = match form {
                Decay::Gradient => (decay, 0.0),
                Decay::Weights => (0.0, decay),
            };
            let (mean, old_mean) = graph.state(moment("mean"), layer);
            let (square, old_square) = graph.state(moment("square"), layer);
            let first = Op::AdamMean(AdamMean { beta: beta1, decay: penalty });
            let second = Op::AdamSquare(AdamSquare { beta: beta2, decay: penalty });
            let first = graph.push(first, &[read, grad, old_mean], layer)?;
            let second = graph.push(second, &[read, grad, old_square], layer)?;
            let step = Op::AdamStep(AdamStep { beta1, beta2, eps, decay: shrink });
            let stepped = graph.push(step, &[read, first, second], layer)?;
            graph.updates.extend([(mean, first), (square, second), (parameter, stepped)]);
        }
    }
    Ok(())
}

/// Whether a node reads a parameter that follows its gradient.
fn reads_parameter(graph: &Graph, id: NodeId, updated: &dyn Fn(&State) -> bool) -> bool {
    let Op::State(state) = graph.node(id).op else { return false };
    let state = &graph.states[state.index()];
    state.role == Role::Parameter && updated(state)
}
