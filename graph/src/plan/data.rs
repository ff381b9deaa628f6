//! What a plan is made of.

use std::sync::Arc;

use serde::Serialize;

use super::kernel::Kernel;
use crate::graph::Graph;
use crate::ids::{InputId, NodeId, StateId};

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

/// One evaluation.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which node.
    pub node: NodeId,
    /// What runs.
    pub kernel: Arc<dyn Kernel>,
    /// Its scratch memory.
    pub workspace: Option<Slot>,
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node && *self.kernel == *other.kernel && self.workspace == other.workspace
    }
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
    /// `steps[commit..]` write states, all others only the arena: up to here a step can be abandoned without a trace.
    pub commit: usize,
    /// Each node's value.
    pub values: Vec<Value>,
    /// The arena's size, in bytes.
    pub arena: usize,
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
