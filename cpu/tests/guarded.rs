//! The op cases once more, with pages behind and before every buffer of numbers that must not be touched: a kernel that
//! reads or writes past an end does not give a wrong number here, it ends the process.
//!
//! The allocator of this test lays what is aligned as f32 is (tensors: inputs, outputs), or for vectors (the arena, states),
//! against the end of its pages, every second one against their beginning; the next page belongs to nobody. What is aligned
//! for vectors may end up to 63 bytes before its last page does.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
// Each of the two has the support of its own.
#![allow(clippy::duplicate_mod)]

#[path = "more_ops.rs"]
mod more_ops;
#[path = "ops.rs"]
mod ops;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The size of the pages.
const PAGE: usize = 1 << 12;

struct Guarded;

#[global_allocator]
static GUARDED: Guarded = Guarded;

/// How many buffers were laid so.
static LAID: AtomicUsize = AtomicUsize::new(0);

/// Whether a buffer is one of numbers.
fn is_guarded(layout: Layout) -> bool {
    layout.size() > 0 && (layout.align() == align_of::<f32>() || (32..=PAGE).contains(&layout.align()))
}

/// Bytes of the pages that a buffer of this size lies in.
fn pages(layout: Layout) -> usize {
    layout.size().next_multiple_of(PAGE)
}

// SAFETY: what `alloc` gives is memory of at least the layout's size, aligned to it, of nobody else: pages of its own, or the
// system's allocator's. `dealloc` gives back what `alloc` took, for it asks the same of the same layout.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !is_guarded(layout) {
            // SAFETY: the caller's promise is the same.
            return unsafe { System.alloc(layout) };
        }
        let size = pages(layout) + 2 * PAGE;
        // SAFETY: new pages anywhere, which nothing else knows of; then those between the first and the last are opened.
        let start = unsafe {
            let (none, anonymous) = (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let start = libc::mmap(null_mut(), size, none, anonymous, -1, 0);
            if start == libc::MAP_FAILED {
                return null_mut();
            }
            let open = start.cast::<u8>().add(PAGE);
            if libc::mprotect(open.cast(), pages(layout), libc::PROT_READ | libc::PROT_WRITE) != 0 {
                libc::munmap(start, size);
                return null_mut();
            }
            open
        };
        let before =
            if LAID.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { 0 } else { pages(layout) - layout.size() };
        // SAFETY: it stays inside of the open pages.
        unsafe { start.add(before & !(layout.align() - 1)) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_guarded(layout) {
            // SAFETY: the caller's promise is the same; new pages are zero.
            return unsafe { self.alloc(layout) };
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !is_guarded(layout) {
            // SAFETY: `alloc` took it there, for the same layout.
            return unsafe { System.dealloc(pointer, layout) };
        }
        // The first open page begins at or before the pointer, less than a page away: shorter buffers are laid in one.
        let open = pointer as usize & !(PAGE - 1);
        // SAFETY: these are the pages that `alloc` mapped: one before the open ones and one behind them.
        unsafe { libc::munmap((open - PAGE) as *mut libc::c_void, pages(layout) + 2 * PAGE) };
    }
}

/// Where a process ends that reads the number behind the last, or before the first.
#[test]
fn a_number_too_far_is_found() {
    for (laid, at) in [(1, 100), (0, -1)] {
        // SAFETY: the child only reads one number and ends; it takes no lock.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let layout = Layout::array::<f32>(100).unwrap_or(Layout::new::<f32>());
            LAID.store(laid, Ordering::Relaxed);
            // SAFETY: the layout is not empty; what is read lies outside, in a page that is mapped and closed: a signal.
            unsafe {
                let numbers = GUARDED.alloc(layout).cast::<f32>();
                let found = numbers.offset(at).read_volatile();
                libc::_exit(i32::from(found > 1e30));
            }
        }
        let mut status = 0;
        // SAFETY: waits for the child that was just made.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert!(libc::WIFSIGNALED(status), "a number at {at} of 100 was read");
    }
}
