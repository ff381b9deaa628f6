//! The states' values, in the host's memory.

use std::any::Any;

use fovea_graph::{BackendError, Memory, Shape, State, StateId, Tensor};
use ndarray::IxDyn;

use crate::storage::Buffer;

/// The values of the states.
pub struct StateMemory {
    names: Vec<String>,
    shapes: Vec<Shape>,
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
        Ok(Self {
            buffers: buffers.collect::<Result<_, _>>()?,
            names: states.iter().map(|state| state.name.clone()).collect(),
            shapes: states.iter().map(|state| state.shape.clone()).collect(),
        })
    }

    /// Whether it holds these states, and perhaps more behind them.
    pub fn check(&self, states: &[State]) -> Result<(), BackendError> {
        for (i, state) in states.iter().enumerate() {
            if self.shapes.get(i) != Some(&state.shape) {
                let found = self.shapes.get(i).map_or("nothing".to_string(), Shape::to_string);
                let wanted = &state.shape;
                return Err(BackendError::Mismatch(format!("{} is {wanted}, but the memory has {found}", state.name)));
            }
        }
        Ok(())
    }

    /// The position of a state, or an error where there is none.
    fn index(&self, state: StateId) -> Result<usize, BackendError> {
        let known = self.buffers.len();
        let missing = || BackendError::Mismatch(format!("there is no state {}; the memory has {known}", state.0));
        (state.index() < known).then_some(state.index()).ok_or_else(missing)
    }
}

impl Memory for StateMemory {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        let i = self.index(state)?;
        tensor(&self.shapes[i], self.buffers[i].as_slice())
    }

    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        let i = self.index(state)?;
        if value.shape() != self.shapes[i].dims() {
            let (name, wanted, found) = (&self.names[i], &self.shapes[i], fovea_graph::shape::join(value.shape()));
            return Err(BackendError::Mismatch(format!("{name} is {wanted}, but the value is {found}")));
        }
        for (to, from) in self.buffers[i].as_mut_slice().iter_mut().zip(value) {
            *to = *from;
        }
        Ok(())
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// A tensor of these elements.
pub fn tensor(shape: &Shape, elements: &[f32]) -> Result<Tensor, BackendError> {
    let mismatch = |e: ndarray::ShapeError| BackendError::Mismatch(format!("a value of {shape}: {e}"));
    Tensor::from_shape_vec(IxDyn(shape.dims()), elements.to_vec()).map_err(mismatch)
}
