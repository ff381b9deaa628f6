//! An emulator of CUDA for tests: the kernels of `cuda/kernels` run on the CPU, behind a stand-in for NVIDIA's driver.
//!
//! [`install`] compiles every `.cu` there with g++ against `host/emulator.h` into a library that calls itself
//! `libcuda.so`, and loads it. cudarc, which looks for a library of that name, then finds it already there: the backend
//! runs unchanged, launches, copies, streams, graphs and all. Objects are cached by content beside the build.
//!
//! One block runs at a time, each of its threads as a fiber where it has to wait. What is checked:
//! - every index of a view and of a tile against its size, dimension by dimension; alignment of 16-byte accesses;
//! - barriers and warp collectives that not all reach, or reach at different places; deadlocks;
//! - launches: the kernel's own block size, a legal grid, views that lie in live memory, parameters of a cubin that
//!   differ from its source's;
//! - what the driver refuses: waiting, allocating or pageable copies in a capture, dead handles, calls after a failure;
//! - [`Variant::Races`]: two accesses to a word that nothing orders, in shared or global memory, and words that are read
//!   but were never written; exact for the run, whatever the order of threads;
//! - [`Variant::Address`]: the sanitizers of g++, for arrays within kernels and for arithmetic that C++ leaves undefined;
//! - [`Emulator::seed`] shuffles blocks, threads and the branches of graphs, [`Emulator::deferred`] runs streams late: a
//!   missing barrier or wait then changes results;
//! - [`Emulator::counters`]: words of global memory that kernels read and wrote, copies, launches in order.
//!
//! A finding ends the launch: the driver answers as a GPU's would (`CUDA_ERROR_ILLEGAL_ADDRESS`, …) until the context
//! ends, and [`Emulator::findings`] tells the kernel, line, block and thread.
//!
//! What it cannot show: the speed of a GPU; its floating-point arithmetic to the last bit (`expf` and the order in which
//! nvcc fuses differ); its weak memory order beyond what barriers promise; registers, occupancy, bank conflicts. An index
//! into a local array, or a view rebuilt from a wrong address within a struct, is only found with [`Variant::Address`].
//! `cuda/gpu-run.sh` runs the same tests on a GPU.
//!
//! The library is global to a process, so a process installs one variant. Tests that want another, or kernels with
//! planted errors, run themselves again as a child: [`in_child`]. Tests that set or read anything hold [`Emulator::alone`],
//! the others of the same binary [`Emulator::together`].

mod child;
mod compile;
mod control;
mod install;
mod variant;

pub use child::{in_child, or_skip};
pub use compile::can_run;
pub use control::{Counters, Device, Emulator, Guard, Traffic};
pub use install::{driver, install, install_with};
pub use variant::{Extra, Source, Variant};
