//! Products of matrices and convolutions, of sizes for which the CUDA backend chooses each of its kernels in turn.

use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad, Matmul, Transpose};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Op, Tensor};
use ndarray::IxDyn;

use crate::op_cases::{Case, Oracle, build};

/// A case for one kernel.
pub struct Product {
    /// The kernel that is chosen for it.
    pub kernel: &'static str,
    /// An op on two inputs.
    pub case: Case,
}

/// An op on two inputs of these shapes.
fn product(kernel: &'static str, op: Op, first: &[usize], second: &[usize]) -> Product {
    let shapes = [("a", first), ("b", second)].map(|(name, dims)| (name.to_string(), dims.to_vec()));
    let graph = build(kernel, &shapes, &[], |graph, of| graph.push(op, &[of["a"], of["b"]], None)).unwrap();
    let draw = |(dims, i): (&[usize], u32)| {
        let stream = Stream::new(17, Purpose::Data, i);
        let values = (0..dims.iter().product::<usize>() as u64).map(|at| stream.normal(at) as f32).collect();
        Tensor::from_shape_vec(IxDyn(dims), values).unwrap()
    };
    let inputs = [(first, 0), (second, 1)].map(draw).into();
    let name = format!("{kernel} of {first:?} and {second:?}");
    Product { kernel, case: Case { name, graph, inputs, oracle: Oracle::Reference, smooth: true } }
}

/// A convolution of some stride and groups with a padding of 1, but where the window is 1.
fn conv(window: &[usize], stride: usize, groups: usize) -> Conv {
    let pad = window.iter().map(|&size| if size == 1 { [0, 0] } else { [1, 1] }).collect();
    Conv { stride: vec![stride; window.len()], pad, groups, ..Conv::plain(window.len()) }
}

/// Forward and both gradients of a convolution of `x` `[N, map…, C]` with so many filters: these three kernels.
fn convolution(kernels: [&'static str; 3], x: &[usize], filters: usize, conv: Conv, window: &[usize]) -> Vec<Product> {
    let (map, channels) = (&x[1..x.len() - 1], x[x.len() - 1]);
    let w = [&[filters], window, &[channels / conv.groups]].concat();
    let windows = conv.output_extent(map, window).unwrap();
    let y = [&[x[0]], &windows[..], &[filters]].concat();
    let dgrad = Op::ConvDgrad(ConvDgrad { conv: conv.clone(), extent: map.to_vec() });
    let wgrad = Op::ConvWgrad(ConvWgrad { conv: conv.clone(), window: window.to_vec() });
    let all = [(Op::Conv(conv), x, &w[..]), (dgrad, &w, &y), (wgrad, x, &y)];
    all.into_iter().zip(kernels).filter(|(_, k)| !k.is_empty()).map(|((op, a, b), k)| product(k, op, a, b)).collect()
}

fn convolutions() -> Vec<Product> {
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

fn matmuls() -> Vec<Product> {
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
            product(kernel, Op::Matmul(Matmul::new(a, b)), &a.view([rows, depth]), &b.view([depth, columns]))
        })
    });
    all.collect()
}

/// A case for every kernel of products.
pub fn products() -> Vec<Product> {
    convolutions().into_iter().chain(matmuls()).collect()
}

/// Forward, both gradients and the fully connected layer that are each the product of 256 × 64 × 576 numbers.
pub fn of_one_size() -> Vec<Product> {
    let window = [3, 3];
    let kernels = ["conv_fprop_2d_wide", "conv_dgrad_2d_wide", "conv_wgrad_2d_wide"];
    let mut cases = convolution(kernels, &[1, 16, 16, 64], 64, conv(&window, 1, 1), &window);
    let fc = Op::Matmul(Matmul::new(Transpose::No, Transpose::Yes));
    cases.push(product("matmul_nt_wide", fc, &[256, 576], &[64, 576]));
    cases
}
