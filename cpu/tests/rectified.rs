//! The gradient of ReLU with its neighbours in one step, against the f64 reference.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::op::{self, PoolKind};
use fovea_graph::plan::plan;
use fovea_graph::window::Rounding;
use fovea_graph::{Backend, Graph, NodeId, Op, Outcome, Tensor};
use proptest::prelude::*;
use support::{check_close, feed, go, random, shape, wide};

/// ReLU's gradient behind max-pooling, and the bias's.
fn pooled(dims: &[usize], size: usize, stride: usize, pad: usize) -> Graph {
    let rank = dims.len() - 2;
    let pool = op::Pool {
        kind: PoolKind::Max,
        size: vec![size; rank],
        stride: vec![stride; rank],
        pad: vec![[pad, pad]; rank],
        rounding: Rounding::Ceil,
    };
    let extent = pool.output_extent(&dims[1..=rank]).unwrap();
    let mut graph = Graph::new("pooled");
    let z = graph.input("z", shape(dims));
    let dy = graph.input("dy", shape(&[&dims[..1], &extent[..], &dims[rank + 1..]].concat()));
    let dz = graph.push(Op::PoolGrad(op::PoolGrad { pool }), &[z, dy], None).unwrap();
    let dx = graph.push(Op::ReluGrad(op::ReluGrad {}), &[z, dz], None).unwrap();
    let sum = graph.push(Op::ChannelSum(op::ChannelSum {}), &[dx], None).unwrap();
    [("dx", dx), ("sum", sum)].into_iter().for_each(|(name, id)| graph.output(name, id));
    graph
}

/// ReLU's gradient, of one or of a sum, and the bias's.
fn summed(dims: &[usize], add: bool) -> Graph {
    let mut graph = Graph::new("summed");
    let inputs: Vec<NodeId> = ["z", "a", "b"].iter().map(|name| graph.input(name, shape(dims))).collect();
    let mut dz = inputs[1];
    if add {
        dz = graph.push(Op::Add(op::Add {}), &inputs[1..], None).unwrap();
    }
    let dx = graph.push(Op::ReluGrad(op::ReluGrad {}), &[inputs[0], dz], None).unwrap();
    let sum = graph.push(Op::ChannelSum(op::ChannelSum {}), &[dx], None).unwrap();
    [("dx", dx), ("sum", sum)].into_iter().for_each(|(name, id)| graph.output(name, id));
    graph
}

/// The outputs on this backend, of which a step computes two or more nodes.
fn computed(backend: &Cpu, graph: &Graph, inputs: &[&Tensor]) -> Vec<Tensor> {
    let plan = plan(graph.clone(), backend);
    assert_eq!(plan.steps.iter().filter(|step| step.nodes.len() > 1).count(), 1, "{plan}");
    let mut program = backend.compile(plan).unwrap();
    let mut memory = backend.allocate(&graph.states).unwrap();
    assert_eq!(program.run(&mut *memory, &feed(inputs), &mut go).unwrap(), Outcome::Done);
    graph.outputs.iter().map(|(name, _)| program.output(name).unwrap()).collect()
}

/// On every set of instructions, and with the same bits whatever the number of threads; `z` is coarse, so that windows have
/// several elements that are the largest, and many have none above 0.
fn check(graph: &Graph) {
    let values = |i: usize| {
        let x = random(graph.inputs[i].shape.dims(), i as u64 + 1);
        if i == 0 { x.mapv(|v| v.round().max(0.0)) } else { x }
    };
    let inputs: Vec<Tensor> = (0..graph.inputs.len()).map(values).collect();
    let given: Vec<&Tensor> = inputs.iter().collect();
    let wide: Vec<_> = inputs.iter().map(wide).collect();
    let feed = Feed64 { inputs: &wide.iter().collect::<Vec<_>>(), learning_rate: 0.05, seed: 7, step: 3 };
    let expected = evaluate(graph, &[], &feed).unwrap();
    for instructions in Instructions::available() {
        let found = computed(&Cpu::with(Some(2), instructions).unwrap(), graph, &given);
        for ((name, _), found) in graph.outputs.iter().zip(&found) {
            check_close(
                &format!("{name}, {instructions}: {graph}"),
                found,
                output(graph, &expected, name).unwrap(),
                1e-5,
            );
        }
        for threads in [1, 3] {
            assert_eq!(computed(&Cpu::with(Some(threads), instructions).unwrap(), graph, &given), found);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn behind_pools(
        batch in 1usize..4, map in prop::collection::vec(3usize..9, 1..4), channels in prop_oneof![1usize..9, 14usize..40],
        size in 1usize..4, stride in 1usize..4, pad in 0usize..2,
    ) {
        let dims = [&[batch], &map[..], &[channels]].concat();
        check(&pooled(&dims, size, stride, pad.min(size - 1)));
    }

    #[test]
    fn with_sums(positions in 1usize..40, channels in 1usize..600, add: bool) {
        check(&summed(&[positions, 3, channels], add));
    }
}

#[test]
fn maps_that_are_cut_into_parts() {
    check(&pooled(&[1, 120, 90, 24], 3, 2, 1));
    check(&pooled(&[1, 14, 8, 8, 70], 3, 1, 1));
    check(&pooled(&[2, 130, 100, 6], 2, 2, 0));
    check(&summed(&[2, 100, 90, 17], true));
}
