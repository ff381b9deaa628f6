//! Where kernels are launched.

use std::ffi::c_void;

use cudarc::driver::sys::{CUgraphInstantiate_flags, CUstreamCaptureMode};
use cudarc::driver::{CudaGraph, CudaStream, result};
use fovea_graph::BackendError;

use crate::gpu::Gpu;
use crate::modules::Kernel;

/// A stream of a GPU, for the time of one step.
pub struct Queue<'a> {
    gpu: &'a Gpu,
    stream: &'a CudaStream,
}

/// The largest grid along y and z.
const MAX_GRID: u32 = 65_535;

impl<'a> Queue<'a> {
    /// Launches on this stream of the GPU.
    pub fn new(gpu: &'a Gpu, stream: &'a CudaStream) -> Self {
        Self { gpu, stream }
    }

    /// Launches a kernel; the arguments' types were checked by its wrapper.
    pub fn launch(&self, kernel: &Kernel, grid: [u32; 3], arguments: &[*mut c_void]) -> Result<(), BackendError> {
        if grid.contains(&0) {
            return Ok(());
        }
        if grid[0] > i32::MAX as u32 || grid[1] > MAX_GRID || grid[2] > MAX_GRID {
            let op = format!("{} in a grid of {}×{}×{} blocks", kernel.name, grid[0], grid[1], grid[2]);
            return Err(BackendError::Unsupported { device: self.gpu.name.clone(), op });
        }
        let function = self.gpu.function(kernel)?;
        let mut arguments = arguments.to_vec();
        self.gpu.context.bind_to_thread().map_err(|error| self.gpu.lost(error))?;
        // SAFETY: the wrapper made from the kernel's own line gives as many arguments as it takes, of its types; the memory
        // that views point to lives as long as the program and the states of the step.
        unsafe {
            result::launch_kernel(
                function.cu_function(),
                (grid[0], grid[1], grid[2]),
                (kernel.threads, 1, 1),
                0,
                self.stream.cu_stream(),
                &mut arguments,
            )
        }
        .map_err(|error| self.gpu.lost(error))
    }
}

impl Gpu {
    /// Where kernels are launched to run now.
    pub fn queue(&self) -> Queue<'_> {
        Queue::new(self, &self.compute)
    }

    /// What `launch` launches, as a graph that can be run again and again; nothing of it runs now.
    pub fn capture(
        &self,
        launch: impl FnOnce(&Queue<'_>) -> Result<(), BackendError>,
    ) -> Result<CudaGraph, BackendError> {
        let lost = |error| self.lost(error);
        // On a stream of its own: what other threads put on the compute stream meanwhile is not part of it. Thread-local:
        // neither do their allocations break it.
        let stream = self.context.new_stream().map_err(lost)?;
        stream.begin_capture(CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL).map_err(lost)?;
        let launched = launch(&Queue::new(self, &stream));
        let captured = stream.end_capture(CUgraphInstantiate_flags(0));
        launched?;
        captured
            .map_err(lost)?
            .ok_or_else(|| BackendError::Mismatch("a step without kernels cannot be captured".into()))
    }
}

/// The multiprocessors of the GPU that work is cut into pieces for, an H100's. Not those of the GPU at hand: how sums are
/// sliced, and so their bits, must not depend on it.
pub const MULTIPROCESSORS: usize = 132;

/// A grid for `work` threads' work in blocks that do `per_block` of it: one block a piece, but no more than keep a large
/// GPU busy, whose threads then go on in strides.
pub fn grid(work: usize, per_block: usize) -> [u32; 3] {
    [work.div_ceil(per_block).min(16 * MULTIPROCESSORS) as u32, 1, 1]
}
