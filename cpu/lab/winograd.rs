//! 3×3 convolutions at stride 1: Winograd's minimal filtering beside the blocked product over gathered windows.
//! `cargo bench -p fovea-cpu --bench winograd`; `FOVEA_CPU=avx2` for the narrower vectors.
//!
//! Effective GFLOP/s (the plain FLOPs by the time) and their share of the measured peak, which filtering may exceed. The product's
//! times are those of the same work as a convolution of three axes, the last of size 1, which is not filtered.
//!
//! What was tried, on two cores of a Sapphire Rapids (AVX-512, measured peak about 400 GFLOP/s), batch 2, effective GFLOP/s forward:
//!
//! | | 64→64 at 224² | 128→128 at 112² | 256→256 at 56² | 512→512 at 28² | 512→512 at 14² |
//! |---|---|---|---|---|---|
//! | product | 211 | 285 | 312 | 252 | 172 |
//! | F(2×2), filters packed before | 440 | 544 | 504 | 354 | 292 |
//! | F(4×4), filters packed before | 780 | 834 | 707 | 572 | 308 |
//! | F(4×4), filters made by each task | | | | 553 | 381 |
//!
//! Weights' gradient, F(3×3, 4×4): 623, 660, 676, 529 and 401, the product 145, 193, 227, 226 and 255. On AVX2, forward: 445, 514, 465, 369
//! and 283, the product 152, 183, 179, 176 and 140.
//!
//! Why: F(4×4) has a quarter of the products; at 512×512 the 36 MiB of transformed filters, written and read, cost more than all
//! products of few tiles, so that each task makes those of its panel in the second-level cache. F(6×6) would save another fifth of
//! the products, but its error is three times as large at the best points found (`points.rs`). Closures that are called by
//! reference, or whose small helpers are closures themselves, are not compiled for the wide vectors: that was a factor of four.
//! Several panels a task, so that the squares are read fewer times from the outer caches, were no faster.
#![allow(clippy::unwrap_used)]

mod runner;

use fovea_cpu::{Cpu, Instructions, Vectors};
use fovea_graph::Op;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad};
use runner::single::Single;
use runner::{Work, compare, peak};

/// Batch, map, channels, filters: VGG-16's, ResNet-18's and those of a small net at 32×32.
const LAYERS: [[usize; 4]; 16] = [
    [2, 224, 64, 64],
    [2, 112, 64, 128],
    [2, 112, 128, 128],
    [2, 56, 256, 256],
    [2, 28, 512, 512],
    [2, 14, 512, 512],
    [8, 56, 64, 64],
    [8, 28, 128, 128],
    [8, 14, 256, 256],
    [8, 7, 512, 512],
    [64, 32, 32, 32],
    [64, 16, 64, 64],
    [64, 8, 128, 128],
    [1, 56, 64, 64],
    [1, 28, 128, 128],
    [1, 14, 256, 256],
];

fn main() {
    let set = std::env::var("FOVEA_CPU").map_or(Instructions::best(), |word| Instructions::from_word(&word).unwrap());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let peak = peak(Vectors::new(set).unwrap(), threads);
    let cpu = Cpu::with(Some(threads), set).unwrap();
    for [batch, size, channels, filters] in LAYERS {
        let work = Work {
            flops: 18.0 * (batch * size * size * channels * filters) as f64,
            bytes: 4.0 * (batch * size * size * (channels + filters) + 9 * channels * filters) as f64,
        };
        let of = |three: bool| layer(&cpu, [batch, size, channels, filters], three);
        for (product, filtered) in of(true).into_iter().zip(of(false)) {
            let what = format!("{} {batch}x{size}x{size}, {channels} to {filters}, {set}", filtered.word);
            let [product_name, name] = [&product, &filtered].map(|op| op.kernel.clone());
            compare(&what, work, peak, vec![product.attempt(&product_name), filtered.attempt(&name)]);
        }
    }
}

/// The convolution and both of its gradients, with two axes or with three.
fn layer(cpu: &Cpu, [batch, size, channels, filters]: [usize; 4], three: bool) -> [Single; 3] {
    let mut conv = Conv { pad: vec![[1, 1]; 2], ..Conv::plain(2) };
    let (mut extent, mut window) = (vec![size; 2], vec![3; 2]);
    if three {
        conv = Conv { pad: vec![[1, 1], [1, 1], [0, 0]], ..Conv::plain(3) };
        extent.push(1);
        window.push(1);
    }
    let x = [&[batch], &extent[..], &[channels]].concat();
    let y = [&[batch], &extent[..], &[filters]].concat();
    let w = [&[filters], &window[..], &[channels]].concat();
    let dgrad = ConvDgrad { conv: conv.clone(), extent };
    let wgrad = ConvWgrad { conv: conv.clone(), window };
    [
        Single::new(cpu, Op::Conv(conv), &[&x, &w]),
        Single::new(cpu, Op::ConvDgrad(dgrad), &[&w, &y]),
        Single::new(cpu, Op::ConvWgrad(wgrad), &[&x, &y]),
    ]
}
