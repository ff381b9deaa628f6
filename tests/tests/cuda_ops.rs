//! Every op on the GPU: the one list of op cases, and which kernels it is made of.
#![allow(clippy::unwrap_used)]

use fovea_tests::backend::check_cases;
use fovea_tests::cuda::TestGpu;
use fovea_tests::op_cases::Case;

/// Work of a case: `FOVEA_CUDA_CASES=small` leaves out what is too large for tools that slow a kernel down a hundredfold.
fn wanted(case: &Case) -> bool {
    let small = std::env::var("FOVEA_CUDA_CASES").is_ok_and(|size| size == "small");
    let elements = |dims: &[usize]| dims.iter().product::<usize>();
    !small || case.inputs.iter().map(|input| elements(input.shape())).sum::<usize>() <= 4096
}

/// Runs the cases with blocks and threads in the order of a seed.
fn check(seed: u64) {
    let Some(gpu) = TestGpu::alone(true) else { return };
    if let Some(emulator) = &gpu.emulator {
        emulator.seed(seed);
    }
    let checks = check_cases(&gpu.backend, wanted);
    assert!(checks > 100, "{checks} comparisons");
}

#[test]
fn ops_are_right_in_order() {
    check(0);
}

#[test]
fn ops_are_right_in_a_random_order() {
    check(1);
}

#[test]
fn ops_are_right_in_another_random_order() {
    check(2);
}
