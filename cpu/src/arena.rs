//! The values of plans, in the host's memory: programs that run one at a time share them.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fovea_graph::plan::Type;
use fovea_graph::{Arena, BackendError, Stop};

use crate::pages::Buffer;
use crate::storage::{fits, zeros};

/// An arena, and whose values it holds.
pub struct CpuArena {
    bytes: usize,
    held: Mutex<Held>,
}

/// What lies in an arena.
pub struct Held {
    /// The memory.
    pub buffer: Buffer,
    /// The number of the program whose step ran last; 0 before any has.
    pub program: u64,
}

impl CpuArena {
    /// So many bytes, all zero.
    pub fn new(bytes: usize, stop: &dyn Stop) -> Result<Self, BackendError> {
        let elements = bytes.div_ceil(Type::F32.bytes());
        fits("the plan", elements)?;
        Ok(Self { bytes, held: Mutex::new(Held { buffer: zeros("the plan", elements, stop)?, program: 0 }) })
    }

    /// What lies in it, for as long as nobody else may look.
    pub fn hold(&self) -> MutexGuard<'_, Held> {
        // An op that panicked has left values that nobody reads.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Arena for CpuArena {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
