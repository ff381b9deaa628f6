//! Memory of kernels beside their operands.

use fovea_graph::plan::Type;

/// How much memory a kernel needs beside its operands, in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scratch {
    /// Of the step's scratch memory, what all threads share.
    pub shared: usize,
    /// Of the same, what each thread has to itself.
    pub each: usize,
}

impl Scratch {
    /// So much for all threads together.
    pub fn shared(shared: usize) -> Self {
        Self { shared, ..Self::default() }
    }

    /// So much for each thread.
    pub fn each(each: usize) -> Self {
        Self { each, ..Self::default() }
    }

    /// Both.
    pub fn and(self, other: Self) -> Self {
        Self { shared: self.shared + other.shared, each: self.each + other.each }
    }

    /// Enough for the one as well as for the other.
    pub fn either(self, other: Self) -> Self {
        Self { shared: self.shared.max(other.shared), each: self.each.max(other.each) }
    }

    /// The bytes of a step's scratch memory for so many threads.
    pub fn bytes(&self, threads: usize) -> usize {
        (self.shared + threads * self.each) * Type::F32.bytes()
    }
}
