//! `bench lenet train batch 64`: images a second, GFLOP/s, milliseconds a layer, and the device's peak at that moment.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fovea_dsl::verb::{self, BenchMode};
use fovea_graph::op::{Matmul, Op, Transpose};
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::plan::plan;
use fovea_graph::training::Optimizer;
use fovea_graph::{Backend, Graph, Outcome, Plan, Shape, Span, Tensor};
use fovea_train::{Numbers, Question, Task, TrainError};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::{Column, Page, Table, number};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::route::route;
use crate::world::{Names, World};

/// The optimizer of a timed training step.
const USUAL: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };
/// Runs before the first that counts: caches fill, threads wake.
const WARM_UP: usize = 3;
/// At least so many runs count.
const RUNS: usize = 5;
/// Runs go on until this time has passed, whole ones and then those taken apart.
const TIME: Duration = Duration::from_millis(1000);
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
pub fn check(said: &verb::Bench, span: Span, names: &Names) -> Checked {
    let (net, batch) = (&said.net, said.batch.map_or(1, |batch| batch.value));
    let mode = said.mode().unwrap_or(BenchMode::Infer);
    let of = Use { net, data: said.on.as_ref().map(|on| &on.value), weights: Weights::Own };
    let question = match mode {
        BenchMode::Train => Question::train(&USUAL),
        BenchMode::Infer => Question::result(),
    };
    memory::fits(&*names.device, 0, batch, span, |batch| {
        Ok(names.device.footprint(&[&route(&of, &question, batch, names)?.1.plan]))
    })?;
    let plan = route(&of, &question, batch, names)?.1.plan;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Bench { net: net.text.clone(), mode, batch, plan, device, span }))
}

impl Job for Bench {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let device = &self.device;
        let mut measured = Timed::new(device, self.plan.clone(), world).at(self.span)?;
        let seconds = measured.whole(world).at(self.span)?;
        let parts = measured.parts(world).at(self.span)?;
        drop(measured);
        world.go_on()?;
        let square = square(PEAK_SIDE).at(self.span)?;
        let flops = square.total_cost().flops as f64;
        let peak =
            Timed::new(device, plan(square, &**device), world).and_then(|mut timed| timed.whole(world)).at(self.span)?;
        world.go_on()?;
        Ok(self.output(seconds, &parts, flops / peak))
    }
}

impl Bench {
    /// A step takes so many seconds, its parts one by one these; the device's peak in FLOP/s.
    fn output(&self, seconds: f64, parts: &[f64], peak: f64) -> Output {
        let layers = self.layers(parts);
        let all: f64 = parts.iter().sum();
        let flops = self.plan.graph.total_cost().flops as f64;
        let (images, rate) = (self.batch as f64 / seconds, flops / seconds);
        let mode = match self.mode {
            BenchMode::Train => "train",
            BenchMode::Infer => "infer",
        };
        let mut table =
            Table::new([Column::left("layer"), Column::right("ms"), Column::right("GFLOP/s"), Column::right("share")]);
        for layer in &layers {
            let share = number::percent(layer.seconds / all);
            table.row([
                layer.name.clone(),
                format!("{:.3}", 1e3 * layer.seconds),
                format!("{:.1}", giga(layer.rate())),
                share,
            ]);
        }
        let head = format!(
            "{} on {}, {mode}, batch {}: {:.0} images/s, {:.3} ms a step, {:.1} GFLOP/s\n\
             the peak at this moment, a product of {PEAK_SIDE}x{PEAK_SIDE} matrices: {:.1} GFLOP/s",
            self.net,
            self.device.device().name,
            self.batch,
            images,
            1e3 * seconds,
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
        Output::page("bench", &Page::default().text(head).table(table), data)
    }

    /// The plan's steps, added up by layer; what belongs to none is `other`.
    fn layers(&self, parts: &[f64]) -> Vec<LayerTime> {
        let graph = &self.plan.graph;
        let named = graph.layers.iter().map(|layer| layer.name.clone()).chain(["other".to_string()]);
        let mut layers: Vec<LayerTime> =
            named.map(|name| LayerTime { name, seconds: 0.0, flops: 0.0, steps: 0 }).collect();
        let other = layers.len() - 1;
        for (step, seconds) in self.plan.steps.iter().zip(parts) {
            // What is fused counts where its step ends.
            // What is fused counts where its step ends.
            let node = graph.node(step.node());
            let layer = &mut layers[node.layer.map_or(other, |layer| layer.index())];
            layer.seconds += seconds;
            layer.flops += step.nodes.iter().map(|&id| graph.cost(graph.node(id)).flops as f64).sum::<f64>();
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

/// A plan that runs again and again on made-up inputs.
struct Timed {
    task: Task,
    inputs: Vec<(String, Tensor)>,
    runs: u32,
}

impl Timed {
    /// Makes the plan runnable, until an interrupt.
    fn new(device: &Arc<dyn Backend>, plan: Plan, world: &World) -> Result<Self, TrainError> {
        let made = |(i, input): (usize, &fovea_graph::Input)| (input.name.clone(), made_up(i, input));
        let inputs = plan.graph.inputs.iter().enumerate().map(made).collect();
        Ok(Self { task: Task::new_unless(device, plan, 0, &*world.interrupted)?, inputs, runs: 0 })
    }

    /// Begins a run; an interrupt breaks it off.
    fn begin(&mut self, world: &World, mut before: impl FnMut()) -> Result<(), TrainError> {
        let feeds: Vec<(&str, &Tensor)> = self.inputs.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        // A rate of 0: a net that learns noise may run away, and what is not finite takes another time.
        let numbers = Numbers { learning_rate: 0.0, seed: 0, step: self.runs };
        self.runs += 1;
        self.task.begin(&feeds, numbers, &world.interrupted, &mut |_| before())
    }

    /// A run's median time, from the end of one to the end of the next, as many under way as the device takes; after an
    /// interrupt, of those that were complete.
    fn whole(&mut self, world: &World) -> Result<f64, TrainError> {
        self.task.stepwise(false);
        let depth = self.task.depth();
        let (mut ends, mut under_way) = (Vec::new(), 0);
        let began = Instant::now();
        while world.go_on().is_ok() && (ends.len() <= WARM_UP + RUNS || began.elapsed() < TIME) {
            self.begin(world, || ())?;
            under_way += 1;
            if under_way == depth {
                under_way -= 1;
                if self.task.finish()? == Outcome::Interrupted {
                    break;
                }
                ends.push(Instant::now());
            }
        }
        for _ in 0..under_way {
            self.task.finish()?;
        }
        Ok(median(ends.windows(2).skip(WARM_UP).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect()))
    }

    /// The median time of each of the plan's steps, one complete before the next begins.
    fn parts(&mut self, world: &World) -> Result<Vec<f64>, TrainError> {
        let steps = self.task.plan().steps.len();
        let mut parts = vec![Vec::new(); steps];
        self.task.stepwise(true);
        let began = Instant::now();
        for run in 0.. {
            let mut marks = Vec::with_capacity(steps + 1);
            self.begin(world, || marks.push(Instant::now()))?;
            if self.task.finish()? == Outcome::Interrupted || run >= WARM_UP + RUNS && began.elapsed() >= TIME {
                break;
            }
            for (part, pair) in parts.iter_mut().zip(marks.windows(2)).filter(|_| run >= WARM_UP) {
                part.push((pair[1] - pair[0]).as_secs_f64());
            }
        }
        Ok(parts.into_iter().map(median).collect())
    }
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
