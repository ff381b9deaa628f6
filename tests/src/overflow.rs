//! What every backend promises of updates that would leave what f32 can hold: such a step changes nothing, and says so; and
//! one that stays within is done, however near it comes.

use std::ops::ControlFlow;

use fovea_graph::op::{
    AdamMean, AdamSquare, AdamStep, ClipFactor, Fill, NesterovStep, RmsVelocity, Scale, SgdStep, SgdVelocity,
};
use fovea_graph::plan::plan;
use fovea_graph::{Backend, Feed, Graph, Init, NodeId, NotFinite, Op, Outcome, Role, Shape, State, StateId, Tensor};

/// More than a block of any kernel takes, so that only one of them sees what is wrong.
const LENGTH: usize = 5000;
/// Where that is.
const AT: usize = 4321;

/// What a step is given at [`AT`]; elsewhere all is 1e-3.
struct Case {
    what: &'static str,
    weight: f32,
    gradient: f32,
    rate: f64,
    /// Whether some value of the step is not finite, and which.
    spoiled: Option<NotFinite>,
}

/// A parameter whose gradient is the input `g`.
fn parameter() -> (Graph, [NodeId; 2], StateId) {
    let mut graph = Graph::new("overflow");
    let shape = Shape::new([LENGTH]).unwrap();
    let g = graph.input("g", shape);
    let g = graph.push(Op::Scale(Scale { factor: 1.0 }), &[g], None).unwrap();
    let (id, w) = state(&mut graph, "w", Role::Parameter);
    (graph, [w, g], id)
}

fn state(graph: &mut Graph, name: &str, role: Role) -> (StateId, NodeId) {
    let shape = Shape::new([LENGTH]).unwrap();
    graph.state(State { name: name.into(), shape, role, init: Init::Zeros }, None)
}

fn sgd() -> Graph {
    let (mut graph, [w, g], id) = parameter();
    let (velocity, v) = state(&mut graph, "w.velocity", Role::Moment);
    let new_v = graph.push(Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 0.0 }), &[w, g, v], None).unwrap();
    let new_w = graph.push(Op::SgdStep(SgdStep { factor: 1.0 }), &[w, new_v], None).unwrap();
    graph.updates = vec![(velocity, new_v), (id, new_w)];
    graph
}

fn nesterov() -> Graph {
    let (mut graph, [w, g], id) = parameter();
    let (velocity, v) = state(&mut graph, "w.velocity", Role::Moment);
    let new_v = graph.push(Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 0.0 }), &[w, g, v], None).unwrap();
    let step = Op::NesterovStep(NesterovStep { momentum: 0.9, decay: 0.0, factor: 1.0 });
    let new_w = graph.push(step, &[w, g, new_v], None).unwrap();
    graph.updates = vec![(velocity, new_v), (id, new_w)];
    graph
}

fn rmsprop() -> Graph {
    let (mut graph, [w, g], id) = parameter();
    let (square, v) = state(&mut graph, "w.square", Role::Moment);
    let (velocity, b) = state(&mut graph, "w.velocity", Role::Moment);
    let new_v = graph.push(Op::AdamSquare(AdamSquare { beta: 0.99, decay: 0.0 }), &[w, g, v], None).unwrap();
    let op = Op::RmsVelocity(RmsVelocity { momentum: 0.9, eps: 1e-8, decay: 0.0 });
    let new_b = graph.push(op, &[w, g, b, new_v], None).unwrap();
    let new_w = graph.push(Op::SgdStep(SgdStep { factor: 1.0 }), &[w, new_b], None).unwrap();
    graph.updates = vec![(square, new_v), (velocity, new_b), (id, new_w)];
    graph
}

/// Two parameters whose gradients are clipped together; the other's, which is always finite, comes first.
fn clipped() -> Graph {
    let (mut graph, [w, g], id) = parameter();
    let (other, b) = state(&mut graph, "b", Role::Parameter);
    let shape = Shape::new([LENGTH]).unwrap();
    let steady = graph.push(Op::Fill(Fill { shape, value: 1e-3 }), &[], None).unwrap();
    let clip = graph.push(Op::ClipFactor(ClipFactor { limit: 1.0 }), &[steady, g], None).unwrap();
    for (id, parameter, gradient) in [(other, b, steady), (id, w, g)] {
        let name = format!("{}.velocity", graph.states[id.index()].name);
        let (velocity, v) = state(&mut graph, &name, Role::Moment);
        let op = Op::SgdVelocity(SgdVelocity { momentum: 0.9, decay: 0.0 });
        let new_v = graph.push(op, &[parameter, gradient, v, clip], None).unwrap();
        let new = graph.push(Op::SgdStep(SgdStep { factor: 1.0 }), &[parameter, new_v], None).unwrap();
        graph.updates.extend([(velocity, new_v), (id, new)]);
    }
    graph
}

fn adam() -> Graph {
    let (mut graph, [w, g], id) = parameter();
    let (mean, m) = state(&mut graph, "w.mean", Role::Moment);
    let (square, v) = state(&mut graph, "w.square", Role::Moment);
    let new_m = graph.push(Op::AdamMean(AdamMean { beta: 0.9, decay: 0.0 }), &[w, g, m], None).unwrap();
    let new_v = graph.push(Op::AdamSquare(AdamSquare { beta: 0.999, decay: 0.0 }), &[w, g, v], None).unwrap();
    let step = Op::AdamStep(AdamStep { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.0, factor: 1.0 });
    let new_w = graph.push(step, &[w, new_m, new_v], None).unwrap();
    graph.updates = vec![(mean, new_m), (square, new_v), (id, new_w)];
    graph
}

/// A value everywhere but at [`AT`].
fn tensor(at: f32) -> Tensor {
    Tensor::from_shape_fn(ndarray::IxDyn(&[LENGTH]), |i| if i[0] == AT { at } else { 1e-3 })
}

/// Steps that would overflow, that nearly do, and that look as if they did; after each an ordinary one.
///
/// # Panics
/// Where a state is changed that must not be, or one is not that must.
pub fn check_overflow(backend: &dyn Backend) {
    let update = || Some(NotFinite::Update("w".into()));
    let case = |what, weight, gradient, rate, spoiled| Case { what, weight, gradient, rate, spoiled };
    let of_sgd = [
        case("an ordinary step", 1.0, 1.0, 0.1, None),
        case("a rate beyond f32", 1.0, 1.0, 1e39, update()),
        case("a product beyond f32", 1.0, 1e10, 1e30, update()),
        case("a sum beyond f32", 3e38, -1e38, 1.0, update()),
        // The largest weight and the largest gradient would be too much for one another, but they cancel.
        case("a difference within f32", 3e38, 1e38, 1.0, None),
        case("a gradient that is no number", 1.0, f32::NAN, 0.1, Some(NotFinite::Gradient("w".into()))),
    ];
    check(backend, &sgd(), &of_sgd);
    let of_adam = [
        case("an ordinary step", 1.0, 1.0, 0.1, None),
        case("a rate beyond f32", 1.0, 1.0, 1e39, update()),
        case("a square beyond f32", 1.0, 1e25, 0.1, update()),
        case("a long step within f32", 1.0, 1.0, 1e37, None),
        case("a gradient that is infinite", 1.0, f32::INFINITY, 0.1, Some(NotFinite::Gradient("w".into()))),
    ];
    check(backend, &adam(), &of_adam);
    let of_nesterov = [
        case("an ordinary step", 1.0, 1.0, 0.1, None),
        // The velocity alone would not leave f32.
        case("a gradient and its velocity beyond f32", 3e38, -2.5e37, 1.0, update()),
        case("a gradient that is no number", 1.0, f32::NAN, 0.1, Some(NotFinite::Gradient("w".into()))),
    ];
    check(backend, &nesterov(), &of_nesterov);
    let of_rmsprop = [
        case("an ordinary step", 1.0, 1.0, 0.1, None),
        case("a rate beyond f32", 1.0, 1.0, 1e39, update()),
        case("a square beyond f32", 1.0, 1e25, 0.1, update()),
        case("a gradient that is infinite", 1.0, f32::INFINITY, 0.1, Some(NotFinite::Gradient("w".into()))),
    ];
    check(backend, &rmsprop(), &of_rmsprop);
    let of_clipped = [
        case("an ordinary step", 1.0, 1.0, 0.1, None),
        case("a square beyond f32 that is clipped", 1.0, 1e30, 0.1, None),
        case("a gradient that is no number", 1.0, f32::NAN, 0.1, Some(NotFinite::Gradient("w".into()))),
        case("a gradient that is infinite", 1.0, f32::NEG_INFINITY, 0.1, Some(NotFinite::Gradient("w".into()))),
    ];
    check(backend, &clipped(), &of_clipped);
}

fn check(backend: &dyn Backend, graph: &Graph, cases: &[Case]) {
    let mut memory = backend.allocate(&graph.states).unwrap();
    let mut program = backend.compile(plan(graph.clone(), backend)).unwrap();
    for Case { what, weight, gradient, rate, spoiled } in cases {
        for i in (0..graph.states.len()).map(StateId::new) {
            memory.write(i, &if i.index() == 0 { tensor(*weight) } else { tensor(0.0).mapv(|_| 0.0) }).unwrap();
        }
        let bits = |memory: &dyn fovea_graph::Memory| -> Vec<Vec<u32>> {
            let states = (0..graph.states.len()).map(StateId::new);
            states.map(|i| memory.read(i).unwrap().iter().map(|x| x.to_bits()).collect()).collect()
        };
        let before = bits(&*memory);
        let mut run = |gradient: f32, rate: f64| {
            let g = tensor(gradient);
            let feed = Feed { inputs: &[&g], learning_rate: rate, seed: 1, step: 0, stop: None };
            program.run(&mut *memory, &feed, &mut |_| ControlFlow::Continue(())).unwrap()
        };
        let wanted = spoiled.clone().map_or(Outcome::Done, Outcome::NotFinite);
        assert_eq!(run(*gradient, *rate), wanted, "{what}");
        let after = bits(&*memory);
        assert_eq!(after == before, spoiled.is_some(), "{what}");
        let finite = |bits: &u32| f32::from_bits(*bits).is_finite();
        assert!(after.iter().flatten().all(finite), "{what}");
    }
}
