//! Where op cases do not reach: long rows and many slices, ties, what is not a number, infinite, empty or no class; on the
//! GPU as in the reference.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use fovea_cpu::reference::{self, Feed64};
use fovea_graph::op::{
    ChannelMean, ChannelSum, ChannelVariance, Correct, CrossEntropy, CrossEntropyGrad, Dice, Function, Interpolation,
    LabelWeight, Lrn, LrnGrad, Measure, Overlap, OverlapGrad, PointwiseLoss, PointwiseLossGrad, Pool, PoolGrad,
    PoolKind, PoolPick, Relu, Softmax, SoftmaxGrad, SquaredError, Unary, UnaryGrad, Upsample,
};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::plan::plan;
use fovea_graph::window::Rounding;
use fovea_graph::{Backend, Feed, Graph, NodeId, Op, Shape, Tensor};
use fovea_tests::compare::{Failures, wide};
use fovea_tests::cuda::TestGpu;
use ndarray::{ArrayD, IxDyn};

/// A tensor whose element i is `f(i, a normal random number)`.
fn drawn(dims: &[usize], f: impl Fn(u64, f32) -> f32) -> Tensor {
    let stream = Stream::new(17, Purpose::Data, dims.len() as u32);
    let count: usize = dims.iter().product();
    let values = (0..count as u64).map(|i| f(i, stream.normal(i) as f32)).collect();
    Tensor::from_shape_vec(IxDyn(dims), values).unwrap()
}

fn normal(dims: &[usize]) -> Tensor {
    drawn(dims, |_, x| x)
}

/// Class numbers for rows of so many classes.
fn labels(rows: usize, classes: usize) -> Tensor {
    drawn(&[rows], |i, _| ((7 * i + 3) % classes as u64) as f32)
}

/// A graph of one op.
fn graph(op: Op, inputs: &[Tensor]) -> Graph {
    let mut graph = Graph::new("edge");
    let declare = |(i, x): (usize, &Tensor)| graph.input(&format!("x{i}"), Shape::new(x.shape()).unwrap());
    let ids: Vec<NodeId> = inputs.iter().enumerate().map(declare).collect();
    let y = graph.push(op, &ids, None).unwrap();
    graph.output("y", y);
    graph
}

fn on_gpu(backend: &dyn Backend, graph: &Graph, inputs: &[Tensor]) -> ArrayD<f64> {
    let mut program = backend.compile(plan(graph.clone(), backend)).unwrap();
    let mut memory = backend.allocate(&[]).unwrap();
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let feed = Feed { inputs: &inputs, learning_rate: 0.1, seed: 1, step: 0, stop: None };
    program.run(&mut *memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
    wide(&program.output("y").unwrap())
}

fn by_reference(graph: &Graph, inputs: &[Tensor]) -> ArrayD<f64> {
    let inputs: Vec<ArrayD<f64>> = inputs.iter().map(wide).collect();
    let inputs: Vec<&ArrayD<f64>> = inputs.iter().collect();
    let feed = Feed64 { inputs: &inputs, learning_rate: 0.1, seed: 1, step: 0 };
    reference::evaluate(graph, &[], &feed).unwrap().pop().unwrap()
}

/// Finite numbers to 1e-6 of their norm, all else exactly.
fn agree(found: &ArrayD<f64>, expected: &ArrayD<f64>) -> Result<f64, String> {
    let (mut distance, mut norm) = (0.0, 0.0);
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        if f.is_finite() && e.is_finite() {
            distance += (f - e) * (f - e);
            norm += e * e;
        } else if !(f == e || f.is_nan() && e.is_nan()) {
            return Err(format!("element {i} is {f}, expected {e}"));
        }
    }
    let error = if distance == 0.0 { 0.0 } else { f64::sqrt(distance / norm) };
    if error <= 1e-6 { Ok(error) } else { Err(format!("the error is {error:.1e}")) }
}

/// Runs ops, each with what the message calls it and its inputs.
fn check(cases: Vec<(String, Op, Vec<Tensor>)>) {
    let Some(gpu) = TestGpu::open(false) else { return };
    let mut failures = Failures::default();
    for (name, op, inputs) in cases {
        let graph = graph(op, &inputs);
        let result = agree(&on_gpu(&gpu.backend, &graph, &inputs), &by_reference(&graph, &inputs));
        failures.check(|| name.clone(), result);
    }
    failures.finish();
}

/// What a tensor may hold beside ordinary numbers.
fn kinds(dims: &[usize]) -> [(&'static str, Tensor); 4] {
    let infinity = f32::INFINITY;
    [
        ("normal", normal(dims)),
        ("ties", drawn(dims, |_, x| x.round())),
        ("not numbers", drawn(dims, |i, x| if i % 41 == 5 { f32::NAN } else { x })),
        ("infinities", drawn(dims, |i, x| [infinity, -infinity].get((i % 53) as usize).copied().unwrap_or(x))),
    ]
}

#[test]
fn rows_of_every_length() {
    let mut cases = Vec::new();
    for channels in [1, 2, 5, 31, 33, 1024, 1025, 3000] {
        let (labels, dy) = (labels(9, channels), normal(&[9, channels]));
        for (kind, x) in kinds(&[9, channels]) {
            let mut add = |op: Op, inputs: Vec<Tensor>| {
                cases.push((format!("{} of {channels} channels, {kind}", op.word()), op, inputs));
            };
            add(Op::Softmax(Softmax {}), vec![x.clone()]);
            add(Op::SoftmaxGrad(SoftmaxGrad {}), vec![x.clone(), dy.clone()]);
            add(Op::CrossEntropy(CrossEntropy::default()), vec![x.clone(), labels.clone()]);
            let grad = vec![x.clone(), labels.clone(), drawn(&[], |_, _| 1.5)];
            add(Op::CrossEntropyGrad(CrossEntropyGrad::default()), grad);
            add(Op::Correct(Correct::default()), vec![x.clone(), labels.clone()]);
            add(Op::Correct(Correct { ignore: Some(0) }), vec![x.clone(), labels.clone()]);
            let counted = CrossEntropy { smoothing: 0.1, ignore: Some(0) };
            let (total, weights) = (drawn(&[], |_, _| 3.5), drawn(&[channels], |_, x| x.abs() + 0.1));
            let weighed = vec![x.clone(), labels.clone(), total.clone(), weights.clone()];
            add(Op::CrossEntropy(counted.clone()), weighed);
            let grad = vec![x.clone(), labels.clone(), drawn(&[], |_, _| 1.5), total, weights];
            add(Op::CrossEntropyGrad(CrossEntropyGrad { loss: counted }), grad);
            let (soft, shares) = (CrossEntropy { smoothing: 0.1, ignore: None }, drawn(&[9, channels], |_, x| x.abs()));
            let (weights, dy) = (drawn(&[channels], |_, x| x.abs() + 0.1), drawn(&[], |_, _| 1.5));
            add(Op::CrossEntropy(soft.clone()), vec![x.clone(), shares.clone(), weights.clone()]);
            add(Op::CrossEntropy(CrossEntropy::default()), vec![x.clone(), shares.clone()]);
            let grad = vec![x.clone(), shares.clone(), dy, weights];
            add(Op::CrossEntropyGrad(CrossEntropyGrad { loss: soft }), grad);
            add(Op::Correct(Correct::default()), vec![x.clone(), shares]);
            add(Op::Overlap(Overlap { ignore: Some(0) }), vec![x.clone(), labels.clone()]);
            let grad = vec![x, labels.clone(), normal(&[3, channels])];
            add(Op::OverlapGrad(OverlapGrad { overlap: Overlap { ignore: Some(1) } }), grad);
        }
        // Where the right class is all but certain, the loss is what is left to 1.
        let sure = drawn(&[9, channels], |i, x| {
            let (row, k) = (i / channels as u64, i % channels as u64);
            if k == (7 * row + 3) % channels as u64 { 12.0 } else { x }
        });
        cases.push((format!("sure of {channels}"), Op::CrossEntropy(CrossEntropy::default()), vec![sure, labels]));
    }
    check(cases);
}

#[test]
fn sums_of_many_numbers_far_from_zero() {
    let mut cases = Vec::new();
    for dims in [[1, 7], [7, 3000], [2001, 32], [40_003, 1], [20_001, 3]] {
        let (x, mean) = (drawn(&dims, |_, x| x + 100.0), drawn(&dims[1..], |_, _| 100.0));
        cases.push((format!("channel_sum of {dims:?}"), Op::ChannelSum(ChannelSum {}), vec![x.clone()]));
        cases.push((format!("channel_mean of {dims:?}"), Op::ChannelMean(ChannelMean {}), vec![x.clone()]));
        cases.push((format!("variance of {dims:?}"), Op::ChannelVariance(ChannelVariance {}), vec![x.clone(), mean]));
        cases.push((format!("squares of {dims:?}"), Op::SquaredError(SquaredError {}), vec![x, normal(&dims)]));
    }
    for (kind, x) in kinds(&[300, 5]) {
        cases.push((format!("channel_sum, {kind}"), Op::ChannelSum(ChannelSum {}), vec![x]));
    }
    cases.push(("nothing to sum".into(), Op::ChannelSum(ChannelSum {}), vec![normal(&[0, 5])]));
    cases.push(("nothing to rectify".into(), Op::Relu(Relu {}), vec![normal(&[0, 5])]));
    check(cases);
}

#[test]
fn pools_with_ties_paddings_and_what_is_no_number() {
    let mut cases = Vec::new();
    for (channels, size, stride, pad) in
        [(1, 2, 2, [0, 0]), (3, 3, 2, [1, 1]), (4, 3, 1, [2, 1]), (8, 5, 3, [0, 2]), (4, 1, 2, [0, 0])]
    {
        for rounding in [Rounding::Floor, Rounding::Ceil] {
            let pool = |kind| Pool { kind, size: vec![size; 2], stride: vec![stride; 2], pad: vec![pad; 2], rounding };
            let (max, avg) = (pool(PoolKind::Max), pool(PoolKind::Avg));
            let extent = max.output_extent(&[9, 7]).unwrap();
            let (g, dy) = (normal(&[2, 9, 7, channels]), normal(&[2, extent[0], extent[1], channels]));
            let name =
                |what: &str| format!("{what}, window {size}, stride {stride}, pad {pad:?}, {rounding:?}, C {channels}");
            for (kind, x) in kinds(&[2, 9, 7, channels]) {
                cases.push((name(kind), Op::Pool(max.clone()), vec![x.clone()]));
                let grad = Op::PoolGrad(PoolGrad { pool: max.clone() });
                cases.push((name(&format!("gradient, {kind}")), grad, vec![x.clone(), dy.clone()]));
                let pick = Op::PoolPick(PoolPick { pool: max.clone() });
                cases.push((name(&format!("pick, {kind}")), pick, vec![x, g.clone()]));
            }
            cases.push((name("mean"), Op::Pool(avg.clone()), vec![g.clone()]));
            cases.push((name("mean, gradient"), Op::PoolGrad(PoolGrad { pool: avg.clone() }), vec![g.clone(), dy]));
            cases.push((name("mean, pick"), Op::PoolPick(PoolPick { pool: avg }), vec![g.clone(), g]));
        }
    }
    check(cases);
}

#[test]
fn activations_at_the_ends_of_the_line() {
    let mut cases = Vec::new();
    let slope = 0.1;
    for function in [Function::Leaky { slope }, Function::Sigmoid, Function::Tanh, Function::Elu, Function::Gelu] {
        let ends = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 100.0, -100.0];
        let x = drawn(&[1003], |i, x| ends.get(i as usize).copied().unwrap_or(x));
        let tiny = drawn(&[1003], |_, x| 1e-4 * x);
        for (kind, x) in [("ends", x), ("tiny", tiny)] {
            let dy = drawn(&[1003], |i, _| 1.0 + (i % 3) as f32);
            cases.push((format!("{function:?}, {kind}"), Op::Unary(Unary { function }), vec![x.clone()]));
            cases.push((format!("{function:?}, gradient, {kind}"), Op::UnaryGrad(UnaryGrad { function }), vec![x, dy]));
        }
    }
    check(cases);
}

#[test]
fn distances_at_the_ends_of_the_line() {
    let mut cases = Vec::new();
    for measure in [Measure::Absolute, Measure::Huber, Measure::Logistic] {
        let ends = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1.0, 2.0, 100.0, -100.0];
        let target = drawn(&[1003], |i, _| (i % 2) as f32);
        let mut all: Vec<(String, Tensor)> =
            ends.iter().map(|&end| (end.to_string(), drawn(&[1003], |i, x| if i == 3 { end } else { x }))).collect();
        all.push(("tiny".to_string(), drawn(&[1003], |i, x| (i % 2) as f32 + 1e-4 * x)));
        for (kind, x) in all {
            let (name, inputs) = (format!("{measure:?}, {kind}"), vec![x.clone(), target.clone()]);
            cases.push((name.clone(), Op::PointwiseLoss(PointwiseLoss { measure }), inputs));
            let grad = Op::PointwiseLossGrad(PointwiseLossGrad { measure });
            let dy = drawn(&[], |_, _| 1.5);
            if let Measure::Logistic = measure {
                let factors = drawn(&[1003], |i, _| 0.5 + (i % 5) as f32);
                let loss = Op::PointwiseLoss(PointwiseLoss { measure });
                cases.push((format!("{name}, weighed"), loss, vec![x.clone(), target.clone(), factors.clone()]));
                let inputs = vec![x.clone(), target.clone(), dy.clone(), factors];
                cases.push((format!("{name}, weighed, gradient"), grad.clone(), inputs));
            }
            cases.push((format!("{name}, gradient"), grad, vec![x, target.clone(), dy]));
        }
    }
    check(cases);
}

#[test]
fn what_counts_for_nothing_is_nothing() {
    let labels = drawn(&[4, 5], |_, _| 2.0);
    let (x, total) = (normal(&[4, 5, 3]), drawn(&[], |_, _| 0.0));
    let (loss, ignore) = (CrossEntropy { smoothing: 0.1, ignore: Some(2) }, Some(2));
    let grad = vec![x.clone(), labels.clone(), drawn(&[], |_, _| 1.0), total.clone()];
    check(vec![
        ("weight".into(), Op::LabelWeight(LabelWeight { ignore }), vec![labels.clone()]),
        ("loss".into(), Op::CrossEntropy(loss.clone()), vec![x.clone(), labels.clone(), total]),
        ("gradient".into(), Op::CrossEntropyGrad(CrossEntropyGrad { loss }), grad),
        ("overlap".into(), Op::Overlap(Overlap { ignore }), vec![x, labels]),
        ("dice".into(), Op::Dice(Dice {}), vec![drawn(&[3, 4], |_, _| 0.0)]),
    ]);
}

#[test]
fn neighbours_at_the_edges() {
    let mut cases = Vec::new();
    for channels in [1, 3, 8, 40] {
        let (x, dy) = (normal(&[5, 3, channels]), drawn(&[5, 3, channels], |i, x| x + (i % 2) as f32));
        for size in [1, 2, 5, 100, usize::MAX] {
            let lrn = Lrn { size, alpha: 0.5, beta: 0.75, k: 1.5 };
            cases.push((format!("lrn {size} of {channels}"), Op::Lrn(lrn.clone()), vec![x.clone()]));
            let grad = Op::LrnGrad(LrnGrad { lrn });
            cases.push((format!("lrn gradient {size} of {channels}"), grad, vec![x.clone(), dy.clone()]));
        }
        for (kind, x) in kinds(&[2, 3, 1, channels]) {
            // What has no share in a pixel does not spoil it.
            let upsample = Upsample { factor: vec![3, 2], interpolation: Interpolation::Linear };
            cases.push((format!("upsample of {channels}, {kind}"), Op::Upsample(upsample), vec![x]));
        }
    }
    check(cases);
}

/// The reference refuses a label that is no class; on a device the loss is not a number, and so the guard stops the step.
#[test]
fn what_is_no_class_is_no_number() {
    let Some(gpu) = TestGpu::open(false) else { return };
    for wrong in [-1.0, 3.0, f32::NAN, f32::INFINITY] {
        let labels = drawn(&[4], |i, _| if i == 2 { wrong } else { 1.0 });
        let inputs = [normal(&[4, 3]), labels, drawn(&[], |_, _| 1.0)];
        let loss = on_gpu(&gpu.backend, &graph(Op::CrossEntropy(CrossEntropy::default()), &inputs[..2]), &inputs[..2]);
        assert!(loss.iter().all(|x| x.is_nan()), "{wrong}");
        let dx = on_gpu(&gpu.backend, &graph(Op::CrossEntropyGrad(CrossEntropyGrad::default()), &inputs), &inputs);
        assert!(
            dx.rows().into_iter().enumerate().all(|(i, row)| row.iter().all(|x| x.is_nan() == (i == 2))),
            "{wrong}"
        );
    }
}
