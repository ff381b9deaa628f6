//! What a plan is made of.

use std::sync::Arc;

use serde::Serialize;

use super::kernel::Kernel;
use crate::graph::Graph;
use crate::ids::{InputId, NodeId, PreparedId, StateId};

/// The phases of a plan, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// From the batch to the loss and the gradients.
    Compute,
    /// Gradients may be exchanged between machines before it: what is computed of all of them together.
    Exchange,
    /// States are written.
    Commit,
}

impl Phase {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Compute => "compute",
            Phase::Exchange => "exchange",
            Phase::Commit => "commit",
        }
    }
}

/// What the elements of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// 32 bits of IEEE 754: the arithmetic of record.
    F32,
}

impl Type {
    /// The bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Type::F32 => 4,
        }
    }
}

/// How a value lies in memory: all of a plan's alike, so that nothing is reordered between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// N, spatial…, C: the channels of one position lie together.
    ChannelsLast,
}

/// A range of the arena, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The first byte; a multiple of [`ALIGN`].
    pub offset: usize,
    /// How many bytes.
    pub len: usize,
}

impl Slot {
    /// The range of its elements, counted from the arena's first, where all of them are f32.
    pub fn floats(self) -> std::ops::Range<usize> {
        let size = Type::F32.bytes();
        self.offset / size..(self.offset + self.len) / size
    }

    /// Whether two slots share a byte.
    pub fn overlaps(self, other: Slot) -> bool {
        self.offset < other.offset + other.len && other.offset < self.offset + self.len
    }
}

/// Slots begin at multiples of this many bytes: a cache line.
pub const ALIGN: usize = 64;

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the arena.
    Arena(Slot),
    /// In a state's own memory. An update is computed there in place.
    State(StateId),
    /// In the host's tensor.
    Input(InputId),
    /// Nowhere: only the step that computes it reads it.
    Inside,
}

/// A node's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Where it lies.
    pub place: Place,
    /// What its elements are.
    pub dtype: Type,
    /// In which order they lie.
    pub layout: Layout,
}

impl Value {
    /// One of f32, channels last.
    pub fn at(place: Place) -> Self {
        Self { place, dtype: Type::F32, layout: Layout::ChannelsLast }
    }
}

/// One evaluation: of a node, or of several neighbours that a backend fuses.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which nodes, each after those that it reads. Of several, those that nothing else reads have no place.
    pub nodes: Vec<NodeId>,
    /// What runs.
    pub kernel: Arc<dyn Kernel>,
    /// Its scratch memory.
    pub workspace: Option<Slot>,
    /// What is made for it, and for later ones, before it runs.
    pub makes: Vec<PreparedId>,
    /// What of all that was made it reads, in the order in which its kernel asked.
    pub reads: Vec<PreparedId>,
}

impl Step {
    /// The node that it is for: the last.
    pub fn node(&self) -> NodeId {
        self.nodes[self.nodes.len() - 1]
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        let rest = |step: &Self| (step.workspace, step.makes.clone(), step.reads.clone());
        self.nodes == other.nodes && *self.kernel == *other.kernel && rest(self) == rest(other)
    }
}

/// What kernels make of values before they can use them: packed, transformed or folded filters.
///
/// What is made of states that the plan writes, or of what a step computes, is made once a step, before its first reader,
/// and lies in the arena until its last. What is made of other states lies in memory that the program keeps, and is made
/// anew only when the states have changed.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Of which values.
    pub of: Vec<NodeId>,
    /// What is made of them: the backend's own.
    pub form: Arc<dyn Kernel>,
    /// How many bytes it takes.
    pub bytes: usize,
    /// Whether it is kept from step to step.
    pub is_kept: bool,
    /// Its first byte, in the arena or in what the program keeps.
    pub offset: usize,
}

impl Prepared {
    /// Where it lies, in the arena or in what the program keeps.
    pub fn slot(&self) -> Slot {
        Slot { offset: self.offset, len: self.bytes }
    }
}

impl PartialEq for Prepared {
    fn eq(&self, other: &Self) -> bool {
        let rest = |made: &Self| (made.of.clone(), made.bytes, made.is_kept, made.offset);
        *self.form == *other.form && rest(self) == rest(other)
    }
}

/// A gradient by a parameter, as the exchange between machines sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gradient {
    /// The parameter's name.
    pub name: String,
    /// Its value; it lies in the arena.
    pub value: NodeId,
    /// The number of the step behind which it is there.
    pub ready: usize,
}

/// A graph with its order, kernels and memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is computed.
    pub graph: Graph,
    /// For which kind of machine: the kinds' kernels and bits differ. See [`Backend::machine`](crate::Backend::machine).
    pub machine: String,
    /// What runs, in order; inputs, states and reshapes have no step.
    pub steps: Vec<Step>,
    /// `steps[exchange..commit]` are computed of all gradients together: before them machines may exchange theirs.
    pub exchange: usize,
    /// `steps[commit..]` write states, all others only the arena: up to here a step can be abandoned without a trace.
    pub commit: usize,
    /// Each node's value.
    pub values: Vec<Value>,
    /// What kernels want made of values beforehand.
    pub prepared: Vec<Prepared>,
    /// The arena's size, in bytes.
    pub arena: usize,
    /// The bytes of what the program keeps from step to step, beside it.
    pub kept: usize,
}

impl Plan {
    /// Where a node's value lies.
    pub fn place(&self, id: NodeId) -> Place {
        self.values[id.index()].place
    }

    /// The bytes of a node's value.
    pub fn bytes(&self, id: NodeId) -> usize {
        self.graph.shape(id).elements() * self.values[id.index()].dtype.bytes()
    }

    /// The phase of a step.
    pub fn phase(&self, step: usize) -> Phase {
        match step {
            _ if step >= self.commit => Phase::Commit,
            _ if step >= self.exchange => Phase::Exchange,
            _ => Phase::Compute,
        }
    }

    /// The bytes that a program of it keeps for itself from step to step.
    pub fn kept_bytes(&self) -> u64 {
        self.kept as u64
    }

    /// The bytes it needs while it runs: the arena, without states and inputs.
    pub fn arena_bytes(&self) -> u64 {
        self.arena as u64
    }

    /// The bytes of the states it reads and writes.
    pub fn state_bytes(&self) -> u64 {
        self.graph.states.iter().map(|s| 4 * s.shape.elements() as u64).sum()
    }

    /// The bytes of what a step is fed.
    pub fn input_bytes(&self) -> u64 {
        self.graph.inputs.iter().map(|input| 4 * input.shape.elements() as u64).sum()
    }
}
