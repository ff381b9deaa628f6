//! Which kernels run for which op.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use fovea_cuda::uses;
use fovea_graph::autodiff::gradients;
use fovea_graph::{Graph, Never, NodeId, Op, Tensor};
use fovea_tests::backend::check_cases;
use fovea_tests::cuda::{TestGpu, kernels};

/// Every kernel belongs to an op or to the guard of a step; every op that computes anything has some.
#[test]
fn every_op_has_kernels_and_every_kernel_an_op() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let mut of_ops = BTreeSet::from(["check_finite", "gather"]);
    let mut ops = BTreeSet::new();
    let seen = RefCell::new((&mut of_ops, &mut ops));
    // The cases hold every op: a test of the list itself says so.
    check_cases(&gpu.backend, |case| {
        let (of_ops, ops) = &mut *seen.borrow_mut();
        for node in &case.graph.nodes {
            of_ops.extend(uses(&node.op).forward());
            of_ops.extend(uses(&node.op).backward());
            let computes = !matches!(node.op, Op::Input(_) | Op::State(_) | Op::Reshape(_));
            assert_eq!(uses(&node.op).forward().is_empty(), !computes, "{}", node.op.word());
            ops.insert(node.op.word());
        }
        false
    });
    let all: BTreeSet<String> = kernels().into_values().flatten().collect();
    let without: Vec<&String> = all.iter().filter(|name| !of_ops.contains(name.as_str())).collect();
    assert!(without.is_empty(), "no op of {} uses {without:?}", ops.len());
}

/// The kernels of the ops that the gradient of `node`'s op is made of.
fn of_gradient(graph: &Graph, node: usize) -> BTreeSet<&'static str> {
    let node = &graph.nodes[node];
    let mut alone = Graph::new(node.op.word());
    let declare = |(i, &id): (usize, &NodeId)| alone.input(&format!("x{i}"), graph.shape(id).clone());
    let inputs: Vec<NodeId> = node.inputs.iter().enumerate().map(declare).collect();
    let y = alone.push(node.op.clone(), &inputs, None).unwrap();
    let forward = alone.nodes.len();
    if gradients(&mut alone, y, &inputs, &Never).is_err() {
        return BTreeSet::new();
    }
    // The first is the gradient that arrives.
    alone.nodes[forward + 1..].iter().flat_map(|node| uses(&node.op).forward()).collect()
}

/// What an op is said to use backward is what its gradient is made of.
#[test]
fn gradients_use_the_kernels_that_their_ops_name() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let found = RefCell::new(BTreeMap::<&str, (BTreeSet<&str>, BTreeSet<&str>)>::new());
    check_cases(&gpu.backend, |case| {
        for (i, node) in case.graph.nodes.iter().enumerate() {
            if node.inputs.is_empty() {
                continue;
            }
            let mut found = found.borrow_mut();
            let (named, used) = found.entry(node.op.word()).or_default();
            named.extend(uses(&node.op).backward());
            used.extend(of_gradient(&case.graph, i));
        }
        false
    });
    let found = found.into_inner();
    assert!(found.len() > 20, "{:?}", found.keys());
    for (op, (named, used)) in found {
        assert_eq!(named, used, "the gradient of {op}");
    }
}

/// What is launched for a graph is what its ops use: nothing else, and so nothing on the host.
#[test]
fn an_op_launches_its_own_kernels() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let Some(emulator) = gpu.emulator else { return };
    let expected = RefCell::new(BTreeSet::from(["gather", "check_finite"]));
    let small = |case: &fovea_tests::op_cases::Case| {
        let wanted = case.inputs.iter().map(Tensor::len).sum::<usize>() <= 512;
        if wanted {
            expected.borrow_mut().extend(case.graph.nodes.iter().flat_map(|node| uses(&node.op).forward()));
        }
        wanted
    };
    check_cases(&gpu.backend, small);
    let launched: BTreeSet<String> = emulator.counters().launches.into_iter().collect();
    let strange: Vec<&String> = launched.iter().filter(|name| !expected.borrow().contains(name.as_str())).collect();
    assert!(strange.is_empty() && launched.len() > 30, "{strange:?} of {}", launched.len());
}
