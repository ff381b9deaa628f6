//! Every pass asks whether it is to end, the more often the larger the graph, and ends where it is told to.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_graph::autodiff::Rules;
use fovea_graph::derivative::with_gradients_unless;
use fovea_graph::fuse::{fuse_unless, prune_unless};
use fovea_graph::init::initial_unless;
use fovea_graph::op::{self, GradientError, Transpose};
use fovea_graph::plan::plan_unless;
use fovea_graph::stop::looks;
use fovea_graph::training::{Optimizer, objective, training_step, training_step_of, with_objective};
use fovea_graph::{Graph, Init, Interrupted, Op, Role, Shape, Span, State, StateId, Stop};
use support::Chooser;

const SGD: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };

/// So many times `fc 3 nobias - relu`, and a softmax.
fn chain(times: usize) -> Graph {
    let mut graph = Graph::new("chain");
    let mut x = graph.input("images", Shape::new([2, 3]).unwrap());
    for at in 0..times {
        let layer = Some(graph.layer(&format!("fc{at}"), "fc", Span::default()));
        let (_, weight) = graph.state(weight(at), layer);
        let product = op::Matmul::new(Transpose::No, Transpose::Yes);
        x = graph.push(Op::Matmul(product), &[x, weight], layer).unwrap();
        x = graph.push(Op::Relu(op::Relu {}), &[x], layer).unwrap();
    }
    x = graph.push(Op::Softmax(op::Softmax {}), &[x], None).unwrap();
    graph.output("result", x);
    graph
}

fn weight(at: usize) -> State {
    let (name, shape) = (format!("fc{at}.weight"), Shape::new([3, 3]).unwrap());
    State { name, shape, role: Role::Parameter, init: Init::HeNormal { fan_in: 3 } }
}

/// Holds that work on graphs asks at least once for each of their layers.
fn asks(what: &str, work: impl Fn(&Graph, &dyn Stop) -> Result<(), Interrupted>) {
    let [few, many] = [5, 20].map(|times| {
        let graph = chain(times);
        looks(|stop| work(&graph, stop))
    });
    assert!(few >= 5 && many >= few + 15, "{what} asks {few} times of 5 layers, {many} times of 20");
}

/// An interrupt alone.
fn broken(result: Result<Graph, GradientError>) -> Result<(), Interrupted> {
    match result {
        Ok(_) => Ok(()),
        Err(GradientError::Interrupted(interrupted)) => Err(interrupted),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn passes_from_graph_to_graph_end_at_any_layer() {
    asks("copying", |graph, stop| graph.copy_unless(stop).map(drop));
    asks("the loss", |graph, stop| broken(with_objective(graph, &objective(graph), stop)));
    asks("a training step", |graph, stop| broken(training_step_of(graph, &objective(graph), &SGD, &|_| true, stop)));
    asks("a gradient", |graph, stop| {
        broken(with_gradients_unless(graph.clone(), "result", &["images"], Rules::Gradient, stop))
    });
    asks("fusing", |graph, stop| fuse_unless(graph.clone(), stop).map(drop));
    asks("pruning", |graph, stop| prune_unless(graph.clone(), stop).map(drop));
}

#[test]
fn planning_ends_at_any_layer() {
    asks("planning", |graph, stop| plan_unless(graph.clone(), &Chooser::default(), stop).map(drop));
    asks("planning a step", |graph, stop| {
        plan_unless(training_step(graph, &SGD).unwrap(), &Chooser::default(), stop).map(drop)
    });
}

#[test]
fn first_weights_of_whatever_size_are_broken_off() {
    let draw = |init: Init, stop: &dyn Stop| {
        let state = State { init, shape: Shape::new([64, 1_000]).unwrap(), ..weight(0) };
        initial_unless(StateId::new(0), &state, 1, stop).map(drop)
    };
    for init in [Init::HeNormal { fan_in: 1_000 }, Init::Zeros, Init::Ones] {
        assert!(looks(|stop| draw(init, stop)) > 10, "{init:?}");
    }
}
