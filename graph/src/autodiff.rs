//! Reverse-mode differentiation, graph to graph: each op names its backward nodes, this file only walks and adds up.

use crate::graph::Graph;
use crate::ids::NodeId;
use crate::op::{Add, Backward, Fill, GradientError, Nodes, Op, ShapeError, agree};
use crate::shape::Shape;
use crate::stop::{Interrupted, Stop};

impl Nodes for Graph {
    fn inputs_of(&self, node: NodeId) -> &[NodeId] {
        &self.node(node).inputs
    }

    fn shape_of(&self, node: NodeId) -> &Shape {
        self.shape(node)
    }

    fn push_beside(&mut self, node: NodeId, op: Op, inputs: &[NodeId]) -> Result<NodeId, ShapeError> {
        self.push(op, inputs, self.node(node).layer)
    }
}

/// Appends the gradients of the scalar `loss` by each of `wrt`; `None` where the loss does not depend on it. `stop` is asked
/// for every node.
///
/// # Errors
/// An op without a gradient; [`GradientError::Interrupted`], and the graph is of no more use.
pub fn gradients(
    graph: &mut Graph,
    loss: NodeId,
    wrt: &[NodeId],
    stop: &dyn Stop,
) -> Result<Vec<Option<NodeId>>, GradientError> {
    let one = Fill { shape: graph.shape(loss).clone(), value: 1.0 };
    let one = graph.push(Op::Fill(one), &[], graph.node(loss).layer)?;
    walk(graph, loss, one, wrt, stop)
}

/// Appends the gradients of Σ `weights` · `value` by each of `wrt`, `weights` being a value of the same shape; `None`
/// where nothing depends on it.
///
/// # Errors
/// As [`gradients`]; weights of another shape.
pub fn gradients_along(
    graph: &mut Graph,
    value: NodeId,
    weights: NodeId,
    wrt: &[NodeId],
    stop: &dyn Stop,
) -> Result<Vec<Option<NodeId>>, GradientError> {
    agree("gradients", graph.shape(value), graph.shape(weights))?;
    walk(graph, value, weights, wrt, stop)
}

/// Walks back from `value`, whose own gradient is `seed`.
fn walk(
    graph: &mut Graph,
    value: NodeId,
    seed: NodeId,
    wrt: &[NodeId],
    stop: &dyn Stop,
) -> Result<Vec<Option<NodeId>>, GradientError> {
    let forward = graph.nodes.len();
    let mut roots = vec![false; forward];
    wrt.iter().for_each(|id| roots[id.index()] = true);
    let wanted = depends_on(graph, &roots, stop)?;
    let mut adjoint: Vec<Option<NodeId>> = vec![None; forward];
    adjoint[value.index()] = Some(seed);

    for id in stop.each((0..forward).rev().map(NodeId::new)) {
        let id = id?;
        let Some(dy) = adjoint[id.index()] else {
            continue;
        };
        if !wanted[id.index()] || roots[id.index()] && graph.node(id).inputs.is_empty() {
            continue;
        }
        let op = graph.node(id).op.clone();
        let Some(rule) = op.rule() else { continue };
        let inputs = graph.node(id).inputs.clone();
        let grads = rule.gradient(&mut Backward::new(graph, id, dy, &wanted))?;
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
fn depends_on(graph: &Graph, roots: &[bool], stop: &dyn Stop) -> Result<Vec<bool>, Interrupted> {
    let mut depends = roots.to_vec();
    for id in stop.each(graph.ids()) {
        let id = id?;
        depends[id.index()] |= graph.node(id).inputs.iter().any(|i| depends[i.index()]);
    }
    Ok(depends)
}
