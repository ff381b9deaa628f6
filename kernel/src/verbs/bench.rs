//! `bench lenet train batch 64`: images a second, GFLOP/s, milliseconds a layer, and the device's peak at that moment.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fovea_dsl::command::BenchMode;
use fovea_dsl::syntax::Name;
use fovea_graph::init::initial;
use fovea_graph::op::{Matmul, Op, Transpose};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::plan::plan;
use fovea_graph::training::Optimizer;
use fovea_graph::{Backend, BackendError, Feed, Graph, Outcome, Plan, Shape, Span, StateId, Tensor};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::{Column, Table, number};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::session::{Work, route};
use crate::world::{Names, World};

/// The optimizer of a timed training step.
const USUAL: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };
/// Runs before the first that counts: caches fill, threads wake.
const WARM_UP: usize = 3;
/// At least so many runs count.
const RUNS: usize = 5;
/// Runs go on until this time has passed.
const TIME: Duration = Duration::from_millis(1500);
/// The side of the square matrices whose product measures the peak.
const PEAK_SIDE: usize = 1024;

struct Bench {
    net: String,
    mode: BenchMode,
    batch: usize,
    plan: Plan,
    device: Arc<dyn Backend>,
    span: Span,
}

/// Plans the net for the batch, and checks that it fits.
pub fn check(net: &Name, mode: BenchMode, batch: usize, span: Span, names: &Names) -> Checked {
    let of = Use { net, data: None, weights: Weights::Own };
    let work = match mode {
        BenchMode::Train => Work::Train(&USUAL),
        BenchMode::Infer => Work::Infer,
    };
    memory::fits(&names.device.device(), batch, span, |batch| {
        Ok(memory::bytes(&route(&of, work, batch, names)?.plan))
    })?;
    let plan = route(&of, work, batch, names)?.plan;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Bench { net: net.text.clone(), mode, batch, plan, device, span }))
}

/// What was measured: a run's median time, and the median time of each of the plan's steps.
struct Timing {
    seconds: f64,
    steps: Vec<f64>,
}

impl Job for Bench {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let timing = time(&*self.device, self.plan.clone(), world);
        world.go_on()?;
        let timing = timing.at(self.span)?;
        let square = square(PEAK_SIDE).at(self.span)?;
        let flops = square.total_cost().flops as f64;
        let peak = time(&*self.device, plan(square, &*self.device), world);
        world.go_on()?;
        let peak = flops / peak.at(self.span)?.seconds;
        Ok(self.output(&timing, peak))
    }
}

impl Bench {
    fn output(&self, timing: &Timing, peak: f64) -> Output {
        let layers = self.layers(timing);
        let flops = self.plan.graph.total_cost().flops as f64;
        let (images, rate) = (self.batch as f64 / timing.seconds, flops / timing.seconds);
        let mode = match self.mode {
            BenchMode::Train => "train",
            BenchMode::Infer => "infer",
        };
        let mut table =
            Table::new([Column::left("layer"), Column::right("ms"), Column::right("GFLOP/s"), Column::right("share")]);
        for layer in &layers {
            let share = number::percent(layer.seconds / timing.seconds);
            table.row([
                layer.name.clone(),
                format!("{:.3}", 1e3 * layer.seconds),
                format!("{:.1}", giga(layer.rate())),
                share,
            ]);
        }
        let text = format!(
            "{} on {}, {mode}, batch {}: {:.0} images/s, {:.3} ms a step, {:.1} GFLOP/s\n\
             the peak at this moment, a product of {PEAK_SIDE}x{PEAK_SIDE} matrices: {:.1} GFLOP/s\n{table}",
            self.net,
            self.device.device().name,
            self.batch,
            images,
            1e3 * timing.seconds,
            giga(rate),
            giga(peak)
        );
        let rows: Vec<_> = layers
            .iter()
            .map(|layer| json!({ "name": layer.name, "ms": 1e3 * layer.seconds, "gflops": giga(layer.rate()) }))
            .collect();
        let data = json!({
            "net": self.net,
            "mode": mode,
            "device": self.device.device().name,
            "batch": self.batch,
            "images_per_second": images,
            "gflops": giga(rate),
            "peak_gflops": giga(peak),
            "layers": rows,
        });
        Output::new("bench", text, data)
    }

    /// The plan's steps, added up by layer; what belongs to none is `other`.
    fn layers(&self, timing: &Timing) -> Vec<LayerTime> {
        let graph = &self.plan.graph;
        let named = graph.layers.iter().map(|layer| layer.name.clone()).chain(["other".to_string()]);
        let mut layers: Vec<LayerTime> =
            named.map(|name| LayerTime { name, seconds: 0.0, flops: 0.0, steps: 0 }).collect();
        let other = layers.len() - 1;
        for (step, seconds) in self.plan.steps.iter().zip(&timing.steps) {
            let node = graph.node(step.node);
            let layer = &mut layers[node.layer.map_or(other, |layer| layer.index())];
            layer.seconds += seconds;
            layer.flops += graph.cost(node).flops as f64;
            layer.steps += 1;
        }
        layers.retain(|layer| layer.steps > 0);
        layers
    }
}

struct LayerTime {
    name: String,
    seconds: f64,
    flops: f64,
    steps: usize,
}

impl LayerTime {
    fn rate(&self) -> f64 {
        if self.seconds > 0.0 { self.flops / self.seconds } else { 0.0 }
    }
}

fn giga(flops: f64) -> f64 {
    flops / 1e9
}

/// The product of two square matrices.
fn square(side: usize) -> Result<Graph, fovea_graph::op::ShapeError> {
    let mut graph = Graph::new("peak");
    let shape = Shape::new([side, side])?;
    let left = graph.input("left", shape.clone());
    let right = graph.input("right", shape);
    let product = graph.push(Op::Matmul(Matmul::new(Transpose::No, Transpose::No)), &[left, right], None)?;
    graph.output("result", product);
    Ok(graph)
}

/// Runs a plan again and again on made-up inputs; an interrupt ends it early, with what was measured so far.
fn time(device: &dyn Backend, plan: Plan, world: &World) -> Result<Timing, BackendError> {
    let mut memory = device.allocate(&plan.graph.states)?;
    for (i, state) in plan.graph.states.iter().enumerate() {
        let id = StateId::new(i);
        memory.write(id, &initial(id, state, 0))?;
    }
    let inputs: Vec<Tensor> = plan.graph.inputs.iter().enumerate().map(|(i, input)| made_up(i, input)).collect();
    let inputs: Vec<&Tensor> = inputs.iter().collect();
    let steps = plan.steps.len();
    let mut program = device.compile(plan)?;
    let (mut wholes, mut parts) = (Vec::new(), vec![Vec::new(); steps]);
    let began = Instant::now();
    for run in 0.. {
        let mut marks = Vec::with_capacity(steps + 1);
        // A rate of 0: a net that learns noise may run away, and what is not finite takes another time.
        let feed = Feed { inputs: &inputs, learning_rate: 0.0, seed: 0, step: run as u32 };
        let outcome = program.run(&mut *memory, &feed, &mut |_| {
            marks.push(Instant::now());
            if world.go_on().is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if outcome == Outcome::Interrupted {
            break;
        }
        if run < WARM_UP {
            continue;
        }
        let seconds: Vec<f64> = marks.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        wholes.push(seconds.iter().sum());
        for (part, seconds) in parts.iter_mut().zip(seconds) {
            part.push(seconds);
        }
        if wholes.len() >= RUNS && began.elapsed() >= TIME {
            break;
        }
    }
    Ok(Timing { seconds: median(wholes), steps: parts.into_iter().map(median).collect() })
}

/// Normal numbers for pictures, 0 for classes, which every net has.
fn made_up(i: usize, input: &fovea_graph::Input) -> Tensor {
    let shape = ndarray::IxDyn(input.shape.dims());
    if input.name == "labels" {
        return Tensor::zeros(shape);
    }
    let stream = Stream::new(0, Purpose::Data, u32::try_from(i).unwrap_or(0));
    let mut next = 0;
    Tensor::from_shape_simple_fn(shape, || {
        next += 1;
        stream.normal(next) as f32
    })
}

/// The middle one, or 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
