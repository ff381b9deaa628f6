//! The states' values, in the host's memory.

use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};

use fovea_graph::backend::{Fill, Held, tensor};
use fovea_graph::{BackendError, Memory, Never, State, StateId, Stop, Tensor};

use crate::pages::Buffer;
use crate::storage::{fits, zeros};

/// The values of the states.
pub struct StateMemory {
    /// What they are.
    pub held: Held,
    /// One for each state.
    pub buffers: Vec<Buffer>,
    /// For each state a number that none of its elements exceeds, up to its sign; infinite where none is known.
    pub bounds: Vec<f64>,
    /// For each state a number that no other value of any state has ever had: whoever has made something of it sees by that
    /// whether it is still the same.
    pub stamps: Vec<u64>,
}

impl StateMemory {
    /// Zeros for these states.
    pub fn new(states: &[State], stop: &dyn Stop) -> Result<Self, BackendError> {
        let (buffers, held, bounds) = (all_zero(states, stop)?, Held::new(states), vec![0.0; states.len()]);
        Ok(Self { buffers, held, bounds, stamps: states.iter().map(|_| stamp()).collect() })
    }

    /// Says that a state gets another value.
    pub fn touch(&mut self, state: StateId) {
        self.stamps[state.index()] = stamp();
    }
}

/// A number that was never given before.
fn stamp() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Zeros for these states, as far as there is memory.
fn all_zero(states: &[State], stop: &dyn Stop) -> Result<Vec<Buffer>, BackendError> {
    fits("the parameters", states.iter().map(|state| state.shape.elements()).sum())?;
    states.iter().map(|state| zeros(&state.name, state.shape.elements(), stop)).collect()
}

impl Memory for StateMemory {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        let shape = self.held.shape(state)?;
        tensor(shape, self.buffers[state.index()].as_slice().to_vec())
    }

    fn look(&self, state: StateId, look: &mut dyn FnMut(&[f32])) -> Result<(), BackendError> {
        self.held.shape(state)?;
        look(self.buffers[state.index()].as_slice());
        Ok(())
    }

    fn fill(&mut self, state: StateId, declared: &State, fill: &mut Fill<'_>) -> Result<(), BackendError> {
        if *self.held.shape(state)? != declared.shape {
            return Err(BackendError::Mismatch(format!("{} is of another shape here", declared.name)));
        }
        self.bounds[state.index()] = f64::INFINITY;
        self.touch(state);
        Ok(fill(self.buffers[state.index()].as_mut_slice())?)
    }

    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError> {
        self.replace_unless(kept, states, &Never)
    }

    fn replace_unless(&mut self, kept: usize, states: &[State], stop: &dyn Stop) -> Result<(), BackendError> {
        let new = all_zero(states, stop)?;
        self.buffers.truncate(kept);
        self.buffers.extend(new);
        self.bounds.truncate(kept);
        self.bounds.resize(self.buffers.len(), 0.0);
        self.stamps.truncate(kept);
        self.stamps.resize_with(self.buffers.len(), stamp);
        self.held.replace(kept, states);
        Ok(())
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.held.takes(state, value)?;
        self.bounds[state.index()] = f64::INFINITY;
        self.touch(state);
        for (to, from) in self.buffers[state.index()].as_mut_slice().iter_mut().zip(value) {
            *to = *from;
        }
        Ok(())
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}
