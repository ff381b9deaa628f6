//! What this machine can do: `cargo bench -p fovea-cpu --bench roof [-- --json]`.
//!
//! Peaks of multiply-adds in registers for every set of instructions, on one thread and on all; bandwidths of reading and
//! of copying, from what lies in the first cache to what lies in memory. With `--json` only the peaks on all threads, by
//! set, in GFLOP/s: `tests/peers/cpu.py` reads them from `target/roof.json`.
#![allow(clippy::unwrap_used)]

mod runner;

use std::hint::black_box;

use fovea_cpu::{Instructions, Vectors};
use pulp::{Simd, WithSimd};
use runner::{peak, together};

fn main() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let sets = Instructions::available().into_iter().map(|set| (set, Vectors::new(set).unwrap()));
    if std::env::args().any(|arg| arg == "--json") {
        let peaks = sets.map(|(set, vectors)| (set.word(), peak(vectors, threads) / 1e9));
        return println!("{}", serde_json::json!(peaks.collect::<std::collections::BTreeMap<_, _>>()));
    }
    for (set, vectors) in sets {
        let (one, all) = (peak(vectors, 1) / 1e9, peak(vectors, threads) / 1e9);
        println!("{set}: {one:.1} GFLOP/s on one thread, {all:.1} on {threads}");
    }
    let vectors = Vectors::best();
    for (where_, kib) in [("16 KiB", 16), ("1 MiB", 1 << 10), ("8 MiB", 8 << 10), ("256 MiB", 256 << 10)] {
        for threads in [1, threads] {
            let [read, copy] = bandwidths(vectors, threads, kib << 10);
            println!(
                "{where_} a thread, {threads} threads: reads {read:.1} GB/s, copies {copy:.1} GB/s (read and written)"
            );
        }
    }
}

/// GB/s of reading and of copying, where each thread has so many bytes to read.
fn bandwidths(vectors: Vectors, threads: usize, bytes: usize) -> [f64; 2] {
    let elements = bytes / 4;
    // At least so much at a time, that starting counts for nothing.
    let repeated = ((64 << 20) / bytes).max(1);
    let read = |_| {
        let data = vec![1.0; elements];
        (data, Vec::new())
    };
    let copied = |_| (vec![1.0; elements], vec![0.0; elements]);
    let mut found = [0.0_f64; 2];
    for (i, found) in found.iter_mut().enumerate() {
        let buffers: Vec<(Vec<f32>, Vec<f32>)> =
            (0..threads).map(|thread| if i == 0 { read(thread) } else { copied(thread) }).collect();
        let buffers: Vec<_> = buffers.into_iter().map(std::sync::Mutex::new).collect();
        for _ in 0..3 {
            let (seconds, moved) = together(threads, 8, |thread| {
                let mut buffers = buffers[thread].lock().unwrap();
                let (from, to) = &mut *buffers;
                for _ in 0..repeated {
                    if i == 0 {
                        black_box(vectors.dispatch(Sum(black_box(from))));
                    } else {
                        black_box(&mut *to).copy_from_slice(black_box(from));
                    }
                }
                ((i + 1) * repeated * bytes) as f64
            });
            *found = found.max(moved.into_iter().sum::<f64>() / seconds / 1e9);
        }
    }
    found
}

/// The sum of all elements, in eight vectors.
struct Sum<'a>(&'a [f32]);

impl WithSimd for Sum<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (vectors, _) = S::as_simd_f32s(self.0);
        let mut sums = [simd.splat_f32s(0.0); 8];
        for vectors in vectors.chunks_exact(8) {
            for (sum, &x) in sums.iter_mut().zip(vectors) {
                *sum = simd.add_f32s(*sum, x);
            }
        }
        sums.into_iter().map(|sum| simd.reduce_sum_f32s(sum)).sum()
    }
}
