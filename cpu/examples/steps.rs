//! The fastest of many training steps, and of every op in them: `cargo run --release -p fovea-cpu --example steps -- lenet 64 1`
//! (net, batch, threads, seconds).
#![allow(clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use fovea_cpu::Cpu;
use fovea_graph::Outcome;
use fovea_graph::fuse::fuse;
use fovea_graph::training::{Decay, training_step};
use support::{Training, adam, lenet, pattern, residual, sgd};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, otherwise: usize| args.get(i).map_or(otherwise, |a| a.parse().unwrap());
    let (batch, threads, seconds) = (number(1, 64), number(2, 1), number(3, 2));
    let forward = match args.first().map_or("lenet", String::as_str) {
        "pattern" => pattern(batch),
        "residual" => residual(batch, 32),
        _ => lenet(batch),
    };
    let optimizer = if forward.name == "residual" { adam(Decay::Weights) } else { sgd() };
    let step = fuse(&training_step(&forward, &optimizer).unwrap());
    let mut training = Training::of(&Cpu::new(Some(threads)).unwrap(), step);
    assert_eq!(training.step(0), Outcome::Done);

    let steps = training.program.plan().steps.len();
    let mut spent = vec![Duration::MAX; steps + 1];
    let mut fastest = Duration::MAX;
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(seconds as u64) {
        let begin = Instant::now();
        let (mut last, mut op) = (begin, steps);
        let outcome = training.step_watched(count + 1, &mut |next| {
            let now = Instant::now();
            spent[op] = spent[op].min(now - last);
            (last, op) = (now, next);
            ControlFlow::Continue(())
        });
        assert_eq!(outcome, Outcome::Done);
        count += 1;
        fastest = fastest.min(begin.elapsed());
    }
    let mean = start.elapsed() / count;

    let plan = training.program.plan();
    for (step, time) in plan.steps.iter().zip(&spent) {
        let node = plan.graph.node(step.node());
        let flops: u64 = step.nodes.iter().map(|&id| plan.graph.cost(plan.graph.node(id)).flops).sum();
        let rate = flops as f64 / time.as_secs_f64() / 1e9;
        let (op, us) = (node.op.word(), time.as_secs_f64() * 1e6);
        println!("{op:20} {:20} {:14} {us:9.1} us {rate:7.1} GFLOP/s", step.kernel.to_string(), node.shape.to_string());
    }
    let rate = |time: Duration| batch as f64 / time.as_secs_f64();
    let flops = plan.graph.total_cost().flops as f64 / fastest.as_secs_f64() / 1e9;
    let sum: Duration = spent[..steps].iter().sum();
    let name = &forward.name;
    println!(
        "{name} batch {batch}, {threads} threads: mean {:.0} images/s, best {:.0} ({flops:.1} GFLOP/s), each op's best {:.0}",
        rate(mean),
        rate(fastest),
        rate(sum)
    );
}
