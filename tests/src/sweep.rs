//! Op cases without goldens: every way to slide a window, sizes beyond one block of work, and dropout, whose mask is
//! nobody's but ours.

use fovea_graph::op::{self, Conv, Dropout, Matmul, Pool, PoolKind, ShapeError, Transpose};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::window::Rounding;
use fovea_graph::{Graph, Input, NodeId, Op, Tensor};
use ndarray::IxDyn;

use crate::op_cases::{Case, Oracle, build};

/// 2-D convolutions: window × stride × padding × dilation × channels × groups × batch, as far as the window fits.
pub fn convolutions() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in [1, 2, 3, 5] {
        for stride in [1, 2, 3] {
            for pad in [[[0, 0]; 2], [[1, 1]; 2], [[0, 1], [2, 1]]] {
                for dilate in [1, 2] {
                    for (channels, groups) in [(1, 1), (3, 1), (3, 3), (8, 1), (8, 2)] {
                        for batch in [1, 5] {
                            let conv = Conv { stride: vec![stride; 2], dilate: vec![dilate; 2], ..Conv::plain(2) };
                            let conv = Conv { pad: pad.to_vec(), groups, ..conv };
                            cases.extend(convolution(conv, size, channels, batch, cases.len()));
                        }
                    }
                }
            }
        }
    }
    cases
}

/// One convolution with its gradients; `None` where the window does not fit. Bias and ReLU follow in every third case.
fn convolution(conv: Conv, size: usize, channels: usize, batch: usize, number: usize) -> Option<Case> {
    let filters = 3 * conv.groups;
    let (stride, pad, dilate, groups) = (conv.stride[0], &conv.pad, conv.dilate[0], conv.groups);
    let name =
        format!("{size}x{size} stride {stride} pad {pad:?} dilate {dilate} C {channels} groups {groups} N {batch}");
    let mut inputs = vec![
        ("x".to_string(), vec![batch, 9, 7, channels]),
        ("w".to_string(), vec![filters, size, size, channels / conv.groups]),
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
    let padded = |stride: usize| Conv { stride: vec![stride; 2], pad: vec![[1, 1]; 2], ..Conv::plain(2) };
    let pool =
        |kind| Pool { kind, size: vec![3; 2], stride: vec![2; 2], pad: vec![[1, 1]; 2], rounding: Rounding::Ceil };
    let dilated = Conv { dilate: vec![2; 2], groups: 2, ..padded(1) };
    let fc = Matmul::new(Transpose::No, Transpose::Yes);
    let listed: [Listed; 14] = [
        ("3x3", Op::Conv(padded(1)), &[("x", &[13, 33, 29, 16]), ("w", &[24, 3, 3, 16])]),
        ("3x3 of pictures", Op::Conv(padded(1)), &[("x", &[3, 65, 71, 3]), ("w", &[33, 3, 3, 3])]),
        ("3x3 stride 2", Op::Conv(padded(2)), &[("x", &[5, 31, 37, 35]), ("w", &[19, 3, 3, 35])]),
        ("3x3 of many channels", Op::Conv(padded(1)), &[("x", &[2, 13, 13, 130]), ("w", &[150, 3, 3, 130])]),
        ("5x5 groups 2 dilate 2", Op::Conv(dilated), &[("x", &[2, 15, 17, 96]), ("w", &[130, 5, 5, 48])]),
        ("1x1", Op::Conv(Conv::plain(2)), &[("x", &[7, 17, 19, 67]), ("w", &[45, 1, 1, 67])]),
        ("depthwise", Op::Conv(Conv { groups: 37, ..padded(1) }), &[("x", &[5, 23, 21, 37]), ("w", &[37, 3, 3, 1])]),
        ("fully connected", Op::Matmul(fc), &[("x", &[131, 517]), ("w", &[67, 517])]),
        ("bias", Op::Bias(op::Bias {}), &[("x", &[9, 57, 61, 5]), ("b", &[5])]),
        ("maxpool", Op::Pool(pool(PoolKind::Max)), &[("x", &[7, 45, 46, 19])]),
        ("avgpool", Op::Pool(pool(PoolKind::Avg)), &[("x", &[7, 45, 46, 19])]),
        ("dropout", Op::Dropout(Dropout { rate: 0.3, stream: 5 }), &[("x", &[61, 3001])]),
        ("softmax", Op::Softmax(op::Softmax {}), &[("x", &[301, 1003])]),
        ("cross_entropy", Op::CrossEntropy(op::CrossEntropy {}), &[("x", &[129, 1003]), ("labels", &[129])]),
    ];
    let one = |(number, (name, op, inputs)): (usize, Listed)| {
        let name = format!("large {name}");
        let inputs: Vec<(String, Vec<usize>)> = inputs.iter().map(|(n, dims)| (n.to_string(), dims.to_vec())).collect();
        let wrt: Vec<String> = inputs.iter().map(|(n, _)| n.clone()).filter(|n| n != LABELS).collect();
        let graph = build(&name, &inputs, &wrt, |graph, of| {
            let ids: Vec<NodeId> = inputs.iter().map(|(n, _)| of[n]).collect();
            graph.push(op, &ids, None)
        });
        case(name, graph.unwrap(), number)
    };
    listed.into_iter().enumerate().map(one).collect()
}

/// The input of this name holds class numbers, for as many classes as the first input has channels.
const LABELS: &str = "labels";

/// A case on normal random numbers, drawn from the case's number.
fn case(name: String, graph: Graph, number: usize) -> Case {
    let classes = graph.inputs[0].shape.channels() as u64;
    let draw = |(i, input): (usize, &Input)| {
        let stream = Stream::new(number as u64, Purpose::Data, i as u32);
        let value =
            |at: u64| if input.name == LABELS { stream.below(at, classes) as f32 } else { stream.normal(at) as f32 };
        let values = (0..input.shape.elements() as u64).map(value).collect();
        Tensor::from_shape_vec(IxDyn(input.shape.dims()), values).unwrap()
    };
    let inputs = graph.inputs.iter().enumerate().map(draw).collect();
    Case { name, graph, inputs, oracle: Oracle::Reference, smooth: true }
}
