//! What products pack their factors into is part of the device's footprint.
#![allow(clippy::unwrap_used)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

use fovea_cpu::Cpu;
use fovea_graph::backend::together;
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::training_step;
use fovea_graph::{Backend, Graph};
use support::{Net, Training, lenet, sgd};

/// The largest allocation since this was last set to 0.
static LARGEST: AtomicU64 = AtomicU64::new(0);

struct Watched;

// SAFETY: all of it is the system's allocator's; only sizes are noted.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// Steps of a net on one thread; what the footprint has beside the plan, and the largest that a step allocates.
fn packed(net: &Graph) -> (u64, u64) {
    let cpu = Cpu::new(Some(1)).unwrap();
    let graph = fuse(&training_step(net, &sgd()).unwrap());
    let plan = plan(graph.clone(), &cpu);
    let told = cpu.footprint(&[&plan]) - together(&[&plan]);
    let mut training = Training::of(&cpu, graph);
    // The first makes what threads keep.
    training.step(0);
    LARGEST.store(0, Ordering::Relaxed);
    training.step(1);
    (told, LARGEST.load(Ordering::Relaxed))
}

#[test]
fn a_step_packs_what_its_footprint_says() {
    let wide = Net::new("wide", &[64, 8, 8, 1]).fc(1500).relu().fc(1500).relu().fc(10).softmax();
    let deep = Net::new("deep", &[32, 16, 16, 3]).conv(64, 3, 1).relu().conv(96, 3, 1).relu().conv(64, 1, 0).relu();
    for net in [wide, deep.pool().fc(10).softmax(), lenet(64)] {
        let (told, taken) = packed(&net);
        assert!(taken <= told + 4096, "{}: {taken} bytes taken, {told} told", net.name);
        assert!(taken >= told / 4, "{}: {taken} bytes taken, {told} told", net.name);
    }
}

#[test]
fn each_thread_packs_its_own() {
    let beside = |threads| {
        let cpu = Cpu::new(Some(threads)).unwrap();
        let plan = plan(lenet(64), &cpu);
        cpu.footprint(&[&plan]) - together(&[&plan])
    };
    assert!(beside(1) > 0);
    assert_eq!(beside(6), 6 * beside(1));
}
