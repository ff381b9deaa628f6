//! `explain lenet`: the net with every default filled in, its graph and its plan.

use fovea_dsl::net::{Kind, Layer, Net};
use fovea_dsl::syntax::Name;
use fovea_graph::Span;
use fovea_graph::shape::join;
use serde_json::json;

use super::{Checked, Events, Job};
use crate::event::Output;
use crate::failure::Failure;
use crate::lookup::{Use, Weights};
use crate::session::{Route, Work, route};
use crate::world::{Names, World};

struct Explain {
    route: Route,
}

/// Follows the net's route to the plan of one picture.
pub fn check(net: &Name, _: Span, names: &Names) -> Checked {
    let of = Use { net, data: None, weights: Weights::Own };
    Ok(Box::new(Explain { route: route(&of, Work::Infer, 1, names)? }))
}

impl Job for Explain {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let Route { net, graph, plan } = &self.route;
        let defaults = lines(net);
        let (graph, plan) = (graph.to_string(), plan.to_string());
        let text = format!(
            "The net, every default filled in:\n{}\n\nIts graph, for one picture:\n{}\n\nIts plan, fused:\n{}",
            indent(&defaults.join("\n")),
            indent(&graph),
            indent(&plan)
        );
        let data = json!({ "net": net.name, "layers": defaults, "graph": graph, "plan": plan });
        Ok(Output::new("explain", text, data))
    }
}

/// A line a layer: `conv1   conv 6 5x5/1 pad 2 bias   28x28x6`.
fn lines(net: &Net) -> Vec<String> {
    let words: Vec<String> = net.layers.iter().map(words).collect();
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
    let name_width = width(&mut net.layers.iter().map(|layer| layer.name.chars().count()));
    let word_width = width(&mut words.iter().map(|word| word.chars().count()));
    let rows = net.layers.iter().zip(&words);
    rows.map(|(layer, word)| format!("{:name_width$}  {word:word_width$}  {}", layer.name, join(&layer.output)))
        .collect()
}

/// A layer as one would write it, leaving nothing out.
fn words(layer: &Layer) -> String {
    match &layer.kind {
        Kind::Conv { filters, size, stride, pad, dilate, groups, bias } => {
            let bias = if *bias { "bias" } else { "nobias" };
            let mut text = format!("conv {filters} {}/{} pad {}", join(size), each(stride), sides(pad));
            if dilate.iter().any(|&d| d != 1) {
                text += &format!(" dilate {}", each(dilate));
            }
            if *groups != 1 {
                text += &format!(" groups {groups}");
            }
            format!("{text} {bias}")
        }
        Kind::Pool(pool) => {
            let kind = format!("{:?}", pool.kind).to_lowercase();
            format!("pool {kind} {}/{} pad {}", join(&pool.size), each(&pool.stride), sides(&pool.pad))
        }
        Kind::Fc { units, bias } => format!("fc {units} {}", if *bias { "bias" } else { "nobias" }),
        Kind::Dropout { rate } => format!("dropout {rate}"),
        other => other.word().to_string(),
    }
}

/// One number where all are the same.
fn each(numbers: &[usize]) -> String {
    match numbers {
        [first, rest @ ..] if rest.iter().all(|n| n == first) => first.to_string(),
        _ => join(numbers),
    }
}

/// `2` where all sides are padded alike, `0+1` where the end gets more, an axis after the other otherwise.
fn sides(pad: &[[usize; 2]]) -> String {
    let side =
        |&[before, after]: &[usize; 2]| if before == after { before.to_string() } else { format!("{before}+{after}") };
    match pad {
        [first, rest @ ..] if rest.iter().all(|p| p == first) => side(first),
        _ => pad.iter().map(side).collect::<Vec<_>>().join("x"),
    }
}

/// Four spaces before every line.
fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
