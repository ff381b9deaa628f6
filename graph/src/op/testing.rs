//! What the tests of ops ask them.

use super::{Cost, Op, SquaredError};
use crate::autodiff::gradients;
use crate::graph::Graph;
use crate::ids::NodeId;
use crate::shape::Shape;
use crate::stop::Never;

/// A shape of these dimensions.
pub fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).expect("it is small")
}

/// The gradients of an op by each of its inputs, which are called a, b, c …, as expressions of these, its output y and the
/// gradient dy; `-` where there is none.
pub fn gradient(op: Op, inputs: &[&[usize]]) -> Vec<String> {
    let mut graph = Graph::new("t");
    let names = ["a", "b", "c", "d", "e"];
    let ids: Vec<NodeId> = inputs.iter().zip(names).map(|(dims, name)| graph.input(name, shape(dims))).collect();
    let y = graph.push(op, &ids, None).expect("the inputs fit");
    let loss = if graph.shape(y).rank() == 0 {
        y
    } else {
        let target = graph.input("target", graph.shape(y).clone());
        graph.push(Op::SquaredError(SquaredError {}), &[y, target], None).expect("they are of one shape")
    };
    let by = gradients(&mut graph, loss, &ids, &Never).expect("there is a gradient");
    // The loss's own gradient is the first node behind it, and that by the op's output the next.
    let dy = NodeId::new(loss.index() + if loss == y { 1 } else { 2 });
    let named = |id: NodeId| match id {
        id if id == y => Some("y"),
        id if id == dy => Some("dy"),
        id => ids.iter().position(|&input| input == id).map(|at| names[at]),
    };
    by.into_iter().map(|id| id.map_or("-".to_string(), |id| expression(&graph, id, &named))).collect()
}

/// `word{attributes}(inputs)`
fn expression<'n>(graph: &Graph, id: NodeId, named: &impl Fn(NodeId) -> Option<&'n str>) -> String {
    if let Some(name) = named(id) {
        return name.to_string();
    }
    let node = graph.node(id);
    let attributes = serde_json::to_value(&node.op).expect("ops serialise")[node.op.word()].to_string();
    let attributes = if attributes == "{}" { String::new() } else { attributes };
    let inputs: Vec<String> = node.inputs.iter().map(|&input| expression(graph, input, named)).collect();
    format!("{}{attributes}({})", node.op.word(), inputs.join(", "))
}

/// What an op gives on these inputs, and what that costs; or why they do not fit.
pub fn given(op: Op, inputs: &[&[usize]]) -> Result<(Vec<usize>, Cost), String> {
    let inputs: Vec<Shape> = inputs.iter().map(|dims| shape(dims)).collect();
    let inputs: Vec<&Shape> = inputs.iter().collect();
    let rule = op.rule().expect("neither input nor state");
    let output = rule.shape(&inputs).map_err(|error| error.to_string())?;
    let cost = rule.cost(&inputs, &output);
    Ok((output.dims().to_vec(), cost))
}
