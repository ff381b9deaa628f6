//! Neighbours that a backend fuses, and what it prepares: where they stand in a plan, and what is refused.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use fovea_graph::plan::{Choice, Phase, Place, Plan, Preparation, plan};
use fovea_graph::{Graph, Init, NodeId, Op, Role, Shape, Span, State, op};
use support::{Chooser, Named};

/// Fuses these nodes, and wants scales to be prepared.
fn fusing(fused: Vec<Vec<NodeId>>) -> Chooser {
    let choose = |graph: &Graph, id: NodeId| {
        let node = graph.node(id);
        match node.op {
            Op::Bias(_) => Choice::plain().with_prepared(Preparation {
                of: vec![node.inputs[1]],
                form: Arc::new(Named("folded")),
                bytes: 200,
            }),
            _ => Choice::plain(),
        }
    };
    Chooser { choose, fused }
}

/// x → a → b → d, a → c → d: rectifiers and a sum; all of 2×3.
fn diamond() -> (Graph, [NodeId; 4]) {
    let mut graph = Graph::new("diamond");
    let x = graph.input("images", Shape::new([2, 3]).unwrap());
    let relu = |graph: &mut Graph, of: NodeId| graph.push(Op::Relu(op::Relu {}), &[of], None).unwrap();
    let a = relu(&mut graph, x);
    let b = relu(&mut graph, a);
    let c = relu(&mut graph, a);
    let d = graph.push(Op::Add(op::Add {}), &[b, c], None).unwrap();
    graph.output("result", d);
    (graph, [a, b, c, d])
}

fn steps(plan: &Plan) -> Vec<Vec<NodeId>> {
    plan.verify().unwrap();
    plan.steps.iter().map(|step| step.nodes.clone()).collect()
}

#[test]
fn what_only_its_own_step_reads_is_not_stored() {
    let (graph, [a, b, c, d]) = diamond();
    let fused = plan(graph, &fusing(vec![vec![b, d]]));
    assert_eq!(steps(&fused), [vec![a], vec![c], vec![b, d]]);
    assert_eq!(fused.place(b), Place::Inside);
    assert!([a, c, d].iter().all(|&id| matches!(fused.place(id), Place::Arena(_))));
    assert!(fused.to_string().contains("not stored") && fused.to_string().contains("together"), "{fused}");
    // What others read, too, has a place beside the last one's.
    let (graph, [a, b, c, d]) = diamond();
    let both = plan(graph, &fusing(vec![vec![a, b]]));
    assert_eq!(steps(&both), [vec![a, b], vec![c], vec![d]]);
    let slots: Vec<_> = [a, b]
        .iter()
        .filter_map(|&id| match both.place(id) {
            Place::Arena(slot) => Some(slot),
            _ => None,
        })
        .collect();
    assert!(slots.len() == 2 && !slots[0].overlaps(slots[1]));
    assert!(matches!(both.place(c), Place::Arena(_)));
}

#[test]
fn a_group_that_would_wait_for_itself_and_one_that_overlaps_are_taken_apart() {
    let (graph, [a, b, c, d]) = diamond();
    // b and c stand between a and d.
    let apart = plan(graph.clone(), &fusing(vec![vec![a, d]]));
    assert_eq!(steps(&apart), [vec![a], vec![b], vec![c], vec![d]]);
    // Of two groups with one node, the first.
    let first = plan(graph.clone(), &fusing(vec![vec![c, d], vec![b, d]]));
    assert_eq!(steps(&first), [vec![a], vec![b], vec![c, d]]);
    // What is no group: one node, none, in another order, inputs.
    let none = vec![vec![a], vec![], vec![b, a], vec![NodeId(0), a], vec![a, NodeId(99)]];
    assert_eq!(steps(&plan(graph.clone(), &fusing(none))).len(), 4);
    // Two that wait for each other only together: one of them stays.
    let mut crossed = Graph::new("crossed");
    let x = crossed.input("images", Shape::new([2, 3]).unwrap());
    let mut relu = |of: NodeId| crossed.push(Op::Relu(op::Relu {}), &[of], None).unwrap();
    let (p, q) = (relu(x), relu(x));
    let (r, s) = (relu(p), relu(q));
    let sum = crossed.push(Op::Add(op::Add {}), &[r, s], None).unwrap();
    crossed.output("result", sum);
    let one = plan(crossed, &fusing(vec![vec![p, s], vec![q, r]]));
    assert_eq!(steps(&one).iter().filter(|nodes| nodes.len() == 2).count(), 1);
}

/// `y = relu(x + b) + b`, whose `b` a step may update.
fn shifted(updated: bool) -> Graph {
    let mut graph = Graph::new("shifted");
    let x = graph.input("images", Shape::new([2, 3]).unwrap());
    let layer = Some(graph.layer("bias1", "bias", Span::default()));
    let state =
        State { name: "bias1.bias".into(), shape: Shape::new([3]).unwrap(), role: Role::Parameter, init: Init::Zeros };
    let (id, b) = graph.state(state, layer);
    let y = graph.push(Op::Bias(op::Bias {}), &[x, b], layer).unwrap();
    let y = graph.push(Op::Relu(op::Relu {}), &[y], layer).unwrap();
    let y = graph.push(Op::Bias(op::Bias {}), &[y, b], layer).unwrap();
    graph.output("result", y);
    if updated {
        let sum = graph.push(Op::ChannelSum(op::ChannelSum {}), &[y], layer).unwrap();
        let new = graph.push(Op::SgdStep(op::SgdStep { factor: 1.0 }), &[b, sum], layer).unwrap();
        graph.updates.push((id, new));
    }
    graph
}

#[test]
fn what_is_prepared_of_one_state_is_shared_and_kept_where_no_step_writes_the_state() {
    for updated in [false, true] {
        let plan = plan(shifted(updated), &fusing(Vec::new()));
        plan.verify().unwrap();
        let [made] = &plan.prepared[..] else { panic!("{plan}") };
        assert_eq!(made.is_kept, !updated);
        assert_eq!(plan.kept_bytes(), if updated { 0 } else { 256 });
        let makes: Vec<usize> = plan.steps.iter().map(|step| step.makes.len()).collect();
        let reads: Vec<usize> = plan.steps.iter().map(|step| step.reads.len()).collect();
        assert_eq!((&makes[..3], &reads[..3]), (&[1, 0, 0][..], &[1, 0, 1][..]));
        assert!(plan.to_string().contains("prepare bias1.bias: folded"), "{plan}");
        // Made behind its first reader, or where values lie that are still read.
        let mut late = plan.clone();
        let made = std::mem::take(&mut late.steps[0].makes);
        late.steps[1].makes = made;
        assert_eq!(late.verify().unwrap_err(), "step 0 reads what was not prepared");
        let mut over = plan.clone();
        over.prepared[0].is_kept = false;
        over.prepared[0].offset = match over.place(over.steps[0].node()) {
            Place::Arena(slot) => slot.offset,
            place => panic!("{place:?}"),
        };
        assert!(over.verify().is_err());
    }
}

#[test]
fn phases_have_names_and_gradients_know_when_they_are_there() {
    let plan = plan(shifted(true), &fusing(Vec::new()));
    assert_eq!((plan.exchange, plan.commit, plan.steps.len()), (4, 4, 5));
    assert_eq!([plan.phase(3), plan.phase(4)], [Phase::Compute, Phase::Commit]);
    let [gradient] = &plan.gradients()[..] else { panic!("{plan}") };
    assert_eq!((gradient.name.as_str(), gradient.ready), ("bias1.bias", 3));
    let text = plan.to_string();
    assert!(text.contains("-- exchange (1 gradient,") && text.contains("-- commit"), "{text}");
}

#[test]
fn the_lines_of_a_plan_fit_a_hundred_columns() {
    let text = plan(shifted(true), &fusing(Vec::new())).to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}
