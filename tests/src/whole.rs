//! Whole nets, small but with all that the large ones are made of, and the five steps that PyTorch has trained each:
//! `goldens/whole.py`.

use fovea_dsl::lower::{Mode, lower};
use fovea_graph::fuse::fuse;
use fovea_graph::training::{Optimizer, training_step};
use fovea_graph::{Backend, Graph, Tensor};
use ndarray::{Array1, ArrayD, Axis, Ix1, Ix2, arr0};

use crate::backend::Running;
use crate::compare::{Failures, compare, wide};
use crate::goldens::Goldens;
use crate::nets::net;

/// The learning rate of every step.
pub const LEARNING_RATE: f64 = 0.01;
/// How far rounding may lead in one step, as ‖Δ‖/‖expected‖ of any state: 1.2e-5 was the worst seen, of a shift's gradient at the
/// bottom of twenty layers, whose terms nearly cancel.
const LED_TOLERANCE: f64 = 5e-5;
/// How far rounding may have led a net away in five steps, as ‖Δ‖/‖expected‖ of any state.
const FREE_TOLERANCE: f64 = 1e-3;

/// Their files and texts: ResNet-18 with its stem, projections and every batch normalisation; U-Net with its transposed
/// convolutions, concatenations and a class for each pixel.
const NETS: [(&str, &str); 2] = [
    (
        "resnet18.npz",
        "net resnet18 = 48x48x3 - conv 4 7x7/2 - bn - relu - pool 3x3/2 pad 1
            - (basic({4, 5, 6, 8}, {1, 2, 2, 2}) - basic({4, 5, 6, 8}))^4 - pool avg global, softmax 10",
    ),
    (
        "unet.npz",
        "net unet = 32x32x1 - ((conv {3, 4, 5, 6} - relu)^{2, 2, 2, 2} as e - pool)^4 - (conv 8 - relu)^2
            - (concat(deconv {6, 5, 4, 3} 2x2/2 | e{4, 3, 2, 1}) - (conv {6, 5, 4, 3} - relu)^{2, 2, 2, 2})^4
            - conv 2 1x1 - softmax",
    ),
];

/// A net and PyTorch's steps.
pub struct Whole {
    /// The training step.
    pub graph: Graph,
    /// The loss of each step.
    pub losses: ArrayD<f64>,
    images: Tensor,
    labels: Tensor,
    /// All states before each step, and behind the last, one behind another in the order of `names`.
    before: Vec<Array1<f32>>,
    last: Array1<f64>,
    names: Vec<String>,
}

impl Whole {
    /// All of them.
    pub fn all() -> [Self; 2] {
        NETS.map(|(file, text)| Self::open(file, text))
    }

    fn open(file: &str, text: &str) -> Self {
        let goldens = Goldens::open(file);
        let images = goldens.bytes("images").mapv(|grey| f32::from(grey) / 256.0);
        let forward = lower(&net(text), images.shape()[1], Mode::Train).unwrap();
        let names = String::from_utf8(goldens.bytes("names").into_iter().collect()).unwrap();
        let before = goldens.input("before").into_dimensionality::<Ix2>().unwrap();
        Self {
            graph: training_step(&forward, &Optimizer::Sgd { momentum: 0.9, decay: 5e-4 }).unwrap(),
            losses: goldens.output("losses"),
            labels: goldens.bytes("labels").mapv(f32::from),
            images,
            before: before.outer_iter().map(|states| states.to_owned()).collect(),
            last: goldens.output("last").into_dimensionality::<Ix1>().unwrap(),
            names: names.lines().map(str::to_string).collect(),
        }
    }

    /// Images and labels of a step.
    pub fn batch(&self, step: usize) -> [Tensor; 2] {
        [&self.images, &self.labels].map(|all| all.index_axis(Axis(0), step).to_owned())
    }

    /// The states of the graph before a step, to the precision of f32, which holds the first exactly.
    pub fn before(&self, step: usize) -> Vec<Tensor> {
        self.states(&self.before[step])
    }

    /// The states of the graph behind a step; to the precision of f32 but for the last.
    pub fn after(&self, step: usize) -> Vec<ArrayD<f64>> {
        match self.before.get(step + 1) {
            Some(states) => self.states(states).iter().map(wide).collect(),
            None => self.states(&self.last),
        }
    }

    /// What lies one behind another as the graph's states.
    fn states<T: Copy>(&self, all: &Array1<T>) -> Vec<ArrayD<T>> {
        let find = |name: &str| self.graph.states.iter().find(|state| state.name == name);
        let shape = |name: &str| &find(name).unwrap_or_else(|| panic!("{} has no {name}", self.graph.name)).shape;
        let ends = self.names.iter().scan(0, |end, name| {
            *end += shape(name).elements();
            Some(*end)
        });
        let ends: Vec<usize> = ends.collect();
        assert_eq!((ends.last(), self.names.len()), (Some(&all.len()), self.graph.states.len()), "{}", self.graph.name);
        let value = |name: &str| {
            let end = ends[self.names.iter().position(|known| known == name).unwrap()];
            let dims = shape(name).dims();
            let elements = all.iter().take(end).skip(end - shape(name).elements()).copied().collect();
            ArrayD::from_shape_vec(dims, elements).unwrap()
        };
        self.graph.states.iter().map(|state| value(&state.name)).collect()
    }
}

/// PyTorch's five steps of every whole net, each from the state that PyTorch had before it, so that roundings do not pile
/// up: loss, parameters, velocities (the gradients) and running statistics. Then all five in one go. Returns the number of
/// comparisons.
///
/// # Panics
/// With the first messages, where a step fails.
pub fn check_whole(backend: &dyn Backend) -> usize {
    let mut failures = Failures::default();
    for whole in Whole::all() {
        let fused = fuse(&whole.graph);
        let (mut led, mut free) = (Running::new(backend, &fused, &[]), Running::new(backend, &fused, &whole.before(0)));
        for (step, &loss) in whole.losses.iter().enumerate() {
            led.write(&whole.before(step));
            for (how, running, tolerance) in [("led", &mut led, LED_TOLERANCE), ("free", &mut free, FREE_TOLERANCE)] {
                running.run(&whole.batch(step), LEARNING_RATE, step as u32);
                let what = |of: &str| format!("{}, {how}, step {step}, {of}", fused.name);
                failures.check(|| what("loss"), compare(&running.output("loss"), &arr0(loss).into_dyn(), tolerance));
                for (i, expected) in whole.after(step).iter().enumerate() {
                    failures.check(|| what(&fused.states[i].name), compare(&running.read(i), expected, tolerance));
                }
            }
        }
    }
    failures.finish()
}
