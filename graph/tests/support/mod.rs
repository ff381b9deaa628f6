//! What the tests of passes share.
#![allow(dead_code)]

use std::fmt;
use std::sync::Arc;

use fovea_graph::backend::{Arena, Backend, BackendError, Device, Memory, Program};
use fovea_graph::plan::{Choice, Group, Kernel};
use fovea_graph::{Graph, NodeId, Op, Plan, State};

/// A kernel, or a form, of this name.
#[derive(Debug)]
pub struct Named(pub &'static str);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Kernel for Named {}

/// Chooses as a backend does, and runs nothing.
pub struct Chooser {
    /// How a node is computed.
    pub choose: fn(&Graph, NodeId) -> Choice,
    /// Neighbours that are computed together.
    pub fused: Vec<Vec<NodeId>>,
}

impl Default for Chooser {
    /// With a kernel of its own for convolutions, and none for neighbours.
    fn default() -> Self {
        let choose = |graph: &Graph, node: NodeId| match graph.node(node).op {
            Op::Conv(_) => Choice::new(Arc::new(Named("im2col 64x32")), 4000),
            _ => Choice::plain(),
        };
        Self { choose, fused: Vec::new() }
    }
}

impl Backend for Chooser {
    fn device(&self) -> Device {
        Device { name: "none".into(), description: String::new(), memory: None }
    }
    fn groups(&self, _: &Graph) -> Vec<Group> {
        let group =
            |nodes: &Vec<NodeId>| Group { nodes: nodes.clone(), choice: Choice::new(Arc::new(Named("together")), 100) };
        self.fused.iter().map(group).collect()
    }
    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        (self.choose)(graph, node)
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
