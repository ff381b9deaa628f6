//! Winograd's minimal filtering is what runs where it should, and hides nothing. What it computes is held to plain sums beside it,
//! in `cpu/src/ops/winograd/tests.rs`.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_cpu::{Cpu, Instructions};
use fovea_graph::plan::plan;
use fovea_graph::{Op, op};
use support::{check_single, random, run_single, single};

fn cpus() -> Vec<Cpu> {
    Instructions::available().into_iter().map(|set| Cpu::with(Some(2), set).unwrap()).collect()
}

/// The convolution of a square map with 3×3 windows, and both gradients, with their inputs.
fn layer(batch: usize, size: usize, channels: usize, filters: usize) -> [(Op, [Vec<usize>; 2]); 3] {
    let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
    let (x, y) = (vec![batch, size, size, channels], vec![batch, size, size, filters]);
    let w = vec![filters, 3, 3, channels];
    let dgrad = op::ConvDgrad { conv: conv.clone(), extent: vec![size; 2] };
    let wgrad = op::ConvWgrad { conv: conv.clone(), window: vec![3; 2] };
    [(Op::Conv(conv), [x.clone(), w.clone()]), (Op::ConvDgrad(dgrad), [w, y.clone()]), (Op::ConvWgrad(wgrad), [x, y])]
}

#[test]
fn it_runs_the_layers_that_it_is_made_for() {
    // VGG-16's, ResNet-18's and those of a small net, with the batches of `cpu/RESULTS.md`.
    let layers = [
        (2, 224, 64, 64),
        (2, 112, 128, 128),
        (2, 56, 256, 256),
        (2, 28, 512, 512),
        (2, 14, 512, 512),
        (8, 56, 64, 64),
        (8, 28, 128, 128),
        (8, 14, 256, 256),
        (8, 7, 512, 512),
        (64, 32, 32, 32),
        (64, 16, 64, 64),
        (64, 8, 128, 128),
    ];
    for (batch, size, channels, filters) in layers {
        for (op, inputs) in layer(batch, size, channels, filters) {
            let word = op.word();
            let graph = single(op, &inputs.each_ref().map(Vec::as_slice));
            for cpu in cpus() {
                let kernel = plan(graph.clone(), &cpu).steps[0].kernel.to_string();
                assert!(kernel.starts_with("winograd F("), "{word} of {size}x{size}x{channels}: {kernel}");
            }
        }
    }
}

/// Small sums and few channels are not worth its transforms.
#[test]
fn it_leaves_small_layers_alone() {
    for (batch, size, channels, filters) in [(1, 5, 16, 16), (1, 28, 6, 16), (64, 8, 4, 4)] {
        for (op, inputs) in layer(batch, size, channels, filters) {
            let graph = single(op, &inputs.each_ref().map(Vec::as_slice));
            for cpu in cpus() {
                let kernel = plan(graph.clone(), &cpu).steps[0].kernel.to_string();
                assert!(!kernel.contains("winograd"), "{size}x{size}x{channels}: {kernel}");
            }
        }
    }
}

/// At the tolerance of every other op.
#[test]
fn layers_are_as_exact_as_other_ops() {
    for (batch, size, channels, filters) in [(1, 28, 128, 128), (3, 13, 100, 72), (2, 7, 260, 257)] {
        for (op, inputs) in layer(batch, size, channels, filters) {
            check_single(&cpus(), op, &inputs.each_ref().map(Vec::as_slice));
        }
    }
}

#[test]
fn what_is_not_a_number_is_not_hidden() {
    for (op, inputs) in layer(1, 28, 64, 64) {
        let word = op.word();
        let graph = single(op, &inputs.each_ref().map(Vec::as_slice));
        let mut values = [random(&inputs[0], 1), random(&inputs[1], 2)];
        values[0].as_slice_mut().unwrap()[17] = f32::NAN;
        for cpu in cpus() {
            let y = run_single(&cpu, &graph, &values.each_ref());
            assert!(y.iter().any(|y| y.is_nan()), "{word}");
        }
    }
}
