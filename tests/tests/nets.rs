//! Random nets: what the check accepts trains, and fusing changes nothing that is computed.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea::session::Session;
use fovea_cpu::Cpu;
use fovea_dsl::lower::{Mode, lower};
use fovea_graph::Tensor;
use fovea_graph::fuse::fuse;
use fovea_graph::training::{Optimizer, training_step};
use fovea_tests::compare::norm;
use fovea_tests::nets::net as net_of;
use fovea_tests::steps::{Stepped, step};
use proptest::prelude::*;

const BATCH: usize = 3;
const CLASSES: usize = 4;

/// A layer of a chain, with or without options; not all chains of them fit together.
fn layer() -> impl Strategy<Value = String> {
    prop_oneof![
        (1usize..9, 1usize..6, 1usize..4, 0usize..3).prop_map(|(f, k, s, p)| format!("conv {f} {k}x{k} /{s} pad {p}")),
        (1usize..9, 1usize..4).prop_map(|(f, k)| format!("conv {f} {k}x{k}")),
        (1usize..5, 1usize..3).prop_map(|(f, d)| format!("conv {f} same dilate {d} nobias")),
        Just("conv 4 groups 2".to_string()),
        Just("relu".to_string()),
        Just("pool".to_string()),
        (2usize..4, 1usize..3).prop_map(|(k, s)| format!("pool {k}x{k}/{s} ceil")),
        Just("pool avg 2x2 same".to_string()),
        Just("pool avg global".to_string()),
        Just("dropout 0.3".to_string()),
        Just("flatten".to_string()),
        (1usize..12).prop_map(|u| format!("fc {u}")),
        Just("softmax".to_string()),
    ]
}

/// A whole net's text: a chain, part of it in a group that repeats.
fn net() -> impl Strategy<Value = String> {
    let shape = (1usize..13, 1usize..13, 1usize..5).prop_map(|(h, w, c)| format!("{h}x{w}x{c}"));
    let layers = || prop::collection::vec(layer(), 0..4).prop_map(|l| l.join(" - "));
    (shape, layers(), layers(), 0usize..3, layers()).prop_map(|(shape, a, b, turns, c)| {
        let group = if b.is_empty() { String::new() } else { format!("({b})^{turns}") };
        let links = [shape, a, group, c].into_iter().filter(|link| !link.is_empty());
        format!("net t = {}, softmax {CLASSES}", links.collect::<Vec<_>>().join(" - "))
    })
}

fn accepted(text: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let mut session = Session::new(Arc::new(Cpu::new(Some(1)).unwrap()), runs, Arc::new(AtomicBool::new(false)));
    session.check("net.fov", text).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_the_check_accepts_trains_and_fusing_changes_nothing(text in net()) {
        prop_assume!(accepted(&text));
        let forward = lower(&net_of(&text), BATCH, Mode::Train).unwrap();
        let whole = training_step(&forward, &Optimizer::Sgd { momentum: 0.9, decay: 1e-4 }).unwrap();
        let Stepped { loss: plain_loss, states: plain } = step(whole.clone(), CLASSES as u64);
        let Stepped { loss: fused_loss, states: fused } = step(fuse(&whole), CLASSES as u64);
        prop_assert!((plain_loss - fused_loss).abs() <= 1e-5 * plain_loss.abs().max(1.0), "{plain_loss} {fused_loss}");
        for (state, (a, b)) in whole.states.iter().zip(plain.iter().zip(&fused)) {
            let wide = |t: &Tensor| t.mapv(f64::from);
            let (a, difference) = (wide(a), wide(a) - wide(b));
            prop_assert!(norm(&difference) <= 1e-5 * norm(&a).max(1e-3), "{}", state.name);
        }
    }
}
