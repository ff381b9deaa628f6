//! What a plan says beside each op's kernel, obeyed: fused neighbours and the exchange of gradients; and plans of others,
//! refused.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, LazyLock, Mutex};

use fovea_cpu::{Cpu, Instructions};
use fovea_graph::backend::Exchange;
use fovea_graph::fuse::fuse;
use fovea_graph::plan::{Choice, Phase, plan};
use fovea_graph::training::{Adjustments, Decay, Optimizer, RmsProp, adjusted_step, objective, training_step};
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, Never, NodeId, Outcome, Plan, Program, State};
use support::{Training, adam, lenet, residual, sgd};

static CPU: LazyLock<Cpu> = LazyLock::new(|| Cpu::new(Some(2)).unwrap());

/// The CPU, which fuses nothing.
struct Apart;

impl Backend for Apart {
    fn device(&self) -> Device {
        CPU.device()
    }
    fn machine(&self) -> String {
        CPU.machine()
    }
    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        CPU.choose(graph, node)
    }
    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        CPU.allocate(states)
    }
    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        CPU.arena(bytes)
    }
    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        CPU.compile_in(plan, arena)
    }
}

fn rmsprop() -> Optimizer {
    Optimizer::RmsProp(RmsProp { alpha: 0.9, eps: 1e-3, momentum: 0.5, decay: 1e-3 })
}

#[test]
fn updates_in_one_pass_have_the_bits_of_updates_one_by_one() {
    let optimizers = [
        (sgd(), 2),
        (Optimizer::Nesterov { momentum: 0.9, decay: 1e-3 }, 2),
        (rmsprop(), 3),
        (adam(Decay::Gradient), 3),
        (adam(Decay::Weights), 3),
    ];
    let (forward, clipped) = (lenet(5), Adjustments { clip: Some(0.5), ..Adjustments::default() });
    for ((optimizer, nodes), clip) in optimizers.iter().flat_map(|one| [(one, false), (one, true)]) {
        let with = if clip { clipped.clone() } else { Adjustments::default() };
        let graph = fuse(&adjusted_step(&forward, &objective(&forward), optimizer, &with, &Never).unwrap());
        let backends: [&dyn Backend; 2] = [&*CPU, &Apart];
        let [fused, apart] = backends.map(|backend| {
            let mut training = Training::of(backend, graph.clone());
            for number in 0..3 {
                assert_eq!(training.step(number), Outcome::Done);
            }
            let plan = training.program.plan();
            let updates = &plan.steps[plan.commit..];
            let sizes: Vec<usize> = updates.iter().map(|step| step.nodes.len()).collect();
            assert_eq!(sizes.iter().sum::<usize>(), graph.updates.len());
            (sizes, training.bits())
        });
        assert!(fused.0.iter().all(|size| size == nodes), "{optimizer:?}: {:?}", fused.0);
        assert!(apart.0.iter().all(|&size| size == 1));
        assert!(fused.1 == apart.1, "{optimizer:?}, clipped: {clip}");
    }
}

/// Halves every gradient, as if another machine had none, and counts.
struct Halves(Arc<Mutex<Vec<String>>>);

impl Exchange for Halves {
    fn exchange(&mut self, gradients: &mut [(&str, &mut [f32])]) -> Result<(), BackendError> {
        for (name, gradient) in gradients {
            self.0.lock().unwrap().push(name.to_string());
            gradient.iter_mut().for_each(|g| *g *= 0.5);
        }
        Ok(())
    }
}

#[test]
fn gradients_are_exchanged_once_a_step_before_anything_is_made_of_them() {
    // Plain descent: half the gradient at twice the rate is the same step, to the bit.
    let plain = Optimizer::Sgd { momentum: 0.0, decay: 0.0 };
    for clip in [None, Some(1e9)] {
        let (forward, with) = (residual(4, 8), Adjustments { clip, ..Adjustments::default() });
        let graph = fuse(&adjusted_step(&forward, &objective(&forward), &plain, &with, &Never).unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (mut alone, mut together) = (Training::of(&*CPU, graph.clone()), Training::of(&*CPU, graph.clone()));
        together.program.exchange_by(Box::new(Halves(Arc::clone(&heard)))).unwrap();
        alone.rate /= 2.0;
        for number in 0..3 {
            assert_eq!(alone.step(number), Outcome::Done);
            assert_eq!(together.step(number), Outcome::Done);
        }
        let weights = |training: &Training| training.bits()[0].clone();
        assert!(weights(&alone) == weights(&together), "clip {clip:?}");
        let plan = together.program.plan();
        let gradients = plan.gradients();
        let parameters = graph.states.iter().filter(|state| state.role == fovea_graph::Role::Parameter).count();
        assert_eq!(gradients.len(), parameters);
        assert!(gradients.iter().all(|gradient| plan.phase(gradient.ready) == Phase::Compute));
        assert_eq!(plan.commit - plan.exchange, usize::from(clip.is_some()));
        let mut names: Vec<String> = gradients.into_iter().flat_map(|g| vec![g.name; 3]).collect();
        let mut heard = heard.lock().unwrap().clone();
        names.sort();
        heard.sort();
        assert_eq!(heard, names);
    }
}

/// Fails.
struct Broken;

impl Exchange for Broken {
    fn exchange(&mut self, _: &mut [(&str, &mut [f32])]) -> Result<(), BackendError> {
        Err(BackendError::Unavailable("the other machine is gone".into()))
    }
}

#[test]
fn a_step_whose_exchange_fails_changes_nothing() {
    let mut training = Training::new(&*CPU, &lenet(2));
    let before = training.bits();
    training.program.exchange_by(Box::new(Broken)).unwrap();
    let inputs = [&training.images, &training.labels];
    let failed = training.program.run(&mut *training.memory, &support::feed(&inputs), &mut support::go);
    assert_eq!(failed.unwrap_err().to_string(), "the other machine is gone");
    assert!(training.bits() == before);
}

#[test]
fn plans_of_others_are_refused_in_a_sentence() {
    let graph = fuse(&training_step(&lenet(2), &sgd()).unwrap());
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan(graph.clone(), &*CPU);
        change(&mut plan);
        CPU.compile(plan).err().unwrap().to_string()
    };
    let other = refused(&|plan| plan.machine = "a CPU with nothing".into());
    assert_eq!(other, format!("the plan was made for a CPU with nothing, and this is {}", CPU.machine()));
    let foreign = refused(&|plan| plan.steps[0].kernel = Choice::plain().kernel);
    assert_eq!(foreign, "the plan's step for conv was made for another device");
    let swapped = refused(&|plan| {
        let other = plan.steps.iter().find(|step| step.nodes.len() > 1).unwrap().kernel.clone();
        plan.steps[0].kernel = other;
    });
    assert_eq!(swapped, "the plan's step for conv has a kernel that does not compute it");
    let one = Cpu::new(Some(1)).unwrap();
    let fewer = CPU.compile(plan(graph.clone(), &one)).err().unwrap().to_string();
    assert_eq!(fewer, "the plan's step for conv was made for fewer threads");
    for set in Instructions::available() {
        let cpu = Cpu::with(Some(2), set).unwrap();
        assert_eq!(CPU.compile(plan(graph.clone(), &cpu)).is_ok(), cpu.machine() == CPU.machine(), "{set}");
    }
}
