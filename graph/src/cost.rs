//! What each layer of a net costs: parameters, multiply–accumulates, operations, memory.

use crate::graph::{Graph, Role};
use crate::ids::LayerId;
use crate::op::{Cost, Op};
use crate::shape::Shape;

/// The cost of one layer, for the batch of its graph.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCost {
    /// Which layer.
    pub layer: LayerId,
    /// Its output, batch included.
    pub output: Shape,
    /// How many numbers training adjusts in it.
    pub parameters: usize,
    /// The work of one evaluation.
    pub work: Cost,
}

impl LayerCost {
    /// The bytes of its output in f32.
    pub fn bytes(&self) -> usize {
        4 * self.output.elements()
    }
}

/// The cost of each layer of a forward graph that no pass has changed; layers without a node are left out.
pub fn layers(graph: &Graph) -> Vec<LayerCost> {
    let mut costs: Vec<Option<LayerCost>> = vec![None; graph.layers.len()];
    for node in &graph.nodes {
        let Some(layer) = node.layer else { continue };
        let cost = costs[layer.index()].get_or_insert_with(|| LayerCost {
            layer,
            output: node.shape.clone(),
            parameters: 0,
            work: Cost::default(),
        });
        match node.op {
            Op::State(s) if graph.states[s.index()].role == Role::Parameter => {
                cost.parameters += node.shape.elements();
            }
            _ => cost.output = node.shape.clone(),
        }
        cost.work = cost.work + graph.cost(node);
    }
    costs.into_iter().flatten().collect()
}
