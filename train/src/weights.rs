//! A net's parameters on disk, as safetensors.

use std::collections::BTreeMap;
use std::path::Path;

use fovea_graph::Tensor;

use crate::file::FileError;
use crate::standardise::Standardisation;

/// What a trained net is: its parameters, and what its pictures must go through first.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The parameters by name, in the net's order.
    pub tensors: Vec<(String, Tensor)>,
    /// How pictures are standardised before the net sees them; `None`: not at all.
    pub standardisation: Option<Standardisation>,
    /// The classes' names, in the order of the scores; empty where they are not known.
    pub classes: Vec<String>,
    /// Whatever else is to be kept with them, as text.
    pub metadata: BTreeMap<String, String>,
}

impl Weights {
    /// Writes a safetensors file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let _ = path;
        todo!()
    }

    /// Reads a safetensors file: this crate's or anybody's whose tensors are f32. Tensors of a foreign file come in the
    /// order of their names.
    ///
    /// # Errors
    /// The file cannot be read, is cut short, is not safetensors, or holds other numbers than f32.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let _ = path;
        todo!()
    }
}
