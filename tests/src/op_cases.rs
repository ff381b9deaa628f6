//! The one list of op cases that the reference and every backend run.
//!
//! Most stand in `goldens/cases.json`, with what PyTorch computes for them; [`crate::sweep`] adds cases that are held
//! against the reference alone.

use std::collections::HashMap;

use fovea_cpu::reference::{self, Feed64};
use fovea_graph::autodiff::gradients;
use fovea_graph::fuse::prune;
use fovea_graph::op::{Matmul, Reshape, ShapeError, Transpose};
use fovea_graph::{Graph, Never, NodeId, Op, Shape, Tensor};
use ndarray::ArrayD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::compare::wide;
use crate::goldens::{Goldens, dimensions, listed};

/// The seed and the step's number that every case runs with.
pub const SEED: u64 = 2012;
/// See [`SEED`].
pub const STEP: u32 = 3;

/// The learning rate that every case runs with: a case may be an optimizer's op.
pub const LEARNING_RATE: f64 = 0.1;

/// What a case is held against, beside finite differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// PyTorch's values.
    PyTorch,
    /// The f64 reference's.
    Reference,
}

/// One or a few ops, with their gradients.
pub struct Case {
    /// Its name.
    pub name: String,
    /// Outputs `result` and, where a gradient is taken, `d_<input>`: the gradient of Σ `direction` · result, where
    /// `direction` is the last input (or is not there, and the gradient that of the result, where that is a scalar).
    pub graph: Graph,
    /// For each of the graph's inputs.
    pub inputs: Vec<Tensor>,
    /// What it is held against.
    pub oracle: Oracle,
    /// Whether the inputs lie off the kinks of the ops, so that finite differences say something.
    pub smooth: bool,
}

impl Case {
    /// The most spatial axes that an op of the case counts; 0 where none cares how many there are.
    pub fn rank(&self) -> usize {
        let rank = |op: &Op| match op {
            Op::Conv(op) => op.rank(),
            Op::ConvDgrad(op) => op.conv.rank(),
            Op::Pool(op) => op.rank(),
            Op::PoolGrad(op) => op.pool.rank(),
            Op::Frame(op) => op.edges.len(),
            Op::Upsample(op) => op.factor.len(),
            _ => 0,
        };
        self.graph.nodes.iter().map(|node| rank(&node.op)).max().unwrap_or(0)
    }

    /// The inputs in f64.
    pub fn wide_inputs(&self) -> Vec<ArrayD<f64>> {
        self.inputs.iter().map(wide).collect()
    }

    /// What every output should be, according to the case's oracle.
    pub fn expected(&self, goldens: &Goldens) -> Vec<(String, ArrayD<f64>)> {
        match self.oracle {
            Oracle::Reference => outputs(&self.graph, &self.wide_inputs()),
            Oracle::PyTorch => {
                let names = self.graph.outputs.iter().map(|(name, _)| name.clone());
                names.map(|name| (name.clone(), goldens.output(&format!("{}.{name}", self.name)))).collect()
            }
        }
    }
}

/// Every output of a graph without states, by the reference.
pub fn outputs(graph: &Graph, inputs: &[ArrayD<f64>]) -> Vec<(String, ArrayD<f64>)> {
    let inputs: Vec<&ArrayD<f64>> = inputs.iter().collect();
    let feed = Feed64 { inputs: &inputs, learning_rate: LEARNING_RATE, seed: SEED, step: STEP };
    let values = reference::evaluate(graph, &[], &feed).unwrap_or_else(|e| panic!("{}: {e}", graph.name));
    graph.outputs.iter().map(|(name, id)| (name.clone(), values[id.index()].clone())).collect()
}

#[derive(Deserialize)]
struct ListedCase {
    name: String,
    inputs: Map<String, Value>,
    /// How inputs were drawn; only whether there can be ties matters here.
    #[serde(default)]
    draw: HashMap<String, Map<String, Value>>,
    wrt: Option<Vec<String>>,
    nodes: Map<String, Value>,
}

#[derive(Deserialize)]
struct ListedNode {
    op: Op,
    of: Vec<String>,
}

/// The cases that PyTorch has computed.
pub fn golden_cases(goldens: &Goldens) -> Vec<Case> {
    listed("ops").into_iter().map(|case| golden_case(case, goldens)).collect()
}

fn golden_case(case: ListedCase, goldens: &Goldens) -> Case {
    let inputs: Vec<(String, Vec<usize>)> =
        case.inputs.into_iter().map(|(name, dims)| (name, dimensions(&dims))).collect();
    let wrt = case.wrt.unwrap_or_else(|| inputs.iter().map(|(name, _)| name.clone()).collect());
    let graph = build(&case.name, &inputs, &wrt, |graph, of| {
        let mut last = None;
        for (name, node) in case.nodes {
            let node: ListedNode = serde_json::from_value(node).unwrap_or_else(|e| panic!("{}: {e}", case.name));
            let ids: Vec<NodeId> = node.of.iter().map(|input| of[input]).collect();
            last = Some(graph.push(node.op, &ids, None)?);
            of.extend(last.map(|id| (name, id)));
        }
        Ok(last.expect("a case has a node"))
    });
    let graph = graph.unwrap_or_else(|e| panic!("{}: {e}", case.name));
    let inputs = graph.inputs.iter().map(|input| goldens.input(&format!("{}.{}", case.name, input.name))).collect();
    let smooth = !case.draw.values().any(|draw| draw.contains_key("integers"));
    Case { name: case.name, graph, inputs, oracle: Oracle::PyTorch, smooth }
}

/// A case's graph: declares the inputs, lets `body` append the nodes, and appends the gradients by `wrt`.
pub fn build(
    name: &str,
    inputs: &[(String, Vec<usize>)],
    wrt: &[String],
    body: impl FnOnce(&mut Graph, &mut HashMap<String, NodeId>) -> Result<NodeId, ShapeError>,
) -> Result<Graph, ShapeError> {
    let mut graph = Graph::new(name);
    let mut of = HashMap::new();
    for (name, dims) in inputs {
        of.insert(name.clone(), graph.input(name, Shape::new(dims.clone())?));
    }
    let roots: Vec<NodeId> = wrt.iter().map(|name| of[name]).collect();
    let result = body(&mut graph, &mut of)?;
    graph.output("result", result);
    if !wrt.is_empty() {
        let loss = weighted_sum(&mut graph, result)?;
        let by = gradients(&mut graph, loss, &roots, &Never).unwrap_or_else(|e| panic!("{name}: {e}"));
        for (name, id) in wrt.iter().zip(by) {
            graph.output(&format!("d_{name}"), id.expect("the result depends on it"));
        }
    }
    Ok(prune(graph))
}

/// Σ direction · result, with the input `direction` declared here; a scalar is its own sum.
fn weighted_sum(graph: &mut Graph, result: NodeId) -> Result<NodeId, ShapeError> {
    let shape = graph.shape(result).clone();
    if shape.rank() == 0 {
        return Ok(result);
    }
    let direction = graph.input("direction", shape.clone());
    let (row, column) = (Shape::new([1, shape.elements()])?, Shape::new([shape.elements(), 1])?);
    let row = graph.push(Op::Reshape(Reshape { shape: row }), &[direction], None)?;
    let column = graph.push(Op::Reshape(Reshape { shape: column }), &[result], None)?;
    let sum = graph.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::No)), &[row, column], None)?;
    graph.push(Op::Reshape(Reshape { shape: Shape::scalar() }), &[sum], None)
}
