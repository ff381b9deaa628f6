//! Which kernels run for which op, and how much global memory the tiled ones touch.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use fovea_cuda::uses;
use fovea_cuda_emulator::Counters;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad, Matmul, Transpose};
use fovea_graph::{Graph, Op, Shape, Tensor};
use fovea_tests::backend::{Running, check_cases};
use fovea_tests::cuda::{TestGpu, kernels};
use ndarray::IxDyn;

/// Every kernel belongs to an op or to the guard of a step; every op that computes anything has some.
#[test]
fn every_op_has_kernels_and_every_kernel_an_op() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let mut of_ops = BTreeSet::from(["check_finite", "gather"]);
    let mut ops = BTreeSet::new();
    let seen = std::cell::RefCell::new((&mut of_ops, &mut ops));
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

/// What is launched for a graph is what its ops use: nothing else, and so nothing on the host.
#[test]
fn an_op_launches_its_own_kernels() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let Some(emulator) = gpu.emulator else { return };
    let expected = std::cell::RefCell::new(BTreeSet::from(["gather", "check_finite"]));
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

/// Runs one op on ones, and counts.
fn counted(gpu: &TestGpu, op: Op, inputs: &[&[usize]]) -> Option<Counters> {
    let emulator = gpu.emulator?;
    let mut graph = Graph::new("one");
    let ids: Vec<_> =
        inputs.iter().enumerate().map(|(i, dims)| graph.input(&format!("x{i}"), Shape::new(*dims).unwrap())).collect();
    let result = graph.push(op, &ids, None).unwrap();
    graph.output("result", result);
    let mut running = Running::new(&gpu.backend, &graph, &[]);
    let tensors: Vec<Tensor> = inputs.iter().map(|dims| Tensor::ones(IxDyn(dims))).collect();
    emulator.reset_counters();
    running.run(&tensors, 0.0, 0);
    Some(emulator.counters())
}

/// A thread an output that reads both factors of each of its products reads two words a multiply–accumulate; tiles in
/// shared memory read at most an eighth of that, what is added up afterwards included.
#[test]
fn tiled_kernels_read_an_eighth_of_a_thread_an_outputs() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let conv = Conv { pad: vec![[1, 1]; 2], ..Conv::plain(2) };
    let (x, w): (&[usize], &[usize]) = (&[1, 16, 16, 64], &[64, 3, 3, 64]);
    let products = 16 * 16 * 64 * 3 * 3 * 64;
    let cases: [(&str, Op, [&[usize]; 2], u64); 5] = [
        ("fprop", Op::Conv(conv.clone()), [x, w], products),
        ("dgrad", Op::ConvDgrad(ConvDgrad { conv: conv.clone(), extent: vec![16, 16] }), [w, x], products),
        ("wgrad", Op::ConvWgrad(ConvWgrad { conv, window: vec![3, 3] }), [x, x], products),
        ("gemm", Op::Matmul(Matmul::new(Transpose::No, Transpose::No)), [&[128, 256], &[256, 64]], 128 * 256 * 64),
        ("gemm, bᵀ", Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes)), [&[100, 301], &[77, 301]], 100 * 301 * 77),
    ];
    for (name, op, inputs, products) in cases {
        let Some(counters) = counted(&gpu, op, &inputs) else { return };
        let (loaded, naive) = (counters.total().loaded, 2 * products);
        println!("measured: {name}: {loaded} words instead of {naive}, 1/{:.0} of them", naive as f64 / loaded as f64);
        assert!(loaded * 8 <= naive, "{name}: {loaded} of {naive} words, by {:?}", counters.launches);
        assert!(loaded > 0);
    }
}
