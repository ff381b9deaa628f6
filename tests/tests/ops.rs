//! The f64 reference against PyTorch and against finite differences.
#![allow(clippy::unwrap_used)]

use fovea_cpu::reference::{self, Feed64, ReferenceError};
use fovea_graph::fuse::fuse;
use fovea_graph::op::{ConvDgrad, Dropout};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Graph, Op, Shape};
use fovea_tests::compare::{Failures, compare, inner, norm, wide};
use fovea_tests::goldens::Goldens;
use fovea_tests::op_cases::{self, Case, Oracle, STEP, golden_cases};
use fovea_tests::sweep;
use fovea_tests::training_runs::training_runs;
use ndarray::ArrayD;

#[test]
fn every_case_is_what_pytorch_computes() {
    let goldens = Goldens::open("ops.npz");
    let mut failures = Failures::default();
    for case in golden_cases(&goldens) {
        assert_eq!(case.oracle, Oracle::PyTorch);
        let inputs = case.wide_inputs();
        let expected = case.expected(&goldens);
        for graph in [&case.graph, &fuse(&case.graph)] {
            for ((name, found), (_, expected)) in op_cases::outputs(graph, &inputs).iter().zip(&expected) {
                failures.check(|| format!("{}, {name}", case.name), compare(found, expected, 1e-13));
            }
        }
    }
    assert!(failures.finish() > 500);
}

/// The words of all ops.
const OPS: &[&str] = &[
    "adam_mean",
    "adam_square",
    "adam_step",
    "add",
    "batch_norm",
    "batch_norm_dgrad",
    "batch_norm_scale_grad",
    "bias",
    "channel_mean",
    "channel_slice",
    "channel_sum",
    "channel_variance",
    "clip_factor",
    "concat",
    "conv",
    "conv_dgrad",
    "conv_wgrad",
    "correct",
    "cross_entropy",
    "cross_entropy_grad",
    "dice",
    "dice_grad",
    "dropout",
    "fill",
    "frame",
    "input",
    "label_weight",
    "lrn",
    "lrn_grad",
    "matmul",
    "nesterov_step",
    "overlap",
    "overlap_grad",
    "pointwise_loss",
    "pointwise_loss_grad",
    "pool",
    "pool_grad",
    "pool_pick",
    "relu",
    "relu_grad",
    "reshape",
    "rms_velocity",
    "running",
    "scale",
    "sgd_step",
    "sgd_velocity",
    "sign_step",
    "softmax",
    "softmax_grad",
    "squared_error",
    "squared_error_grad",
    "state",
    "unary",
    "unary_grad",
    "upsample",
    "upsample_grad",
];

#[test]
fn every_op_occurs_and_some_are_fused() {
    let goldens = Goldens::open("ops.npz");
    let cases: Vec<Case> = golden_cases(&goldens).into_iter().chain(sweep::dropouts()).collect();
    let runs = training_runs(&goldens);
    let graphs: Vec<Graph> =
        cases.into_iter().map(|case| case.graph).chain(runs.into_iter().map(|r| r.graph)).collect();
    let words: std::collections::BTreeSet<&str> = graphs.iter().flat_map(|g| &g.nodes).map(|n| n.op.word()).collect();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), OPS);
    let fused = graphs.iter().filter(|graph| fuse(graph).nodes.len() < graph.nodes.len()).count();
    assert!(fused >= 8, "only {fused} cases have something to fuse");
}

/// Along random directions every element of a gradient counts; a few single elements say where it is wrong.
#[test]
fn every_gradient_is_the_limit_of_finite_differences() {
    let goldens = Goldens::open("ops.npz");
    let swept = sweep::convolutions().into_iter().chain(sweep::deconvolutions()).step_by(7);
    let cases = golden_cases(&goldens).into_iter().chain(sweep::dropouts()).chain(swept);
    let mut failures = Failures::default();
    for (number, case) in cases.filter(|case| case.smooth).enumerate() {
        let point = case.wide_inputs();
        for (name, gradient) in &op_cases::outputs(&case.graph, &point)[1..] {
            let input = case.graph.find_input(&name[2..]).unwrap().index();
            for (what, direction) in directions(number, gradient) {
                let (found, expected) = (inner(gradient, &direction), slope(&case, &point, input, &direction));
                // Relative to what the slope could be at most.
                let error = (found - expected).abs() / (norm(gradient) * norm(&direction));
                let result = match error <= 1e-7 || norm(gradient) < 1e-12 && expected.abs() < 1e-9 {
                    true => Ok(error),
                    false => Err(format!("{found:e} along {what}, by differences {expected:e} (off by {error:.1e})")),
                };
                failures.check(|| format!("{}, {name}", case.name), result);
            }
        }
    }
    assert!(failures.finish() > 1000);
}

/// Two random directions and four single elements.
fn directions(number: usize, gradient: &ArrayD<f64>) -> Vec<(String, ArrayD<f64>)> {
    let random = |index: u32| Stream::new(number as u64, Purpose::Data, 1000 + index);
    let dense = (0..2).map(|k| {
        let mut position = 0..;
        let normal = || random(k).normal(position.next().unwrap());
        (format!("random direction {k}"), ArrayD::from_shape_simple_fn(gradient.raw_dim(), normal))
    });
    let single = (0..4).map(|k| {
        let element = random(2).below(k, gradient.len() as u64) as usize;
        let mut unit = ArrayD::zeros(gradient.raw_dim());
        unit.as_slice_mut().unwrap()[element] = 1.0;
        (format!("element {element}"), unit)
    });
    dense.chain(single).collect()
}

/// The slope of Σ `direction` · result where one input moves: (L(x + h·v) − L(x − h·v)) / 2h.
fn slope(case: &Case, point: &[ArrayD<f64>], input: usize, along: &ArrayD<f64>) -> f64 {
    // The error is of order h² (cut off) and 1e-16/h (rounded off), and h must not reach over a kink.
    let h = 1e-5;
    let loss = |h: f64| {
        let mut moved = point.to_vec();
        moved[input] = &moved[input] + &(along * h);
        let (_, result) = op_cases::outputs(&case.graph, &moved).swap_remove(0);
        case.graph.find_input("direction").map_or(result.sum(), |id| inner(&result, &moved[id.index()]))
    };
    (loss(h) - loss(-h)) / (2.0 * h)
}

/// ⟨conv x, y⟩ = ⟨x, deconv y⟩: as a layer the transposed convolution is the convolution's adjoint.
#[test]
fn every_transposed_convolution_is_the_adjoint() {
    let swept = sweep::convolutions().into_iter().chain(sweep::deconvolutions());
    let cases: Vec<Case> = golden_cases(&Goldens::open("ops.npz")).into_iter().chain(swept).collect();
    let mut failures = Failures::default();
    for (number, case) in cases.iter().enumerate() {
        for node in &case.graph.nodes {
            let shapes = case.graph.input_shapes(node);
            let (conv, x, filter, y) = match &node.op {
                Op::Conv(conv) => (conv.clone(), shapes[0], shapes[1], &node.shape),
                Op::ConvDgrad(op) => (op.conv.clone(), &node.shape, shapes[0], shapes[1]),
                _ => continue,
            };
            let extent = x.spatial().to_vec();
            let transposed = Op::ConvDgrad(ConvDgrad { conv: conv.clone(), extent });
            let [x, filter, y] = [(x, 0), (filter, 1), (y, 2)].map(|(shape, index)| {
                let stream = Stream::new(number as u64, Purpose::Data, index);
                let values = (0..shape.elements() as u64).map(|i| stream.normal(i)).collect();
                ArrayD::from_shape_vec(shape.dims(), values).unwrap()
            });
            let (there, back) =
                (inner(&applied(Op::Conv(conv), [&x, &filter]), &y), inner(&x, &applied(transposed, [&filter, &y])));
            let result = compare(&ndarray::arr0(back).into_dyn(), &ndarray::arr0(there).into_dyn(), 1e-10);
            failures.check(|| case.name.clone(), result);
        }
    }
    assert!(failures.finish() > 1500);
}

/// What an op of two inputs computes.
fn applied(op: Op, inputs: [&ArrayD<f64>; 2]) -> ArrayD<f64> {
    let mut graph = Graph::new("one op");
    let ids = inputs.map(|x| graph.input("x", Shape::new(x.shape()).unwrap()));
    graph.push(op, &ids, None).unwrap();
    let feed = Feed64 { inputs: &inputs, learning_rate: 0.0, seed: 0, step: 0 };
    reference::evaluate(&graph, &[], &feed).unwrap().pop().unwrap()
}

#[test]
fn training_takes_pytorchs_steps() {
    let mut failures = Failures::default();
    for run in training_runs(&Goldens::open("ops.npz")) {
        let mut states: Vec<ArrayD<f64>> = run.start.iter().map(wide).collect();
        for (number, step) in (0..).zip(&run.steps) {
            let inputs: Vec<ArrayD<f64>> = step.inputs.iter().map(wide).collect();
            let inputs: Vec<&ArrayD<f64>> = inputs.iter().collect();
            let feed = Feed64 { inputs: &inputs, learning_rate: step.learning_rate, seed: 0, step: number };
            let values = reference::step(&run.graph, &mut states, &feed).unwrap();
            let objective = reference::output(&run.graph, &values, "objective").unwrap();
            failures.check(|| format!("{}, step {number}", run.name), compare(objective, &step.objective, 1e-12));
            for (state, expected) in &step.states {
                let name = &run.graph.states[*state].name;
                let result = compare(&states[*state], expected, 1e-12);
                failures.check(|| format!("{}, {name} after step {number}", run.name), result);
            }
        }
    }
    assert_eq!(failures.finish(), 536);
}

/// `dropout` of ones.
fn kept(rate: f64, stream: u32, seed: u64, step: u32) -> ArrayD<f64> {
    let mut graph = Graph::new("dropout");
    let x = graph.input("x", Shape::new([100, 100]).unwrap());
    let y = graph.push(Op::Dropout(Dropout { rate, stream }), &[x], None).unwrap();
    graph.output("result", y);
    let ones = ArrayD::ones(vec![100, 100]);
    let values = reference::evaluate(&graph, &[], &Feed64 { inputs: &[&ones], learning_rate: 0.0, seed, step });
    reference::output(&graph, &values.unwrap(), "result").unwrap().clone()
}

#[test]
fn dropout_keeps_the_stated_share_and_the_mean() {
    for rate in [0.1, 0.5, 0.8] {
        let y = kept(rate, 0, 1, 0);
        let zeros = y.iter().filter(|&&y| y == 0.0).count() as f64 / 10_000.0;
        // Four standard deviations of a share of 10 000.
        assert!((zeros - rate).abs() < 4.0 * (rate * (1.0 - rate) / 10_000.0).sqrt(), "{zeros} of {rate}");
        assert!(y.iter().all(|&y| y == 0.0 || (y - 1.0 / (1.0 - rate)).abs() < 1e-15));
    }
    assert!(kept(0.0, 0, 1, 0).iter().all(|&y| y == 1.0));
}

#[test]
fn dropout_draws_anew_for_each_layer_seed_and_step() {
    let same = |a: &ArrayD<f64>, b: &ArrayD<f64>| a.iter().zip(b).filter(|(a, b)| a == b).count();
    let mask = kept(0.5, 0, 1, STEP);
    assert_eq!(same(&mask, &kept(0.5, 0, 1, STEP)), 10_000);
    for other in [kept(0.5, 1, 1, STEP), kept(0.5, 0, 2, STEP), kept(0.5, 0, 1, STEP + 1)] {
        // Independent masks agree on half of the elements; 200 are four standard deviations.
        assert!(same(&mask, &other).abs_diff(5000) < 200);
    }
}

#[test]
fn what_does_not_fit_the_graph_is_named() {
    let mut graph = Graph::new("loss");
    let logits = graph.input("logits", Shape::new([2, 3]).unwrap());
    let labels = graph.input("labels", Shape::new([2]).unwrap());
    let loss = Op::CrossEntropy(fovea_graph::op::CrossEntropy::default());
    graph.push(loss, &[logits, labels], None).unwrap();
    let evaluate = |inputs: &[&ArrayD<f64>]| {
        reference::evaluate(&graph, &[], &Feed64 { inputs, learning_rate: 0.0, seed: 0, step: 0 }).unwrap_err()
    };
    let logits = ArrayD::zeros(vec![2, 3]);
    assert_eq!(evaluate(&[&logits]).to_string(), "the graph declares 2 inputs, but 1 were given");
    assert_eq!(evaluate(&[&logits, &logits]).to_string(), "labels is declared as 2, but [2, 3] was given");
    for label in [3.0, -1.0, 0.5, f64::NAN] {
        let labels = ArrayD::from_elem(vec![2], label);
        assert!(matches!(evaluate(&[&logits, &labels]), ReferenceError::Label { classes: 3, .. }));
    }
}
