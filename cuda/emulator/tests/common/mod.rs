//! What the tests of the emulator share: a device with its kernels, and launches without ceremony.
#![allow(clippy::unwrap_used, dead_code)]

use cudarc::driver::sys::CUresult;
use cudarc::driver::{
    CudaContext, CudaModule, CudaSlice, CudaStream, DevicePtr, DeviceRepr, DriverError, LaunchConfig, PushKernelArg,
};
use cudarc::nvrtc::Ptx;
use fovea_cuda_emulator::Emulator;
use std::sync::Arc;

/// `In`, `Out` and `InOut` of the kernels.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub data: u64,
    pub size: u64,
}
// SAFETY: two numbers, as the kernels' views.
unsafe impl DeviceRepr for View {}

pub struct Gpu {
    pub context: Arc<CudaContext>,
    pub module: Arc<CudaModule>,
    pub stream: Arc<CudaStream>,
}

impl Gpu {
    pub fn open(emulator: Emulator) -> Self {
        let context = CudaContext::new(0).unwrap();
        // SAFETY: the tests say themselves what waits for what.
        unsafe { context.disable_event_tracking() };
        let module = context.load_module(Ptx::from_binary(emulator.image())).unwrap();
        let stream = context.new_stream().unwrap();
        Self { context, module, stream }
    }

    pub fn view<T>(&self, slice: &CudaSlice<T>) -> View {
        View { data: slice.device_ptr(&self.stream).0, size: slice.len() as u64 }
    }

    /// Launches on a stream; the kernel takes these views and nothing else, or a number `n` behind them.
    pub fn launch_on(
        &self,
        stream: &Arc<CudaStream>,
        kernel: &str,
        blocks: u32,
        threads: u32,
        views: &[View],
        n: Option<u64>,
    ) -> Result<(), DriverError> {
        let function = self.module.load_function(kernel)?;
        let mut launch = stream.launch_builder(&function);
        for view in views {
            launch.arg(view);
        }
        if let Some(n) = &n {
            launch.arg(n);
        }
        let config = LaunchConfig { grid_dim: (blocks, 1, 1), block_dim: (threads, 1, 1), shared_mem_bytes: 0 };
        // SAFETY: a wrong argument is what some tests are about; the emulator bears it.
        unsafe { launch.launch(config) }.map(drop)
    }

    pub fn relu_on(&self, stream: &Arc<CudaStream>, x: &CudaSlice<f32>, y: &CudaSlice<f32>) -> Result<(), DriverError> {
        self.launch_on(stream, "relu", 2, 256, &[self.view(x), self.view(y)], Some(x.len() as u64))
    }

    pub fn relu(&self, x: &CudaSlice<f32>, y: &CudaSlice<f32>) -> Result<(), DriverError> {
        self.relu_on(&self.stream, x, y)
    }
}

pub fn numbers(n: usize) -> Vec<f32> {
    (0..n).map(|i| (i % 7) as f32 - 3.0).collect()
}

pub fn rectified(x: &[f32]) -> Vec<f32> {
    x.iter().map(|x| x.max(0.0)).collect()
}

/// The code of an error; cudarc's own Debug would ask the driver for a text.
pub fn code<T>(result: Result<T, DriverError>) -> CUresult {
    result.err().map_or(CUresult::CUDA_SUCCESS, |DriverError(code)| code)
}
