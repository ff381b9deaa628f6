//! What a net is trained by, in two forms that must agree.
#![allow(clippy::unwrap_used)]

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_graph::op::{Function, Unary};
use fovea_graph::training::{Classes, Objective, Several, Truth, with_objective};
use fovea_graph::{Graph, Never, Op, Shape};
use ndarray::{ArrayD, IxDyn};

/// The logistic function of one number a sample.
fn one_probability() -> Graph {
    let mut graph = Graph::new("one");
    let x = graph.input("images", Shape::new([7, 1]).unwrap());
    let result = graph.push(Op::Unary(Unary { function: Function::Sigmoid }), &[x], None).unwrap();
    graph.output("result", result);
    graph
}

fn array(dims: &[usize], of: impl Fn(usize) -> f64) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(dims), (0..dims.iter().product()).map(of).collect()).unwrap()
}

/// The loss and the result where the second input is this.
fn loss(by: &Objective, target: ArrayD<f64>) -> (f64, ArrayD<f64>) {
    let graph = with_objective(&one_probability(), by, &Never).unwrap();
    let images = array(&[7, 1], |i| 3.0 * i as f64 - 8.0);
    let values =
        evaluate(&graph, &[], &Feed64 { inputs: &[&images, &target], learning_rate: 0.0, seed: 0, step: 0 }).unwrap();
    (output(&graph, &values, "loss").unwrap().sum(), output(&graph, &values, "result").unwrap().clone())
}

/// One probability of two classes is compared by the binary cross-entropy, and so are shares of the two.
#[test]
fn two_classes_told_by_one_probability_have_the_binary_cross_entropy() {
    let label = |i: usize| f64::from(u8::from(i.is_multiple_of(3)));
    let (binary, _) = loss(&Objective::Several(Several::CrossEntropy), array(&[7, 1], label));
    let (of_classes, both) = loss(&Objective::CROSS_ENTROPY, array(&[7], label));
    assert!((binary - of_classes).abs() < 1e-12, "{binary} {of_classes}");
    assert_eq!(both.shape(), [7, 2]);
    assert!(both.rows().into_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12));
    let share = |i: usize| i as f64 / 7.0;
    let (binary, _) = loss(&Objective::Several(Several::CrossEntropy), array(&[7, 1], share));
    let shares = Objective::Classes(Classes { truth: Truth::Shares, ..Classes::default() });
    let of_both = array(&[7, 2], |i| if i % 2 == 0 { 1.0 - share(i / 2) } else { share(i / 2) });
    let (of_shares, _) = loss(&shares, of_both);
    assert!((binary - of_shares).abs() < 1e-12, "{binary} {of_shares}");
}
