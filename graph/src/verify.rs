//! What is true of every graph. Runs after every pass in tests and debug builds.
//!
//! 1. A node's inputs stand before it.
//! 2. A node's shape is what its op's rule says; inputs and states are those of the tables.
//! 3. No two inputs, states, layers or outputs share a name.
//! 4. An output and an update name an existing node; an update has its state's shape; no state is updated twice.
//! 5. Moments stand behind all other states, so that all graphs of one net share the others' numbers.

use std::collections::HashSet;

use crate::graph::{Graph, Role};
use crate::ids::NodeId;
use crate::op::Op;

/// The first rule that a graph breaks, in words.
pub fn verify(graph: &Graph) -> Result<(), String> {
    for id in graph.ids() {
        verify_node(graph, id)?;
    }
    unique("input", graph.inputs.iter().map(|i| &i.name))?;
    unique("state", graph.states.iter().map(|s| &s.name))?;
    unique("layer", graph.layers.iter().map(|l| &l.name))?;
    unique("output", graph.outputs.iter().map(|(name, _)| name))?;
    for (name, id) in &graph.outputs {
        if id.index() >= graph.nodes.len() {
            return Err(format!("output {name} names %{}, which does not exist", id.0));
        }
    }
    verify_updates(graph)?;
    if !graph.states.is_sorted_by_key(|s| s.role == Role::Moment) {
        return Err("a moment stands before a state of another role".into());
    }
    Ok(())
}

/// The graph itself, after a check in debug builds; a failure is a defect of the pass.
pub(crate) fn checked(graph: Graph, pass: &str) -> Graph {
    if cfg!(debug_assertions)
        && let Err(why) = verify(&graph)
    {
        panic!("after {pass}: {why}\n{graph}");
    }
    graph
}

fn verify_node(graph: &Graph, id: NodeId) -> Result<(), String> {
    let node = graph.node(id);
    if let Some(input) = node.inputs.iter().find(|input| input.index() >= id.index()) {
        return Err(format!("%{} reads %{}, which does not stand before it", id.0, input.0));
    }
    let known = match node.op {
        Op::Input(i) => i.index() < graph.inputs.len(),
        Op::State(s) => s.index() < graph.states.len(),
        _ => true,
    };
    if !known || node.layer.is_some_and(|l| l.index() >= graph.layers.len()) {
        return Err(format!("%{} names an input, state or layer that does not exist", id.0));
    }
    match graph.infer(&node.op, &node.inputs) {
        Ok(shape) if shape == node.shape => Ok(()),
        Ok(shape) => Err(format!("%{} is {}, but its op gives {shape}", id.0, node.shape)),
        Err(why) => Err(format!("%{}: {why}", id.0)),
    }
}

fn verify_updates(graph: &Graph) -> Result<(), String> {
    let mut seen = HashSet::new();
    for (state, id) in &graph.updates {
        let (Some(declared), Some(node)) = (graph.states.get(state.index()), graph.nodes.get(id.index())) else {
            return Err(format!("the update of state {} names what does not exist", state.0));
        };
        if declared.shape != node.shape {
            return Err(format!("{} is {}, but its update is {}", declared.name, declared.shape, node.shape));
        }
        if !seen.insert(state) {
            return Err(format!("{} is updated twice", declared.name));
        }
    }
    Ok(())
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("two {what}s are called {name}"));
        }
    }
    Ok(())
}
