//! What the address sanitizer is told of memory that many values share: of an allocation it sees the ends alone, and an
//! arena is one. While a step runs its own operands are open in it, to the byte, and everything else is closed: a kernel
//! that goes past an operand's end into another value's memory ends the process. Only built with `--cfg fovea_asan`, as
//! `.ci/run` does; else it is nothing.

use crate::storage::Operands;

/// Memory of which only a step's operands are open, until this is dropped.
pub struct Closed {
    shared: [(*const f32, usize); 2],
}

impl Closed {
    /// Closes all of an arena and of what a program keeps.
    pub fn new(arena: &[f32], kept: &[f32]) -> Self {
        let shared = [arena, kept].map(|memory| (memory.as_ptr(), memory.len()));
        shared.iter().for_each(|&(start, len)| sanitizer::close(start, len));
        Self { shared }
    }

    /// Opens what a step reads and writes.
    pub fn but_for(&self, memory: &Operands<'_>) {
        memory.inputs.iter().chain(memory.prepared).for_each(|read| self.but_for_one(read));
        memory.earlier.iter().for_each(|written| self.but_for_one(written));
        self.but_for_one(memory.output);
        self.but_for_one(memory.workspace);
    }

    /// Opens one value.
    pub fn but_for_one(&self, value: &[f32]) {
        sanitizer::open(value.as_ptr(), value.len());
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.shared.iter().for_each(|&(start, len)| sanitizer::open(start, len));
    }
}

#[cfg(fovea_asan)]
mod sanitizer {
    use std::ffi::c_void;

    unsafe extern "C" {
        fn __asan_poison_memory_region(start: *const c_void, bytes: usize);
        fn __asan_unpoison_memory_region(start: *const c_void, bytes: usize);
    }

    pub fn close(start: *const f32, len: usize) {
        // SAFETY: the program's own memory; closed to it until `open`, and touched by nobody until then.
        unsafe { __asan_poison_memory_region(start.cast(), len * size_of::<f32>()) };
    }

    pub fn open(start: *const f32, len: usize) {
        // SAFETY: the program's own memory, which it may touch.
        unsafe { __asan_unpoison_memory_region(start.cast(), len * size_of::<f32>()) };
    }
}

#[cfg(not(fovea_asan))]
mod sanitizer {
    pub fn close(_: *const f32, _: usize) {}

    pub fn open(_: *const f32, _: usize) {}
}
