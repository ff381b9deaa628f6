//! Reverse-mode differentiation, graph to graph: each op names its backward nodes, this file only walks and adds up.

use crate::graph::Graph;
use crate::ids::NodeId;
use crate::op::{Add, Fill, GradientError, Op, agree};
use crate::shape::Shape;

/// What an op sees while it appends its gradient.
pub struct Backward<'g> {
    graph: &'g mut Graph,
    node: NodeId,
    dy: NodeId,
    wanted: &'g [bool],
}

impl Backward<'_> {
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
        self.graph.node(self.node).inputs.len()
    }

    /// The op's `i`-th input.
    pub fn input(&self, i: usize) -> NodeId {
        self.graph.node(self.node).inputs[i]
    }

    /// The shape of the `i`-th input.
    pub fn input_shape(&self, i: usize) -> &Shape {
        self.graph.shape(self.input(i))
    }

    /// Whether anybody needs the gradient by the `i`-th input; the first layer's input, say, nobody does.
    pub fn wants(&self, i: usize) -> bool {
        self.wanted[self.input(i).index()]
    }

    /// Appends a node to the op's layer.
    pub fn push(&mut self, op: Op, inputs: &[NodeId]) -> Result<NodeId, GradientError> {
        let layer = self.graph.node(self.node).layer;
        Ok(self.graph.push(op, inputs, layer)?)
    }
}

/// Appends the gradients of the scalar `loss` by each of `wrt`; `None` where the loss does not depend on it.
pub fn gradients(graph: &mut Graph, loss: NodeId, wrt: &[NodeId]) -> Result<Vec<Option<NodeId>>, GradientError> {
    let one = Fill { shape: graph.shape(loss).clone(), value: 1.0 };
    let one = graph.push(Op::Fill(one), &[], graph.node(loss).layer)?;
    walk(graph, loss, one, wrt)
}

/// Appends the gradients of Σ `weights` · `value` by each of `wrt`, `weights` being a value of the same shape; `None`
/// where nothing depends on it.
pub fn gradients_along(
    graph: &mut Graph,
    value: NodeId,
    weights: NodeId,
    wrt: &[NodeId],
) -> Result<Vec<Option<NodeId>>, GradientError> {
    agree("gradients", graph.shape(value), graph.shape(weights))?;
    walk(graph, value, weights, wrt)
}

/// Walks back from `value`, whose own gradient is `seed`.
fn walk(graph: &mut Graph, value: NodeId, seed: NodeId, wrt: &[NodeId]) -> Result<Vec<Option<NodeId>>, GradientError> {
    let forward = graph.nodes.len();
    let mut roots = vec![false; forward];
    wrt.iter().for_each(|id| roots[id.index()] = true);
    let wanted = depends_on(graph, &roots);
    let mut adjoint: Vec<Option<NodeId>> = vec![None; forward];
    adjoint[value.index()] = Some(seed);

    for id in (0..forward).rev().map(NodeId::new) {
        let Some(dy) = adjoint[id.index()] else {
            continue;
        };
        if !wanted[id.index()] || roots[id.index()] && graph.node(id).inputs.is_empty() {
            continue;
        }
        let op = graph.node(id).op.clone();
        let Some(rule) = op.rule() else { continue };
        let inputs = graph.node(id).inputs.clone();
        let grads = rule.gradient(&mut Backward { graph, node: id, dy, wanted: &wanted })?;
        for (input, grad) in inputs.into_iter().zip(grads) {
            let (true, Some(grad)) = (wanted[input.index()], grad) else {
                continue;
            };
            let layer = graph.node(id).layer;
            adjoint[input.index()] = Some(match adjoint[input.index()] {
                None => grad,
                Some(sum) => graph.push(Op::Add(Add {}), &[sum, grad], layer)?,
            });
        }
    }
    Ok(wrt.iter().map(|id| adjoint[id.index()]).collect())
}

/// Which nodes depend on one of the `roots`, which are marked among all nodes.
fn depends_on(graph: &Graph, roots: &[bool]) -> Vec<bool> {
    let mut depends = roots.to_vec();
    for id in graph.ids() {
        depends[id.index()] |= graph.node(id).inputs.iter().any(|i| depends[i.index()]);
    }
    depends
}
