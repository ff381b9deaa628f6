//! What the tests of passes share.

use std::fmt;
use std::sync::Arc;

use fovea_graph::backend::{Arena, Backend, BackendError, Device, Memory, Program};
use fovea_graph::plan::{Choice, Kernel};
use fovea_graph::{Graph, NodeId, Op, Plan, State};

/// A kernel of that backend.
#[derive(Debug)]
struct Im2col;

impl fmt::Display for Im2col {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("im2col 64x32")
    }
}

impl Kernel for Im2col {}

/// Chooses as a backend does, and runs nothing.
pub struct Chooser;

impl Backend for Chooser {
    fn device(&self) -> Device {
        Device { name: "none".into(), description: String::new(), memory: None }
    }
    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        match graph.node(node).op {
            Op::Conv(_) => Choice::new(Arc::new(Im2col), 4000),
            _ => Choice::plain(),
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
