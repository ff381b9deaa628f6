//! What every backend promises of steps under way, on LeNet: they leave the bits that single steps leave.

use std::ops::ControlFlow;

use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::{Backend, Feed, Memory, Outcome, Program, StateId, Tensor};

use crate::lenet::{self, LEARNING_RATE, Trajectory};
use crate::op_cases::SEED;

/// How many steps are compared.
const STEPS: usize = 5;
/// Which of them is spoiled where one is.
const SPOILED: usize = 2;

/// A training step with its memory, and its batches.
struct Run {
    program: Box<dyn Program>,
    memory: Box<dyn Memory>,
    batches: Vec<[Tensor; 2]>,
}

/// What a step told: how it ended and, where it is complete, the bits of its loss.
type Told = (Outcome, Option<u32>);

impl Run {
    fn new(backend: &dyn Backend, trajectory: &Trajectory) -> Self {
        let graph = fuse(&lenet::step());
        let mut memory = backend.allocate(&graph.states).unwrap();
        for (i, value) in trajectory.first(&graph).iter().enumerate() {
            memory.write(StateId::new(i), value).unwrap();
        }
        let batches = (0..STEPS).map(|i| trajectory.batch(i)).collect();
        Self { program: backend.compile(plan(graph, backend)).unwrap(), memory, batches }
    }

    /// Begins step `i`; `before` is told of each of its parts. Its inputs are overwritten as soon as it is begun.
    fn begin(&mut self, i: usize, before: &mut dyn FnMut(usize) -> ControlFlow<()>) {
        let [mut images, mut labels] = self.batches[i].clone();
        let feed =
            Feed { inputs: &[&images, &labels], learning_rate: LEARNING_RATE, seed: SEED, step: i as u32, stop: None };
        self.program.begin(&mut *self.memory, &feed, before).unwrap();
        images.fill(f32::NAN);
        labels.fill(f32::NAN);
    }

    fn finish(&mut self) -> Told {
        let outcome = self.program.finish().unwrap();
        let loss = (outcome == Outcome::Done).then(|| self.program.scalar("loss").unwrap().to_bits());
        (outcome, loss)
    }

    /// Steps `from..to`, at most `depth` of them under way; what each told.
    fn steps(&mut self, from: usize, to: usize, depth: usize) -> Vec<Told> {
        let mut told = Vec::new();
        for i in from..to {
            self.begin(i, &mut |_| ControlFlow::Continue(()));
            if i - from + 1 >= depth {
                told.push(self.finish());
            }
        }
        while told.len() < to - from {
            told.push(self.finish());
        }
        told
    }

    fn bits(&self) -> Vec<Vec<u32>> {
        let states = 0..self.program.plan().graph.states.len();
        states.map(|i| self.memory.read(StateId::new(i)).unwrap().iter().map(|v| v.to_bits()).collect()).collect()
    }
}

/// Steps one at a time, as many at once as there may be, part by part, broken off, and behind one that is not finite.
///
/// # Panics
/// Where any of them differs.
pub fn check_steps(backend: &dyn Backend) {
    let trajectory = Trajectory::open();
    let new = || Run::new(backend, &trajectory);
    let mut single = new();
    let depth = single.program.depth();
    assert!(depth >= 1 && single.program.finish().is_err(), "a step is finished that was not begun");
    let first = single.bits();
    let told = single.steps(0, STEPS, 1);
    assert!(told.iter().all(|(outcome, loss)| *outcome == Outcome::Done && loss.is_some()), "{told:?}");
    let last = single.bits();

    let mut several = new();
    assert_eq!(several.steps(0, STEPS, depth), told, "{depth} at once");
    assert!(several.bits() == last, "{depth} at once leave other states");

    let mut parts = new();
    parts.program.stepwise(true);
    let count = parts.program.plan().steps.len();
    for (i, told) in told.iter().enumerate() {
        let mut seen = Vec::new();
        parts.begin(i, &mut |part| {
            seen.push(part);
            ControlFlow::Continue(())
        });
        assert_eq!((&parts.finish(), seen), (told, (0..=count).collect()), "part by part");
    }
    assert!(parts.bits() == last, "part by part, steps leave other states");
    parts.program.stepwise(false);

    let mut broken = new();
    broken.begin(0, &mut |_| ControlFlow::Break(()));
    assert_eq!(broken.finish().0, Outcome::Interrupted);
    assert!(broken.bits() == first, "a step that was broken off changed a state");
    assert_eq!(broken.steps(0, STEPS, depth), told, "after one that was broken off");

    let mut spoiled = new();
    let whole = std::mem::replace(&mut spoiled.batches[SPOILED][0], single.batches[SPOILED][0].mapv(|_| f32::NAN));
    assert_eq!(spoiled.steps(0, SPOILED, 1), told[..SPOILED]);
    let before = spoiled.bits();
    let behind = spoiled.steps(SPOILED, (SPOILED + depth).min(STEPS), depth);
    assert!(matches!(behind[0].0, Outcome::NotFinite(_)), "{behind:?}");
    assert!(behind.iter().all(|told| *told == behind[0]), "{behind:?}");
    assert!(spoiled.bits() == before, "a step that was not finite, or one behind it, changed a state");
    spoiled.batches[SPOILED][0] = whole;
    assert_eq!(spoiled.steps(SPOILED, STEPS, depth), told[SPOILED..], "after one that was not finite");
    assert!(spoiled.bits() == last);
}
