//! Products and convolutions on the GPU: each of their kernels by a case that it alone is chosen for, and how few words
//! they load.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use fovea_cuda_emulator::Counters;
use fovea_tests::backend::Running;
use fovea_tests::compare::compare;
use fovea_tests::cuda::{TestGpu, kernels};
use fovea_tests::op_cases::{LEARNING_RATE, STEP, outputs};
use fovea_tests::products::{Product, of_one_size, products};

/// ‖Δ‖/‖expected‖, of sums of up to some thousand products.
const TOLERANCE: f64 = 1e-6;

/// The sources of the kernels of products.
const SOURCES: [&str; 6] = ["matmul", "conv_fprop", "conv_dgrad", "conv_wgrad", "conv_narrow", "conv_depthwise"];

/// Computes a case and holds it against the reference; what was counted on the way.
fn check(gpu: &TestGpu, product: &Product) -> Counters {
    let Product { kernel, case } = product;
    let mut running = Running::new(&gpu.backend, &case.graph, &[]);
    gpu.emulator.iter().for_each(|emulator| emulator.reset_counters());
    running.run(&case.inputs, LEARNING_RATE, STEP);
    let expected = &outputs(&case.graph, &case.wide_inputs())[0].1;
    compare(&running.output("result"), expected, TOLERANCE).unwrap_or_else(|why| panic!("{}: {why}", case.name));
    let counters = gpu.emulator.map_or_else(Counters::default, |emulator| emulator.counters());
    let launches = &counters.launches;
    assert!(gpu.emulator.is_none() || launches.iter().any(|name| name == kernel), "{}: {launches:?}", case.name);
    counters
}

#[test]
fn every_kernel_of_products_is_right_where_it_is_chosen() {
    let Some(gpu) = TestGpu::alone(false) else { return };
    let mut ran = BTreeSet::new();
    for product in products() {
        ran.extend(check(&gpu, &product).launches);
    }
    let all = kernels();
    let missing: Vec<&String> =
        SOURCES.iter().flat_map(|&source| &all[source]).filter(|name| !ran.contains(*name)).collect();
    assert!(gpu.emulator.is_none() || missing.is_empty(), "no case for {missing:?}");
}

/// One thread an output loads two words for each product of its sum; tiles are to load an eighth of that at most, what adds
/// up slices included.
#[test]
fn tiles_load_at_most_an_eighth_of_what_one_thread_an_output_does() {
    let Some(gpu) = TestGpu::alone(false) else { return };
    if gpu.emulator.is_none() {
        return;
    }
    for product in of_one_size() {
        let (naive, loaded) = (2 * 256 * 64 * 576, check(&gpu, &product).total().loaded);
        println!("measured: {}: {loaded} words, 1/{} of {naive}", product.kernel, naive / loaded);
        assert!(8 * loaded <= naive, "{} loads {loaded} words", product.kernel);
    }
}
