//! One op of the CPU's, on random numbers.

use fovea_cpu::Cpu;
use fovea_graph::plan::plan;
use fovea_graph::{Backend, Feed, Graph, Op, Shape, Tensor};

use super::Attempt;

/// An op with random inputs.
pub struct Single {
    /// The op's.
    pub word: &'static str,
    /// What runs it.
    pub kernel: String,
    /// What it takes, once.
    pub flops: f64,
    program: Box<dyn fovea_graph::Program>,
    memory: Box<dyn fovea_graph::Memory>,
    inputs: Vec<Tensor>,
}

impl Single {
    /// Ready to run.
    pub fn new(cpu: &Cpu, op: Op, dims: &[&[usize]]) -> Self {
        let (word, mut graph) = (op.word(), Graph::new("single"));
        let inputs: Vec<_> = dims.iter().map(|&dims| graph.input("in", Shape::new(dims).unwrap())).collect();
        let y = graph.push(op, &inputs, None).unwrap();
        graph.output("y", y);
        let flops = graph.total_cost().flops as f64;
        let memory = cpu.allocate(&graph.states).unwrap();
        let plan = plan(graph, cpu);
        let kernel = plan.steps[0].kernel.to_string();
        Self {
            word,
            kernel,
            flops,
            program: cpu.compile(plan).unwrap(),
            memory,
            inputs: dims.iter().map(|dims| noise(dims)).collect(),
        }
    }

    /// To be timed.
    pub fn attempt(mut self, name: &str) -> Attempt<'_> {
        Attempt::new(name, move || {
            let inputs: Vec<&Tensor> = self.inputs.iter().collect();
            let feed = Feed { inputs: &inputs, learning_rate: 0.0, seed: 0, step: 0, stop: None };
            self.program.run(&mut *self.memory, &feed, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        })
    }
}

/// Numbers between −1 and 1.
fn noise(dims: &[usize]) -> Tensor {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let values = (0..dims.iter().product()).map(|_| next()).collect();
    Tensor::from_shape_vec(dims, values).unwrap()
}
