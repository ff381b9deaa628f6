//! Gradients of any output by pictures and states, as the outputs of a graph: against finite differences of the reference
//! in f64, and on every backend.
#![allow(clippy::unwrap_used)]

use fovea_cpu::Cpu;
use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_dsl::lower::{Mode, lower};
use fovea_graph::autodiff::Rules;
use fovea_graph::derivative::{gradient_of, weights_of, with_gradients, with_gradients_unless, with_maps};
use fovea_graph::fuse::fuse;
use fovea_graph::op::GradientError;
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::training::with_loss;
use fovea_graph::{Backend, Graph, Never, Op};
use fovea_tests::backend::{GRADIENT_TOLERANCE, Running};
use fovea_tests::compare::{compare, inner, narrow};
use fovea_tests::cuda::TestGpu;
use fovea_tests::nets::net;
use ndarray::{ArrayD, IxDyn};

/// A layer of each kind whose gradient by its input is another one; as it is used, not as it is trained.
const NET: &str = "net n = 8x8x3 - conv 4 as c1 - bn - sigmoid - lrn - concat(conv 3 1x1 - tanh | conv 3 3x3) - pool avg - conv 6 2x2 groups 3 nobias \
                   - deconv 2 2x2/2 - upsample 2 - leaky 0.2 - dropout 0.5 - pool - fc 6 - tanh, softmax 5";
/// Of what gradients are taken: a picture, filters, a bias, a normalisation's scale.
const BY: [&str; 4] = ["images", "c1.filter", "fc1.bias", "bn1.scale"];
const BATCH: usize = 2;

/// Numbers around 0, or, of a variance, around 1, that a seed draws.
fn drawn(dims: &[usize], seed: u32, around: f64) -> ArrayD<f64> {
    let stream = Stream::new(7, Purpose::Data, seed);
    let mut next = 0;
    ArrayD::from_shape_simple_fn(IxDyn(dims), || {
        next += 1;
        // In f32, so that every backend begins with the same numbers.
        f64::from((around + 0.2 * stream.normal(next)) as f32)
    })
}

/// A graph with values for its inputs and states.
struct Case {
    graph: Graph,
    inputs: Vec<ArrayD<f64>>,
    states: Vec<ArrayD<f64>>,
}

impl Case {
    fn new(graph: Graph) -> Self {
        let around = |name: &str| f64::from(u8::from(name.ends_with("variance") || name.ends_with("scale")));
        let input = |(i, input): (u32, &fovea_graph::Input)| match input.name.as_str() {
            "labels" => ArrayD::from_shape_fn(IxDyn(input.shape.dims()), |at| at[0] as f64),
            _ => drawn(input.shape.dims(), i, 0.0),
        };
        let inputs = (0..).zip(&graph.inputs).map(input).collect();
        let state = |(i, state): (u32, &fovea_graph::State)| drawn(state.shape.dims(), i, around(&state.name));
        let states = (100..).zip(&graph.states).map(state).collect();
        Self { graph, inputs, states }
    }

    /// An output, by the reference.
    fn output(&self, name: &str) -> ArrayD<f64> {
        let inputs: Vec<&ArrayD<f64>> = self.inputs.iter().collect();
        let feed = Feed64 { inputs: &inputs, learning_rate: 0.0, seed: 0, step: 0 };
        output(&self.graph, &evaluate(&self.graph, &self.states, &feed).unwrap(), name).unwrap().clone()
    }

    /// The value of an input or a state, to change.
    fn value(&mut self, name: &str) -> &mut ArrayD<f64> {
        match self.graph.find_input(name) {
            Some(id) => &mut self.inputs[id.index()],
            None => &mut self.states[self.graph.states.iter().position(|state| state.name == name).unwrap()],
        }
    }

    /// Compares the gradients with those of central differences, `of` being the output's weighted sum.
    fn check_differences(&mut self, of: impl Fn(&Self) -> f64) {
        const STEP: f64 = 1e-5;
        for by in BY {
            let gradient = self.output(&gradient_of(by));
            let mut differences = ArrayD::zeros(gradient.raw_dim());
            for at in 0..gradient.len() {
                let mut moved = |by_how_much: f64| {
                    let value = self.value(by).iter_mut().nth(at).unwrap();
                    let before = std::mem::replace(value, *value + by_how_much);
                    let moved = of(self);
                    *self.value(by).iter_mut().nth(at).unwrap() = before;
                    moved
                };
                *differences.iter_mut().nth(at).unwrap() = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            }
            compare(&gradient, &differences, 1e-6).unwrap_or_else(|why| panic!("by {by}: {why}"));
        }
    }

    /// Compares the gradients that a backend computes with the reference's.
    fn check_on(&self, backend: &dyn Backend) {
        let states: Vec<_> = self.states.iter().map(narrow).collect();
        let inputs: Vec<_> = self.inputs.iter().map(narrow).collect();
        let mut running = Running::new(backend, &fuse(&self.graph), &states);
        running.run(&inputs, 0.0, 0);
        for by in BY {
            let name = gradient_of(by);
            let found = running.output(&name);
            compare(&found, &self.output(&name), GRADIENT_TOLERANCE).unwrap_or_else(|why| panic!("by {by}: {why}"));
        }
    }
}

fn forward() -> Graph {
    lower(&net(NET), BATCH, Mode::Infer).unwrap()
}

#[test]
fn gradients_of_scores_are_those_of_finite_differences() {
    let mut case = Case::new(with_gradients(&forward(), "logits", &BY).unwrap());
    case.check_differences(|case| {
        let weights = case.graph.find_input(&weights_of("logits")).unwrap();
        inner(&case.output("logits"), &case.inputs[weights.index()])
    });
}

#[test]
fn gradients_of_a_loss_are_those_of_finite_differences() {
    let mut case = Case::new(with_gradients(&with_loss(&forward()).unwrap(), "loss", &BY).unwrap());
    assert!(case.graph.find_input(&weights_of("loss")).is_none(), "a scalar takes no weights");
    case.check_differences(|case| case.output("loss").sum());
}

#[test]
fn every_backend_computes_the_same_gradients() {
    let case = Case::new(with_gradients(&forward(), "logits", &BY).unwrap());
    case.check_on(&Cpu::new(Some(2)).unwrap());
    if let Some(gpu) = TestGpu::open(true) {
        case.check_on(&gpu.backend);
    }
}

#[test]
fn every_backend_carries_signals_back_by_other_rules_the_same() {
    const RECTIFIED: &str = "net r = 8x8x3 - conv 4 as c1 - bn - relu - lrn - pool - add(conv 4 - relu | shortcut) - \
                             concat(conv 3 - relu | pool 3x3/1 same) - pool avg - fc 6 - relu, softmax 5";
    let forward = lower(&net(RECTIFIED), BATCH, Mode::Infer).unwrap();
    let plain = Case::new(with_gradients(&forward, "logits", &BY).unwrap()).output(&gradient_of("images"));
    for rules in [Rules::Guided, Rules::Deconvnet] {
        let case = Case::new(with_gradients_unless(forward.clone(), "logits", &BY, rules, &Never).unwrap());
        assert_ne!(case.output(&gradient_of("images")), plain, "{rules:?}");
        case.check_on(&Cpu::new(Some(2)).unwrap());
        if let Some(gpu) = TestGpu::open(true) {
            case.check_on(&gpu.backend);
        }
    }
}

/// Zeiler and Fergus's way back: unpooling puts a signal where the maximum was, and a rectifier passes on what is positive
/// whatever its own input was.
#[test]
fn a_signal_goes_back_through_switches_and_rectifiers() {
    let text = "net u = 6x6x2 - relu - pool, softmax 2";
    let forward = lower(&net(text), 1, Mode::Infer).unwrap();
    let pooled = forward.ids().find(|&id| matches!(forward.node(id).op, Op::Pool(_))).unwrap();
    let (mut graph, relu) = (forward.clone(), forward.node(pooled).inputs[0]);
    graph.output("maps", pooled);
    graph.output("rectified", relu);
    let of = |rules| {
        let case = Case::new(with_gradients_unless(graph.clone(), "maps", &["images"], rules, &Never).unwrap());
        (case.output(&gradient_of("images")), case)
    };
    let (back, case) = of(Rules::Deconvnet);
    let weights = &case.inputs[case.graph.find_input(&weights_of("maps")).unwrap().index()];
    let (x, y) = (case.output("rectified"), case.output("maps"));
    let mut met = 0;
    for (at, &signal) in weights.indexed_iter() {
        let (row, column, channel) = (at[1], at[2], at[3]);
        let mut window = (0..2).flat_map(|i| (0..2).map(move |j| [0, 2 * row + i, 2 * column + j, channel]));
        // Of equal maxima the first is the switch.
        let switch = window.clone().find(|&place| x[place] == y[[0, row, column, channel]]).unwrap();
        met += usize::from(back[switch] > 0.0);
        assert_eq!(back[switch], signal.max(0.0));
        assert!(window.all(|place| place == switch || back[place] == 0.0), "non-zero only at its switches");
    }
    assert!(met > 4, "{met}");
    let (guided, _) = of(Rules::Guided);
    for (at, &passed) in guided.indexed_iter() {
        assert_eq!(passed, if x[at.clone()] > 0.0 { back[at] } else { 0.0 });
    }
}

#[test]
fn the_last_maps_and_their_gradient_are_outputs() {
    let text = "net m = 8x8x3 - conv 4 as c1 - relu - pool - conv 6 as last - pool avg global, softmax 5";
    let graph = with_maps(lower(&net(text), BATCH, Mode::Infer).unwrap(), "logits", None, &Never).unwrap();
    let case = Case::new(graph);
    let (maps, gradient) = (case.output("maps"), case.output(&gradient_of("maps")));
    assert_eq!(
        (maps.shape(), gradient.shape()),
        (&[BATCH, 4, 4, 6][..], &[BATCH, 4, 4, 6][..]),
        "1x1 maps are no places"
    );
    // Behind these maps all is linear: the gradient times them is the score but for the bias.
    let bias = case.states[case.graph.states.iter().position(|state| state.name == "fc1.bias").unwrap()].clone();
    let weights = &case.inputs[case.graph.find_input(&weights_of("logits")).unwrap().index()];
    let biases: f64 =
        weights.rows().into_iter().map(|row| row.iter().zip(&bias).map(|(w, b)| w * b).sum::<f64>()).sum();
    let score = inner(&case.output("logits"), weights);
    assert!((inner(&maps, &gradient) + biases - score).abs() < 1e-9);
    let none = with_maps(
        lower(&net("net v = 8x8x3 - fc 4 - relu, softmax 5"), 1, Mode::Infer).unwrap(),
        "logits",
        None,
        &Never,
    );
    assert_eq!(none.unwrap_err(), GradientError::NoMaps);
}

#[test]
fn what_an_output_does_not_depend_on_has_a_gradient_of_zeros() {
    let graph = with_gradients(&with_loss(&forward()).unwrap(), "loss", &["labels"]).unwrap();
    let case = Case::new(graph);
    assert_eq!(case.output(&gradient_of("labels")), ArrayD::<f64>::zeros(IxDyn(&[BATCH])));
}

#[test]
fn names_that_the_graph_has_not_are_errors() {
    let unknown = |of: &str, by: &str| with_gradients(&forward(), of, &[by]).unwrap_err();
    assert_eq!(unknown("scores", "images"), GradientError::NoOutput("scores".into()));
    assert_eq!(unknown("logits", "pixels"), GradientError::NoVariable("pixels".into()));
    assert_eq!(unknown("logits", "pixels").to_string(), "the graph has no input or state `pixels`");
}
