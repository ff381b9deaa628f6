//! The devices of this machine, by the words of the `device` statement.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Once};

use fovea_cpu::Cpu;
pub use fovea_cpu::Instructions;
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

/// What a device is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run programs.
    Run,
    /// To check programs: nothing is opened, and nothing can run.
    Check,
}

/// What of the CPU is used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cores {
    /// How many threads at most; without it as many as there are cores.
    pub threads: Option<usize>,
    /// Which instructions; without it the best.
    pub instructions: Option<Instructions>,
}

/// The device of a word, `cpu`, `cuda` or `cuda:1`; of the CPU these cores.
pub fn find(word: &str, cores: Cores, purpose: Purpose) -> Result<Arc<dyn Backend>, String> {
    let unknown = || format!("there is no device `{word}`: `cpu`, `cuda`, or `cuda:1` for the second GPU");
    let lower = word.to_lowercase();
    let ask = if purpose == Purpose::Run { fovea_cuda::open } else { fovea_cuda::see };
    let gpu = |index| by_driver(|| ask(index).map(Arc::from).map_err(|error| error.to_string()));
    match lower.split_once(':') {
        None if lower == "cpu" => {
            let instructions = cores.instructions.unwrap_or_else(Instructions::best);
            let cpu = Cpu::with(cores.threads, instructions).map_err(|error| error.to_string())?;
            Ok(Arc::new(cpu))
        }
        None if lower == "cuda" => gpu(0),
        Some(("cuda", number)) => gpu(number.parse().map_err(|_| unknown())?),
        _ => Err(unknown()),
    }
}

thread_local! {
    /// Whether this thread is asking the driver.
    static ASKS: Cell<bool> = const { Cell::new(false) };
}

/// Asks NVIDIA's driver. The library that calls it panics where the driver lacks a function; that becomes an error, and
/// nothing else is printed.
fn by_driver<T>(ask: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !ASKS.get() {
                usual(panic);
            }
        }));
    });
    let before = ASKS.replace(true);
    let answer = catch_unwind(AssertUnwindSafe(ask));
    ASKS.set(before);
    answer.unwrap_or_else(|panic| {
        let lacks = said(&*panic);
        Err(format!(
            "NVIDIA's driver on this machine is not one that Fovea can use ({lacks}): install version 580 or newer, or train \
             on the CPU: `device cpu`"
        ))
    })
}

/// What there is, and what there is not, with the reason; `current` is the one in use.
pub fn list(current: &dyn Backend, cores: Cores) -> Vec<Found> {
    let mut found = match current.device() {
        cpu if cpu.name == "cpu" => vec![there(cpu)],
        _ => match find("cpu", cores, Purpose::Check) {
            Ok(cpu) => vec![there(cpu.device())],
            Err(reason) => vec![not("cpu", reason)],
        },
    };
    match by_driver(|| fovea_cuda::probe().map_err(|error| error.to_string())) {
        Err(reason) => found.push(not("cuda", reason)),
        Ok(gpus) => found.extend(gpus.into_iter().map(|gpu| {
            let missing = find(&gpu.name, cores, Purpose::Check).err();
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
