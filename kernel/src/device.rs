//! The devices of this machine, by the words of the `device` statement.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fovea_cpu::Cpu;
use fovea_graph::{Backend, Device};

use crate::failure::said;

/// How a device answers to its word.
pub struct Found {
    /// The word: `cpu`, `cuda`.
    pub name: String,
    /// What it is.
    pub description: String,
    /// How much memory a program may plan for, in bytes, where it can be told.
    pub memory: Option<u64>,
    /// Why it cannot be used; none where it can.
    pub missing: Option<String>,
}

/// The device of a word, `cpu`, `cuda` or `cuda:1`; `threads` bounds the CPU's.
pub fn open(word: &str, threads: Option<usize>) -> Result<Arc<dyn Backend>, String> {
    let unknown = || format!("there is no device `{word}`: `cpu`, `cuda`, or `cuda:1` for the second GPU");
    let lower = word.to_lowercase();
    let gpu = |index| by_driver(|| fovea_cuda::open(index).map(Arc::from).map_err(|error| error.to_string()));
    match lower.split_once(':').unwrap_or((&lower, "")) {
        ("cpu", "") => {
            Cpu::new(threads).map(|cpu| Arc::new(cpu) as Arc<dyn Backend>).map_err(|error| error.to_string())
        }
        ("cuda", "") => gpu(0),
        ("cuda", number) => gpu(number.parse().map_err(|_| unknown())?),
        _ => Err(unknown()),
    }
}

/// Asks NVIDIA's driver. The library that calls it panics where the driver lacks a function.
fn by_driver<T>(ask: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| {
        let lacks = said(&*panic);
        Err(format!("NVIDIA's driver is not one that Fovea can use (version 580 or newer): {lacks}"))
    })
}

/// What there is, and what there is not, with the reason; `current` is the one in use.
pub fn list(current: &dyn Backend, threads: Option<usize>) -> Vec<Found> {
    let mut found = match current.device() {
        cpu if cpu.name == "cpu" => vec![there(cpu)],
        _ => match open("cpu", threads) {
            Ok(cpu) => vec![there(cpu.device())],
            Err(reason) => vec![not("cpu", reason)],
        },
    };
    match by_driver(|| fovea_cuda::probe().map_err(|error| error.to_string())) {
        Err(reason) => found.push(not("cuda", reason)),
        Ok(gpus) => found.extend(gpus.into_iter().map(|gpu| {
            let missing = open(&gpu.name, threads).err();
            Found { missing, ..there(gpu) }
        })),
    }
    found
}

/// A device that can be used.
fn there(device: Device) -> Found {
    Found { name: device.name, description: device.description, memory: device.memory, missing: None }
}

/// A device that cannot.
fn not(name: &str, reason: String) -> Found {
    Found { name: name.to_string(), description: String::new(), memory: None, missing: Some(reason) }
}
