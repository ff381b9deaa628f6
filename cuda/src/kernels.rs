//! The kernels of `kernels/*.cu`, as functions that launch them; made by `build.rs` from the sources themselves.
#![allow(dead_code, reason = "fields are read on the device")]

use std::ffi::c_void;

use fovea_graph::BackendError;

use crate::modules::Kernel;
use crate::queue::Queue;
use crate::view::{In, InOut, Out};

include!(concat!(env!("OUT_DIR"), "/kernels.rs"));

/// An argument as the driver takes it: where it lies.
fn argument<T>(value: &T) -> *mut c_void {
    std::ptr::from_ref(value).cast_mut().cast()
}
