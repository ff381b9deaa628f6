//! Convolutions of odd kinds: `cargo bench -p fovea-cpu --bench odd [-- THREADS [WORD]]`; `FOVEA_CPU=avx2` for the narrower
//! vectors. Milliseconds of the forward pass and both gradients, and what runs them; WORD picks those whose name has it.
//!
//! Groups that fill no vector were 0.22 to 0.43 as fast as before the blocked product; neighbours computed as one
//! (`ops/conv/groups.rs`) made them 4.6 to 20 times as fast (AVX-512, one thread, the least of two runs in turns): 32 groups of 4
//! 18.1 to 3.9, 22.1 to 4.0, 19.9 to 1.7 ms; 16 groups of 2 6.2 to 0.9, 6.5 to 1.0, 7.0 to 0.3 ms.
#![allow(clippy::unwrap_used)]

mod runner;

use fovea_cpu::{Cpu, Instructions};
use fovea_graph::Op;
use fovea_graph::op::{Conv, ConvDgrad, ConvWgrad};
use runner::best_of;
use runner::single::Single;

/// A convolution whose axes are all alike but for their length.
struct Odd {
    name: &'static str,
    batch: usize,
    map: &'static [usize],
    channels: usize,
    filters: usize,
    window: usize,
    stride: usize,
    pad: usize,
    dilate: usize,
    groups: usize,
}

/// With a window of 3 at stride 1 that keeps the map's size.
const fn plain(name: &'static str, batch: usize, map: &'static [usize], channels: usize, filters: usize) -> Odd {
    Odd { name, batch, map, channels, filters, window: 3, stride: 1, pad: 1, dilate: 1, groups: 1 }
}

const LAYERS: [Odd; 22] = [
    plain("batch 1", 1, &[56, 56], 64, 64),
    plain("batch 1, deep", 1, &[7, 7], 512, 512),
    plain("odd sizes", 3, &[37, 29], 19, 23),
    Odd { window: 5, pad: 2, ..plain("odd sizes, 5x5", 5, &[13, 13], 33, 17) },
    Odd { window: 1, pad: 0, ..plain("odd sizes, 1x1", 3, &[17, 17], 75, 130) },
    Odd { window: 5, pad: 2, ..plain("one channel", 8, &[28, 28], 1, 6) },
    plain("one channel, one filter", 2, &[101, 67], 1, 1),
    Odd { window: 1, pad: 0, ..plain("one filter", 4, &[32, 32], 64, 1) },
    Odd { groups: 2, ..plain("2 groups", 4, &[28, 28], 64, 64) },
    Odd { window: 5, pad: 2, groups: 2, ..plain("2 groups, 5x5", 2, &[27, 27], 96, 256) },
    Odd { groups: 32, ..plain("32 groups of 4", 4, &[28, 28], 128, 128) },
    Odd { groups: 16, ..plain("16 groups of 2", 4, &[28, 28], 32, 32) },
    Odd { groups: 48, ..plain("depthwise, two filters each", 4, &[28, 28], 48, 96) },
    Odd { pad: 2, dilate: 2, ..plain("dilation 2", 2, &[33, 33], 64, 64) },
    Odd { pad: 4, dilate: 4, ..plain("dilation 4", 2, &[33, 33], 32, 48) },
    Odd { window: 4, stride: 3, pad: 0, ..plain("4x4 at stride 3", 2, &[50, 50], 24, 40) },
    Odd { stride: 2, ..plain("stride 2, odd size", 4, &[27, 27], 48, 64) },
    Odd { window: 11, pad: 5, ..plain("11x11", 1, &[48, 48], 16, 16) },
    Odd { window: 5, pad: 2, ..plain("one axis", 16, &[128], 32, 64) },
    Odd { window: 9, pad: 4, ..plain("one axis, one channel", 4, &[4096], 1, 16) },
    plain("three axes", 2, &[12, 12, 12], 16, 32),
    plain("three axes, one channel", 1, &[24, 24, 24], 1, 8),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let set = std::env::var("FOVEA_CPU").map_or(Instructions::best(), |word| Instructions::from_word(&word).unwrap());
    let cpu = Cpu::with(Some(args.first().map_or(1, |threads| threads.parse().unwrap())), set).unwrap();
    let wanted = args.get(1).map_or("", String::as_str);
    for odd in LAYERS.iter().filter(|odd| odd.name.contains(wanted)) {
        let ops = odd.ops(&cpu);
        let kernels = ops.each_ref().map(|op| op.kernel.clone()).join("; ");
        let times = best_of(&mut ops.map(|op| op.attempt("")));
        println!("{:28}{}  {kernels}", odd.name, times.iter().map(|t| format!(" {:9.4}", 1e3 * t)).collect::<String>());
    }
}

impl Odd {
    /// The convolution and both of its gradients.
    fn ops(&self, cpu: &Cpu) -> [Single; 3] {
        let rank = self.map.len();
        let conv = Conv {
            stride: vec![self.stride; rank],
            pad: vec![[self.pad; 2]; rank],
            dilate: vec![self.dilate; rank],
            groups: self.groups,
            ..Conv::plain(rank)
        };
        let window = vec![self.window; rank];
        let out = conv.output_extent(self.map, &window).unwrap();
        let x = [&[self.batch], self.map, &[self.channels]].concat();
        let y = [&[self.batch], &out[..], &[self.filters]].concat();
        let w = [&[self.filters], &window[..], &[self.channels / self.groups]].concat();
        let dgrad = ConvDgrad { conv: conv.clone(), extent: self.map.to_vec() };
        let wgrad = ConvWgrad { conv: conv.clone(), window };
        [
            Single::new(cpu, Op::Conv(conv), &[&x, &w]),
            Single::new(cpu, Op::ConvDgrad(dgrad), &[&w, &y]),
            Single::new(cpu, Op::ConvWgrad(wgrad), &[&x, &y]),
        ]
    }
}
