//! The devices of this machine, by the words of the `device` statement.

use std::sync::Arc;

use fovea_cpu::Cpu;
use fovea_graph::Backend;

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

/// The device of a word; `threads` bounds the CPU's.
pub fn open(word: &str, threads: Option<usize>) -> Result<Arc<dyn Backend>, String> {
    let lower = word.to_lowercase();
    match lower.split_once(':').unwrap_or((&lower, "")) {
        ("cpu", "") => Ok(Arc::new(Cpu::new(threads).map_err(|error| error.to_string())?)),
        ("cuda", _) => Err(cuda()),
        _ => Err(format!("there is no device `{word}`: `cpu` or `cuda`")),
    }
}

/// What there is, and what there is not, with the reason; `current` is the one in use.
pub fn list(current: &dyn Backend, threads: Option<usize>) -> Vec<Found> {
    let there = |device: fovea_graph::Device| Found {
        name: device.name,
        description: device.description,
        memory: device.memory,
        missing: None,
    };
    let not = |name: &str, reason: String| Found {
        name: name.to_string(),
        description: String::new(),
        memory: None,
        missing: Some(reason),
    };
    let cpu = match current.device() {
        device if device.name == "cpu" => there(device),
        _ => open("cpu", threads).map_or_else(|reason| not("cpu", reason), |cpu| there(cpu.device())),
    };
    vec![cpu, not("cuda", cuda())]
}

/// Why there is no GPU to run on.
fn cuda() -> String {
    String::new()
}
