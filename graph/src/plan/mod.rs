//! The plan: in which order, by which kernel and where in memory a graph is computed. All of it is data to print, decided
//! once by the backend that runs it: it obeys the plan, and refuses what it cannot run.
//!
//! A step computes a node, or a group of neighbours that the backend fuses ([`Backend::groups`]): what only the group
//! itself reads is never stored. Its [`Kernel`] is the backend's own. What kernels want made of values beforehand
//! ([`Preparation`]: packed, transformed or folded filters) are values of the plan: kept from step to step where nothing
//! in the plan writes what they are made of, else made once a step. Three phases follow each other: *compute*; *exchange*,
//! before which machines may bring their gradients together ([`Exchange`](crate::backend::Exchange)), and in which is
//! computed what needs all of them; *commit*, which writes states.
//!
//! What is to stand on this:
//! - bf16: slots are bytes, and every value has a [`Type`] and a [`Layout`]; a backend that keeps parameters in f32 prepares
//!   them as bf16, and its kernels say what they read.
//! - Many machines: [`Plan::gradients`] says which gradient is there behind which step, so that an exchange may begin with
//!   the first while the last are computed.
//! - Further fusion: a backend offers the group, one kernel computes it; nothing else learns of it.

mod arena;
mod data;
mod kernel;
mod memory;
mod occupied;
mod order;
mod print;
mod verify;
mod watched;

use crate::backend::Backend;
use crate::graph::Graph;
use crate::ids::NodeId;
pub use crate::ids::PreparedId;
use crate::op::Op;
use crate::stop::{Interrupted, Never, Stop};
use arena::{Lifetime, assign};
pub use data::{ALIGN, Gradient, Layout, Phase, Place, Plan, Prepared, Slot, Step, Type, Value};
pub use kernel::{Choice, Group, Kernel, Plain, Preparation};
use memory::{Preparing, Values, preparing, values};
use order::order;

/// Plans a graph for a device: order, kernels, memory.
///
/// Everything that writes a state comes last, so that a step can be abandoned before it; the graph's order is kept
/// otherwise. Reshapes share their input's memory, updates are computed in their state's.
pub fn plan(graph: Graph, backend: &dyn Backend) -> Plan {
    plan_unless(graph, backend, &Never).expect("nothing ends it")
}

/// The same, unless `stop`, which is asked for every node and value, ends it.
///
/// # Errors
/// [`Interrupted`].
pub fn plan_unless(graph: Graph, backend: &dyn Backend, stop: &dyn Stop) -> Result<Plan, Interrupted> {
    let mut updates = vec![None; graph.nodes.len()];
    for &(state, id) in &graph.updates {
        updates[id.index()] = Some(state);
    }
    let mut units = order(&graph, &updates, backend.groups(&graph));
    let mut choices: Vec<Choice> = Vec::with_capacity(units.len());
    for unit in stop.each(&mut units) {
        let unit = unit?;
        choices.push(unit.choice.take().unwrap_or_else(|| backend.choose(&graph, unit.nodes[0])));
    }
    let Values { lifetimes, inside } = values(&graph, &units, &updates, stop)?;
    let Preparing { made, steps: wanted } = preparing(&graph, &choices);

    let scratch = choices.iter().enumerate().map(|(i, choice)| Lifetime { birth: i, death: i, len: choice.workspace });
    let lives = |&(ref made, [birth, death]): &(Prepared, [usize; 2])| Lifetime { birth, death, len: made.bytes };
    let made_here = made.iter().filter(|(made, _)| !made.is_kept).map(lives);
    let mut all: Vec<Lifetime> = Vec::with_capacity(lifetimes.len() + choices.len() + made.len());
    all.extend(lifetimes.iter().flatten().copied().chain(scratch).chain(made_here));
    let arena = assign(&all, stop)?;

    let mut slots = arena.slots.iter().copied();
    let mut next = || slots.next().expect("all that lies in the arena has a slot");
    let mut placed: Vec<Value> = Vec::with_capacity(graph.nodes.len());
    for id in stop.each(graph.ids()) {
        let id = id?;
        let place = match (&graph.node(id).op, updates[id.index()]) {
            (&Op::Input(input), _) => Place::Input(input),
            (&Op::State(state), _) | (_, Some(state)) => Place::State(state),
            (Op::Reshape(_), None) => placed[graph.node(id).inputs[0].index()].place,
            _ if inside[id.index()] => Place::Inside,
            _ => Place::Arena(next()),
        };
        placed.push(Value::at(place));
    }
    let begins = |phase: Phase| units.iter().position(|unit| unit.phase >= phase).unwrap_or(units.len());
    let (exchange, commit) = (begins(Phase::Exchange), begins(Phase::Commit));
    let mut steps = Vec::with_capacity(units.len());
    for ((unit, choice), [makes, reads]) in units.into_iter().zip(choices).zip(wanted) {
        let workspace = Some(next()).filter(|_| choice.workspace > 0);
        steps.push(Step { nodes: unit.nodes, kernel: choice.kernel, workspace, makes, reads });
    }
    let (prepared, kept) = settle(made, next);
    let (machine, arena) = (backend.machine(), arena.size);
    let plan = Plan { machine, steps, exchange, commit, values: placed, prepared, arena, kept, graph };
    if cfg!(debug_assertions)
        && let Err(why) = plan.verify()
    {
        panic!("the plan is wrong: {why}\n{plan}");
    }
    Ok(plan)
}

/// Gives what is prepared its places: in the arena the next slots, else one behind the other. With the size of the latter.
fn settle(made: Vec<(Prepared, [usize; 2])>, mut next: impl FnMut() -> Slot) -> (Vec<Prepared>, usize) {
    let mut kept = 0;
    let place = |(made, _): (Prepared, _)| {
        let offset = if made.is_kept { kept } else { next().offset };
        if made.is_kept {
            kept = (offset + made.bytes).next_multiple_of(ALIGN);
        }
        Prepared { offset, ..made }
    };
    let prepared = made.into_iter().map(place).collect();
    (prepared, kept)
}

/// The value whose memory `id` lies in: itself, but for a reshape its input's.
fn owner(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Op::Reshape(_) = graph.node(id).op {
        id = graph.node(id).inputs[0];
    }
    id
}
