//! One GPU: its context, its two streams, and its kernels as they are loaded.

use std::sync::{Arc, OnceLock};

use cudarc::driver::result;
use cudarc::driver::sys::CUresult;
use cudarc::driver::{
    CudaContext, CudaFunction, CudaGraph, CudaModule, CudaSlice, CudaStream, DevicePtr, DeviceRepr, DriverError,
};
use cudarc::nvrtc::Ptx;
use fovea_graph::{BackendError, Device};

use crate::images::Images;
use crate::modules::{KERNELS, Kernel, MODULES};
use crate::probe::{capability, driver_version};

/// The oldest driver that runs the kernels, as CUDA's version: NVIDIA's release 580.
const OLDEST_DRIVER: i32 = 13_000;
/// The oldest architecture that CUDA 13 compiles for.
const OLDEST_ARCHITECTURE: (i32, i32) = (7, 5);

/// What an answer of the driver means for a GPU that is not in use yet.
fn refusal(device: &Device) -> impl Fn(DriverError) -> BackendError {
    |DriverError(code)| {
        BackendError::Unavailable(format!(
            "{} ({}) cannot be used: the driver answers {code:?}; check it with `nvidia-smi`, or train on the CPU: \
             `device cpu`",
            device.name, device.description
        ))
    }
}

/// A GPU that is in use.
pub struct Gpu {
    /// `cuda:0`.
    pub name: String,
    description: String,
    /// Compute capability, 90 for 9.0.
    architecture: u32,
    pub context: Arc<CudaContext>,
    /// Where all kernels run, one after the other.
    pub compute: Arc<CudaStream>,
    /// Where batches are copied in meanwhile.
    pub copy: Arc<CudaStream>,
    images: Images,
    modules: [OnceLock<Arc<CudaModule>>; MODULES.len()],
    functions: [OnceLock<CudaFunction>; KERNELS],
}

impl Gpu {
    /// Whether the GPU of a number that the driver has named as `device` can run the kernels, as far as it can be told
    /// without opening it; its architecture.
    pub fn usable(index: usize, device: &Device, images: &Images) -> Result<u32, BackendError> {
        let refused = refusal(device);
        let version = driver_version().map_err(&refused)?;
        if version < OLDEST_DRIVER {
            return Err(BackendError::Unavailable(format!(
                "NVIDIA's driver on this machine is for CUDA {}.{}, older than the kernels need: install version 580 or newer, \
                 or train on the CPU: `device cpu`",
                version / 1000,
                version % 1000 / 10
            )));
        }
        let (major, minor) = capability(index).map_err(refused)?;
        if (major, minor) < OLDEST_ARCHITECTURE {
            let (major_needed, minor_needed) = OLDEST_ARCHITECTURE;
            return Err(BackendError::Unavailable(format!(
                "{} is of compute capability {major}.{minor}; the kernels need {major_needed}.{minor_needed} or newer: train on \
                 the CPU: `device cpu`",
                device.description
            )));
        }
        images.check()?;
        Ok(10 * major.unsigned_abs() + minor.unsigned_abs())
    }

    /// Opens the GPU of a number that the driver has named as `device`.
    pub fn open(index: usize, device: Device, images: Images) -> Result<Self, BackendError> {
        let architecture = Self::usable(index, &device, &images)?;
        let refused = refusal(&device);
        let context = CudaContext::new(index).map_err(&refused)?;
        // SAFETY: every use of memory on two streams is ordered by events of our own.
        unsafe { context.disable_event_tracking() };
        let compute = context.new_stream().map_err(&refused)?;
        let copy = context.new_stream().map_err(refused)?;
        Ok(Self {
            name: device.name,
            description: device.description,
            architecture,
            context,
            compute,
            copy,
            images,
            modules: std::array::from_fn(|_| OnceLock::new()),
            functions: std::array::from_fn(|_| OnceLock::new()),
        })
    }

    /// What it is, with the memory that is free now.
    pub fn device(&self) -> Device {
        // The driver gives back what was freed when somebody waits.
        let free = self.compute.synchronize().and_then(|()| self.context.mem_get_info());
        let memory = free.map(|(free, _)| free as u64).ok();
        Device { name: self.name.clone(), description: self.description.clone(), memory }
    }

    /// The function of a kernel; its module is loaded, and compiled if need be, at the first call.
    pub fn function(&self, kernel: &Kernel) -> Result<&CudaFunction, BackendError> {
        let slot = &self.functions[kernel.id];
        if let Some(function) = slot.get() {
            return Ok(function);
        }
        self.context.bind_to_thread().map_err(|error| self.lost(error))?;
        let module = match self.modules[kernel.module].get() {
            Some(module) => module,
            None => {
                let source = &MODULES[kernel.module];
                let image = self.images.of(source, self.architecture)?;
                let bytes = image.len();
                let loaded = self.context.load_module(Ptx::from_binary(image));
                let module = loaded.map_err(|error| self.image(source.name, bytes, error))?;
                self.modules[kernel.module].get_or_init(|| module)
            }
        };
        let function = module.load_function(kernel.name).map_err(|DriverError(code)| match code {
            CUresult::CUDA_ERROR_NOT_FOUND => {
                BackendError::Unavailable(format!("the kernels compiled for {} have no {}", self.name, kernel.name))
            }
            code => self.lost(DriverError(code)),
        })?;
        Ok(slot.get_or_init(|| function))
    }

    /// Memory that nothing was written to yet: it reads as NaN, so that what was never computed is seen.
    pub fn alloc<T: DeviceRepr>(&self, what: &str, len: usize) -> Result<CudaSlice<T>, BackendError> {
        let bytes = len.saturating_mul(size_of::<T>());
        let fit = |DriverError(code): DriverError| match code {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => self.short(what, bytes),
            code => self.lost(DriverError(code)),
        };
        // SAFETY: it is filled before anything reads it.
        let alloc = || unsafe { self.compute.alloc::<T>(len.max(1)) };
        let slice = match alloc() {
            // The driver gives back what was freed, perhaps in pieces too small, when somebody waits.
            Err(DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => self.compute.synchronize().and_then(|()| alloc()),
            answer => answer,
        };
        let slice = slice.map_err(fit)?;
        self.fill(&slice, 0xff)?;
        // The copy stream may use it at once.
        self.wait()?;
        Ok(slice)
    }

    /// Memory with these elements.
    pub fn upload<T: DeviceRepr>(&self, elements: &[T]) -> Result<CudaSlice<T>, BackendError> {
        let mut slice = self.alloc("a table", elements.len())?;
        if !elements.is_empty() {
            let copied = self.compute.memcpy_htod(elements, &mut slice);
            // The driver may still read the host's memory until then.
            copied.and_then(|()| self.compute.synchronize()).map_err(|error| self.lost(error))?;
        }
        Ok(slice)
    }

    /// Sets every byte of a buffer, in the order of the compute stream.
    pub fn fill<T>(&self, slice: &CudaSlice<T>, byte: u8) -> Result<(), BackendError> {
        self.context.bind_to_thread().map_err(|error| self.lost(error))?;
        // SAFETY: address and size are those of a live buffer, which is freed in the same stream's order.
        let filled =
            unsafe { result::memset_d8_async(self.address(slice), byte, slice.num_bytes(), self.compute.cu_stream()) };
        filled.map_err(|error| self.lost(error))
    }

    /// Waits until all that was launched is done.
    pub fn wait(&self) -> Result<(), BackendError> {
        self.compute.synchronize().map_err(|error| self.lost(error))
    }

    /// Runs a captured graph on the compute stream.
    pub fn replay(&self, graph: &CudaGraph) -> Result<(), BackendError> {
        let bound = self.context.bind_to_thread();
        // SAFETY: graph and stream are alive, and whoever holds the graph keeps what its kernels use.
        let launched =
            bound.and_then(|()| unsafe { result::graph::launch(graph.cu_graph_exec(), self.compute.cu_stream()) });
        launched.map_err(|error| self.lost(error))
    }

    /// The address of a buffer.
    pub fn address<T>(&self, slice: &CudaSlice<T>) -> u64 {
        slice.device_ptr(&self.compute).0
    }

    /// What an error in the middle of work means: the driver reports a kernel's fault at whatever is called next, and from
    /// then on it answers nothing else. Only where memory is short it goes on.
    pub fn lost(&self, DriverError(code): DriverError) -> BackendError {
        let device = self.name.clone();
        match code {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => BackendError::Unavailable(format!(
                "{device} has no memory left for what its driver itself needs; a smaller batch leaves more"
            )),
            code => BackendError::Lost { device, why: format!("the driver answers {code:?}") },
        }
    }

    /// Why the driver does not take an image of so many bytes.
    fn image(&self, what: &str, bytes: usize, DriverError(code): DriverError) -> BackendError {
        match code {
            CUresult::CUDA_ERROR_NO_BINARY_FOR_GPU => BackendError::Unavailable(format!(
                "the images of {what} are for compute capability 8.0 or newer, not for {}: use a build without images, which \
                 compiles the kernels on their first use, or train on the CPU: `device cpu`",
                self.description
            )),
            CUresult::CUDA_ERROR_INVALID_IMAGE
            | CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION
            | CUresult::CUDA_ERROR_INVALID_PTX => BackendError::Unavailable(format!(
                "the driver does not take the kernels of {what} for {}: {code:?}; install NVIDIA's driver 580 or newer, or train \
                 on the CPU: `device cpu`",
                self.description
            )),
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => self.short(&format!("the code of {what}"), bytes),
            code => self.lost(DriverError(code)),
        }
    }

    /// There is not so much memory.
    fn short(&self, what: &str, bytes: usize) -> BackendError {
        BackendError::OutOfMemory { what: what.into(), needed: bytes as u64, device: self.name.clone() }
    }
}
