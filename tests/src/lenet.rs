//! LeNet, built by hand, and the twenty steps that PyTorch has trained it.
//!
//! Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998), with the
//! lecture's ReLUs, max pools and softmax.

use fovea_graph::derivative;
use fovea_graph::op::{self, Conv, Matmul, Pool, PoolKind, Reshape, Transpose};
use fovea_graph::training::{Optimizer, training_step, with_loss};
use fovea_graph::window::Rounding;
use fovea_graph::{Graph, Init, NodeId, Op, Role, Shape, Span, State, Tensor};
use ndarray::{ArrayD, Axis};

use crate::goldens::Goldens;

/// Images in a batch.
pub const BATCH: usize = 8;
/// The learning rate of every step.
pub const LEARNING_RATE: f64 = 0.05;
/// Momentum and weight decay.
pub const SGD: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 5e-4 };

/// `28x28x1 - conv 6 5x5 - relu - pool - conv 16 5x5 valid - relu - pool - (fc {120,84} - relu)^2, softmax 10`.
pub fn forward() -> Graph {
    let mut net = Net { graph: Graph::new("lenet") };
    let x = net.graph.input("images", Shape::new([BATCH, 28, 28, 1]).unwrap());
    let x = net.conv("conv1", x, 6, 2);
    let x = net.relu_pool(x);
    let x = net.conv("conv2", x, 16, 0);
    let x = net.relu_pool(x);
    let flat = Shape::new([BATCH, 400]).unwrap();
    let x = net.push(Op::Reshape(Reshape { shape: flat }), &[x]);
    let x = net.fc("fc1", x, 120);
    let x = net.push(Op::Relu(op::Relu {}), &[x]);
    let x = net.fc("fc2", x, 84);
    let x = net.push(Op::Relu(op::Relu {}), &[x]);
    let x = net.fc("fc3", x, 10);
    let x = net.push(Op::Softmax(op::Softmax {}), &[x]);
    net.graph.output("result", x);
    net.graph
}

struct Net {
    graph: Graph,
}

impl Net {
    fn push(&mut self, op: Op, inputs: &[NodeId]) -> NodeId {
        self.graph.push(op, inputs, None).unwrap()
    }

    fn parameter(&mut self, name: String, dims: &[usize]) -> NodeId {
        let shape = Shape::new(dims).unwrap();
        let layer = name.split('.').next().unwrap().to_string();
        let known = self.graph.layers.iter().position(|l| l.name == layer);
        let layer = match known {
            Some(i) => fovea_graph::LayerId::new(i),
            None => self.graph.layer(&layer, layer.trim_end_matches(char::is_numeric), Span::default()),
        };
        self.graph.state(State { name, shape, role: Role::Parameter, init: Init::Zeros }, Some(layer)).1
    }

    fn conv(&mut self, name: &str, x: NodeId, filters: usize, pad: usize) -> NodeId {
        let channels = self.graph.shape(x).channels();
        let filter = self.parameter(format!("{name}.filter"), &[filters, 5, 5, channels]);
        let bias = self.parameter(format!("{name}.bias"), &[filters]);
        let y = self.push(Op::Conv(Conv { pad: vec![[pad, pad]; 2], ..Conv::plain(2) }), &[x, filter]);
        self.push(Op::Bias(op::Bias {}), &[y, bias])
    }

    fn fc(&mut self, name: &str, x: NodeId, outputs: usize) -> NodeId {
        let channels = self.graph.shape(x).channels();
        let weight = self.parameter(format!("{name}.weight"), &[outputs, channels]);
        let bias = self.parameter(format!("{name}.bias"), &[outputs]);
        let y = self.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), &[x, weight]);
        self.push(Op::Bias(op::Bias {}), &[y, bias])
    }

    fn relu_pool(&mut self, x: NodeId) -> NodeId {
        let (size, stride, pad) = (vec![2, 2], vec![2, 2], vec![[0, 0]; 2]);
        let y = self.push(Op::Relu(op::Relu {}), &[x]);
        self.push(Op::Pool(Pool { kind: PoolKind::Max, size, stride, pad, rounding: Rounding::Floor }), &[y])
    }
}

/// The training step.
pub fn step() -> Graph {
    training_step(&forward(), &SGD).unwrap()
}

/// Loss and the gradients by all parameters, as outputs; nothing is updated.
pub fn with_gradients() -> Graph {
    let mut graph = with_loss(&forward()).unwrap();
    graph.outputs.retain(|(name, _)| name == "loss");
    let parameters: Vec<&str> = graph.states.iter().map(|state| state.name.as_str()).collect();
    derivative::with_gradients(&graph, "loss", &parameters).unwrap()
}

/// PyTorch's twenty steps.
pub struct Trajectory {
    goldens: Goldens,
    images: Tensor,
    labels: Tensor,
    /// The loss of each step.
    pub losses: ArrayD<f64>,
}

impl Trajectory {
    /// Reads `goldens/lenet.npz`.
    pub fn open() -> Self {
        let goldens = Goldens::open("lenet.npz");
        let images = goldens.bytes("images").mapv(|grey| f32::from(grey) / 256.0);
        let labels = goldens.bytes("labels").mapv(f32::from);
        Self { images, labels, losses: goldens.output("losses"), goldens }
    }

    /// Images and labels of a step.
    pub fn batch(&self, step: usize) -> [Tensor; 2] {
        [&self.images, &self.labels].map(|all| all.index_axis(Axis(0), step).to_owned())
    }

    /// The states of a graph before the first step; velocities are 0.
    pub fn first(&self, graph: &Graph) -> Vec<Tensor> {
        let first = |state: &State| match state.role {
            Role::Parameter => self.goldens.input(&state.name),
            Role::Moment | Role::Running => Tensor::zeros(state.shape.dims()),
        };
        graph.states.iter().map(first).collect()
    }

    /// A parameter after the last step, for those that are recorded: all but `fc1.weight` and `fc2.weight`.
    pub fn last(&self, parameter: &str) -> ArrayD<f64> {
        self.goldens.output(&format!("{parameter}.last"))
    }
}
