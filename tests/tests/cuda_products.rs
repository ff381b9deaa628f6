//! Products and convolutions on the GPU: each of their kernels by a case that it alone is chosen for, and how few words
//! they load.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use fovea_cuda_emulator::Counters;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad, Matmul, Transpose};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Graph, Op, Tensor};
use fovea_tests::backend::Running;
use fovea_tests::compare::compare;
use fovea_tests::cuda::{TestGpu, kernels};
use fovea_tests::op_cases::{LEARNING_RATE, STEP, build, outputs};
use ndarray::IxDyn;

/// ‖Δ‖/‖expected‖, of sums of up to some thousand products.
const TOLERANCE: f64 = 1e-6;

/// The sources of the kernels of products.
const SOURCES: [&str; 6] = ["matmul", "conv_fprop", "conv_dgrad", "conv_wgrad", "conv_narrow", "conv_depthwise"];

/// An op on two inputs of these shapes, and the kernel that computes it.
struct Case {
    op: Op,
    shapes: [Vec<usize>; 2],
    kernel: &'static str,
}

fn case(kernel: &'static str, op: Op, first: &[usize], second: &[usize]) -> Case {
    Case { op, shapes: [first.to_vec(), second.to_vec()], kernel }
}

/// A convolution of some stride and groups with a padding of 1, but where the window is 1.
fn conv(window: &[usize], stride: usize, groups: usize) -> Conv {
    let pad = window.iter().map(|&size| if size == 1 { [0, 0] } else { [1, 1] }).collect();
    Conv { stride: vec![stride; window.len()], pad, groups, ..Conv::plain(window.len()) }
}

/// Forward and both gradients of a convolution of `x` `[N, map…, C]` with so many filters: these three kernels.
fn convolution(kernels: [&'static str; 3], x: &[usize], filters: usize, conv: Conv, window: &[usize]) -> Vec<Case> {
    let (map, channels) = (&x[1..x.len() - 1], x[x.len() - 1]);
    let w = [&[filters], window, &[channels / conv.groups]].concat();
    let windows = conv.output_extent(map, window).unwrap();
    let y = [&[x[0]], &windows[..], &[filters]].concat();
    let dgrad = Op::ConvDgrad(ConvDgrad { conv: conv.clone(), extent: map.to_vec() });
    let wgrad = Op::ConvWgrad(ConvWgrad { conv: conv.clone(), window: window.to_vec() });
    let all = [(Op::Conv(conv), x, &w[..]), (dgrad, &w, &y), (wgrad, x, &y)];
    all.into_iter().zip(kernels).filter(|(_, k)| !k.is_empty()).map(|((op, a, b), k)| case(k, op, a, b)).collect()
}

fn convolutions() -> Vec<Case> {
    let narrow = [3, 3];
    let all = [
        convolution(
            ["conv_fprop_2d", "conv_dgrad_2d", "conv_wgrad_2d"],
            &[2, 9, 11, 35],
            33,
            conv(&narrow, 2, 1),
            &narrow,
        ),
        convolution(
            ["conv_fprop_2d_wide", "conv_dgrad_2d_wide", "conv_wgrad_2d_wide"],
            &[2, 12, 11, 72],
            80,
            conv(&narrow, 2, 2),
            &narrow,
        ),
        convolution(
            ["conv_fprop_2d_slim", "conv_dgrad_2d_slim", "conv_wgrad_2d_square"],
            &[2, 9, 11, 7],
            5,
            conv(&narrow, 3, 1),
            &narrow,
        ),
        convolution(
            ["conv_narrow", "conv_dgrad_2d_slim", "conv_wgrad_2d_square"],
            &[2, 21, 19, 3],
            20,
            conv(&[5, 5], 2, 1),
            &[5, 5],
        ),
        convolution(
            ["conv_fprop_3d", "conv_dgrad_3d", "conv_wgrad_3d"],
            &[2, 4, 5, 6, 7],
            9,
            conv(&[3, 2, 3], 2, 1),
            &[3, 2, 3],
        ),
        convolution(
            ["conv_fprop_3d_wide", "conv_dgrad_3d_wide", "conv_wgrad_3d_wide"],
            &[2, 4, 5, 6, 8],
            12,
            conv(&[2, 3, 3], 1, 1),
            &[2, 3, 3],
        ),
        convolution(
            ["conv_depthwise", "conv_depthwise_dgrad", "conv_depthwise_wgrad"],
            &[3, 17, 19, 36],
            72,
            conv(&narrow, 2, 36),
            &narrow,
        ),
        convolution(["matmul_nt", "matmul_nn", "matmul_tn"], &[3, 5, 7, 65], 67, conv(&[1, 1], 1, 1), &[1, 1]),
        // Tiles of 128×64 are chosen where there are at least 264 of them.
        convolution(["conv_fprop_2d_large", "", ""], &[3, 107, 107, 4], 64, conv(&[1, 2], 1, 1), &[1, 2]),
        convolution(["", "conv_dgrad_2d_large", ""], &[3, 107, 107, 64], 4, conv(&[1, 2], 1, 1), &[1, 2]),
        convolution(["", "", "conv_wgrad_2d_large"], &[1, 3, 4, 768], 1408, conv(&[1, 2], 1, 1), &[1, 2]),
    ];
    all.into_iter().flatten().collect()
}

fn products() -> Vec<Case> {
    let kernels = [
        ["matmul_nn", "matmul_nn_wide", "matmul_nn_large"],
        ["matmul_nt", "matmul_nt_wide", "matmul_nt_large"],
        ["matmul_tn", "matmul_tn_wide", "matmul_tn_large"],
        ["matmul_tt", "matmul_tt_wide", "matmul_tt_large"],
    ];
    let both = [Transpose::No, Transpose::Yes];
    let transposes = both.iter().flat_map(|&a| both.map(|b| (a, b)));
    let sizes = [[70, 67, 131], [68, 132, 300], [1408, 1536, 12]];
    let all = transposes.zip(kernels).flat_map(|((a, b), kernels)| {
        kernels.into_iter().zip(sizes).map(move |(kernel, [rows, columns, depth])| {
            case(kernel, Op::Matmul(Matmul::new(a, b)), &a.view([rows, depth]), &b.view([depth, columns]))
        })
    });
    all.collect()
}

fn graph(case: &Case) -> Graph {
    let inputs = ["a", "b"].map(String::from).into_iter().zip(case.shapes.clone()).collect::<Vec<_>>();
    build(case.kernel, &inputs, &[], |graph, of| graph.push(case.op.clone(), &[of["a"], of["b"]], None)).unwrap()
}

/// Computes a case and holds it against the reference; what was counted on the way.
fn check(gpu: &TestGpu, case: &Case) -> Counters {
    let graph = graph(case);
    let draw = |(i, dims): (usize, &Vec<usize>)| {
        let stream = Stream::new(17, Purpose::Data, i as u32);
        let values = (0..dims.iter().product::<usize>() as u64).map(|at| stream.normal(at) as f32).collect();
        Tensor::from_shape_vec(IxDyn(dims), values).unwrap()
    };
    let inputs: Vec<Tensor> = case.shapes.iter().enumerate().map(draw).collect();
    let mut running = Running::new(&gpu.backend, &graph, &[]);
    gpu.emulator.iter().for_each(|emulator| emulator.reset_counters());
    running.run(&inputs, LEARNING_RATE, STEP);
    let found = running.output("result");
    let expected = &outputs(&graph, &inputs.iter().map(fovea_tests::compare::wide).collect::<Vec<_>>())[0].1;
    compare(&found, expected, TOLERANCE).unwrap_or_else(|why| panic!("{} of {:?}: {why}", case.kernel, case.shapes));
    gpu.emulator.map_or_else(Counters::default, |emulator| emulator.counters())
}

#[test]
fn every_kernel_of_products_is_right_where_it_is_chosen() {
    let Some(gpu) = TestGpu::alone(false) else { return };
    let mut ran = BTreeSet::new();
    for case in convolutions().iter().chain(&products()) {
        let launches = check(&gpu, case).launches;
        if gpu.emulator.is_some() {
            assert!(
                launches.iter().any(|kernel| kernel == case.kernel),
                "{} was not chosen: {launches:?}",
                case.kernel
            );
        }
        ran.extend(launches);
    }
    let all = kernels();
    let missing: Vec<&String> =
        SOURCES.iter().flat_map(|&source| &all[source]).filter(|name| !ran.contains(*name)).collect();
    assert!(gpu.emulator.is_none() || missing.is_empty(), "no case for {missing:?}");
}

/// One thread an output loads two words for each product of its sum; tiles are to load an eighth of that at most, what adds
/// up slices included.
#[test]
fn tiles_load_at_most_an_eighth_of_what_one_thread_an_output_does() {
    let Some(gpu) = TestGpu::alone(false) else { return };
    if gpu.emulator.is_none() {
        return;
    }
    let window = [3, 3];
    let kernels = ["conv_fprop_2d_wide", "conv_dgrad_2d_wide", "conv_wgrad_2d_wide"];
    let mut cases = convolution(kernels, &[1, 16, 16, 64], 64, conv(&window, 1, 1), &window);
    let product = Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes));
    cases.push(case("matmul_nt_wide", product, &[256, 576], &[64, 576]));
    for case in cases {
        // All four are the same product of 256 × 64 × 576, which takes the sizes in turn.
        let (naive, loaded) = (2 * 256 * 64 * 576, check(&gpu, &case).total().loaded);
        println!("measured: {}: {loaded} words, 1/{} of {naive}", case.kernel, naive / loaded);
        assert!(8 * loaded <= naive, "{} loads {loaded} words", case.kernel);
    }
}
