//! Kernels with planted errors: each is found, at its line, under every order of threads; its repaired twin passes.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Gpu, View, code, numbers, rectified};
use cudarc::driver::DeviceRepr;
use cudarc::driver::sys::CUresult;
use fovea_cuda_emulator::{Emulator, Extra, Variant, in_child, install_with, or_skip};

const TEXT: &str = include_str!("planted.cu");
const N: usize = 512;

/// `planted.cu:LINE` of the line with this mark.
fn line(mark: &str) -> String {
    let mark = format!("// <- {mark}");
    let at = TEXT.lines().position(|line| line.trim_end().ends_with(&mark)).unwrap();
    format!("planted.cu:{}", at + 1)
}

fn extra() -> Extra {
    Extra::source("planted.cu", TEXT)
}

/// Launches with a fresh x of N numbers and a fresh y of N that nobody has written; gives the answer and the findings.
fn launch(emulator: Emulator, kernel: &str) -> (CUresult, String) {
    let gpu = Gpu::open(emulator);
    let x = gpu.stream.clone_htod(&numbers(N)).unwrap();
    // SAFETY: what reads it unwritten is to be found.
    let y = unsafe { gpu.stream.alloc::<f32>(N) }.unwrap();
    gpu.launch_on(&gpu.stream, kernel, 4, 128, &[gpu.view(&x), gpu.view(&y)], None).unwrap();
    let answer = code(gpu.stream.synchronize());
    (answer, emulator.findings().join("\n"))
}

/// The broken kernel fails with this code and these words, at its line, in every order; the repaired one passes.
fn finds(emulator: Emulator, kernel: &str, expected: CUresult, words: &[&str]) {
    let _alone = emulator.alone();
    for seed in [0, 1, 2, 3] {
        emulator.reset();
        emulator.quiet(true);
        emulator.seed(seed);
        let (answer, findings) = launch(emulator, kernel);
        assert_eq!(answer, expected, "{kernel}, seed {seed}: {findings}");
        for words in words {
            assert!(findings.contains(words), "{kernel}, seed {seed}: no {words:?} in {findings}");
        }
        emulator.reset();
        emulator.seed(seed);
        let (answer, findings) = launch(emulator, &format!("{kernel}_repaired"));
        assert_eq!((answer, findings.as_str()), (CUresult::CUDA_SUCCESS, ""), "{kernel}_repaired, seed {seed}");
    }
}

use CUresult::{CUDA_ERROR_ILLEGAL_ADDRESS as ADDRESS, CUDA_ERROR_LAUNCH_FAILED as FAILED};

/// What every variant finds.
fn bounds_and_barriers(emulator: Emulator) {
    let misaligned = CUresult::CUDA_ERROR_MISALIGNED_ADDRESS;
    finds(
        emulator,
        "tile_row",
        ADDRESS,
        &[&line("tile_row"), "index 32 of tile rows, whose dimension 1 has 32", "thread"],
    );
    finds(emulator, "view_end", ADDRESS, &[&line("view_end"), "writes index 512 of a view of 512", "block (3, 0, 0)"]);
    finds(emulator, "four_end", ADDRESS, &[&line("four_end"), "of a view of 512"]);
    finds(emulator, "four_crooked", misaligned, &[&line("four_crooked")]);
    finds(emulator, "barrier_in_branch", FAILED, &[&line("barrier_in_branch"), "divergent barrier: 64 of 128"]);
    finds(emulator, "two_barriers", FAILED, &["divergent barrier: others"]);
    finds(emulator, "half_a_warp", FAILED, &[&line("half_a_warp"), "deadlock", "0xffffffff", "0x0000ffff"]);
    finds(emulator, "too_much_shared", FAILED, &[&line("too_much_shared"), "51200 bytes of tiles, 49152 fit"]);
}

#[test]
fn what_every_variant_finds() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    bounds_and_barriers(emulator);
}

#[test]
fn races() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    for (kernel, other) in [
        ("no_barrier", "no_barrier write"),
        ("no_second_barrier", "no_second_barrier read"),
        ("blocks_read", "blocks_read write"),
    ] {
        finds(emulator, kernel, FAILED, &[&line(kernel), &line(other), "race"]);
    }
    finds(emulator, "no_syncwarp", FAILED, &[&line("no_syncwarp"), "race", "no barrier is between"]);
    finds(emulator, "blocks_write", FAILED, &[&line("blocks_write"), "race", "nothing orders the blocks"]);
}

#[test]
fn words_that_nobody_has_written() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    finds(
        emulator,
        "unwritten_tile",
        FAILED,
        &[&line("unwritten_tile"), "a word of tile half that nobody has written"],
    );
    let words = [&*line("unwritten_view"), "an allocation of 512 words, which nobody has written"];
    finds(emulator, "unwritten_view", FAILED, &words);
}

/// A launch of too few blocks leaves memory as nobody has written it, which reads as NaN; one of too many goes beyond the
/// tensor.
#[test]
fn a_grid_of_the_wrong_size() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    let _alone = emulator.alone();
    let launched = |blocks| {
        emulator.reset();
        emulator.quiet(true);
        let gpu = Gpu::open(emulator);
        let x = gpu.stream.clone_htod(&numbers(N)).unwrap();
        // SAFETY: what the kernel does not write is what the test looks for.
        let y = unsafe { gpu.stream.alloc::<f32>(N) }.unwrap();
        gpu.launch_on(&gpu.stream, "view_end_repaired", blocks, 128, &[gpu.view(&x), gpu.view(&y)], None).unwrap();
        let answer = code(gpu.stream.synchronize());
        (answer, gpu.stream.clone_dtoh(&y).map_or(0, |y| y.iter().filter(|y| y.is_nan()).count()))
    };
    assert_eq!(launched(4), (CUresult::CUDA_SUCCESS, 0));
    assert_eq!(launched(3), (CUresult::CUDA_SUCCESS, 128), "the last block's elements");
    assert_eq!(launched(5).0, ADDRESS);
    assert!(emulator.findings()[0].contains("view_end_repaired, planted.cu:"), "{:?}", emulator.findings());
}

#[test]
fn atomics_race_with_plain_writes_only() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    let _alone = emulator.alone();
    emulator.quiet(true);
    for seed in [0, 1, 2] {
        for (kernel, expected) in [("lowers", FAILED), ("lowers_repaired", CUresult::CUDA_SUCCESS)] {
            emulator.reset();
            emulator.quiet(true);
            emulator.seed(seed);
            let gpu = Gpu::open(emulator);
            let x = gpu.stream.clone_htod(&numbers(N)).unwrap();
            let least = gpu.stream.clone_htod(&[u32::MAX]).unwrap();
            gpu.launch_on(&gpu.stream, kernel, 4, 128, &[gpu.view(&x), gpu.view(&least)], None).unwrap();
            assert_eq!(code(gpu.stream.synchronize()), expected, "{kernel}, {seed}: {:?}", emulator.findings());
            if expected == CUresult::CUDA_SUCCESS {
                assert_eq!(gpu.stream.clone_dtoh(&least).unwrap(), [1]);
            } else {
                assert!(emulator.findings()[0].contains("lowers, planted.cu:"));
            }
        }
    }
}

#[test]
fn a_missing_barrier_changes_results_where_races_are_not_watched() {
    let name = "a_missing_barrier_changes_results_where_races_are_not_watched";
    let ran = in_child(name, Variant::Plain, &extra(), |emulator| {
        bounds_and_barriers(emulator);
        let _alone = emulator.alone();
        let wrong = |seed: u64, kernel: &str| {
            emulator.seed(seed);
            let gpu = Gpu::open(emulator);
            let x = numbers(N);
            let (from, to) = (gpu.stream.clone_htod(&x).unwrap(), gpu.stream.alloc_zeros::<f32>(N).unwrap());
            gpu.launch_on(&gpu.stream, kernel, 4, 128, &[gpu.view(&from), gpu.view(&to)], None).unwrap();
            let y = gpu.stream.clone_dtoh(&to).unwrap();
            (0..N).any(|i| y[i] != x[i / 128 * 128 + 127 - i % 128])
        };
        assert!((0..4).all(|seed| wrong(seed, "no_barrier")));
        assert!((0..4).all(|seed| !wrong(seed, "no_barrier_repaired")));
    });
    or_skip(ran);
}

#[test]
fn the_sanitizers_see_arrays_within_kernels() {
    let name = "the_sanitizers_see_arrays_within_kernels";
    let ran = in_child(name, Variant::Address, &extra(), |emulator| {
        bounds_and_barriers(emulator);
        for seed in [0, 1] {
            emulator.seed(seed);
            for kernel in ["own_array_repaired", "no_barrier_repaired", "no_syncwarp_repaired"] {
                assert_eq!(launch(emulator, kernel).0, CUresult::CUDA_SUCCESS);
            }
        }
    });
    or_skip(ran);
}

#[test]
fn the_sanitizers_end_the_process() {
    let name = "the_sanitizers_end_the_process";
    let ran = in_child(name, Variant::Address, &extra(), |emulator| {
        launch(emulator, "own_array");
    });
    let Err(why) = ran else { panic!("an array was overrun and nobody noticed") };
    if fovea_cuda_emulator::can_run().is_err() {
        or_skip::<()>(Err(why));
    } else {
        assert!(why.contains("planted.cu") && why.contains("index 4 out of bounds"), "{why}");
    }
}

/// `Part` of planted.cu.
#[repr(C)]
#[derive(Clone, Copy)]
struct Part {
    x: View,
    scale: i32,
}
// SAFETY: numbers.
unsafe impl DeviceRepr for Part {}

#[test]
fn views_within_structs_and_tables_must_be_alive() {
    use cudarc::driver::{LaunchConfig, PushKernelArg};
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    let _alone = emulator.alone();
    for (table, alive) in [(false, true), (false, false), (true, true), (true, false)] {
        emulator.reset();
        emulator.quiet(true);
        let gpu = Gpu::open(emulator);
        let x = gpu.stream.clone_htod(&numbers(N)).unwrap();
        let y = gpu.stream.alloc_zeros::<f32>(N).unwrap();
        let part = Part { x: gpu.view(&x), scale: 2 };
        let parts = gpu.stream.clone_htod(&[part]).unwrap();
        let (parts, to) = (gpu.view(&parts), gpu.view(&y));
        if !alive {
            drop(x);
        }
        let kernel = gpu.module.load_function(if table { "within_table" } else { "within_struct" }).unwrap();
        let mut launch = gpu.stream.launch_builder(&kernel);
        if table {
            launch.arg(&parts)
        } else {
            launch.arg(&part)
        };
        let config = LaunchConfig { grid_dim: (4, 1, 1), block_dim: (128, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: the parameters are the kernel's; what is dead in them is to be found.
        unsafe { launch.arg(&to).launch(config) }.unwrap();
        if alive {
            let expected: Vec<f32> = numbers(N).iter().map(|x| x * 2.0).collect();
            assert_eq!(gpu.stream.clone_dtoh(&y).unwrap(), expected);
        } else {
            assert_eq!(code(gpu.stream.synchronize()), ADDRESS);
            assert!(emulator.findings()[0].contains("do not lie in live device memory"), "{:?}", emulator.findings());
        }
    }
}

#[test]
fn collectives_of_a_warp() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    let _alone = emulator.alone();
    for seed in [0, 5, 6] {
        emulator.seed(seed);
        let gpu = Gpu::open(emulator);
        let x = numbers(48);
        let from = gpu.stream.clone_htod(&x).unwrap();
        let to = gpu.stream.alloc_zeros::<u32>(48 * 5).unwrap();
        gpu.launch_on(&gpu.stream, "collectives", 1, 48, &[gpu.view(&from), gpu.view(&to)], None).unwrap();
        let y = gpu.stream.clone_dtoh(&to).unwrap();
        for i in 0..48 {
            let (lane, warp) = (i % 32, i / 32 * 32);
            let lanes = (48 - warp).min(32);
            let ballot = (0..lanes).fold(0u32, |mask, l| mask | u32::from(x[warp + l] > 0.0) << l);
            let down = if lane % 16 + 3 < 16 { i + 3 } else { i };
            let expected = [ballot, (warp + lane / 8 * 8) as u32, down as u32, (i ^ 1) as u32, lane as u32];
            assert_eq!(y[i * 5..i * 5 + 5], expected, "thread {i}, seed {seed}");
        }
    }
}

#[test]
fn the_real_kernels_stand_beside_planted_ones() {
    let Some(emulator) = or_skip(install_with(Variant::Races, &extra())) else { return };
    let _together = emulator.together();
    let gpu = Gpu::open(emulator);
    let x = gpu.stream.clone_htod(&numbers(1000)).unwrap();
    let y = gpu.stream.alloc_zeros::<f32>(1000).unwrap();
    gpu.relu(&x, &y).unwrap();
    assert_eq!(gpu.stream.clone_dtoh(&y).unwrap(), rectified(&numbers(1000)));
}
