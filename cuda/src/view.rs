//! Tensors as kernels take them: an address in device memory and a number of elements. The types of fovea.cuh.

use std::marker::PhantomData;

use cudarc::driver::DeviceRepr;

/// A tensor, or a table, that a kernel reads.
#[repr(C)]
#[derive(Debug)]
pub struct In<T> {
    address: u64,
    len: u64,
    of: PhantomData<T>,
}

/// A tensor that a kernel writes.
#[repr(C)]
#[derive(Debug)]
pub struct Out<T> {
    address: u64,
    len: u64,
    of: PhantomData<T>,
}

/// A tensor that a kernel reads and writes.
#[repr(C)]
#[derive(Debug)]
pub struct InOut<T> {
    address: u64,
    len: u64,
    of: PhantomData<T>,
}

// Not derived: a view is copied whatever its elements are.
macro_rules! copied {
    ($($view:ident)*) => {$(
        impl<T> Clone for $view<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $view<T> {}

        // SAFETY: two words, laid out as C lays them out.
        unsafe impl<T> DeviceRepr for $view<T> {}
    )*};
}
copied!(In Out InOut);

impl<T> In<T> {
    /// `len` elements from `address` on.
    pub fn new(address: u64, len: usize) -> Self {
        Self { address, len: len as u64, of: PhantomData }
    }

    /// A tensor that is not given.
    pub fn none() -> Self {
        Self::new(0, 0)
    }
}

impl<T> Out<T> {
    /// `len` elements from `address` on.
    pub fn new(address: u64, len: usize) -> Self {
        Self { address, len: len as u64, of: PhantomData }
    }

    /// A tensor that is not wanted.
    pub fn none() -> Self {
        Self::new(0, 0)
    }
}

impl<T> InOut<T> {
    /// `len` elements from `address` on.
    pub fn new(address: u64, len: usize) -> Self {
        Self { address, len: len as u64, of: PhantomData }
    }

    /// A tensor that is not given.
    pub fn none() -> Self {
        Self::new(0, 0)
    }

    /// For a kernel that only reads it.
    pub fn read(self) -> In<T> {
        In { address: self.address, len: self.len, of: PhantomData }
    }

    /// For a kernel that only writes it.
    pub fn write(self) -> Out<T> {
        Out { address: self.address, len: self.len, of: PhantomData }
    }
}

impl InOut<f32> {
    /// The same memory as words.
    pub fn words(self) -> InOut<u32> {
        InOut { address: self.address, len: self.len, of: PhantomData }
    }
}
