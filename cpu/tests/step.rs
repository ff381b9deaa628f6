//! Whole training steps: their bits, what an abandoned one leaves behind, and what they compute.
#![allow(clippy::unwrap_used)]

mod support;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use fovea_cpu::reference::{Feed64, output, step};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::fuse::fuse;
use fovea_graph::init::initial;
use fovea_graph::plan::plan;
use fovea_graph::training::{Decay, training_step};
use fovea_graph::{Backend, BackendError, Feed, Graph, Outcome, StateId, Tensor};
use ndarray::{ArrayD, IxDyn};
use support::{CPUS, Net, Training, adam, check_close, go, lenet, random, residual, sgd, shape, wide};

/// Convolutions, a pool, dropout and two fully connected layers, on small images.
fn small(batch: usize) -> Graph {
    let net = Net::new("small", &[batch, 12, 12, 3]).conv(8, 3, 1).relu().conv(12, 3, 0).relu().pool();
    net.fc(20).relu().dropout(0.4).fc(10).softmax()
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for set in Instructions::available() {
        let after = |threads| {
            let mut training = Training::new(&Cpu::with(Some(threads), set).unwrap(), &lenet(64));
            for number in 0..3 {
                assert_eq!(training.step(number), Outcome::Done);
            }
            (training.loss().to_bits(), training.bits())
        };
        let one = after(1);
        assert_eq!(one, after(1), "the same again");
        for threads in [2, 3, 5] {
            assert!(one == after(threads), "{threads} threads give other bits than one, with {set}");
        }
    }
}

#[test]
fn bits_of_a_residual_net_do_not_depend_on_the_number_of_threads() {
    let nets = [residual(16, 24), residual(1, 96)];
    for (net, set) in nets.iter().flat_map(|net| Instructions::available().into_iter().map(move |set| (net, set))) {
        let graph = fuse(&training_step(net, &adam(Decay::Gradient)).unwrap());
        let after = |threads| {
            let mut training = Training::of(&Cpu::with(Some(threads), set).unwrap(), graph.clone());
            for number in 0..3 {
                assert_eq!(training.step(number), Outcome::Done);
            }
            (training.loss().to_bits(), training.bits())
        };
        let one = after(1);
        for threads in [2, 3] {
            assert!(one == after(threads), "{threads} threads give other bits than one, with {set}");
        }
    }
}

#[test]
fn steps_follow_the_reference() {
    let steps = [
        (small(5), sgd()),
        (lenet(4), sgd()),
        (small(5), adam(Decay::Gradient)),
        (residual(4, 8), sgd()),
        (residual(5, 12), adam(Decay::Weights)),
    ];
    for (graph, optimizer) in steps {
        let graph = fuse(&training_step(&graph, &optimizer).unwrap());
        let mut sets: Vec<Training> = CPUS.iter().map(|cpu| Training::of(cpu, graph.clone())).collect();
        let mut states: Vec<ArrayD<f64>> =
            graph.states.iter().enumerate().map(|(i, state)| wide(&initial(StateId::new(i), state, 1))).collect();
        let (images, labels) = (wide(&sets[0].images), wide(&sets[0].labels));
        for number in 0..4 {
            let inputs = [&images, &labels];
            let feed = Feed64 { inputs: &inputs, learning_rate: 0.01, seed: 5, step: number };
            let values = step(&graph, &mut states, &feed).unwrap();
            for training in &mut sets {
                assert_eq!(training.step(number), Outcome::Done);
                for name in ["loss", "correct"] {
                    let found = training.program.output(name).unwrap();
                    check_close(name, &found, output(&graph, &values, name).unwrap(), 1e-4);
                }
                for (i, state) in graph.states.iter().enumerate() {
                    let found = training.memory.read(StateId::new(i)).unwrap();
                    check_close(&state.name, &found, &states[i], 1e-4);
                }
            }
        }
    }
}

#[test]
fn fused_and_plain_steps_agree() {
    let plain = training_step(&small(6), &sgd()).unwrap();
    let fused = fuse(&plain);
    assert!(fused.nodes.len() < plain.nodes.len());
    let cpu = Cpu::new(Some(2)).unwrap();
    let (mut a, mut b) = (Training::of(&cpu, plain), Training::of(&cpu, fused));
    for number in 0..3 {
        assert_eq!((a.step(number), b.step(number)), (Outcome::Done, Outcome::Done));
    }
    for i in 0..a.graph.states.len() {
        let id = StateId::new(i);
        let name = &a.graph.states[i].name;
        check_close(name, &b.memory.read(id).unwrap(), &wide(&a.memory.read(id).unwrap()), 1e-5);
    }
}

#[test]
fn an_interrupted_step_leaves_every_state_as_it_was() {
    let mut training = Training::new(&Cpu::new(Some(2)).unwrap(), &small(4));
    assert_eq!(training.step(0), Outcome::Done);
    let (before, commit) = (training.bits(), training.program.plan().commit);
    let steps = training.program.plan().steps.len();
    assert!(0 < commit && commit < steps);
    for at in 0..=commit {
        let mut seen = Vec::new();
        let outcome = training.step_watched(1, &mut |index| {
            seen.push(index);
            if index == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(outcome, Outcome::Interrupted, "at {at}");
        assert_eq!(seen, (0..=at).collect::<Vec<_>>());
        assert!(training.bits() == before, "at {at}");
    }
    // Once updates have begun they are all made.
    let mut calls = 0;
    let outcome = training.step_watched(1, &mut |index| {
        calls += 1;
        if index > commit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((outcome, calls), (Outcome::Done, steps + 1));
    let mut other = Training::new(&Cpu::new(Some(1)).unwrap(), &small(4));
    other.step(0);
    other.step(1);
    assert!(training.bits() == other.bits(), "the abandoned steps have left a trace");
}

#[test]
fn a_flag_ends_a_step_inside_an_op_and_leaves_every_state_as_it_was() {
    for threads in [1, 2] {
        let mut training = Training::new(&Cpu::new(Some(threads)).unwrap(), &small(4));
        assert_eq!(training.step(0), Outcome::Done);
        let (mut before, commit) = (training.bits(), training.program.plan().commit);
        let steps = training.program.plan().steps.len();
        for at in 0..steps {
            // Set when the op's turn has come: what ends the step is the op itself.
            let (stop, mut seen) = (AtomicBool::new(false), Vec::new());
            let outcome = training.step_stopped(1, Some(&stop), &mut |index| {
                seen.push(index);
                stop.store(index == at, Ordering::Relaxed);
                ControlFlow::Continue(())
            });
            if at >= commit {
                assert_eq!((outcome, seen.len()), (Outcome::Done, steps + 1), "updates are all made");
                break;
            }
            let plan = training.program.plan();
            let op = plan.graph.node(plan.steps[at].node()).op.word();
            match outcome {
                Outcome::Interrupted => {
                    assert_eq!(seen, (0..=at).collect::<Vec<_>>());
                    assert!(training.bits() == before, "{op} at {at}");
                }
                // A constant is filled in one go.
                outcome => {
                    assert_eq!((op, outcome), ("fill", Outcome::Done), "{at}");
                    before = training.bits();
                }
            }
        }
    }
}

#[test]
fn a_step_that_is_not_finite_updates_nothing() {
    let mut training = Training::new(&Cpu::new(Some(2)).unwrap(), &small(4));
    let before = training.bits();
    training.images[[1, 3, 3, 0]] = f32::NAN;
    assert_eq!(training.step(0), Outcome::NotFinite("loss".into()));
    assert!(training.bits() == before);

    // A label that is no class, too.
    training.images[[1, 3, 3, 0]] = 0.0;
    training.labels[[2]] = 10.0;
    assert_eq!(training.step(0), Outcome::NotFinite("loss".into()));
    assert!(training.bits() == before);
    training.labels[[2]] = 9.0;
    assert_eq!(training.step(0), Outcome::Done);
}

#[test]
fn a_gradient_that_overflows_is_named() {
    // The loss is finite; the gradient by the weights, twice the error times the image, is not.
    let forward = Net::new("one", &[1, 1, 1, 2]).fc(1).end();
    let graph = fuse(&training_step(&forward, &sgd()).unwrap());
    let cpu = Cpu::new(Some(1)).unwrap();
    let mut program = cpu.compile(plan(graph.clone(), &cpu)).unwrap();
    let mut memory = cpu.allocate(&graph.states).unwrap();
    let images = Tensor::from_elem(IxDyn(&[1, 1, 1, 2]), 1e25);
    let target = Tensor::from_elem(IxDyn(&[1, 1]), 1e18);
    let inputs = [&images, &target];
    let feed = Feed { inputs: &inputs, learning_rate: 0.1, seed: 0, step: 0, stop: None };
    let outcome = program.run(&mut *memory, &feed, &mut go).unwrap();
    assert_eq!(outcome, Outcome::NotFinite("gradient of fc1.weight".into()));
    for i in 0..graph.states.len() {
        assert!(memory.read(StateId::new(i)).unwrap().iter().all(|&x| x == 0.0));
    }
}

#[test]
fn a_net_that_only_flattens_has_its_input_as_output() {
    let mut graph = Graph::new("flat");
    let x = graph.input("images", shape(&[2, 3, 2]));
    let op = fovea_graph::op::Reshape { shape: shape(&[2, 6]) };
    let y = graph.push(fovea_graph::Op::Reshape(op), &[x], None).unwrap();
    graph.output("result", y);
    let cpu = Cpu::new(Some(1)).unwrap();
    let mut program = cpu.compile(plan(graph, &cpu)).unwrap();
    assert!(program.output("result").is_err(), "nothing has run");
    let images = random(&[2, 3, 2], 1);
    let mut memory = cpu.allocate(&[]).unwrap();
    program.run(&mut *memory, &support::feed(&[&images]), &mut go).unwrap();
    assert_eq!(program.output("result").unwrap().as_slice(), images.as_slice());
    assert!(program.output("loss").is_err());
    let refused = program.scalar("result").unwrap_err().to_string();
    assert_eq!(refused, "the output result is 2x6, not one number");
}

#[test]
fn wrong_inputs_and_states_are_refused_by_name() {
    let mut training = Training::new(&Cpu::new(Some(1)).unwrap(), &small(4));
    let cpu = Cpu::new(Some(1)).unwrap();
    let mut run = |images: &Tensor, states: usize| {
        let mut memory = cpu.allocate(&training.graph.states[..states]).unwrap();
        let inputs = [images, &training.labels];
        training.program.run(&mut *memory, &support::feed(&inputs), &mut go).unwrap_err().to_string()
    };
    let all = 16;
    assert_eq!(run(&random(&[4, 12, 11, 3], 1), all), "images is 4x12x12x3, but was given as 4x12x11x3");
    let turned = random(&[4, 12, 3, 12], 1).permuted_axes(IxDyn(&[0, 1, 3, 2]));
    assert_eq!(run(&turned, all), "images is not in row-major layout");
    assert_eq!(run(&random(&[4, 12, 12, 3], 1), 1), "conv1.bias is 8, but the memory has nothing");
    let wrong = training.memory.write(StateId(0), &random(&[8, 3, 3, 2], 1)).unwrap_err().to_string();
    assert_eq!(wrong, "conv1.filter is 8x3x3x3, but the value is 8x3x3x2");
}

#[test]
fn what_does_not_fit_is_refused_with_its_size() {
    let cpu = Cpu::new(Some(1)).unwrap();
    let huge = fovea_graph::State {
        name: "fc1.weight".into(),
        shape: shape(&[1 << 20, 1 << 20]),
        role: fovea_graph::Role::Parameter,
        init: fovea_graph::Init::Zeros,
    };
    let Err(BackendError::OutOfMemory { needed, device, .. }) = cpu.allocate(&[huge]) else {
        panic!("4 TiB were granted");
    };
    assert_eq!((needed, device.as_str()), (1 << 42, "cpu"));
}

#[test]
fn a_step_is_finished_once_and_tells_its_scalars() {
    let mut training = Training::new(&Cpu::new(Some(1)).unwrap(), &small(4));
    assert_eq!(training.program.depth(), 1);
    assert!(training.program.finish().is_err(), "none was begun");
    let inputs = [&training.images, &training.labels];
    training.program.begin(&mut *training.memory, &support::feed(&inputs), &mut go).unwrap();
    let refused = training.program.begin(&mut *training.memory, &support::feed(&inputs), &mut go);
    assert_eq!(refused.unwrap_err().to_string(), "a step was begun before the last was finished");
    assert_eq!(training.program.finish().unwrap(), Outcome::Done);
    assert_eq!(training.program.scalar("loss").unwrap(), training.loss());
}
