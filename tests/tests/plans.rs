//! The memory that the library's nets are planned to take.
#![allow(clippy::unwrap_used)]

use fovea_cpu::{Cpu, Instructions};
use fovea_dsl::library;
use fovea_dsl::lower::{Mode, lower};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::{Optimizer, training_step};

/// The arena at batch 2 in bytes, for inference and for a training step with momentum, as greedy placement by size has it
/// when each value looks at every other; by the kernels that need no vector instructions, so that it is one on all machines.
const ARENAS: &[(&str, usize, usize)] = &[
    ("alexnet", 3234048, 255437380),
    ("alexnet.grouped", 4646400, 254154436),
    ("alexnet.torchvision", 3060992, 250366532),
    ("allconv", 4830720, 10778372),
    ("deconvnet", 64225280, 1236772292),
    ("fcn16", 52246528, 668352388),
    ("fcn32", 52246528, 673700036),
    ("fcn8", 52246528, 667047492),
    ("googlenet", 9633792, 71310916),
    ("googlenet.torchvision", 12848128, 86522564),
    ("lenet", 47040, 368580),
    ("plain18", 12848128, 81939780),
    ("plain34", 12848128, 132587844),
    ("resnet101", 19270656, 332168516),
    ("resnet101.paper", 19270656, 323673412),
    ("resnet152", 19270656, 441281860),
    ("resnet152.paper", 19270656, 432786756),
    ("resnet18", 12848128, 85016900),
    ("resnet18.identity", 12848128, 83545412),
    ("resnet34", 12848128, 135664964),
    ("resnet34.identity", 12848128, 134193476),
    ("resnet50", 19270656, 239906116),
    ("resnet50.paper", 19270656, 231812420),
    ("unet", 166476800, 465716100),
    ("vgg.B", 52246528, 648794948),
    ("vgg.C", 52246528, 656564036),
    ("vgg.D", 52246528, 674096964),
    ("vgg11", 32112640, 610259780),
    ("vgg13", 52246528, 648794948),
    ("vgg16", 52246528, 674096964),
    ("vgg19", 52246528, 701757252),
];

fn net(name: &str) -> Net {
    match resolve(library::find(name).unwrap(), &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => net,
        Ok(Resolved::Open(open)) => open.complete(open.input().or(Some(&[224, 224, 3])), Some(10)).unwrap(),
        Err(mistakes) => panic!("{name}: {mistakes:?}"),
    }
}

#[test]
fn no_net_of_the_library_takes_more_memory_than_the_slow_search_finds() {
    let cpu = Cpu::with(Some(1), Instructions::Plain).unwrap();
    let sgd = Optimizer::Sgd { momentum: 0.9, decay: 1e-4 };
    for &(name, infer, train) in ARENAS {
        let net = net(name);
        let inference = plan(fuse(&lower(&net, 2, Mode::Infer).unwrap()), &cpu);
        let step = training_step(&lower(&net, 2, Mode::Train).unwrap(), &sgd).unwrap();
        let training = plan(fuse(&step), &cpu);
        assert!(inference.arena <= infer, "{name}, inference: {} where {infer} do", inference.arena);
        assert!(training.arena <= train, "{name}, training: {} where {train} do", training.arena);
    }
    assert_eq!(ARENAS.len(), library::list().len(), "a net of the library has no figure here");
}
