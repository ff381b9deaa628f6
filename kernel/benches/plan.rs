//! How long nets take from their text to the plan of their training step, and long programs to be checked:
//! `cargo bench -p fovea-lang --bench plan`. The goals are 20 ms for 152 layers, a second for 15,000, and time in proportion
//! to the length.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_dsl::lower::{Mode, lower};
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::StatementKind;
use fovea_dsl::{Source, parse};
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::{Optimizer, training_step};
use fovea_graph::{Plan, SourceId};

/// ResNet-152 as text, with the block that it is made of.
const TEXT: &str = "\
block unit(c, s=1) = add(conv c 1x1 - bn - relu - conv c 3x3 /s - bn - relu - conv 4*c 1x1 - bn | shortcut) - relu
net deep = 224x224x3 - conv 64 7x7/2 - bn - relu - pool 3x3/2 pad 1
    - [unit({64,128,256,512}, {1,2,2,2}) - unit({64,128,256,512})^{2,7,35,2}]^4 - pool avg global, softmax 1000
";

/// A chain of so many times three layers.
fn chain(times: usize) -> String {
    format!("net deep = 8x8x3 - [conv 8 - bn - relu]^{times} - pool avg global, softmax 10")
}

fn route(text: &str, cpu: &Cpu, stages: &mut Vec<(&'static str, Duration)>) -> Plan {
    let mut clock = Instant::now();
    let mut stage = |name| {
        stages.push((name, clock.elapsed()));
        clock = Instant::now();
    };
    let source = Source { id: SourceId(0), name: "deep.fov".into(), text: text.into() };
    let (program, mistakes) = parse(&source);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    stage("parse");
    let mut scope = Scope::default();
    let mut net = None;
    for statement in program.statements {
        match statement.kind {
            StatementKind::Block(block) => scope.blocks.insert(block.name.text.clone(), block),
            StatementKind::Net(definition) => net = resolve(&definition, &scope, None, None).ok(),
            _ => {}
        }
    }
    let Some(Resolved::Net(net)) = net else { panic!("the net resolves") };
    stage("resolve");
    let forward = lower(&net, 32, Mode::Train).expect("the net lowers");
    stage("lower");
    let sgd = Optimizer::Sgd { momentum: 0.9, decay: 1e-4 };
    let step = training_step(&forward, &sgd).expect("every op has a gradient");
    stage("differentiate");
    let fused = fuse(&step);
    stage("fuse");
    let plan = plan(fused, cpu);
    stage("plan");
    plan
}

/// Prints the median of each stage's times.
fn measure(what: &str, text: &str, repeated: usize) {
    let cpu = Cpu::new(Some(1)).expect("a CPU");
    let mut runs: Vec<Vec<(&str, Duration)>> = Vec::new();
    let mut steps = 0;
    for _ in 0..repeated {
        let mut stages = Vec::new();
        steps = route(text, &cpu, &mut stages).steps.len();
        runs.push(stages);
    }
    println!("text to plan, {what} ({steps} steps), median of {repeated} runs, in ms:");
    for (at, (name, _)) in runs[0].iter().enumerate() {
        println!("{name:>14} {:8.2}", median(runs.iter().map(|run| run[at].1).collect()));
    }
    println!("{:>14} {:8.2}", "together", median(runs.iter().map(|run| run.iter().map(|s| s.1).sum()).collect()));
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// Prints how long a program of so many `let`s takes to be checked.
fn measure_names(lets: usize) {
    let text: String = (0..lets).map(|i| format!("let a{i} = {i}\n")).collect();
    let folder = std::env::temp_dir();
    let check = || {
        let cpu = Arc::new(Cpu::new(Some(1)).expect("a CPU"));
        let mut session = Session::new(cpu, folder.clone(), Arc::default());
        let clock = Instant::now();
        session.check("lets.fov", &text).expect("it has no mistake");
        clock.elapsed()
    };
    println!("{lets:>6} names, checked in {:8.2} ms", median((0..5).map(|_| check()).collect()));
}

fn main() {
    measure("a residual net of 152 layers", TEXT, 21);
    for times in [1_250, 5_000] {
        measure(&format!("a chain of {} layers", 3 * times), &chain(times), 3);
    }
    [2_000, 8_000].into_iter().for_each(measure_names);
}
