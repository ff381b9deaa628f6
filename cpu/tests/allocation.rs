//! After the first step nothing is allocated whose size follows a tensor's. A test binary of its own: it counts.
#![allow(clippy::unwrap_used)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed};

use fovea_cpu::Cpu;
use fovea_graph::Outcome;
use fovea_graph::fuse::fuse;
use fovea_graph::training::training_step;
use support::{Net, Training, lenet, pattern, residual, sgd};

static ALL: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);
/// Allocated and not yet freed.
static KEPT: AtomicIsize = AtomicIsize::new(0);

/// The system's allocator, counting bytes.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALL.fetch_add(layout.size(), Relaxed);
        LARGEST.fetch_max(layout.size(), Relaxed);
        KEPT.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        KEPT.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn steps_after_the_first_allocate_nothing_of_a_tensors_size() {
    for threads in [1, 2] {
        let wide = Net::new("wide", &[64, 8, 8, 1]).fc(1500).relu().fc(1500).relu().fc(10).softmax();
        for forward in [lenet(64), lenet(512), pattern(32), residual(32, 32), wide] {
            let graph = fuse(&training_step(&forward, &sgd()).unwrap());
            let mut training = Training::of(&Cpu::new(Some(threads)).unwrap(), graph);
            for number in 0..2 {
                assert_eq!(training.step(number), Outcome::Done);
            }
            [&ALL, &LARGEST].into_iter().for_each(|count| count.store(0, Relaxed));
            KEPT.store(0, Relaxed);
            assert_eq!(training.step(2), Outcome::Done);
            let (all, largest, kept) = (ALL.load(Relaxed), LARGEST.load(Relaxed), KEPT.load(Relaxed));
            let name = &forward.name;
            println!("{name}, {threads} threads: {all} bytes, at most {largest} at once, {kept} kept");
            assert!(largest < 4096, "{name} allocates {largest} bytes at once");
            assert!(kept < 4096, "{name} keeps {kept} bytes more after a step than before");
        }
    }
}
