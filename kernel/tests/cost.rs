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

/// A device that breaks the user's program off when it is asked how to compute the first node.
struct Breaking {
    cpu: Cpu,
    flag: Arc<AtomicBool>,
    chosen: Arc<AtomicUsize>,
}

impl Backend for Breaking {
    fn device(&self) -> Device {
        self.cpu.device()
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        self.chosen.fetch_add(1, Ordering::Relaxed);
        self.flag.store(true, Ordering::Relaxed);
        self.cpu.choose(graph, node)
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        self.cpu.allocate(states)
    }

    fn arena(&self, elements: usize) -> Result<Arc<dyn Arena>, BackendError> {
        self.cpu.arena(elements)
    }

    fn compile_in(&self, _: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        Err(BackendError::Unavailable("nothing is planned to its end".into()))
    }
}

#[test]
fn a_check_that_is_broken_off_while_it_plans_ends_there() {
    let (flag, chosen) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let device = Breaking { cpu: Cpu::new(Some(1)).unwrap(), flag: Arc::clone(&flag), chosen: Arc::clone(&chosen) };
    let mut bench = Bench::with(Arc::new(device), flag);
    let outcome = bench.run("net t = 8x8x3 - conv 4 - relu, softmax 10\nsummary t\nsummary t\n");
    assert_eq!(outcome.unwrap_err(), Failure::Interrupted);
    assert!(chosen.load(Ordering::Relaxed) > 0, "the device was not asked");
}
