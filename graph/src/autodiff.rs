//! Reverse-mode differentiation, graph to graph: each op names its backward nodes, this file only walks and adds up.

use crate::graph::Graph;
use crate::ids::NodeId;
use crate::op::{Add, Backward, Fill, GradientError, Nodes, Op, Relu, ReluGrad, ShapeError, agree};
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

/// By which rules a signal goes back through a net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// Those of the derivative.
    #[default]
    Gradient,
    /// The same, and a rectifier passes on only what is positive: guided backpropagation (J. Springenberg et al.,
    /// arXiv:1412.6806).
    Guided,
    /// A rectifier passes on what is positive wherever its own input was, and local response normalisation everything: the
    /// deconvnet (M. Zeiler, R. Fergus, arXiv:1311.2901).
    Deconvnet,
}

impl Rules {
    /// Appends what goes back through an op from what comes back to it; one entry an input.
    fn back(self, op: &Op, backward: &mut Backward<'_>) -> Result<Vec<Option<NodeId>>, GradientError> {
        let (y, dy) = (backward.output(), backward.dy());
        match (self, op) {
            (Self::Guided, Op::Relu(_)) => {
                let positive = backward.push(Op::Relu(Relu {}), &[dy])?;
                Ok(vec![Some(backward.push(Op::ReluGrad(ReluGrad {}), &[y, positive])?)])
            }
            (Self::Deconvnet, Op::Relu(_)) => Ok(vec![Some(backward.push(Op::Relu(Relu {}), &[dy])?)]),
            (Self::Deconvnet, Op::Lrn(_)) => Ok(vec![Some(dy)]),
            _ => op.rule().map_or(Ok(vec![None; backward.inputs()]), |rule| rule.gradient(backward)),
        }
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
    walk(graph, (loss, one), wrt, Rules::Gradient, stop)
}

/// Appends the gradients of Σ `weights` · `value` by each of `wrt`, `weights` being a value of the same shape, or what these
/// rules make of them; `None` where nothing depends on it.
///
/// # Errors
/// As [`gradients`]; weights of another shape.
pub fn gradients_along(
    graph: &mut Graph,
    value: NodeId,
    weights: NodeId,
    wrt: &[NodeId],
    rules: Rules,
    stop: &dyn Stop,
) -> Result<Vec<Option<NodeId>>, GradientError> {
    agree("gradients", graph.shape(value), graph.shape(weights))?;
    walk(graph, (value, weights), wrt, rules, stop)
}

/// Walks back from `value`, whose own gradient is `seed`.
fn walk(
    graph: &mut Graph,
    (value, seed): (NodeId, NodeId),
    wrt: &[NodeId],
    rules: Rules,
    stop: &dyn Stop,
) -> Result<Vec<Option<NodeId>>, GradientError> {
    let forward = graph.nodes.len();
    let mut roots = vec![false; forward];
    wrt.iter().for_each(|id| roots[id.index()] = true);
    let wanted = depends_on(graph, &roots, stop)?;
    let mut adjoint: Vec<Option<NodeId>> = vec![None; forward];
    adjoint[value.index()] = Some(seed);
    // Most ops have one node a gradient.
    graph.nodes.reserve(forward);

    for id in stop.each((0..forward).rev().map(NodeId::new)) {
        let id = id?;
        let Some(dy) = adjoint[id.index()] else {
            continue;
        };
        if !wanted[id.index()] || roots[id.index()] && graph.node(id).inputs.is_empty() {
            continue;
        }
        let op = graph.node(id).op.clone();
        let inputs = graph.node(id).inputs.clone();
        let grads = rules.back(&op, &mut Backward::new(graph, id, dy, &wanted))?;
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
