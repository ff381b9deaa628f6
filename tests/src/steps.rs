//! One training step of a whole net on the CPU.

use std::ops::ControlFlow;

use fovea_cpu::Cpu;
use fovea_graph::graph::Init;
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::plan::plan;
use fovea_graph::{Backend, Feed, Graph, Outcome, State, StateId, Tensor};
use ndarray::IxDyn;

/// What a step leaves.
pub struct Stepped {
    /// The loss of the batch, before the update.
    pub loss: f32,
    /// The states after it, in the graph's order.
    pub states: Vec<Tensor>,
}

/// Runs a training graph once, from first values that need no long drawing, on random pictures and labels below
/// `classes`. The step must be complete and finite.
pub fn step(graph: Graph, classes: u64) -> Stepped {
    let cpu = Cpu::new(Some(2)).unwrap();
    let mut memory = cpu.allocate(&graph.states).unwrap();
    let ids: Vec<StateId> = (0..graph.states.len()).map(StateId::new).collect();
    for (&id, state) in ids.iter().zip(&graph.states) {
        memory.write(id, &first(state)).unwrap();
    }
    let random = Stream::new(1, Purpose::Data, 0);
    let draw = |input: &fovea_graph::Input| {
        let value = |i: usize| match input.name.as_str() {
            "labels" => random.below(i as u64, classes) as f32,
            _ => random.normal(i as u64) as f32,
        };
        let elements = (0..input.shape.elements()).map(value).collect();
        Tensor::from_shape_vec(IxDyn(input.shape.dims()), elements).unwrap()
    };
    let inputs: Vec<Tensor> = graph.inputs.iter().map(draw).collect();
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let mut program = cpu.compile(plan(graph, &cpu)).unwrap();
    let feed = Feed { inputs: &inputs, learning_rate: 0.01, seed: 3, step: 0, stop: None };
    let outcome = program.run(&mut *memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(outcome, Outcome::Done);
    let loss = program.scalar("loss").unwrap();
    Stepped { loss, states: ids.into_iter().map(|id| memory.read(id).unwrap()).collect() }
}

/// He's variance, but uniform and from a short cycle of values: a hundred million of them are filled at once.
fn first(state: &State) -> Tensor {
    let shape = IxDyn(state.shape.dims());
    match state.init {
        Init::Zeros => Tensor::zeros(shape),
        Init::Ones => Tensor::ones(shape),
        Init::HeNormal { fan_in } => {
            let random = Stream::new(1, Purpose::Init, 0);
            let width = (6.0 / fan_in as f64).sqrt();
            let uniform = |i| width * (random.below(i, 1 << 20) as f64 / f64::from(1 << 19) - 1.0);
            let cycle: Vec<f32> = (0..4099).map(|i| uniform(i) as f32).collect();
            let values = cycle.iter().copied().cycle().take(state.shape.elements()).collect();
            Tensor::from_shape_vec(shape, values).unwrap()
        }
    }
}
