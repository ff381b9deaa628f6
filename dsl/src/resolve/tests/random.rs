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
    let wide = prop::sample::select(vec![
        "bn",
        "lrn",
        "lrn size 2",
        "leaky 0.1",
        "gelu",
        "upsample 2",
        "upsample 3 bilinear",
        "pad 1",
        "crop 2",
        "deconv 3",
        "deconv 2 size 3 /3",
        "deconv 2 size 5 /2 valid",
        "deconv 4 to input",
        "conv 4 size 3",
        "conv 4 size 2 /2",
        "pool 3/2",
        "pool 2 - unpool pool1",
        "add(conv 3 | shortcut)",
        "add(conv 4 size 3 /2 - bn | shortcut)",
        "add(conv 20 size 3 /2 | shortcut zeros) - relu",
        "add(id | id | relu)",
        "concat(conv 2 | id)",
        "concat(pool 2 - upsample 2 | id)",
        "aux 0.3 (fc 3 - relu, softmax)",
        "conv 4 as c - concat(id | c - relu)",
        "twice(3) - twice()",
    ]);
    let rest = prop_oneof![1 => rest, 2 => wide].prop_map(str::to_string);
    prop_oneof![3 => conv, 2 => pool, 1 => groups, 8 => rest]
}

fn chain() -> impl Strategy<Value = String> {
    let group = (prop::collection::vec(layer(), 1..3), 0..3usize)
        .prop_map(|(layers, turns)| format!("({})^{turns}", layers.join(" - ")));
    let listed = (1..5usize, 1..5usize, 1..3usize)
        .prop_map(|(a, b, n)| format!("[(conv {{{a},{b}}} {{1,3}}x1 - relu)^{{{n},1}} as e - pool 1]^i=2"));
    let size = || 1..13usize;
    let input = prop_oneof![
        6 => (size(), size(), 1..5usize).prop_map(|(h, w, c)| vec![h, w, c]),
        2 => (size(), 1..5usize).prop_map(|(n, c)| vec![n, c]),
        2 => (1..7usize, 1..7usize, 1..7usize, 1..3usize).prop_map(|(h, w, t, c)| vec![h, w, t, c]),
    ];
    let head = prop::option::of(1..5usize);
    (input, prop::collection::vec(prop_oneof![6 => layer(), 2 => group, 1 => listed], 1..6), head).prop_map(
        |(input, items, head)| {
            let input = fovea_graph::shape::join(&input);
            let block = "block twice(c=2) = add(conv c size 3 - relu - conv c size 1 | shortcut)";
            let mut text = format!("{block}\nnet n = {input} - {}", items.join(" - "));
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
        // A side classifier's classes are open where the net's own are.
        let Resolved::Net(net) = resolved else { return Ok(()) };
        let train = lower(&net, batch, Mode::Train).unwrap();
        let infer = lower(&net, batch, Mode::Infer).unwrap();
        prop_assert_eq!(&train.states, &infer.states);
        for graph in [&train, &infer] {
            promised_shapes(&net, graph, batch);
        }
        describes_itself(&net);
        prop_assert!(net.receptive_fields().iter().flatten().all(|field| field.size >= 1.0 && field.jump > 0.0));
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

/// What a chain prints of itself, every default filled in, is the same net; but for paddings that differ on the two sides,
/// which cannot be written, and what depends on the layers around.
fn describes_itself(net: &Net) {
    let layers: Vec<String> = net.layers[1..].iter().map(|layer| layer.to_string()).collect();
    let is_chain = net.layers.iter().enumerate().skip(1).all(|(at, layer)| layer.inputs == [at - 1]);
    let depends = |layer: &crate::net::Layer| {
        matches!(
            layer.kind,
            Kind::BatchNorm { .. } | Kind::Deconv { .. } | Kind::Widen(_) | Kind::Concat | Kind::Add | Kind::Side(_)
        )
    };
    if !is_chain || layers.iter().any(|layer| layer.contains('+')) || net.layers.iter().any(depends) {
        return;
    }
    let written = format!("net n = {} - {}", fovea_graph::shape::join(net.input()), layers.join(" - "));
    let kinds = |net: &Net| net.layers.iter().map(|l| (l.kind.clone(), l.output.clone())).collect::<Vec<_>>();
    assert_eq!(kinds(&super::net(&written)), kinds(net), "{written}");
}

fn number() -> impl Strategy<Value = &'static str> {
    let usual = prop::sample::select(vec!["1", "2", "3", "4", "7", "N", "(N+1)"]);
    let large =
        prop::sample::select(vec!["1000", "65536", "1000000", "1048576", "1000000000", "1099511627776", "(2^40)"]);
    let wrong = prop::sample::select(vec![
        "0",
        "9007199254740993",
        "(1/3)",
        "(0/0)",
        "(1-2)",
        "(10^300*10)",
        "{1,2}",
        "{2,1000000,3}",
        "W",
        "i",
        "nowhere",
    ]);
    prop_oneof![16 => usual, 8 => large, 1 => wrong]
}

fn turns() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["0", "1", "2", "N", "(N-1)", "{1,2}", "50", "1000000000"])
}

fn item() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "conv",
        "pool",
        "avgpool",
        "fc",
        "dropout",
        "relu",
        "softmax",
        "flatten",
        "deconv",
        "deconv",
        "upsample",
        "crop",
        "pad",
        "lrn",
        "bn",
        "leaky",
        "unpool pool1",
    ]);
    let option = prop_oneof![
        number().prop_map(str::to_string),
        (number(), number()).prop_map(|(a, b)| format!("{a}x{b}")),
        number().prop_map(|n| format!("/{n}")),
        (prop::sample::select(vec!["pad", "stride", "dilate", "groups", "filters", "size"]), number())
            .prop_map(|(key, n)| format!("{key} {n}")),
        prop::sample::select(vec![
            "same", "valid", "ceil", "global", "bias", "nobias", "bilinear", "to input", "to e1"
        ])
        .prop_map(str::to_string),
        (number(), number()).prop_map(|(a, b)| format!("to {a}x{b}")),
    ];
    let layer =
        (word, prop::collection::vec(option, 0..4)).prop_map(|(word, options)| format!("{word} {}", options.join(" ")));
    let shape = prop::collection::vec(number(), 2..5).prop_map(|sizes| sizes.join("x"));
    prop_oneof![4 => layer, 1 => shape, 1 => Just("conv 4 as e".to_string())]
}

fn nasty() -> impl Strategy<Value = String> {
    let group = (prop::collection::vec(item(), 1..3), turns(), any::<bool>())
        .prop_map(|(items, n, named)| format!("({})^{}{n}", items.join(" - "), if named { "i=" } else { "" }));
    let nested = (group, turns()).prop_map(|(group, n)| format!("[{group} - relu]^{n}"));
    let join = (prop::sample::select(vec!["add", "concat"]), item(), item(), turns(), 0..5usize).prop_map(
        |(word, one, two, n, other)| {
            let other = ["id", "shortcut", "shortcut zeros", "e1", "e{N,2}"][other];
            format!("{word}({one} - {two} | {other})^{n}")
        },
    );
    let call = (number(), number(), turns()).prop_map(|(a, b, n)| format!("basic({a}, {b})^{n}"));
    let nested = prop_oneof![2 => nested, 2 => join, 1 => call];
    let items = prop::collection::vec(prop_oneof![3 => item(), 1 => nested], 1..4);
    (number(), number(), items, prop::option::of(number())).prop_map(|(size, channels, items, head)| {
        let head = head.map_or(String::new(), |n| format!(", softmax {n}"));
        format!("net n = {size}x{size}x{channels} - {}{head} where N=3, W={{4,5}}", items.join(" - "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_can_be_written_overflows(text in nasty(), batch in prop::sample::select(vec![1, 64, 1 << 20, 1 << 39])) {
        let source = Source { id: SourceId(0), name: "test".into(), text: text.clone() };
        let (program, _) = parse(&source);
        let Some(StatementKind::Net(def)) = program.statements.first().map(|s| &s.kind) else { return Ok(()) };
        match resolve(def, &Scope::default(), None, Some(10)) {
            Ok(Resolved::Net(net)) => {
                let Ok(graph) = lower(&net, batch, Mode::Train) else { return Ok(()) };
                let step = training_step(&graph, &Optimizer::Sgd { momentum: 0.9, decay: 5e-4 });
                step.map_or(graph, |step| step).total_cost();
            }
            Ok(Resolved::Open(open)) => prop_assert!(open.complete(None, None).is_err()),
            Err(errors) => {
                for error in errors {
                    prop_assert!(text.get(error.span().range()).is_some_and(|words| !words.is_empty()), "{:?}", error);
                }
            }
        }
    }
}
