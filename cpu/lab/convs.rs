//! Convolutions of the lecture's nets, one by one, and some fully connected layers: `cargo bench -p fovea-cpu --bench convs -- vgg 2 1`
//! (net, batch, threads); milliseconds and effective GFLOP/s of the forward pass and both gradients. `FOVEA_CPU=avx2` for the
//! narrower vectors.
#![allow(clippy::unwrap_used)]

mod runner;

use fovea_cpu::{Cpu, Instructions};
use fovea_graph::Op;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad, Matmul, Transpose};
use runner::best_of;
use runner::single::Single;

/// Map, channels, window, stride, pad, filters.
type Layer = (usize, usize, usize, usize, usize, usize);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let batch = args.get(1).map_or(8, |a| a.parse().unwrap());
    let set = std::env::var("FOVEA_CPU").map_or(Instructions::best(), |word| Instructions::from_word(&word).unwrap());
    let cpu = Cpu::with(args.get(2).and_then(|a| a.parse().ok()), set).unwrap();
    for layer in layers(args.first().map_or("resnet", String::as_str)) {
        convolution(&cpu, batch, layer);
    }
    products(&cpu, batch);
}

/// The convolutions of a net that differ.
fn layers(net: &str) -> &'static [Layer] {
    match net {
        "vgg" => &[
            (224, 3, 3, 1, 1, 64),
            (224, 64, 3, 1, 1, 64),
            (112, 64, 3, 1, 1, 128),
            (112, 128, 3, 1, 1, 128),
            (56, 256, 3, 1, 1, 256),
            (28, 512, 3, 1, 1, 512),
            (14, 512, 3, 1, 1, 512),
        ],
        "alexnet" => {
            &[(224, 3, 11, 4, 2, 64), (27, 64, 5, 1, 2, 192), (13, 192, 3, 1, 1, 384), (13, 384, 3, 1, 1, 256)]
        }
        "pattern" => &[
            (32, 3, 3, 1, 1, 32),
            (32, 32, 3, 1, 1, 32),
            (16, 32, 3, 1, 1, 64),
            (16, 64, 3, 1, 1, 64),
            (8, 64, 3, 1, 1, 128),
            (8, 128, 3, 1, 1, 128),
        ],
        "lenet" => &[(28, 1, 5, 1, 2, 20), (14, 20, 5, 1, 0, 50)],
        "googlenet" => &[
            (224, 3, 7, 2, 3, 64),
            (56, 64, 3, 1, 1, 192),
            (28, 192, 1, 1, 0, 64),
            (28, 96, 3, 1, 1, 128),
            (28, 192, 1, 1, 0, 16),
            (28, 16, 5, 1, 2, 32),
            (14, 480, 1, 1, 0, 192),
            (14, 112, 3, 1, 1, 224),
            (7, 832, 1, 1, 0, 384),
        ],
        _ => &[
            (224, 3, 7, 2, 3, 64),
            (56, 64, 3, 1, 1, 64),
            (56, 64, 1, 1, 0, 256),
            (56, 256, 1, 1, 0, 64),
            (56, 128, 3, 2, 1, 128),
            (28, 128, 3, 1, 1, 128),
            (28, 512, 1, 1, 0, 128),
            (56, 256, 1, 2, 0, 512),
            (14, 256, 3, 1, 1, 256),
            (14, 1024, 1, 1, 0, 256),
            (7, 512, 3, 1, 1, 512),
            (7, 2048, 1, 1, 0, 512),
        ],
    }
}

/// Forward, gradient by the input, gradient by the filters.
fn convolution(cpu: &Cpu, batch: usize, &(map, channels, window, stride, pad, filters): &Layer) {
    let conv = Conv { stride: vec![stride; 2], pad: vec![[pad; 2]; 2], ..Conv::plain(2) };
    let (x, w) = ([batch, map, map, channels], [filters, window, window, channels]);
    let out = conv.output_extent(&[map; 2], &[window; 2]).unwrap()[0];
    let y = [batch, out, out, filters];
    let dgrad = ConvDgrad { conv: conv.clone(), extent: vec![map; 2] };
    let wgrad = ConvWgrad { conv: conv.clone(), window: vec![window; 2] };
    print!("{map:4}² ×{channels:<4} {window}x{window}/{stride} {filters:4}:");
    for (op, inputs) in [(Op::Conv(conv), [&x, &w]), (Op::ConvDgrad(dgrad), [&w, &y]), (Op::ConvWgrad(wgrad), [&x, &y])]
    {
        print!("{}", time(cpu, op, &inputs.map(|dims| &dims[..])));
    }
    println!();
}

/// Fully connected layers, and a square product.
fn products(cpu: &Cpu, batch: usize) {
    let [no, yes] = [Transpose::No, Transpose::Yes];
    for (columns, depth) in [(4096, 9216), (4096, 4096), (1024, 1024)] {
        print!("{batch} × {depth} → {columns}:");
        for (a, b, first, second) in [
            (no, yes, [batch, depth], [columns, depth]),
            (no, no, [batch, columns], [columns, depth]),
            (yes, no, [batch, columns], [batch, depth]),
        ] {
            print!("{}", time(cpu, Op::Matmul(Matmul::new(a, b)), &[&first, &second]));
        }
        println!();
    }
    print!("1024²:{}", time(cpu, Op::Matmul(Matmul::new(no, no)), &[&[1024, 1024], &[1024, 1024]]));
    println!();
}

fn time(cpu: &Cpu, op: Op, inputs: &[&[usize]]) -> String {
    let single = Single::new(cpu, op, inputs);
    let flops = single.flops;
    let [best] = best_of(&mut [single.attempt("")])[..] else { unreachable!("one was timed") };
    format!("  {:8.3} ms {:6.1}", 1e3 * best, flops / best / 1e9)
}
