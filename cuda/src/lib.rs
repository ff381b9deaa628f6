//! The CUDA backend: kernels written by hand, launched through the driver, each training step captured as one graph.
//!
//! Nothing is linked: the driver's library is loaded when [`probe()`] first looks for it. The kernels are in `kernels/`;
//! `README.md` says how one is added and how it is proven on a machine without a GPU.

mod arena;
mod backend;
mod cache;
mod gpu;
mod guard;
mod images;
mod kernels;
mod memory;
mod modules;
mod ops;
mod probe;
mod program;
mod queue;
mod seen;
mod stage;
mod view;

pub use backend::{Cuda, Options, open, open_with};
pub use cache::cache_folder;
pub use images::Images;
pub use ops::{Uses, uses};
pub use probe::{ProbeError, probe};
pub use seen::see;
