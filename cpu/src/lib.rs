//! The CPU backend: f32 on all cores, in kernels of its own; and the f64 [`reference`] that every backend is
//! held against.
//!
//! The same plan with the same [`Instructions`] gives the same bits, whatever the number of threads: how work is cut into
//! tasks follows from shapes alone, and every sum is taken in one order. Another set has other vectors, and its sums other
//! roundings.

mod arena;
mod backend;
mod epilogue;
mod exchange;
mod geometry;
mod guard;
mod host;
mod math;
mod memory;
mod ops;
mod pages;
mod prepared;
mod product;
mod program;
pub mod reference;
mod scratch;
mod shadow;
mod simd;
mod statistics;
mod storage;
mod team;
mod threads;

pub use backend::Cpu;
pub use simd::{Instructions, Vectors, mul_add};
