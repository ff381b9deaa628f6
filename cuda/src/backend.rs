//! The backend: what the rest of Fovea sees.

use std::sync::Arc;

use fovea_graph::plan::Choice;
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, NodeId, Plan, Program, State};

use crate::arena::CudaArena;
use crate::gpu::Gpu;
use crate::images::Images;
use crate::memory::StateMemory;
use crate::ops;
use crate::probe::{ProbeError, probe};
use crate::program::{CudaProgram, DEPTH, MACHINE};

/// A GPU.
pub struct Cuda {
    gpu: Arc<Gpu>,
    captured: bool,
}

/// How a GPU is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the kernels' images come from.
    pub images: Images,
    /// Whether a step is captured as one graph, as it should be, or launched kernel by kernel.
    pub captured: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { images: Images::Usual, captured: true }
    }
}

/// Opens the GPU number `index`, counted from 0 in the driver's order.
///
/// # Errors
/// [`BackendError::Unavailable`]: there is no driver, it is too old, there is no such GPU, or nothing to make its kernels
/// with. The text says which, and what to do.
pub fn open(index: usize) -> Result<Box<dyn Backend>, BackendError> {
    Ok(Box::new(open_with(index, Options::default())?))
}

/// Opens the GPU number `index` as told.
///
/// # Errors
/// As [`open`].
pub fn open_with(index: usize, options: Options) -> Result<Cuda, BackendError> {
    let device = pick(index, probe()).map_err(BackendError::Unavailable)?;
    let gpu = Gpu::open(index, device, options.images)?;
    Ok(Cuda { gpu: Arc::new(gpu), captured: options.captured })
}

/// The GPU of this number among those found, or why it cannot be used, in a sentence.
pub fn pick(index: usize, found: Result<Vec<Device>, ProbeError>) -> Result<Device, String> {
    let mut devices = found.map_err(|why| why.to_string())?;
    if index < devices.len() {
        return Ok(devices.swap_remove(index));
    }
    let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
    Err(format!("there is no cuda:{index}; the driver sees {}", names.join(", ")))
}

/// A GPU holds each program's inputs as often as steps are under way.
pub fn footprint(plans: &[&Plan]) -> u64 {
    let most = |bytes: fn(&Plan) -> u64| plans.iter().map(|plan| bytes(plan)).max().unwrap_or(0);
    let inputs: u64 = plans.iter().map(|plan| plan.input_bytes()).sum();
    most(Plan::state_bytes) + DEPTH as u64 * inputs + most(Plan::arena_bytes)
}

impl Backend for Cuda {
    fn device(&self) -> Device {
        self.gpu.device()
    }

    fn machine(&self) -> String {
        MACHINE.into()
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        ops::choose(graph, node)
    }

    fn footprint(&self, plans: &[&Plan]) -> u64 {
        footprint(plans)
    }

    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        Ok(Box::new(StateMemory::new(Arc::clone(&self.gpu), states)?))
    }

    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        Ok(Arc::new(CudaArena::new(Arc::clone(&self.gpu), bytes)?))
    }

    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        Ok(Box::new(CudaProgram::new(plan, Arc::clone(&self.gpu), Arc::clone(arena), self.captured)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn h100() -> Device {
        Device {
            name: "cuda:0".into(),
            description: "NVIDIA H100 80GB HBM3, compute capability 9.0, driver for CUDA 13.0".into(),
            memory: Some(85_520_809_984),
        }
    }

    #[test]
    fn a_gpu_that_is_not_there_is_answered_with_those_that_are() {
        assert_eq!(pick(0, Ok(vec![h100()])), Ok(h100()));
        assert_eq!(pick(2, Ok(vec![h100()])), Err("there is no cuda:2; the driver sees cuda:0".into()));
    }

    #[test]
    fn without_a_driver_the_message_says_what_to_install() {
        assert_eq!(
            pick(0, Err(ProbeError::NoDriver)),
            Err("CUDA needs NVIDIA's driver (libcuda), which this machine does not have: install version 580 or newer for \
                 your GPU, or train on the CPU: `device cpu`"
                .into())
        );
    }

    /// On any machine: looking panics nowhere, and opening gives a device or a reason that fits what was found.
    #[test]
    fn opening_explains_itself_here() {
        let found = probe();
        match (open(0).map(|gpu| gpu.device()), found) {
            (Ok(opened), Ok(devices)) => assert_eq!(opened.name, devices[0].name),
            (Err(BackendError::Unavailable(why)), Err(reason)) => assert_eq!(why, reason.to_string()),
            // The driver or the GPU may be too old, or NVRTC missing.
            (Err(BackendError::Unavailable(why)), Ok(_)) => assert!(why.contains("`device cpu`"), "{why}"),
            (opened, found) => panic!("{opened:?} {found:?}"),
        }
    }
}
