//! What the tests of passes share.

use std::sync::Arc;

use fovea_graph::backend::{Arena, Backend, BackendError, Device, Memory, Program};
use fovea_graph::plan::{Algorithm, Choice};
use fovea_graph::{Graph, NodeId, Op, Plan, State};

/// Chooses as a backend does, and runs nothing.
pub struct Chooser;

impl Backend for Chooser {
    fn device(&self) -> Device {
        Device { name: "none".into(), description: String::new(), memory: None }
    }
    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        match graph.node(node).op {
            Op::Conv(_) => Choice { algorithm: Algorithm::Im2col, workspace: 1000 },
            _ => Choice { algorithm: Algorithm::Plain, workspace: 0 },
        }
    }
    fn allocate(&self, _: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        Err(BackendError::Unavailable("nothing runs here".into()))
    }
    fn arena(&self, _: usize) -> Result<Arc<dyn Arena>, BackendError> {
        Err(BackendError::Unavailable("nothing runs here".into()))
    }
    fn compile_in(&self, _: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        Err(BackendError::Unavailable("nothing runs here".into()))
    }
}
