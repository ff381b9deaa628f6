//! A net that waits for its turn: `pace NET train|infer BATCH [THREADS [FILE]]`, for measurements beside others
//! (`tests/peers/cpu.py`). NET is one of FILE or of the library.
//!
//! It says what it is in one line of JSON, and then, for every line that it reads: `9` runs nine steps and gives the
//! seconds of each; `parts 9` runs nine steps and gives the best time of every step of the plan, in its order, with what
//! runs it. As the program does, it takes the CPU's instructions from `FOVEA_CPU`.
#![allow(clippy::unwrap_used)]

use std::io::BufRead;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use fovea_cpu::{Cpu, Instructions};
use fovea_dsl::lower::{self, lower};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::{NetDef, StatementKind};
use fovea_dsl::{Source, library, parse};
use fovea_graph::training::Optimizer;
use fovea_graph::{Backend, Feed, Graph, Init, Memory, Outcome, Program, Role, SourceId, State, StateId, Tensor};
use fovea_train::{Forward, Mode, Question};
use ndarray::IxDyn;
use serde_json::{Value, json};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [name, mode, batch, more @ ..] = &args[..] else { panic!("pace NET train|infer BATCH [THREADS [FILE]]") };
    let net = find(name, more.get(1).map(Path::new));
    let forward: Forward = Box::new(move |batch, mode| {
        let mode = if mode == Mode::Train { lower::Mode::Train } else { lower::Mode::Infer };
        Ok(lower(&net, batch, mode)?)
    });
    let instructions = match std::env::var("FOVEA_CPU") {
        Ok(word) => Instructions::from_word(&word).unwrap(),
        Err(_) => Instructions::best(),
    };
    let cpu = Cpu::with(more.first().map(|threads| threads.parse().unwrap()), instructions).unwrap();
    let question = match mode.as_str() {
        "train" => Question::train(&Optimizer::Sgd { momentum: 0.9, decay: 0.0 }),
        _ => Question::result(),
    };
    let plan = question.route(&forward, batch.parse().unwrap(), &cpu).unwrap().plan;
    let mut pace = Pace::new(&cpu, plan);
    println!("{}", pace.introduction(&cpu));
    for line in std::io::stdin().lock().lines().map(Result::unwrap) {
        let answer = match line.strip_prefix("parts ") {
            Some(count) => pace.parts(count.parse().unwrap()),
            None => json!({ "seconds": (0..line.parse().unwrap()).map(|_| pace.step()).collect::<Vec<_>>() }),
        };
        println!("{answer}");
    }
}

/// The net of this name.
fn find(name: &str, file: Option<&Path>) -> Net {
    let text = file.map_or(String::new(), |file| std::fs::read_to_string(file).unwrap());
    let (program, mistakes) = parse(&Source { id: SourceId(0), name: "nets.fov".into(), text });
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let (mut scope, mut own): (Scope, Option<NetDef>) = (Scope::default(), None);
    for statement in program.statements {
        match statement.kind {
            StatementKind::Block(block) => {
                scope.blocks.insert(block.name.text.clone(), block);
            }
            StatementKind::Net(net) if net.name.text == name => own = Some(net),
            _ => {}
        }
    }
    let definition = own.as_ref().or_else(|| library::find(name)).unwrap();
    match resolve(definition, &scope, None, None) {
        Ok(Resolved::Net(net)) => net,
        _ => panic!("{name} leaves something open"),
    }
}

/// A plan with its memory, which runs step after step.
struct Pace {
    program: Box<dyn Program>,
    memory: Box<dyn Memory>,
    inputs: Vec<Tensor>,
    step: u32,
}

impl Pace {
    fn new(cpu: &Cpu, plan: fovea_graph::Plan) -> Self {
        let graph = &plan.graph;
        let mut memory = cpu.allocate(&graph.states).unwrap();
        for (i, state) in graph.states.iter().enumerate() {
            memory.write(StateId::new(i), &first(state)).unwrap();
        }
        let drawn = |input: &fovea_graph::Input| {
            let bound = if input.name == "labels" { 0.0 } else { 1.0 };
            values(input.shape.dims(), bound)
        };
        let inputs = graph.inputs.iter().map(drawn).collect();
        Self { program: cpu.compile(plan).unwrap(), memory, inputs, step: 0 }
    }

    fn graph(&self) -> &Graph {
        &self.program.plan().graph
    }

    fn introduction(&self, cpu: &Cpu) -> Value {
        let states = self.graph().states.iter().filter(|state| state.role == Role::Parameter);
        json!({
            "device": cpu.device().description,
            "params": states.map(|state| state.shape.elements()).sum::<usize>(),
            "flops": self.graph().total_cost().flops,
        })
    }

    /// One step's seconds. The rate is 0: a net that learns noise may run away, and what is not finite takes another time.
    fn step(&mut self) -> f64 {
        let began = Instant::now();
        self.watched(&mut |_| ControlFlow::Continue(()));
        began.elapsed().as_secs_f64()
    }

    fn watched(&mut self, before: &mut dyn FnMut(usize) -> ControlFlow<()>) {
        let inputs: Vec<&Tensor> = self.inputs.iter().collect();
        let feed = Feed { inputs: &inputs, learning_rate: 0.0, seed: 1, step: self.step, stop: None };
        self.step += 1;
        assert_eq!(self.program.run(&mut *self.memory, &feed, before).unwrap(), Outcome::Done);
    }

    /// The best of so many times of each of the plan's steps.
    fn parts(&mut self, count: usize) -> Value {
        let steps = self.program.plan().steps.len();
        let mut best = vec![f64::INFINITY; steps];
        for _ in 0..count {
            let mut marks = Vec::with_capacity(steps + 1);
            self.watched(&mut |_| {
                marks.push(Instant::now());
                ControlFlow::Continue(())
            });
            for (best, pair) in best.iter_mut().zip(marks.windows(2)) {
                *best = best.min((pair[1] - pair[0]).as_secs_f64());
            }
        }
        let plan = self.program.plan();
        let parts = plan.steps.iter().zip(best).map(|(step, seconds)| {
            let (graph, node) = (&plan.graph, plan.graph.node(step.node()));
            let nodes = || step.nodes.iter().map(|&id| graph.node(id));
            let layer = node.layer.map(|layer| plan.graph.layers[layer.index()].name.clone());
            let inputs: Vec<_> = plan.graph.input_shapes(node).iter().map(|shape| shape.to_string()).collect();
            json!({
                "op": nodes().map(|node| node.op.word()).collect::<Vec<_>>().join(" + "),
                "layer": layer,
                "shape": node.shape.to_string(),
                "inputs": inputs,
                "kernel": step.kernel.to_string(),
                "flops": nodes().map(|node| graph.cost(node).flops).sum::<u64>(),
                "seconds": seconds,
            })
        });
        json!({ "parts": parts.collect::<Vec<_>>() })
    }
}

/// He's variance, but uniform and from a short cycle: a hundred million values are filled at once.
fn first(state: &State) -> Tensor {
    let dims = state.shape.dims();
    match state.init {
        Init::HeNormal { fan_in } => values(dims, (6.0 / fan_in as f64).sqrt()),
        Init::Ones => Tensor::ones(IxDyn(dims)),
        _ => Tensor::zeros(IxDyn(dims)),
    }
}

/// Numbers from −bound to bound.
fn values(dims: &[usize], bound: f64) -> Tensor {
    const CYCLE: u64 = 4099;
    let cycle: Vec<f32> =
        (0..CYCLE).map(|i| (bound * ((i * 2741 % CYCLE) as f64 / CYCLE as f64 * 2.0 - 1.0)) as f32).collect();
    let elements = dims.iter().product();
    Tensor::from_shape_vec(IxDyn(dims), cycle.iter().copied().cycle().take(elements).collect()).unwrap()
}
