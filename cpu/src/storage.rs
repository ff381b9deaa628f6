//! The arena, and how one step's operands are taken from it.

use std::ops::{Deref, DerefMut, Range};

use fovea_graph::plan::{ALIGN, Place, Plan, Slot, Step};
use fovea_graph::{BackendError, NodeId, PreparedId, Stop};

use crate::host;
use crate::pages::Buffer;

/// Zeroed memory for so many f32, or an error that names what it was for.
pub fn zeros(what: &str, len: usize, stop: &dyn Stop) -> Result<Buffer, BackendError> {
    Buffer::zeros(len, || stop.go_on().map_err(BackendError::from))?.ok_or_else(|| out_of_memory(what, len))
}

/// Linux grants memory that it does not have and ends the process that uses it: so what is available is asked first.
pub fn fits(what: &str, len: usize) -> Result<(), BackendError> {
    match host::available_memory() {
        Some(available) if bytes(len) > available => Err(out_of_memory(what, len)),
        _ => Ok(()),
    }
}

fn out_of_memory(what: &str, len: usize) -> BackendError {
    BackendError::OutOfMemory { what: what.to_string(), needed: bytes(len), device: "cpu".to_string() }
}

/// Bytes of so many f32.
fn bytes(len: usize) -> u64 {
    (len as u64).saturating_mul(4)
}

/// Where one step reads and writes; that the two do not meet has been checked.
pub struct Access {
    /// The inputs of its nodes, one after the other.
    inputs: Vec<Source>,
    /// What it reads of what was prepared.
    prepared: Vec<Source>,
    /// What of the arena it writes, in the order of the arena.
    arena: Vec<(Range<usize>, Target)>,
    /// Which states it writes, in their order, and by which of its nodes.
    states: Vec<(usize, usize)>,
    /// How many nodes it has.
    nodes: usize,
    /// Of a single node, which input is the state that it writes: it is updated in place.
    in_place: Option<usize>,
}

/// Where an operand comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A range of the arena.
    Arena(Range<usize>),
    /// A state, by number.
    State(usize),
    /// What the host feeds, by number.
    Input(usize),
    /// What the program keeps.
    Kept(Range<usize>),
    /// It lies in what the step itself writes, or nowhere.
    Own,
}

/// What a range of the arena is written for.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// The value of a node, by its number in the step.
    Output(usize),
    Workspace,
}

/// At most so many nodes can be one step: the lists of what it writes lie on the stack.
pub const NODES: usize = 32;

/// One step's memory.
pub struct Operands<'a> {
    /// The inputs' values, of several nodes one after the other; empty for those that lie in what the step writes.
    pub inputs: &'a [&'a [f32]],
    /// What was prepared, in the order in which the kernel asked.
    pub prepared: &'a [&'a [f32]],
    /// The memory of the values of all nodes but the last; empty for those that are not stored.
    pub earlier: Earlier<'a>,
    /// The output's memory, which is the last node's; the old value where it is updated in place, else anything.
    pub output: &'a mut [f32],
    /// Scratch memory.
    pub workspace: &'a mut [f32],
    /// Of a single node, which input lies in `output`.
    pub in_place: Option<usize>,
}

/// What the nodes of a step but its last write.
#[derive(Default)]
pub struct Earlier<'a> {
    values: [&'a mut [f32]; NODES],
    count: usize,
}

impl<'a> Deref for Earlier<'a> {
    type Target = [&'a mut [f32]];

    fn deref(&self) -> &Self::Target {
        &self.values[..self.count]
    }
}

impl DerefMut for Earlier<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.values[..self.count]
    }
}

/// The same list, empty, for what lives for another time: a step after the first allocates nothing.
pub fn emptied<'b, T: ?Sized>(mut list: Vec<&T>) -> Vec<&'b T> {
    list.clear();
    list.into_iter().map(|_| unreachable!("it is empty")).collect()
}

/// What a step reads beside the arena.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// What the step was fed.
    pub inputs: &'a [&'a [f32]],
    /// What the program keeps.
    pub kept: &'a [f32],
}

impl Access {
    /// The places of one step of a plan, or an error where they overlap or lie outside: a defect of the planner.
    pub fn new(plan: &Plan, step: &Step) -> Result<Self, BackendError> {
        let word = plan.graph.node(step.node()).op.word();
        let defect = |what: &str| BackendError::Mismatch(format!("the plan's step for {word} {what}"));
        let mut access = Self {
            inputs: Vec::new(),
            prepared: step.reads.iter().map(|&id| prepared(plan, id)).collect(),
            arena: Vec::new(),
            states: Vec::new(),
            nodes: step.nodes.len(),
            in_place: None,
        };
        if step.nodes.len() > NODES {
            return Err(defect("has too many nodes"));
        }
        access.arena.extend(step.workspace.map(|slot| (slot.floats(), Target::Workspace)));
        for (number, &id) in step.nodes.iter().enumerate() {
            match plan.place(id) {
                Place::Arena(slot) if slot.len < plan.bytes(id) => return Err(defect("has too little memory")),
                Place::Arena(slot) => {
                    let slot = Slot { len: plan.bytes(id), ..slot };
                    access.arena.push((slot.floats(), Target::Output(number)));
                }
                Place::State(state) => access.states.push((state.index(), number)),
                Place::Inside if step.nodes.len() > 1 => {}
                Place::Input(_) | Place::Inside => return Err(defect("writes what it must not")),
            }
        }
        access.arena.retain(|(range, _)| !range.is_empty());
        access.arena.sort_by_key(|(range, _)| range.start);
        access.states.sort_unstable();
        let inputs = step.nodes.iter().flat_map(|&id| &plan.graph.node(id).inputs);
        access.inputs = inputs.map(|&id| access.source(plan, step, id)).collect();
        if let &[id] = &step.nodes[..] {
            let own = |source: &Source| matches!(source, Source::Own);
            if access.inputs.iter().filter(|&source| own(source)).count() > 1 {
                return Err(defect("reads twice what it updates"));
            }
            access.in_place = access.inputs.iter().position(own);
            if access.in_place.is_some() && !matches!(plan.place(id), Place::State(_)) {
                return Err(defect("writes what it reads"));
            }
        }
        access.check(plan).map_err(defect)?;
        Ok(access)
    }

    /// Where an input comes from.
    fn source(&self, plan: &Plan, step: &Step, id: NodeId) -> Source {
        match plan.place(id) {
            place if step.nodes.iter().any(|&own| plan.place(own) == place) => Source::Own,
            Place::Arena(slot) => Source::Arena(Slot { len: plan.bytes(id), ..slot }.floats()),
            Place::State(state) => Source::State(state.index()),
            Place::Input(input) => Source::Input(input.index()),
            Place::Inside => Source::Own,
        }
    }

    /// That what is written lies apart from the rest, and all of it in the memory that there is; else what is wrong.
    fn check(&self, plan: &Plan) -> Result<(), &'static str> {
        const ALIGNED: usize = ALIGN / size_of::<f32>();
        let ends = [plan.arena / size_of::<f32>(), plan.kept / size_of::<f32>()];
        let apart = |pair: &[(Range<usize>, Target)]| pair[0].0.end <= pair[1].0.start;
        if !self.arena.windows(2).all(apart) || !self.states.windows(2).all(|pair| pair[0].0 < pair[1].0) {
            return Err("writes two values in one place");
        }
        for source in self.inputs.iter().chain(&self.prepared) {
            match source {
                Source::Arena(read) if self.arena.iter().any(|(written, _)| overlap(read, written)) => {
                    return Err("writes what it reads");
                }
                Source::Arena(range) if range.end > ends[0] => return Err("lies outside the arena"),
                Source::Kept(range) if range.end > ends[1] => return Err("lies outside what is kept"),
                Source::Arena(range) | Source::Kept(range) if range.start % ALIGNED > 0 => return Err("lies askew"),
                Source::State(state) if self.states.iter().any(|(written, _)| written == state) => {
                    return Err("writes what it reads");
                }
                _ => {}
            }
        }
        match self.arena.iter().find(|(range, _)| range.end > ends[0] || range.start % ALIGNED > 0) {
            Some(_) => Err("lies outside the arena"),
            None => Ok(()),
        }
    }

    /// Of a single node, which input is the state that the step writes.
    pub fn in_place(&self) -> Option<usize> {
        self.in_place
    }

    /// The step's memory; the list of what it reads is the caller's.
    pub fn operands<'l, 'a: 'l>(
        &self,
        arena: &'a mut [f32],
        states: &'a mut [Buffer],
        given: Given<'a>,
        reads: &'l mut Vec<&'a [f32]>,
    ) -> Operands<'l> {
        let mut written: [&'a mut [f32]; NODES] = Default::default();
        let mut workspace: &'a mut [f32] = &mut [];
        // What lies between what is written: before each, and behind the last.
        let (mut arena_rest, mut pieces) = ((0, arena), [(0, &[][..]); NODES + 2]);
        for ((range, target), piece) in self.arena.iter().zip(&mut pieces) {
            let (start, rest) = arena_rest;
            let (before, rest) = rest.split_at_mut(range.start - start);
            let (taken, rest) = rest.split_at_mut(range.len());
            *piece = (start, &*before);
            arena_rest = (range.end, rest);
            match *target {
                Target::Output(number) => written[number] = taken,
                Target::Workspace => workspace = taken,
            }
        }
        pieces[self.arena.len()] = (arena_rest.0, &*arena_rest.1);
        let (mut states_rest, mut others) = ((0, states), [(0, &[][..]); NODES + 1]);
        for (&(state, number), other) in self.states.iter().zip(&mut others) {
            let (start, rest) = states_rest;
            let (before, rest) = rest.split_at_mut(state - start);
            let (taken, rest) = rest.split_at_mut(1);
            *other = (start, &*before);
            states_rest = (state + 1, rest);
            written[number] = taken[0].as_mut_slice();
        }
        others[self.states.len()] = (states_rest.0, &*states_rest.1);
        let (pieces, others) = (&pieces[..=self.arena.len()], &others[..=self.states.len()]);
        let read = |source: &Source| match source {
            Source::Own => &[],
            Source::Arena(range) => unwritten(pieces, range.clone()),
            Source::State(state) => unwritten(others, *state..state + 1)[0].as_slice(),
            Source::Input(input) => given.inputs[*input],
            Source::Kept(range) => &given.kept[range.clone()],
        };
        reads.extend(self.inputs.iter().chain(&self.prepared).map(read));
        let (inputs, prepared) = reads.split_at(self.inputs.len());
        let count = self.nodes.saturating_sub(1);
        let output = std::mem::take(&mut written[count]);
        let earlier = Earlier { values: written, count };
        Operands { inputs, prepared, earlier, output, workspace, in_place: self.in_place }
    }
}

/// Where something prepared lies.
pub fn prepared(plan: &Plan, id: PreparedId) -> Source {
    let made = &plan.prepared[id.index()];
    if made.is_kept { Source::Kept(made.slot().floats()) } else { Source::Arena(made.slot().floats()) }
}

/// A range of what lies in pieces, each with where it begins.
pub fn unwritten<'a, T>(pieces: &[(usize, &'a [T])], range: Range<usize>) -> &'a [T] {
    let piece = pieces.iter().find_map(|(start, piece)| {
        let begin = range.start.checked_sub(*start)?;
        piece.get(begin..begin + range.len())
    });
    piece.expect("`Access::new` has seen that it is not written")
}

/// Whether two ranges share an element.
pub fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    !a.is_empty() && !b.is_empty() && a.start < b.end && b.start < a.end
}
