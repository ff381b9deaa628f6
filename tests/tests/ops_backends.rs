//! Every backend against PyTorch and the reference; and that the checks find what is wrong.
#![allow(clippy::unwrap_used)]

use std::any::Any;
use std::ops::ControlFlow;
use std::sync::Arc;

use fovea_cpu::reference::{self, Feed64};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::backend::{Arena, Backend, BackendError, Device, Feed, Memory, Outcome, Program, Room};
use fovea_graph::op::{Activation, PoolKind, Statistics};
use fovea_graph::plan::{Choice, Plan};
use fovea_graph::{Graph, NodeId, Op, State, StateId, Tensor};
use fovea_tests::backend::{check_lenet, check_ops, compare_case, compare_run};
use fovea_tests::compare::{Failures, narrow, wide};
use fovea_tests::goldens::Goldens;
use fovea_tests::op_cases::golden_cases;
use fovea_tests::overflow::check_overflow;
use fovea_tests::pipeline::check_steps;
use fovea_tests::training_runs::training_runs;
use ndarray::ArrayD;

/// The reference behind the backend's interface, with room for a mistake: `fault` changes a graph before it runs.
struct Oracle {
    fault: Fault,
}

type Fault = fn(&mut Graph);

struct States(Vec<Tensor>);

struct Run {
    plan: Plan,
    runs: Graph,
    values: Vec<ArrayD<f64>>,
}

impl Backend for Oracle {
    fn device(&self) -> Device {
        Device { name: "reference".into(), description: "f64".into(), memory: None }
    }

    fn choose(&self, _: &Graph, _: NodeId) -> Choice {
        Choice::plain()
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        Ok(Box::new(States(states.iter().map(|s| Tensor::zeros(s.shape.dims())).collect())))
    }

    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        Ok(Arc::new(Room(bytes)))
    }

    fn compile_in(&self, plan: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        let mut runs = plan.graph.clone();
        (self.fault)(&mut runs);
        Ok(Box::new(Run { plan, runs, values: Vec::new() }))
    }
}

impl Memory for States {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        Ok(self.0[state.index()].clone())
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.0[state.index()].assign(value);
        Ok(())
    }

    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError> {
        self.0.truncate(kept);
        self.0.extend(states.iter().map(|state| Tensor::zeros(state.shape.dims())));
        Ok(())
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Program for Run {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        _: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        let memory: &mut States = memory.as_any_mut().downcast_mut().unwrap();
        let mut states: Vec<ArrayD<f64>> = memory.0.iter().map(wide).collect();
        let inputs: Vec<ArrayD<f64>> = feed.inputs.iter().map(|x| wide(x)).collect();
        let inputs: Vec<&ArrayD<f64>> = inputs.iter().collect();
        let feed = Feed64 { inputs: &inputs, learning_rate: feed.learning_rate, seed: feed.seed, step: feed.step };
        self.values = reference::step(&self.runs, &mut states, &feed).unwrap();
        memory.0 = states.iter().map(narrow).collect();
        Ok(())
    }

    fn finish(&mut self) -> Result<Outcome, BackendError> {
        Ok(Outcome::Done)
    }

    fn scalar(&self, name: &str) -> Result<f32, BackendError> {
        Ok(self.output(name)?.sum())
    }

    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        Ok(narrow(reference::output(&self.runs, &self.values, name).unwrap()))
    }
}

#[test]
fn the_cpu_computes_what_the_reference_and_pytorch_do() {
    for set in Instructions::available() {
        let compared = check_ops(&Cpu::with(Some(3), set).unwrap(), 1..=3);
        assert!(compared > 2500, "only {compared} comparisons with {set}");
    }
}

#[test]
fn the_cpu_follows_pytorch_through_lenet() {
    let sets = Instructions::available();
    assert!(sets.into_iter().all(|set| check_lenet(&Cpu::with(None, set).unwrap()) > 600));
}

#[test]
fn the_cpu_keeps_what_is_promised_of_steps() {
    Instructions::available().into_iter().for_each(|set| check_steps(&Cpu::with(Some(2), set).unwrap()));
}

#[test]
fn the_cpu_updates_nothing_to_what_is_not_finite() {
    Instructions::available().into_iter().for_each(|set| check_overflow(&Cpu::with(Some(2), set).unwrap()));
}

#[test]
fn the_reference_passes_the_same_checks() {
    let goldens = Goldens::open("ops.npz");
    let oracle = Oracle { fault: |_| {} };
    let mut failures = Failures::default();
    golden_cases(&goldens).iter().for_each(|case| compare_case(&oracle, case, &goldens, &mut failures));
    training_runs(&goldens).iter().for_each(|run| compare_run(&oracle, run, &mut failures));
    assert!(failures.finish() > 300);
    assert!(check_lenet(&oracle) > 600);
}

/// A change of all ops of a kind, and a comparison that must fail by it.
macro_rules! fault {
    ($kind:pat => $change:expr, $complaint:expr) => {
        (
            |graph| {
                each(graph, |op| {
                    if let $kind = op {
                        $change
                    }
                })
            },
            $complaint,
        )
    };
}

/// Mistakes that backends are made of.
const FAULTS: [(Fault, &str); 10] = [
    fault!(Op::Conv(conv) => conv.pad[0].reverse(), "conv2d_2x2_same, result"),
    fault!(Op::Conv(conv) => conv.activation = None, "conv_bias_relu, fused, result"),
    fault!(Op::PoolGrad(op) => op.pool.kind = PoolKind::Avg, "maxpool2d_2x2, d_x"),
    fault!(Op::Matmul(op) => op.activation = Some(Activation::Relu), "matmul_transposes_no_yes, result"),
    fault!(Op::SgdVelocity(op) => op.decay = 0.0, "sgd_decay, w after step 0"),
    fault!(Op::ConvDgrad(op) => op.conv.pad[0].reverse(), "deconv2d_3x3_stride_2_crops_the_odd_one_at_the_start, result"),
    fault!(Op::BatchNormDgrad(op) => op.statistics = Statistics::Running, "batch_norm2d, d_x"),
    fault!(Op::Lrn(op) => op.size += 1, "lrn2d_size_5, result"),
    fault!(Op::AdamStep(op) => op.decay = 0.0, "adamw, w after step 0"),
    fault!(Op::Scale(op) => op.factor = 1.0, "two_side_classifiers, step 0"),
];

#[test]
fn a_wrong_backend_is_found() {
    let goldens = Goldens::open("ops.npz");
    let (cases, runs) = (golden_cases(&goldens), training_runs(&goldens));
    for (fault, complaint) in FAULTS {
        let mut failures = Failures::default();
        cases.iter().for_each(|case| compare_case(&Oracle { fault }, case, &goldens, &mut failures));
        runs.iter().for_each(|run| compare_run(&Oracle { fault }, run, &mut failures));
        let found: Vec<&str> = failures.messages().iter().filter_map(|message| message.split(':').next()).collect();
        assert!(found.contains(&complaint), "{complaint} is not among {found:?}");
    }
}

fn each(graph: &mut Graph, change: impl Fn(&mut Op)) {
    graph.nodes.iter_mut().for_each(|node| change(&mut node.op));
}
