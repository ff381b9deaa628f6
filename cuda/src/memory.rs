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

/// All states, one behind the other in as few allocations as they came in.
pub struct StateMemory {
    /// No two memories have the same, nor one before and after its states were others: what was captured on one must not
    /// run on another.
    pub id: u64,
    held: Held,
    /// Where each state lies.
    places: Vec<Place>,
    slices: Vec<CudaSlice<f32>>,
    /// The last field, since what lies on a GPU must go before it.
    gpu: Arc<Gpu>,
}

impl Drop for StateMemory {
    /// Binds the thread to the GPU, without which nothing can be freed; steps under way end before it is.
    fn drop(&mut self) {
        let _ = self.gpu.context.bind_to_thread();
    }
}

/// Where a state lies.
#[derive(Clone, Debug)]
struct Place {
    /// The number of the allocation.
    slice: usize,
    range: Range<usize>,
}

/// A number that no memory has had.
fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// One allocation of zeros for these states, and where in it each lies.
fn all_zero(gpu: &Gpu, states: &[State]) -> Result<(CudaSlice<f32>, Vec<Range<usize>>), BackendError> {
    let mut end = 0;
    let ranges = states.iter().map(|state| {
        let start = end;
        end = (start + state.shape.elements()).next_multiple_of(ALIGN);
        start..start + state.shape.elements()
    });
    let ranges = ranges.collect();
    let slice = gpu.alloc("the parameters", end)?;
    gpu.fill(&slice, 0)?;
    Ok((slice, ranges))
}

impl StateMemory {
    /// Zeros for these states.
    pub fn new(gpu: Arc<Gpu>, states: &[State]) -> Result<Self, BackendError> {
        let (slice, ranges) = all_zero(&gpu, states)?;
        let places = ranges.into_iter().map(|range| Place { slice: 0, range }).collect();
        Ok(Self { id: new_id(), held: Held::new(states), places, slices: vec![slice], gpu })
    }

    /// The allocation and the range of a state.
    fn place(&self, state: StateId) -> (&CudaSlice<f32>, Range<usize>) {
        let Place { slice, range } = &self.places[state.index()];
        (&self.slices[*slice], range.clone())
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
        let (slice, range) = self.place(state);
        self.gpu.address(slice) + 4 * range.start as u64
    }
}

impl Memory for StateMemory {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        let shape = self.held.shape(state)?;
        let (slice, range) = self.place(state);
        tensor(shape, download(&self.gpu, slice, range)?)
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.held.takes(state, value)?;
        if value.is_empty() {
            return Ok(());
        }
        let value = value.as_standard_layout();
        let elements = value.as_slice().ok_or_else(|| BackendError::Mismatch("a value without an order".into()))?;
        let Place { slice, range } = self.places[state.index()].clone();
        let mut target = self.slices[slice].slice_mut(range);
        let copied = self.gpu.compute.memcpy_htod(elements, &mut target);
        // The driver may still read the host's memory until then.
        copied.and_then(|()| self.gpu.compute.synchronize()).map_err(|error| self.gpu.lost(error))
    }

    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError> {
        let (slice, ranges) = all_zero(&self.gpu, states)?;
        self.places.truncate(kept);
        // Allocations of nobody any more go; they stand last.
        let used = self.places.iter().map(|place| place.slice + 1).max().unwrap_or(0);
        self.slices.truncate(used);
        self.places.extend(ranges.into_iter().map(|range| Place { slice: used, range }));
        self.slices.push(slice);
        self.held.replace(kept, states);
        self.id = new_id();
        Ok(())
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
