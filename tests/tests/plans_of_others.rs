//! A plan runs on the kind of machine that it was made for: all others refuse it in a sentence, and run nothing.
#![allow(clippy::unwrap_used)]

use fovea_cpu::Cpu;
use fovea_graph::backend::Exchange;
use fovea_graph::plan::plan;
use fovea_graph::{Backend, BackendError};
use fovea_tests::cuda::TestGpu;
use fovea_tests::lenet::step;

#[test]
fn a_plan_for_the_cpu_is_refused_by_a_gpu_and_the_reverse() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let gpu: &dyn Backend = &gpu.backend;
    let cpu = Cpu::new(Some(2)).unwrap();
    let graph = step();
    let refused = |on: &dyn Backend, by: &dyn Backend| on.compile(plan(graph.clone(), by)).err().unwrap().to_string();
    let there = refused(gpu, &cpu);
    assert_eq!(there, format!("the plan was made for {}, and this is {}", cpu.machine(), gpu.device().name));
    let here = refused(&cpu, gpu);
    assert_eq!(here, format!("the plan was made for cuda, and this is {}", cpu.machine()));
    // Under another name it is the kernels that are not its own.
    let mut renamed = plan(graph.clone(), &cpu);
    renamed.machine = gpu.machine();
    let kernels = gpu.compile(renamed).err().unwrap().to_string();
    assert_eq!(kernels, "the plan's step for conv was made for another device");
}

struct Nothing;

impl Exchange for Nothing {
    fn exchange(&mut self, _: &mut [(&str, &mut [f32])]) -> Result<(), BackendError> {
        Ok(())
    }
}

#[test]
fn a_gpu_refuses_to_exchange_gradients() {
    let Some(gpu) = TestGpu::open(true) else { return };
    let gpu: &dyn Backend = &gpu.backend;
    let graph = step();
    let mut program = gpu.compile(plan(graph, gpu)).unwrap();
    let refused = program.exchange_by(Box::new(Nothing)).unwrap_err().to_string();
    assert_eq!(refused, "cuda cannot run an exchange of gradients between machines");
}
