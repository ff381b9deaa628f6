//! How modules are joined. The prints do not say: a module that holds others is a chain of them, and torchvision's
//! residual
//! blocks are known by their names.

use std::collections::BTreeSet;

use super::super::super::draft::{Join, Remark};
use super::super::super::figure::What;
use super::super::{LayerKind, Print};
use super::{CHAINS, Entry, joint, kind_of, layer, unread};

/// The deepest modules inside each other that are read.
const DEEPEST: usize = 64;

/// How many convolutions stand on a residual block's branch.
fn residual(class: &str) -> Option<usize> {
    match class {
        "BasicBlock" => Some(2),
        "Bottleneck" => Some(3),
        _ => None,
    }
}

/// Reads a tree of modules.
pub fn tree(plain: &str, entries: Vec<Entry>, print: &mut Print) {
    let mut reader = Tree { plain, entries, print, at: 0, closed: BTreeSet::new() };
    while reader.at < reader.entries.len() {
        let last = reader.print.layers.len().checked_sub(1);
        reader.module(last);
    }
}

struct Tree<'a> {
    plain: &'a str,
    entries: Vec<Entry>,
    print: &'a mut Print,
    at: usize,
    /// Kinds of modules whose inside is not printed.
    closed: BTreeSet<String>,
}

impl Tree<'_> {
    /// Reads the next module and those inside it, fed by a layer; the last layer of it.
    fn module(&mut self, feed: Option<usize>) -> Option<usize> {
        let at = self.at;
        self.at += 1;
        let (class, depth) = (self.entries[at].class.clone(), self.entries[at].depth);
        let has_inner = self.entries.get(self.at).is_some_and(|inner| inner.depth > depth) && depth < DEEPEST;
        if let (Some(kind), false) = (kind_of(&class), has_inner) {
            return self.push(at, kind, feed);
        }
        if !has_inner {
            return self.closed(at, feed);
        }
        let before = self.edge(at, feed);
        let last = match residual(&class) {
            Some(_) => self.residual(at, before),
            None if class == "Inception" => self.branches(at, before),
            None => {
                let mut last = before;
                while self.entries.get(self.at).is_some_and(|inner| inner.depth > depth) {
                    last = self.module(last);
                }
                if depth > 0 && !CHAINS.contains(&class.as_str()) {
                    self.print.joints.push(self.entries[at].place.clone());
                }
                last
            }
        };
        self.outcome(at, last)
    }

    fn push(&mut self, at: usize, kind: LayerKind, feed: Option<usize>) -> Option<usize> {
        let from = feed.into_iter().collect();
        self.print.layers.push(layer(&self.entries[at], kind, from));
        Some(self.print.layers.len() - 1)
    }

    /// What flows into a module, where that is printed.
    fn edge(&mut self, at: usize, feed: Option<usize>) -> Option<usize> {
        let entry = &self.entries[at];
        if entry.input.is_none() {
            return feed;
        }
        let mut edge = layer(entry, LayerKind::Nothing, feed.into_iter().collect());
        (edge.output, edge.parameters, edge.operations) = (None, None, None);
        self.print.layers.push(edge);
        Some(self.print.layers.len() - 1)
    }

    /// What flows out of a module, where that is printed.
    fn outcome(&mut self, at: usize, last: Option<usize>) -> Option<usize> {
        let entry = &self.entries[at];
        if entry.output.is_none() {
            return last;
        }
        let mut edge = layer(entry, LayerKind::Nothing, last.into_iter().collect());
        (edge.input, edge.parameters, edge.operations, edge.window) = (None, None, None, None);
        self.print.layers.push(edge);
        Some(self.print.layers.len() - 1)
    }

    /// A module whose inside is not printed, or that is not known.
    fn closed(&mut self, at: usize, feed: Option<usize>) -> Option<usize> {
        let has_figures = self.entries[at].parameters.is_some() || self.entries[at].operations.is_some();
        if has_figures || !CHAINS.contains(&self.entries[at].class.as_str()) {
            // Of a kind of module the first is enough.
            if self.closed.insert(self.entries[at].class.clone()) {
                let expected =
                    "a layer of a convolutional network, or the layers inside (a greater `depth` prints them)";
                unread(self.plain, &self.entries[at], self.print, expected);
            }
        }
        self.push(at, LayerKind::Nothing, feed)
    }

    /// A residual block: its branch, a projection where there is one, their sum, a rectifier.
    fn residual(&mut self, block: usize, feed: Option<usize>) -> Option<usize> {
        assume_residual(&self.entries[block], self.print);
        let depth = self.entries[block].depth;
        let (mut last, mut shortcut) = (feed, feed);
        let mut is_summed = false;
        while let Some(inner) = self.entries.get(self.at).filter(|inner| inner.depth > depth) {
            let is_projection = CHAINS.contains(&inner.class.as_str());
            let is_last = self.entries.get(self.at + 1).is_none_or(|next| next.depth <= depth);
            if is_projection {
                shortcut = self.projection(feed);
                continue;
            }
            if is_last && !is_summed {
                let from = last.into_iter().chain(shortcut).collect();
                self.print.layers.push(joint(&self.entries[block], Join::Add, from));
                last = Some(self.print.layers.len() - 1);
                is_summed = true;
            }
            last = self.module(last);
        }
        last
    }

    /// An inception module, whose every part is a branch.
    fn branches(&mut self, module: usize, feed: Option<usize>) -> Option<usize> {
        let entry = &self.entries[module];
        let text = "Inception joins what it holds along the channels, as torchvision's does".to_string();
        assume(entry, self.print, What::Heading, text);
        let depth = entry.depth;
        let mut ends = Vec::new();
        while self.entries.get(self.at).is_some_and(|inner| inner.depth > depth) {
            ends.extend(self.module(feed));
        }
        let joined = joint(&self.entries[module], Join::Concat, ends);
        self.print.layers.push(joined);
        Some(self.print.layers.len() - 1)
    }

    /// A projection, whose convolution may not be printed by itself.
    fn projection(&mut self, feed: Option<usize>) -> Option<usize> {
        let (at, depth) = (self.at, self.entries[self.at].depth);
        if self.entries.get(at + 1).is_some_and(|inner| inner.depth > depth) {
            return self.module(feed);
        }
        self.at += 1;
        self.push(at, LayerKind::Projection, feed)
    }
}

/// Reads a list of modules, in which one that holds others stands behind them.
pub fn list(plain: &str, entries: Vec<Entry>, print: &mut Print) {
    for entry in entries {
        if let Some(kind) = kind_of(&entry.class) {
            print.layers.push(layer(&entry, kind, Vec::new()));
            continue;
        }
        let is_empty = entry.parameters.as_ref().is_some_and(|(number, _)| number.value() == Some(0));
        let residual = residual(&entry.class);
        if !is_empty && residual.is_none() {
            unread(plain, &entry, print, "a layer of a convolutional network");
        }
        match residual.and_then(|convs| bent(print, convs)) {
            Some((relu, sources)) => {
                assume_residual(&entry, print);
                print.layers.insert(relu, joint(&entry, Join::Add, sources));
                print.layers[relu + 1].from = vec![relu];
            }
            None => print.joints.push(entry.place.clone()),
        }
        let mut edge = layer(&entry, LayerKind::Nothing, Vec::new());
        edge.parameters = edge.parameters.filter(|_| is_empty || residual.is_some());
        print.layers.push(edge);
    }
}

/// Finds the residual block at the end of a list: where its rectifier stands, and the two layers that are added.
fn bent(print: &mut Print, convs: usize) -> Option<(usize, Vec<usize>)> {
    let kind = |at: usize| print.layers.get(at).map(|layer| &layer.kind);
    let is_pair = |at: usize| kind(at) == Some(&LayerKind::Bn) && kind(at.wrapping_sub(1)) == Some(&LayerKind::Conv);
    let relu = print.layers.len().checked_sub(1)?;
    let mut end = relu.checked_sub(1)?;
    // Two pairs without a rectifier between: the second is the projection.
    let projection = (is_pair(end) && end >= 3 && is_pair(end - 2)).then_some(end);
    if projection.is_some() {
        end -= 2;
    }
    let mut start = end + 1;
    for turn in 0..convs {
        start = start.checked_sub(if turn == 0 { 2 } else { 3 })?;
        if !is_pair(start + 1) {
            return None;
        }
    }
    let feed = start.checked_sub(1)?;
    if let Some(projection) = projection {
        print.layers[projection - 1].from = vec![feed];
    }
    Some((relu, vec![end, projection.unwrap_or(feed)]))
}

fn assume_residual(entry: &Entry, print: &mut Print) {
    let class = &entry.class;
    let text =
        format!("{class} adds what flows into it to its branch, before its last rectifier, as torchvision's does");
    assume(entry, print, What::Shortcut, text);
}

/// Says once what is assumed of a kind of module.
fn assume(entry: &Entry, print: &mut Print, what: What, text: String) {
    if print.remarks.iter().all(|remark| remark.what != what) {
        let place = entry.place.start..entry.place.start;
        print.remarks.push(Remark { place, what, text, layer: Some(entry.name.clone()), assumed: true });
    }
}
