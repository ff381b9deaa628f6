//! The graph's text form: prints ([`Display`](std::fmt::Display)) and parses, spans aside.
//!
//! ```text
//! graph tiny
//! input images 1x8x8x1
//! state conv1.filter 4x3x3x1 {"role":"parameter","init":{"he_normal":{"fan_in":9}}}
//! layer conv1 conv
//! %0 = input images : 1x8x8x1
//! %1 = state conv1.filter : 4x3x3x1 @conv1
//! %2 = conv %0 %1 {"stride":[1,1],"pad":[[1,1],[1,1]],"dilate":[1,1],"groups":1} : 1x8x8x4 @conv1
//! output result %2
//! ```

use std::collections::HashMap;
use std::fmt;

use serde_json::{Map, Value};

use crate::graph::{Graph, Init, Node, Role, State};
use crate::ids::{InputId, LayerId, NodeId, StateId};
use crate::op::Op;
use crate::shape::Shape;
use crate::span::Span;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "graph {}", self.name)?;
        for input in &self.inputs {
            writeln!(f, "input {} {}", input.name, input.shape)?;
        }
        for state in &self.states {
            let attributes = serde_json::json!({ "role": state.role, "init": state.init });
            writeln!(f, "state {} {} {attributes}", state.name, state.shape)?;
        }
        for layer in &self.layers {
            writeln!(f, "layer {} {}", layer.name, layer.kind)?;
        }
        for id in self.ids() {
            writeln!(f, "{}", self.line(id))?;
        }
        for (name, id) in &self.outputs {
            writeln!(f, "output {name} %{}", id.0)?;
        }
        for (weight, id) in &self.sides {
            writeln!(f, "side {weight} %{}", id.0)?;
        }
        for (state, id) in &self.updates {
            writeln!(f, "update {} %{}", self.states[state.index()].name, id.0)?;
        }
        Ok(())
    }
}

impl Graph {
    /// One node as the text form shows it.
    pub fn line(&self, id: NodeId) -> String {
        let node = self.node(id);
        let mut line = format!("%{} = {}", id.0, node.op.word());
        match node.op {
            Op::Input(i) => line += &format!(" {}", self.inputs[i.index()].name),
            Op::State(s) => line += &format!(" {}", self.states[s.index()].name),
            _ => {
                for input in &node.inputs {
                    line += &format!(" %{}", input.0);
                }
                let attributes = attributes(&node.op);
                if !attributes.is_empty() {
                    line += &format!(" {}", Value::Object(attributes));
                }
            }
        }
        line += &format!(" : {}", node.shape);
        if let Some(layer) = node.layer {
            line += &format!(" @{}", self.layers[layer.index()].name);
        }
        line
    }
}

/// An op's attributes, from its one definition.
fn attributes(op: &Op) -> Map<String, Value> {
    match serde_json::to_value(op) {
        Ok(Value::Object(mut tagged)) => match tagged.remove(op.word()) {
            Some(Value::Object(attributes)) => attributes,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

/// Why a text is no graph.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

/// Reads the text form; shapes are computed and held against those that are written.
pub fn parse(text: &str) -> Result<Graph, ParseError> {
    let mut parser = Parser::default();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() {
            parser.line(line).map_err(|why| ParseError { line: i + 1, why })?;
        }
    }
    Ok(parser.graph)
}

#[derive(Default)]
struct Parser {
    graph: Graph,
    inputs: HashMap<String, InputId>,
    states: HashMap<String, StateId>,
    layers: HashMap<String, LayerId>,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (head, rest) = line.split_once(' ').unwrap_or((line, ""));
        match head {
            "graph" => self.graph.name = rest.to_string(),
            "input" => self.input(rest)?,
            "state" => self.state(rest)?,
            "layer" => self.layer(rest)?,
            "output" => {
                let (name, id) = rest.split_once(' ').ok_or("an output has a name and a value")?;
                let id = self.node_id(id)?;
                self.graph.output(name, id);
            }
            "side" => {
                let (weight, id) = rest.split_once(' ').ok_or("a side result has a weight and a value")?;
                let weight = weight.parse().map_err(|_| format!("`{weight}` is no weight"))?;
                let id = self.node_id(id)?;
                self.graph.sides.push((weight, id));
            }
            "update" => {
                let (name, id) = rest.split_once(' ').ok_or("an update has a state and a value")?;
                let state = *self.states.get(name).ok_or_else(|| format!("no state {name}"))?;
                let id = self.node_id(id)?;
                self.graph.updates.push((state, id));
            }
            _ => self.node(head, rest)?,
        }
        Ok(())
    }

    fn input(&mut self, rest: &str) -> Result<(), String> {
        let (name, dims) = rest.split_once(' ').ok_or("an input has a name and a shape")?;
        let shape = shape(dims)?;
        self.inputs.insert(name.to_string(), InputId::new(self.graph.inputs.len()));
        self.graph.inputs.push(crate::graph::Input { name: name.to_string(), shape });
        Ok(())
    }

    fn state(&mut self, rest: &str) -> Result<(), String> {
        #[derive(serde::Deserialize)]
        struct Attributes {
            role: Role,
            init: Init,
        }
        let mut words = rest.splitn(3, ' ');
        let (Some(name), Some(dims), Some(json)) = (words.next(), words.next(), words.next()) else {
            return Err("a state has a name, a shape and attributes".into());
        };
        let Attributes { role, init } = serde_json::from_str(json).map_err(|e| e.to_string())?;
        self.states.insert(name.to_string(), StateId::new(self.graph.states.len()));
        self.graph.states.push(State { name: name.to_string(), shape: shape(dims)?, role, init });
        Ok(())
    }

    fn layer(&mut self, rest: &str) -> Result<(), String> {
        let (name, kind) = rest.split_once(' ').ok_or("a layer has a name and a kind")?;
        let id = self.graph.layer(name, kind, Span::default());
        self.layers.insert(name.to_string(), id);
        Ok(())
    }

    fn node(&mut self, head: &str, rest: &str) -> Result<(), String> {
        if head != format!("%{}", self.graph.nodes.len()) {
            return Err(format!("`{head}` is not the next node, %{}", self.graph.nodes.len()));
        }
        let rest = rest.strip_prefix("= ").ok_or("a node is written `%n = op …`")?;
        let (call, result) = rest.rsplit_once(" : ").ok_or("a node ends in ` : shape`")?;
        let (dims, layer) = match result.split_once(" @") {
            Some((dims, name)) => (dims, Some(*self.layers.get(name).ok_or_else(|| format!("no layer {name}"))?)),
            None => (result, None),
        };
        let (words, json) = match call.find('{') {
            Some(at) => call.split_at(at),
            None => (call, "{}"),
        };
        let mut words = words.split_whitespace();
        let word = words.next().ok_or("a node has an op")?;
        let (op, inputs) = match word {
            "input" | "state" => (self.source(word, words.next())?, Vec::new()),
            _ => {
                let attributes: Value = serde_json::from_str(json).map_err(|e| e.to_string())?;
                let op = serde_json::from_value(Value::Object(Map::from_iter([(word.to_string(), attributes)])));
                let inputs = words.map(|w| self.node_id(w)).collect::<Result<_, _>>()?;
                (op.map_err(|e| e.to_string())?, inputs)
            }
        };
        let computed = self.graph.infer(&op, &inputs).map_err(|e| e.to_string())?;
        let written = shape(dims)?;
        if computed != written {
            return Err(format!("{written} is written, but the op gives {computed}"));
        }
        self.graph.nodes.push(Node { op, inputs, shape: computed, layer });
        Ok(())
    }

    fn source(&self, word: &str, name: Option<&str>) -> Result<Op, String> {
        let name = name.ok_or_else(|| format!("which {word}?"))?;
        let op = match word {
            "input" => self.inputs.get(name).map(|&id| Op::Input(id)),
            _ => self.states.get(name).map(|&id| Op::State(id)),
        };
        op.ok_or_else(|| format!("no {word} {name}"))
    }

    fn node_id(&self, word: &str) -> Result<NodeId, String> {
        let number = word.strip_prefix('%').and_then(|n| n.parse::<u32>().ok());
        match number {
            Some(n) if (n as usize) < self.graph.nodes.len() => Ok(NodeId(n)),
            _ => Err(format!("`{word}` is no earlier node")),
        }
    }
}

fn shape(text: &str) -> Result<Shape, String> {
    if text == "scalar" {
        return Ok(Shape::scalar());
    }
    let dims = text.split('x').map(|d| d.parse().map_err(|_| format!("`{text}` is no shape")));
    Shape::new(dims.collect::<Result<Vec<usize>, _>>()?).map_err(|e| e.to_string())
}
