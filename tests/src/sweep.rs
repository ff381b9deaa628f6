//! Op cases without goldens: every way to slide a window, and dropout, whose mask is nobody's but ours.

use fovea_graph::op::{self, Conv, Dropout, ShapeError};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Graph, Op, Tensor};
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

/// One convolution with its gradients; `None` where the window does not fit. Bias and ReLU follow in every other case.
fn convolution(conv: Conv, size: usize, channels: usize, batch: usize, number: usize) -> Option<Case> {
    let filters = 2 * conv.groups;
    let (stride, pad, dilate, groups) = (conv.stride[0], &conv.pad, conv.dilate[0], conv.groups);
    let name =
        format!("{size}x{size} stride {stride} pad {pad:?} dilate {dilate} C {channels} groups {groups} N {batch}");
    let mut inputs = vec![
        ("x".to_string(), vec![batch, 9, 7, channels]),
        ("w".to_string(), vec![filters, size, size, channels / conv.groups]),
    ];
    let followed = number % 2 == 1;
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

/// A case on normal random numbers, drawn from the case's number.
fn case(name: String, graph: Graph, number: usize) -> Case {
    let draw = |(i, input): (usize, &fovea_graph::Input)| {
        let stream = Stream::new(number as u64, Purpose::Data, i as u32);
        let values = (0..input.shape.elements()).map(|i| stream.normal(i as u64) as f32).collect();
        Tensor::from_shape_vec(IxDyn(input.shape.dims()), values).unwrap()
    };
    let inputs = graph.inputs.iter().enumerate().map(draw).collect();
    Case { name, graph, inputs, oracle: Oracle::Reference, smooth: true }
}
