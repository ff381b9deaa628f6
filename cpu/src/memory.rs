//! The states' values, in the host's memory.

use std::any::Any;

use fovea_graph::backend::{Held, tensor};
use fovea_graph::{BackendError, Memory, State, StateId, Tensor};

use crate::storage::Buffer;

/// The values of the states.
pub struct StateMemory {
    /// What they are.
    pub held: Held,
    /// One for each state.
    pub buffers: Vec<Buffer>,
}

impl StateMemory {
    /// Zeros for these states.
    pub fn new(
        states: &[State],
        zeros: impl Fn(&str, usize) -> Result<Buffer, BackendError>,
    ) -> Result<Self, BackendError> {
        let buffers = states.iter().map(|state| zeros(&state.name, state.shape.elements()));
        Ok(Self { buffers: buffers.collect::<Result<_, _>>()?, held: Held::new(states) })
    }
}

impl Memory for StateMemory {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        let shape = self.held.shape(state)?;
        tensor(shape, self.buffers[state.index()].as_slice().to_vec())
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.held.takes(state, value)?;
        for (to, from) in self.buffers[state.index()].as_mut_slice().iter_mut().zip(value) {
            *to = *from;
        }
        Ok(())
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
