//! What is compiled, and how.

/// How the kernels are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Bounds, barriers, launches; fast.
    Plain,
    /// And races and words that were never written; a tenth of the speed.
    Races,
    /// Bounds, and the address and undefined-behaviour sanitizers. Only in a child: see [`crate::in_child`].
    Address,
}

/// A kernel file that is not in `cuda/kernels`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// What findings call it, such as `planted.cu`.
    pub name: String,
    /// Its text; `#include "fovea.cuh"` works.
    pub text: String,
}

/// What is compiled besides `cuda/kernels`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extra {
    /// Files.
    pub sources: Vec<Source>,
    /// Macros, as `NAME` or `NAME=VALUE`, for these files and for `cuda/kernels`.
    pub defines: Vec<String>,
}

impl Extra {
    /// One file.
    pub fn source(name: &str, text: &str) -> Self {
        Self { sources: vec![Source { name: name.to_string(), text: text.to_string() }], defines: Vec::new() }
    }
}
