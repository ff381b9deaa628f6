//! `summary lenet`, `summary lenet batch 32 train`

use fovea_dsl::syntax::Name;
use fovea_graph::Span;
use fovea_graph::cost::{LayerCost, layers};
use fovea_graph::training::Optimizer;
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::{Summary, SummaryRow, Totals};
use crate::event::Output;
use crate::failure::Failure;
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::session::{Route, Work, route};
use crate::world::{Names, World};

/// The optimizer whose states a summary plans for: SGD with momentum, one moment a parameter.
const USUAL: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };

struct Summarise {
    summary: Summary,
    batch: usize,
}

/// Counts a picture's work layer by layer, and plans a training step of the batch.
pub fn check(net: &Name, batch: usize, span: Span, names: &Names) -> Checked {
    let of = Use { net, data: None, weights: Weights::Own };
    let one = route(&of, Work::Infer, 1, names)?;
    let train_bytes = memory::fits(&names.device.device(), batch, span, |batch| {
        Ok(memory::bytes(&route(&of, Work::Train(&USUAL), batch, names)?.plan))
    })?;
    Ok(Box::new(Summarise { summary: summary(&one, train_bytes), batch }))
}

/// A row a layer, and the totals.
fn summary(route: &Route, train_bytes: u64) -> Summary {
    let rows: Vec<SummaryRow> = layers(&route.graph).iter().map(|cost| row(route, cost)).collect();
    let sum = |figure: fn(&SummaryRow) -> u64| rows.iter().map(figure).sum();
    let totals = Totals {
        params: route.graph.parameter_count() as u64,
        macs: sum(|row| row.macs),
        flops: sum(|row| row.flops),
        activation_bytes: sum(|row| row.bytes),
        train_bytes,
    };
    Summary { net: route.net.name.clone(), layers: rows, totals }
}

/// A layer, for one picture.
fn row(route: &Route, cost: &LayerCost) -> SummaryRow {
    let layer = &route.graph.layers[cost.layer.index()];
    SummaryRow {
        name: layer.name.clone(),
        kind: layer.kind.clone(),
        output: cost.output.dims().get(1..).unwrap_or_default().to_vec(),
        params: cost.parameters as u64,
        macs: cost.work.macs,
        flops: cost.work.flops,
        bytes: cost.bytes() as u64,
    }
}

impl Job for Summarise {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let text = format!("{} (batch {})", self.summary.text(), self.batch);
        let mut output = Output::new("summary", text, json!(self.summary));
        output.data["batch"] = json!(self.batch);
        Ok(output)
    }
}
