//! The passes from a forward graph to a plan, on a small net: as text before and after.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_graph::fuse::fuse;
use fovea_graph::op::{PoolKind, Transpose};
use fovea_graph::plan::{Place, plan};
use fovea_graph::text::parse;
use fovea_graph::training::{Optimizer, training_step, with_loss};
use fovea_graph::verify::verify;
use fovea_graph::window::Rounding;
use fovea_graph::{Graph, Init, NodeId, Op, Role, Shape, Span, State, op};
use support::Chooser;

fn parameter(name: &str, dims: &[usize], init: Init) -> State {
    State { name: name.into(), shape: Shape::new(dims).unwrap(), role: Role::Parameter, init }
}

/// `8x8x1 - conv 2 - relu - pool - fc 3, softmax`, at a batch of 2.
fn forward() -> Graph {
    let mut g = Graph::new("small");
    let x = g.input("images", Shape::new([2, 8, 8, 1]).unwrap());
    let layer = Some(g.layer("conv1", "conv", Span::default()));
    let (_, w) = g.state(parameter("conv1.filter", &[2, 3, 3, 1], Init::HeNormal { fan_in: 9 }), layer);
    let conv = op::Conv { pad: vec![[1, 1]; 2], ..op::Conv::plain(2) };
    let y = g.push(Op::Conv(conv), &[x, w], layer).unwrap();
    let (_, b) = g.state(parameter("conv1.bias", &[2], Init::Zeros), layer);
    let y = g.push(Op::Bias(op::Bias {}), &[y, b], layer).unwrap();
    let layer = Some(g.layer("relu1", "relu", Span::default()));
    let y = g.push(Op::Relu(op::Relu {}), &[y], layer).unwrap();
    let layer = Some(g.layer("pool1", "pool", Span::default()));
    let pool = op::Pool {
        kind: PoolKind::Max,
        size: vec![2, 2],
        stride: vec![2, 2],
        pad: vec![[0, 0]; 2],
        rounding: Rounding::Floor,
    };
    let y = g.push(Op::Pool(pool), &[y], layer).unwrap();
    let layer = Some(g.layer("fc1", "fc", Span::default()));
    let y = g.push(Op::Reshape(op::Reshape { shape: Shape::new([2, 32]).unwrap() }), &[y], layer).unwrap();
    let (_, w) = g.state(parameter("fc1.weight", &[3, 32], Init::HeNormal { fan_in: 32 }), layer);
    let y = g.push(Op::Matmul(op::Matmul::new(Transpose::No, Transpose::Yes)), &[y, w], layer).unwrap();
    let layer = Some(g.layer("softmax1", "softmax", Span::default()));
    let y = g.push(Op::Softmax(op::Softmax {}), &[y], layer).unwrap();
    g.output("result", y);
    g
}

fn sgd() -> Optimizer {
    Optimizer::Sgd { momentum: 0.9, decay: 5e-4 }
}

#[test]
fn a_training_step_has_each_gradient_once_and_none_for_the_images() {
    let step = fuse(&training_step(&forward(), &sgd()).unwrap());
    verify(&step).unwrap();
    let words: Vec<&str> = step.nodes.iter().map(|n| n.op.word()).filter(|w| *w != "state").collect();
    let expected = [
        "input",
        "conv",
        "pool",
        "reshape",
        "matmul",
        "input",
        "cross_entropy",
        "correct",
        "fill",
        "cross_entropy_grad",
        "matmul",
        "matmul",
        "reshape",
        "pool_grad",
        "relu_grad",
        "channel_sum",
        "conv_wgrad",
        "sgd_velocity",
        "sgd_step",
        "sgd_velocity",
        "sgd_step",
        "sgd_velocity",
        "sgd_step",
    ];
    assert_eq!(words, expected, "\n{step}");
    assert_eq!(step.updates.len(), 6);
}

#[test]
fn the_text_form_of_every_stage_reads_back() {
    let forward = forward();
    let step = training_step(&forward, &sgd()).unwrap();
    for graph in [with_loss(&forward).unwrap(), fuse(&step), fuse(&forward), step, forward] {
        assert_eq!(parse(&graph.to_string()).unwrap(), graph);
    }
}

#[test]
fn a_text_that_is_no_graph_says_where() {
    let text = forward().to_string();
    let wrong = text.replace("%2 = conv %0 %1", "%2 = conv %0 %7");
    assert_eq!(parse(&wrong).unwrap_err().why, "`%7` is no earlier node");
    let wrong = text.replace("2x8x8x2 @relu1", "2x8x8x9 @relu1");
    assert_eq!(parse(&wrong).unwrap_err().why, "2x8x8x9 is written, but the op gives 2x8x8x2");
    assert!(parse(&text.replace("softmax %", "sofmax %")).unwrap_err().why.contains("sofmax"));
}

#[test]
fn verification_finds_what_a_broken_pass_would_leave() {
    let broken = |change: &dyn Fn(&mut Graph)| {
        let mut graph = training_step(&forward(), &sgd()).unwrap();
        change(&mut graph);
        verify(&graph).unwrap_err()
    };
    let later = broken(&|g| g.nodes[2].inputs[0] = NodeId(9));
    assert_eq!(later, "%2 reads %9, which does not stand before it");
    let shape = broken(&|g| g.nodes[2].shape = Shape::new([1, 1]).unwrap());
    assert_eq!(shape, "%2 is 1x1, but its op gives 2x8x8x2");
    let twice = broken(&|g| g.updates[1].0 = g.updates[0].0);
    assert_eq!(twice, "conv1.filter.velocity is updated twice");
    let order = broken(&|g| g.states[0].role = Role::Moment);
    assert_eq!(order, "a moment stands before a state of another role");
    let name = broken(&|g| g.layers[1].name = "conv1".into());
    assert_eq!(name, "two layers are called conv1");
}

#[test]
fn a_plan_writes_states_last_and_shares_memory() {
    let step = fuse(&training_step(&forward(), &sgd()).unwrap());
    let all: usize = step.nodes.iter().map(|n| n.shape.elements()).sum();
    let plan = plan(step, &Chooser::default());
    plan.verify().unwrap();
    assert!(plan.arena < 4 * (all + 1000), "{plan}");
    let writes_state = |i: usize| matches!(plan.place(plan.steps[i].node()), Place::State(_));
    assert!((0..plan.commit).all(|i| !writes_state(i)) && (plan.commit..plan.steps.len()).all(writes_state), "{plan}");
    let reshape = plan.graph.ids().find(|&id| matches!(plan.graph.node(id).op, Op::Reshape(_))).unwrap();
    let input = plan.graph.node(reshape).inputs[0];
    assert_eq!(plan.place(reshape), plan.place(input));
    assert!(plan.to_string().contains("im2col"), "{plan}");
}

#[test]
fn a_plan_that_overwrites_what_is_still_read_is_found() {
    let step = fuse(&training_step(&forward(), &sgd()).unwrap());
    let mut plan = plan(step, &Chooser::default());
    let arena: Vec<usize> =
        (0..plan.values.len()).filter(|&i| matches!(plan.values[i].place, Place::Arena(_))).collect();
    for &i in &arena {
        if let Place::Arena(slot) = &mut plan.values[i].place {
            slot.offset = 0;
        }
    }
    assert!(plan.verify().is_err());
}
