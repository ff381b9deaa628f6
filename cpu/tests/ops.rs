//! Every op against the f64 reference, on random sizes.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_cpu::Cpu;
use fovea_graph::op::{self, Activation, PoolKind, Transpose};
use fovea_graph::window::Rounding;
use fovea_graph::{Backend, Op};
use proptest::prelude::*;
use support::{CPUS, check_single, check_single_on, labels, random, single};

/// A convolution with the shapes of its input and filter.
#[derive(Clone, Debug)]
struct Case {
    conv: op::Conv,
    x: Vec<usize>,
    filter: Vec<usize>,
}

/// One axis: map, window, stride, padding before and after, dilation; the window fits.
fn axis() -> impl Strategy<Value = (usize, usize, usize, [usize; 2], usize)> {
    (1usize..5, 1usize..4, 1usize..4, 0usize..3, 0usize..3, 0usize..9).prop_map(
        |(window, stride, dilate, before, after, more)| {
            let extent = (window - 1) * dilate + 1;
            let pad = [before.min(extent - 1), after.min(extent - 1)];
            let map = extent.saturating_sub(pad[0] + pad[1]).max(1) + more;
            (map, window, stride, pad, dilate)
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let channels = (prop_oneof![Just(1usize), 2usize..4, Just(6)], 1usize..10, 1usize..10);
    (1usize..4).prop_flat_map(move |rank| {
        (prop::collection::vec(axis(), rank), channels.clone(), prop_oneof![Just(1usize), Just(5)]).prop_map(
            |(axes, (groups, per_group, filters), batch)| {
                let conv = op::Conv {
                    stride: axes.iter().map(|a| a.2).collect(),
                    pad: axes.iter().map(|a| a.3).collect(),
                    dilate: axes.iter().map(|a| a.4).collect(),
                    groups,
                    activation: None,
                };
                let map = axes.iter().map(|a| a.0).collect::<Vec<_>>();
                let window = axes.iter().map(|a| a.1).collect::<Vec<_>>();
                Case {
                    conv,
                    x: [&[batch], &map[..], &[groups * per_group]].concat(),
                    filter: [&[groups * filters], &window[..], &[per_group]].concat(),
                }
            },
        )
    })
}

/// The convolution and both of its gradients.
fn check_conv(Case { conv, x, filter }: &Case) {
    let spatial = conv.output_extent(&x[1..x.len() - 1], &filter[1..filter.len() - 1]).unwrap();
    let y = [&x[..1], &spatial[..], &filter[..1]].concat();
    check_single(&CPUS, Op::Conv(conv.clone()), &[x, filter]);
    let fused = op::Conv { activation: Some(Activation::Relu), ..conv.clone() };
    check_single(&CPUS, Op::Conv(fused), &[x, filter, &filter[..1]]);
    let (extent, window) = (x[1..x.len() - 1].to_vec(), filter[1..filter.len() - 1].to_vec());
    check_single(&CPUS, Op::ConvDgrad(op::ConvDgrad { conv: conv.clone(), extent }), &[filter, &y]);
    check_single(&CPUS, Op::ConvWgrad(op::ConvWgrad { conv: conv.clone(), window }), &[x, &y]);
}

fn pool_case() -> impl Strategy<Value = (op::Pool, Vec<usize>)> {
    let kinds = (
        prop_oneof![Just(PoolKind::Max), Just(PoolKind::Avg)],
        prop_oneof![Just(Rounding::Floor), Just(Rounding::Ceil)],
    );
    (1usize..4).prop_flat_map(move |rank| {
        let channels = prop_oneof![1usize..9, 30usize..70];
        (prop::collection::vec(axis(), rank), kinds.clone(), channels, prop_oneof![Just(1usize), Just(5)]).prop_map(
            |(axes, (kind, rounding), channels, batch)| {
                let pad = |size: usize, pad: [usize; 2]| pad.map(|p| p.min(size - 1));
                let pool = op::Pool {
                    kind,
                    size: axes.iter().map(|a| a.1).collect(),
                    stride: axes.iter().map(|a| a.2).collect(),
                    pad: axes.iter().map(|a| pad(a.1, a.3)).collect(),
                    rounding,
                };
                let map = axes.iter().map(|a| a.0.max(a.1)).collect::<Vec<_>>();
                (pool, [&[batch], &map[..], &[channels]].concat())
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn convolutions(case in case()) {
        check_conv(&case);
    }

    #[test]
    fn pools((pool, x) in pool_case()) {
        let spatial = pool.output_extent(&x[1..x.len() - 1]).unwrap();
        let y = [&x[..1], &spatial[..], &x[x.len() - 1..]].concat();
        check_single(&CPUS, Op::Pool(pool.clone()), &[&x]);
        check_single(&CPUS, Op::PoolGrad(op::PoolGrad { pool: pool.clone() }), &[&x, &y]);
        // Many equal elements: the first of the largest gets all of the gradient.
        let coarse = random(&x, 1).mapv(f32::round);
        check_single_on(&CPUS, Op::PoolGrad(op::PoolGrad { pool }), &[coarse, random(&y, 2)], 1e-5);
    }

    #[test]
    fn products(
        m in 1usize..70, n in 1usize..70, k in 1usize..200, a: bool, b: bool, bias: bool, relu: bool,
    ) {
        let transpose = |yes| if yes { Transpose::Yes } else { Transpose::No };
        let mut op = op::Matmul::new(transpose(a), transpose(b));
        op.activation = relu.then_some(Activation::Relu);
        let (first, second) = (transpose(a).view([m, k]), transpose(b).view([k, n]));
        let inputs = if bias { vec![&first[..], &second[..], std::slice::from_ref(&n)] } else { vec![&first[..], &second[..]] };
        check_single(&CPUS, Op::Matmul(op), &inputs);
    }

    #[test]
    fn ops_on_channels(positions in 1usize..40, channels in 1usize..90) {
        let x = [positions, 3, channels];
        check_single(&CPUS, Op::Softmax(op::Softmax {}), &[&x]);
        check_single(&CPUS, Op::SoftmaxGrad(op::SoftmaxGrad {}), &[&x, &x]);
        check_single(&CPUS, Op::Bias(op::Bias {}), &[&x, &[channels]]);
        check_single(&CPUS, Op::ChannelSum(op::ChannelSum {}), &[&x]);
        let known = [random(&x, 1).mapv(|v| (4.0 * v).round()), labels(&x[..2], channels, 2)];
        check_single_on(&CPUS, Op::CrossEntropy(op::CrossEntropy::default()), &known, 1e-5);
        check_single_on(&CPUS, Op::Correct(op::Correct::default()), &known, 0.0);
        let [logits, labels] = known;
        check_single_on(&CPUS, Op::CrossEntropyGrad(op::CrossEntropyGrad::default()), &[logits, labels, random(&[], 3)], 1e-5);
    }
}

/// Sizes that are cut into several tasks, in every algorithm.
#[test]
fn large_convolutions() {
    let conv = |window: usize, pad: [usize; 2], groups: usize, x: [usize; 4], filters: usize| Case {
        conv: op::Conv { pad: vec![pad; 2], groups, ..op::Conv::plain(2) },
        filter: vec![filters, window, window, x[3] / groups],
        x: x.to_vec(),
    };
    let cases = [
        (conv(5, [2, 2], 1, [32, 28, 28, 1], 6), "direct"),
        (conv(7, [3, 2], 1, [2, 70, 66, 7], 40), "direct"),
        (conv(5, [2, 2], 1, [9, 28, 28, 12], 6), "planar"),
        (conv(5, [2, 2], 1, [9, 28, 28, 12], 32), "product"),
        (conv(3, [1, 1], 1, [2, 40, 40, 24], 80), "winograd"),
        (conv(3, [0, 1], 1, [3, 9, 9, 256], 160), "winograd"),
        (conv(1, [0, 0], 1, [4, 30, 30, 48], 100), "product"),
        (conv(3, [1, 1], 2, [2, 30, 30, 32], 48), "product"),
        (conv(3, [1, 1], 40, [3, 33, 33, 40], 40), "depthwise"),
        (conv(3, [1, 1], 20, [3, 21, 21, 20], 60), "depthwise"),
    ];
    for (case, algorithm) in cases {
        for kernel in kernels(Op::Conv(case.conv.clone()), &[&case.x, &case.filter]) {
            assert!(kernel.starts_with(algorithm), "{kernel}, not {algorithm}");
        }
        check_conv(&case);
    }
}

/// A convolution that is padded and dilated alike along all axes.
fn conv(stride: &[usize], pad: [usize; 2], dilate: usize, groups: usize) -> op::Conv {
    let rank = stride.len();
    op::Conv { stride: stride.to_vec(), pad: vec![pad; rank], dilate: vec![dilate; rank], groups, activation: None }
}

/// Maps whose channels fill the vectors: the gradient by the filters goes band by band.
#[test]
fn channels_that_fill_the_vectors() {
    let cases = [
        (conv(&[1, 1], [1, 1], 1, 1), vec![3, 29, 31, 32], vec![20, 3, 3, 32]),
        (conv(&[2, 2], [0, 0], 1, 1), vec![2, 29, 32, 48], vec![30, 1, 1, 48]),
        (conv(&[3, 2], [0, 0], 1, 1), vec![2, 29, 32, 31], vec![15, 3, 1, 31]),
        (conv(&[2, 3], [2, 1], 2, 2), vec![2, 23, 40, 64], vec![28, 5, 3, 32]),
        (conv(&[1, 2], [1, 0], 1, 1), vec![1, 7, 1100, 16], vec![17, 3, 4, 16]),
        (conv(&[2], [3, 1], 3, 1), vec![2, 1500, 48], vec![40, 5, 48]),
        (conv(&[1, 1], [2, 2], 1, 1), vec![9, 7, 7, 80], vec![64, 3, 3, 80]),
        (conv(&[3, 3], [0, 0], 1, 1), vec![2, 26, 26, 24], vec![40, 4, 4, 24]),
        (conv(&[1, 1], [2, 2], 1, 1), vec![3, 13, 13, 33], vec![17, 5, 5, 33]),
        (conv(&[1, 2, 1], [1, 1], 1, 1), vec![2, 4, 5, 6, 10], vec![5, 3, 2, 3, 10]),
        (conv(&[1, 1], [1, 1], 1, 2), vec![1, 5, 5, 140], vec![70, 3, 3, 70]),
        (conv(&[1, 1], [2, 2], 1, 1), vec![1, 7, 6, 51], vec![37, 5, 5, 51]),
    ];
    for (conv, x, filter) in cases {
        check_conv(&Case { conv, x, filter });
    }
}

/// Few channels on the map, or few filters: steps and runs that are constants somewhere and others, lines of any length.
#[test]
fn few_channels() {
    let cases = [
        (conv(&[1, 1], [2, 2], 1, 1), vec![2, 28, 28, 1], vec![6, 5, 5, 1]),
        (conv(&[1, 1], [0, 0], 1, 1), vec![3, 14, 14, 6], vec![16, 5, 5, 6]),
        (conv(&[2, 2], [3, 3], 1, 1), vec![2, 37, 41, 3], vec![40, 7, 7, 3]),
        (conv(&[4, 4], [2, 2], 1, 1), vec![1, 47, 39, 3], vec![20, 11, 11, 3]),
        (conv(&[1, 1], [1, 1], 1, 1), vec![2, 20, 17, 4], vec![9, 3, 3, 4]),
        (conv(&[1, 2], [0, 0], 1, 1), vec![1, 11, 50, 1], vec![33, 1, 10, 1]),
        (conv(&[2, 1], [1, 2], 2, 1), vec![2, 13, 27, 3], vec![12, 3, 3, 3]),
        (conv(&[3], [1, 1], 1, 1), vec![4, 90, 2], vec![7, 9, 2]),
        (conv(&[1, 1], [2, 1], 1, 1), vec![2, 9, 30, 20], vec![3, 5, 5, 20]),
        (conv(&[2, 3], [2, 1], 1, 1), vec![2, 23, 31, 12], vec![2, 5, 5, 12]),
        (conv(&[1, 2], [2, 3], 2, 1), vec![1, 20, 45, 10], vec![5, 5, 5, 10]),
        (conv(&[1, 1], [4, 0], 1, 1), vec![1, 8, 33, 9], vec![1, 7, 7, 9]),
        (conv(&[1], [3, 2], 3, 1), vec![2, 50, 24], vec![4, 9, 24]),
        (conv(&[1], [4, 4], 1, 1), vec![2, 300, 18], vec![1, 9, 18]),
        (conv(&[1, 1, 1], [1, 1], 1, 1), vec![2, 5, 7, 20, 9], vec![2, 3, 3, 3, 9]),
        (conv(&[2, 1, 2], [1, 0], 1, 1), vec![1, 7, 6, 40, 10], vec![1, 3, 2, 4, 10]),
        (conv(&[1, 1, 1], [1, 1], 1, 1), vec![1, 6, 7, 18, 1], vec![9, 3, 3, 3, 1]),
        (conv(&[1, 1], [1, 1], 1, 1), vec![2, 17, 19, 3], vec![64, 3, 3, 3]),
    ];
    for (conv, x, filter) in cases {
        check_conv(&Case { conv, x, filter });
    }
}

/// What runs an op of inputs of these shapes, on each set of instructions.
fn kernels(op: Op, shapes: &[&[usize]]) -> Vec<String> {
    let graph = single(op, shapes);
    let node = graph.find_output("y").unwrap();
    CPUS.iter().map(|cpu| cpu.choose(&graph, node).kernel.to_string()).collect()
}

/// Strides whose phases are many and small: the gradient by the input is one product, whose sums are added where windows
/// overlap, beside one another, and with places between them that none reaches; over one, two and three axes, and in parts.
#[test]
fn windows_that_are_added() {
    let cases = [
        (conv(&[3, 3], [0, 0], 1, 1), vec![2, 50, 50, 24], vec![40, 4, 4, 24]),
        (conv(&[2, 2], [1, 1], 1, 1), vec![1, 29, 31, 17], vec![37, 3, 3, 17]),
        (conv(&[3, 2], [2, 1], 1, 1), vec![3, 22, 19, 9], vec![33, 3, 4, 9]),
        (conv(&[2, 3], [3, 2], 2, 1), vec![2, 25, 31, 11], vec![40, 3, 3, 11]),
        (conv(&[4, 3], [0, 0], 1, 1), vec![2, 23, 25, 20], vec![50, 2, 1, 20]),
        (conv(&[3, 3], [2, 2], 1, 1), vec![1, 160, 120, 12], vec![30, 4, 5, 12]),
        (conv(&[4], [5, 1], 1, 1), vec![2, 5003, 20], vec![33, 7, 20]),
        (conv(&[2, 3, 2], [1, 1], 1, 1), vec![2, 7, 10, 9, 9], vec![35, 3, 2, 3, 9]),
    ];
    for (conv, x, filter) in cases {
        let extent = x[1..x.len() - 1].to_vec();
        let out = conv.output_extent(&extent, &filter[1..filter.len() - 1]).unwrap();
        let y = [&x[..1], &out[..], &filter[..1]].concat();
        let dgrad = Op::ConvDgrad(op::ConvDgrad { conv: conv.clone(), extent });
        assert!(kernels(dgrad, &[&filter, &y]).iter().all(|kernel| kernel.ends_with("added at a time")));
        check_conv(&Case { conv, x, filter });
    }
}

/// Few windows and deep filters that are made anew for each step: rows, filters and channels that fill tiles and vectors and
/// others, one piece of the depth and several, one task and several; over one, two and three axes.
#[test]
fn few_positions() {
    let cases = [
        (conv(&[1, 1], [2, 2], 1, 1), vec![1, 7, 7, 130], vec![131, 5, 5, 130]),
        (conv(&[1, 1], [2, 2], 1, 1), vec![1, 8, 16, 64], vec![144, 5, 5, 64]),
        (conv(&[2, 2], [1, 1], 1, 1), vec![2, 5, 5, 70], vec![25, 3, 3, 70]),
        (conv(&[2, 2], [0, 0], 1, 1), vec![1, 3, 3, 100], vec![70, 3, 3, 100]),
        (conv(&[2, 3], [0, 1], 2, 1), vec![1, 9, 9, 35], vec![50, 3, 3, 35]),
        (conv(&[1], [3, 3], 1, 1), vec![3, 20, 90], vec![150, 7, 90]),
        (conv(&[1, 1, 1], [1, 1], 1, 1), vec![1, 3, 4, 5, 40], vec![33, 3, 3, 3, 40]),
    ];
    for (conv, x, filter) in cases {
        let kernels = kernels(Op::Conv(conv.clone()), &[&x, &filter]);
        assert!(kernels.iter().all(|kernel| kernel.starts_with("inner product")), "{x:?} {filter:?}: {kernels:?}");
        check_conv(&Case { conv, x, filter });
    }
}

/// Windows that lie together on the map are read where they lie, but for those that reach over an edge or from line to line.
#[test]
fn windows_on_one_line() {
    let padded = |stride: &[usize], pad: &[[usize; 2]]| op::Conv { pad: pad.to_vec(), ..conv(stride, [0, 0], 1, 1) };
    let cases = [
        (conv(&[1], [2, 2], 1, 1), vec![4, 128, 32], vec![64, 5, 32]),
        (conv(&[3], [0, 4], 1, 1), vec![2, 301, 9], vec![33, 7, 9]),
        (padded(&[1, 2], &[[0, 0], [1, 0]]), vec![2, 13, 41, 24], vec![40, 1, 3, 24]),
        (conv(&[2, 2], [0, 0], 1, 1), vec![2, 28, 28, 40], vec![50, 1, 1, 40]),
        (padded(&[2, 3, 1], &[[0, 0], [0, 0], [0, 2]]), vec![2, 5, 7, 30, 12], vec![50, 1, 1, 4, 12]),
    ];
    for (conv, x, filter) in cases {
        check_conv(&Case { conv, x, filter });
    }
}

/// Windows of single places and few filters: channels that fill vectors and others, positions of several tasks.
#[test]
fn few_filters() {
    for (channels, filters, x) in [(64, 1, [4, 32, 32]), (30, 3, [4, 20, 20]), (17, 2, [1, 3, 1]), (9, 4, [2, 5, 7])] {
        let x = [&x[..], &[channels]].concat();
        let case = Case { conv: conv(&[1, 1], [0, 0], 1, 1), x, filter: vec![filters, 1, 1, channels] };
        let kernels = kernels(Op::Conv(case.conv.clone()), &[&case.x, &case.filter]);
        assert!(kernels.iter().all(|kernel| kernel.starts_with("few filters")));
        check_conv(&case);
    }
    check_conv(&Case { conv: conv(&[1], [0, 0], 1, 1), x: vec![3, 70, 100], filter: vec![3, 1, 100] });
}

/// Windows of one channel each: of the widths that have loops of their own and of others, at the edges and between, with
/// channels that end inside of a vector, that do not fill one, and that have several filters.
#[test]
fn depthwise_convolutions() {
    let case = |conv: op::Conv, x: &[usize], window: &[usize], filters: usize| Case {
        filter: [&[filters], window, &[1]].concat(),
        x: x.to_vec(),
        conv,
    };
    for channels in [5, 16, 37] {
        let across = |stride, pad, dilate| conv(&[stride; 2], pad, dilate, channels);
        for (size, pad) in [(1, [0, 0]), (2, [1, 0]), (3, [1, 1]), (4, [2, 1]), (5, [2, 2]), (7, [3, 3])] {
            for stride in [1, 2, 3] {
                for width in [size.max(2), 9, 22] {
                    let x = [2, 7, width, channels];
                    check_conv(&case(across(stride, pad, 1), &x, &[size; 2], channels));
                }
            }
        }
        let others = [
            case(across(2, [4, 3], 3), &[1, 11, 17, channels], &[3, 3], channels),
            case(across(1, [1, 1], 1), &[1, 6, 13, channels], &[2, 5], 2 * channels),
            case(across(2, [1, 1], 1), &[2, 6, 13, channels], &[3, 3], 3 * channels),
            case(conv(&[1], [1, 1], 1, channels), &[3, 50, channels], &[3], channels),
            case(conv(&[2], [3, 0], 2, channels), &[3, 50, channels], &[5], 2 * channels),
            case(conv(&[1; 3], [1, 1], 1, channels), &[1, 4, 5, 9, channels], &[3, 3, 3], channels),
            case(conv(&[2, 1, 2], [1, 1], 1, channels), &[1, 5, 6, 11, channels], &[2, 3, 3], channels),
        ];
        others.iter().for_each(check_conv);
    }
}

/// Groups that fill no vector: neighbours are one where their number allows.
#[test]
fn small_groups() {
    let cases = [
        (conv(&[1, 1], [1, 1], 1, 32), vec![2, 15, 14, 128], vec![128, 3, 3, 4]),
        (conv(&[2, 1], [1, 0], 1, 16), vec![2, 9, 11, 32], vec![48, 3, 3, 2]),
        (conv(&[2, 2], [1, 1], 1, 6), vec![1, 13, 10, 30], vec![30, 3, 3, 5]),
        (conv(&[1, 1], [2, 1], 2, 7), vec![3, 8, 9, 21], vec![14, 3, 3, 3]),
        (conv(&[1, 1], [0, 0], 1, 8), vec![3, 7, 9, 64], vec![32, 1, 1, 8]),
        (conv(&[1, 3], [1, 1], 1, 4), vec![1, 40, 33, 24], vec![8, 5, 5, 6]),
        (conv(&[2], [2, 2], 1, 8), vec![2, 200, 32], vec![24, 5, 4]),
        (conv(&[1, 2, 1], [1, 0], 1, 4), vec![1, 4, 6, 5, 12], vec![16, 2, 3, 3, 3]),
    ];
    for (conv, x, filter) in cases {
        check_conv(&Case { conv, x, filter });
    }
}

/// One large image, whose gradients are added up in parts.
#[test]
fn parts_of_one_image() {
    let cases = [
        (conv(&[1, 1], [1, 1], 1, 1), vec![1, 150, 131, 12], vec![5, 3, 3, 12]),
        (conv(&[3, 2], [4, 3], 2, 2), vec![1, 190, 120, 12], vec![6, 5, 4, 6]),
        (conv(&[2, 1], [2, 0], 1, 12), vec![1, 180, 100, 12], vec![12, 4, 3, 1]),
        (conv(&[1, 1], [0, 1], 1, 12), vec![2, 160, 90, 12], vec![24, 3, 3, 1]),
        (conv(&[3], [2, 2], 3, 1), vec![1, 70000, 3], vec![4, 5, 3]),
        (conv(&[2, 1, 1], [1, 1], 1, 1), vec![1, 60, 30, 20, 4], vec![3, 3, 2, 3, 4]),
        (conv(&[1, 1, 1], [1, 1], 1, 1), vec![1, 1, 200, 150, 4], vec![3, 2, 3, 3, 4]),
    ];
    for (conv, x, filter) in cases {
        check_conv(&Case { conv, x, filter });
    }
    for (size, stride, pad, x) in [
        (vec![3, 3], vec![2, 2], 1, vec![1, 190, 140, 9]),
        (vec![2, 2], vec![2, 2], 0, vec![1, 191, 141, 5]),
        (vec![3, 3], vec![1, 1], 1, vec![1, 90, 70, 33]),
        (vec![2, 2], vec![1, 2], 1, vec![1, 130, 70, 19]),
        (vec![2, 3], vec![5, 1], 1, vec![1, 191, 141, 8]),
        (vec![3], vec![3], 1, vec![1, 100_000, 3]),
        (vec![2, 2, 2], vec![2, 1, 2], 0, vec![1, 61, 40, 20, 3]),
    ] {
        for kind in [PoolKind::Max, PoolKind::Avg] {
            let pad = vec![[pad; 2]; size.len()];
            let pool = op::Pool { kind, size: size.clone(), stride: stride.clone(), pad, rounding: Rounding::Ceil };
            let spatial = pool.output_extent(&x[1..x.len() - 1]).unwrap();
            let y = [&x[..1], &spatial[..], &x[x.len() - 1..]].concat();
            let coarse = random(&x, 1).mapv(|v| (2.0 * v).round());
            check_single(&CPUS, Op::Pool(pool.clone()), &[&x]);
            check_single_on(&CPUS, Op::PoolGrad(op::PoolGrad { pool }), &[coarse, random(&y, 2)], 1e-5);
        }
    }
}

/// Scratch memory follows from the tile, not from the batch; of 512 filters of 512 channels 36 MiB are transformed at once.
#[test]
fn vgg_sized_layers_need_megabytes_of_scratch() {
    let one = Cpu::new(Some(1)).unwrap();
    for (size, c, k) in [(224, 3, 64), (224, 64, 64), (112, 128, 128), (56, 256, 256), (28, 512, 512), (14, 512, 512)] {
        let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
        let (x, y, w) = ([64, size, size, c], [64, size, size, k], [k, 3, 3, c]);
        let dgrad = op::ConvDgrad { conv: conv.clone(), extent: vec![size; 2] };
        let wgrad = op::ConvWgrad { conv: conv.clone(), window: vec![3; 2] };
        let ops: [(Op, [&[usize]; 2]); 3] =
            [(Op::Conv(conv), [&x, &w]), (Op::ConvDgrad(dgrad), [&w, &y]), (Op::ConvWgrad(wgrad), [&x, &y])];
        for (op, inputs) in ops {
            let word = op.word();
            let graph = single(op, &inputs);
            let mib = one.choose(&graph, graph.find_output("y").unwrap()).workspace >> 20;
            assert!(mib <= if c == 512 { 42 } else { 24 }, "{word} of {size}x{size}x{c} takes {mib} MiB");
        }
    }
}

#[test]
fn elementwise_ops_beyond_one_chunk() {
    let x = [3, 150, 151, 2];
    check_single(&CPUS, Op::Relu(op::Relu {}), &[&x]);
    check_single(&CPUS, Op::ReluGrad(op::ReluGrad {}), &[&x, &x]);
    check_single(&CPUS, Op::Add(op::Add {}), &[&x, &x]);
    check_single(&CPUS, Op::Bias(op::Bias {}), &[&x, &[2]]);
    check_single(&CPUS, Op::ChannelSum(op::ChannelSum {}), &[&x]);
    for rate in [0.0, 0.3, 0.5] {
        check_single(&CPUS, Op::Dropout(op::Dropout { rate, stream: 2 }), &[&x]);
    }
    check_single(&CPUS, Op::SquaredError(op::SquaredError {}), &[&x, &x]);
    check_single(&CPUS, Op::SquaredErrorGrad(op::SquaredErrorGrad {}), &[&x, &x, &[]]);
    check_single(&CPUS, Op::SgdVelocity(op::SgdVelocity { momentum: 0.9, decay: 1e-2 }), &[&x, &x, &x]);
    check_single(&CPUS, Op::SgdStep(op::SgdStep { factor: 1.0 }), &[&x, &x]);
    check_single(&CPUS, Op::Softmax(op::Softmax {}), &[&x]);
    let fill = op::Fill { shape: support::shape(&[4, 5]), value: 0.25 };
    check_single(&CPUS, Op::Fill(fill), &[]);
}

/// Products that are cut into several tasks.
#[test]
fn large_products() {
    let op = |a, b| Op::Matmul(op::Matmul::new(a, b));
    check_single(&CPUS, op(Transpose::No, Transpose::Yes), &[&[200, 300], &[500, 300]]);
    check_single(&CPUS, op(Transpose::Yes, Transpose::No), &[&[70, 333], &[70, 1000]]);
    check_single(&CPUS, op(Transpose::No, Transpose::No), &[&[1, 4000], &[4000, 1001]]);
    check_single(&CPUS, op(Transpose::No, Transpose::Yes), &[&[3, 2000], &[1500, 2000]]);
    for rows in [1, 2, 5, 8, 13, 16, 17] {
        check_single(&CPUS, op(Transpose::No, Transpose::Yes), &[&[rows, 1003], &[777, 1003]]);
        check_single(&CPUS, op(Transpose::No, Transpose::No), &[&[rows, 777], &[777, 1003]]);
    }
}

/// Max pooling of squares.
fn max_pool(size: usize, stride: usize, pad: usize) -> op::Pool {
    op::Pool {
        kind: PoolKind::Max,
        size: vec![size; 2],
        stride: vec![stride; 2],
        pad: vec![[pad; 2]; 2],
        rounding: Rounding::Floor,
    }
}

/// What is not a number goes through a max pool and a ReLU, so that the loss shows it.
#[test]
fn what_is_not_a_number_is_not_hidden() {
    let mut x = random(&[1, 4, 4, 1], 1);
    x[[0, 0, 1, 0]] = f32::NAN;
    let pool = max_pool(2, 2, 0);
    for op in [Op::Pool(pool), Op::Relu(op::Relu {})] {
        for cpu in &*CPUS {
            let y = support::run_single(cpu, &single(op.clone(), &[&[1, 4, 4, 1]]), &[&x]);
            assert_eq!(y.iter().filter(|y| y.is_nan()).count(), 1);
        }
    }
}

/// Where lines are pooled together, too, each window has its own: what is no number, or infinite, stays in the windows that see it.
#[test]
fn a_max_pool_of_a_line_keeps_what_is_not_a_number_where_it_is() {
    let [height, width, channels] = [9, 15, 21];
    let mut x = random(&[2, height, width, channels], 5);
    for (at, odd) in [([0, 3, 6, 2], f32::NAN), ([1, 8, 14, 20], f32::INFINITY), ([1, 2, 0, 0], f32::NEG_INFINITY)] {
        x[at] = odd;
    }
    for (size, stride) in [(2, 2), (2, 1), (3, 2)] {
        let pool = max_pool(size, stride, 0);
        for cpu in &*CPUS {
            let y = support::run_single(cpu, &single(Op::Pool(pool.clone()), &[&[2, height, width, channels]]), &[&x]);
            for (at, &y) in y.indexed_iter() {
                let window =
                    (0..size * size).map(|n| x[[at[0], at[1] * stride + n / size, at[2] * stride + n % size, at[3]]]);
                let largest = window.reduce(|a, b| if a.is_nan() || a >= b { a } else { b }).unwrap();
                assert!(y == largest || y.is_nan() && largest.is_nan(), "{size} {stride} {at:?}: {y} for {largest}");
            }
        }
    }
}

/// Of several that are not numbers the first in a window is the largest, wherever the others stand.
#[test]
fn the_first_that_is_not_a_number_gets_the_gradient() {
    let x = [1, 13, 11, 19];
    let holes = random(&x, 3);
    let mut values = random(&x, 1);
    values.zip_mut_with(&holes, |x, &hole| match hole {
        0.5.. => *x = f32::NAN,
        0.3.. => *x = f32::INFINITY,
        ..-0.5 => *x = f32::NEG_INFINITY,
        _ => {}
    });
    for (size, stride) in [(3, 1), (3, 3), (2, 2), (2, 1)] {
        let pool = max_pool(size, stride, 1);
        let spatial = pool.output_extent(&x[1..3]).unwrap();
        let dy = random(&[1, spatial[0], spatial[1], 19], 2);
        let pick = op::PoolPick { pool: pool.clone() };
        check_single_on(&CPUS, Op::PoolGrad(op::PoolGrad { pool }), &[values.clone(), dy], 1e-6);
        check_single_on(&CPUS, Op::PoolPick(pick), &[values.clone(), random(&x, 4)], 1e-6);
    }
}
