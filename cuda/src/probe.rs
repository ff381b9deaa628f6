//! Which GPUs the driver sees.

use cudarc::driver::result::{self, DriverError};
use cudarc::driver::sys::{self, CUdevice, CUdevice_attribute, CUresult};
use fovea_graph::Device;

/// Why no GPU can be used.
///
/// The driver's codes are kept as codes: to turn them into text one has to ask the driver, which may be what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    /// The driver's library cannot be loaded.
    #[error(
        "CUDA needs NVIDIA's driver (libcuda), which this machine does not have: install version 580 or newer for your \
         GPU, or train on the CPU: `device cpu`"
    )]
    NoDriver,
    /// The driver sees no GPU.
    #[error(
        "NVIDIA's driver is installed but sees no GPU: check with `nvidia-smi` that one is there and that this process \
         may use it, or train on the CPU: `device cpu`"
    )]
    NoDevice,
    /// The driver refuses a call.
    #[error(
        "NVIDIA's driver answers {code:?} when asked {question}: check it with `nvidia-smi`, or train on the CPU: `device cpu`"
    )]
    Refused {
        /// What it was asked.
        question: &'static str,
        /// Its answer.
        code: CUresult,
    },
}

/// The GPUs that the driver sees, in its order: `cuda:0`, `cuda:1`, …; at least one.
///
/// # Errors
/// Says why there is none.
pub fn probe() -> Result<Vec<Device>, ProbeError> {
    // SAFETY: it only loads the driver's library and lets go of it again. That this library's start-up code is sound is
    // NVIDIA's promise, as for every program that uses CUDA.
    if !unsafe { sys::is_culib_present() } {
        return Err(ProbeError::NoDriver);
    }
    ask("to start", result::init())?;
    let version = ask("its version", driver_version())?;
    let version = (version / 1000, version % 1000 / 10);
    let count = ask("how many GPUs there are", result::device::get_count())?;
    match usize::try_from(count) {
        Ok(0) | Err(_) => Err(ProbeError::NoDevice),
        Ok(_) => (0..count).map(|index| device(index, version)).collect(),
    }
}

/// The compute capability of the GPU of a number that [`probe`] has found.
pub fn capability(index: usize) -> Result<(i32, i32), DriverError> {
    let handle = result::device::get(index as i32)?;
    // SAFETY: the handle was given by the driver just now.
    let ask = |which| unsafe { result::device::get_attribute(handle, which) };
    let major = ask(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    Ok((major, ask(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?))
}

/// Keeps the code of an error alone.
fn ask<T>(question: &'static str, answer: Result<T, DriverError>) -> Result<T, ProbeError> {
    answer.map_err(|DriverError(code)| match code {
        CUresult::CUDA_ERROR_NO_DEVICE => ProbeError::NoDevice,
        code => ProbeError::Refused { question, code },
    })
}

/// The newest CUDA that the driver runs, 13000 for 13.0. The driver's library must be there.
pub fn driver_version() -> Result<i32, DriverError> {
    let mut version = 0;
    // SAFETY: the library is there, and the pointer is to an integer that outlives the call.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result()?;
    Ok(version)
}

/// The GPU of this number.
fn device(index: i32, (major, minor): (i32, i32)) -> Result<Device, ProbeError> {
    let handle = ask("for a GPU", result::device::get(index))?;
    let name = ask("for a GPU's name", result::device::get_name(handle))?;
    // SAFETY: the handle was given by the driver just now.
    let memory = ask("for a GPU's memory", unsafe { result::device::total_mem(handle) })?;
    let capability = [
        attribute(handle, CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
        attribute(handle, CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
    ];
    let [architecture, revision] = capability;
    Ok(Device {
        name: format!("cuda:{index}"),
        description: format!("{name}, compute capability {architecture}.{revision}, driver for CUDA {major}.{minor}"),
        memory: Some(memory as u64),
    })
}

/// One of the driver's numbers about a GPU.
fn attribute(handle: CUdevice, which: CUdevice_attribute) -> Result<i32, ProbeError> {
    // SAFETY: the handle was given by the driver just now.
    ask("for a GPU's compute capability", unsafe { result::device::get_attribute(handle, which) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_sentences_without_asking_the_driver() {
        let refused = ask::<()>("to start", Err(DriverError(CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)));
        assert_eq!(
            refused.map_err(|why| why.to_string()),
            Err("NVIDIA's driver answers CUDA_ERROR_SYSTEM_DRIVER_MISMATCH when asked to start: check it with \
                 `nvidia-smi`, or train on the CPU: `device cpu`"
                .to_string())
        );
        assert_eq!(ask::<()>("to start", Err(DriverError(CUresult::CUDA_ERROR_NO_DEVICE))), Err(ProbeError::NoDevice));
    }
}
