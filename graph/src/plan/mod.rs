//! The plan: in which order, by which kernel and where in memory a graph is computed. All of it is data to print.

mod arena;
mod data;
mod kernel;
mod occupied;
mod print;
mod verify;
mod watched;

use crate::backend::Backend;
use crate::graph::Graph;
use crate::ids::{NodeId, StateId};
use crate::op::Op;
use crate::stop::{Interrupted, Never, Stop};
use arena::{Lifetime, assign};
pub use data::{ALIGN, Layout, Place, Plan, Slot, Step, Type, Value};
pub use kernel::{Choice, Kernel, Plain};

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
    let runs = |id: &NodeId| !matches!(graph.node(*id).op, Op::Input(_) | Op::State(_) | Op::Reshape(_));
    let (last, first): (Vec<NodeId>, Vec<NodeId>) =
        graph.ids().filter(runs).partition(|id| updates[id.index()].is_some());
    let commit = first.len();
    let order: Vec<NodeId> = first.into_iter().chain(last).collect();

    let lifetimes = lifetimes(&graph, &order, &updates, stop)?;
    let choose = |id: Result<&NodeId, Interrupted>| Ok(backend.choose(&graph, *id?));
    let choices: Vec<Choice> = stop.each(&order).map(choose).collect::<Result<_, _>>()?;
    let scratch = choices.iter().enumerate().map(|(i, choice)| Lifetime { birth: i, death: i, len: choice.workspace });
    let all: Vec<Lifetime> = lifetimes.iter().flatten().copied().chain(scratch).collect();
    let arena = assign(&all, stop)?;

    let (values, scratch) = arena.slots.split_at(arena.slots.len() - order.len());
    let mut values = values.iter().copied();
    let mut placed: Vec<Value> = Vec::with_capacity(graph.nodes.len());
    for id in stop.each(graph.ids()) {
        let id = id?;
        let place = match (&graph.node(id).op, updates[id.index()]) {
            (&Op::Input(input), _) => Place::Input(input),
            (&Op::State(state), _) | (_, Some(state)) => Place::State(state),
            (Op::Reshape(_), None) => placed[graph.node(id).inputs[0].index()].place,
            _ => Place::Arena(values.next().expect("every computed value has a slot")),
        };
        placed.push(Value::at(place));
    }
    let steps = order.iter().zip(choices).zip(scratch).map(|((&node, choice), &slot)| Step {
        node,
        kernel: choice.kernel,
        workspace: (choice.workspace > 0).then_some(slot),
    });
    let (machine, steps) = (backend.machine(), steps.collect());
    let plan = Plan { machine, steps, commit, values: placed, arena: arena.size, graph };
    if cfg!(debug_assertions)
        && let Err(why) = plan.verify()
    {
        panic!("the plan is wrong: {why}\n{plan}");
    }
    Ok(plan)
}

/// When each value that needs a slot is written and last read, in step numbers; `None` for all others.
fn lifetimes(
    graph: &Graph,
    order: &[NodeId],
    updates: &[Option<StateId>],
    stop: &dyn Stop,
) -> Result<Vec<Option<Lifetime>>, Interrupted> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; graph.nodes.len()];
    for (step, &id) in order.iter().enumerate() {
        if updates[id.index()].is_none() {
            let len = graph.shape(id).elements() * Type::F32.bytes();
            lifetimes[id.index()] = Some(Lifetime { birth: step, death: step, len });
        }
    }
    let mut read = |id: NodeId, step: usize| {
        if let Some(lifetime) = &mut lifetimes[owner(graph, id).index()] {
            lifetime.death = lifetime.death.max(step);
        }
    };
    for at in stop.each(order.iter().enumerate()) {
        let (step, &id) = at?;
        for &input in &graph.node(id).inputs {
            read(input, step);
        }
    }
    for (_, id) in &graph.outputs {
        read(*id, order.len());
    }
    Ok(lifetimes)
}

/// The value whose memory `id` lies in: itself, but for a reshape its input's.
fn owner(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Op::Reshape(_) = graph.node(id).op {
        id = graph.node(id).inputs[0];
    }
    id
}
