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
fn computed(backend: &Cpu, graph: &Graph, around: Around, inputs: &[&Tensor]) -> Vec<Tensor> {
    let plan = plan(graph.clone(), backend);
    let fused = plan.steps.iter().filter(|step| step.nodes.len() > 1).count();
    assert_eq!(fused, 3, "statistics, result and gradients are a step each: {plan}");
    let is_anew = plan.to_string().contains("relu worked out anew");
    assert_eq!(is_anew, around.relu && !around.shortcut, "what is at hand is not read: {plan}");
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
        let found = computed(&Cpu::with(Some(2), instructions).unwrap(), &graph, around, &given);
        for ((name, _), found) in graph.outputs.iter().zip(&found) {
            let tolerance = if centre == 0.0 { 2e-5 } else { 2e-4 };
            let what = format!("{name} of {dims:?}, {around:?}, {instructions}");
            check_close(&what, found, output(&graph, &expected, name).unwrap(), tolerance);
        }
        for threads in [1, 3] {
            assert_eq!(computed(&Cpu::with(Some(threads), instructions).unwrap(), &graph, around, &given), found);
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

/// A convolution with a bias, and the mean and the variance of its result.
fn convolved(conv: &op::Conv, x: &[usize], filter: &[usize]) -> Graph {
    let mut graph = Graph::new("statistics");
    let (x, w) = (graph.input("x", shape(x)), graph.input("filter", shape(filter)));
    let bias = graph.input("bias", shape(&filter[..1]));
    let mut push = |op: Op, inputs: &[NodeId]| graph.push(op, inputs, None).unwrap();
    let y = push(Op::Conv(conv.clone()), &[x, w, bias]);
    let mean = push(Op::ChannelMean(op::ChannelMean {}), &[y]);
    let variance = push(Op::ChannelVariance(op::ChannelVariance {}), &[y, mean]);
    for (name, id) in [("y", y), ("mean", mean), ("variance", variance)] {
        graph.output(name, id);
    }
    graph
}

/// The statistics behind a convolution on every set, with results around `centre`; whether its own step gathers them.
fn check_behind(conv: &op::Conv, [x, filter]: [&[usize]; 2], centre: f32, is_one: bool) {
    let graph = convolved(conv, x, filter);
    let tensors = [x, filter, &filter[..1]].map(|dims| random(dims, dims.len() as u64));
    let [x, w, bias] = &tensors;
    let (w, bias) = (w.mapv(|w| w / (filter[1..].iter().product::<usize>() as f32).sqrt()), bias.mapv(|b| b + centre));
    let given = [x, &w, &bias];
    let inputs: Vec<_> = given.iter().map(|tensor| wide(tensor)).collect();
    let feed64 = Feed64 { inputs: &inputs.iter().collect::<Vec<_>>(), learning_rate: 0.05, seed: 7, step: 3 };
    let expected = evaluate(&graph, &[], &feed64).unwrap();
    for set in Instructions::available() {
        let found = [1, 2, 3].map(|threads| {
            let cpu = Cpu::with(Some(threads), set).unwrap();
            let plan = plan(graph.clone(), &cpu);
            let text = plan.to_string();
            assert_eq!(
                (plan.steps.len(), text.contains(", mean and variance")),
                if is_one { (1, true) } else { (2, false) },
                "{text}"
            );
            let mut program = cpu.compile(plan).unwrap();
            let mut memory = cpu.allocate(&graph.states).unwrap();
            assert_eq!(program.run(&mut *memory, &feed(&given), &mut go).unwrap(), Outcome::Done);
            ["y", "mean", "variance"].map(|name| program.output(name).unwrap())
        });
        assert!(found[0] == found[1] && found[0] == found[2], "bits do not depend on threads: {filter:?}, {set}");
        for (name, found) in ["y", "mean", "variance"].iter().zip(&found[0]) {
            // Around 100 the result itself is off by some 2⁻²⁴ of that, and so the variance of it by more.
            let tolerance = if centre == 0.0 || *name != "variance" { 1e-5 } else { 2e-4 };
            check_close(
                &format!("{name} of {filter:?}, {set}"),
                found,
                output(&graph, &expected, name).unwrap(),
                tolerance,
            );
        }
    }
}

#[test]
fn convolutions_gather_mean_and_variance_of_what_they_give() {
    let plain = op::Conv::plain;
    let strided = |stride: usize, pad: usize, groups: usize| op::Conv {
        stride: vec![stride; 2],
        pad: vec![[pad; 2]; 2],
        groups,
        ..plain(2)
    };
    for centre in [0.0, 100.0] {
        let check =
            |conv: &op::Conv, x: &[usize], filter: &[usize], is_one| check_behind(conv, [x, filter], centre, is_one);
        // Products: few and many rows, ragged and more than a strip of channels, several pieces of the depth.
        check(&plain(2), &[3, 37, 41, 20], &[37, 1, 1, 20], true);
        check(&plain(2), &[1, 3, 5, 24], &[530, 1, 1, 24], true);
        check(&plain(2), &[2, 11, 9, 1100], &[130, 1, 1, 1100], true);
        check(&strided(2, 1, 1), &[4, 29, 30, 9], &[33, 3, 3, 9], true);
        check(&plain(1), &[3, 37, 16], &[24, 5, 16], true);
        // Inner products of few positions, more than one block of them.
        check(&strided(1, 2, 1), &[2, 7, 7, 60], &[131, 5, 5, 60], true);
        // Few filters, in one task and in several.
        check(&plain(2), &[1, 1, 1, 33], &[2, 1, 1, 33], true);
        check(&plain(2), &[4, 20, 20, 30], &[3, 1, 1, 30], true);
        // Few channels, each channel alone, and what does not gather: Winograd's and groups.
        check(&strided(2, 3, 1), &[2, 75, 77, 3], &[37, 7, 7, 3], true);
        check(&strided(1, 1, 530), &[5, 9, 11, 530], &[530, 3, 3, 1], true);
        check(&strided(2, 1, 21), &[1, 79, 78, 21], &[42, 3, 3, 1], true);
        check(&strided(1, 1, 1), &[2, 14, 13, 64], &[50, 3, 3, 64], false);
        // Groups that fill a panel: smaller ones are joined to one product.
        check(&strided(1, 1, 2), &[2, 8, 8, 12], &[80, 3, 3, 6], false);
    }
}
