//! Whole training steps on the GPU: LeNet against the reference; captured and launched one by one, one at a time and two
//! under way, at once and late; and every way a step can end without leaving a trace.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use fovea_cuda::{Images, Options, open_with};
use fovea_cuda_emulator::Device;
use fovea_dsl::lower::{Mode, lower};
use fovea_graph::fuse::fuse;
use fovea_graph::op::Running;
use fovea_graph::plan::plan;
use fovea_graph::training::{Adam, Adjustments, Decay, Optimizer, RmsProp, adjusted_step, objective};
use fovea_graph::{
    Backend, Feed, Graph, Init, Memory, Never, Op, Outcome, Program, Role, Shape, State, StateId, Tensor,
};
use fovea_tests::backend::{check_lenet, check_runs};
use fovea_tests::cuda::TestGpu;
use fovea_tests::lenet::{self, Trajectory};
use fovea_tests::nets::net;
use fovea_tests::op_cases::SEED;
use fovea_tests::overflow::check_overflow;
use fovea_tests::pipeline::check_steps;

/// LeNet's training step on a device, from the first state of PyTorch's twenty steps.
struct Training {
    program: Box<dyn Program>,
    memory: Box<dyn Memory>,
    trajectory: Trajectory,
    states: usize,
}

impl Training {
    fn new(backend: &dyn Backend, graph: &Graph) -> Self {
        let trajectory = Trajectory::open();
        let mut memory = backend.allocate(&graph.states).unwrap();
        for (i, state) in trajectory.first(graph).iter().enumerate() {
            memory.write(StateId::new(i), state).unwrap();
        }
        let program = backend.compile(plan(fuse(graph), backend)).unwrap();
        Self { program, memory, trajectory, states: graph.states.len() }
    }

    fn lenet(backend: &dyn Backend) -> Self {
        Self::new(backend, &lenet::step())
    }

    fn begin(&mut self, step: usize, batch: &[Tensor; 2]) {
        let inputs = batch.each_ref();
        let feed =
            Feed { inputs: &inputs, learning_rate: lenet::LEARNING_RATE, seed: SEED, step: step as u32, stop: None };
        self.program.begin(&mut *self.memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
    }

    fn finish(&mut self) -> (Outcome, u32) {
        let outcome = self.program.finish().unwrap();
        (outcome, self.program.scalar("loss").unwrap().to_bits())
    }

    /// All states, as bits.
    fn bits(&self) -> Vec<Vec<u32>> {
        let read = |i| self.memory.read(StateId::new(i)).unwrap().iter().map(|x| x.to_bits()).collect();
        (0..self.states).map(read).collect()
    }

    /// Trains, with as many steps under way as `depth`; the losses and the states, as bits.
    fn train(mut self, steps: usize, depth: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
        let mut losses = Vec::new();
        for step in 0..steps + depth - 1 {
            if step < steps {
                let batch = self.trajectory.batch(step);
                self.begin(step, &batch);
            }
            if step + 1 >= depth {
                let (outcome, loss) = self.finish();
                assert_eq!(outcome, Outcome::Done);
                losses.push(loss);
            }
        }
        (losses, self.bits())
    }
}

/// Twenty steps of LeNet, each from the reference's state: loss to 1e-6, gradients to 1e-5.
#[test]
fn lenet_is_the_references() {
    let Some(gpu) = TestGpu::open(true) else { return };
    assert!(check_lenet(&gpu.backend) > 400);
}

/// What every backend promises of steps under way.
#[test]
fn steps_under_way_keep_their_promises() {
    let Some(gpu) = TestGpu::open(true) else { return };
    check_steps(&gpu.backend);
}

/// SGD and Adam, with their decays, batch normalisation and side classifiers, against PyTorch.
#[test]
fn training_runs_are_pytorchs() {
    let Some(gpu) = TestGpu::open(true) else { return };
    assert!(check_runs(&gpu.backend) > 20);
}

/// A captured graph replays what plain launches do, bit for bit; so does a second step that is begun before the first is
/// finished.
#[test]
fn captured_launched_and_overlapping_steps_have_the_same_bits() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let replays = || gpu.emulator.map_or(0, |emulator| emulator.counters().graph_launches);
    let one = Training::lenet(&gpu.again(false)).train(6, 1);
    assert_eq!(replays(), 0);
    assert_eq!(one, Training::lenet(&gpu.backend).train(6, 1));
    assert_eq!(replays(), if gpu.emulator.is_some() { 5 } else { 0 }, "all but the first step are replays");
    assert_eq!(Training::lenet(&gpu.backend).program.depth(), 2);
    assert_eq!(one, Training::lenet(&gpu.backend).train(6, 2));
}

/// Work that the driver does late and in another order shows every wait that is missing between two streams.
#[test]
fn late_streams_change_nothing() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let Some(emulator) = &gpu.emulator else { return };
    let expected = Training::lenet(&gpu.backend).train(5, 2);
    for seed in [1, 2, 3] {
        emulator.seed(seed);
        emulator.deferred(true);
        assert_eq!(expected, Training::lenet(&gpu.backend).train(5, 2), "seed {seed}");
        emulator.deferred(false);
    }
}

/// A batch that is not finite changes nothing, and neither does the step that was begun behind it; then training goes on.
#[test]
fn what_is_not_finite_updates_nothing() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let mut training = Training::lenet(&gpu.backend);
    let good = training.trajectory.batch(0);
    let mut bad = good.clone();
    bad[0][[3, 14, 14, 0]] = f32::INFINITY;
    training.begin(0, &good);
    assert_eq!(training.finish().0, Outcome::Done);
    let before = training.bits();
    training.begin(1, &bad);
    training.begin(2, &good);
    assert_eq!(training.finish().0, Outcome::NotFinite("loss".into()));
    assert_eq!(training.finish().0, Outcome::NotFinite("loss".into()));
    assert_eq!(training.bits(), before);
    training.begin(1, &good);
    assert_eq!(training.finish().0, Outcome::Done);
    assert_ne!(training.bits(), before);
}

/// What an update would make infinite changes nothing; what only looks so does.
#[test]
fn what_would_not_be_finite_is_not_written() {
    let Some(gpu) = TestGpu::open(true) else { return };
    check_overflow(&gpu.backend);
}

/// Broken off before any of its launches, a step leaves every state as it was, captured or not.
#[test]
fn an_interrupted_step_changes_nothing() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let mut training = Training::lenet(&gpu.backend);
    let batch = training.trajectory.batch(0);
    let commit = training.program.plan().commit;
    for replayed in [false, true] {
        let before = training.bits();
        for at in [0, 1, commit / 2, commit] {
            let inputs = batch.each_ref();
            let feed = Feed { inputs: &inputs, learning_rate: 0.1, seed: SEED, step: 0, stop: None };
            let mut before = |step| if step == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            let outcome = training.program.run(&mut *training.memory, &feed, &mut before).unwrap();
            assert_eq!(outcome, Outcome::Interrupted, "before step {at}, replayed: {replayed}");
        }
        assert_eq!(training.bits(), before);
        training.begin(0, &batch);
        assert_eq!(training.finish().0, Outcome::Done);
        assert_ne!(training.bits(), before);
    }
}

/// Steps that are waited for one by one compute the same.
#[test]
fn stepwise_computes_the_same() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let expected = Training::lenet(&gpu.backend).train(3, 1);
    let mut training = Training::lenet(&gpu.backend);
    training.program.stepwise(true);
    assert_eq!(expected, training.train(3, 1));
}

/// The training step of a small residual net hands back a few numbers, and no activation; each optimizer is one launch over
/// all parameters, the norm that gradients are clipped by another, and the running statistics are one.
#[test]
fn a_residual_step_copies_no_activation_to_the_host() {
    let adam = Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 1e-4, form: Decay::Weights };
    residual_steps(&Optimizer::Sgd { momentum: 0.9, decay: 1e-4 }, "sgd");
    residual_steps(&Optimizer::Adam(adam), "adam");
    residual_steps(&Optimizer::Nesterov { momentum: 0.9, decay: 1e-4 }, "sgd");
    residual_steps(&Optimizer::RmsProp(RmsProp { alpha: 0.9, eps: 1e-8, momentum: 0.9, decay: 1e-4 }), "rmsprop");
}

fn residual_steps(optimizer: &Optimizer, update: &str) {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let Some(emulator) = &gpu.emulator else { return };
    let text = "net residual = 8x8x3 - conv 8 - bn - relu - add(conv 8 - bn - relu - conv 8 - bn | shortcut) - relu - pool avg global, softmax 10";
    let graph = lower(&net(text), 4, Mode::Train).unwrap();
    let clipped = Adjustments { clip: Some(1.0), ..Adjustments::default() };
    let step = adjusted_step(&graph, &objective(&graph), optimizer, &clipped, &Never).unwrap();
    let before = emulator.counters();
    let images =
        Tensor::from_shape_fn(ndarray::IxDyn(&[4, 8, 8, 3]), |i| ((i[0] + 3 * i[1] + 5 * i[2]) % 7) as f32 / 7.0);
    let labels = Tensor::from_shape_fn(ndarray::IxDyn(&[4]), |i| i[0] as f32);
    let mut memory = gpu.backend.allocate(&step.states).unwrap();
    for (i, state) in step.states.iter().enumerate() {
        let id = StateId::new(i);
        memory.write(id, &fovea_graph::init::initial(id, state, 7)).unwrap();
    }
    let mut program = gpu.backend.compile(plan(fuse(&step), &gpu.backend)).unwrap();
    for i in 0..3 {
        let inputs = [&images, &labels];
        let feed = Feed { inputs: &inputs, learning_rate: 0.05, seed: 1, step: i, stop: None };
        let outcome = program.run(&mut *memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(outcome, Outcome::Done);
    }
    let scalars = program.plan().graph.outputs.len() as u64;
    let after = emulator.counters();
    let copied = after.bytes_to_host - before.bytes_to_host;
    assert!(copied <= 3 * 4 * (1 + scalars), "{copied} bytes came back in three steps");
    for kernel in [update, "running", "gradient_norms", "clip_factor"] {
        assert_eq!(after.launches.iter().filter(|name| *name == kernel).count(), 3, "{kernel} in three steps");
    }
}

/// What is made for one memory, tables and captured steps, does not outlive its turn.
#[test]
fn a_program_goes_from_one_memory_to_another_and_back() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let mut training = Training::lenet(&gpu.backend);
    let mut other = Training::lenet(&gpu.backend).memory;
    let mut done = [0, 0];
    let mut turn = 0;
    for next in [0, 0, 0, 1, 0, 1, 1, 0] {
        if turn != next {
            std::mem::swap(&mut training.memory, &mut other);
            turn = next;
        }
        let batch = training.trajectory.batch(done[turn]);
        training.begin(done[turn], &batch);
        assert_eq!(training.finish().0, Outcome::Done);
        done[turn] += 1;
    }
    assert_eq!(training.bits(), Training::lenet(&gpu.backend).train(done[0], 1).1);
    training.memory = other;
    assert_eq!(training.bits(), Training::lenet(&gpu.backend).train(done[1], 1).1);
}

/// An update may read what the host supplies: in each step that step's.
#[test]
fn an_update_reads_the_batch_of_its_own_step() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let mut graph = Graph::new("latest");
    let shape = Shape::new([40]).unwrap();
    let batch = graph.input("batch", shape.clone());
    let state = State { name: "latest".into(), shape, role: Role::Parameter, init: Init::Zeros };
    let (id, old) = graph.state(state, None);
    let new = graph.push(Op::Running(Running { momentum: 1.0, correction: 1.0 }), &[old, batch], None).unwrap();
    graph.updates.push((id, new));
    let mut memory = gpu.backend.allocate(&graph.states).unwrap();
    let mut program = gpu.backend.compile(plan(graph, &gpu.backend)).unwrap();
    for step in 0..6 {
        let batch = Tensor::from_elem(ndarray::IxDyn(&[40]), step as f32);
        let feed = Feed { inputs: &[&batch], learning_rate: 0.1, seed: SEED, step, stop: None };
        let outcome = program.run(&mut *memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((outcome, memory.read(id).unwrap()), (Outcome::Done, batch), "step {step}");
    }
}

/// What one thread asks of the GPU while another captures a step becomes no part of that, and does not break it.
#[test]
fn two_threads_share_a_gpu() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let states = lenet::step().states;
    let expected = Training::lenet(&gpu.backend).train(3, 2);
    std::thread::scope(|scope| {
        let training = scope.spawn(|| {
            for _ in 0..3 {
                assert!(Training::lenet(&gpu.backend).train(3, 2) == expected);
            }
        });
        while !training.is_finished() {
            let memory = gpu.backend.allocate(&states).unwrap();
            assert!(memory.read(StateId::new(0)).unwrap().iter().all(|&x| x == 0.0));
        }
    });
}

/// Two GPUs by turns on one thread: each call goes to its own.
#[test]
fn two_gpus_train_by_turns() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let Some(emulator) = &gpu.emulator else { return };
    let expected = Training::lenet(&gpu.backend).train(4, 1);
    emulator.device(Device { count: 2, ..Device::default() });
    let second = open_with(1, Options { images: Images::Given(emulator.image()), captured: true }).unwrap();
    let mut trainings = [Training::lenet(&gpu.backend), Training::lenet(&second)];
    for step in 0..4 {
        let batch = trainings[0].trajectory.batch(step);
        trainings.iter_mut().for_each(|training| training.begin(step, &batch));
        for training in &mut trainings {
            assert_eq!(training.finish(), (Outcome::Done, expected.0[step]));
        }
    }
    assert!(trainings.iter().all(|training| training.bits() == expected.1));
    let [first, other] = trainings;
    drop(other.memory);
    drop((first, other.program));
    assert!(emulator.findings().is_empty(), "{:?}", emulator.findings());
}

/// Let go of on a thread that never used the GPU, with steps under way, a program and its memory leave nothing behind.
#[test]
fn a_program_is_dropped_with_steps_under_way() {
    let Some(gpu) = TestGpu::alone(true) else { return };
    let Some(emulator) = &gpu.emulator else { return };
    let used = emulator.used();
    emulator.deferred(true);
    let mut training = Training::lenet(&gpu.backend);
    for step in 0..2 {
        let batch = training.trajectory.batch(step);
        training.begin(step, &batch);
    }
    let Training { program, memory, .. } = training;
    std::thread::scope(|scope| {
        scope.spawn(|| drop(program));
        scope.spawn(|| drop(memory));
    });
    emulator.deferred(false);
    let expected = Training::lenet(&gpu.again(false)).train(2, 1);
    assert_eq!(Training::lenet(&gpu.backend).train(2, 1), expected);
    assert_eq!(emulator.used(), used);
}
