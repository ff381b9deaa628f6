//! What runs a step: chosen once by the backend that runs it, printed by `explain`, obeyed at run time.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::ids::NodeId;

/// A kernel as its backend owns it: the algorithm and all that was decided with it, such as tiles and cuts. Its text says
/// all of it: two kernels with one text are the same.
pub trait Kernel: Any + fmt::Debug + fmt::Display + Send + Sync {}

impl PartialEq for dyn Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl dyn Kernel {
    /// The kernel as its backend's own type; `None` where it is another backend's.
    pub fn downcast<K: Kernel>(&self) -> Option<&K> {
        (self as &dyn Any).downcast_ref()
    }
}

/// The one way in which an op is computed, of a backend that has no more to say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain;

impl fmt::Display for Plain {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl Kernel for Plain {}

/// A backend's choice for one node.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What runs.
    pub kernel: Arc<dyn Kernel>,
    /// How many bytes of scratch memory it needs meanwhile.
    pub workspace: usize,
    /// What it wants made of its inputs beforehand, in the order in which it reads it.
    pub prepares: Vec<Preparation>,
}

/// What a kernel wants made of values before it runs: packed or transformed filters. Kernels that want the same of the
/// same values share it.
#[derive(Clone, Debug)]
pub struct Preparation {
    /// Of which values.
    pub of: Vec<NodeId>,
    /// What is made of them, and how: the backend's own, as kernels are.
    pub form: Arc<dyn Kernel>,
    /// How many bytes it takes.
    pub bytes: usize,
}

/// Neighbours that a backend computes in one step.
#[derive(Clone, Debug)]
pub struct Group {
    /// At least two nodes, each after those that it reads. What nothing outside reads of them is never stored.
    pub nodes: Vec<NodeId>,
    /// By which kernel, whose operands are the inputs of all nodes one after the other.
    pub choice: Choice,
}

impl Choice {
    /// This kernel, with so many bytes of scratch memory.
    pub fn new(kernel: Arc<dyn Kernel>, workspace: usize) -> Self {
        Self { kernel, workspace, prepares: Vec::new() }
    }

    /// The same, of a kernel that wants this made beforehand.
    pub fn with_prepared(mut self, preparation: Preparation) -> Self {
        self.prepares.push(preparation);
        self
    }

    /// The op's one way, without scratch memory.
    pub fn plain() -> Self {
        static PLAIN: LazyLock<Arc<dyn Kernel>> = LazyLock::new(|| Arc::new(Plain));
        Self::new(Arc::clone(&PLAIN), 0)
    }
}
