//! Adversarial training: a step whose pictures are also seen as they fool the net as it is.

use serde::{Deserialize, Serialize};

use crate::autodiff::gradients;
use crate::derivative::sum;
use crate::graph::Graph;
use crate::ids::NodeId;
use crate::op::{Add, GradientError, Op, Scale, SignStep};
use crate::shape::Shape;
use crate::stop::Stop;

/// The input `[C]`: how far apart raw values 0 and 1 are after they were standardised, a channel.
pub const UNIT: &str = "unit";

/// The input `[C]`: what a raw value of 0 becomes when it is standardised, a channel.
pub const LOW: &str = "low";

/// By which pictures a net is trained besides its own: these, changed by the sign of the loss's gradient so that the loss rises
/// (I. Goodfellow, J. Shlens, C. Szegedy, arXiv:1412.6572, section 6; several steps, A. Madry et al., arXiv:1706.06083).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// How far a raw value moves at most.
    pub eps: f64,
    /// In how many steps, at least 1.
    pub steps: usize,
    /// How far a step moves it.
    pub step: f64,
    /// How much the loss of the changed pictures counts, in 0..=1; that of the pictures as they are counts the rest.
    pub share: f64,
}

impl Against {
    /// How much changed pictures count unless it is said (I. Goodfellow et al., arXiv:1412.6572, section 6: α = 0.5).
    pub const SHARE: f64 = 0.5;

    /// Whether its numbers mean something: a length above 0, steps, and a share above 0 and at most 1.
    pub fn is_possible(&self) -> bool {
        let is_length = |length: f64| length > 0.0 && length.is_finite();
        is_length(self.eps) && is_length(self.step) && self.steps > 0 && self.share > 0.0 && self.share <= 1.0
    }
}

/// Appends the gradients, by the nodes `reads`, of the weighted mean of the scalar `objective` and of what it is of the changed
/// pictures; that mean is then the output `objective`. The net is the same both times, its dropout too; what follows the
/// batches follows the pictures as they are.
///
/// # Errors
/// A graph without the input `images`; as [`gradients`].
pub(crate) fn gradients_against(
    graph: &mut Graph,
    objective: NodeId,
    reads: &[NodeId],
    against: &Against,
    stop: &dyn Stop,
) -> Result<Vec<Option<NodeId>>, GradientError> {
    let clean = graph.copy_unless(stop)?;
    let mut sought = Sought::of(graph, &clean, objective, against)?;
    let rest = 1.0 - against.share;
    // The slope is one of the gradients that training needs anyway. It is a sign: by how much the loss counts does not matter.
    let weighed = if rest > 0.0 { scaled(graph, objective, rest)? } else { objective };
    let wanted = [&[sought.images], reads].concat();
    let mut of_clean = gradients(graph, weighed, &wanted, stop)?;
    let mut slope = of_clean.remove(0);
    for step in 1.. {
        sought.step(graph, slope)?;
        if step >= against.steps {
            break;
        }
        let risen = sought.objective(graph, stop)?;
        slope = gradients(graph, risen, &[sought.changed], stop)?.remove(0);
    }
    let of_changed = sought.objective(graph, stop)?;
    let of_changed = scaled(graph, of_changed, against.share)?;
    let found = gradients(graph, of_changed, reads, stop)?;
    let total = if rest > 0.0 { graph.push(Op::Add(Add {}), &[weighed, of_changed], None)? } else { of_changed };
    graph.outputs.retain(|(name, _)| name != "objective");
    graph.output("objective", total);
    let pairs = of_clean.into_iter().map(|gradient| gradient.filter(|_| rest > 0.0)).zip(found);
    reads.iter().zip(pairs).map(|(&read, (clean, changed))| both(graph, read, clean, changed)).collect()
}

/// The sum of what there is of two gradients.
fn both(
    graph: &mut Graph,
    read: NodeId,
    a: Option<NodeId>,
    b: Option<NodeId>,
) -> Result<Option<NodeId>, GradientError> {
    let layer = graph.node(read).layer;
    match (a, b) {
        (Some(a), Some(b)) => Ok(Some(graph.push(Op::Add(Add {}), &[a, b], layer)?)),
        (a, b) => Ok(a.or(b)),
    }
}

fn scaled(graph: &mut Graph, value: NodeId, factor: f64) -> Result<NodeId, GradientError> {
    Ok(graph.push(Op::Scale(Scale { factor }), &[value], None)?)
}

/// The pictures that are sought.
struct Sought<'a> {
    clean: &'a Graph,
    /// What the net makes of the pictures as they are: everything up to the objective.
    objective: NodeId,
    against: &'a Against,
    /// The pictures as they are.
    images: NodeId,
    unit: NodeId,
    low: NodeId,
    /// As they are changed by now.
    changed: NodeId,
}

impl<'a> Sought<'a> {
    fn of(graph: &mut Graph, clean: &'a Graph, objective: NodeId, against: &'a Against) -> Result<Self, GradientError> {
        let name = "images";
        let is_images =
            |id: &NodeId| matches!(clean.node(*id).op, Op::Input(id) if clean.inputs[id.index()].name == name);
        let images = clean.ids().find(is_images).ok_or_else(|| GradientError::NoVariable(name.to_string()))?;
        let channels = Shape::new([clean.shape(images).channels()]).map_err(crate::op::ShapeError::from)?;
        let (unit, low) = (graph.input(UNIT, channels.clone()), graph.input(LOW, channels));
        Ok(Self { clean, objective, against, images, unit, low, changed: images })
    }

    /// Takes a step by the gradient of the objective; one that depends on no picture has none.
    fn step(&mut self, graph: &mut Graph, slope: Option<NodeId>) -> Result<(), GradientError> {
        let shape = graph.shape(self.images).clone();
        let slope = sum(graph, &slope.into_iter().collect::<Vec<_>>(), shape)?;
        let &Against { eps, step, .. } = self.against;
        let inputs = [self.changed, slope, self.images, self.unit, self.low];
        self.changed = graph.push(Op::SignStep(SignStep { step, eps }), &inputs, None)?;
        Ok(())
    }

    /// Appends what the net makes of the changed pictures, and gives its objective.
    fn objective(&self, graph: &mut Graph, stop: &dyn Stop) -> Result<NodeId, GradientError> {
        let mut now: Vec<NodeId> = self.clean.ids().collect();
        now[self.images.index()] = self.changed;
        for id in stop.each(self.clean.ids().take(self.objective.index() + 1)) {
            let id = id?;
            let node = self.clean.node(id);
            // What no picture has changed is there already.
            if node.inputs.iter().any(|input| now[input.index()] != *input) {
                let inputs: Vec<NodeId> = node.inputs.iter().map(|input| now[input.index()]).collect();
                now[id.index()] = graph.push(node.op.clone(), &inputs, node.layer)?;
            }
        }
        Ok(now[self.objective.index()])
    }
}
