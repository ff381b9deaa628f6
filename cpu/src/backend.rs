//! The backend: what the rest of Fovea sees.

use std::sync::Arc;

use fovea_graph::plan::Choice;
use fovea_graph::{Backend, BackendError, Device, Graph, Memory, NodeId, Plan, Program, State};

use crate::host;
use crate::memory::StateMemory;
use crate::ops;
use crate::program::CpuProgram;
use crate::storage::Buffer;
use crate::team::Threads;

/// The CPU, with a team of threads of its own.
pub struct Cpu {
    threads: Arc<Threads>,
}

impl Cpu {
    /// With this many threads; `None`: as many as the machine runs at once.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] where the system refuses the threads.
    pub fn new(threads: Option<usize>) -> Result<Self, BackendError> {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self { threads: Arc::new(Threads::new(threads.unwrap_or_else(all))?) })
    }
}

impl Backend for Cpu {
    fn device(&self) -> Device {
        host::device(self.threads.count())
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        ops::choose(graph, node, self.threads.count())
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        let all = states.iter().map(|state| state.shape.elements()).sum();
        fits("the parameters", all)?;
        Ok(Box::new(StateMemory::new(states, zeros)?))
    }

    fn compile(&self, plan: Plan) -> Result<Box<dyn Program>, BackendError> {
        fits("the plan", plan.arena)?;
        let arena = zeros("the plan", plan.arena)?;
        Ok(Box::new(CpuProgram::new(plan, arena, Arc::clone(&self.threads))?))
    }
}

/// Zeroed memory for so many f32, or an error that names what it was for.
fn zeros(what: &str, len: usize) -> Result<Buffer, BackendError> {
    Buffer::zeros(len).map_err(|_| out_of_memory(what, len))
}

/// Linux grants memory that it does not have and ends the process that uses it: so what is available is asked first.
fn fits(what: &str, len: usize) -> Result<(), BackendError> {
    match host::available_memory() {
        Some(available) if bytes(len) > available => Err(out_of_memory(what, len)),
        _ => Ok(()),
    }
}

fn out_of_memory(what: &str, len: usize) -> BackendError {
    BackendError::OutOfMemory { what: what.to_string(), needed: bytes(len), device: "cpu".to_string() }
}

/// Bytes of so many f32.
fn bytes(len: usize) -> u64 {
    (len as u64).saturating_mul(4)
}
