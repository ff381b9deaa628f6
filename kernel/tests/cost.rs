//! What checking costs, counted; and that it ends where the user breaks off.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use fovea::failure::Failure;
use fovea_cpu::Cpu;
use fovea_graph::plan::{Choice, Plan};
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, NodeId, Program, State};
use support::bench::Bench;

thread_local! {
    /// How many bytes this thread has asked for.
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

struct Counted;

// SAFETY: all of it is the system's allocator's; only sizes are noted.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no count any more.
        _ = ASKED.try_with(|asked| asked.set(asked.get() + layout.size()));
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// How many bytes are asked for while a program of so many `let`s is checked and run, its names told after each.
fn bytes(lets: usize) -> usize {
    let text: String = (0..lets).map(|i| format!("let a{i} = {i}\n")).collect();
    let mut bench = Bench::new();
    let before = ASKED.get();
    bench.ok(&text);
    ASKED.get() - before
}

#[test]
fn names_cost_what_they_are_and_not_what_came_before_them() {
    let [few, many] = [250, 2_000].map(bytes);
    // Eight times the names; each with a copy of all would be 64 times the memory.
    assert!(many < 14 * few, "{few} bytes for 250, {many} for 2,000");
}

/// A device that breaks the user's program off when it is asked for so many-th time how to compute a node.
struct Breaking {
    cpu: Cpu,
    flag: Arc<AtomicBool>,
    chosen: Arc<AtomicUsize>,
    at: usize,
    memory: Option<u64>,
}

impl Breaking {
    /// It, and a session on it.
    fn bench(at: usize, memory: Option<u64>) -> (Bench, Arc<AtomicUsize>) {
        let (flag, chosen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (cpu, told) = (Cpu::new(Some(1)).unwrap(), Arc::clone(&chosen));
        let device = Self { cpu, flag: Arc::clone(&flag), chosen: told, at, memory };
        (Bench::with(Arc::new(device), flag), chosen)
    }
}

impl Backend for Breaking {
    fn device(&self) -> Device {
        Device { memory: self.memory, ..self.cpu.device() }
    }

    fn machine(&self) -> String {
        self.cpu.machine()
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        if self.chosen.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            self.flag.store(true, Ordering::Relaxed);
        }
        self.cpu.choose(graph, node)
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        self.cpu.allocate(states)
    }

    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        self.cpu.arena(bytes)
    }

    fn compile_in(&self, _: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        Err(BackendError::Unavailable("nothing is planned to its end".into()))
    }
}

#[test]
fn a_check_that_is_broken_off_while_it_plans_ends_there() {
    let (mut bench, chosen) = Breaking::bench(1, None);
    let outcome = bench.run("net t = 8x8x3 - conv 4 - relu, softmax 10\nsummary t\nsummary t\n");
    assert_eq!(outcome.unwrap_err(), Failure::Interrupted);
    assert_eq!(chosen.load(Ordering::Relaxed), 1, "no further node is planned");
}

/// Looking for the batch that fits is planning too; what is broken off there is no batch that does not.
#[test]
fn a_check_that_is_broken_off_while_it_seeks_a_batch_that_fits_is_no_mistake() {
    const TEXT: &str = "summary alexnet batch 64 train";
    let (mut whole, counted) = Breaking::bench(usize::MAX, Some(1 << 20));
    let mistake = &whole.mistakes(TEXT)[0];
    assert!(mistake.help.as_deref().unwrap().contains("not even `batch 1` fits"), "{mistake:?}");
    let all = counted.load(Ordering::Relaxed);
    for at in [1, all / 4, all / 2, all] {
        let (mut bench, chosen) = Breaking::bench(at, Some(1 << 20));
        assert_eq!(bench.run(TEXT).unwrap_err(), Failure::Interrupted, "at node {at} of {all}");
        assert_eq!(chosen.load(Ordering::Relaxed), at);
    }
}

/// Names mean after it what they meant before.
#[test]
fn what_is_broken_off_leaves_names_as_they_were() {
    let mut bench = Bench::new();
    bench.ok("net t = 8x8x1 - relu, softmax 10");
    let before = bench.session.program().to_string();
    for text in [
        "net t = 8x8x1 - [conv 4 - relu]^100, softmax 10",
        "let a = 1\nlet b = 2",
        "train t on digits for 1 epoch",
        "saliency t on digits[0]",
        "embed t on digits",
        "net m = 64x64x3 - conv 2 - softmax\nsegment m on scenes[0]",
        "deconv [1 2; 3 4] with [1 1; 1 1]",
        "convolve [1 1 0; 0 1 1; 0 1 0] with [1 0; 0 1]",
        "summary vgg16",
    ] {
        bench.interrupted.store(true, Ordering::Relaxed);
        assert_eq!(bench.run(text).unwrap_err(), Failure::Interrupted, "{text}");
        bench.interrupted.store(false, Ordering::Relaxed);
    }
    assert_eq!(bench.session.program(), before);
    assert_eq!(bench.ok("summary t")[0].data["totals"]["params"], 650);
    assert!(bench.run("let c = a + b").is_err(), "nothing is called a");
}
