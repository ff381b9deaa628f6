//! The graph: nodes in an order in which every input comes before its readers.

use serde::{Deserialize, Serialize};

use crate::ids::{InputId, LayerId, NodeId, StateId};
use crate::op::{Cost, Op, ShapeError};
use crate::shape::Shape;
use crate::span::Span;
use crate::stop::{Interrupted, Stop};

/// One value: what computes it, from what, and its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// From which values; all of them stand earlier in the graph.
    pub inputs: Vec<NodeId>,
    /// The output's shape.
    pub shape: Shape,
    /// The layer it belongs to; gradient nodes belong to the layer whose gradient they compute.
    pub layer: Option<LayerId>,
}

/// What the host supplies at every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its name: `images`, `labels`, `target`.
    pub name: String,
    /// Its shape, the batch included.
    pub shape: Shape,
}

/// What a state is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Trained by gradients.
    Parameter,
    /// A statistic kept from training for inference; follows the batches, not gradients.
    Running,
    /// An optimizer's own memory of a parameter.
    Moment,
}

/// How a state begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    /// All zero.
    Zeros,
    /// All one.
    Ones,
    /// Normal with variance 2/fan_in (K. He et al., "Delving deep into rectifiers", arXiv:1502.01852).
    HeNormal {
        /// How many products each output element sums.
        fan_in: usize,
    },
}

/// Something that lives from step to step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Its name, the layer's first: `conv1.filter`, `fc2.bias`, `conv1.filter.velocity`.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// What it is for.
    pub role: Role,
    /// How it begins.
    pub init: Init,
}

/// A layer as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name: the user's, or its kind and number (`conv3`).
    pub name: String,
    /// Its kind, the language's word: `conv`.
    pub kind: String,
    /// The words that made it.
    pub span: Span,
}

/// A network, or a whole training step, as a list of values.
///
/// Two graphs of one net (training at another batch, inference) list the same parameters first and in the same order,
/// so one [`Memory`](crate::backend::Memory) serves them all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The net's name.
    pub name: String,
    /// The nodes; an input stands before its readers.
    pub nodes: Vec<Node>,
    /// What the host supplies.
    pub inputs: Vec<Input>,
    /// What lives from step to step; parameters first.
    pub states: Vec<State>,
    /// The layers, for names and spans.
    pub layers: Vec<Layer>,
    /// Results of side classifiers, each with the weight of its loss in training (`aux`).
    pub sides: Vec<(f64, NodeId)>,
    /// Values that the host may read after a step, by name.
    pub outputs: Vec<(String, NodeId)>,
    /// The states' values after the step.
    pub updates: Vec<(StateId, NodeId)>,
}

impl Graph {
    /// An empty graph of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same graph, unless `stop`, which is asked for every node, ends the copying.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn copy_unless(&self, stop: &dyn Stop) -> Result<Self, Interrupted> {
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for node in stop.each(&self.nodes) {
            nodes.push(node?.clone());
        }
        let Self { name, inputs, states, layers, sides, outputs, updates, .. } = self;
        let (states, layers) = (states.clone(), layers.clone());
        let (sides, outputs, updates) = (sides.clone(), outputs.clone(), updates.clone());
        Ok(Self { name: name.clone(), nodes, inputs: inputs.clone(), states, layers, sides, outputs, updates })
    }

    /// The node of this id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The shape of a value.
    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.node(id).shape
    }

    /// The shapes of a node's inputs.
    pub fn input_shapes(&self, node: &Node) -> Vec<&Shape> {
        node.inputs.iter().map(|&id| self.shape(id)).collect()
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.nodes.len()).map(NodeId::new)
    }

    /// Appends a node; its shape follows from its inputs.
    pub fn push(&mut self, op: Op, inputs: &[NodeId], layer: Option<LayerId>) -> Result<NodeId, ShapeError> {
        let shape = self.infer(&op, inputs)?;
        self.nodes.push(Node { op, inputs: inputs.to_vec(), shape, layer });
        Ok(NodeId::new(self.nodes.len() - 1))
    }

    /// The shape that `op` gives on these inputs.
    pub fn infer(&self, op: &Op, inputs: &[NodeId]) -> Result<Shape, ShapeError> {
        let shapes: Vec<&Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        match (op, op.rule()) {
            (Op::Input(id), _) => Ok(self.inputs[id.index()].shape.clone()),
            (Op::State(id), _) => Ok(self.states[id.index()].shape.clone()),
            (_, Some(rule)) => rule.shape(&shapes),
            (_, None) => unreachable!("every op but input and state has a rule"),
        }
    }

    /// Declares an input and appends its node.
    pub fn input(&mut self, name: &str, shape: Shape) -> NodeId {
        let id = InputId::new(self.inputs.len());
        self.inputs.push(Input { name: name.to_string(), shape: shape.clone() });
        self.nodes.push(Node { op: Op::Input(id), inputs: Vec::new(), shape, layer: None });
        NodeId::new(self.nodes.len() - 1)
    }

    /// Declares a state and appends the node that reads it.
    pub fn state(&mut self, state: State, layer: Option<LayerId>) -> (StateId, NodeId) {
        let id = StateId::new(self.states.len());
        let shape = state.shape.clone();
        self.states.push(state);
        self.nodes.push(Node { op: Op::State(id), inputs: Vec::new(), shape, layer });
        (id, NodeId::new(self.nodes.len() - 1))
    }

    /// Declares a layer.
    pub fn layer(&mut self, name: &str, kind: &str, span: Span) -> LayerId {
        self.layers.push(Layer { name: name.to_string(), kind: kind.to_string(), span });
        LayerId::new(self.layers.len() - 1)
    }

    /// Names a value so that the host can read it.
    pub fn output(&mut self, name: &str, id: NodeId) {
        self.outputs.push((name.to_string(), id));
    }

    /// The value of this name among the outputs.
    pub fn find_output(&self, name: &str) -> Option<NodeId> {
        self.outputs.iter().find(|(n, _)| n == name).map(|&(_, id)| id)
    }

    /// The input of this name.
    pub fn find_input(&self, name: &str) -> Option<InputId> {
        self.inputs.iter().position(|input| input.name == name).map(InputId::new)
    }

    /// The parameters: ids and declarations.
    pub fn parameters(&self) -> impl Iterator<Item = (StateId, &State)> {
        self.states.iter().enumerate().filter(|(_, s)| s.role == Role::Parameter).map(|(i, s)| (StateId::new(i), s))
    }

    /// How many numbers training adjusts.
    pub fn parameter_count(&self) -> usize {
        self.parameters().map(|(_, s)| s.shape.elements()).sum()
    }

    /// How often each value is read, by nodes, outputs and updates.
    pub fn readers(&self) -> Vec<usize> {
        let mut count = vec![0; self.nodes.len()];
        let inputs = self.nodes.iter().flat_map(|n| &n.inputs);
        let named = self.outputs.iter().map(|(_, id)| id).chain(self.updates.iter().map(|(_, id)| id));
        let named = named.chain(self.sides.iter().map(|(_, id)| id));
        for id in inputs.chain(named) {
            count[id.index()] += 1;
        }
        count
    }

    /// The work of one node.
    pub fn cost(&self, node: &Node) -> Cost {
        node.op.rule().map_or(Cost::default(), |rule| rule.cost(&self.input_shapes(node), &node.shape))
    }

    /// The work of one evaluation of the whole graph.
    pub fn total_cost(&self) -> Cost {
        self.nodes.iter().map(|node| self.cost(node)).fold(Cost::default(), |a, b| a + b)
    }
}
