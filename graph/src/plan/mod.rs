//! The plan: in which order, by which algorithm and where in memory a graph is computed. All of it is data to print.

mod arena;
mod occupied;
mod print;
mod verify;
mod watched;

use serde::Serialize;

use crate::backend::Backend;
use crate::graph::Graph;
use crate::ids::{InputId, NodeId, StateId};
use crate::op::Op;
use arena::{Lifetime, assign};

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

/// Plans a graph for a device: order, algorithms, memory.
///
/// Everything that writes a state comes last, so that a step can be abandoned before it; the graph's order is kept
/// otherwise. Reshapes share their input's memory, updates are computed in their state's.
pub fn plan(graph: Graph, backend: &dyn Backend) -> Plan {
    plan_unless(graph, backend, &|| false).expect("nothing ends it")
}

/// The same, `None` where `stop`, which is asked often, says so before the end.
pub fn plan_unless(graph: Graph, backend: &dyn Backend, stop: &dyn Fn() -> bool) -> Option<Plan> {
    let mut updates = vec![None; graph.nodes.len()];
    for &(state, id) in &graph.updates {
        updates[id.index()] = Some(state);
    }
    let runs = |id: &NodeId| !matches!(graph.node(*id).op, Op::Input(_) | Op::State(_) | Op::Reshape(_));
    let (last, first): (Vec<NodeId>, Vec<NodeId>) =
        graph.ids().filter(runs).partition(|id| updates[id.index()].is_some());
    let commit = first.len();
    let order: Vec<NodeId> = first.into_iter().chain(last).collect();

    let lifetimes = lifetimes(&graph, &order, &updates);
    let choices: Vec<Choice> = order.iter().map(|&id| backend.choose(&graph, id)).collect();
    let scratch = choices.iter().enumerate().map(|(i, choice)| Lifetime { birth: i, death: i, len: choice.workspace });
    let all: Vec<Lifetime> = lifetimes.iter().flatten().copied().chain(scratch).collect();
    let arena = assign(&all, stop)?;

    let (values, scratch) = arena.slots.split_at(arena.slots.len() - order.len());
    let mut values = values.iter().copied();
    let mut places = Vec::with_capacity(graph.nodes.len());
    for id in graph.ids() {
        let place = match (&graph.node(id).op, updates[id.index()]) {
            (&Op::Input(input), _) => Place::Input(input),
            (&Op::State(state), _) | (_, Some(state)) => Place::State(state),
            (Op::Reshape(_), None) => places[graph.node(id).inputs[0].index()],
            _ => Place::Arena(values.next().expect("every computed value has a slot")),
        };
        places.push(place);
    }
    let steps = order.iter().zip(choices).zip(scratch).map(|((&node, choice), &slot)| Step {
        node,
        algorithm: choice.algorithm,
        workspace: (choice.workspace > 0).then_some(slot),
    });
    let plan = Plan { layout: Layout::ChannelsLast, steps: steps.collect(), commit, places, arena: arena.size, graph };
    if cfg!(debug_assertions)
        && let Err(why) = plan.verify()
    {
        panic!("the plan is wrong: {why}\n{plan}");
    }
    Some(plan)
}

/// When each value that needs a slot is written and last read, in step numbers; `None` for all others.
fn lifetimes(graph: &Graph, order: &[NodeId], updates: &[Option<StateId>]) -> Vec<Option<Lifetime>> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; graph.nodes.len()];
    for (step, &id) in order.iter().enumerate() {
        if updates[id.index()].is_none() {
            let len = graph.shape(id).elements();
            lifetimes[id.index()] = Some(Lifetime { birth: step, death: step, len });
        }
    }
    let mut read = |id: NodeId, step: usize| {
        if let Some(lifetime) = &mut lifetimes[owner(graph, id).index()] {
            lifetime.death = lifetime.death.max(step);
        }
    };
    for (step, &id) in order.iter().enumerate() {
        for &input in &graph.node(id).inputs {
            read(input, step);
        }
    }
    for (_, id) in &graph.outputs {
        read(*id, order.len());
    }
    lifetimes
}

/// The value whose memory `id` lies in: itself, but for a reshape its input's.
fn owner(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Op::Reshape(_) = graph.node(id).op {
        id = graph.node(id).inputs[0];
    }
    id
}
