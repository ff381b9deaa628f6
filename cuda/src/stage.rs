//! A stage: the place of one of the steps that are under way. Its batch waits in pinned memory of the host, is copied to
//! the device on a stream of its own, and what every step hands back returns here.

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{CudaEvent, CudaGraph, CudaSlice, DeviceRepr, DriverError, PinnedHostSlice, ValidAsZeroBits};
use fovea_graph::plan::ALIGN;
use fovea_graph::{BackendError, Feed, Input};

use crate::gpu::Gpu;
use crate::kernels::StepFeed;
use crate::memory::download;
use crate::view::{In, Out};

/// f32 before the first input; the step's feed lies there.
const HEAD: usize = ALIGN;

/// The place of a step.
pub struct Stage {
    /// Where each input lies in the batch, in f32, and how long it is.
    inputs: Vec<std::ops::Range<usize>>,
    host: PinnedHostSlice<f32>,
    device: CudaSlice<f32>,
    /// When the batch is on the device. cudarc's own events, of pinned memory too, rest while its tracking is off.
    copied: CudaEvent,
    /// The halted word, and the outputs of one element.
    results: CudaSlice<f32>,
    results_host: PinnedHostSlice<f32>,
    /// When what comes back is on the host.
    fetched: CudaEvent,
    bound: Option<Bound>,
}

/// What holds the addresses of one memory, and of this stage's batch.
struct Bound {
    /// Whose addresses they are.
    memory: u64,
    /// The captured step. Before the tables that it reads: it is destroyed first.
    graph: Option<CudaGraph>,
    /// The tables of the updates.
    tables: Vec<CudaSlice<u8>>,
}

// SAFETY: only the captured graph is not Send by itself. The driver takes it from any thread, one at a time, and nobody else
// has it.
unsafe impl Send for Stage {}

impl Stage {
    /// Room for a batch of these inputs and for so many numbers that come back.
    pub fn new(gpu: &Gpu, inputs: &[Input], numbers: usize) -> Result<Self, BackendError> {
        let mut end = HEAD;
        let ranges = inputs.iter().map(|input| {
            let start = end;
            end = (start + input.shape.elements()).next_multiple_of(ALIGN);
            start..start + input.shape.elements()
        });
        let inputs: Vec<_> = ranges.collect();
        let event = || {
            let event = gpu.context.new_event(Some(CUevent_flags::CU_EVENT_DISABLE_TIMING));
            event.map_err(|error| gpu.lost(error))
        };
        Ok(Self {
            inputs,
            host: pinned(gpu, end)?,
            device: gpu.alloc("the batch", end)?,
            copied: event()?,
            results: gpu.alloc("the results", 1 + numbers)?,
            results_host: pinned(gpu, 1 + numbers)?,
            fetched: event()?,
            bound: None,
        })
    }

    /// The address of an input on the device.
    pub fn input(&self, gpu: &Gpu, index: usize) -> u64 {
        gpu.address(&self.device) + 4 * self.inputs[index].start as u64
    }

    /// The step's feed on the device.
    pub fn feed(&self, gpu: &Gpu) -> In<StepFeed> {
        In::new(gpu.address(&self.device), 1)
    }

    /// What the step hands back, on the device.
    pub fn results(&self, gpu: &Gpu) -> Out<f32> {
        Out::new(gpu.address(&self.results), self.results.len())
    }

    /// Copies a batch in. The host's tensors are free when it returns; the compute stream goes on when the copy is done.
    pub fn fill(&mut self, gpu: &Gpu, inputs: &[&[f32]], feed: &Feed<'_>) -> Result<(), BackendError> {
        let lost = |error| gpu.lost(error);
        // The last copy out of it must be done.
        self.copied.synchronize().map_err(lost)?;
        let host = self.host.as_mut_slice().map_err(lost)?;
        let words = [feed.step, feed.seed as u32, (feed.seed >> 32) as u32];
        host[0] = feed.learning_rate as f32;
        host[1..4].copy_from_slice(&words.map(f32::from_bits));
        for (range, elements) in self.inputs.iter().zip(inputs) {
            host[range.clone()].copy_from_slice(elements);
        }
        gpu.copy.memcpy_htod(&self.host, &mut self.device).map_err(lost)?;
        self.copied.record(&gpu.copy).map_err(lost)?;
        gpu.compute.wait(&self.copied).map_err(lost)
    }

    /// Whether it has tables for this memory.
    pub fn is_bound_to(&self, memory: u64) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.memory == memory)
    }

    /// Takes the tables for a memory. Those before, and what was captured with them, may still be in use: the driver frees
    /// both when the work begun before is done.
    pub fn bind(&mut self, memory: u64, tables: Vec<CudaSlice<u8>>) {
        self.bound = Some(Bound { memory, graph: None, tables });
    }

    /// The tables of the updates, in their order.
    pub fn tables(&self) -> &[CudaSlice<u8>] {
        self.bound.as_ref().map_or(&[], |bound| &bound.tables)
    }

    /// The captured step, where the memory that it is bound to has one.
    pub fn graph(&self) -> Option<&CudaGraph> {
        self.bound.as_ref()?.graph.as_ref()
    }

    /// Keeps the captured step.
    pub fn keep(&mut self, graph: CudaGraph) {
        if let Some(bound) = &mut self.bound {
            bound.graph = Some(graph);
        }
    }

    /// Copies what the step hands back to the host, when it is there.
    pub fn fetch(&mut self, gpu: &Gpu) -> Result<(), BackendError> {
        let copied = gpu.compute.memcpy_dtoh(&self.results, &mut self.results_host);
        copied.and_then(|()| self.fetched.record(&gpu.compute)).map_err(|error| gpu.lost(error))
    }

    /// Waits for the step, and gives the halted word and the outputs of one element.
    pub fn read(&self, gpu: &Gpu) -> Result<(u32, Vec<f32>), BackendError> {
        self.fetched.synchronize().map_err(|error| gpu.lost(error))?;
        let results = self.results_host.as_slice().map_err(|error| gpu.lost(error))?;
        Ok((results[0].to_bits(), results[1..].to_vec()))
    }

    /// An input as the device has it.
    pub fn download(&self, gpu: &Gpu, index: usize) -> Result<Vec<f32>, BackendError> {
        download(gpu, &self.device, self.inputs[index].clone())
    }
}

/// Pinned memory of the host, which the device copies from and to by itself.
fn pinned<T: DeviceRepr + ValidAsZeroBits>(gpu: &Gpu, len: usize) -> Result<PinnedHostSlice<T>, BackendError> {
    let refused = |DriverError(code)| {
        BackendError::Unavailable(format!(
            "the host has no {} bytes that {} can copy from: {code:?}",
            len * size_of::<T>(),
            gpu.name
        ))
    };
    // SAFETY: it is written by the host or by a copy before it is read. No write combining: the host reads some of it.
    let mut memory = unsafe { gpu.context.alloc_pinned_with_flags::<T>(len, 0) }.map_err(refused)?;
    let bytes = len * size_of::<T>();
    let start = memory.as_mut_ptr().map_err(refused)?;
    // SAFETY: all of it is ours, and zero is a value of the type.
    unsafe { std::ptr::write_bytes(start.cast::<u8>(), 0, bytes) };
    Ok(memory)
}
