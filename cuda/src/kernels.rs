//! The kernels of `kernels/*.cu`, as functions that launch them; made by `build.rs` from the sources themselves.
#![allow(dead_code, reason = "fields are read on the device")]

use std::ffi::c_void;

use fovea_graph::BackendError;

use crate::queue::Queue;
use crate::view::{In, InOut, Out};

include!(concat!(env!("OUT_DIR"), "/kernels.rs"));

/// A source with kernels.
pub struct Module {
    /// The file's name without `.cu`.
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
    /// What was compiled of it ahead of time, if this build has it.
    pub image: Option<&'static [u8]>,
}

/// A kernel.
pub struct Kernel {
    /// Its number among all.
    pub id: usize,
    /// Its name in its module.
    pub name: &'static str,
    /// Its source's number in [`MODULES`].
    pub module: usize,
    /// Threads of a block.
    pub threads: u32,
}

/// An argument as the driver takes it: where it lies.
fn argument<T>(value: &T) -> *mut c_void {
    std::ptr::from_ref(value).cast_mut().cast()
}
