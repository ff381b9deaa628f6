//! What must be finite before a step may write states.

use super::{Place, Plan, Step};
use crate::backend::NotFinite;
use crate::graph::{Graph, Role};
use crate::ids::NodeId;
use crate::op::Op;

impl Plan {
    /// The loss and every gradient and statistic that an update reads; none where nothing is updated. All of them lie in the
    /// arena.
    pub fn watched(&self) -> Vec<(NotFinite, NodeId)> {
        let graph = &self.graph;
        let mut watched: Vec<(NotFinite, NodeId)> = Vec::new();
        if self.commit < self.steps.len()
            && let Some(loss) = graph.find_output("loss")
            && let Place::Arena(_) = self.places[loss.index()]
        {
            watched.push((NotFinite::Loss, loss));
        }
        for step in self.updates() {
            for &input in &graph.node(step.node).inputs {
                if let Place::Arena(_) = self.places[input.index()]
                    && self.steps[..self.commit].iter().any(|before| before.node == source(graph, input))
                {
                    let name = self.updated(step).to_string();
                    let what = match graph.node(step.node).op {
                        Op::Running(_) => NotFinite::Statistic(name),
                        _ => NotFinite::Gradient(name),
                    };
                    // Both moments of a parameter read its gradient; one look is enough.
                    if !watched.iter().any(|(_, seen)| self.places[seen.index()] == self.places[input.index()]) {
                        watched.push((what, input));
                    }
                }
            }
        }
        watched
    }

    /// The steps that write states.
    pub fn updates(&self) -> &[Step] {
        &self.steps[self.commit.min(self.steps.len())..]
    }

    /// What a step that writes a state must give as well.
    pub fn update_of(&self, step: &Step) -> NotFinite {
        NotFinite::Update(self.updated(step).to_string())
    }

    /// The name of the parameter or the running statistic that an update belongs to.
    fn updated(&self, step: &Step) -> &str {
        let node = self.graph.node(step.node);
        let read = node.inputs.iter().find_map(|&id| match self.graph.node(id).op {
            Op::State(state) => Some(&self.graph.states[state.index()]).filter(|state| state.role == Role::Parameter),
            _ => None,
        });
        match (read, self.places[step.node.index()]) {
            (Some(state), _) => &state.name,
            (None, Place::State(state)) => &self.graph.states[state.index()].name,
            (None, _) => node.op.word(),
        }
    }
}

/// The node that computes a value: reshapes only rename it.
fn source(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Op::Reshape(_) = graph.node(id).op {
        id = graph.node(id).inputs[0];
    }
    id
}
