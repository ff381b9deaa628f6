//! Ops beyond convolution, pooling and products against the f64 reference, on random sizes of one to three axes.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_graph::op::{self, Function, Interpolation, PoolKind, Statistics};
use fovea_graph::window::Rounding;
use fovea_graph::{Op, Tensor};
use proptest::prelude::*;
use support::{CPUS, check_single, check_single_on, random, run_single, single};

/// A batch of maps: `[N, spatial…, C]` with so many spatial axes.
fn maps(rank: usize) -> impl Strategy<Value = Vec<usize>> {
    let channels = prop_oneof![1usize..9, 30usize..140];
    (1usize..4, prop::collection::vec(1usize..7, rank), channels)
        .prop_map(|(batch, spatial, channels)| [&[batch], &spatial[..], &[channels]].concat())
}

fn any_maps() -> impl Strategy<Value = Vec<usize>> {
    (1usize..4).prop_flat_map(maps)
}

/// Random numbers that are all positive.
fn positive(dims: &[usize], seed: u64) -> Tensor {
    random(dims, seed).mapv(|x| x.abs() + 0.1)
}

const FUNCTIONS: [Function; 5] =
    [Function::Leaky { slope: 0.1 }, Function::Sigmoid, Function::Tanh, Function::Elu, Function::Gelu];

/// Batch normalisation and all of its parts.
fn check_batch_norm(x: &Tensor, tolerance: f64) {
    let channels = &x.shape()[x.ndim() - 1..];
    let dy = random(x.shape(), 2);
    let [mean, scale, shift] = [3, 4, 5].map(|seed| random(channels, seed));
    let variance = positive(channels, 6);
    let check = |op: Op, inputs: &[&Tensor]| {
        let inputs: Vec<Tensor> = inputs.iter().map(|&x| x.clone()).collect();
        check_single_on(&CPUS, op, &inputs, tolerance);
    };
    let eps = 1e-5;
    check(Op::ChannelMean(op::ChannelMean {}), &[x]);
    check(Op::ChannelVariance(op::ChannelVariance {}), &[x, &mean]);
    check(Op::BatchNormScaleGrad(op::BatchNormScaleGrad { eps }), &[x, &mean, &variance, &dy]);
    for statistics in [Statistics::Batch, Statistics::Running] {
        check(Op::BatchNorm(op::BatchNorm { eps, statistics }), &[x, &mean, &variance, &scale, &shift]);
        let dgrad = op::BatchNormDgrad { eps, statistics };
        check(Op::BatchNormDgrad(dgrad), &[x, &mean, &variance, &scale, &dy, &mean, &shift]);
    }
    check(Op::Running(op::Running { momentum: 0.1, correction: 1.25 }), &[&mean, &variance]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn activations(x in any_maps(), wide in 1u8..30) {
        let mut inputs = [random(&x, 1).mapv(|v| v * f32::from(wide)), random(&x, 2)];
        // Below 0 `gelu` is the little that is left of larger numbers. Above it one sets the scale.
        inputs[0].iter_mut().take(1).for_each(|x| *x = x.abs());
        for function in FUNCTIONS {
            check_single_on(&CPUS, Op::Unary(op::Unary { function }), &inputs[..1], 1e-6);
            check_single_on(&CPUS, Op::UnaryGrad(op::UnaryGrad { function }), &inputs, 1e-6);
        }
    }

    #[test]
    fn batch_norms(x in any_maps()) {
        check_batch_norm(&random(&x, 1), 1e-6);
    }

    #[test]
    fn joined_channels(x in any_maps(), more in prop::collection::vec(1usize..70, 0..4), cut in 0usize..50) {
        let (outer, channels) = (&x[..x.len() - 1], x[x.len() - 1]);
        let parts: Vec<Vec<usize>> =
            [channels].iter().chain(&more).map(|&channels| [outer, &[channels]].concat()).collect();
        let parts: Vec<&[usize]> = parts.iter().map(Vec::as_slice).collect();
        check_single(&CPUS, Op::Concat(op::Concat {}), &parts);
        let start = cut % channels;
        let slice = op::ChannelSlice { start, channels: (cut / 3).clamp(1, channels - start) };
        check_single(&CPUS, Op::ChannelSlice(slice), &[&x]);
    }

    #[test]
    fn frames(x in any_maps(), edges in prop::collection::vec((-3i64..4, -3i64..4), 3)) {
        let spatial = &x[1..x.len() - 1];
        let edges = spatial.iter().zip(edges).map(|(&size, (before, after))| {
            let (size, cut) = (size as i64, before.min(0) + after.min(0));
            if size + cut > 0 { [before, after] } else { [before.abs(), after.abs()] }
        });
        check_single(&CPUS, Op::Frame(op::Frame { edges: edges.collect() }), &[&x]);
    }

    #[test]
    fn upsamplings(x in any_maps(), factors in prop::collection::vec(1usize..5, 3), linear: bool) {
        let factor = factors[..x.len() - 2].to_vec();
        let interpolation = if linear { Interpolation::Linear } else { Interpolation::Nearest };
        let upsample = op::Upsample { factor, interpolation };
        check_single_on(&CPUS, Op::Upsample(upsample.clone()), &[random(&x, 1)], 1e-6);
        let mut y = x.clone();
        y[1..].iter_mut().zip(&upsample.factor).for_each(|(size, factor)| *size *= factor);
        check_single_on(&CPUS, Op::UpsampleGrad(op::UpsampleGrad { upsample }), &[random(&y, 1)], 1e-6);
    }

    #[test]
    fn local_responses(
        x in any_maps(), size in 1usize..9, alpha in 1e-4f64..0.5, beta in prop_oneof![Just(0.75), Just(0.5), Just(1.0), 0.2f64..2.0],
    ) {
        let lrn = op::Lrn { size, alpha, beta, k: 1.5 };
        let mut inputs = [random(&x, 1).mapv(|v| 3.0 * v), random(&x, 2)];
        check_single_on(&CPUS, Op::Lrn(lrn.clone()), &inputs[..1], 2e-6);
        // A gradient's two terms may cancel, and leave their rounding alone. Where x is 0 there is one: it sets the scale.
        inputs[0].iter_mut().take(1).for_each(|x| *x = 0.0);
        check_single_on(&CPUS, Op::LrnGrad(op::LrnGrad { lrn }), &inputs, 2e-6);
    }

    #[test]
    fn picks(x in any_maps(), window in prop::collection::vec((1usize..4, 1usize..4, 0usize..2), 3), average: bool, ceil: bool) {
        let axes = x[1..x.len() - 1].iter().zip(window).map(|(&map, (size, stride, pad))| {
            let size = size.min(map);
            (size, stride, pad.min(size - 1))
        });
        let axes: Vec<(usize, usize, usize)> = axes.collect();
        let pool = op::Pool {
            kind: if average { PoolKind::Avg } else { PoolKind::Max },
            size: axes.iter().map(|a| a.0).collect(),
            stride: axes.iter().map(|a| a.1).collect(),
            pad: axes.iter().map(|a| [a.2; 2]).collect(),
            rounding: if ceil { Rounding::Ceil } else { Rounding::Floor },
        };
        // Many equal elements: the first of the largest is the one.
        let coarse = random(&x, 1).mapv(f32::round);
        check_single_on(&CPUS, Op::PoolPick(op::PoolPick { pool }), &[coarse, random(&x, 2)], 1e-6);
    }

    #[test]
    fn moments(x in any_maps(), beta in 0.0f64..1.0, decay in 0.0f64..0.1) {
        let [w, g, m] = [1, 2, 3].map(|seed| random(&x, seed));
        check_single_on(&CPUS, Op::AdamMean(op::AdamMean { beta, decay }), &[w.clone(), g.clone(), m.clone()], 1e-6);
        let v = positive(&x, 4);
        check_single_on(&CPUS, Op::AdamSquare(op::AdamSquare { beta, decay }), &[w.clone(), g, v.clone()], 1e-6);
        let step = op::AdamStep { beta1: beta, beta2: 0.999, eps: 1e-8, decay, factor: 1.0 };
        check_single_on(&CPUS, Op::AdamStep(step), &[w.clone(), m, v], 1e-6);
        check_single_on(&CPUS, Op::Scale(op::Scale { factor: decay - 0.05 }), &[w], 1e-6);
    }
}

/// The batch's statistics at the size of a ResNet's first stage, also far from zero.
#[test]
fn statistics_of_many_elements_are_exact() {
    for offset in [0.0, 100.0] {
        check_batch_norm(&random(&[8, 56, 56, 64], 1).mapv(|x| x + offset), 1e-6);
    }
    check_batch_norm(&random(&[2, 100, 90, 3], 1), 1e-6);
    check_batch_norm(&random(&[2, 9, 9, 700], 1), 1e-6);
}

/// Sizes that are cut into several tasks.
#[test]
fn maps_beyond_one_chunk() {
    let x = [2, 60, 61, 21];
    for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
        let upsample = op::Upsample { factor: vec![3, 2], interpolation };
        check_single(&CPUS, Op::Upsample(upsample.clone()), &[&x]);
        check_single(&CPUS, Op::UpsampleGrad(op::UpsampleGrad { upsample }), &[&[2, 180, 122, 21]]);
    }
    let lrn = op::Lrn { size: 5, alpha: 1e-4, beta: 0.75, k: 2.0 };
    check_single(&CPUS, Op::Lrn(lrn.clone()), &[&x]);
    check_single(&CPUS, Op::LrnGrad(op::LrnGrad { lrn }), &[&x, &x]);
    check_single(&CPUS, Op::Frame(op::Frame { edges: vec![[2, -7], [-1, 3]] }), &[&x]);
    check_single(&CPUS, Op::Concat(op::Concat {}), &[&x, &[2, 60, 61, 2], &x]);
    check_single(&CPUS, Op::ChannelSlice(op::ChannelSlice { start: 20, channels: 1 }), &[&x]);
    for function in FUNCTIONS {
        check_single(&CPUS, Op::Unary(op::Unary { function }), &[&x]);
        check_single(&CPUS, Op::UnaryGrad(op::UnaryGrad { function }), &[&x, &x]);
    }
}

/// Activations where exponentials overflow, vanish or are no numbers.
#[test]
fn activations_at_the_ends() {
    let x = [f32::NEG_INFINITY, -1e30, -200.0, -104.0, -88.0, -1e-20, 0.0, 1e-20, 88.0, 89.0, 200.0, 1e30];
    let x = Tensor::from_shape_vec(ndarray::IxDyn(&[1, x.len()]), x.to_vec()).unwrap();
    let each = |functions: &[Function]| {
        let cases = CPUS.iter().flat_map(|cpu| functions.iter().map(move |&function| (cpu, function)));
        cases.collect::<Vec<_>>()
    };
    for (cpu, function) in each(&[Function::Sigmoid, Function::Tanh, Function::Elu]) {
        let y = run_single(cpu, &single(Op::Unary(op::Unary { function }), &[x.shape()]), &[&x]);
        for (&x, &y) in x.iter().zip(&y) {
            let x = f64::from(x);
            let expected = match function {
                Function::Sigmoid => 1.0 / (1.0 + (-x).exp()),
                Function::Tanh => x.tanh(),
                _ => {
                    if x > 0.0 {
                        x
                    } else {
                        x.exp_m1()
                    }
                }
            };
            let off = (f64::from(y) - expected).abs();
            assert!(off <= 3e-7 * expected.abs() + 1e-42, "{function:?} of {x} is {y}, not {expected}");
        }
    }
    let nan = Tensor::from_elem(ndarray::IxDyn(&[1, 3]), f32::NAN);
    for (cpu, function) in each(&FUNCTIONS) {
        let y = run_single(cpu, &single(Op::Unary(op::Unary { function }), &[nan.shape()]), &[&nan]);
        assert!(y.iter().all(|y| y.is_nan()), "{function:?} hides what is not a number");
    }
}
