//! Five steps of a small ResNet-18 and of a small U-Net are PyTorch's, by the reference and by the CPU.
#![allow(clippy::unwrap_used)]

use fovea_cpu::reference::{self, Feed64};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::Op;
use fovea_tests::compare::{Failures, compare, wide};
use fovea_tests::whole::{LEARNING_RATE, Whole, check_whole};
use ndarray::{ArrayD, arr0};

#[test]
fn the_reference_goes_pytorchs_way() {
    let mut failures = Failures::default();
    for whole in Whole::all() {
        let graph = &whole.graph;
        let mut states: Vec<ArrayD<f64>> = whole.before(0).iter().map(wide).collect();
        for (step, &loss) in whole.losses.iter().enumerate() {
            let batch = whole.batch(step).each_ref().map(wide);
            let feed = Feed64 { inputs: &batch.each_ref(), learning_rate: LEARNING_RATE, seed: 0, step: step as u32 };
            let values = reference::step(graph, &mut states, &feed).unwrap();
            let found = reference::output(graph, &values, "loss").unwrap();
            failures.check(
                || format!("{}, loss of step {step}", graph.name),
                compare(found, &arr0(loss).into_dyn(), 1e-10),
            );
            // What PyTorch has between the steps is kept in f32.
            let tolerance = if step + 1 < whole.losses.len() { 1e-7 } else { 1e-10 };
            for ((found, expected), state) in states.iter().zip(whole.after(step)).zip(&graph.states) {
                let result = compare(found, &expected, tolerance);
                failures.check(|| format!("{}, {} after step {step}", graph.name, state.name), result);
            }
        }
    }
    assert!(failures.finish() > 1000);
}

#[test]
fn the_cpu_goes_pytorchs_way_with_all_instructions() {
    for set in Instructions::available() {
        let compared = check_whole(&Cpu::with(Some(2), set).unwrap());
        assert!(compared > 2000, "only {compared} comparisons with {set}");
    }
}

#[test]
fn the_nets_are_whole() {
    let [resnet, unet] = Whole::all();
    let count = |whole: &Whole, is: fn(&Op) -> bool| whole.graph.nodes.iter().filter(|node| is(&node.op)).count();
    let [convs, norms] = [|op: &Op| matches!(op, Op::Conv(_)), |op: &Op| matches!(op, Op::BatchNorm(_))];
    // Seventeen, and three projections; the last layer is a product.
    assert_eq!([count(&resnet, convs), count(&resnet, norms)], [20, 20]);
    assert_eq!(count(&resnet, |op| matches!(op, Op::Add(_))), 8 + 8, "shortcuts, and their gradients");
    assert_eq!(count(&unet, |op| matches!(op, Op::Concat(_))), 4);
    assert_eq!(count(&unet, convs), 19 + 4, "layers, and the gradients of four transposed ones");
}
