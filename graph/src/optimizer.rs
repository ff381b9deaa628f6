//! How parameters follow their gradients: optimizers, and what holds beside an optimizer's own rule.

use serde::{Deserialize, Serialize};

use crate::against::Against;
use crate::graph::{Graph, Init, Role, State};
use crate::ids::{NodeId, StateId};
use crate::op::{
    AdamMean, AdamSquare, AdamStep, ClipFactor, NesterovStep, Op, RmsVelocity, SgdStep, SgdVelocity, ShapeError,
    Statistics,
};

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
    /// The same with Nesterov's momentum: the step goes along the gradient and the new velocity.
    Nesterov {
        /// How much of the old velocity stays.
        momentum: f64,
        /// L2 penalty's weight.
        decay: f64,
    },
    /// Adam (`decoupled` false: the decay is an L2 penalty) and AdamW.
    Adam(Adam),
    /// RMSprop.
    RmsProp(RmsProp),
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

/// The numbers of RMSprop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RmsProp {
    /// How much of the mean square stays; 0.99 is usual.
    pub alpha: f64,
    /// Keeps the quotient finite; 1e-8 is usual.
    pub eps: f64,
    /// How much of the old velocity stays.
    pub momentum: f64,
    /// L2 penalty's weight.
    pub decay: f64,
}

/// What holds beside an optimizer's own rule; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Adjustments {
    /// How long all gradients together may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// Which parameters decay.
    #[serde(default)]
    pub decayed: Decayed,
    /// The layers that stay as they are: their parameters do not follow, and their batch normalisation neither normalises by
    /// the batch nor follows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
    /// Layers with a factor of the learning rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<(String, f64)>,
    /// The changed pictures by which it is trained, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
}

/// Which parameters decay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decayed {
    /// All of them.
    #[default]
    All,
    /// The filters of convolutions and the weights of fully connected layers: neither biases nor what batch normalisation
    /// scales and shifts by (P. Goyal et al., "Accurate, large minibatch SGD", arXiv:1706.02677, section 5.3).
    Weights,
}

impl Decayed {
    /// The decay of a parameter, where that of those that decay is `decay`.
    fn decay(self, parameter: &State, decay: f64) -> f64 {
        match self {
            // What is added or multiplied a channel is a vector, and all weights have more axes.
            Decayed::Weights if parameter.shape.rank() < 2 => 0.0,
            Decayed::All | Decayed::Weights => decay,
        }
    }
}

impl Adjustments {
    /// Whether a state belongs to a frozen layer.
    pub fn freezes(&self, state: &State) -> bool {
        self.frozen.iter().any(|layer| layer == layer_of(state))
    }

    /// The factor of the learning rate that a parameter has.
    fn factor(&self, parameter: &State) -> f64 {
        let own = self.factors.iter().find(|(layer, _)| layer == layer_of(parameter));
        own.map_or(1.0, |&(_, factor)| factor)
    }
}

/// The layer of a state: `conv1` of `conv1.filter`.
fn layer_of(state: &State) -> &str {
    state.name.rsplit_once('.').map_or("", |(layer, _)| layer)
}

/// Appends the new values of parameters and of their moments, each by the node that reads it and its gradient.
pub(crate) fn follow(
    graph: &mut Graph,
    gradients: &[(NodeId, NodeId)],
    optimizer: &Optimizer,
    adjustments: &Adjustments,
) -> Result<(), ShapeError> {
    let clip = match adjustments.clip {
        Some(limit) if !gradients.is_empty() => {
            let all: Vec<NodeId> = gradients.iter().map(|&(_, gradient)| gradient).collect();
            Some(graph.push(Op::ClipFactor(ClipFactor { limit }), &all, None)?)
        }
        _ => None,
    };
    gradients.iter().try_for_each(|&(read, gradient)| {
        let Op::State(parameter) = graph.node(read).op else { unreachable!("only states are updated") };
        Follower { graph, adjustments, parameter, read, gradient, clip }.follow(optimizer)
    })
}

/// A parameter that gets its new value.
struct Follower<'g> {
    graph: &'g mut Graph,
    adjustments: &'g Adjustments,
    parameter: StateId,
    read: NodeId,
    gradient: NodeId,
    /// The factor of all gradients.
    clip: Option<NodeId>,
}

impl Follower<'_> {
    fn follow(mut self, optimizer: &Optimizer) -> Result<(), ShapeError> {
        let declared = &self.graph.states[self.parameter.index()];
        let factor = self.adjustments.factor(declared);
        let of = |decay| self.adjustments.decayed.decay(declared, decay);
        match *optimizer {
            Optimizer::Sgd { momentum, decay } => {
                let op = SgdVelocity { momentum, decay: of(decay) };
                let velocity = self.moment("velocity", Op::SgdVelocity(op), &[])?;
                self.step(Op::SgdStep(SgdStep { factor }), &[velocity], None)
            }
            Optimizer::Nesterov { momentum, decay } => {
                let decay = of(decay);
                let velocity = self.moment("velocity", Op::SgdVelocity(SgdVelocity { momentum, decay }), &[])?;
                let step = Op::NesterovStep(NesterovStep { momentum, decay, factor });
                self.step(step, &[self.gradient, velocity], self.clip)
            }
            Optimizer::Adam(Adam { beta1, beta2, eps, decay, form }) => {
                let (penalty, shrink) = match form {
                    Decay::Gradient => (of(decay), 0.0),
                    Decay::Weights => (0.0, of(decay)),
                };
                let [mean, square] = self.moments([
                    ("mean", Op::AdamMean(AdamMean { beta: beta1, decay: penalty })),
                    ("square", Op::AdamSquare(AdamSquare { beta: beta2, decay: penalty })),
                ])?;
                let step = AdamStep { beta1, beta2, eps, decay: shrink, factor };
                self.step(Op::AdamStep(step), &[mean, square], None)
            }
            Optimizer::RmsProp(RmsProp { alpha, eps, momentum, decay }) => {
                let decay = of(decay);
                let square = self.moment("square", Op::AdamSquare(AdamSquare { beta: alpha, decay }), &[])?;
                let op = Op::RmsVelocity(RmsVelocity { momentum, eps, decay });
                // Of gradients that are divided: not what SGD goes on from.
                let velocity = self.moment("momentum", op, &[square])?;
                self.step(Op::SgdStep(SgdStep { factor }), &[velocity], None)
            }
        }
    }

    /// Declares a moment, all zero at first.
    fn declare(&mut self, kind: &str) -> (StateId, NodeId) {
        let declared = &self.graph.states[self.parameter.index()];
        let (name, shape) = (format!("{}.{kind}", declared.name), declared.shape.clone());
        let layer = self.graph.node(self.read).layer;
        self.graph.state(State { name, shape, role: Role::Moment, init: Init::Zeros }, layer)
    }

    /// A moment's new value, by an op of the parameter, its gradient, the old moment and `others`.
    fn moment(&mut self, kind: &str, op: Op, others: &[NodeId]) -> Result<NodeId, ShapeError> {
        let declared = self.declare(kind);
        self.renew(declared, op, others)
    }

    /// Two moments, of which both are declared before either is renewed.
    fn moments(&mut self, moments: [(&str, Op); 2]) -> Result<[NodeId; 2], ShapeError> {
        let [(first, one), (second, two)] = moments;
        let declared = [self.declare(first), self.declare(second)];
        Ok([self.renew(declared[0], one, &[])?, self.renew(declared[1], two, &[])?])
    }

    fn renew(&mut self, (state, old): (StateId, NodeId), op: Op, others: &[NodeId]) -> Result<NodeId, ShapeError> {
        let own = [self.read, self.gradient, old];
        let inputs: Vec<NodeId> = own.into_iter().chain(others.iter().copied()).chain(self.clip).collect();
        let new = self.push(op, &inputs)?;
        self.graph.updates.push((state, new));
        Ok(new)
    }

    /// The parameter's new value, by an op of the old one and `inputs`.
    fn step(&mut self, op: Op, inputs: &[NodeId], clip: Option<NodeId>) -> Result<(), ShapeError> {
        let inputs: Vec<NodeId> = [self.read].into_iter().chain(inputs.iter().copied()).chain(clip).collect();
        let new = self.push(op, &inputs)?;
        self.graph.updates.push((self.parameter, new));
        Ok(())
    }

    fn push(&mut self, op: Op, inputs: &[NodeId]) -> Result<NodeId, ShapeError> {
        let layer = self.graph.node(self.read).layer;
        self.graph.push(op, inputs, layer)
    }
}

/// Lets the batch normalisation of frozen layers use the statistics that it has, as it does after training: their batches
/// are those of another task, and what lies behind was trained on these.
pub(crate) fn freeze(graph: &mut Graph, adjustments: &Adjustments) {
    let states = &graph.states;
    let (held, kept): (Vec<_>, Vec<_>) =
        graph.updates.drain(..).partition(|(state, _)| adjustments.freezes(&states[state.index()]));
    graph.updates = kept;
    for (_, update) in held {
        let [old, batch] = graph.node(update).inputs[..] else { continue };
        for node in graph.nodes.iter_mut().filter(|node| node.inputs.contains(&batch)) {
            if let Op::BatchNorm(norm) = &mut node.op {
                norm.statistics = Statistics::Running;
                node.inputs.iter_mut().filter(|input| **input == batch).for_each(|input| *input = old);
            }
        }
    }
}
