//! The memory that the library's nets are planned to take.
#![allow(clippy::unwrap_used)]

use fovea_cpu::Cpu;
use fovea_dsl::library;
use fovea_dsl::lower::{Mode, lower};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_graph::fuse::fuse;
use fovea_graph::plan::plan;
use fovea_graph::training::{Optimizer, training_step};

/// The arena at batch 2 in elements, for inference and for a training step with momentum, as greedy placement by size has
/// it when each value looks at every other.
const ARENAS: &[(&str, usize, usize)] = &[
    ("alexnet", 860736, 64087825),
    ("alexnet.grouped", 1301568, 63499729),
    ("alexnet.torchvision", 658688, 62694801),
    ("allconv", 531456, 2433089),
    ("deconvnet", 14450688, 307988849),
    ("fcn16", 12983296, 167087841),
    ("fcn32", 12983296, 168424753),
    ("fcn8", 12983296, 166761617),
    ("googlenet", 2408448, 17196225),
    ("googlenet.torchvision", 3211456, 21379505),
    ("lenet", 11760, 94849),
    ("plain18", 3211456, 20030289),
    ("plain34", 3211456, 32692305),
    ("resnet101", 4817664, 81960785),
    ("resnet101.paper", 4817664, 79636305),
    ("resnet152", 4817664, 109239121),
    ("resnet152.paper", 4817664, 106914641),
    ("resnet18", 3211456, 20598865),
    ("resnet18.identity", 3211456, 20230993),
    ("resnet34", 3211456, 33260881),
    ("resnet34.identity", 3211456, 32893009),
    ("resnet50", 4817664, 58895185),
    ("resnet50.paper", 4817664, 56981329),
    ("unet", 33554432, 116429025),
    ("vgg.B", 12983296, 162198737),
    ("vgg.C", 12983296, 163805393),
    ("vgg.D", 12983296, 168523985),
    ("vgg11", 8028160, 152860113),
    ("vgg13", 12983296, 162198737),
    ("vgg16", 12983296, 168523985),
    ("vgg19", 12983296, 175439313),
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
    let cpu = Cpu::new(Some(1)).unwrap();
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
