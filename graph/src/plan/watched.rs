//! What must be finite before a step may write states.

use std::collections::HashSet;

use super::{Place, Plan, Step, owner};
use crate::backend::NotFinite;
use crate::graph::Role;
use crate::ids::NodeId;
use crate::op::Op;

impl Plan {
    /// The loss and every gradient and statistic that an update reads; none where nothing is updated. All of them lie in the
    /// arena.
    pub fn watched(&self) -> Vec<(NotFinite, NodeId)> {
        let graph = &self.graph;
        let mut watched: Vec<(NotFinite, NodeId)> = Vec::new();
        let before = &self.steps[..self.commit.min(self.steps.len())];
        let computed: HashSet<NodeId> = before.iter().map(|step| step.node).collect();
        // Both moments of a parameter read its gradient; one look is enough.
        let mut seen = HashSet::new();
        if self.commit < self.steps.len()
            && let Some(loss) = graph.find_output("loss")
            && let Place::Arena(_) = self.place(loss)
        {
            seen.insert(owner(graph, loss));
            watched.push((NotFinite::Loss, loss));
        }
        for step in self.updates() {
            for &input in &graph.node(step.node).inputs {
                let value = owner(graph, input);
                // It is a number if all gradients are, of which each is watched by its own name.
                if let Op::ClipFactor(_) = graph.node(value).op {
                    continue;
                }
                if let Place::Arena(_) = self.place(input)
                    && computed.contains(&value)
                    && seen.insert(value)
                {
                    let name = self.updated(step).to_string();
                    let what = match graph.node(step.node).op {
                        Op::Running(_) => NotFinite::Statistic(name),
                        _ => NotFinite::Gradient(name),
                    };
                    watched.push((what, input));
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
        match (read, self.place(step.node)) {
            (Some(state), _) => &state.name,
            (None, Place::State(state)) => &self.graph.states[state.index()].name,
            (None, _) => node.op.word(),
        }
    }
}
