//! A GPU that nobody has opened: programs are checked and planned for it, and none runs.

use std::sync::Arc;

use fovea_graph::plan::Choice;
use fovea_graph::{Arena, Backend, BackendError, Device, Graph, Memory, NodeId, Plan, Program, State};

use crate::backend::{footprint, pick};
use crate::gpu::Gpu;
use crate::images::Images;
use crate::ops;
use crate::probe::probe;
use crate::program::MACHINE;

/// What the driver tells of a GPU without a context on it.
struct Seen(Device);

/// The GPU number `index`, to plan for and not to run on. Nothing is opened: its memory is all that it has, free or not.
///
/// # Errors
/// As [`open`](crate::open), but for what only opening it can tell.
pub fn see(index: usize) -> Result<Box<dyn Backend>, BackendError> {
    let device = pick(index, probe()).map_err(BackendError::Unavailable)?;
    Gpu::usable(index, &device, &Images::Usual)?;
    Ok(Box::new(Seen(device)))
}

impl Seen {
    fn closed<T>(&self) -> Result<T, BackendError> {
        Err(BackendError::Unavailable(format!("{} is not open: a program was only checked for it", self.0.name)))
    }
}

impl Backend for Seen {
    fn device(&self) -> Device {
        self.0.clone()
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

    fn allocate(&self, _: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        self.closed()
    }

    fn arena(&self, _: usize) -> Result<Arc<dyn Arena>, BackendError> {
        self.closed()
    }

    fn compile_in(&self, _: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        self.closed()
    }
}
