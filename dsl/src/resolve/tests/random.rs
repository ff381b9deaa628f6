//! Random small nets: what resolves also lowers, with the shapes that were promised, and makes a training step.

use std::fmt::Write;

use fovea_graph::NodeId;
use fovea_graph::training::{Optimizer, training_step};
use fovea_graph::verify::verify;
use proptest::prelude::*;

use super::*;

fn layer() -> impl Strategy<Value = String> {
    let conv =
        (1..6usize, 1..6usize, 1..4usize, 0..5usize, 1..3usize).prop_map(|(filters, size, stride, padding, dilate)| {
            let padding = ["", "same", "valid", "pad 1", "pad 2"][padding];
            format!("conv {filters} {size}x{} /{stride} {padding} dilate {dilate}", size + 1)
        });
    let pool = (1..4usize, 1..4usize, 0..4usize, any::<bool>()).prop_map(|(size, stride, option, avg)| {
        let option = ["", "same", "ceil", "pad 1"][option];
        format!("pool {} {size}x{size} /{stride} {option}", if avg { "avg" } else { "max" })
    });
    let groups = (1..4usize).prop_map(|n| format!("conv {} groups {n} nobias", 2 * n));
    let rest = prop::sample::select(vec![
        "conv",
        "relu",
        "dropout",
        "dropout 0.1",
        "flatten",
        "fc 7",
        "fc 5 nobias",
        "softmax",
        "pool",
        "pool global",
    ]);
    prop_oneof![3 => conv, 2 => pool, 1 => groups, 4 => rest.prop_map(str::to_string)]
}

fn chain() -> impl Strategy<Value = String> {
    let group = (prop::collection::vec(layer(), 1..3), 0..3usize)
        .prop_map(|(layers, turns)| format!("({})^{turns}", layers.join(" - ")));
    let input = (1..13usize, 1..13usize, 1..5usize);
    let head = prop::option::of(1..5usize);
    (input, prop::collection::vec(prop_oneof![3 => layer(), 1 => group], 1..6), head).prop_map(
        |((h, w, c), items, head)| {
            let mut text = format!("net n = {h}x{w}x{c} - {}", items.join(" - "));
            if let Some(classes) = head {
                write!(text, ", softmax {classes}").unwrap();
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_resolves_lowers_and_trains(text in chain(), batch in 1..4usize) {
        let (def, scope) = program(&text);
        let Ok(resolved) = resolve(&def, &scope, None, None) else { return Ok(()) };
        let Resolved::Net(net) = resolved else { panic!("nothing is open: {text}") };
        let train = lower(&net, batch, Mode::Train).unwrap();
        let infer = lower(&net, batch, Mode::Infer).unwrap();
        prop_assert_eq!(&train.states, &infer.states);
        for graph in [&train, &infer] {
            promised_shapes(&net, graph, batch);
        }
        describes_itself(&net);
        let step = training_step(&train, &Optimizer::Sgd { momentum: 0.9, decay: 5e-4 }).unwrap();
        for graph in [&train, &infer, &step] {
            prop_assert_eq!(verify(graph), Ok(()));
        }
    }
}

/// Every layer's last node has the shape that the net says.
fn promised_shapes(net: &Net, graph: &Graph, batch: usize) {
    for layer in &net.layers[1..] {
        let of_layer = |id: &NodeId| graph.node(*id).layer.is_some_and(|l| graph.layers[l.index()].name == layer.name);
        if let Some(last) = graph.ids().rev().find(of_layer) {
            assert_eq!(graph.shape(last).dims(), [&[batch], &layer.output[..]].concat(), "{net}");
        }
    }
    let result = graph.find_output("result").unwrap();
    assert_eq!(graph.shape(result).dims()[1..], *net.output(), "{net}");
}

/// What the net prints of itself, every default filled in, is the same net; only paddings that differ on the two sides
/// cannot be written.
fn describes_itself(net: &Net) {
    let layers: Vec<String> = net.layers[1..].iter().map(|layer| layer.kind.to_string()).collect();
    if layers.iter().any(|layer| layer.contains('+')) {
        return;
    }
    let written = format!("net n = {} - {}", fovea_graph::shape::join(net.input()), layers.join(" - "));
    let kinds = |net: &Net| net.layers.iter().map(|l| (l.kind.clone(), l.output.clone())).collect::<Vec<_>>();
    assert_eq!(kinds(&super::net(&written)), kinds(net), "{written}");
}
