//! A device of its own, behind the CPU's back: what is asked of it, what is said when it fails, and what is left.

#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod support;

use std::any::Any;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use fovea::device::Cores;
use fovea_cpu::Cpu;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::plan::{Choice, Plan};
use fovea_graph::{
    Arena, Backend, BackendError, Device, Feed, Graph, Memory, NodeId, Outcome, Program, State, StateId, Tensor,
};
use support::bench::Bench;

const TINY: &str = "net tiny = 8x8x1 - conv 4 - relu - pool, softmax 10\n";

/// The CPU as if it were a GPU: two steps are under way, memory is scarce, and things happen to it.
struct Gpu {
    cpu: Cpu,
    fate: Arc<Mutex<Fate>>,
}

/// What is to happen, and what has.
#[derive(Default)]
struct Fate {
    /// So many steps from now it is lost.
    lost_in: Option<u32>,
    lost: bool,
    /// The next step panics.
    panics: bool,
    /// No kernel compiles.
    old: bool,
    /// Whether any step was begun while another was under way, and whether any of them one part at a time.
    overlapped: bool,
    stepwise: bool,
    /// How often memory was asked for.
    allocations: usize,
}

impl Fate {
    fn there(&self) -> Result<(), BackendError> {
        match self.lost {
            true => Err(BackendError::Lost { device: "gpu:0".into(), why: "the driver answers ERROR_UNKNOWN".into() }),
            false => Ok(()),
        }
    }

    fn step(&mut self) -> Result<(), BackendError> {
        assert!(!self.panics, "missing symbol: cuGraphLaunch");
        self.lost |= self.lost_in == Some(0);
        self.lost_in = self.lost_in.map(|steps| steps.saturating_sub(1));
        self.there()
    }
}

impl Backend for Gpu {
    fn device(&self) -> Device {
        Device { name: "gpu:0".into(), description: "made up".into(), memory: Some(4_000_000) }
    }
    fn machine(&self) -> String {
        self.cpu.machine()
    }

    fn choose(&self, graph: &Graph, node: NodeId) -> Choice {
        self.cpu.choose(graph, node)
    }
    fn footprint(&self, plans: &[&Plan]) -> u64 {
        let inputs: u64 = plans.iter().map(|plan| plan.input_bytes()).sum();
        self.cpu.footprint(plans) + 2 * inputs
    }
    fn allocate(&self, states: &[State]) -> Result<Box<dyn Memory>, BackendError> {
        let mut fate = self.fate.lock().unwrap();
        fate.there()?;
        fate.allocations += 1;
        drop(fate);
        Ok(Box::new(OnGpu { cpu: self.cpu.allocate(states)?, fate: Arc::clone(&self.fate) }))
    }
    fn arena(&self, bytes: usize) -> Result<Arc<dyn Arena>, BackendError> {
        self.fate.lock().unwrap().there()?;
        self.cpu.arena(bytes)
    }
    fn compile_in(&self, plan: Plan, arena: &Arc<dyn Arena>) -> Result<Box<dyn Program>, BackendError> {
        let fate = Arc::clone(&self.fate);
        fate.lock().unwrap().there()?;
        if fate.lock().unwrap().old {
            let log = (1..30).map(|line| format!("lrn.cu({line}): error: what is a TILE?\n")).collect();
            return Err(BackendError::Compile { kernel: "lrn.cu".into(), log });
        }
        let cpu = self.cpu.compile_in(plan, arena)?;
        Ok(Box::new(Steps { cpu, fate, begun: VecDeque::new(), ended: Vec::new() }))
    }
}

struct OnGpu {
    cpu: Box<dyn Memory>,
    fate: Arc<Mutex<Fate>>,
}

impl Memory for OnGpu {
    fn read(&self, state: StateId) -> Result<Tensor, BackendError> {
        self.fate.lock().unwrap().there()?;
        self.cpu.read(state)
    }
    fn write(&mut self, state: StateId, value: &Tensor) -> Result<(), BackendError> {
        self.fate.lock().unwrap().there()?;
        self.cpu.write(state, value)
    }
    fn replace(&mut self, kept: usize, states: &[State]) -> Result<(), BackendError> {
        self.fate.lock().unwrap().there()?;
        self.cpu.replace(kept, states)
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self.cpu.as_any_mut()
    }
}

struct Steps {
    cpu: Box<dyn Program>,
    fate: Arc<Mutex<Fate>>,
    /// How each step under way will have ended, and its scalars.
    begun: VecDeque<(Outcome, Vec<(String, f32)>)>,
    ended: Vec<(String, f32)>,
}

impl Program for Steps {
    fn plan(&self) -> &Plan {
        self.cpu.plan()
    }
    fn depth(&self) -> usize {
        2
    }
    fn begin(
        &mut self,
        memory: &mut dyn Memory,
        feed: &Feed<'_>,
        before: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<(), BackendError> {
        let fate = Arc::clone(&self.fate);
        let mut fate = fate.lock().unwrap();
        fate.step()?;
        assert!(self.begun.len() < 2);
        fate.overlapped |= !self.begun.is_empty();
        let outcome = self.cpu.run(memory, feed, before)?;
        let names = self.cpu.plan().graph.outputs.iter().map(|(name, _)| name.clone());
        let scalars = names.filter_map(|name| Some((name.clone(), self.cpu.scalar(&name).ok()?))).collect();
        self.begun.push_back((outcome, scalars));
        Ok(())
    }
    fn finish(&mut self) -> Result<Outcome, BackendError> {
        let (outcome, scalars) = self.begun.pop_front().unwrap();
        self.ended = scalars;
        Ok(outcome)
    }
    fn scalar(&self, name: &str) -> Result<f32, BackendError> {
        Ok(self.ended.iter().find(|(other, _)| other == name).unwrap().1)
    }
    fn output(&self, name: &str) -> Result<Tensor, BackendError> {
        assert!(self.begun.is_empty());
        self.cpu.output(name)
    }
    fn stepwise(&mut self, on: bool) {
        assert!(self.begun.is_empty());
        self.fate.lock().unwrap().stepwise |= on;
    }
}

/// A session on such a device that has a net, and the device's fate.
fn session() -> (Bench, Arc<Mutex<Fate>>) {
    let fate = Arc::<Mutex<Fate>>::default();
    let mut bench = Bench::on(Arc::new(Gpu { cpu: Cpu::new(Some(1)).unwrap(), fate: Arc::clone(&fate) }));
    bench.session.set_cores(Cores { threads: Some(1), instructions: None });
    bench.ok(TINY);
    (bench, fate)
}

/// The scores of the first test pictures, which tell any two sets of weights apart.
fn scores(bench: &mut Bench, net: &str) -> serde_json::Value {
    bench.ok(&format!("predict {net} on digits[0..8]"))[0].data["probabilities"].clone()
}

fn mistake(bench: &mut Bench, text: &str) -> Diagnostic {
    let mut mistakes = bench.mistakes(text);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    mistakes.remove(0)
}

/// Lost in the second epoch, whose first step is the 24th of training and comes after the six of a test.
#[test]
fn training_goes_on_elsewhere_when_the_device_is_lost() {
    let train = "train tiny on digits for 3 epochs";
    let mut whole = Bench::new();
    whole.ok(TINY);
    whole.ok(train);
    let (mut bench, fate) = session();
    fate.lock().unwrap().lost_in = Some(23 + 6 + 9);
    let lost = mistake(&mut bench, train);
    let saved = bench.path("runs/1/checkpoints/step-00000023.safetensors");
    let text = format!(
        "gpu:0 is lost: the driver answers ERROR_UNKNOWN; run 1 goes on from its checkpoint after step 23, {saved}, when \
         it is resumed"
    );
    assert_eq!(lost.message, text);
    let help =
        "`device cpu`, then `train tiny on digits resume run 1`; or that statement on gpu:0 in a new start of fovea";
    assert_eq!(lost.help.as_deref(), Some(help));

    let again = mistake(&mut bench, "test tiny on digits");
    assert_eq!(again.message, "gpu:0 is lost: the driver answers ERROR_UNKNOWN");
    assert!(again.help.unwrap().starts_with("`device cpu` goes on without it"));
    let shown = &bench.ok("device cpu\nshow run 1")[1];
    assert!(shown.text.contains("its device was lost") && shown.data["ending"].is_null(), "{}", shown.text);
    bench.ok("train tiny on digits resume run 1");
    assert_eq!(scores(&mut bench, "tiny"), scores(&mut whole, "tiny"));
}

/// Their weights lay on it, and their runs are on disk.
#[test]
fn nets_that_were_trained_on_a_lost_device_are_still_there() {
    let train = "train tiny on digits for 1 epochs with adam(lr 0.01)";
    let further = "train tiny further on digits for 1 epochs with adam(lr 0.01)";
    let mut whole = Bench::new();
    whole.ok(&format!("{TINY}{train}"));
    let (mut bench, fate) = session();
    bench.ok(train);
    let file = bench.path("other.safetensors");
    bench.ok(&format!(
        "net other = 8x8x1 - conv 4 - relu - pool, softmax 10\nsave tiny \"{file}\"\nload other \"{file}\""
    ));
    bench.ok("net longer = tiny.pool1 - fc 20 - relu, softmax 10");
    fate.lock().unwrap().lost = true;
    bench.ok("device cpu");
    let expected = scores(&mut whole, "tiny");
    assert_eq!(scores(&mut bench, "tiny"), expected);
    // Nobody knows from which file these came.
    let lost = mistake(&mut bench, "test other on digits");
    assert!(lost.message.starts_with("gpu:0 is lost"), "{lost:?}");
    bench.ok(&format!("load other \"{file}\""));
    assert_eq!(scores(&mut bench, "other"), expected);
    // A net that begins inside it takes its weights along.
    bench.ok("test longer on digits");
    // Moments and the numbers of steps go on too.
    bench.ok(further);
    whole.ok(further);
    assert_eq!(scores(&mut bench, "tiny"), scores(&mut whole, "tiny"));
}

#[test]
fn a_kernel_that_does_not_compile_is_told_with_the_beginning_of_its_log() {
    let (mut bench, fate) = session();
    fate.lock().unwrap().old = true;
    let refused = mistake(&mut bench, "train tiny on digits for 1 epochs");
    let lines: Vec<&str> = refused.message.lines().collect();
    assert_eq!(lines[..2], ["the kernel lrn.cu does not compile:", "lrn.cu(1): error: what is a TILE?"]);
    assert_eq!(lines.last(), Some(&"… and 19 more lines"));
    assert!(refused.help.unwrap().contains("`device cpu`"));
    assert_eq!(std::fs::read_dir(bench.path("runs")).unwrap().count(), 0, "no run has begun");
    bench.ok("device cpu\ntrain tiny on digits for 1 epochs");
}

#[test]
fn to_check_a_load_writes_nothing_to_the_device() {
    let (mut bench, fate) = session();
    let file = bench.path("tiny.safetensors");
    bench.ok(&format!("save tiny \"{file}\""));
    let before = fate.lock().unwrap().allocations;
    bench.session.check("test", &format!("load tiny \"{file}\"")).unwrap();
    assert_eq!(fate.lock().unwrap().allocations, before);
    bench.ok(&format!("load tiny \"{file}\""));
    assert_eq!(fate.lock().unwrap().allocations, before + 1);
}

#[test]
fn a_panic_below_ends_its_statement_and_nothing_else() {
    let (mut bench, fate) = session();
    bench.ok("train tiny on digits for 1 epochs");
    let before = scores(&mut bench, "tiny");
    fate.lock().unwrap().panics = true;
    let broken = mistake(&mut bench, "let a = 1\ntrain tiny further on digits for 1 epochs\nlet a = 2");
    assert_eq!(broken.message, "this broke inside fovea: missing symbol: cuGraphLaunch");
    assert_eq!(broken.stage, Stage::Internal);
    assert_eq!(bench.session.known().constants, [("a".to_string(), "1".to_string())]);
    fate.clear_poison();
    fate.lock().unwrap().panics = false;
    assert_eq!(scores(&mut bench, "tiny"), before);
}

#[test]
fn a_batch_that_does_not_fit_is_refused_with_one_that_does() {
    let (mut bench, _) = session();
    bench.ok("net wide = 8x8x1 - conv 32 - relu - conv 32 - relu - pool, softmax 10");
    let train = |batch: usize| format!("train wide on digits for 1 epochs, batch {batch}");
    let refused = mistake(&mut bench, &train(1000));
    assert_eq!((refused.stage, refused.expected.as_deref()), (Stage::Memory, Some("at most 4.0 MB")));
    assert!(refused.message.starts_with("batch 1000 needs") && refused.message.ends_with("gpu:0 has 4.0 MB"));
    let help = refused.help.unwrap();
    let batch: usize = help.trim_start_matches("`batch ").trim_end_matches("` fits").parse().unwrap();
    bench.session.check("test", &train(batch)).unwrap();
    assert_eq!(mistake(&mut bench, &train(batch + 1)).stage, Stage::Memory);
    let huge = mistake(&mut bench, "net huge = 8x8x1 - conv 8000 - relu, softmax 10\ntrain huge on digits, batch 8");
    assert!(huge.help.unwrap().starts_with("not even `batch 1` fits"));
    assert_eq!(bench.entries(), 0);
}

/// Whole steps as they are trained with, layers one at a time.
#[test]
fn a_bench_keeps_steps_under_way_and_takes_them_apart_after() {
    let (mut bench, fate) = session();
    let timed = &bench.ok("bench tiny train batch 8")[0];
    assert!(fate.lock().unwrap().overlapped && fate.lock().unwrap().stepwise);
    assert!(timed.data["images_per_second"].as_f64().unwrap() > 0.0);
    let layers = timed.data["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 5);
    assert!(layers.iter().all(|layer| layer["ms"].as_f64().unwrap() > 0.0), "{}", timed.text);
}
