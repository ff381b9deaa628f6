//! Every network of the library takes a training step on the CPU, at a smaller input where its own would take minutes.
#![allow(clippy::unwrap_used)]

use fovea_dsl::library;
use fovea_dsl::lower::{Mode, lower};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, resolve};
use fovea_dsl::scope::Scope;
use fovea_dsl::syntax::{ExprKind, ItemKind};
use fovea_graph::fuse::fuse;
use fovea_graph::training::{Optimizer, training_step};
use fovea_tests::steps::step;

/// The net, with pictures as small as its poolings allow where it declares its own input.
fn smaller(name: &str) -> Net {
    let mut definition = library::find(name).unwrap().clone();
    if let ItemKind::Shape(sizes) = &mut definition.chain.items[0].kind {
        let size = match name {
            "alexnet" | "alexnet.grouped" | "alexnet.torchvision" => 67.0,
            "googlenet" | "googlenet.torchvision" => 64.0,
            // Its 7x7 convolution takes the whole of the last map.
            "deconvnet" => 224.0,
            _ => 32.0,
        };
        for side in &mut sizes[..2] {
            side.kind = ExprKind::Number(size);
        }
    }
    match resolve(&definition, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => net,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_network_of_the_library_takes_a_step() {
    let names: Vec<&str> = library::list().into_iter().map(|(name, _)| name).collect();
    assert!(names.len() >= 31, "{names:?}");
    for name in names {
        let net = smaller(name);
        let classes = *net.output().last().unwrap();
        // Batch normalisation needs more than one position a channel.
        let batch = if net.input()[0] > 64 { 1 } else { 2 };
        let forward = lower(&net, batch, Mode::Train).unwrap();
        let training = training_step(&forward, &Optimizer::Sgd { momentum: 0.9, decay: 1e-4 }).unwrap();
        let stepped = step(fuse(&training), classes as u64);
        assert!(stepped.loss > 0.0, "{name}: {}", stepped.loss);
        let finite = stepped.states.iter().all(|state| state.iter().all(|x| x.is_finite()));
        assert!(finite, "{name}: a state is not finite");
    }
}
