//! What must be finite before a step may write states.

use std::collections::{HashMap, HashSet};

use super::{Gradient, Place, Plan, owner};
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
        let computed: HashSet<NodeId> = before.iter().flat_map(|step| step.nodes.iter().copied()).collect();
        // Both moments of a parameter read its gradient; one look is enough.
        let mut seen = HashSet::new();
        if self.commit < self.steps.len()
            && let Some(loss) = graph.find_output("loss")
            && let Place::Arena(_) = self.place(loss)
        {
            seen.insert(owner(graph, loss));
            watched.push((NotFinite::Loss, loss));
        }
        for id in self.updates() {
            for &input in &graph.node(id).inputs {
                let value = owner(graph, input);
                // It is a number if all gradients are, of which each is watched by its own name.
                if let Op::ClipFactor(_) = graph.node(value).op {
                    continue;
                }
                if let Place::Arena(_) = self.place(input)
                    && computed.contains(&value)
                    && seen.insert(value)
                {
                    let name = self.updated(id).to_string();
                    let what = match graph.node(id).op {
                        Op::Running(_) => NotFinite::Statistic(name),
                        _ => NotFinite::Gradient(name),
                    };
                    watched.push((what, input));
                }
            }
        }
        watched
    }

    /// The gradients that updates read, by the parameters' names: what machines exchange before [`Plan::exchange`].
    pub fn gradients(&self) -> Vec<Gradient> {
        let mut ready = HashMap::new();
        for (number, step) in self.steps.iter().enumerate() {
            ready.extend(step.nodes.iter().map(|&id| (id, number)));
        }
        let gradient = |(what, value)| match what {
            NotFinite::Gradient(name) => {
                let ready = *ready.get(&owner(&self.graph, value))?;
                Some(Gradient { name, value, ready })
            }
            _ => None,
        };
        self.watched().into_iter().filter_map(gradient).collect()
    }

    /// The nodes that write states, in the order in which they do.
    pub fn updates(&self) -> impl Iterator<Item = NodeId> + Clone {
        self.steps[self.commit.min(self.steps.len())..].iter().flat_map(|step| step.nodes.iter().copied())
    }

    /// What a node that writes a state must give as well.
    pub fn update_of(&self, id: NodeId) -> NotFinite {
        NotFinite::Update(self.updated(id).to_string())
    }

    /// The name of the parameter or the running statistic that an update belongs to.
    fn updated(&self, id: NodeId) -> &str {
        let node = self.graph.node(id);
        let read = node.inputs.iter().find_map(|&id| match self.graph.node(id).op {
            Op::State(state) => Some(&self.graph.states[state.index()]).filter(|state| state.role == Role::Parameter),
            _ => None,
        });
        match (read, self.place(id)) {
            (Some(state), _) => &state.name,
            (None, Place::State(state)) => &self.graph.states[state.index()].name,
            (None, _) => node.op.word(),
        }
    }
}
