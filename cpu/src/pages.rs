//! Memory for f32, on huge pages where the system has them: a processor remembers where some thousand pages lie, which of
//! 4 KB each is less than what a net's maps take, of 2 MB each more than enough; and there are fewer to be had one by one.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

use fovea_graph::plan::ALIGN;

/// A huge page.
const HUGE: usize = 2 << 20;

/// f32 in a row, aligned to cache lines, and to huge pages where they fill one.
pub struct Buffer {
    start: NonNull<f32>,
    len: usize,
    /// What has been asked of the allocator; of no size, nothing has.
    layout: Layout,
}

// SAFETY: it owns its memory as a `Vec<f32>` does.
unsafe impl Send for Buffer {}
// SAFETY: as above; what is shared can only be read.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// So many zeros; none where there is no such memory, and an error where `go_on`, which is asked every MB, says so.
    pub fn zeros<E>(len: usize, go_on: impl Fn() -> Result<(), E>) -> Result<Option<Self>, E> {
        /// 1 MB: the system hands out memory at its first touch, a second for some GB.
        const PIECE: usize = 1 << 18;
        let Some(buffer) = Self::room(len) else { return Ok(None) };
        for first in (0..len).step_by(PIECE) {
            go_on()?;
            let piece = PIECE.min(len - first);
            // SAFETY: the piece lies within the `len` f32 of the buffer, which nobody else has; zero bytes are zeros.
            unsafe { buffer.start.add(first).write_bytes(0, piece) };
        }
        Ok(Some(buffer))
    }

    /// Memory for so many, not yet written.
    fn room(len: usize) -> Option<Self> {
        let bytes = len.checked_mul(size_of::<f32>())?;
        let layout = Layout::from_size_align(bytes, if bytes < HUGE { ALIGN } else { HUGE }).ok()?;
        if bytes == 0 {
            return Some(Self { start: NonNull::dangling(), len, layout });
        }
        // SAFETY: the layout is of some size.
        let start = NonNull::new(unsafe { alloc(layout) })?;
        if bytes >= HUGE {
            ask_for_huge_pages(start, bytes);
        }
        Some(Self { start: start.cast(), len, layout })
    }

    /// The elements.
    pub fn as_slice(&self) -> &[f32] {
        // SAFETY: `zeros` has written `len` f32 from `start` on, or `len` is 0; borrowed for as long as `self` is.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// The elements, to write.
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as in `as_slice`; `self` is borrowed mutably for as long as the slice lives.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if self.layout.size() > 0 {
            // SAFETY: `room` has it from the allocator with this layout.
            unsafe { dealloc(self.start.as_ptr().cast(), self.layout) };
        }
    }
}

/// Says that these bytes, which begin at a huge page and have not been touched, may lie on such; the system may decline.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(start: NonNull<u8>, bytes: usize) {
    let whole = bytes - bytes % HUGE;
    // SAFETY: the range is part of memory of our own, and this advice changes nothing of what can be read there.
    unsafe { libc::madvise(start.as_ptr().cast(), whole, libc::MADV_HUGEPAGE) };
}

/// Other systems decide for themselves.
#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: NonNull<u8>, _: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_and_aligned_whatever_its_size() {
        for len in [0, 1, 17, HUGE / 4 - 1, HUGE / 4, HUGE / 2 + 3] {
            let mut buffer = Buffer::zeros(len, || Ok::<_, ()>(())).expect("nothing ends it").expect("it is little");
            assert_eq!(buffer.as_slice().len(), len);
            assert!(buffer.as_slice().iter().all(|x| x.to_bits() == 0));
            if len > 0 {
                assert!(buffer.as_slice().as_ptr().addr().is_multiple_of(if len < HUGE / 4 { ALIGN } else { HUGE }));
            }
            buffer.as_mut_slice().fill(1.0);
        }
        assert!(Buffer::zeros(usize::MAX / 8, || Ok::<_, ()>(())).expect("nothing ends it").is_none());
        assert_eq!(Buffer::zeros(1 << 20, || Err("ended")).err(), Some("ended"));
    }
}
