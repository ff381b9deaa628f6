//! What a device offers: object-safe, five verbs over a [`Plan`]. The host talks to every device through these.

use std::any::Any;
use std::ops::ControlFlow;

use crate::Tensor;
use crate::graph::{Graph, State};
use crate::ids::{NodeId, StateId};
use crate::plan::{Choice, Plan};

/// A device and the code that runs on it.
pub trait Backend: Send + Sync {
    /// What the device is.
    fn device(&self) -> Device;

    /// By which algorithm, and with how much scratch memory, this device would compute a node.
    fn choose(&self, graph: &Graph, node: NodeId) -> Choice;

    /// Device memory for these states, all zero.
    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError>;

    /// Makes a plan runnable: allocates its arena and looks up its kernels.
    fn compile(&self, plan: Plan) -> Result<Box<dyn Program>, BackendError>;
}

/// A device, for people and for choices of size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The word of the `device` statement: `cpu`, `cuda:0`.
    pub name: String,
    /// The maker's name and what matters beside it: `2 threads`, compute capability.
    pub description: String,
    /// How much memory a program may plan for, in bytes; `None` where it cannot be told.
    pub memory: Option<u64>,
}

/// The values of the states, on the device.
pub trait Memory: Send {
    /// A state's value.
    fn read(&self, state: StateId) -> Result<Tensor, BackendError>;

    /// Sets a state's value; the shape must be the declared one.
    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError>;

    /// For the backend, which knows its own type.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// What a step is given, beside the states.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
    /// One tensor for each of the graph's inputs, in their order, in standard (row-major) layout.
    pub inputs: &'a [&'a Tensor],
    /// The step's learning rate; not read by inference.
    pub learning_rate: f64,
    /// The key of all random numbers.
    pub seed: u64,
    /// The number of the step: random numbers differ from step to step.
    pub step: u32,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it ran; states have their new values.
    Done,
    /// It was broken off between two ops; every state is as it was.
    Interrupted,
    /// The loss or a gradient is not finite; every state is as it was. The text names the value: `loss`,
    /// `gradient of conv1.filter`.
    NotFinite(String),
}

/// A plan that can run.
pub trait Program: Send {
    /// The plan it runs.
    fn plan(&self) -> &Plan;

    /// Runs one step on `memory`, which must have been allocated for this graph's states or for more that begin with
    /// them. Before each of the plan's steps `before` is called with the step's index (and once with the number of
    /// steps, at the end); where it breaks, the run ends as [`Outcome::Interrupted`], unless updates have begun.
    fn run(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Outcome, BackendError>;

    /// The value that an output has after the last run.
    fn output(&self, name: &str) -> Result<Tensor, BackendError>;
}

/// What can go wrong on a device.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no such device, or it cannot be used.
    #[error("{0}")]
    Unavailable(String),
    /// A plan or the states do not fit in memory.
    #[error("{what} needs {needed} bytes, which {device} does not have free")]
    OutOfMemory {
        /// What was to be allocated.
        what: String,
        /// How many bytes it needs.
        needed: u64,
        /// The device's name.
        device: String,
    },
    /// A value that does not have the declared shape, or does not exist.
    #[error("{0}")]
    Mismatch(String),
    /// An op, or a form of it, that this backend has not.
    #[error("{device} cannot run {op}")]
    Unsupported {
        /// The device's name.
        device: String,
        /// The op as the graph's text form shows it.
        op: String,
    },
}
