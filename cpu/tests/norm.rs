//! Batch normalisation with its neighbours in few steps, against the f64 reference.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::op::{self, Statistics};
use fovea_graph::plan::plan;
use fovea_graph::{Backend, Graph, NodeId, Op, Outcome, Tensor};
use proptest::prelude::*;
use support::{check_close, feed, go, random, shape, wide};

/// What stands around a normalisation.
#[derive(Clone, Copy, Debug)]
struct Around {
    /// Behind it a shortcut is added.
    shortcut: bool,
    /// The gradient comes from two places.
    sum: bool,
    /// It comes through ReLU.
    relu: bool,
    /// Others read the gradient at the result, too.
    shared: bool,
    /// Only the gradient by x is wanted, not those by scale and shift.
    frozen: bool,
}

/// Forward and backward through statistics, normalisation and ReLU; all that others could read are outputs.
fn graph(dims: &[usize], around: Around) -> Graph {
    let mut graph = Graph::new("norm");
    let channels = [*dims.last().unwrap()];
    let maps: Vec<NodeId> = ["x", "other", "dz", "more"].iter().map(|name| graph.input(name, shape(dims))).collect();
    let [x, other, dz, more] = maps[..] else { unreachable!() };
    let (scale, shift) = (graph.input("scale", shape(&channels)), graph.input("shift", shape(&channels)));
    let mut push = |op: Op, inputs: &[NodeId]| graph.push(op, inputs, None).unwrap();
    let mean = push(Op::ChannelMean(op::ChannelMean {}), &[x]);
    let variance = push(Op::ChannelVariance(op::ChannelVariance {}), &[x, mean]);
    let norm = op::BatchNorm { eps: 1e-5, statistics: Statistics::Batch };
    let mut y = push(Op::BatchNorm(norm), &[x, mean, variance, scale, shift]);
    if around.shortcut {
        y = push(Op::Add(op::Add {}), &[other, y]);
    }
    let z = push(Op::Relu(op::Relu {}), &[y]);
    let mut dy = if around.sum { push(Op::Add(op::Add {}), &[dz, more]) } else { dz };
    if around.relu {
        dy = push(Op::ReluGrad(op::ReluGrad {}), &[z, dy]);
    }
    let dscale = push(Op::BatchNormScaleGrad(op::BatchNormScaleGrad { eps: 1e-5 }), &[x, mean, variance, dy]);
    let dshift = push(Op::ChannelSum(op::ChannelSum {}), &[dy]);
    let dgrad = op::BatchNormDgrad { eps: 1e-5, statistics: Statistics::Batch };
    let dx = push(Op::BatchNormDgrad(dgrad), &[x, mean, variance, scale, dy, dscale, dshift]);
    for (name, id) in [("mean", mean), ("variance", variance), ("z", z), ("dx", dx)] {
        graph.output(name, id);
    }
    if !around.frozen {
        graph.output("dscale", dscale);
        graph.output("dshift", dshift);
    }
    if around.shared {
        graph.output("dy", dy);
    }
    graph
}

/// The outputs on this backend.
fn computed(backend: &Cpu, graph: &Graph, inputs: &[&Tensor]) -> Vec<Tensor> {
    let plan = plan(graph.clone(), backend);
    let fused = plan.steps.iter().filter(|step| step.nodes.len() > 1).count();
    assert_eq!(fused, 3, "statistics, result and gradients are a step each: {plan}");
    let mut program = backend.compile(plan).unwrap();
    let mut memory = backend.allocate(&graph.states).unwrap();
    assert_eq!(program.run(&mut *memory, &feed(inputs), &mut go).unwrap(), Outcome::Done);
    graph.outputs.iter().map(|(name, _)| program.output(name).unwrap()).collect()
}

/// On every set of instructions, with values around `centre`; and the same bits whatever the number of threads.
fn check(dims: &[usize], around: Around, centre: f32) {
    let graph = graph(dims, around);
    let values = |i: usize| {
        let dims = graph.inputs[i].shape.dims();
        random(dims, i as u64 + 1).mapv(|v| if i == 0 { v + centre } else { v })
    };
    let inputs: Vec<Tensor> = (0..graph.inputs.len()).map(values).collect();
    let given: Vec<&Tensor> = inputs.iter().collect();
    let wide: Vec<_> = inputs.iter().map(wide).collect();
    let feed = Feed64 { inputs: &wide.iter().collect::<Vec<_>>(), learning_rate: 0.05, seed: 7, step: 3 };
    let expected = evaluate(&graph, &[], &feed).unwrap();
    for instructions in Instructions::available() {
        let found = computed(&Cpu::with(Some(2), instructions).unwrap(), &graph, &given);
        for ((name, _), found) in graph.outputs.iter().zip(&found) {
            let tolerance = if centre == 0.0 { 2e-5 } else { 2e-4 };
            let what = format!("{name} of {dims:?}, {around:?}, {instructions}");
            check_close(&what, found, output(&graph, &expected, name).unwrap(), tolerance);
        }
        for threads in [1, 3] {
            assert_eq!(computed(&Cpu::with(Some(threads), instructions).unwrap(), &graph, &given), found);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neighbours(
        batch in 1usize..6, side in 2usize..9, channels in prop_oneof![1usize..40, 500usize..530],
        shortcut: bool, sum: bool, relu: bool, shared: bool, frozen: bool,
    ) {
        // Without ReLU nobody makes the sum but the step itself.
        let around = Around { shortcut, sum: sum && relu, relu, shared: shared && relu, frozen };
        check(&[batch, side, side, channels], around, 0.0);
    }
}

#[test]
fn large_maps_and_values_far_from_zero() {
    let around = Around { shortcut: true, sum: true, relu: true, shared: true, frozen: false };
    check(&[3, 70, 61, 7], around, 0.0);
    check(&[2, 33, 40, 48], Around { sum: false, shared: false, ..around }, 100.0);
}
