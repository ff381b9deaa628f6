//! Convolutions with what follows them in inference, in one step, against the f64 reference and against a step each.
#![allow(clippy::unwrap_used)]

mod support;

use fovea_cpu::reference::{Feed64, evaluate, output};
use fovea_cpu::{Cpu, Instructions};
use fovea_graph::op::{self, Statistics};
use fovea_graph::plan::{Plan, plan};
use fovea_graph::{Backend, Graph, Init, Memory, NodeId, Op, Outcome, Role, State, StateId, Tensor};
use support::{check_close, each_set, feed, go, random, shape, wide};

/// What follows.
#[derive(Clone, Copy, Debug)]
struct Behind {
    bias: bool,
    norm: bool,
    add: bool,
    relu: bool,
}

/// Everything that there is.
const ALL: Behind = Behind { bias: true, norm: true, add: true, relu: true };

/// A convolution with its map and filter, and the word of the kernel that runs it.
struct Case {
    conv: op::Conv,
    x: Vec<usize>,
    filter: Vec<usize>,
    word: &'static str,
}

fn case(word: &'static str, x: &[usize], filter: &[usize], stride: usize, pad: usize, groups: usize) -> Case {
    let rank = x.len() - 2;
    let conv = op::Conv { stride: vec![stride; rank], pad: vec![[pad; 2]; rank], groups, ..op::Conv::plain(rank) };
    Case { conv, x: x.to_vec(), filter: filter.to_vec(), word }
}

/// Every way to compute a convolution, at odd sizes and edges.
fn cases() -> Vec<Case> {
    let mut dilated = case("product", &[1, 9, 11, 12], &[18, 3, 3, 12], 1, 2, 1);
    dilated.conv.dilate = vec![2; 2];
    vec![
        case("product", &[3, 7, 7, 20], &[37, 1, 1, 20], 1, 0, 1),
        case("product", &[1, 7, 5, 530], &[70, 1, 1, 530], 1, 0, 1),
        case("strassen", &[2, 15, 15, 514], &[256, 1, 1, 514], 1, 0, 1),
        case("product", &[2, 13, 10, 9], &[33, 3, 3, 9], 2, 1, 1),
        case("product", &[2, 8, 8, 12], &[10, 3, 3, 6], 1, 1, 2),
        case("product", &[2, 9, 8, 32], &[64, 3, 3, 4], 1, 1, 8),
        case("product", &[1, 37, 16], &[24, 5, 16], 2, 2, 1),
        case("product", &[1, 5, 4, 6, 10], &[12, 2, 3, 2, 10], 1, 1, 1),
        case("few filters", &[1, 1, 1, 33], &[1, 1, 1, 33], 1, 0, 1),
        case("few filters", &[2, 5, 7, 40], &[3, 1, 1, 40], 1, 0, 1),
        case("planar", &[1, 9, 33, 12], &[2, 5, 5, 12], 1, 2, 1),
        case("planar", &[1, 4, 5, 18, 9], &[1, 3, 3, 3, 9], 1, 1, 1),
        dilated,
        case("winograd", &[2, 14, 13, 64], &[50, 3, 3, 64], 1, 1, 1),
        case("winograd", &[4, 10, 10, 300], &[200, 3, 3, 300], 1, 1, 1),
        case("direct", &[2, 15, 17, 3], &[37, 7, 7, 3], 2, 3, 1),
        case("direct", &[1, 12, 9, 1], &[6, 5, 5, 1], 1, 0, 1),
        case("direct", &[2, 6, 23, 2], &[20, 3, 3, 2], 1, 1, 1),
        case("direct", &[2, 6, 7, 9, 2], &[18, 3, 2, 3, 2], 2, 1, 1),
        case("direct", &[1, 5, 40, 4], &[9, 1, 3, 4], 1, 0, 1),
        case("direct", &[1, 4, 11, 8], &[8, 2, 2, 8], 1, 0, 1),
        case("depthwise", &[2, 9, 11, 40], &[40, 3, 3, 1], 1, 1, 40),
        case("depthwise", &[1, 9, 8, 21], &[42, 3, 3, 1], 2, 1, 21),
    ]
}

/// The graph, whose map and shortcut are inputs, all else states; all that others could read between is read by nobody.
fn graph(case: &Case, behind: Behind) -> Graph {
    let mut graph = Graph::new("fused");
    let window = &case.filter[1..case.filter.len() - 1];
    let spatial = case.conv.output_extent(&case.x[1..case.x.len() - 1], window).unwrap();
    let y = [&case.x[..1], &spatial[..], &case.filter[..1]].concat();
    let (x, shortcut) = (graph.input("x", shape(&case.x)), graph.input("shortcut", shape(&y)));
    let last = push(&mut graph, "", case.conv.clone(), [x, shortcut], &case.filter, behind);
    graph.output("y", last);
    graph
}

/// Adds a convolution of `x` and what follows it, with states of its own.
fn push(
    graph: &mut Graph,
    name: &str,
    conv: op::Conv,
    [x, shortcut]: [NodeId; 2],
    filter: &[usize],
    behind: Behind,
) -> NodeId {
    let mut state = |what: &str, dims: &[usize]| {
        let name = format!("{name}{what}");
        graph.state(State { name, shape: shape(dims), role: Role::Parameter, init: Init::Zeros }, None).1
    };
    let w = state("filter", filter);
    let bias = behind.bias.then(|| state("bias", &filter[..1]));
    let norm = ["mean", "variance", "scale", "shift"].map(|name| state(name, &filter[..1]));
    let inputs: Vec<NodeId> = [x, w].into_iter().chain(bias).collect();
    let mut last = graph.push(Op::Conv(conv), &inputs, None).unwrap();
    if behind.norm {
        let op = op::BatchNorm { eps: 1e-4, statistics: Statistics::Running };
        last = graph.push(Op::BatchNorm(op), &[&[last][..], &norm].concat(), None).unwrap();
    }
    if behind.add {
        last = graph.push(Op::Add(op::Add {}), &[shortcut, last], None).unwrap();
    }
    if behind.relu {
        last = graph.push(Op::Relu(op::Relu {}), &[last], None).unwrap();
    }
    last
}

/// A convolution of each channel alone, and a 1×1 one of what it gives.
fn separable(case: &Case, filters: usize, [before, behind]: [Behind; 2]) -> Graph {
    let mut graph = Graph::new("separable");
    let spatial =
        case.conv.output_extent(&case.x[1..case.x.len() - 1], &case.filter[1..case.filter.len() - 1]).unwrap();
    let y = [&case.x[..1], &spatial[..], &[filters]].concat();
    let (x, shortcut) = (graph.input("x", shape(&case.x)), graph.input("shortcut", shape(&y)));
    let first = push(&mut graph, "first ", case.conv.clone(), [x, shortcut], &case.filter, before);
    let rank = spatial.len();
    let point = [&[filters][..], &vec![1; rank], &case.filter[..1]].concat();
    let last = push(&mut graph, "second ", op::Conv::plain(rank), [first, shortcut], &point, behind);
    graph.output("y", last);
    graph
}

/// Convolutions of each channel alone whose maps are large enough, and the filters of the 1×1 one behind them.
fn separables() -> Vec<(Case, usize)> {
    vec![
        (case("depthwise", &[2, 58, 57, 48], &[48, 3, 3, 1], 1, 1, 48), 70),
        (case("depthwise", &[5, 111, 112, 21], &[21, 5, 5, 1], 2, 2, 21), 9),
        (case("depthwise", &[40, 9, 9, 530], &[530, 3, 3, 1], 1, 0, 530), 34),
        (case("depthwise", &[33, 500, 12], &[12, 7, 1], 1, 3, 12), 40),
    ]
}

/// Values of a state: scales of either sign, some 0; variances from nothing to large.
fn value(state: &State) -> Tensor {
    let dims = state.shape.dims();
    match state.name.rsplit(' ').next() {
        Some("variance") => Tensor::from_shape_fn(dims, |at| [0.0, 1e-9, 0.3, 25.0][at[0] % 4]),
        Some("scale") => random(dims, 5).mapv(|v| if v.abs() < 0.2 { 0.0 } else { v }),
        _ => random(dims, state.name.len() as u64),
    }
}

/// What this backend computes.
fn computed(cpu: &Cpu, graph: &Graph, inputs: &[&Tensor]) -> Tensor {
    let mut memory = cpu.allocate(&graph.states).unwrap();
    for (i, state) in graph.states.iter().enumerate() {
        memory.write(StateId::new(i), &value(state)).unwrap();
    }
    run(cpu, graph, &mut *memory, inputs)
}

fn run(cpu: &Cpu, graph: &Graph, memory: &mut dyn Memory, inputs: &[&Tensor]) -> Tensor {
    let mut program = cpu.compile(plan(graph.clone(), cpu)).unwrap();
    assert_eq!(program.run(memory, &feed(inputs), &mut go).unwrap(), Outcome::Done);
    program.output("y").unwrap()
}

/// Against f64, on every set of instructions.
fn check(case: &Case, behind: Behind) {
    let graph = graph(case, behind);
    check_graph(&graph, &format!("{behind:?}"), |plan, what| {
        let [step] = &plan.steps[..] else { panic!("more than one step: {what}") };
        assert_eq!(step.nodes.len(), 1 + [behind.norm, behind.add, behind.relu].iter().filter(|is| **is).count());
        // Of seven multiplications on AVX2 alone.
        let word = if what.contains("threads, AVX2") { case.word } else { &case.word.replace("strassen", "product") };
        assert!(step.kernel.to_string().starts_with(word), "{what}");
        assert_eq!(step.kernel.to_string().contains(", norm folded"), behind.norm, "{what}");
        assert!(!behind.norm || plan.prepared[0].is_kept, "{what}");
    });
}

/// The result against f64, and the plan by what is asked of it, on every set of instructions.
fn check_graph(graph: &Graph, what: &str, is_planned: impl Fn(&Plan, &str)) {
    let inputs = [0, 1].map(|i| random(graph.inputs[i].shape.dims(), i as u64 + 1));
    let given = inputs.each_ref();
    let (wide_inputs, states) = (inputs.each_ref().map(wide), graph.states.iter().map(|s| wide(&value(s))));
    let feed = Feed64 { inputs: &wide_inputs.each_ref(), learning_rate: 0.0, seed: 7, step: 3 };
    let values = evaluate(graph, &states.collect::<Vec<_>>(), &feed).unwrap();
    let expected = output(graph, &values, "y").unwrap();
    for cpu in each_set(2) {
        let plan = plan(graph.clone(), &cpu);
        let what = format!("{what} on {}: {plan}", cpu.device().description);
        is_planned(&plan, &what);
        check_close(&what, &computed(&cpu, graph, &given), expected, 1e-5);
    }
}

#[test]
fn each_channel_alone_and_then_all_in_one_step() {
    let none = Behind { bias: false, norm: false, add: false, relu: false };
    let usual = Behind { norm: true, relu: true, ..none };
    let pairs = [[usual; 2], [none, ALL], [Behind { add: false, ..ALL }, none], [none; 2]];
    for ((case, filters), behind) in separables().iter().flat_map(|case| pairs.map(|behind| (case, behind))) {
        let graph = separable(case, *filters, behind);
        check_graph(&graph, &format!("{behind:?}"), |plan, what| {
            let [step] = &plan.steps[..] else { panic!("more than one step: {what}") };
            let kernel = step.kernel.to_string();
            assert!(kernel.starts_with("depthwise") && kernel.contains(" at a time, product"), "{what}");
            assert!(plan.prepared.len() == 2 && plan.prepared.iter().all(|made| made.is_kept), "{what}");
        });
    }
    // A shortcut between, maps that stay in a cache, and a line that is a map of its own, are two steps.
    let (small, (large, _)) = (case("depthwise", &[2, 9, 11, 40], &[40, 3, 3, 1], 1, 1, 40), &separables()[0]);
    let long = case("depthwise", &[1, 5000, 16], &[16, 3, 1], 1, 1, 16);
    let between = Behind { add: true, ..usual };
    for (case, filters, before) in [(&small, 70, usual), (large, 48, between), (&long, 24, usual)] {
        check_graph(&separable(case, filters, [before, usual]), "two steps", |plan, what| {
            assert_eq!(plan.steps.len(), 2, "{what}");
        });
    }
}

#[test]
fn bits_of_both_together_do_not_depend_on_threads_and_changed_states_count() {
    for set in Instructions::available() {
        let (case, filters) = &separables()[0];
        let graph = separable(case, *filters, [Behind { add: false, ..ALL }, ALL]);
        let inputs = [0, 1].map(|i| random(graph.inputs[i].shape.dims(), i as u64 + 1));
        let found = |threads| computed(&Cpu::with(Some(threads), set).unwrap(), &graph, &inputs.each_ref());
        let one = found(1);
        assert!(one == found(2) && one == found(3), "{set}");
    }
    let (case, filters) = &separables()[1];
    every_state_counts(&separable(case, *filters, [Behind { add: false, ..ALL }, ALL]));
}

/// A convolution of few channels, one of each channel alone with a 1×1 one, and a 1×1 one of what they give, on maps so large that
/// a batch of them goes through memory.
fn large(batch: usize, last: Behind) -> Graph {
    let mut graph = Graph::new("large");
    let x = graph.input("x", shape(&[batch, 97, 93, 3]));
    let shortcut = graph.input("shortcut", shape(&[batch, 97, 93, 10]));
    let usual = Behind { add: false, ..ALL };
    let wide = op::Conv { pad: vec![[1; 2]; 2], ..op::Conv::plain(2) };
    let alone = op::Conv { groups: 20, ..wide.clone() };
    let first = push(&mut graph, "first ", wide, [x, shortcut], &[20, 3, 3, 3], usual);
    let second = push(&mut graph, "second ", alone, [first, shortcut], &[20, 3, 3, 1], usual);
    let third = push(&mut graph, "third ", op::Conv::plain(2), [second, shortcut], &[20, 1, 1, 20], usual);
    let fourth = push(&mut graph, "fourth ", op::Conv::plain(2), [third, shortcut], &[10, 1, 1, 20], last);
    graph.output("y", fourth);
    graph
}

#[test]
fn large_maps_go_from_one_to_the_next_for_a_few_images_at_a_time() {
    // What is left of the batch behind whole rounds would be sizes of its own: of 6 images 2 at a time, of 7 each alone.
    for (batch, words) in [(6, "2 images at a time: direct"), (7, "1 image at a time: direct")] {
        check_graph(&large(batch, ALL), "rounds", |plan, what| {
            let [step] = &plan.steps[..] else { panic!("more than one step: {what}") };
            let kernel = step.kernel.to_string();
            let parts: Vec<&str> = kernel.split(" | ").collect();
            assert!(parts.len() == 3 && kernel.starts_with(words), "{what}");
            assert!(parts[1].starts_with("depthwise") && parts[2].starts_with("product"), "{what}");
            assert!(plan.prepared.len() == 4 && plan.prepared.iter().all(|made| made.is_kept), "{what}");
        });
    }
    // One image is one round, and what is read by others as well has a place of its own.
    let one = plan(large(1, ALL), &Cpu::new(Some(2)).unwrap());
    assert_eq!(one.steps.len(), 3, "{one}");
    let mut graph = large(6, ALL);
    let between = graph.ids().filter(|&id| matches!(graph.node(id).op, Op::Relu(_))).nth(2).unwrap();
    graph.output("between", between);
    check_graph(&graph, "a map that is read", |plan, what| {
        let [rounds, alone] = &plan.steps[..] else { panic!("not two steps: {what}") };
        assert!(rounds.kernel.to_string().contains(" at a time: direct"), "{what}");
        assert!(alone.kernel.to_string().starts_with("product"), "{what}");
    });
}

#[test]
fn bits_in_rounds_do_not_depend_on_threads_and_changed_states_count() {
    let graph = large(6, Behind { norm: true, bias: false, add: true, relu: false });
    for set in Instructions::available() {
        let inputs = [0, 1].map(|i| random(graph.inputs[i].shape.dims(), i as u64 + 1));
        let found = |threads| computed(&Cpu::with(Some(threads), set).unwrap(), &graph, &inputs.each_ref());
        let one = found(1);
        assert!(one == found(2) && one == found(3), "{set}");
    }
    every_state_counts(&graph);
}

#[test]
fn every_way_with_everything_behind_it() {
    for case in cases() {
        check(&case, ALL);
    }
}

#[test]
fn every_way_with_some_of_it() {
    for (number, case) in cases().iter().enumerate() {
        for bits in 0..16 {
            let [bias, norm, add, relu] = [1, 2, 4, 8].map(|bit| bits & bit > 0);
            // All combinations, over the cases; ReLU alone is folded in by the graph.
            if (norm || add) && (bits + number) % 3 == 0 {
                check(case, Behind { bias, norm, add, relu });
            }
        }
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for (case, set) in cases().iter().flat_map(|case| Instructions::available().into_iter().map(move |set| (case, set)))
    {
        let graph = graph(case, ALL);
        let inputs = [0, 1].map(|i| random(graph.inputs[i].shape.dims(), i as u64 + 1));
        let found = |threads| computed(&Cpu::with(Some(threads), set).unwrap(), &graph, &inputs.each_ref());
        let one = found(1);
        assert!(one == found(1) && one == found(2) && one == found(3), "{} with {set}", case.word);
    }
}

#[test]
fn a_changed_state_is_folded_anew() {
    every_state_counts(&graph(&cases()[0], ALL));
}

/// Writes each state anew: the result is that of a program that has seen nothing else, and not what it was.
fn every_state_counts(graph: &Graph) {
    let cpu = Cpu::new(Some(2)).unwrap();
    let inputs = [0, 1].map(|i| random(graph.inputs[i].shape.dims(), i as u64 + 1));
    let mut memory = cpu.allocate(&graph.states).unwrap();
    let mut program = cpu.compile(plan(graph.clone(), &cpu)).unwrap();
    let mut write = |memory: &mut dyn Memory, i: usize, factor: f32| {
        let state = &graph.states[i];
        memory.write(StateId::new(i), &value(state).mapv(|v| factor * v)).unwrap();
        assert_eq!(program.run(memory, &feed(&inputs.each_ref()), &mut go).unwrap(), Outcome::Done);
        let found = program.output("y").unwrap();
        assert!(found == run(&cpu, graph, memory, &inputs.each_ref()), "after {}", state.name);
        found
    };
    (0..graph.states.len()).for_each(|i| _ = write(&mut *memory, i, 1.0));
    for i in 0..graph.states.len() {
        assert!(write(&mut *memory, i, 0.5) != write(&mut *memory, i, 2.0), "{} counts", graph.states[i].name);
    }
}

#[test]
fn what_others_read_between_is_stored() {
    let (cpu, case) = (Cpu::new(Some(2)).unwrap(), &cases()[0]);
    let whole = graph(case, ALL);
    for (number, id) in whole.ids().enumerate().filter(|&(_, id)| whole.shape(id) == whole.shape(whole.outputs[0].1)) {
        let mut graph = whole.clone();
        graph.output("between", id);
        let plan = plan(graph.clone(), &cpu);
        assert!(plan.steps.len() > 1 || id == whole.outputs[0].1 || number == 1, "{plan}");
        let inputs = [0, 1].map(|i| random(graph.inputs[i].shape.dims(), i as u64 + 1));
        check_close(
            "y",
            &computed(&cpu, &graph, &inputs.each_ref()),
            &wide(&computed(&cpu, &whole, &inputs.each_ref())),
            1e-5,
        );
    }
}

/// Of two convolutions that are added the later one adds; with statistics of the batch nothing is folded.
#[test]
fn of_a_sum_one_convolution_adds() {
    let (cpu, mut graph) = (Cpu::new(Some(2)).unwrap(), Graph::new("sum"));
    let x = graph.input("x", shape(&[2, 6, 6, 10]));
    let [long, short] = ["long", "short"].map(|name| {
        let mut state = |what: &str, dims: &[usize]| {
            let state = State { name: what.into(), shape: shape(dims), role: Role::Parameter, init: Init::Zeros };
            graph.state(State { name: format!("{name}.{what}"), ..state }, None).1
        };
        let w = state("filter", &[20, 1, 1, 10]);
        let norm = ["mean", "variance", "scale", "shift"].map(|what| state(what, &[20]));
        let y = graph.push(Op::Conv(op::Conv::plain(2)), &[x, w], None).unwrap();
        let op = op::BatchNorm { eps: 1e-5, statistics: Statistics::Running };
        graph.push(Op::BatchNorm(op), &[&[y][..], &norm].concat(), None).unwrap()
    });
    let sum = graph.push(Op::Add(op::Add {}), &[long, short], None).unwrap();
    let y = graph.push(Op::Relu(op::Relu {}), &[sum], None).unwrap();
    graph.output("y", y);
    let words = |graph: &Graph| -> Vec<String> {
        plan(graph.clone(), &cpu).steps.iter().map(|step| step.kernel.to_string()).collect()
    };
    let steps = words(&graph);
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(steps[0].ends_with(", norm folded") && steps[1].ends_with(", norm folded, shortcut, relu"), "{steps:?}");
    assert!(words(&support::residual(2, 8)).iter().all(|word| !word.contains("folded")));
}
