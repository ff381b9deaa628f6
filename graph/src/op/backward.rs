//! What an op sees of the graph while it appends its gradient.

use super::{GradientError, Op, ShapeError};
use crate::ids::NodeId;
use crate::shape::Shape;

/// The nodes of a graph, as far as an op's gradient needs them.
pub trait Nodes {
    /// The inputs of a node.
    fn inputs_of(&self, node: NodeId) -> &[NodeId];

    /// The shape of a node's value.
    fn shape_of(&self, node: NodeId) -> &Shape;

    /// Appends a node to the layer of another.
    fn push_beside(&mut self, node: NodeId, op: Op, inputs: &[NodeId]) -> Result<NodeId, ShapeError>;
}

/// What an op sees while it appends its gradient.
pub struct Backward<'g> {
    graph: &'g mut dyn Nodes,
    node: NodeId,
    dy: NodeId,
    wanted: &'g [bool],
}

impl<'g> Backward<'g> {
    /// Of a node, whose gradient is `dy`; `wanted` says of which nodes gradients are needed.
    pub fn new(graph: &'g mut dyn Nodes, node: NodeId, dy: NodeId, wanted: &'g [bool]) -> Self {
        Self { graph, node, dy, wanted }
    }

    /// The gradient of the loss by the op's output.
    pub fn dy(&self) -> NodeId {
        self.dy
    }

    /// The op's output.
    pub fn output(&self) -> NodeId {
        self.node
    }

    /// How many inputs the op has.
    pub fn inputs(&self) -> usize {
        self.graph.inputs_of(self.node).len()
    }

    /// The op's `i`-th input.
    pub fn input(&self, i: usize) -> NodeId {
        self.graph.inputs_of(self.node)[i]
    }

    /// The shape of the `i`-th input.
    pub fn input_shape(&self, i: usize) -> &Shape {
        self.graph.shape_of(self.input(i))
    }

    /// Whether anybody needs the gradient by the `i`-th input; the first layer's input, say, nobody does.
    pub fn wants(&self, i: usize) -> bool {
        self.wanted[self.input(i).index()]
    }

    /// Appends a node to the op's layer.
    pub fn push(&mut self, op: Op, inputs: &[NodeId]) -> Result<NodeId, GradientError> {
        Ok(self.graph.push_beside(self.node, op, inputs)?)
    }
}
