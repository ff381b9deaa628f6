//! `compare alexnet, vgg16, resnet50`: a table, and bars of parameters and MACs; `compare run 1, run 3`.

mod runs;

use std::collections::BTreeSet;

use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::Compared;
use fovea_graph::{Span, Stop};
use serde_json::json;

use super::summary::summary;
use super::{Checked, Events, Job};
use crate::display::{Compared as Counted, Comparison, number};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::picture::{Measure, Theme, bars};
use crate::world::{Names, World};

struct Compare {
    comparison: Comparison,
    theme: Theme,
    span: Span,
}

/// Checks the nets or the runs.
pub fn check(what: &Compared, span: Span, names: &Names, world: &World) -> Checked {
    match what {
        Compared::Nets(nets) => count_all(nets, span, names),
        Compared::Runs(of) => runs::check(of, span, names, world),
    }
}

/// Counts the work of each net for one picture.
fn count_all(nets: &[Name], span: Span, names: &Names) -> Checked {
    let (mut compared, mut mistakes) = (Vec::new(), Vec::new());
    for net in nets {
        let of = Use { net, data: None, weights: Weights::Own };
        match names.net(&of).and_then(|whole| count(&whole, net.span, &*names.interrupted)) {
            Ok(figures) => compared.push(figures),
            Err(Failure::Mistakes(found)) => mistakes.extend(found),
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    Ok(Box::new(Compare { comparison: Comparison { nets: compared }, theme: names.theme, span }))
}

/// A net's figures.
fn count(net: &Net, span: Span, stop: &dyn Stop) -> Result<Counted, Failure> {
    let summary = summary(net, span, stop)?;
    let weighty: BTreeSet<&str> =
        summary.layers.iter().filter(|row| row.macs > 0).map(|row| row.name.as_str()).collect();
    Ok(Counted {
        net: net.name.clone(),
        input: net.input().to_vec(),
        depth: depth(net, &weighty),
        params: summary.totals.params,
        macs: summary.totals.macs,
        flops: summary.totals.flops,
        activation_bytes: summary.totals.activation_bytes,
    })
}

/// How many of the `weighty` layers, those that multiply by weights, lie on the longest way through a net.
fn depth(net: &Net, weighty: &BTreeSet<&str>) -> usize {
    let mut depths: Vec<usize> = Vec::with_capacity(net.layers.len());
    for layer in &net.layers {
        let before = layer.inputs.iter().filter_map(|&input| depths.get(input)).max().copied().unwrap_or(0);
        depths.push(before + usize::from(weighty.contains(layer.name.as_str())));
    }
    depths.last().copied().unwrap_or(0)
}

impl Job for Compare {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let nets = &self.comparison.nets;
        let names: Vec<String> = nets.iter().map(|net| net.net.clone()).collect();
        let measure = |title: &str, figure: fn(&Counted) -> u64| Measure {
            title: title.to_string(),
            values: nets.iter().map(|net| figure(net) as f64).collect(),
            labels: nets.iter().map(|net| number::si(figure(net) as f64, "")).collect(),
        };
        let measures = [measure("Parameters", |net| net.params), measure("MACs for one picture", |net| net.macs)];
        let picture = bars(&names.join(", "), &names, &measures, self.theme).at(self.span)?;
        Ok(Output::page("compare", &self.comparison.page(), json!(self.comparison)).picture(picture))
    }
}
