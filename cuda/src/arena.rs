//! The values of plans, in the GPU's memory: programs that run one at a time share them.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cudarc::driver::CudaSlice;
use fovea_graph::plan::Type;
use fovea_graph::{Arena, BackendError};

use crate::gpu::Gpu;

/// An arena, and whose values it holds.
pub struct CudaArena {
    slice: CudaSlice<f32>,
    bytes: usize,
    /// The number of the program whose step was begun last; 0 before any.
    program: AtomicU64,
    /// The last field, since what lies on a GPU must go before it.
    gpu: Arc<Gpu>,
}

impl Drop for CudaArena {
    /// Binds the thread to the GPU, without which nothing can be freed; steps under way end before it is.
    fn drop(&mut self) {
        let _ = self.gpu.context.bind_to_thread();
    }
}

impl CudaArena {
    /// Room for so many bytes.
    pub fn new(gpu: Arc<Gpu>, bytes: usize) -> Result<Self, BackendError> {
        let slice = gpu.alloc("the plan", bytes.div_ceil(Type::F32.bytes()))?;
        Ok(Self { slice, bytes, program: AtomicU64::new(0), gpu })
    }

    /// Whether it lies on this GPU.
    pub fn is_of(&self, gpu: &Arc<Gpu>) -> bool {
        Arc::ptr_eq(&self.gpu, gpu)
    }

    /// Its memory.
    pub fn slice(&self) -> &CudaSlice<f32> {
        &self.slice
    }

    /// The address of its first element.
    pub fn address(&self) -> u64 {
        self.gpu.address(&self.slice)
    }

    /// A program begins a step in it.
    pub fn take(&self, program: u64) {
        self.program.store(program, Ordering::Relaxed);
    }

    /// Whether the values in it are those of a program.
    pub fn holds(&self, program: u64) -> bool {
        self.program.load(Ordering::Relaxed) == program
    }
}

impl Arena for CudaArena {
    fn bytes(&self) -> usize {
        self.bytes
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}
