//! LeNet's first twenty steps, by the reference, are those of PyTorch.
#![allow(clippy::unwrap_used)]

use fovea_cpu::reference::{self, Feed64};
use fovea_graph::fuse::fuse;
use fovea_graph::ids::StateId;
use fovea_tests::compare::{Failures, compare, wide};
use fovea_tests::lenet::{self, LEARNING_RATE, Trajectory};
use ndarray::{ArrayD, arr0};

#[test]
fn losses_and_last_parameters_are_pytorchs() {
    let trajectory = Trajectory::open();
    let graph = fuse(&lenet::step());
    assert_eq!(graph.parameter_count(), 61_706); // LeCun's layers, with dense connections in the second
    let mut states: Vec<ArrayD<f64>> = trajectory.first(&graph).iter().map(wide).collect();
    let mut failures = Failures::default();
    for (step, &loss) in trajectory.losses.iter().enumerate() {
        let batch = trajectory.batch(step).each_ref().map(wide);
        let feed = Feed64 { inputs: &batch.each_ref(), learning_rate: LEARNING_RATE, seed: 0, step: step as u32 };
        let values = reference::step(&graph, &mut states, &feed).unwrap();
        let found = reference::output(&graph, &values, "loss").unwrap();
        failures.check(|| format!("loss of step {step}"), compare(found, &arr0(loss).into_dyn(), 1e-11));
    }
    let recorded = |id: StateId| graph.states[id.index()].shape.elements() < 5000;
    for (id, state) in graph.parameters().filter(|(id, _)| recorded(*id)) {
        let result = compare(&states[id.index()], &trajectory.last(&state.name), 1e-11);
        failures.check(|| state.name.clone(), result);
    }
    assert_eq!(failures.finish(), 28);
}
