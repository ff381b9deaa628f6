//! Memory that tasks write to which share no element of it.

use std::marker::PhantomData;

use pulp::Simd;

/// What a step writes.
#[derive(Clone, Copy)]
pub struct Output<'a> {
    data: *mut f32,
    len: usize,
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: the elements are f32; who writes them promises that nobody else does (`Output::store`).
unsafe impl Send for Output<'_> {}
// SAFETY: as above.
unsafe impl Sync for Output<'_> {}

impl<'a> Output<'a> {
    /// All of this, for as long as it is borrowed.
    pub fn new(data: &'a mut [f32]) -> Self {
        Self { data: data.as_mut_ptr(), len: data.len(), borrow: PhantomData }
    }

    /// The first `count` numbers of a vector, from element `at` on.
    ///
    /// # Safety
    /// No other task may write these elements meanwhile.
    #[inline(always)]
    pub unsafe fn store<S: Simd>(self, simd: S, at: usize, count: usize, value: S::f32s) {
        assert!(count <= S::F32_LANES && at + count <= self.len, "a vector lies in the output");
        // SAFETY: `count` elements from `at` on lie in the borrowed memory, and nobody else has them.
        unsafe {
            let to = self.data.add(at);
            if count == S::F32_LANES {
                to.cast::<S::f32s>().write_unaligned(value);
            } else {
                simd.mask_store_ptr_f32s(simd.mask_between_m32s(0, count as u32), to, value);
            }
        }
    }
}
