//! The program's allocator: the system's, which is asked for no alignment beyond its own.
//!
//! glibc before 2.38 does not find the place of an aligned block again once it is free, so that products, which pack
//! their factors into such blocks, would spread over ever new memory. Here a block that is to begin at a multiple of
//! more is cut out of one that is larger by as much.

use std::alloc::{GlobalAlloc, Layout, System};

/// What every block of the system's begins at a multiple of.
const OWN: usize = 16;

/// See the head of the file.
pub struct Allocator;

/// The larger block that an aligned one is cut out of; none where the system's own alignment will do.
fn around(layout: Layout) -> Option<Layout> {
    let size = layout.size().checked_add(layout.align()).filter(|_| layout.align() > OWN)?;
    Layout::from_size_align(size, OWN).ok()
}

/// Cuts an aligned block out of a larger one, whose beginning is written down before it.
///
/// # Safety
/// `block` is null, or of the layout that [`around`] gives for a layout of this alignment.
unsafe fn cut(block: *mut u8, align: usize) -> *mut u8 {
    if block.is_null() {
        return block;
    }
    let skipped = align - block.addr() % align;
    // SAFETY: `block` is a multiple of `OWN` and `align` one of more, so `skipped` is `OWN` to `align`: the aligned block
    // and the address before it lie inside, and the latter is aligned as an address must be.
    unsafe {
        let cut = block.add(skipped);
        cut.cast::<*mut u8>().sub(1).write(block);
        cut
    }
}

// SAFETY: what the system gives is handed on; of a larger alignment, a part of it that is as large as asked and is freed as
// the whole that it was cut out of.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match around(layout) {
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc(layout) },
            // SAFETY: it is of no size only where the caller's would be, and no smaller than `cut` needs.
            Some(larger) => unsafe { cut(System.alloc(larger), layout.align()) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match around(layout) {
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc_zeroed(layout) },
            // SAFETY: as in `alloc`; what is written down lies before the block.
            Some(larger) => unsafe { cut(System.alloc_zeroed(larger), layout.align()) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match around(layout) {
            // SAFETY: as the caller promises.
            None => unsafe { System.dealloc(block, layout) },
            // SAFETY: the caller has the block from here with this layout: before it stands where the larger begins.
            Some(larger) => unsafe { System.dealloc(block.cast::<*mut u8>().sub(1).read(), larger) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if around(layout).is_none() {
            // SAFETY: it is the system's block, and the caller's promises are those that the system asks for.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the caller promises that `size` with this alignment is a layout; both blocks hold what is copied.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                block.copy_to_nonoverlapping(moved, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn blocks_are_aligned_and_keep_what_is_written() {
        for (size, align) in [(1, 1), (100, 16), (1, 32), (64, 64), (768_000, 64), (5, 4096), (100_000, 1 << 16)] {
            let layout = Layout::from_size_align(size, align).unwrap();
            let larger = Layout::from_size_align(3 * size, align).unwrap();
            // SAFETY: all sizes are more than 0, and each block is used within its size and freed with its own layout.
            unsafe {
                let zeroed = Allocator.alloc_zeroed(layout);
                assert_eq!((zeroed.addr() % align, *zeroed.add(size - 1)), (0, 0));
                zeroed.write_bytes(7, size);
                let moved = Allocator.realloc(zeroed, layout, 3 * size);
                assert_eq!((moved.addr() % align, *moved, *moved.add(size - 1)), (0, 7, 7));
                moved.write_bytes(8, 3 * size);
                Allocator.dealloc(moved, larger);
            }
        }
    }
}
