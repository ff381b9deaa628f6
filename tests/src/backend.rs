//! The checks that every backend must pass.

use std::ops::{ControlFlow, RangeInclusive};

use fovea_cpu::reference::{self, Feed64};
use fovea_graph::fuse::fuse;
use fovea_graph::plan::{Step, plan};
use fovea_graph::{Backend, Feed, Graph, Memory, Outcome, Program, StateId, Tensor};
use ndarray::ArrayD;

use crate::compare::{Failures, compare, narrow, wide};
use crate::goldens::Goldens;
use crate::lenet::{self, Trajectory};
use crate::op_cases::{Case, LEARNING_RATE, SEED, STEP, golden_cases};
use crate::products::products;
use crate::sweep;
use crate::training_runs::{TrainingRun, training_runs};

/// How far a value in f32 may be from the oracle's: ‖Δ‖/‖expected‖.
pub const TOLERANCE: f64 = 1e-6;
/// The same where a plan has convolutions by Winograd's filtering, whose transforms lose more digits: at most 5e-6 of the
/// largest element (`cpu/src/ops/winograd/mod.rs`), and less than half of that by the norm.
pub const WINOGRAD_TOLERANCE: f64 = 2e-6;
/// The same for the gradients of a whole net.
pub const GRADIENT_TOLERANCE: f64 = 1e-5;

/// A graph made runnable, with the memory of its states.
pub struct Running {
    program: Box<dyn Program>,
    memory: Box<dyn Memory>,
}

impl Running {
    /// Plans and compiles a graph.
    ///
    /// # Panics
    /// Where the backend cannot.
    pub fn new(backend: &dyn Backend, graph: &Graph, states: &[Tensor]) -> Self {
        let plan = plan(graph.clone(), backend);
        plan.verify().unwrap_or_else(|e| panic!("the plan of {}: {e}\n{plan}", graph.name));
        let program = backend.compile(plan).unwrap_or_else(|e| panic!("{}: {e}", graph.name));
        let memory = backend.allocate(&graph.states).unwrap_or_else(|e| panic!("{}: {e}", graph.name));
        let mut running = Self { program, memory };
        running.write(states);
        running
    }

    /// Sets the first states.
    pub fn write(&mut self, states: &[Tensor]) {
        for (i, state) in states.iter().enumerate() {
            self.memory.write(StateId::new(i), state).unwrap();
        }
    }

    /// A state's value.
    pub fn read(&self, state: usize) -> ArrayD<f64> {
        wide(&self.memory.read(StateId::new(state)).unwrap())
    }

    /// Runs one step to its end.
    pub fn run(&mut self, inputs: &[Tensor], learning_rate: f64, step: u32) {
        let inputs: Vec<&Tensor> = inputs.iter().collect();
        let feed = Feed { inputs: &inputs, learning_rate, seed: SEED, step, stop: None };
        let outcome = self.program.run(&mut *self.memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(outcome, Outcome::Done, "{}", self.program.plan());
    }

    /// How far an output may be from the oracle's, by the kernels that the plan has.
    fn tolerance(&self) -> f64 {
        let is_winograd = |step: &Step| step.kernel.to_string().starts_with("winograd");
        if self.program.plan().steps.iter().any(is_winograd) { WINOGRAD_TOLERANCE } else { TOLERANCE }
    }

    /// An output's value after the last run.
    pub fn output(&self, name: &str) -> ArrayD<f64> {
        wide(&self.program.output(name).unwrap())
    }
}

/// Runs all op cases whose convolutions and pools have `ranks` axes (and all cases without any), and the training
/// runs. Returns the number of comparisons.
///
/// # Panics
/// With the first messages, where a case fails.
pub fn check_ops(backend: &dyn Backend, ranks: RangeInclusive<usize>) -> usize {
    check_cases(backend, |case| case.rank() == 0 || ranks.contains(&case.rank())) + check_runs(backend)
}

/// The same for the op cases that `wanted` picks.
///
/// # Panics
/// With the first messages, where a case fails.
pub fn check_cases(backend: &dyn Backend, wanted: impl Fn(&Case) -> bool) -> usize {
    let goldens = Goldens::open("ops.npz");
    let mut failures = Failures::default();
    let swept =
        sweep::convolutions().into_iter().chain(sweep::deconvolutions()).chain(sweep::dropouts()).chain(sweep::large());
    let products = products().into_iter().map(|product| product.case);
    for case in golden_cases(&goldens).into_iter().chain(swept).chain(products) {
        if wanted(&case) {
            compare_case(backend, &case, &goldens, &mut failures);
        }
    }
    failures.finish()
}

/// Runs the training runs: optimizers and whole nets over some steps, against PyTorch. Returns the number of comparisons.
///
/// # Panics
/// With the first messages, where a run fails.
pub fn check_runs(backend: &dyn Backend) -> usize {
    let mut failures = Failures::default();
    for run in training_runs(&Goldens::open("ops.npz")) {
        compare_run(backend, &run, &mut failures);
    }
    failures.finish()
}

/// Runs a case as it is and, where anything can be fused, fused; compares every output with the case's oracle.
pub fn compare_case(backend: &dyn Backend, case: &Case, goldens: &Goldens, failures: &mut Failures) {
    let expected = case.expected(goldens);
    let fused = fuse(&case.graph);
    let forms = [("", &case.graph), (", fused", &fused)];
    let count = if fused == case.graph { 1 } else { 2 };
    for (form, graph) in &forms[..count] {
        let mut running = Running::new(backend, graph, &[]);
        running.run(&case.inputs, LEARNING_RATE, STEP);
        let tolerance = running.tolerance();
        for (name, expected) in &expected {
            let result = compare(&running.output(name), expected, tolerance);
            failures.check(|| format!("{}{form}, {name}", case.name), result);
        }
    }
}

/// Trains for a few steps; compares what they made smaller, the parameters and the running statistics with PyTorch's.
pub fn compare_run(backend: &dyn Backend, run: &TrainingRun, failures: &mut Failures) {
    let tolerance = if run.is_net() { GRADIENT_TOLERANCE } else { TOLERANCE };
    let mut running = Running::new(backend, &fuse(&run.graph), &run.start);
    for (i, step) in (0..).zip(&run.steps) {
        running.run(&step.inputs, step.learning_rate, i);
        let result = compare(&running.output("objective"), &step.objective, tolerance);
        failures.check(|| format!("{}, step {i}", run.name), result);
        for (state, expected) in &step.states {
            let result = compare(&running.read(*state), expected, tolerance);
            failures.check(|| format!("{}, {} after step {i}", run.name, run.graph.states[*state].name), result);
        }
    }
}

/// From each state of the reference's twenty LeNet steps: the loss must be PyTorch's and the gradients the reference's,
/// computed as outputs and, from the training step itself, out of the velocities. Returns the number of comparisons.
///
/// # Panics
/// With the first messages, where a step fails.
pub fn check_lenet(backend: &dyn Backend) -> usize {
    let trajectory = Trajectory::open();
    let (step, by_gradient) = (lenet::step(), lenet::with_gradients());
    let mut states: Vec<ArrayD<f64>> = trajectory.first(&step).iter().map(wide).collect();
    let parameters = by_gradient.states.len();
    let mut gradients = Running::new(backend, &fuse(&by_gradient), &[]);
    let mut training = Running::new(backend, &fuse(&step), &[]);
    let mut failures = Failures::default();
    for (i, &loss) in trajectory.losses.iter().enumerate() {
        let batch = trajectory.batch(i);
        let cast: Vec<Tensor> = states.iter().map(narrow).collect();
        gradients.write(&cast[..parameters]);
        gradients.run(&batch, 0.0, STEP);
        training.write(&cast);
        training.run(&batch, lenet::LEARNING_RATE, STEP);

        let wide_batch = batch.each_ref().map(wide);
        let feed =
            Feed64 { inputs: &wide_batch.each_ref(), learning_rate: lenet::LEARNING_RATE, seed: SEED, step: STEP };
        let expected = reference::evaluate(&by_gradient, &states[..parameters], &feed).unwrap();
        for (name, id) in &by_gradient.outputs {
            let (found, expected) = (gradients.output(name), &expected[id.index()]);
            let result = match name.as_str() {
                "loss" => compare(&found, &ndarray::arr0(loss).into_dyn(), TOLERANCE),
                _ => compare(&found, expected, GRADIENT_TOLERANCE),
            };
            failures.check(|| format!("step {i}, {name}"), result);
        }
        failures.check(|| format!("step {i}, trained on"), same_loss(&training, loss));
        reference::step(&step, &mut states, &feed).unwrap();
        for (s, expected) in states.iter().enumerate() {
            let result = compare(&training.read(s), expected, GRADIENT_TOLERANCE);
            failures.check(|| format!("after step {i}, {}", step.states[s].name), result);
        }
    }
    failures.finish()
}

fn same_loss(training: &Running, loss: f64) -> Result<f64, String> {
    compare(&training.output("loss"), &ndarray::arr0(loss).into_dyn(), TOLERANCE)
}
