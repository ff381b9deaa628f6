//! Training steps that PyTorch has taken: of a small net, or of a parameter alone.

use std::collections::HashMap;

use fovea_graph::op::{BatchNorm, ChannelMean, ChannelVariance, Running, ShapeError, Statistics};
use fovea_graph::training::{Adjustments, Optimizer, adjusted_step, objective};
use fovea_graph::{Graph, Init, Never, NodeId, Op, Role, Shape, State, Tensor};
use ndarray::ArrayD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::goldens::{Goldens, dimensions, listed};

/// A few steps of training.
pub struct TrainingRun {
    /// Its name.
    pub name: String,
    /// The training step of a net that ends in softmax, or of one whose result is compared with a target.
    pub graph: Graph,
    /// What every state is before the first step.
    pub start: Vec<Tensor>,
    /// The steps, in their order.
    pub steps: Vec<Step>,
}

/// One step, and what PyTorch has after it.
pub struct Step {
    /// The learning rate.
    pub learning_rate: f64,
    /// For each of the graph's inputs.
    pub inputs: Vec<Tensor>,
    /// What the step makes smaller: the loss, with the weighted losses of side classifiers.
    pub objective: ArrayD<f64>,
    /// The parameters and running statistics after it, with the number of their states.
    pub states: Vec<(usize, ArrayD<f64>)>,
}

impl TrainingRun {
    /// Whether it trains a net and not just one parameter.
    pub fn is_net(&self) -> bool {
        self.graph.nodes.iter().any(|node| matches!(node.op, Op::Conv(_) | Op::Matmul(_)))
    }
}

/// A run as it stands in `goldens/cases.json`.
#[derive(Deserialize)]
struct ListedRun {
    name: String,
    inputs: Map<String, Value>,
    parameters: Map<String, Value>,
    #[serde(default)]
    running: Map<String, Value>,
    optimizer: Optimizer,
    #[serde(default)]
    adjustments: Adjustments,
    learning_rates: Vec<f64>,
    #[serde(default)]
    sides: Map<String, Value>,
    nodes: Map<String, Value>,
    result: String,
}

#[derive(Deserialize)]
struct ListedNode {
    #[serde(flatten)]
    what: What,
    of: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Op(Op),
    Layer(Layer),
}

/// What stands for several ops.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Layer {
    /// Batch normalisation in training, of a value, scale, shift, running mean and running variance.
    BatchNorm { momentum: f64, eps: f64 },
}

/// The runs that PyTorch has computed.
pub fn training_runs(goldens: &Goldens) -> Vec<TrainingRun> {
    listed("runs").into_iter().map(|run| training_run(run, goldens)).collect()
}

fn training_run(run: ListedRun, goldens: &Goldens) -> TrainingRun {
    let forward = forward(&run).unwrap_or_else(|e| panic!("{}: {e}", run.name));
    let graph = adjusted_step(&forward, &objective(&forward), &run.optimizer, &run.adjustments, &Never);
    let graph = graph.unwrap_or_else(|e| panic!("{}: {e}", run.name));
    let key = |what: &str| format!("{}.{what}", run.name);
    let first = |state: &State| match state.init {
        Init::Ones => Tensor::ones(state.shape.dims()),
        _ if state.role == Role::Parameter => goldens.input(&key(&state.name)),
        _ => Tensor::zeros(state.shape.dims()),
    };
    let step = |(i, &learning_rate): (usize, &f64)| {
        let input = |name: &str| match name {
            "labels" | "target" => goldens.input(&key(&format!("goal_{i}"))),
            _ => goldens.input(&key(&format!("{name}_{i}"))),
        };
        let after = |(s, state): (usize, &State)| (s, goldens.output(&key(&format!("{}_after_{i}", state.name))));
        let kept = graph.states.iter().enumerate().filter(|(_, state)| state.role != Role::Moment);
        Step {
            learning_rate,
            inputs: graph.inputs.iter().map(|declared| input(&declared.name)).collect(),
            objective: goldens.output(&key(&format!("objective_{i}"))),
            states: kept.map(after).collect(),
        }
    };
    let steps = run.learning_rates.iter().enumerate().map(step).collect();
    TrainingRun { start: graph.states.iter().map(first).collect(), name: run.name.clone(), graph, steps }
}

/// The net of a run.
fn forward(run: &ListedRun) -> Result<Graph, ShapeError> {
    let mut graph = Graph::new(&run.name);
    let mut of = HashMap::new();
    for (name, dims) in &run.inputs {
        of.insert(name.clone(), graph.input(name, Shape::new(dimensions(dims))?));
    }
    let parameters = run.parameters.iter().map(|entry| (entry, Role::Parameter));
    for ((name, dims), role) in parameters.chain(run.running.iter().map(|entry| (entry, Role::Running))) {
        // A variance starts at 1, as PyTorch's running one.
        let init = if role == Role::Running && name.ends_with("variance") { Init::Ones } else { Init::Zeros };
        let state = State { name: name.clone(), shape: Shape::new(dimensions(dims))?, role, init };
        of.insert(name.clone(), graph.state(state, None).1);
    }
    for (name, node) in &run.nodes {
        let node: ListedNode = serde_json::from_value(node.clone()).unwrap_or_else(|e| panic!("{}: {e}", run.name));
        let ids: Vec<NodeId> = node.of.iter().map(|input| of[input]).collect();
        let id = match node.what {
            What::Op(op) => graph.push(op, &ids, None)?,
            What::Layer(Layer::BatchNorm { momentum, eps }) => batch_norm(&mut graph, &ids, momentum, eps)?,
        };
        of.insert(name.clone(), id);
    }
    graph.output("result", of[&run.result]);
    graph.sides = run.sides.iter().map(|(name, weight)| (weight.as_f64().unwrap(), of[name])).collect();
    Ok(graph)
}

/// Appends a batch normalisation that keeps running statistics.
fn batch_norm(graph: &mut Graph, of: &[NodeId], momentum: f64, eps: f64) -> Result<NodeId, ShapeError> {
    let [x, scale, shift, running_mean, running_variance] = *of else { panic!("batch_norm takes five values") };
    let n = graph.shape(x).positions() as f64;
    let mean = graph.push(Op::ChannelMean(ChannelMean {}), &[x], None)?;
    let variance = graph.push(Op::ChannelVariance(ChannelVariance {}), &[x, mean], None)?;
    for (old, batch, correction) in [(running_mean, mean, 1.0), (running_variance, variance, n / (n - 1.0))] {
        let new = graph.push(Op::Running(Running { momentum, correction }), &[old, batch], None)?;
        let Op::State(state) = graph.node(old).op else { panic!("a running statistic is a state") };
        graph.updates.push((state, new));
    }
    let op = BatchNorm { eps, statistics: Statistics::Batch };
    graph.push(Op::BatchNorm(op), &[x, mean, variance, scale, shift], None)
}
