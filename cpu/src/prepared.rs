//! What kernels want made of values before they run: where it lies, and whether it is still what it was made of.

use fovea_graph::plan::{Place, Plan, Slot};
use fovea_graph::{BackendError, NodeId, PreparedId, StateId};

use crate::memory::StateMemory;
use crate::ops;
use crate::ops::kernel::Form;
use crate::pages::Buffer;
use crate::shadow::Closed;
use crate::storage::{Source, overlap, prepared, unwritten};
use crate::team::Team;

/// Something that kernels want made beforehand.
pub struct Made {
    form: Form,
    making: Making,
    /// Of which states, by their stamps when it was made last; empty where it is made anew at every step.
    kept_of: Vec<(StateId, u64)>,
    /// How often it was made.
    times: u64,
}

impl Made {
    /// As the plan says, or why it cannot be.
    pub fn new(plan: &Plan, id: PreparedId) -> Result<Self, BackendError> {
        let made = &plan.prepared[id.index()];
        let foreign = || BackendError::Mismatch(format!("what the plan prepares as {} is another device's", made.form));
        let form = made.form.downcast::<Form>().ok_or_else(foreign)?.clone();
        let state = |&id: &NodeId| match plan.place(id) {
            Place::State(state) if made.is_kept => Some((state, 0)),
            _ => None,
        };
        Ok(Self { form, making: Making::new(plan, id)?, kept_of: made.of.iter().filter_map(state).collect(), times: 0 })
    }

    /// Makes it, where it is not there already; the list of what it is made of is the caller's.
    pub fn make<'a>(
        &mut self,
        arena: &'a mut [f32],
        memory: &'a StateMemory,
        inputs: &[&'a [f32]],
        kept: &'a mut [f32],
        (team, of): (&Team<'_>, &mut Vec<&'a [f32]>),
    ) {
        let stale = |&(state, stamp): &(StateId, u64)| memory.stamps[state.index()] != stamp;
        if !self.kept_of.is_empty() && !self.kept_of.iter().any(stale) {
            return;
        }
        let closed = Closed::new(arena, kept);
        let to = self.making.operands(arena, &memory.buffers, inputs, kept, of);
        of.iter().for_each(|value| closed.but_for_one(value));
        closed.but_for_one(to);
        ops::prepare(&self.form, of, to, team);
        if !team.is_done() {
            // Broken off: it is of no use.
            return;
        }
        self.kept_of.iter_mut().for_each(|(state, stamp)| *stamp = memory.stamps[state.index()]);
        self.times += 1;
    }

    /// How often it was made.
    #[cfg(test)]
    pub fn times(&self) -> u64 {
        self.times
    }
}

/// Where something is prepared: what it is made of, and where it goes.
struct Making {
    of: Vec<Source>,
    to: Source,
}

impl Making {
    /// The places of something prepared, or an error where they overlap or lie outside: a defect of the planner.
    fn new(plan: &Plan, id: PreparedId) -> Result<Self, BackendError> {
        let made = &plan.prepared[id.index()];
        let defect = |what: &str| BackendError::Mismatch(format!("what the plan prepares as {} {what}", made.form));
        let source = |&id: &NodeId| match plan.place(id) {
            Place::Arena(slot) => Ok(Source::Arena(Slot { len: plan.bytes(id), ..slot }.floats())),
            Place::State(state) => Ok(Source::State(state.index())),
            Place::Input(input) => Ok(Source::Input(input.index())),
            Place::Inside => Err(defect("is made of what is not stored")),
        };
        let of = made.of.iter().map(source).collect::<Result<Vec<_>, _>>()?;
        let (to, slot) = (prepared(plan, id), made.slot().floats());
        let end = if made.is_kept { plan.kept } else { plan.arena } / size_of::<f32>();
        let overlaps = of.iter().any(|source| match source {
            Source::Arena(range) => !made.is_kept && overlap(range, &slot) || range.end > plan.arena / size_of::<f32>(),
            _ => false,
        });
        if overlaps || slot.end > end {
            return Err(defect("lies where it must not"));
        }
        Ok(Self { of, to })
    }

    /// Lists what it is made of; the memory for it.
    fn operands<'a>(
        &self,
        arena: &'a mut [f32],
        states: &'a [Buffer],
        inputs: &[&'a [f32]],
        kept: &'a mut [f32],
        list: &mut Vec<&'a [f32]>,
    ) -> &'a mut [f32] {
        let (pieces, to) = match &self.to {
            Source::Arena(range) => {
                let (before, rest) = arena.split_at_mut(range.start);
                let (to, after) = rest.split_at_mut(range.len());
                ([(0, &*before), (range.end, &*after)], to)
            }
            Source::Kept(range) => ([(0, &*arena), (0, &[][..])], &mut kept[range.clone()]),
            _ => unreachable!("`new` makes no others"),
        };
        let read = |source: &Source| match source {
            Source::Arena(range) => unwritten(&pieces, range.clone()),
            Source::State(state) => states[*state].as_slice(),
            Source::Input(input) => inputs[*input],
            Source::Kept(_) | Source::Own => &[],
        };
        list.extend(self.of.iter().map(read));
        to
    }
}
#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::ops::ControlFlow;
    use std::sync::Arc;

    use fovea_graph::plan::{Plain, plan};
    use fovea_graph::training::{Optimizer, training_step};
    use fovea_graph::{Backend, Feed, Graph, Init, Memory, Op, Program, Role, Shape, Span, State, Tensor, op};

    use super::*;
    use crate::Cpu;
    use crate::program::CpuProgram;
    use crate::threads::Threads;

    const CHANNELS: usize = 4;

    /// A depthwise convolution of all the map, whose filters a step may train.
    fn net() -> Graph {
        let mut graph = Graph::new("depthwise");
        let shape = |dims: &[usize]| Shape::new(dims).unwrap();
        let x = graph.input("images", shape(&[1, 2, 2, CHANNELS]));
        let layer = Some(graph.layer("conv1", "conv", Span::default()));
        let filter = State {
            name: "conv1.filter".into(),
            shape: shape(&[CHANNELS, 2, 2, 1]),
            role: Role::Parameter,
            init: Init::Zeros,
        };
        let (_, w) = graph.state(filter, layer);
        let conv = op::Conv { groups: CHANNELS, ..op::Conv::plain(2) };
        let y = graph.push(Op::Conv(conv), &[x, w], layer).unwrap();
        let flat = op::Reshape { shape: shape(&[1, CHANNELS]) };
        let y = graph.push(Op::Reshape(flat), &[y], layer).unwrap();
        let y = graph.push(Op::Softmax(op::Softmax {}), &[y], layer).unwrap();
        graph.output("result", y);
        graph
    }

    fn compile(cpu: &Cpu, graph: Graph) -> CpuProgram {
        let plan = plan(graph, cpu);
        let arena = cpu.arena(plan.arena).unwrap();
        let threads = Arc::new(Threads::new(2, crate::Instructions::best()).unwrap());
        CpuProgram::new(plan, &cpu.machine(), arena, threads).unwrap()
    }

    fn run(program: &mut CpuProgram, memory: &mut dyn Memory, inputs: &[&Tensor]) {
        let feed = Feed { inputs, learning_rate: 0.5, seed: 0, step: 0, stop: None };
        program.run(memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap();
    }

    #[test]
    fn what_is_kept_is_made_once_and_again_when_a_state_has_changed_by_whatever_way() {
        let (cpu, graph) = (Cpu::new(Some(2)).unwrap(), net());
        let training = training_step(&graph, &Optimizer::Sgd { momentum: 0.0, decay: 0.0 }).unwrap();
        let mut memory = cpu.allocate(&training.states).unwrap();
        let (mut infer, mut train) = (compile(&cpu, graph.clone()), compile(&cpu, training.clone()));
        let made = &infer.plan().prepared[0];
        assert!(made.is_kept && infer.plan().kept_bytes() >= made.bytes as u64);
        assert!(cpu.footprint(&[infer.plan()]) >= infer.plan().kept_bytes());
        assert!(!train.plan().prepared[0].is_kept);

        let images = Tensor::from_shape_fn(&[1, 2, 2, CHANNELS][..], |at| 0.1 * at[1] as f32 + at[2] as f32 - 0.5);
        let labels = Tensor::from_elem(&[1][..], 2.0);
        let filter = StateId::new(0);
        let shape = graph.states[0].shape.clone();
        let mut times = Vec::new();
        for change in 0..6 {
            match change {
                1 => memory.write(filter, &Tensor::from_elem(shape.dims(), 0.25)).unwrap(),
                2 => memory
                    .fill(filter, &graph.states[0], &mut |elements| {
                        elements.iter_mut().enumerate().for_each(|(i, x)| *x = (i % 5) as f32);
                        Ok(())
                    })
                    .unwrap(),
                3 => run(&mut train, &mut *memory, &[&images, &labels]),
                4 => memory.replace(0, &training.states).unwrap(),
                // Other memory with other values.
                5 => {
                    memory = cpu.allocate(&training.states).unwrap();
                    memory.write(filter, &Tensor::from_shape_fn(shape.dims(), |at| at[0] as f32)).unwrap();
                }
                _ => {}
            }
            for _ in 0..2 {
                run(&mut infer, &mut *memory, &[&images]);
                // The same by a program that has seen nothing of it.
                let mut fresh = compile(&cpu, graph.clone());
                run(&mut fresh, &mut *memory, &[&images]);
                assert_eq!(infer.output("result").unwrap(), fresh.output("result").unwrap(), "change {change}");
                times.push(infer.times_made());
            }
        }
        assert_eq!(times, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
        let before = train.times_made();
        run(&mut train, &mut *memory, &[&images, &labels]);
        assert_eq!(train.times_made(), before + 1, "a step that writes the filter makes it anew");
    }

    #[test]
    fn forms_of_others_are_refused() {
        let cpu = Cpu::new(Some(2)).unwrap();
        let forms: [Arc<dyn fovea_graph::plan::Kernel>; 2] = [Arc::new(Plain), Arc::new(Form::Turned { rows: 1 })];
        for form in forms {
            let mut plan = plan(net(), &cpu);
            plan.prepared[0].form = form;
            let refused = cpu.compile(plan).err().unwrap().to_string();
            assert_eq!(refused, "the plan's step for conv has a kernel that does not compute it");
        }
    }
}
