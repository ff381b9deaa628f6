//! After the first step nothing is allocated whose size follows a tensor's. A test binary of its own: it counts.
#![allow(clippy::unwrap_used)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use fovea_cpu::Cpu;
use fovea_graph::Outcome;
use support::{Training, lenet, pattern};

static ALL: AtomicUsize = AtomicUsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting bytes.
struct Counting;

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALL.fetch_add(layout.size(), Relaxed);
        LARGEST.fetch_max(layout.size(), Relaxed);
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

#[test]
fn steps_after_the_first_allocate_next_to_nothing() {
    for threads in [1, 2] {
        for (forward, images) in [(lenet(64), 64), (lenet(256), 256), (pattern(16), 16)] {
            let mut training = Training::new(&Cpu::new(Some(threads)).unwrap(), &forward);
            for number in 0..2 {
                assert_eq!(training.step(number), Outcome::Done);
            }
            let start = ALL.load(Relaxed);
            LARGEST.store(0, Relaxed);
            assert_eq!(training.step(2), Outcome::Done);
            let (all, largest) = (ALL.load(Relaxed) - start, LARGEST.load(Relaxed));
            println!("{} of {images}, {threads} threads: {all} bytes, {largest} at once", forward.name);
        }
    }
}
