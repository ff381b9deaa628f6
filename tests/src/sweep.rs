//! Op cases without goldens: every way to slide a window, sizes beyond one block of work, and dropout, whose mask is
//! nobody's but ours.

use fovea_graph::op::{
    self, AdamMean, AdamSquare, AdamStep, BatchNorm, Conv, ConvDgrad, Dropout, Frame, Function, Interpolation, Lrn,
    Matmul, Measure, Pool, PoolGrad, PoolKind, SgdVelocity, ShapeError, Statistics, Transpose, Unary, Upsample,
};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::window::Rounding;
use fovea_graph::{Graph, Input, NodeId, Op, Tensor};
use ndarray::IxDyn;

use crate::op_cases::{Case, Oracle, build};

/// Convolutions: window × stride × padding × dilation × channels × groups × batch in 2-D, fewer of them in 1-D and 3-D, as
/// far as the window fits.
pub fn convolutions() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |rank: usize, size, stride, pad: &[[usize; 2]], dilate, [channels, groups, batch]: [usize; 3]| {
        let conv = Conv { stride: vec![stride; rank], dilate: vec![dilate; rank], ..Conv::plain(rank) };
        let conv = Conv { pad: pad[..rank].to_vec(), groups, ..conv };
        cases.extend(convolution(conv, size, channels, batch, cases.len()));
    };
    for size in [1, 2, 3, 5] {
        for stride in [1, 2, 3] {
            for pad in [[[0, 0]; 3], [[1, 1]; 3], [[0, 1], [2, 1], [1, 0]]] {
                for dilate in [1, 2] {
                    for (channels, groups) in [(1, 1), (3, 1), (3, 3), (8, 1), (8, 2)] {
                        for batch in [1, 5] {
                            add(2, size, stride, &pad, dilate, [channels, groups, batch]);
                        }
                    }
                    add(1, size, stride, &pad, dilate, [3, 1, 5]);
                    add(1, size, stride, &pad, dilate, [8, 2, 1]);
                    add(3, size, stride, &pad, dilate, [2, 1 + stride % 2, 1]);
                }
            }
        }
    }
    cases
}

/// One convolution with its gradients; `None` where the window does not fit. Bias and ReLU follow in every third case.
fn convolution(conv: Conv, size: usize, channels: usize, batch: usize, number: usize) -> Option<Case> {
    let (rank, groups) = (conv.rank(), conv.groups);
    let filters = 3 * groups;
    let name = format!("{rank}-D {} C {channels} N {batch}", described(&conv, size));
    let map = [&[batch], &[9, 7, 6][..rank], &[channels]].concat();
    let mut inputs = vec![
        ("x".to_string(), map),
        ("w".to_string(), [&[filters], &vec![size; rank][..], &[channels / groups]].concat()),
    ];
    let followed = number % 3 == 1;
    if followed {
        inputs.push(("b".to_string(), vec![filters]));
    }
    let wrt: Vec<String> = inputs.iter().map(|(name, _)| name.clone()).collect();
    let graph = build(&name, &inputs, &wrt, |graph, of| {
        let y = graph.push(Op::Conv(conv), &[of["x"], of["w"]], None)?;
        if !followed {
            return Ok(y);
        }
        let y = graph.push(Op::Bias(op::Bias {}), &[y, of["b"]], None)?;
        graph.push(Op::Relu(op::Relu {}), &[y], None)
    });
    match graph {
        Ok(graph) => Some(case(name, graph, number)),
        Err(ShapeError::Window { .. }) => None,
        Err(why) => panic!("{name}: {why}"),
    }
}

/// What sets one convolution apart from another.
fn described(conv: &Conv, size: usize) -> String {
    let (stride, pad, dilate, groups) = (conv.stride[0], &conv.pad, conv.dilate[0], conv.groups);
    format!("window {size} stride {stride} pad {pad:?} dilate {dilate} groups {groups}")
}

/// Transposed convolutions as layers: window × stride × padding × dilation × groups × every size of the result, in all
/// ranks.
pub fn deconvolutions() -> Vec<Case> {
    let mut cases = Vec::new();
    for rank in 1..=3 {
        for size in [1, 2, 3, 4] {
            for stride in [1, 2, 3] {
                for pad in [[[0, 0]; 3], [[1, 1]; 3], [[1, 0], [0, 2], [1, 1]]] {
                    for (dilate, groups) in [(1, 1), (2, 1), (1, 2)] {
                        let conv = Conv { stride: vec![stride; rank], dilate: vec![dilate; rank], ..Conv::plain(rank) };
                        let conv = Conv { pad: pad[..rank].to_vec(), groups, ..conv };
                        for beyond in 0..stride {
                            cases.extend(deconvolution(&conv, size, beyond, cases.len()));
                        }
                    }
                }
            }
        }
    }
    cases
}

/// A transposed convolution with its gradients, onto a map on which the last window leaves `beyond` elements unseen;
/// `None` where the window does not fit.
fn deconvolution(conv: &Conv, size: usize, beyond: usize, number: usize) -> Option<Case> {
    let (rank, covered) = (conv.rank(), (size - 1) * conv.dilate[0] + 1);
    let (x, from, to) = ([4, 3, 2], 2 * conv.groups, 3 * conv.groups);
    let extent =
        |a: usize| ((x[a] - 1) * conv.stride[a] + covered + beyond).checked_sub(conv.pad[a][0] + conv.pad[a][1]);
    let extent: Vec<usize> = (0..rank).map(extent).collect::<Option<_>>()?;
    let name = format!("{rank}-D transposed {} to {extent:?}", described(conv, size));
    let inputs = [
        ("w".to_string(), [&[from], &vec![size; rank][..], &[to / conv.groups]].concat()),
        ("x".to_string(), [&[2], &x[..rank], &[from]].concat()),
    ];
    let graph = build(&name, &inputs, &["w".to_string(), "x".to_string()], |graph, of| {
        graph.push(Op::ConvDgrad(ConvDgrad { conv: conv.clone(), extent }), &[of["w"], of["x"]], None)
    });
    match graph {
        Ok(graph) => Some(case(name, graph, number)),
        Err(ShapeError::Window { .. }) => None,
        Err(why) => panic!("{name}: {why}"),
    }
}

/// Dropout by itself at several rates and sizes, and between two other ops.
pub fn dropouts() -> Vec<Case> {
    let mut cases = Vec::new();
    for (stream, rate) in [(0, 0.0), (1, 0.1), (2, 0.5), (3, 0.9)] {
        for dims in [vec![5, 7], vec![1, 4, 3, 8], vec![5, 401]] {
            let name = format!("dropout {rate} of {dims:?}");
            let inputs = [("x".to_string(), dims)];
            let graph = build(&name, &inputs, &["x".to_string()], |graph, of| {
                let y = graph.push(Op::Relu(op::Relu {}), &[of["x"]], None)?;
                let y = graph.push(Op::Dropout(Dropout { rate, stream }), &[y], None)?;
                graph.push(Op::Add(op::Add {}), &[y, of["x"]], None)
            });
            cases.push(case(name, graph.unwrap(), cases.len()));
        }
    }
    cases
}

/// A name, an op, and its inputs' names and shapes.
type Listed = (&'static str, Op, &'static [(&'static str, &'static [usize])]);

/// Sizes beyond what one block, tile or thread takes, none of them a round number.
pub fn large() -> Vec<Case> {
    let mut cases: Vec<Case> = [large_products(), large_maps(), large_activations(), large_losses(), large_updates()]
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(number, listed)| one_op(number, listed))
        .collect();
    cases.push(large_batch_norm(cases.len()));
    cases.push(large_unpooling(cases.len()));
    cases
}

/// A 2-D convolution with a padding of 1.
fn padded(stride: usize) -> Conv {
    Conv { stride: vec![stride; 2], pad: vec![[1, 1]; 2], ..Conv::plain(2) }
}

fn large_products() -> Vec<Listed> {
    let dilated = Conv { dilate: vec![2; 2], groups: 2, ..padded(1) };
    let depthwise = Conv { groups: 37, ..padded(1) };
    let fc = Matmul::new(Transpose::No, Transpose::Yes);
    let doubled = ConvDgrad { conv: padded(2), extent: vec![26, 34] };
    let doubled_depthwise = ConvDgrad { conv: Conv { groups: 19, ..padded(2) }, extent: vec![34, 30] };
    let sequence = Conv { stride: vec![2], pad: vec![[2, 2]], ..Conv::plain(1) };
    let volume = Conv { pad: vec![[1, 1]; 3], ..Conv::plain(3) };
    let volume_doubled = Conv { stride: vec![2; 3], pad: vec![[1, 1]; 3], ..Conv::plain(3) };
    let volume_doubled = ConvDgrad { conv: volume_doubled, extent: vec![10, 14, 12] };
    vec![
        ("3x3", Op::Conv(padded(1)), &[("x", &[13, 33, 29, 16]), ("w", &[24, 3, 3, 16])]),
        ("3x3 of pictures", Op::Conv(padded(1)), &[("x", &[3, 65, 71, 3]), ("w", &[33, 3, 3, 3])]),
        ("3x3 stride 2", Op::Conv(padded(2)), &[("x", &[5, 31, 37, 35]), ("w", &[19, 3, 3, 35])]),
        ("3x3 of many channels", Op::Conv(padded(1)), &[("x", &[2, 13, 13, 130]), ("w", &[150, 3, 3, 130])]),
        ("5x5 groups 2 dilate 2", Op::Conv(dilated), &[("x", &[2, 15, 17, 96]), ("w", &[130, 5, 5, 48])]),
        ("1x1", Op::Conv(Conv::plain(2)), &[("x", &[7, 17, 19, 67]), ("w", &[45, 1, 1, 67])]),
        ("depthwise", Op::Conv(depthwise), &[("x", &[5, 23, 21, 37]), ("w", &[37, 3, 3, 1])]),
        ("transposed 4x4", Op::ConvDgrad(doubled), &[("w", &[67, 4, 4, 35]), ("x", &[3, 13, 17, 67])]),
        ("transposed depthwise", Op::ConvDgrad(doubled_depthwise), &[("w", &[19, 4, 4, 1]), ("x", &[5, 17, 15, 19])]),
        ("5 of sequences", Op::Conv(sequence), &[("x", &[7, 301, 33]), ("w", &[45, 5, 33])]),
        ("3x3x3 of volumes", Op::Conv(volume), &[("x", &[2, 9, 11, 10, 17]), ("w", &[19, 3, 3, 3, 17])]),
        ("transposed 4x4x4", Op::ConvDgrad(volume_doubled), &[("w", &[19, 4, 4, 4, 9]), ("x", &[2, 5, 7, 6, 19])]),
        ("fully connected", Op::Matmul(fc), &[("x", &[131, 517]), ("w", &[67, 517])]),
    ]
}

fn large_maps() -> Vec<Listed> {
    let pool = |kind, rank: usize| {
        let (size, stride, pad) = (vec![3; rank], vec![2; rank], vec![[1, 1]; rank]);
        Op::Pool(Pool { kind, size, stride, pad, rounding: Rounding::Ceil })
    };
    let upsample = |factor: &[usize], interpolation| Op::Upsample(Upsample { factor: factor.to_vec(), interpolation });
    let frame = |edges: &[[i64; 2]]| Op::Frame(Frame { edges: edges.to_vec() });
    let lrn = Lrn { size: 5, alpha: 0.5, beta: 0.75, k: 2.0 };
    vec![
        ("bias", Op::Bias(op::Bias {}), &[("x", &[9, 57, 61, 5]), ("b", &[5])]),
        ("maxpool", pool(PoolKind::Max, 2), &[("x", &[7, 45, 46, 19])]),
        ("avgpool", pool(PoolKind::Avg, 2), &[("x", &[7, 45, 46, 19])]),
        ("maxpool of sequences", pool(PoolKind::Max, 1), &[("x", &[7, 1201, 19])]),
        ("avgpool of volumes", pool(PoolKind::Avg, 3), &[("x", &[2, 15, 18, 17, 11])]),
        ("upsample nearest", upsample(&[2, 2], Interpolation::Nearest), &[("x", &[5, 23, 29, 17])]),
        ("upsample linear", upsample(&[2, 3], Interpolation::Linear), &[("x", &[5, 23, 29, 17])]),
        ("upsample linear of volumes", upsample(&[2, 2, 2], Interpolation::Linear), &[("x", &[2, 9, 7, 11, 13])]),
        ("pad", frame(&[[3, 2], [0, 5]]), &[("x", &[7, 31, 33, 19])]),
        ("crop", frame(&[[-3, -2], [0, -5]]), &[("x", &[7, 31, 33, 19])]),
        (
            "concat",
            Op::Concat(op::Concat {}),
            &[("a", &[5, 31, 33, 17]), ("b", &[5, 31, 33, 1]), ("c", &[5, 31, 33, 40])],
        ),
        ("lrn", Op::Lrn(lrn), &[("x", &[3, 27, 29, 96])]),
        ("scale", Op::Scale(op::Scale { factor: 1.7 }), &[("x", &[61, 3001])]),
    ]
}

fn large_activations() -> Vec<Listed> {
    let unary = |function| Op::Unary(Unary { function });
    vec![
        ("leaky", unary(Function::Leaky { slope: 0.1 }), &[("x", &[61, 3001])]),
        ("sigmoid", unary(Function::Sigmoid), &[("x", &[61, 3001])]),
        ("tanh", unary(Function::Tanh), &[("x", &[61, 3001])]),
        ("elu", unary(Function::Elu), &[("x", &[61, 3001])]),
        ("gelu", unary(Function::Gelu), &[("x", &[61, 3001])]),
        ("dropout", Op::Dropout(Dropout { rate: 0.3, stream: 5 }), &[("x", &[61, 3001])]),
        ("softmax", Op::Softmax(op::Softmax {}), &[("x", &[301, 1003])]),
    ]
}

fn large_losses() -> Vec<Listed> {
    const LABELLED: &[(&str, &[usize])] = &[("x", &[129, 1003]), (LABELS, &[129])];
    const PAIRS: &[(&str, &[usize])] = &[("x", &[61, 3001]), (CONSTANT, &[61, 3001])];
    const WEIGHED: &[(&str, &[usize])] =
        &[("x", &[9, 45, 46, 19]), (LABELS, &[9, 45, 46]), (TOTAL, &[]), (WEIGHTS, &[19])];
    const SHARES: &[(&str, &[usize])] = &[("x", &[9, 45, 46, 19]), (CONSTANT, &[9, 45, 46, 19]), (WEIGHTS, &[19])];
    let pointwise = |measure| Op::PointwiseLoss(op::PointwiseLoss { measure });
    let overlap = |ignore| Op::Overlap(op::Overlap { ignore });
    vec![
        ("cross_entropy", Op::CrossEntropy(op::CrossEntropy::default()), LABELLED),
        ("cross_entropy, weighed", Op::CrossEntropy(op::CrossEntropy { smoothing: 0.2, ignore: Some(4) }), WEIGHED),
        ("cross_entropy, smoothed", Op::CrossEntropy(op::CrossEntropy { smoothing: 0.2, ignore: None }), LABELLED),
        ("soft cross_entropy", Op::CrossEntropy(op::CrossEntropy { smoothing: 0.2, ignore: None }), SHARES),
        ("l1", pointwise(Measure::Absolute), PAIRS),
        ("huber", pointwise(Measure::Huber), PAIRS),
        ("binary cross_entropy", pointwise(Measure::Logistic), PAIRS),
        (
            "binary cross_entropy, weighed",
            pointwise(Measure::Logistic),
            &[("x", &[61, 3001]), (CONSTANT, &[61, 3001]), (WEIGHTS, &[3001])],
        ),
        ("overlap", overlap(Some(2)), &[("x", &[9, 45, 46, 19]), (LABELS, &[9, 45, 46])]),
        ("overlap of shares", overlap(None), &[("x", &[9, 45, 46, 3]), (CONSTANT, &[9, 45, 46, 3])]),
        ("dice", Op::Dice(op::Dice {}), &[(VARIANCE, &[3, 301])]),
    ]
}

/// What optimizers do to a parameter; none of it has a gradient.
fn large_updates() -> Vec<Listed> {
    const DIMS: &[usize] = &[61, 3001];
    let step = AdamStep { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.1, factor: 1.0 };
    let running = op::Running { momentum: 0.1, correction: 1.25 };
    vec![
        (
            "sgd_velocity",
            Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 0.01 }),
            &[("w", DIMS), ("g", DIMS), ("v", DIMS)],
        ),
        ("sgd_step", Op::SgdStep(op::SgdStep { factor: 0.7 }), &[("w", DIMS), ("v", DIMS)]),
        (
            "nesterov_step",
            Op::NesterovStep(op::NesterovStep { momentum: 0.9, decay: 0.01, factor: 0.7 }),
            &[("w", DIMS), ("g", DIMS), ("v", DIMS)],
        ),
        (
            "rms_velocity",
            Op::RmsVelocity(op::RmsVelocity { momentum: 0.9, eps: 1e-8, decay: 0.01 }),
            &[("w", DIMS), ("g", DIMS), ("b", DIMS), (VARIANCE, DIMS)],
        ),
        (
            "clipped sgd_velocity",
            Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 0.01 }),
            &[("w", DIMS), ("g", DIMS), ("v", DIMS), ("clip", &[])],
        ),
        (
            "clip_factor",
            Op::ClipFactor(op::ClipFactor { limit: 1.0 }),
            &[("a", DIMS), ("b", &[33]), ("c", &[3, 5, 7]), ("d", &[16_384]), ("e", &[16_385])],
        ),
        ("adam_mean", Op::AdamMean(AdamMean { beta: 0.9, decay: 0.01 }), &[("w", DIMS), ("g", DIMS), ("m", DIMS)]),
        (
            "adam_square",
            Op::AdamSquare(AdamSquare { beta: 0.999, decay: 0.01 }),
            &[("w", DIMS), ("g", DIMS), (VARIANCE, DIMS)],
        ),
        ("adam_step", Op::AdamStep(step), &[("w", DIMS), ("m", DIMS), (VARIANCE, DIMS)]),
        ("running", Op::Running(running), &[("old", &[3001]), ("batch", &[3001])]),
    ]
}

/// One op, with its gradients where it has any.
fn one_op(number: usize, (name, op, inputs): Listed) -> Case {
    let name = format!("large {name}");
    let inputs: Vec<(String, Vec<usize>)> = inputs.iter().map(|(n, dims)| (n.to_string(), dims.to_vec())).collect();
    let updates = matches!(
        op,
        Op::SgdVelocity(_)
            | Op::SgdStep(_)
            | Op::NesterovStep(_)
            | Op::RmsVelocity(_)
            | Op::ClipFactor(_)
            | Op::AdamMean(_)
            | Op::AdamSquare(_)
            | Op::AdamStep(_)
            | Op::Running(_)
    );
    let given = [LABELS, CONSTANT, TOTAL, WEIGHTS];
    let wrt: Vec<String> =
        inputs.iter().map(|(n, _)| n.clone()).filter(|n| !updates && !given.contains(&n.as_str())).collect();
    let graph = build(&name, &inputs, &wrt, |graph, of| {
        let ids: Vec<NodeId> = inputs.iter().map(|(n, _)| of[n]).collect();
        graph.push(op, &ids, None)
    });
    case(name, graph.unwrap(), number)
}

/// Batch normalisation through the batch's own statistics.
fn large_batch_norm(number: usize) -> Case {
    let name = "large batch_norm".to_string();
    let names = ["x", "scale", "shift"].map(String::from);
    let inputs: Vec<(String, Vec<usize>)> =
        names.iter().cloned().zip([vec![9, 27, 29, 37], vec![37], vec![37]]).collect();
    let graph = build(&name, &inputs, &names, |graph, of| {
        let mean = graph.push(Op::ChannelMean(op::ChannelMean {}), &[of["x"]], None)?;
        let variance = graph.push(Op::ChannelVariance(op::ChannelVariance {}), &[of["x"], mean], None)?;
        let op = BatchNorm { eps: 1e-5, statistics: Statistics::Batch };
        graph.push(Op::BatchNorm(op), &[of["x"], mean, variance, of["scale"], of["shift"]], None)
    });
    case(name, graph.unwrap(), number)
}

/// Max pooling, and back to where the maxima were.
fn large_unpooling(number: usize) -> Case {
    let name = "large unpool".to_string();
    let inputs = [("x".to_string(), vec![7, 45, 46, 19])];
    let (size, stride, pad) = (vec![2; 2], vec![2; 2], vec![[0, 0]; 2]);
    let pool = Pool { kind: PoolKind::Max, size, stride, pad, rounding: Rounding::Floor };
    let graph = build(&name, &inputs, &["x".to_string()], |graph, of| {
        let pooled = graph.push(Op::Pool(pool.clone()), &[of["x"]], None)?;
        let pooled = graph.push(Op::Unary(Unary { function: Function::Tanh }), &[pooled], None)?;
        graph.push(Op::PoolGrad(PoolGrad { pool }), &[of["x"], pooled], None)
    });
    case(name, graph.unwrap(), number)
}

/// The input of this name holds class numbers, for as many classes as the first input has channels.
const LABELS: &str = "labels";
/// The inputs of these names have no gradient: shares, what labels count in all, and what each class counts.
const CONSTANT: &str = "constant";
const TOTAL: &str = "total";
const WEIGHTS: &str = "weights";
/// The input of this name holds nothing below 0.1.
const VARIANCE: &str = "variance";

/// A case on normal random numbers, drawn from the case's number.
fn case(name: String, graph: Graph, number: usize) -> Case {
    let classes = graph.inputs[0].shape.channels() as u64;
    let draw = |(i, input): (usize, &Input)| {
        let stream = Stream::new(number as u64, Purpose::Data, i as u32);
        let value = |at: u64| match input.name.as_str() {
            LABELS => stream.below(at, classes) as f32,
            CONSTANT => stream.word(at) as f32 / u32::MAX as f32,
            VARIANCE | TOTAL | WEIGHTS => stream.normal(at).abs() as f32 + 0.1,
            _ => stream.normal(at) as f32,
        };
        let values = (0..input.shape.elements() as u64).map(value).collect();
        Tensor::from_shape_vec(IxDyn(input.shape.dims()), values).unwrap()
    };
    let inputs = graph.inputs.iter().enumerate().map(draw).collect();
    Case { name, graph, inputs, oracle: Oracle::Reference, smooth: true }
}
