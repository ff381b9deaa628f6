//! The devices of this machine, by the words of the `device` statement.

use std::sync::Arc;

use fovea_graph::Backend;

/// How a device answers to its word.
pub struct Found {
    /// The word: `cpu`, `cuda`.
    pub name: String,
    /// What it is, or why there is none.
    pub description: String,
    /// How much memory a program may plan for, in bytes, where it can be told.
    pub memory: Option<u64>,
    /// Whether it can be used.
    pub usable: bool,
}

/// The device of a word; `threads` bounds the CPU's.
pub fn open(word: &str, threads: Option<usize>) -> Result<Arc<dyn Backend>, String> {
    match word.to_lowercase().split_once(':').unwrap_or((&word.to_lowercase(), "")) {
        ("cpu", "") => Ok(Arc::new(cpu(threads)?)),
        ("cuda", _) => Err(cuda()),
        _ => Err(format!("there is no device `{word}`: `cpu` or `cuda`")),
    }
}

/// What there is, and what there is not, with the reason.
pub fn list(threads: Option<usize>) -> Vec<Found> {
    let cpu = match cpu(threads) {
        Ok(cpu) => {
            let device = cpu.device();
            Found { name: device.name, description: device.description, memory: device.memory, usable: true }
        }
        Err(reason) => Found { name: "cpu".to_string(), description: reason, memory: None, usable: false },
    };
    vec![cpu, Found { name: "cuda".to_string(), description: cuda(), memory: None, usable: false }]
}
