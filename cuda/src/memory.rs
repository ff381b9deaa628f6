//! The states' values, in the GPU's memory.

use std::any::Any;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cudarc::driver::CudaSlice;
use fovea_graph::backend::{Held, tensor};
use fovea_graph::plan::ALIGN;
use fovea_graph::{BackendError, Memory, State, StateId, Tensor};

use crate::gpu::Gpu;

/// All states, one behind the other in one allocation.
pub struct StateMemory {
    /// No two memories have the same: what was captured on one must not run on another.
    pub id: u64,
    held: Held,
    ranges: Vec<Range<usize>>,
    slice: CudaSlice<f32>,
    /// The last field, since what lies on a GPU must go before it.
    gpu: Arc<Gpu>,
}

impl Drop for StateMemory {
    /// Binds the thread to the GPU, without which nothing can be freed; steps under way end before it is.
    fn drop(&mut self) {
        let _ = self.gpu.context.bind_to_thread();
    }
}

impl StateMemory {
    /// Zeros for these states.
    pub fn new(gpu: Arc<Gpu>, states: &[State]) -> Result<Self, BackendError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut end = 0;
        let ranges = states.iter().map(|state| {
            let start = end;
            end = (start + state.shape.elements()).next_multiple_of(ALIGN);
            start..start + state.shape.elements()
        });
        let ranges: Vec<Range<usize>> = ranges.collect();
        let slice = gpu.alloc("the parameters", end)?;
        gpu.fill(&slice, 0)?;
        Ok(Self { id: NEXT.fetch_add(1, Ordering::Relaxed), held: Held::new(states), ranges, slice, gpu })
    }

    /// Whether it lies on this GPU and holds these states, and perhaps more behind them.
    pub fn check(&self, gpu: &Arc<Gpu>, states: &[State]) -> Result<(), BackendError> {
        if !Arc::ptr_eq(&self.gpu, gpu) {
            return Err(BackendError::Mismatch("the memory belongs to another device".into()));
        }
        self.held.begin_with(states)
    }

    /// Where a state's first element lies.
    pub fn address(&self, state: StateId) -> u64 {
        self.gpu.address(&self.slice) + 4 * self.ranges[state.index()].start as u64
    }
}

impl Memory for StateMemory {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        let shape = self.held.shape(state)?;
        tensor(shape, download(&self.gpu, &self.slice, self.ranges[state.index()].clone())?)
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.held.takes(state, value)?;
        if value.is_empty() {
            return Ok(());
        }
        let value = value.as_standard_layout();
        let elements = value.as_slice().ok_or_else(|| BackendError::Mismatch("a value without an order".into()))?;
        let mut target = self.slice.slice_mut(self.ranges[state.index()].clone());
        let copied = self.gpu.compute.memcpy_htod(elements, &mut target);
        // The driver may still read the host's memory until then.
        copied.and_then(|()| self.gpu.compute.synchronize()).map_err(|error| self.gpu.lost(error))
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// A range of a buffer, after all that was launched before.
pub fn download(gpu: &Gpu, slice: &CudaSlice<f32>, range: Range<usize>) -> Result<Vec<f32>, BackendError> {
    let mut elements = vec![0.0; range.len()];
    if !elements.is_empty() {
        let copied = gpu.compute.memcpy_dtoh(&slice.slice(range), &mut elements);
        copied.and_then(|()| gpu.compute.synchronize()).map_err(|error| gpu.lost(error))?;
    }
    Ok(elements)
}
