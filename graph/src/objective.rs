//! What a net is trained by: what its result is compared with, and how.

use serde::{Deserialize, Serialize};

use crate::graph::Graph;
use crate::ids::NodeId;
use crate::op::{
    Add, Concat, Correct, CrossEntropy, Dice, Function, GradientError, LabelWeight, Measure, Op, Overlap,
    PointwiseLoss, Scale, ShapeError, Softmax, SquaredError, Unary,
};
use crate::shape::Shape;
use crate::stop::{Never, Stop};

/// What a net's result is compared with, and how.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// A class a position, where the net ends in softmax, or of two classes in the logistic function of one number: input
    /// `labels` `[N, …]`; of mixed samples `target` `[N, …, K]`, a share of each class.
    Classes(Classes),
    /// Any of several classes at once, where the net ends in the logistic function: input `target` of the result's shape,
    /// 0 to 1.
    Several(Several),
    /// Numbers: input `target` of the result's shape.
    Numbers(Distance),
}

/// How classes are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classes {
    /// By what.
    pub loss: ClassLoss,
    /// The share of label smoothing.
    pub smoothing: f64,
    /// The label that counts for nothing.
    pub ignore: Option<u32>,
    /// Whether each class has a weight: input `class_weights` `[K]`.
    pub weights: Weighting,
    /// What is said of a position.
    pub truth: Truth,
}

/// What is said of the classes at a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// One class.
    #[default]
    Label,
    /// A share of each, as mixed samples have it.
    Shares,
}

/// Whether classes have weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weighting {
    /// All count alike.
    #[default]
    Alike,
    /// Each has its own.
    Own,
}

/// What is made of the probabilities of classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassLoss {
    /// Cross-entropy.
    #[default]
    CrossEntropy,
    /// How far regions cover each other.
    Dice,
}

/// What is made of the probabilities of several classes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Several {
    /// The binary cross-entropy of each.
    CrossEntropy,
    /// The same, and what is there counts by a factor of its class: input `class_weights` `[K]`.
    Weighted,
    /// How far regions cover each other.
    Dice,
}

/// How far numbers are from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// The mean squared error.
    Squared,
    /// The mean absolute error.
    Absolute,
    /// Huber's, which is squared up to 1.
    Huber,
}

impl Objective {
    /// Cross-entropy, every label counting alike.
    pub const CROSS_ENTROPY: Self = Self::Classes(Classes {
        loss: ClassLoss::CrossEntropy,
        smoothing: 0.0,
        ignore: None,
        weights: Weighting::Alike,
        truth: Truth::Label,
    });

    /// The mean squared error.
    pub const SQUARED_ERROR: Self = Self::Numbers(Distance::Squared);

    /// The same for a test: classes' weights and mixed samples are for training alone.
    pub fn of_test(self) -> Self {
        match self {
            Self::Classes(classes) => {
                Self::Classes(Classes { weights: Weighting::Alike, truth: Truth::Label, ..classes })
            }
            Self::Several(Several::Weighted) => Self::Several(Several::CrossEntropy),
            other => other,
        }
    }
}

/// The objective of a forward graph of which nothing more is said: it follows from how its output `result` comes about.
pub fn objective(forward: &Graph) -> Objective {
    match forward.find_output("result").map(|id| &forward.node(id).op) {
        Some(Op::Softmax(_)) => Objective::CROSS_ENTROPY,
        _ => Objective::SQUARED_ERROR,
    }
}

/// Adds to a forward graph (with the output `result`) the input `labels` or `target` and the outputs `loss` and, for
/// classes, `correct` (how many of the batch are right): what `test` runs.
pub fn with_loss(forward: &Graph) -> Result<Graph, GradientError> {
    with_objective(forward, &objective(forward), &Never)
}

/// The same by an objective, unless `stop` ends it. Where labels are ignored there is the output `counted`: how many are
/// not. What training makes small is the output `objective`.
///
/// # Errors
/// A net that does not end as the objective has it; [`GradientError::Interrupted`].
pub fn with_objective(forward: &Graph, by: &Objective, stop: &dyn Stop) -> Result<Graph, GradientError> {
    let mut graph = forward.copy_unless(stop)?;
    let result = graph.find_output("result").ok_or_else(|| GradientError::NoOutput("result".into()))?;
    let total = match by {
        Objective::Classes(classes) => of_classes(&mut graph, result, classes)?,
        Objective::Several(several) => of_several(&mut graph, result, *several)?,
        Objective::Numbers(distance) => of_numbers(&mut graph, result, *distance)?,
    };
    graph.output("objective", total);
    graph.sides.clear();
    Ok(graph)
}

/// What a net's last op is, where the objective needs it to be one.
fn ends(graph: &Graph, result: NodeId, is: fn(&Op) -> bool, why: &str) -> Result<NodeId, ShapeError> {
    let node = graph.node(result);
    match node.inputs.first() {
        Some(&before) if is(&node.op) => Ok(before),
        _ => Err(ShapeError::Form { op: "loss", found: node.shape.dims().to_vec(), why: why.to_string() }),
    }
}

/// The loss of a net that tells classes apart, with that of its side classifiers.
fn of_classes(graph: &mut Graph, result: NodeId, by: &Classes) -> Result<NodeId, ShapeError> {
    let result = of_two_classes(graph, result)?;
    let logits = ends(graph, result, |op| matches!(op, Op::Softmax(_)), "the net must end in softmax")?;
    let layer = graph.node(result).layer;
    let all = graph.shape(logits).clone();
    let (positions, channels) = (Shape::new(&all.dims()[..all.rank() - 1])?, Shape::new([all.channels()])?);
    let labels = match by.truth {
        Truth::Label => graph.input("labels", positions),
        Truth::Shares => graph.input("target", all),
    };
    let weights = (by.weights == Weighting::Own).then(|| graph.input("class_weights", channels));
    let compared = Compared { by, labels, weights, weight: None }.weighed(graph, result)?;
    let loss = match by.loss {
        ClassLoss::CrossEntropy => compared.cross_entropy(graph, logits)?,
        ClassLoss::Dice => dice(graph, result, labels, by.ignore)?,
    };
    let correct = graph.push(Op::Correct(Correct { ignore: by.ignore }), &[logits, labels], layer)?;
    let total = with_sides(graph, loss, &compared)?;
    graph.output("loss", loss);
    graph.output("correct", correct);
    if let Some(ignore) = by.ignore {
        let counted = graph.push(Op::LabelWeight(LabelWeight { ignore: Some(ignore) }), &[labels], layer)?;
        graph.output("counted", counted);
    }
    Ok(total)
}

/// Makes of the logistic function of one number x, which tells of two classes how likely the second is, the softmax of the
/// logits 0 and x: the same probability, with that of the first beside it. It is then the output `result`, and the scores
/// are `logits`. A result that is none such stays as it is.
///
/// # Errors
/// A shape that is too large.
pub fn of_two_classes(graph: &mut Graph, result: NodeId) -> Result<NodeId, ShapeError> {
    let node = graph.node(result);
    let is_logistic = matches!(node.op, Op::Unary(Unary { function: Function::Sigmoid }));
    let (Some(&x), layer) = (node.inputs.first(), node.layer) else { return Ok(result) };
    if !is_logistic || node.shape.rank() < 2 || node.shape.channels() != 1 {
        return Ok(result);
    }
    let zero = graph.push(Op::Scale(Scale { factor: 0.0 }), &[x], layer)?;
    let logits = graph.push(Op::Concat(Concat {}), &[zero, x], layer)?;
    let result = graph.push(Op::Softmax(Softmax {}), &[logits], layer)?;
    graph.outputs.retain(|(name, _)| name != "result" && name != "logits");
    graph.output("result", result);
    graph.output("logits", logits);
    Ok(result)
}

/// What logits are compared with.
struct Compared<'a> {
    by: &'a Classes,
    labels: NodeId,
    weights: Option<NodeId>,
    /// What all labels count, where they do not count alike.
    weight: Option<NodeId>,
}

impl Compared<'_> {
    fn weighed(mut self, graph: &mut Graph, result: NodeId) -> Result<Self, ShapeError> {
        // Of shares every position counts alike.
        if self.by.truth == Truth::Label && (self.by.ignore.is_some() || self.weights.is_some()) {
            let layer = graph.node(result).layer;
            let inputs: Vec<NodeId> = [self.labels].into_iter().chain(self.weights).collect();
            let op = Op::LabelWeight(LabelWeight { ignore: self.by.ignore });
            self.weight = Some(graph.push(op, &inputs, layer)?);
        }
        Ok(self)
    }

    fn cross_entropy(&self, graph: &mut Graph, logits: NodeId) -> Result<NodeId, ShapeError> {
        let layer = graph.node(logits).layer;
        let inputs: Vec<NodeId> = [logits, self.labels].into_iter().chain(self.weight).chain(self.weights).collect();
        let Classes { smoothing, ignore, .. } = *self.by;
        graph.push(Op::CrossEntropy(CrossEntropy { smoothing, ignore }), &inputs, layer)
    }
}

/// The loss and the weighted losses of the side classifiers: what training minimises.
fn with_sides(graph: &mut Graph, loss: NodeId, compared: &Compared<'_>) -> Result<NodeId, ShapeError> {
    let mut total = loss;
    for (weight, side) in graph.sides.clone() {
        let layer = graph.node(side).layer;
        let logits = match graph.node(side).op {
            Op::Softmax(_) => graph.node(side).inputs[0],
            _ => side,
        };
        let loss = compared.cross_entropy(graph, logits)?;
        let weighted = graph.push(Op::Scale(Scale { factor: weight }), &[loss], layer)?;
        total = graph.push(Op::Add(Add {}), &[total, weighted], layer)?;
    }
    Ok(total)
}

/// The loss of regions that are told by probabilities.
fn dice(graph: &mut Graph, told: NodeId, there: NodeId, ignore: Option<u32>) -> Result<NodeId, ShapeError> {
    let layer = graph.node(told).layer;
    let sums = graph.push(Op::Overlap(Overlap { ignore }), &[told, there], layer)?;
    graph.push(Op::Dice(Dice {}), &[sums], layer)
}

/// The loss of a net that tells of each class whether it is there.
fn of_several(graph: &mut Graph, result: NodeId, by: Several) -> Result<NodeId, ShapeError> {
    let is = |op: &Op| matches!(op, Op::Unary(Unary { function: Function::Sigmoid }));
    let logits = ends(graph, result, is, "the net must end in sigmoid")?;
    let target = graph.input("target", graph.shape(result).clone());
    let loss = match by {
        Several::CrossEntropy => pointwise(graph, Measure::Logistic, &[logits, target])?,
        Several::Weighted => {
            let factors = graph.input("class_weights", Shape::new([graph.shape(logits).channels()])?);
            pointwise(graph, Measure::Logistic, &[logits, target, factors])?
        }
        Several::Dice => dice(graph, result, target, None)?,
    };
    graph.output("loss", loss);
    Ok(loss)
}

/// The loss of a net that gives numbers.
fn of_numbers(graph: &mut Graph, result: NodeId, by: Distance) -> Result<NodeId, ShapeError> {
    let target = graph.input("target", graph.shape(result).clone());
    let layer = graph.node(result).layer;
    let loss = match by {
        Distance::Squared => graph.push(Op::SquaredError(SquaredError {}), &[result, target], layer)?,
        Distance::Absolute => pointwise(graph, Measure::Absolute, &[result, target])?,
        Distance::Huber => pointwise(graph, Measure::Huber, &[result, target])?,
    };
    graph.output("loss", loss);
    Ok(loss)
}

fn pointwise(graph: &mut Graph, measure: Measure, inputs: &[NodeId]) -> Result<NodeId, ShapeError> {
    let layer = graph.node(inputs[0]).layer;
    graph.push(Op::PointwiseLoss(PointwiseLoss { measure }), inputs, layer)
}
