//! What a stretch of a network has, measured on the network itself: its text is read, resolved, lowered and counted as any other.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use fovea_graph::SourceId;
use fovea_graph::cost::layers;
use fovea_graph::graph::Role;

use super::draft::Part;
use super::write::{Convention, chain, rank, sizes};
use crate::diagnostic::Source;
use crate::lower::{Mode, lower};
use crate::net::{Kind, Layer, Net};
use crate::parse;
use crate::resolve::{Resolved, resolve};
use crate::scope::Scope;
use crate::syntax::{NetDef, StatementKind};

/// What a stretch of a network has, for one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The shape that flows out, without the batch.
    pub output: Vec<usize>,
    /// Weights of convolutions and fully connected layers.
    pub weights: u128,
    /// Their biases.
    pub biases: u128,
    /// What normalisation learns: two numbers a channel.
    pub norms: u128,
    /// Additions of biases, and one for each number that normalisation learns: what some tools count beside MACs.
    pub adds: u128,
    /// Multiplications whose product is added, in convolutions and fully connected layers.
    pub macs: u128,
    /// Numbers that pools look at, windows that overlap counted each, and that sums of several layers add.
    pub pooled: u128,
    /// Numbers that flow out of layers with parameters.
    pub weighted: u128,
    /// Numbers that flow out of rows whose output is printed.
    pub listed: u128,
    /// Layers with weights along the longest way.
    pub depth: u128,
    /// Convolutions along the longest way.
    pub convs: u128,
}

impl Measured {
    /// All that training adjusts.
    pub fn all(&self) -> u128 {
        self.weights + self.biases + self.norms
    }

    /// Together with what stands elsewhere in the net.
    pub fn and(&self, other: &Measured) -> Measured {
        Measured {
            output: other.output.clone(),
            weights: self.weights.saturating_add(other.weights),
            biases: self.biases.saturating_add(other.biases),
            norms: self.norms.saturating_add(other.norms),
            adds: self.adds.saturating_add(other.adds),
            pooled: self.pooled.saturating_add(other.pooled),
            weighted: self.weighted.saturating_add(other.weighted),
            listed: self.listed.saturating_add(other.listed),
            macs: self.macs.saturating_add(other.macs),
            depth: self.depth.saturating_add(other.depth),
            convs: self.convs.saturating_add(other.convs),
        }
    }

    /// How many numbers flow out.
    pub fn elements(&self) -> u128 {
        self.output.iter().map(|&size| size as u128).product()
    }
}

/// Measures stretches, each once.
#[derive(Default)]
pub struct Measurer {
    known: RefCell<BTreeMap<String, Rc<Result<Measured, String>>>>,
}

impl Measurer {
    /// What these parts make of a map of this shape, or why they cannot.
    pub fn measure(&self, parts: &[Part], input: &[usize], convention: Convention) -> Rc<Result<Measured, String>> {
        let text = chain(parts, rank(input), convention);
        if text.is_empty() {
            return Rc::new(Ok(Measured { output: input.to_vec(), ..Measured::default() }));
        }
        self.text(format!("net slide = {} - {text}", sizes(input)))
    }

    /// What a whole net has, by its text.
    pub fn text(&self, text: String) -> Rc<Result<Measured, String>> {
        if let Some(known) = self.known.borrow().get(&text) {
            return Rc::clone(known);
        }
        let measured = Rc::new(net(&text).and_then(|net| count(&net)));
        self.known.borrow_mut().insert(text, Rc::clone(&measured));
        measured
    }
}

/// The definition that a text is.
pub fn definition(text: &str, source: SourceId) -> Result<NetDef, String> {
    let source = Source { id: source, name: String::new(), text: text.to_string() };
    let (program, mistakes) = parse(&source);
    if let Some(mistake) = mistakes.first() {
        return Err(mistake.message.clone());
    }
    match program.statements.into_iter().next().map(|statement| statement.kind) {
        Some(StatementKind::Net(definition)) => Ok(definition),
        _ => Err("it is no network".to_string()),
    }
}

fn net(text: &str) -> Result<Net, String> {
    let definition = definition(text, SourceId::default())?;
    match resolve(&definition, &Scope::default(), None, None) {
        Ok(Resolved::Net(net)) => Ok(net),
        Ok(Resolved::Open(_)) => Err("its classes are not known".to_string()),
        Err(mistakes) => Err(mistakes.first().map(|mistake| mistake.message.clone()).unwrap_or_default()),
    }
}

fn count(net: &Net) -> Result<Measured, String> {
    let graph = lower(net, 1, Mode::Infer).map_err(|error| error.to_string())?;
    let mut measured = Measured { output: net.output().to_vec(), ..Measured::default() };
    let is_norm = |name: &str| net.find(name).is_some_and(|at| matches!(net.layers[at].kind, Kind::BatchNorm { .. }));
    for state in graph.states.iter().filter(|state| state.role == Role::Parameter) {
        let elements = state.shape.elements() as u128;
        let layer = state.name.rsplit_once('.').map_or("", |(layer, _)| layer);
        match state.shape.dims().len() {
            1 if is_norm(layer) => {
                measured.norms += elements;
                measured.adds += elements;
            }
            1 => {
                measured.biases += elements;
                measured.adds += elements.saturating_mul(positions(net, layer));
            }
            _ => measured.weights += elements,
        }
    }
    measured.macs = layers(&graph).iter().map(|cost| cost.work.macs as u128).sum();
    measured.pooled = net.layers.iter().map(pooled).fold(0, u128::saturating_add);
    measured.weighted = net.layers.iter().map(weighted).fold(0, u128::saturating_add);
    measured.depth = longest(net, |kind| matches!(kind, Kind::Conv { .. } | Kind::Deconv { .. } | Kind::Fc { .. }));
    measured.convs = longest(net, |kind| matches!(kind, Kind::Conv { .. } | Kind::Deconv { .. }));
    Ok(measured)
}

/// How many numbers flow out of a layer with parameters.
fn weighted(layer: &Layer) -> u128 {
    match layer.kind {
        Kind::Conv { .. } | Kind::Deconv { .. } | Kind::Fc { .. } | Kind::BatchNorm { .. } => {
            layer.output.iter().fold(1, |product, &size| product.saturating_mul(size as u128))
        }
        _ => 0,
    }
}

/// How many numbers a pool looks at; one over the whole map counts none.
fn pooled(layer: &Layer) -> u128 {
    let sizes = |sizes: &[usize]| sizes.iter().fold(1u128, |product, &size| product.saturating_mul(size as u128));
    match &layer.kind {
        Kind::Pool(pool) if layer.output.iter().rev().skip(1).any(|&side| side > 1) => {
            sizes(&layer.output).saturating_mul(sizes(&pool.size))
        }
        _ => 0,
    }
}

/// How many positions a layer's output has.
fn positions(net: &Net, layer: &str) -> u128 {
    let output = net.find(layer).map_or(&[][..], |at| &net.layers[at].output);
    output.split_last().map_or(1, |(_, sides)| sides.iter().map(|&size| size as u128).product())
}

/// How many layers of a kind stand on the way that has most of them.
fn longest(net: &Net, is_one: impl Fn(&Kind) -> bool) -> u128 {
    let mut depths: Vec<u128> = Vec::with_capacity(net.layers.len());
    for layer in &net.layers {
        let before = layer.inputs.iter().map(|&input| depths[input]).max().unwrap_or(0);
        depths.push(before + u128::from(is_one(&layer.kind)));
    }
    depths.last().copied().unwrap_or(0)
}
