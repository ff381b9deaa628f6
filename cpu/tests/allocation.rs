//! After the first steps nothing is allocated: no byte, on no thread. A test binary of its own: it counts.
#![allow(clippy::unwrap_used)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use fovea_cpu::Cpu;
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::{Decay, training_step};
use fovea_graph::{Backend, Graph, Outcome, StateId};
use support::{Net, Training, adam, feed, go, lenet, pattern, random, residual, sgd};

static TIMES: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting what is asked of it.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TIMES.fetch_add(1, Relaxed);
        BYTES.fetch_add(layout.size(), Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Two steps may allocate, the three behind them nothing.
fn check(what: &str, mut step: impl FnMut(u32)) {
    (0..2).for_each(&mut step);
    [&TIMES, &BYTES].into_iter().for_each(|count| count.store(0, Relaxed));
    (2..5).for_each(&mut step);
    let (times, bytes) = (TIMES.load(Relaxed), BYTES.load(Relaxed));
    assert_eq!((times, bytes), (0, 0), "{what} allocates");
}

/// With odd sizes and dropout.
fn dropping(batch: usize) -> Graph {
    let net = Net::new("dropping", &[batch, 13, 11, 3]).conv(9, 3, 1).relu().dropout(0.3).pool();
    net.conv(16, 3, 1).relu().fc(33).relu().dropout(0.5).fc(10).softmax()
}

fn nets() -> [Graph; 7] {
    // Inference goes from one of its convolutions to the next for an image at a time.
    let large = Net::new("large", &[4, 97, 93, 3]).conv(32, 3, 1).relu().conv(6, 1, 0).relu().pool().fc(10).softmax();
    let wide = Net::new("wide", &[64, 8, 8, 1]).fc(1500).relu().fc(1500).relu().fc(10).softmax();
    [lenet(64), lenet(512), pattern(32), residual(32, 32), dropping(7), wide, large]
}

#[test]
fn steps_after_the_first_allocate_nothing() {
    // One test: what another allocates meanwhile would be counted.
    for threads in [1, 3] {
        let cpu = Cpu::new(Some(threads)).unwrap();
        for forward in nets() {
            for (rule, optimizer) in [("sgd", sgd()), ("adam", adam(Decay::Weights))] {
                let mut training = Training::of(&cpu, fuse(&training_step(&forward, &optimizer).unwrap()));
                let what = format!("a step of {} with {rule} on {threads} threads", forward.name);
                check(&what, |number| assert_eq!(training.step(number), Outcome::Done));
            }
            let graph = fuse(&forward);
            let mut memory = cpu.allocate(&graph.states).unwrap();
            for (i, state) in graph.states.iter().enumerate() {
                memory.write(StateId::new(i), &random(state.shape.dims(), i as u64)).unwrap();
            }
            let images = random(graph.inputs[0].shape.dims(), 1);
            let plan = plan(graph, &cpu);
            let in_rounds = plan.steps.iter().any(|step| step.kernel.to_string().contains(" at a time: "));
            assert!(in_rounds || forward.name != "large", "{plan}");
            let mut program = cpu.compile(plan).unwrap();
            check(&format!("inference of {} on {threads} threads", forward.name), |_| {
                assert_eq!(program.run(&mut *memory, &feed(&[&images]), &mut go).unwrap(), Outcome::Done);
            });
        }
    }
}
