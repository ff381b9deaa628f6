//! `summary lenet`, `summary lenet batch 32 train`

use fovea_dsl::Diagnostic;
use fovea_dsl::syntax::Name;
use fovea_graph::cost::{LayerCost, layers};
use fovea_graph::training::Optimizer;
use fovea_graph::{Graph, Span};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::display::{Align, Table, bytes, count, shape, si};
use crate::event::Output;
use crate::failure::Failure;
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::session::{Route, Work, route};
use crate::world::{Names, World};

/// The optimizer whose states a summary plans for: SGD with momentum, one moment a parameter.
const USUAL: Optimizer = Optimizer::Sgd { momentum: 0.9, decay: 0.0 };

struct Summary {
    route: Route,
    batch: usize,
    train_bytes: u64,
}

/// Plans a training step of the batch, so that a net too large for the device is found out here.
pub fn check(net: &Name, batch: usize, span: Span, names: &Names) -> Checked {
    let of = Use { net, data: None, weights: Weights::Own };
    let bytes = |batch: usize| -> Result<u64, Vec<Diagnostic>> {
        Ok(memory::bytes(&route(&of, Work::Train(&USUAL), batch, names)?.plan))
    };
    let route = route(&of, Work::Infer, batch, names)?;
    let _ = span;
    Ok(Box::new(Summary { route, batch, train_bytes: bytes(batch)? }))
}

impl Job for Summary {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let graph = &self.route.graph;
        let rows = layers(graph);
        let layers = rows.iter().map(|row| layer(graph, row)).collect::<Vec<_>>();
        let (macs, flops) = rows.iter().fold((0, 0), |(m, f), row| (m + row.work.macs, f + row.work.flops));
        let parameters = graph.parameter_count();
        let activations: u64 = rows.iter().map(|row| row.bytes() as u64).sum();
        let data = json!({
            "net": self.route.net.name,
            "batch": self.batch,
            "layers": layers,
            "totals": {
                "params": parameters, "macs": macs, "flops": flops,
                "activation_bytes": activations, "train_bytes": self.train_bytes,
            },
        });
        let text = format!("{}\n{}", self.table(&rows), self.foot(activations));
        Ok(Output::new("summary", text, data))
    }
}

impl Summary {
    /// A row a layer, and the totals.
    fn table(&self, rows: &[LayerCost]) -> String {
        let graph = &self.route.graph;
        let heads = [
            ("layer", Align::Left),
            ("output", Align::Left),
            ("memory", Align::Right),
            ("parameters", Align::Right),
            ("MACs", Align::Right),
        ];
        let mut table = Table::new(&heads);
        for row in rows {
            let name = graph.layers[row.layer.index()].name.clone();
            table.row([
                name,
                shape(&row.output.dims()[1..]),
                bytes(row.bytes() as u64),
                count(row.parameters as u64),
                si(row.work.macs as f64, ""),
            ]);
        }
        let macs: u64 = rows.iter().map(|row| row.work.macs).sum();
        let memory: u64 = rows.iter().map(|row| row.bytes() as u64).sum();
        let parameters = count(graph.parameter_count() as u64);
        table.total(["total".to_string(), String::new(), bytes(memory), parameters, si(macs as f64, "")]);
        table.to_string()
    }

    /// What the numbers are for.
    fn foot(&self, activations: u64) -> String {
        let _ = activations;
        format!(
            "batch {}: {} in all for a training step with momentum, by the plan",
            self.batch,
            bytes(self.train_bytes)
        )
    }
}

/// A layer as data.
fn layer(graph: &Graph, row: &LayerCost) -> Value {
    let layer = &graph.layers[row.layer.index()];
    json!({
        "name": layer.name,
        "kind": layer.kind,
        "output": &row.output.dims()[1..],
        "params": row.parameters,
        "macs": row.work.macs,
        "flops": row.work.flops,
        "bytes": row.bytes(),
    })
}
