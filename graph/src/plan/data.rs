//! What a plan is made of.

use serde::Serialize;

use crate::graph::Graph;
use crate::ids::{InputId, NodeId, StateId};

/// How a node is computed, where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// The op's one way.
    Plain,
    /// A matrix product.
    Gemm,
    /// Convolution as loops over the window.
    Direct,
    /// The same where each filter sees few channels (F. Chollet, "Xception", arXiv:1610.02357).
    Depthwise,
    /// Convolution as a matrix product over gathered windows, a few images at a time (K. Chellapilla et al., "High
    /// performance convolutional neural networks for document processing", 2006).
    Im2col,
    /// A 1×1 convolution at stride 1 as the matrix product it is: nothing is gathered.
    Pointwise,
    /// Convolution as a matrix product whose factor is gathered from the map tile by tile, never stored (S. Chetlur et al.,
    /// "cuDNN: efficient primitives for deep learning", arXiv:1410.0759).
    ImplicitGemm,
}

/// A backend's choice for one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// How it is computed.
    pub algorithm: Algorithm,
    /// How many f32 of scratch it needs while it runs.
    pub workspace: usize,
}

/// How every activation lies in memory; decided once for the whole plan, so that nothing is reordered between layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// N, spatial…, C: the channels of one position lie together.
    ChannelsLast,
}

/// A range of the arena, in f32 elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The first element; a multiple of [`ALIGN`].
    pub offset: usize,
    /// How many elements.
    pub len: usize,
}

impl Slot {
    /// The range of elements.
    pub fn range(self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.len
    }

    /// Whether two slots share an element.
    pub fn overlaps(self, other: Slot) -> bool {
        self.offset < other.offset + other.len && other.offset < self.offset + self.len
    }
}

/// Slots begin at multiples of this many elements (64 bytes, a cache line).
pub const ALIGN: usize = 16;

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

/// One evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which node.
    pub node: NodeId,
    /// How.
    pub algorithm: Algorithm,
    /// Its scratch memory.
    pub workspace: Option<Slot>,
}

/// A graph with its order, algorithms and memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What is computed.
    pub graph: Graph,
    /// How activations lie in memory.
    pub layout: Layout,
    /// What runs, in order; inputs, states and reshapes have no step.
    pub steps: Vec<Step>,
    /// `steps[commit..]` write states, all others only the arena: up to here a step can be abandoned without a trace.
    pub commit: usize,
    /// Where each node's value lies.
    pub places: Vec<Place>,
    /// The arena's size, in f32 elements.
    pub arena: usize,
}

impl Plan {
    /// The bytes it needs while it runs: the arena, without states and inputs.
    pub fn arena_bytes(&self) -> u64 {
        4 * self.arena as u64
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
