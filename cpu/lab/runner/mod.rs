//! What the laboratory's files share: attempts at one thing, timed in turns, held against the machine's peak at that moment.
//!
//! A figure says milliseconds, GFLOP/s or GB/s, and the share of the peak that the same run has measured. Times are the best
//! of many: what disturbs only ever makes longer.
#![allow(dead_code, clippy::unwrap_used)]

pub mod single;

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use fovea_cpu::Vectors;
use pulp::{Simd, WithSimd};

/// How long an attempt is repeated.
const TIME: Duration = Duration::from_millis(200);

/// One way to do it.
pub struct Attempt<'a> {
    pub name: &'a str,
    pub run: Box<dyn FnMut() + 'a>,
}

impl<'a> Attempt<'a> {
    pub fn new(name: &'a str, run: impl FnMut() + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What each attempt does, once.
#[derive(Clone, Copy)]
pub struct Work {
    pub flops: f64,
    pub bytes: f64,
}

/// The best of each attempt's times, in seconds; they take turns until each has had its time.
pub fn best_of(attempts: &mut [Attempt<'_>]) -> Vec<f64> {
    let mut best = vec![f64::INFINITY; attempts.len()];
    attempts.iter_mut().for_each(|attempt| (attempt.run)());
    let began = Instant::now();
    while began.elapsed() < TIME * attempts.len() as u32 {
        for (attempt, best) in attempts.iter_mut().zip(&mut best) {
            let began = Instant::now();
            (attempt.run)();
            *best = best.min(began.elapsed().as_secs_f64());
        }
    }
    best
}

/// Times the attempts and prints a line for each, with its share of `peak`, in FLOP/s.
pub fn compare(what: &str, work: Work, peak: f64, mut attempts: Vec<Attempt<'_>>) {
    println!("{what}: {:.1} MFLOP, {:.2} MB, peak {:.1} GFLOP/s", work.flops / 1e6, work.bytes / 1e6, peak / 1e9);
    let times = best_of(&mut attempts);
    for (attempt, seconds) in attempts.iter().zip(times) {
        let (rate, flow) = (work.flops / seconds, work.bytes / seconds);
        println!(
            "  {:32} {:9.4} ms {:8.1} GFLOP/s {:5.1} % {:8.1} GB/s",
            attempt.name,
            1e3 * seconds,
            rate / 1e9,
            100.0 * rate / peak,
            flow / 1e9
        );
    }
}

/// FLOP/s of multiply-adds that stay in registers, on so many threads.
pub fn peak(vectors: Vectors, threads: usize) -> f64 {
    const ROUNDS: usize = 1 << 16;
    // A few each, so that a disturbance costs one.
    let rates = (0..8).map(|_| {
        let (seconds, flops) = together(threads, 32, |_| vectors.dispatch(Chains { rounds: ROUNDS }));
        flops.into_iter().sum::<f64>() / seconds
    });
    rates.fold(0.0, f64::max)
}

/// Runs `work` on so many threads at once, so many times: the seconds of all, and what each gave in all.
pub fn together(threads: usize, times: usize, work: impl Fn(usize) -> f64 + Sync) -> (f64, Vec<f64>) {
    let barrier = Barrier::new(threads);
    // Each thread has its own clock: one that only waits for them would be woken late on a machine whose cores are all busy.
    let run = |thread: usize| {
        work(thread);
        barrier.wait();
        let began = Instant::now();
        let given: f64 = (0..times).map(|_| work(thread)).sum();
        (began, Instant::now(), given)
    };
    let run = &run;
    let ended: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || run(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let first = ended.iter().map(|(began, ..)| *began).min().unwrap();
    let last = ended.iter().map(|(_, end, _)| *end).max().unwrap();
    ((last - first).as_secs_f64(), ended.into_iter().map(|(.., given)| given).collect())
}

/// Twelve chains of multiply-adds: more than two units of four cycles keep under way, and few enough for 16 registers.
struct Chains {
    rounds: usize,
}

impl WithSimd for Chains {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        const CHAINS: usize = 12;
        let (a, b) = (simd.splat_f32s(black_box(0.999)), simd.splat_f32s(black_box(0.001)));
        let mut sums = [simd.splat_f32s(black_box(1.0)); CHAINS];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = fovea_cpu::mul_add(simd, *sum, a, b);
            }
        }
        black_box(sums);
        (2 * CHAINS * S::F32_LANES * self.rounds) as f64
    }
}
