//! The backend: what the rest of Fovea sees.

use std::sync::Arc;

use fovea_graph::plan::{Choice, Group};
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, Never, NodeId, Plan, Program, State, Stop};

use crate::arena::CpuArena;
use crate::host;
use crate::memory::StateMemory;
use crate::ops;
use crate::program::CpuProgram;
use crate::simd::Instructions;
use crate::threads::Threads;

/// The CPU, with a team of threads of its own and one set of instructions that they work with.
pub struct Cpu {
    threads: Arc<Threads>,
}

impl Cpu {
    /// With this many threads and the machine's best instructions; `None`: as many threads as it runs at once.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] where the system refuses the threads.
    pub fn new(threads: Option<usize>) -> Result<Self, BackendError> {
        Self::with(threads, Instructions::best())
    }

    /// The same with these instructions.
    ///
    /// # Errors
    /// [`BackendError::Unavailable`] where the machine lacks them or the system refuses the threads.
    pub fn with(threads: Option<usize>, instructions: Instructions) -> Result<Self, BackendError> {
        Ok(Self { threads: Arc::new(Threads::new(threads, instructions)?) })
    }

    /// What the threads work with.
    fn instructions(&self) -> Instructions {
        self.threads.vectors().instructions()
    }
}

impl Backend for Cpu {
    fn device(&self) -> Device {
        host::device(self.threads.count(), self.instructions())
    }

    fn machine(&self) -> String {
        format!("a CPU with {}", self.instructions())
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        ops::choose(graph, node, &self.threads).choice(graph, &[node], self.threads.count())
    }

    fn groups(&self, graph: &Graph) -> Vec<Group> {
        ops::groups(graph, &self.threads)
    }

    fn shares_host(&self) -> bool {
        true
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        self.allocate_unless(states, &Never)
    }

    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        self.arena_unless(bytes, &Never)
    }

    fn allocate_unless(&self, states: &[State], stop: &dyn Stop) -> Result<Box<dyn Memory>, BackendError> {
        Ok(Box::new(StateMemory::new(states, stop)?))
    }

    fn arena_unless(&self, bytes: usize, stop: &dyn Stop) -> Result<Arc<dyn Arena>, BackendError> {
        Ok(Arc::new(CpuArena::new(bytes, stop)?))
    }

    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        Ok(Box::new(CpuProgram::new(plan, &self.machine(), Arc::clone(arena), Arc::clone(&self.threads))?))
    }
}
