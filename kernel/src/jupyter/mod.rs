//! Fovea in Jupyter.

pub mod install;
