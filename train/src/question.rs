//! What is asked of a net: a graph made of its forward graph, from a training step to the gradient by a picture.

use std::fmt;
use std::sync::Arc;

use fovea_graph::autodiff::Rules;
use fovea_graph::derivative::{with_gradients_unless, with_maps};
use fovea_graph::fuse::fuse_unless;
use fovea_graph::op::GradientError;
use fovea_graph::plan::plan_unless;
use fovea_graph::training::{
    Adjustments, Objective, Optimizer, adjusted_step, objective, of_two_classes, training_step_of, with_objective,
};
use fovea_graph::{Backend, Graph, Interrupted, Never, Op, Plan, State, Stop};

use crate::error::TrainError;
use crate::forward::{Forward, Mode};
use crate::recipe::Recipe;

/// How a forward graph becomes the question's.
type Make = dyn Fn(&Graph, &dyn Stop) -> Result<Graph, GradientError> + Send + Sync;

/// What is asked of a net. [`Trainee::ask`](crate::Trainee::ask) answers one that changes nothing,
/// [`Trainee::task`](crate::Trainee::task) takes steps of one that updates states.
///
/// ```no_run
/// # use fovea_graph::Tensor;
/// # use fovea_train::{Question, TrainError, Trainee};
/// # use std::sync::atomic::AtomicBool;
/// /// The gradient of one class's score by the pixels of pictures `[N, H, W, C]`, raw in 0..1.
/// fn saliency(net: &mut Trainee, pictures: &Tensor, class: usize) -> Result<Tensor, TrainError> {
///     let question = Question::gradients("logits", &["images"]);
///     let images = net.standardised(pictures);
///     let mut weights = Tensor::zeros([&[images.shape()[0]], net.output_shape()].concat());
///     weights.rows_mut().into_iter().for_each(|mut row| row[class] = 1.0);
///     let feeds = [("images", &images), ("weights of logits", &weights)];
///     let mut answer = net.ask(&question, &feeds, &AtomicBool::new(false))?;
///     answer.take("gradient of images")
/// }
/// ```
#[derive(Clone)]
pub struct Question {
    name: String,
    mode: Mode,
    make: Arc<Make>,
}

impl Question {
    /// What `make` makes of a net's forward graph in this mode, which has the input `images` and the outputs `result` and,
    /// where it ends in a softmax, `logits`; what it is given to ask ends it. Programs are kept by `name`: two questions of one name must be the same.
    pub fn new(
        name: impl Into<String>,
        mode: Mode,
        make: impl Fn(&Graph, &dyn Stop) -> Result<Graph, GradientError> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), mode, make: Arc::new(make) }
    }

    /// The net's result, and the scores before its softmax as `logits`.
    pub fn result() -> Self {
        Self::new("result", Mode::Infer, |forward, stop| Ok(with_logits(forward, stop)?))
    }

    /// The same of a net that ends in one probability, that of the second of two classes: the `result` is of both.
    pub fn result_of_two() -> Self {
        Self::new("result of two", Mode::Infer, |forward, stop| {
            let mut graph = with_logits(forward, stop)?;
            if let Some(result) = graph.find_output("result") {
                of_two_classes(&mut graph, result)?;
            }
            Ok(graph)
        })
    }

    /// The net's result and its `loss` on `labels` or on a `target`, by how it ends.
    pub fn test() -> Self {
        Self::new("test", Mode::Infer, |forward, stop| {
            let mut graph = with_objective(forward, &objective(forward), stop)?;
            name_logits(&mut graph);
            Ok(graph)
        })
    }

    /// The same by an objective.
    pub fn test_by(by: Objective) -> Self {
        Self::new(format!("test by {by:?}"), Mode::Infer, move |forward, stop| {
            let mut graph = with_objective(forward, &by, stop)?;
            name_logits(&mut graph);
            Ok(graph)
        })
    }

    /// A training step, which updates all parameters; the objective follows from how the net ends.
    pub fn train(optimizer: &Optimizer) -> Self {
        let with = optimizer.clone();
        Self::new(format!("train by {optimizer:?}"), Mode::Train, move |forward, stop| {
            training_step_of(forward, &objective(forward), &with, &|_| true, stop)
        })
    }

    /// The same by an objective.
    pub fn train_by(by: Objective, optimizer: &Optimizer) -> Self {
        let with = optimizer.clone();
        Self::new(format!("train by {by:?} and {optimizer:?}"), Mode::Train, move |forward, stop| {
            training_step_of(forward, &by, &with, &|_| true, stop)
        })
    }

    /// The same, adjusted.
    pub fn adjusted(by: Objective, optimizer: &Optimizer, adjustments: &Adjustments) -> Self {
        if *adjustments == Adjustments::default() {
            return Self::train_by(by, optimizer);
        }
        let (with, adjusted) = (optimizer.clone(), adjustments.clone());
        let name = format!("train by {by:?} and {optimizer:?}, {adjustments:?}");
        Self::new(name, Mode::Train, move |forward, stop| adjusted_step(forward, &by, &with, &adjusted, stop))
    }

    /// A training step that updates the parameters and running statistics which `updated` takes; `which` says in words
    /// which these are: of two questions with one optimizer it is the name.
    pub fn train_some(
        optimizer: &Optimizer,
        which: &str,
        updated: impl Fn(&State) -> bool + Send + Sync + 'static,
    ) -> Self {
        let with = optimizer.clone();
        Self::new(format!("train {which} by {optimizer:?}"), Mode::Train, move |forward, stop| {
            training_step_of(forward, &objective(forward), &with, &updated, stop)
        })
    }

    /// The gradients of an output, `logits` or `result`, by inputs and states, each an output `gradient of NAME`. The
    /// output is summed with the input `weights of OUTPUT`: 1 at a class's score and 0 elsewhere, say.
    pub fn gradients(of: &str, by: &[&str]) -> Self {
        Self::back(of, by, Rules::Gradient)
    }

    /// The same by other rules than the derivative's.
    pub fn back(of: &str, by: &[&str], rules: Rules) -> Self {
        let name = format!("gradients of {of} by {}, {rules:?}", by.join(", "));
        let (of, by) = (of.to_string(), by.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        Self::new(name, Mode::Infer, move |forward, stop| {
            let by: Vec<&str> = by.iter().map(String::as_str).collect();
            with_gradients_unless(with_logits(forward, stop)?, &of, &by, rules, stop)
        })
    }

    /// The maps of a layer, or the net's last ones, as the output `maps`, and the gradient of its logits by them, summed with
    /// `weights of logits`, as `gradient of maps`.
    pub fn maps(of: Option<&str>) -> Self {
        let name = of.map_or("maps".to_string(), |layer| format!("maps of {layer}"));
        let layer = of.map(str::to_string);
        Self::new(name, Mode::Infer, move |forward, stop| {
            with_maps(with_logits(forward, stop)?, "logits", layer.as_deref(), stop)
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the forward graph is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The route from a net to what a device runs. A program is checked by it and runs by it: there is no other.
    ///
    /// # Errors
    /// The net has no graph of this batch; the question does not go with the net.
    pub fn route(&self, forward: &Forward, batch: usize, backend: &dyn Backend) -> Result<Route, TrainError> {
        self.route_unless(forward, batch, backend, &Never)
    }

    /// The same, unless `stop`, which every stage asks for every node, ends it.
    ///
    /// # Errors
    /// As those of [`Question::route`]; [`TrainError::Interrupted`].
    pub fn route_unless(
        &self,
        forward: &Forward,
        batch: usize,
        backend: &dyn Backend,
        stop: &dyn Stop,
    ) -> Result<Route, TrainError> {
        // Forward graph: one node an operation, every shape known, the batch among them.
        let forward = forward(batch, self.mode)?;
        stop.go_on()?;
        // What is asked: the loss, gradients and updates are nodes as well.
        let whole = (self.make)(&forward, stop)?;
        // Plan: fused; in which order, by which algorithm, where in memory.
        let plan = plan_unless(fuse_unless(whole, stop)?, backend, stop)?;
        Ok(Route { forward, plan })
    }
}

impl Recipe {
    /// A step of such a run, by an objective.
    pub fn question(&self, objective: Objective) -> Question {
        Question::adjusted(objective, &self.optimizer, &self.adjustments)
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("name", &self.name).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// A net on its way to a program.
#[derive(Clone, Debug)]
pub struct Route {
    /// The net's forward graph.
    pub forward: Graph,
    /// What the device runs, in which order, how and where in memory.
    pub plan: Plan,
}

/// The same graph, which names the scores before a softmax.
pub(crate) fn with_logits(forward: &Graph, stop: &dyn Stop) -> Result<Graph, Interrupted> {
    let mut graph = forward.copy_unless(stop)?;
    name_logits(&mut graph);
    Ok(graph)
}

/// Names the scores before a softmax as the output `logits`.
fn name_logits(graph: &mut Graph) {
    let result = graph.find_output("result").map(|id| graph.node(id));
    if let Some(node) = result
        && let Op::Softmax(_) = node.op
        && graph.find_output("logits").is_none()
    {
        let logits = node.inputs[0];
        graph.output("logits", logits);
    }
}
