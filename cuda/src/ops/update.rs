//! What optimizers do to parameters, and running statistics: all that stand together in a plan are one launch.
//!
//! A launch has no order within it. So an update joins those before it only if none of them writes what it reads or reads
//! what it writes; but for the updates of one parameter, which follow each other element by element in one thread.

use std::ops::Range as Steps;

use fovea_graph::op::{AdamMean, AdamSquare, AdamStep, Running, SgdVelocity};
use fovea_graph::plan::Place;
use fovea_graph::{BackendError, Graph, NodeId, Op, Plan};

use super::{Range, kernels};
use crate::kernels::{AdamEntry, RunningEntry, SgdEntry, StepFeed};
use crate::queue::Queue;
use crate::view::{In, InOut, Out};

/// How many elements a block takes: `UPDATED_PER_BLOCK` of update.cu.
const PER_BLOCK: usize = 2048;

/// Which kernel an update belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Sgd,
    Adam,
    Running,
}

/// Updates that are one launch.
#[derive(Debug)]
pub struct Group {
    steps: Steps<usize>,
    family: Family,
    entries: Vec<Entry>,
    blocks: usize,
}

/// The updates of one tensor that a thread makes one after the other, in the plan's order.
#[derive(Debug)]
struct Entry {
    nodes: Vec<NodeId>,
    first_block: u64,
}

/// The groups of a plan.
pub fn groups(plan: &Plan) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(family) = family(&plan.graph.node(step.node).op) else { continue };
        let open = groups.last_mut().filter(|group| {
            // What writes states waits for the guard, which looks right before them.
            group.steps.end == index && index != plan.commit && group.family == family
        });
        if !open.is_some_and(|group| group.admit(plan, step.node)) {
            let mut group = Group { steps: index..index, family, entries: Vec::new(), blocks: 0 };
            group.add(plan, step.node);
            groups.push(group);
        }
    }
    groups
}

/// Whether an op may write a state.
pub fn is_update(op: &Op) -> bool {
    family(op).is_some()
}

fn family(op: &Op) -> Option<Family> {
    match op {
        Op::SgdVelocity(_) | Op::SgdStep(_) => Some(Family::Sgd),
        Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) => Some(Family::Adam),
        Op::Running(_) => Some(Family::Running),
        _ => None,
    }
}

impl Group {
    /// The plan's steps that it computes.
    pub fn steps(&self) -> Steps<usize> {
        self.steps.clone()
    }

    /// Takes the next update in, if it may.
    fn admit(&mut self, plan: &Plan, next: NodeId) -> bool {
        let partner = self.entries.iter().rposition(|entry| follows(&plan.graph, &entry.nodes, next));
        let free = |(i, entry): (usize, &Entry)| match Some(i) == partner {
            true => !disturbs_own(plan, &entry.nodes, next),
            false => !disturbs(plan, &entry.nodes, next),
        };
        if !self.entries.iter().enumerate().all(free) {
            return false;
        }
        match partner {
            Some(i) => {
                self.entries[i].nodes.push(next);
                self.steps.end += 1;
            }
            None => self.add(plan, next),
        }
        true
    }

    /// Gives an update an entry of its own.
    fn add(&mut self, plan: &Plan, next: NodeId) {
        self.entries.push(Entry { nodes: vec![next], first_block: self.blocks as u64 });
        self.blocks += plan.graph.shape(next).elements().div_ceil(PER_BLOCK);
        self.steps.end += 1;
    }

    /// What its kernel reads: the bytes of its entries.
    pub fn table(&self, plan: &Plan, locate: &dyn Fn(NodeId) -> Range) -> Vec<u8> {
        match self.family {
            Family::Sgd => self.rows(|entry| sgd_entry(&plan.graph, entry, locate)),
            Family::Adam => self.rows(|entry| adam_entry(&plan.graph, entry, locate)),
            Family::Running => self.rows(|entry| running_entry(&plan.graph, entry, locate)),
        }
    }

    /// The bytes of a table with a row an entry.
    fn rows<T: Copy>(&self, row: impl Fn(&Entry) -> T) -> Vec<u8> {
        const { assert!(size_of::<SgdEntry>() == 96 && size_of::<AdamEntry>() == 168 && size_of::<RunningEntry>() == 64) }
        let rows: Vec<T> = self.entries.iter().map(row).collect();
        // SAFETY: the entries are plain numbers without gaps between them, as their sizes say.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast::<u8>(), size_of_val(&rows[..])) }.to_vec()
    }

    /// Launches it, with its table at this address.
    pub fn launch(
        &self,
        queue: &Queue<'_>,
        table: u64,
        feed: In<StepFeed>,
        halted: InOut<u32>,
    ) -> Result<(), BackendError> {
        // A GPU has less memory than u32 can count blocks.
        let (grid, entries) = ([self.blocks as u32, 1, 1], self.entries.len());
        match self.family {
            Family::Sgd => kernels::sgd(queue, grid, In::new(table, entries), feed, halted.read()),
            Family::Adam => kernels::adam(queue, grid, In::new(table, entries), feed, halted.read()),
            Family::Running => kernels::running(queue, grid, In::new(table, entries), halted.read()),
        }
    }
}

/// Whether `next` is made of the same tensors as these updates of one parameter, and follows them in its kernel.
fn follows(graph: &Graph, nodes: &[NodeId], next: NodeId) -> bool {
    let inputs = |id: NodeId| &graph.node(id).inputs[..];
    match (&graph.node(next).op, nodes) {
        (Op::SgdStep(_), &[velocity]) if matches!(graph.node(velocity).op, Op::SgdVelocity(_)) => {
            inputs(next) == [inputs(velocity)[0], velocity]
        }
        (Op::AdamSquare(_), &[mean]) if matches!(graph.node(mean).op, Op::AdamMean(_)) => {
            inputs(next)[..2] == inputs(mean)[..2]
        }
        (Op::AdamStep(_), &[mean, square]) => inputs(next) == [inputs(mean)[0], mean, square],
        _ => false,
    }
}

/// Whether an update and those of another entry would see what the other writes.
fn disturbs(plan: &Plan, nodes: &[NodeId], next: NodeId) -> bool {
    let place = |id: NodeId| plan.places[id.index()];
    let reads = |id: NodeId| plan.graph.node(id).inputs.iter().map(|&input| place(input));
    nodes.iter().any(|&id| {
        overlap(place(id), place(next))
            || reads(next).any(|read| overlap(read, place(id)))
            || reads(id).any(|read| overlap(read, place(next)))
    })
}

/// The same for an update and those that it follows in one entry, in the order of one thread: there it may read what they
/// have made, and write over its own old value, which lies element by element where they read it.
fn disturbs_own(plan: &Plan, nodes: &[NodeId], next: NodeId) -> bool {
    let place = |id: NodeId| plan.places[id.index()];
    let inputs = |id: NodeId| plan.graph.node(id).inputs.iter().copied();
    let old = place(old_value(&plan.graph, next));
    nodes.iter().any(|&id| {
        overlap(place(id), place(next))
            || inputs(next).any(|input| !nodes.contains(&input) && overlap(place(input), place(id)))
            || inputs(id).any(|input| place(input) != old && overlap(place(input), place(next)))
    })
}

/// Which of its inputs an update may write over.
fn old_value(graph: &Graph, update: NodeId) -> NodeId {
    let node = graph.node(update);
    match node.op {
        Op::SgdVelocity(_) | Op::AdamMean(_) | Op::AdamSquare(_) => node.inputs[2],
        _ => node.inputs[0],
    }
}

/// Whether two places share memory; what the host supplies is never written.
fn overlap(a: Place, b: Place) -> bool {
    match (a, b) {
        (Place::Arena(a), Place::Arena(b)) => a.overlaps(b),
        (Place::State(a), Place::State(b)) => a == b,
        _ => false,
    }
}

fn sgd_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> SgdEntry {
    let mut made = SgdEntry {
        w: InOut::none(),
        g: In::none(),
        v: InOut::none(),
        new_v: Out::none(),
        new_w: Out::none(),
        first_block: entry.first_block,
        momentum: 0.0,
        decay: 0.0,
    };
    for &id in &entry.nodes {
        let node = graph.node(id);
        let input = |i: usize| locate(node.inputs[i]);
        made.w = input(0).update();
        match &node.op {
            Op::SgdVelocity(SgdVelocity { momentum, decay }) => {
                (made.g, made.v, made.new_v) = (input(1).read(), input(2).update(), locate(id).write());
                (made.momentum, made.decay) = (*momentum as f32, *decay as f32);
            }
            _ => {
                made.new_w = locate(id).write();
                if entry.nodes.len() == 1 {
                    made.v = input(1).update();
                }
            }
        }
    }
    made
}

fn adam_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> AdamEntry {
    let mut made = AdamEntry {
        w: InOut::none(),
        g: In::none(),
        m: InOut::none(),
        v: InOut::none(),
        new_m: Out::none(),
        new_v: Out::none(),
        new_w: Out::none(),
        beta1: 0.0,
        beta2: 0.0,
        first_block: entry.first_block,
        mean_stays: 0.0,
        mean_enters: 0.0,
        mean_decay: 0.0,
        square_stays: 0.0,
        square_enters: 0.0,
        square_decay: 0.0,
        eps: 0.0,
        decay: 0.0,
    };
    for &id in &entry.nodes {
        let node = graph.node(id);
        let input = |i: usize| locate(node.inputs[i]);
        made.w = input(0).update();
        match &node.op {
            Op::AdamMean(AdamMean { beta, decay }) => {
                (made.g, made.m, made.new_m) = (input(1).read(), input(2).update(), locate(id).write());
                (made.mean_stays, made.mean_enters, made.mean_decay) =
                    (*beta as f32, (1.0 - beta) as f32, *decay as f32);
            }
            Op::AdamSquare(AdamSquare { beta, decay }) => {
                (made.g, made.v, made.new_v) = (input(1).read(), input(2).update(), locate(id).write());
                (made.square_stays, made.square_enters, made.square_decay) =
                    (*beta as f32, (1.0 - beta) as f32, *decay as f32);
            }
            Op::AdamStep(AdamStep { beta1, beta2, eps, decay }) => {
                made.new_w = locate(id).write();
                (made.beta1, made.beta2, made.eps, made.decay) = (*beta1, *beta2, *eps as f32, *decay as f32);
                if entry.nodes.len() == 1 {
                    (made.m, made.v) = (input(1).update(), input(2).update());
                }
            }
            _ => {}
        }
    }
    made
}

fn running_entry(graph: &Graph, entry: &Entry, locate: &dyn Fn(NodeId) -> Range) -> RunningEntry {
    let (id, node) = (entry.nodes[0], graph.node(entry.nodes[0]));
    let Op::Running(Running { momentum, correction }) = node.op else { unreachable!("the family says so") };
    RunningEntry {
        r: locate(node.inputs[0]).update(),
        s: locate(node.inputs[1]).read(),
        new_r: locate(id).write(),
        first_block: entry.first_block,
        stays: (1.0 - momentum) as f32,
        enters: (momentum * correction) as f32,
    }
}
