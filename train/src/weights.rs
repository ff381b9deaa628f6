//! A net's parameters and running statistics on disk, as safetensors.

use std::collections::BTreeMap;
use std::path::Path;

use fovea_graph::Tensor;

use crate::file::FileError;
use crate::standardise::Standardisation;
use crate::store::{self, Contents, Header};
use crate::target::Target;

/// The entry of the metadata that says what a net was trained toward.
const TARGET: &str = "target";

/// What a trained net is: its parameters and running statistics, and what its pictures must go through first.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Parameters (`bn1.scale`) and running statistics (`bn1.mean`) by name, in the net's order.
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
        let tensors: Vec<_> = self.tensors.iter().collect();
        store::write(path.as_ref(), &tensors[..], &self.header())
    }

    /// Reads a safetensors file: this crate's, or anybody's of f32, f16, bf16 or f64. Tensors of a foreign file come in the
    /// order in which they lie in it. Of a checkpoint the moments are left out.
    ///
    /// # Errors
    /// The file cannot be read, is cut short or damaged, is not safetensors, or holds other numbers than these.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let Contents { mut tensors, header, .. } = store::read(path.as_ref())?;
        if let Some(progress) = &header.progress {
            tensors.retain(|(name, _)| !progress.moments.contains(name));
        }
        Ok(Self::of(tensors, header))
    }

    /// The name of the first tensor with a value that is not finite: such weights give no answers.
    pub fn not_finite(&self) -> Option<&str> {
        let spoiled = |(_, value): &&(String, Tensor)| !value.iter().all(|x| x.is_finite());
        self.tensors.iter().find(spoiled).map(|(name, _)| name.as_str())
    }

    /// The same of a net that was trained toward something; the metadata say what, where it is not the usual.
    pub(crate) fn toward(mut self, target: Target) -> Self {
        if target != Target::default()
            && let Ok(text) = serde_json::to_string(&target)
        {
            self.metadata.insert(TARGET.to_string(), text);
        }
        self
    }

    /// What the net was trained toward; the usual, where nothing is known of it.
    pub fn target(&self) -> Target {
        self.metadata.get(TARGET).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// What is kept beside the tensors.
    pub(crate) fn header(&self) -> Header {
        Header {
            order: self.tensors.iter().map(|(name, _)| name.clone()).collect(),
            standardisation: self.standardisation.clone(),
            classes: self.classes.clone(),
            metadata: self.metadata.clone(),
            progress: None,
        }
    }

    pub(crate) fn of(tensors: Vec<(String, Tensor)>, header: Header) -> Self {
        let Header { standardisation, classes, metadata, .. } = header;
        Self { tensors, standardisation, classes, metadata }
    }
}
