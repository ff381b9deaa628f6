//! The arena, and how one step's operands are taken from it.

use std::ops::Range;

use fovea_graph::plan::{ALIGN, Place, Plan, Slot, Step};
use fovea_graph::{BackendError, NodeId, Stop};

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
    inputs: Vec<Place>,
    output: Place,
    workspace: Slot,
    /// Which input is the state that the step writes: it is updated in place.
    in_place: Option<usize>,
}

/// One step's memory.
pub struct Operands<'a> {
    /// The inputs' values; empty for the one that is updated in place.
    pub inputs: Vec<&'a [f32]>,
    /// The output's memory; the old value where it is updated in place, else anything.
    pub output: &'a mut [f32],
    /// Scratch memory.
    pub workspace: &'a mut [f32],
    /// Which input lies in `output`.
    pub in_place: Option<usize>,
}

impl Access {
    /// The places of one step of a plan, or an error where they overlap or lie outside: a defect of the planner.
    pub fn new(plan: &Plan, step: &Step) -> Result<Self, BackendError> {
        let node = plan.graph.node(step.node);
        let defect = |what: &str| BackendError::Mismatch(format!("the plan's step for {} {what}", node.op.word()));
        let place = |id: NodeId| match plan.place(id) {
            Place::Arena(slot) if slot.len < plan.bytes(id) => Err(defect("has too little memory")),
            Place::Arena(slot) => Ok(Place::Arena(Slot { len: plan.bytes(id), ..slot })),
            other => Ok(other),
        };
        let inputs = node.inputs.iter().map(|&id| place(id)).collect::<Result<Vec<_>, _>>()?;
        let output = place(step.node)?;
        let workspace = step.workspace.unwrap_or_default();
        let in_place = match output {
            Place::Arena(_) => None,
            Place::State(_) => match inputs.iter().filter(|&&place| place == output).count() {
                0 | 1 => inputs.iter().position(|&place| place == output),
                _ => return Err(defect("reads twice what it updates")),
            },
            Place::Input(_) => return Err(defect("writes an input")),
        };
        let written = match output {
            Place::Arena(slot) => [slot, workspace],
            _ => [workspace, Slot::default()],
        };
        let read = inputs.iter().filter_map(|place| match place {
            Place::Arena(slot) => Some(slot),
            _ => None,
        });
        if overlap(&written[0], &written[1]) || read.clone().any(|r| written.iter().any(|w| overlap(r, w))) {
            return Err(defect("writes what it reads"));
        }
        if read.clone().chain(&written).any(|slot| slot.offset % ALIGN > 0) {
            return Err(defect("lies askew"));
        }
        if read.chain(&written).any(|s| s.offset.checked_add(s.len).is_none_or(|end| end > plan.arena)) {
            return Err(defect("lies outside the arena"));
        }
        Ok(Self { inputs, output, workspace, in_place })
    }

    /// Which input is the state that the step writes.
    pub fn in_place(&self) -> Option<usize> {
        self.in_place
    }

    /// The step's memory.
    pub fn operands<'a>(&self, arena: &'a mut [f32], states: &'a mut [Buffer], feed: &[&'a [f32]]) -> Operands<'a> {
        let (arena, states, output, workspace) = match self.output {
            Place::State(id) => {
                let (states, output) = States::without(states, id.index());
                let (arena, _, workspace) = Arena::without(arena, 0..0, self.workspace.floats());
                (arena, states, output, workspace)
            }
            Place::Arena(slot) => {
                let (arena, output, workspace) = Arena::without(arena, slot.floats(), self.workspace.floats());
                (arena, States { before: states, after: &[] }, output, workspace)
            }
            Place::Input(_) => unreachable!("`new` refuses it"),
        };
        let read = |(i, &place): (usize, &Place)| match place {
            _ if self.in_place == Some(i) => &[],
            Place::Arena(slot) => arena.range(slot.floats()),
            Place::State(id) => states.state(id.index()),
            Place::Input(id) => feed[id.index()],
        };
        let inputs = self.inputs.iter().enumerate().map(read).collect();
        Operands { inputs, output, workspace, in_place: self.in_place }
    }
}

/// The arena around two ranges that are being written.
struct Arena<'a> {
    pieces: [(usize, &'a [f32]); 3],
}

impl<'a> Arena<'a> {
    /// The arena without `a` and `b`, and these two.
    fn without(arena: &'a mut [f32], a: Range<usize>, b: Range<usize>) -> (Self, &'a mut [f32], &'a mut [f32]) {
        // An empty range may lie anywhere: it counts as lying at the very beginning.
        let [a, b] = [a, b].map(|range| if range.is_empty() { 0..0 } else { range });
        let a_first = a.end <= b.start;
        let (low, high) = if a_first { (a, b) } else { (b, a) };
        let (head, rest) = arena.split_at_mut(low.start);
        let (first, rest) = rest.split_at_mut(low.len());
        let (middle, rest) = rest.split_at_mut(high.start - low.end);
        let (second, tail) = rest.split_at_mut(high.len());
        let pieces = [(0, &*head), (low.end, &*middle), (high.end, &*tail)];
        if a_first { (Self { pieces }, first, second) } else { (Self { pieces }, second, first) }
    }

    /// A range that is not written.
    fn range(&self, range: Range<usize>) -> &'a [f32] {
        let piece = self.pieces.iter().find_map(|(start, piece)| {
            let begin = range.start.checked_sub(*start)?;
            piece.get(begin..begin + range.len())
        });
        piece.expect("`Access::new` has seen that it is not written")
    }
}

/// The states around one that is being written.
struct States<'a> {
    before: &'a [Buffer],
    after: &'a [Buffer],
}

impl<'a> States<'a> {
    /// The states without one, and that one's elements.
    fn without(states: &'a mut [Buffer], index: usize) -> (Self, &'a mut [f32]) {
        let (before, rest) = states.split_at_mut(index);
        let (written, after) = rest.split_at_mut(1);
        (Self { before, after }, written[0].as_mut_slice())
    }

    /// A state that is not written.
    fn state(&self, index: usize) -> &'a [f32] {
        match self.before.get(index) {
            Some(state) => state.as_slice(),
            None => self.after[index - self.before.len() - 1].as_slice(),
        }
    }
}

/// Whether two slots share an element.
fn overlap(a: &Slot, b: &Slot) -> bool {
    a.len > 0 && b.len > 0 && a.offset < b.offset + b.len && b.offset < a.offset + a.len
}
