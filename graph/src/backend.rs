//! What a device offers: object-safe, a few verbs over a [`Plan`]. The host talks to every device through these.

use std::any::Any;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::Tensor;
use crate::counted;
use crate::graph::{Graph, State};
use crate::ids::{NodeId, StateId};
use crate::plan::{Choice, Group, Plan};
use crate::shape::{Shape, join};
use crate::stop::{Interrupted, Stop};

/// A device and the code that runs on it.
pub trait Backend: Send + Sync {
    /// What the device is.
    fn device(&self) -> Device;

    /// The kind of machine, for plans: those of another kind are refused, since its kernels differ, and so do its bits.
    fn machine(&self) -> String {
        self.device().name
    }

    /// By which kernel, and with how much scratch memory, this device would compute a node.
    fn choose(&self, graph: &Graph, node: NodeId) -> Choice;

    /// Neighbours that this device computes better in one step than one by one, in the order in which it wants them most.
    fn groups(&self, _: &Graph) -> Vec<Group> {
        Vec::new()
    }

    /// How many bytes of the device's memory plans of one net take that share their states and an arena: states, inputs and
    /// the arena, each as large as the largest, and what each program keeps for itself. A device that keeps each plan's inputs, perhaps those of several steps,
    /// counts them as often as it holds them.
    fn footprint(&self, plans: &[&Plan]) -> u64 {
        together(plans)
    }

    /// Whether its memory is the host's, where data lie, too.
    fn shares_host(&self) -> bool {
        false
    }

    /// Device memory for these states, all zero.
    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError>;

    /// So many bytes of the device's memory, for the values of plans that run one at a time.
    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError>;

    /// As [`Backend::allocate`], unless `stop` ends it: a device that takes its time asks in the midst.
    ///
    /// # Errors
    /// [`BackendError::Interrupted`].
    fn allocate_unless(&self, states: &[State], stop: &dyn Stop) -> Result<Box<dyn Memory>, BackendError> {
        stop.go_on()?;
        self.allocate(states)
    }

    /// As [`Backend::arena`], unless `stop` ends it: a device that takes its time asks in the midst.
    ///
    /// # Errors
    /// [`BackendError::Interrupted`].
    fn arena_unless(&self, bytes: usize, stop: &dyn Stop) -> Result<Arc<dyn Arena>, BackendError> {
        stop.go_on()?;
        self.arena(bytes)
    }

    /// Makes a plan runnable in an arena of this device that is large enough: looks up its kernels. What its programs gave
    /// can be read until another program's step begins in the arena; no step of another may be under way there.
    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError>;

    /// Makes a plan runnable in an arena of its own.
    fn compile(&self, plan: Plan) -> Result<Box<dyn Program>, BackendError> {
        let arena = self.arena(plan.arena)?;
        self.compile_in(plan, &arena)
    }
}

/// The bytes of plans' values where they share their states, their inputs and an arena, each as large as the largest; what
/// each program keeps for itself comes on top.
pub fn together(plans: &[&Plan]) -> u64 {
    let most = |bytes: fn(&Plan) -> u64| plans.iter().map(|plan| bytes(plan)).max().unwrap_or(0);
    let kept: u64 = plans.iter().map(|plan| plan.kept_bytes()).sum();
    most(Plan::state_bytes) + most(Plan::input_bytes) + most(Plan::arena_bytes) + kept
}

/// What brings the gradients of several machines together.
pub trait Exchange: Send {
    /// Called once a step, when the last gradient is there and nothing was made of them: what it leaves in each is what the
    /// machine goes on with, in the order of [`Plan::gradients`].
    ///
    /// # Errors
    /// Any ends the step, which then changes nothing.
    fn exchange(&mut self, gradients: &mut [(&str, &mut [f32])]) -> Result<(), BackendError>;
}

/// Memory for the values of plans; several programs may share it, of which one runs at a time.
pub trait Arena: Send + Sync {
    /// How many bytes it has room for.
    fn bytes(&self) -> usize;

    /// For the backend, which knows its own type.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// A device, for people and for choices of size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The word of the `device` statement: `cpu`, `cuda:0`.
    pub name: String,
    /// The maker's name and what matters beside it: `2 threads`, compute capability.
    pub description: String,
    /// How much memory a program may plan for, in bytes; `None` where it cannot be told.
    pub memory: Option<u64>,
}

/// An arena of a device that keeps its values elsewhere: it has room for so many bytes.
#[derive(Clone, Copy, Debug)]
pub struct Room(pub usize);

impl Arena for Room {
    fn bytes(&self) -> usize {
        self.0
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// Writes elements, unless it is broken off.
pub type Fill<'a> = dyn FnMut(&mut [f32]) -> Result<(), Interrupted> + 'a;

/// The values of the states, on the device.
pub trait Memory: Send {
    /// A state's value.
    fn read(&self, state: StateId) -> Result<Tensor, BackendError>;

    /// Shows a state's elements, in row-major order.
    fn look(&self, state: StateId, look: &mut dyn FnMut(&[f32])) -> Result<(), BackendError> {
        let value = self.read(state)?;
        look(value.as_standard_layout().as_slice().unwrap_or(&[]));
        Ok(())
    }

    /// Sets a state's value; the shape must be the declared one.
    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError>;

    /// Sets a state's value by what `fill` writes to its elements, in row-major order, whatever it finds there. Where `fill`
    /// is broken off the value is of no use.
    fn fill(&mut self, state: StateId, declared: &State, fill: &mut Fill<'_>) -> Result<(), BackendError> {
        let mut value = Tensor::zeros(declared.shape.dims());
        fill(value.as_slice_mut().unwrap_or(&mut []))?;
        self.write(state, &value)
    }

    /// Keeps the first `kept` states and lets go of the others; behind them come these, all zero. After an error all is as
    /// it was.
    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError>;

    /// As [`Memory::replace`], unless `stop` ends it: a device that takes its time asks in the midst.
    fn replace_unless(&mut self, kept: usize, states: &[State], stop: &dyn Stop) -> Result<(), BackendError> {
        stop.go_on()?;
        self.replace(kept, states)
    }

    /// For the backend, which knows its own type.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// What a step is given, beside the states.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'a> {
    /// One tensor for each of the graph's inputs, in their order, in standard (row-major) layout.
    pub inputs: &'a [&'a Tensor],
    /// The step's learning rate; not read by inference.
    pub learning_rate: f64,
    /// The key of all random numbers.
    pub seed: u64,
    /// The number of the step: random numbers differ from step to step.
    pub step: u32,
    /// Set while the step runs, it ends the step in the midst of an op, where the device can and updates have not begun.
    pub stop: Option<&'a AtomicBool>,
}

impl<'a> Feed<'a> {
    /// The elements of every input, in the order that the graph declares them.
    ///
    /// # Errors
    /// [`BackendError::Mismatch`] where the graph declares others.
    pub fn elements(&self, graph: &Graph, list: &mut Vec<&'a [f32]>) -> Result<(), BackendError> {
        if self.inputs.len() != graph.inputs.len() {
            let (wanted, found) = (graph.inputs.len(), self.inputs.len());
            return Err(BackendError::Mismatch(format!(
                "the program takes {}, but was given {found}",
                counted(wanted, "input")
            )));
        }
        for (declared, &given) in graph.inputs.iter().zip(self.inputs) {
            let (name, wanted) = (&declared.name, &declared.shape);
            if given.shape() != wanted.dims() {
                let found = join(given.shape());
                return Err(BackendError::Mismatch(format!("{name} is {wanted}, but was given as {found}")));
            }
            let askew = || BackendError::Mismatch(format!("{name} is not in row-major layout"));
            list.push(given.as_slice().ok_or_else(askew)?);
        }
        Ok(())
    }
}

/// The names and shapes of the states that a memory holds, and what every memory checks of them.
#[derive(Clone, Debug)]
pub struct Held {
    states: Vec<(String, Shape)>,
}

impl Held {
    /// These states.
    pub fn new(states: &[State]) -> Self {
        Self { states: states.iter().map(|state| (state.name.clone(), state.shape.clone())).collect() }
    }

    /// Keeps the first `kept`, and holds these behind them.
    pub fn replace(&mut self, kept: usize, states: &[State]) {
        self.states.truncate(kept);
        self.states.extend(states.iter().map(|state| (state.name.clone(), state.shape.clone())));
    }

    /// Whether these are the first of the states held.
    ///
    /// # Errors
    /// [`BackendError::Mismatch`], which names the first that is not.
    pub fn begin_with(&self, states: &[State]) -> Result<(), BackendError> {
        for (i, state) in states.iter().enumerate() {
            let held = self.states.get(i).map(|(_, shape)| shape);
            if held != Some(&state.shape) {
                let found = held.map_or("nothing".to_string(), Shape::to_string);
                let wanted = &state.shape;
                return Err(BackendError::Mismatch(format!("{} is {wanted}, but the memory has {found}", state.name)));
            }
        }
        Ok(())
    }

    /// A state's shape.
    ///
    /// # Errors
    /// [`BackendError::Mismatch`] where there is no such state.
    pub fn shape(&self, state: StateId) -> Result<&Shape, BackendError> {
        let missing =
            || BackendError::Mismatch(format!("there is no state {}; the memory has {}", state.0, self.states.len()));
        self.states.get(state.index()).map(|(_, shape)| shape).ok_or_else(missing)
    }

    /// Whether a value has its state's shape.
    ///
    /// # Errors
    /// [`BackendError::Mismatch`] with the state's name where it has not.
    pub fn takes(&self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        let wanted = self.shape(state)?;
        if value.shape() != wanted.dims() {
            let (name, found) = (&self.states[state.index()].0, join(value.shape()));
            return Err(BackendError::Mismatch(format!("{name} is {wanted}, but the value is {found}")));
        }
        Ok(())
    }
}

/// A tensor of these elements.
///
/// # Errors
/// [`BackendError::Mismatch`] where their number is another.
pub fn tensor(shape: &Shape, elements: Vec<f32>) -> Result<Tensor, BackendError> {
    let mismatch = |e: ndarray::ShapeError| BackendError::Mismatch(format!("a value of {shape}: {e}"));
    Tensor::from_shape_vec(ndarray::IxDyn(shape.dims()), elements).map_err(mismatch)
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it ran; states have their new values.
    Done,
    /// It was broken off between two ops; every state is as it was.
    Interrupted,
    /// Something that must be finite is not; every state is as it was.
    NotFinite(NotFinite),
}

/// What was not finite in a step. As text: `loss`, `gradient of conv1.filter`, `update of conv1.filter`, `bn1.mean`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum NotFinite {
    /// The loss.
    Loss,
    /// The gradient by this parameter.
    Gradient(String),
    /// This state's value behind its update.
    Update(String),
    /// What this running statistic follows.
    Statistic(String),
}

const GRADIENT: &str = "gradient of ";
const UPDATE: &str = "update of ";

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFinite::Loss => f.write_str("loss"),
            NotFinite::Gradient(name) => write!(f, "{GRADIENT}{name}"),
            NotFinite::Update(name) => write!(f, "{UPDATE}{name}"),
            NotFinite::Statistic(name) => f.write_str(name),
        }
    }
}

impl From<NotFinite> for String {
    fn from(what: NotFinite) -> Self {
        what.to_string()
    }
}

impl<T: AsRef<str>> From<T> for NotFinite {
    fn from(text: T) -> Self {
        let text = text.as_ref();
        let behind = |word| text.strip_prefix(word).map(str::to_string);
        match (behind(GRADIENT), behind(UPDATE)) {
            (Some(name), _) => NotFinite::Gradient(name),
            (_, Some(name)) => NotFinite::Update(name),
            _ if text == "loss" => NotFinite::Loss,
            _ => NotFinite::Statistic(text.to_string()),
        }
    }
}

/// A plan that can run. A device of its own may have several steps under way: [`Program::begin`] returns while it
/// computes, and [`Program::finish`] waits.
pub trait Program: Send {
    /// The plan it runs.
    fn plan(&self) -> &Plan;

    /// Begins a step on `memory`, which must have been allocated for this graph's states or for more that begin with
    /// them. Before each of the plan's steps `before` is called with the step's index (and once with the number of
    /// steps, at the end); where it breaks, the step ends as [`Outcome::Interrupted`], unless updates have begun. A
    /// device that is given all of them at once calls it only before the first. The feed's `stop` ends it between two calls.
    ///
    /// At most [`Program::depth`] steps may be begun and not finished, and until all are, only this program may touch
    /// `memory`. What `feed` refers to may be changed as soon as this returns. After an error the step is not begun;
    /// after [`BackendError::Lost`], here and below, none is under way any more.
    fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError>;

    /// Waits for the oldest step that was begun, and says how it ended. Where it was [`Outcome::NotFinite`], those
    /// begun after it have changed nothing either and end the same way, until none is under way.
    fn finish(&mut self) -> Result<Outcome, BackendError>;

    /// How many steps may be under way at once: 1, unless the device computes behind the host's back.
    fn depth(&self) -> usize {
        1
    }

    /// The value that an output of one element had in the step finished last.
    fn scalar(&self, name: &str) -> Result<f32, BackendError>;

    /// The value that an output has after the last step; none may be under way.
    fn output(&self, name: &str) -> Result<Tensor, BackendError>;

    /// Whether from now on each of the plan's steps is complete before `before` is called for the next, so that they
    /// can be timed one by one. A device that computes them so anyway has nothing to do. None may be under way.
    fn stepwise(&mut self, _on: bool) {}

    /// From now on each step brings its gradients together with those of other machines. None may be under way.
    ///
    /// # Errors
    /// [`BackendError::Unsupported`] where the device cannot.
    fn exchange_by(&mut self, _: Box<dyn Exchange>) -> Result<(), BackendError> {
        let (device, op) = (self.plan().machine.clone(), "an exchange of gradients between machines".into());
        Err(BackendError::Unsupported { device, op })
    }

    /// Runs one step, while no other is under way.
    fn run(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Outcome, BackendError> {
        self.begin(memory, feed, before)?;
        self.finish()
    }
}

/// What can go wrong on a device.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BackendError {
    /// There is no such device, or it cannot be used.
    #[error("{0}")]
    Unavailable(String),
    /// A plan or the states do not fit in memory.
    #[error("{what} needs {needed} bytes, which {device} does not have free")]
    OutOfMemory {
        /// What was to be allocated.
        what: String,
        /// How many bytes it needs.
        needed: u64,
        /// The device's name.
        device: String,
    },
    /// A value that does not have the declared shape, or does not exist.
    #[error("{0}")]
    Mismatch(String),
    /// An op, or a form of it, that this backend has not.
    #[error("{device} cannot run {op}")]
    Unsupported {
        /// The device's name.
        device: String,
        /// The op as the graph's text form shows it.
        op: String,
    },
    /// The device failed in the middle of work: nothing that it held can be read any more.
    #[error("{device} is lost: {why}")]
    Lost {
        /// The device's name.
        device: String,
        /// What its driver says.
        why: String,
    },
    /// A kernel that does not compile for this device.
    #[error("the kernel {kernel} does not compile:\n{}", first_lines(.log))]
    Compile {
        /// The kernel's source file.
        kernel: String,
        /// All that the compiler says.
        log: String,
    },
    /// It was broken off.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// The beginning of a compiler's log, where its first errors stand.
fn first_lines(log: &str) -> String {
    const SHOWN: usize = 10;
    let mut lines: Vec<&str> = log.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    let rest = if more > 0 { format!("\n… and {more} more lines") } else { String::new() };
    lines.join("\n") + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_reads_back_from_its_text() {
        let name = || "conv1.filter".to_string();
        for what in
            [NotFinite::Loss, NotFinite::Gradient(name()), NotFinite::Update(name()), NotFinite::Statistic(name())]
        {
            assert_eq!(NotFinite::from(what.to_string()), what);
        }
        assert_eq!(NotFinite::Update(name()).to_string(), "update of conv1.filter");
    }

    #[test]
    fn a_compile_error_shows_the_first_lines_of_the_log() {
        let error = |log: String| BackendError::Compile { kernel: "lrn.cu".into(), log }.to_string();
        assert_eq!(
            error("lrn.cu(3): error: what\n\n".into()),
            "the kernel lrn.cu does not compile:\nlrn.cu(3): error: what"
        );
        let long: String = (1..=14).map(|i| format!("line {i}\n")).collect();
        let shown = error(long);
        assert!(shown.ends_with("line 10\n… and 4 more lines"), "{shown}");
    }
}
