//! `summary lenet`, `summary lenet batch 32 train`, `summary resnet50 all`

use std::collections::BTreeMap;

use fovea_data::DataSpec;
use fovea_dsl::lower::{Mode, lower_unless};
use fovea_dsl::net::{Field, Net};
use fovea_dsl::syntax::Name;
use fovea_dsl::verb;
use fovea_graph::cost::{LayerCost, layers};
use fovea_graph::training::Optimizer;
use fovea_graph::{Graph, Interrupted, Span, Stop};
use fovea_train::{Needs, Question, batches};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::architecture::{Architecture, Depth, architecture};
use crate::display::{Summary, SummaryRow, Totals};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::world::{Names, World, forward};

/// The optimizer whose states a summary plans for: SGD with momentum, one moment a parameter.
const USUAL: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };

struct Summarise {
    summary: Summary,
    batch: usize,
    /// What repeats, and where each of the net's layers has its row; none where every layer is to have one.
    folding: Option<(Architecture, Vec<Option<usize>>)>,
}

/// Counts a picture's work layer by layer, and plans all programs of a training run of the batch: on the data, if any are
/// named.
pub fn check(said: &verb::Summary, span: Span, names: &Names, world: &World) -> Checked {
    let of = Use { net: &said.net, data: said.on.as_ref().map(|on| &on.value), weights: Weights::Own };
    let batch = said.batch.map_or(1, |batch| batch.value);
    let summary = planned(&of, batch, span, names, world)?;
    let folding = said.all.is_none().then(|| folding(&of, &summary, names)).transpose()?;
    Ok(Box::new(Summarise { summary, batch, folding }))
}

/// What repeats in a net, and where each of its layers has its row.
fn folding(of: &Use<'_>, summary: &Summary, names: &Names) -> Result<(Architecture, Vec<Option<usize>>), Failure> {
    let net = names.net(of)?;
    let rows: BTreeMap<&str, usize> = summary.layers.iter().zip(0..).map(|(row, at)| (row.name.as_str(), at)).collect();
    let places = net.layers.iter().map(|layer| rows.get(layer.name.as_str()).copied()).collect();
    Ok((architecture(&net, Depth::Folded), places))
}

/// The summary of a net and of its training by so many pictures a step.
pub fn of(net: &Name, batch: usize, span: Span, names: &Names, world: &World) -> Checked {
    let of = Use { net, data: None, weights: Weights::Own };
    let summary = planned(&of, batch, span, names, world)?;
    let folding = Some(folding(&of, &summary, names)?);
    Ok(Box::new(Summarise { summary, batch, folding }))
}

/// A net's summary with the memory of its training by so many pictures a step.
pub fn planned(of: &Use<'_>, batch: usize, span: Span, names: &Names, world: &World) -> Result<Summary, Failure> {
    let net = names.net(of)?;
    let mut summary = summary(&net, of.net.span, &*names.interrupted)?;
    let (forward, step, device) = (forward(&net, &names.interrupted), Question::train(&USUAL), &*names.device);
    let data = of.data.map(|data| names.spec(data)).transpose()?;
    let needs = |batch| match &data {
        None => Needs::of_any(&forward, [&step, &Question::test()], batch, device, &*names.interrupted),
        Some(data) => {
            let (batches, tests) = (batches(data.counts().train, batch), data.counts().test);
            let needs = Needs::plan(&forward, [&step, &Question::test()], &batches, tests, device, &*names.interrupted);
            needs.map(|needs| needs.with(data))
        }
    };
    let held = data.as_ref().map_or(0, |data| world.held(data, device));
    let totals = &mut summary.totals;
    totals.train_bytes =
        memory::fits(device, held, batch, span, |batch| memory::bytes(needs(batch), device, of.net.span))?;
    totals.data_bytes = data.as_ref().filter(|_| device.shares_host()).map_or(0, DataSpec::bytes);
    Ok(summary)
}

/// A row a layer, and the totals but for the memory of a training step, which needs a plan.
pub fn summary(net: &Net, span: Span, stop: &dyn Stop) -> Result<Summary, Failure> {
    let graph = lower_unless(net, 1, Mode::Infer, stop)?.at(span)?;
    let fields = net.receptive_fields();
    let places: BTreeMap<&str, usize> =
        net.layers.iter().zip(0..).map(|(layer, at)| (layer.name.as_str(), at)).collect();
    let costs = layers(&graph);
    let row = |cost: Result<&LayerCost, Interrupted>| {
        let cost = cost?;
        let at = places.get(graph.layers[cost.layer.index()].name.as_str()).copied();
        Ok(row(net, &fields, at, &graph, cost))
    };
    let rows: Vec<SummaryRow> = stop.each(&costs).map(row).collect::<Result<_, Interrupted>>()?;
    let sum = |figure: fn(&SummaryRow) -> u64| rows.iter().map(figure).fold(0, u64::saturating_add);
    let totals = Totals {
        params: graph.parameter_count() as u64,
        macs: sum(|row| row.macs),
        flops: sum(|row| row.flops),
        activation_bytes: sum(|row| row.bytes),
        train_bytes: 0,
        data_bytes: 0,
    };
    Ok(Summary { net: net.name.clone(), layers: rows, totals })
}

/// A layer, the net's at this place, for one picture.
fn row(net: &Net, fields: &[Vec<Field>], at: Option<usize>, graph: &Graph, cost: &LayerCost) -> SummaryRow {
    let layer = &graph.layers[cost.layer.index()];
    let spatial = at.filter(|&at| net.layers[at].output.len() == net.input().len());
    let field = spatial.map_or(&[][..], |at| &fields[at]);
    SummaryRow {
        name: layer.name.clone(),
        kind: layer.kind.clone(),
        output: cost.output.dims().get(1..).unwrap_or_default().to_vec(),
        params: cost.parameters as u64,
        macs: cost.work.macs,
        flops: cost.work.flops,
        bytes: cost.bytes() as u64,
        receptive_field: field.iter().map(|field| field.size.ceil() as usize).collect(),
    }
}

impl Job for Summarise {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let page = match &self.folding {
            Some((net, places)) => {
                self.summary.folded_page(self.batch, net, |layer| places.get(layer).copied().flatten())
            }
            None => self.summary.page(self.batch),
        };
        let mut output = Output::page("summary", &page, json!(self.summary));
        output.data["batch"] = json!(self.batch);
        Ok(output)
    }
}
