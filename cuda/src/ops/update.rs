//! What optimizers do to parameters, and running statistics: all that stand together in a plan are one launch.
//!
//! A launch has no order within it. So an update joins those before it only if none of them writes what it reads or reads
//! what it writes; but for the updates of one parameter, which follow each other element by element in one thread.

mod apart;
mod entries;

use std::collections::HashSet;
use std::ops::Range as Steps;

use fovea_graph::plan::{Place, Step};
use fovea_graph::{BackendError, Graph, NodeId, NotFinite, Op, Plan, Shape};

use super::{Range, kernels};
use crate::kernels::{AdamEntry, ClipEntry, RmsEntry, RunningEntry, SgdEntry, StepFeed};
use crate::queue::Queue;
use crate::view::{In, InOut};
use apart::{disturbs, disturbs_own, follows};
use entries::{adam_entry, clip_entry, rms_entry, running_entry, sgd_entry};

/// How many elements a block takes: `UPDATED_PER_BLOCK` of update.cu.
const PER_BLOCK: usize = 2048;
/// How many of them a block of the norm takes: `NORMED_PER_BLOCK`.
const NORMED_PER_BLOCK: usize = 16_384;

/// Which kernel an update belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Sgd,
    Adam,
    Rms,
    Running,
    /// What all gradients are multiplied by. It is no update, but takes many tensors as they do.
    Clip,
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
    /// The names, by number, that the guard has for its gradient and for what it gives.
    names: [u32; 2],
}

/// The groups of a plan.
pub fn groups(plan: &Plan) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let squares = rms_squares(plan);
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(family) = family(&plan.graph, step.node(), &squares) else { continue };
        if family == Family::Clip {
            groups.push(Group::clip(plan, index));
            continue;
        }
        let open = groups.last_mut().filter(|group| {
            // What writes states waits for the guard, which looks right before them.
            group.steps.end == index && index != plan.commit && group.family == family
        });
        if !open.is_some_and(|group| group.admit(plan, step.node())) {
            let mut group = Group { steps: index..index, family, entries: Vec::new(), blocks: 0 };
            group.add(plan, step.node());
            groups.push(group);
        }
    }
    groups
}

/// Numbers, from `first` on, the names that groups tell the guard where something is not finite; gradients stand first.
pub fn names(groups: &mut [Group], plan: &Plan, first: usize) -> Vec<NotFinite> {
    let mut names = Vec::new();
    for kind in [0, 1] {
        for entry in groups.iter_mut().filter(|group| group.looks(plan)).flat_map(|group| &mut group.entries) {
            // A parameter's own step stands last.
            let last = entry.nodes[entry.nodes.len() - 1];
            let what = plan.updates().find(|&id| id == last).map(|id| plan.update_of(id));
            let what = match what {
                Some(NotFinite::Update(name)) if kind == 0 => NotFinite::Gradient(name),
                Some(what) => what,
                None => continue,
            };
            entry.names[kind] = (first + names.len()) as u32;
            names.push(what);
        }
    }
    names
}

/// Whether an op may write a state.
pub fn is_update(op: &Op) -> bool {
    matches!(
        op,
        Op::SgdVelocity(_)
            | Op::SgdStep(_)
            | Op::NesterovStep(_)
            | Op::RmsVelocity(_)
            | Op::AdamMean(_)
            | Op::AdamSquare(_)
            | Op::AdamStep(_)
            | Op::Running(_)
    )
}

/// The mean squares that are RMSprop's.
fn rms_squares(plan: &Plan) -> HashSet<NodeId> {
    let nodes = plan.steps.iter().map(|step| plan.graph.node(step.node()));
    nodes.filter(|node| matches!(node.op, Op::RmsVelocity(_))).map(|node| node.inputs[3]).collect()
}

fn family(graph: &Graph, id: NodeId, rms_squares: &HashSet<NodeId>) -> Option<Family> {
    let node = graph.node(id);
    match node.op {
        Op::RmsVelocity(_) => Some(Family::Rms),
        Op::AdamSquare(_) if rms_squares.contains(&id) => Some(Family::Rms),
        Op::SgdStep(_) if matches!(graph.node(node.inputs[1]).op, Op::RmsVelocity(_)) => Some(Family::Rms),
        Op::SgdVelocity(_) | Op::SgdStep(_) | Op::NesterovStep(_) => Some(Family::Sgd),
        Op::AdamMean(_) | Op::AdamSquare(_) | Op::AdamStep(_) => Some(Family::Adam),
        Op::Running(_) => Some(Family::Running),
        Op::ClipFactor(_) => Some(Family::Clip),
        _ => None,
    }
}

impl Group {
    /// The plan's steps that it computes.
    pub fn steps(&self) -> Steps<usize> {
        self.steps.clone()
    }

    /// The plan's step that gives the factor of clipped gradients, an entry a gradient.
    fn clip(plan: &Plan, index: usize) -> Self {
        let mut group = Self { steps: index..index + 1, family: Family::Clip, entries: Vec::new(), blocks: 0 };
        for &gradient in &plan.graph.node(plan.steps[index].node()).inputs {
            group.entries.push(Entry { nodes: vec![gradient], first_block: group.blocks as u64, names: [0; 2] });
            group.blocks += norm_blocks(plan.graph.shape(gradient));
        }
        group
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
        self.entries.push(Entry { nodes: vec![next], first_block: self.blocks as u64, names: [0; 2] });
        self.blocks += plan.graph.shape(next).elements().div_ceil(PER_BLOCK);
        self.steps.end += 1;
    }

    /// What its kernel reads: the bytes of its entries.
    pub fn table(&self, plan: &Plan, locate: &dyn Fn(NodeId) -> Range, scratch: &dyn Fn(&Step) -> Range) -> Vec<u8> {
        match self.family {
            Family::Sgd => self.rows(|entry| sgd_entry(&plan.graph, entry, locate)),
            Family::Adam => self.rows(|entry| adam_entry(&plan.graph, entry, locate)),
            Family::Rms => self.rows(|entry| rms_entry(&plan.graph, entry, locate)),
            Family::Running => self.rows(|entry| running_entry(&plan.graph, entry, locate)),
            Family::Clip => {
                let step = &plan.steps[self.steps.start];
                self.rows(|entry| clip_entry(&plan.graph, entry, (locate, step.node()), scratch(step)))
            }
        }
    }

    /// The bytes of a table with a row an entry.
    fn rows<T: Copy>(&self, row: impl Fn(&Entry) -> T) -> Vec<u8> {
        const { assert!(size_of::<SgdEntry>() == 128 && size_of::<AdamEntry>() == 200 && size_of::<RmsEntry>() == 176) }
        const { assert!(size_of::<RunningEntry>() == 64 && size_of::<ClipEntry>() == 64) }
        let rows: Vec<T> = self.entries.iter().map(row).collect();
        // SAFETY: the entries are plain numbers without gaps between them, as their sizes say.
        unsafe { std::slice::from_raw_parts(rows.as_ptr().cast::<u8>(), size_of_val(&rows[..])) }.to_vec()
    }

    /// Whether its kernel looks at what it gives before states are written: what running statistics follow is watched, and
    /// they are means of it.
    fn looks(&self, plan: &Plan) -> bool {
        !matches!(self.family, Family::Running | Family::Clip) && self.steps.start >= plan.commit
    }

    /// Where the gradients lie that its kernel looks at.
    pub fn gradients(&self, plan: &Plan) -> Vec<Place> {
        let read = |id: &NodeId| match plan.graph.node(*id).op {
            Op::SgdVelocity(_) | Op::NesterovStep(_) | Op::AdamMean(_) | Op::AdamSquare(_) | Op::RmsVelocity(_) => {
                Some(plan.graph.node(*id).inputs[1])
            }
            _ => None,
        };
        let nodes = self.entries.iter().filter(|_| self.looks(plan)).flat_map(|entry| &entry.nodes);
        nodes.filter_map(read).map(|id| plan.place(id)).collect()
    }

    /// Looks whether its gradients, and all that it would write, are finite.
    pub fn look(
        &self,
        plan: &Plan,
        queue: &Queue<'_>,
        table: u64,
        feed: In<StepFeed>,
        halted: InOut<u32>,
    ) -> Result<(), BackendError> {
        let (grid, entries) = ([self.blocks as u32, 1, 1], self.entries.len());
        match self.family {
            _ if !self.looks(plan) => Ok(()),
            Family::Sgd => kernels::sgd_look(queue, grid, In::new(table, entries), feed, halted),
            Family::Adam => kernels::adam_look(queue, grid, In::new(table, entries), feed, halted),
            Family::Rms => kernels::rmsprop_look(queue, grid, In::new(table, entries), feed, halted),
            Family::Running | Family::Clip => Ok(()),
        }
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
            Family::Rms => kernels::rmsprop(queue, grid, In::new(table, entries), feed, halted.read()),
            Family::Running => kernels::running(queue, grid, In::new(table, entries), halted.read()),
            Family::Clip => {
                kernels::gradient_norms(queue, grid, In::new(table, entries))?;
                kernels::clip_factor(queue, [1, 1, 1], In::new(table, entries))
            }
        }
    }
}

/// The blocks that take a gradient's norm.
fn norm_blocks(gradient: &Shape) -> usize {
    gradient.elements().div_ceil(NORMED_PER_BLOCK)
}

/// The scratch memory of the factor of clipped gradients: a norm a block.
pub fn clip_workspace(gradients: &[&Shape]) -> usize {
    gradients.iter().map(|gradient| norm_blocks(gradient)).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use fovea_graph::op::{
        AdamMean, AdamSquare, AdamStep, ClipFactor, NesterovStep, RmsVelocity, Running, SgdStep, SgdVelocity,
    };
    use fovea_graph::plan::{Choice, plan};
    use fovea_graph::{Arena, Backend, Device, Init, Memory, Program, Role, State, StateId};

    use super::*;

    /// Only plans.
    struct Planner;

    impl Backend for Planner {
        fn device(&self) -> Device {
            Device { name: "none".into(), description: String::new(), memory: None }
        }
        fn choose(&self, _: &Graph, _: NodeId) -> Choice {
            Choice::plain()
        }
        fn allocate(&self, _: &[State]) -> Result<Box<dyn Memory>, BackendError> {
            Err(BackendError::Unavailable("it only plans".into()))
        }
        fn arena(&self, _: usize) -> Result<Arc<dyn Arena>, BackendError> {
            Err(BackendError::Unavailable("it only plans".into()))
        }
        fn compile_in(&self, _: Plan, _: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
            Err(BackendError::Unavailable("it only plans".into()))
        }
    }

    fn state(graph: &mut Graph, name: &str) -> (StateId, NodeId) {
        let shape = Shape::new([3000]).unwrap();
        graph.state(State { name: name.into(), shape, role: Role::Parameter, init: Init::Zeros }, None)
    }

    fn running(graph: &mut Graph, old: (StateId, NodeId), batch: NodeId) -> NodeId {
        let new = graph.push(Op::Running(Running { momentum: 0.1, correction: 1.0 }), &[old.1, batch], None).unwrap();
        graph.updates.push((old.0, new));
        new
    }

    /// For each group, for each entry, the words of its updates.
    fn grouped(graph: Graph) -> Vec<Vec<String>> {
        let plan = plan(graph, &Planner);
        let mut groups = groups(&plan);
        groups.retain(|group| group.family != Family::Clip);
        let word = |id: &NodeId| plan.graph.node(*id).op.word();
        let entry = |entry: &Entry| entry.nodes.iter().map(word).collect::<Vec<_>>().join(" ");
        let covered: usize = groups.iter().map(|group| group.steps().len()).sum();
        assert_eq!(covered, plan.steps.iter().filter(|step| is_update(&plan.graph.node(step.node()).op)).count());
        groups.iter().map(|group| group.entries.iter().map(entry).collect()).collect()
    }

    /// A parameter under SGD.
    fn sgd(graph: &mut Graph, name: &str, gradient: NodeId) {
        let (w, v) = (state(graph, name), state(graph, "velocity"));
        let velocity = SgdVelocity { momentum: 0.9, decay: 0.01 };
        let velocity = graph.push(Op::SgdVelocity(velocity), &[w.1, gradient, v.1], None).unwrap();
        let step = graph.push(Op::SgdStep(SgdStep { factor: 1.0 }), &[w.1, velocity], None).unwrap();
        graph.updates.extend([(v.0, velocity), (w.0, step)]);
    }

    #[test]
    fn all_parameters_are_one_launch_and_each_is_one_entry() {
        let mut graph = Graph::new("sgd");
        let g = graph.input("g", Shape::new([3000]).unwrap());
        sgd(&mut graph, "a", g);
        sgd(&mut graph, "b", g);
        assert_eq!(grouped(graph), [["sgd_velocity sgd_step"; 2]]);

        let mut graph = Graph::new("adam");
        let g = graph.input("g", Shape::new([3000]).unwrap());
        for name in ["a", "b"] {
            let (w, m, v) = (state(&mut graph, name), state(&mut graph, "m"), state(&mut graph, "v"));
            let mean = Op::AdamMean(AdamMean { beta: 0.9, decay: 0.0 });
            let square = Op::AdamSquare(AdamSquare { beta: 0.999, decay: 0.0 });
            let step = Op::AdamStep(AdamStep { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, factor: 1.0 });
            let mean = graph.push(mean, &[w.1, g, m.1], None).unwrap();
            let square = graph.push(square, &[w.1, g, v.1], None).unwrap();
            let step = graph.push(step, &[w.1, mean, square], None).unwrap();
            graph.updates.extend([(m.0, mean), (v.0, square), (w.0, step)]);
        }
        assert_eq!(grouped(graph), [["adam_mean adam_square adam_step"; 2]]);
    }

    #[test]
    fn rmsprop_nesterov_and_clipped_parameters_are_one_launch_too() {
        let mut graph = Graph::new("rmsprop");
        let g = graph.input("g", Shape::new([3000]).unwrap());
        let clip = graph.push(Op::ClipFactor(ClipFactor { limit: 1.0 }), &[g], None).unwrap();
        for name in ["a", "b"] {
            let (w, v, b) = (state(&mut graph, name), state(&mut graph, "v"), state(&mut graph, "velocity"));
            let square = Op::AdamSquare(AdamSquare { beta: 0.99, decay: 0.0 });
            let square = graph.push(square, &[w.1, g, v.1, clip], None).unwrap();
            let velocity = Op::RmsVelocity(RmsVelocity { momentum: 0.9, eps: 1e-8, decay: 0.0 });
            let velocity = graph.push(velocity, &[w.1, g, b.1, square, clip], None).unwrap();
            let step = graph.push(Op::SgdStep(SgdStep { factor: 1.0 }), &[w.1, velocity], None).unwrap();
            graph.updates.extend([(v.0, square), (b.0, velocity), (w.0, step)]);
        }
        assert_eq!(grouped(graph), [["adam_square rms_velocity sgd_step"; 2]]);

        let mut graph = Graph::new("nesterov");
        let g = graph.input("g", Shape::new([3000]).unwrap());
        for name in ["a", "b"] {
            let (w, v) = (state(&mut graph, name), state(&mut graph, "velocity"));
            let velocity = SgdVelocity { momentum: 0.9, decay: 0.01 };
            let velocity = graph.push(Op::SgdVelocity(velocity), &[w.1, g, v.1], None).unwrap();
            let step = NesterovStep { momentum: 0.9, decay: 0.01, factor: 1.0 };
            let step = graph.push(Op::NesterovStep(step), &[w.1, g, velocity], None).unwrap();
            graph.updates.extend([(v.0, velocity), (w.0, step)]);
        }
        assert_eq!(grouped(graph), [["sgd_velocity nesterov_step"; 2]]);
    }

    #[test]
    fn what_an_earlier_update_writes_is_read_by_a_later_launch() {
        let mut graph = Graph::new("chain");
        let s = graph.input("s", Shape::new([3000]).unwrap());
        let (a, b) = (state(&mut graph, "a"), state(&mut graph, "b"));
        let new = running(&mut graph, a, s);
        running(&mut graph, b, new);
        assert_eq!(grouped(graph), [["running"], ["running"]]);
    }

    #[test]
    fn what_an_earlier_update_reads_is_written_by_a_later_launch() {
        let mut graph = Graph::new("old values");
        let s = graph.input("s", Shape::new([3000]).unwrap());
        let (a, b, c) = (state(&mut graph, "a"), state(&mut graph, "b"), state(&mut graph, "c"));
        running(&mut graph, a, b.1);
        running(&mut graph, b, s);
        running(&mut graph, c, s);
        assert_eq!(grouped(graph), [vec!["running"], vec!["running", "running"]]);
    }

    #[test]
    fn another_parameters_penalty_sees_the_old_weights() {
        // The second velocity decays by the first parameter's old value: its launch must come before that is written.
        let mut graph = Graph::new("shared weights");
        let g = graph.input("g", Shape::new([3000]).unwrap());
        let (w, v, other) = (state(&mut graph, "w"), state(&mut graph, "v"), state(&mut graph, "other"));
        let op = SgdVelocity { momentum: 0.9, decay: 0.01 };
        let first = graph.push(Op::SgdVelocity(op.clone()), &[w.1, g, v.1], None).unwrap();
        let second = graph.push(Op::SgdVelocity(op), &[w.1, g, other.1], None).unwrap();
        let step = graph.push(Op::SgdStep(SgdStep { factor: 1.0 }), &[w.1, first], None).unwrap();
        graph.updates.extend([(v.0, first), (other.0, second), (w.0, step)]);
        assert_eq!(grouped(graph), [vec!["sgd_velocity", "sgd_velocity"], vec!["sgd_step"]]);
    }

    #[test]
    fn the_guard_lies_between_what_is_kept_and_what_is_written() {
        let mut graph = Graph::new("guard");
        let s = graph.input("s", Shape::new([3000]).unwrap());
        let (a, b) = (state(&mut graph, "a"), state(&mut graph, "b"));
        let op = Op::Running(Running { momentum: 0.1, correction: 1.0 });
        let shown = graph.push(op, &[a.1, s], None).unwrap();
        graph.output("shown", shown);
        running(&mut graph, b, s);
        assert_eq!(grouped(graph), [["running"], ["running"]]);
    }
}
