//! `%who` and `%reset`: what the session has names for, and forgetting them.

use fovea_data::{Counts, DataSpec};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::Resolved;
use fovea_dsl::{Mode, lower};
use fovea_graph::shape::join;
use serde_json::{Map, Value, json};

use super::{Checked, Events, Job};
use crate::display::number::{count, of};
use crate::display::{Column, Page, Table};
use crate::event::Output;
use crate::failure::Failure;
use crate::world::{Names, World};

/// A net of the session, as far as its text, its weights and the data say.
struct Listed {
    name: String,
    input: Option<Vec<usize>>,
    output: Option<Vec<usize>>,
    parameters: Option<usize>,
}

/// Data, and what is known of it without reading it.
struct Declared {
    name: String,
    shape: Vec<usize>,
    classes: usize,
    train: usize,
    test: usize,
}

struct Who {
    nets: Vec<Listed>,
    data: Vec<Declared>,
    constants: Vec<(String, String)>,
    blocks: Vec<String>,
    device: String,
    seed: u64,
}

/// Looks at the names as they are at this point of the program.
pub fn who(names: &Names) -> Checked {
    let declared = |(name, spec): (&String, &DataSpec)| {
        let (name, counts) = (name.clone(), spec.counts());
        let Counts { train, test, .. } = counts;
        Declared { name, shape: spec.shape(), classes: spec.classes(), train, test }
    };
    Ok(Box::new(Who {
        nets: with_weights_or_text(names).into_iter().map(|name| listed(name, names)).collect(),
        data: names.data.iter().map(declared).collect(),
        constants: names.scope.constants.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        blocks: names.scope.blocks.keys().cloned().collect(),
        device: names.device.device().name,
        seed: names.seed,
    }))
}

/// The nets that the session has defined, and those of the library to which it has given weights.
fn with_weights_or_text(names: &Names) -> Vec<String> {
    let mut all: Vec<String> = names.nets.keys().chain(names.bound.keys()).cloned().collect();
    all.sort();
    all.dedup();
    all
}

fn listed(name: String, names: &Names) -> Listed {
    let binding = names.bound.get(&name);
    let input = binding.map(|binding| binding.input.clone());
    let resolved = names.nets.get(&name).cloned().or_else(|| names.used_of_library().get(&name).cloned());
    let net: Option<Net> = resolved.as_deref().and_then(|resolved| match resolved {
        Resolved::Net(net) => Some(net.clone()),
        Resolved::Open(open) => open.complete(input.as_deref(), binding.and_then(|binding| binding.classes)).ok(),
    });
    let stated = match resolved.as_deref() {
        Some(Resolved::Open(open)) => open.input().map(<[usize]>::to_vec),
        _ => None,
    };
    let parameters = net.as_ref().and_then(|net| lower(net, 1, Mode::Infer).ok()).map(|graph| graph.parameter_count());
    let output = net.as_ref().map(|net| net.output().to_vec());
    Listed { name, input: net.map(|net| net.input().to_vec()).or(stated), output, parameters }
}

impl Job for Who {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let runs = world.runs.list().unwrap_or_default();
        let tables = [self.nets(world), self.data(), self.constants()].into_iter().flatten();
        let mut page = tables.fold(Page::default(), Page::table);
        if !self.blocks.is_empty() {
            page = page.text(format!("blocks: {}", self.blocks.join(", ")));
        }
        let newest = runs.last().map_or(String::new(), |run| format!(", the newest is run {run}"));
        let folder = world.runs.folder().display();
        let count = of(runs.len(), "run");
        page = page.text(format!("device {}, seed {}, {count} in {folder}{newest}", self.device, self.seed));
        let constants: Map<String, Value> =
            self.constants.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let declared = |data: &Declared| {
            let Declared { name, shape, classes, train, test } = data;
            json!({ "data": name, "shape": shape, "classes": classes, "train": train, "test": test })
        };
        let data = json!({
            "nets": self.nets.iter().map(|net| as_data(net, world)).collect::<Vec<_>>(),
            "data": self.data.iter().map(declared).collect::<Vec<_>>(),
            "constants": constants,
            "blocks": self.blocks,
            "device": self.device,
            "seed": self.seed,
            "runs": runs.len(),
            "last_run": world.runs.last().ok().flatten(),
        });
        Ok(Output::page("%who", &page, data))
    }
}

fn as_data(net: &Listed, world: &World) -> Value {
    let trained = world.trained.get(&net.name);
    json!({
        "net": net.name,
        "input": net.input,
        "output": net.output,
        "params": net.parameters,
        "trained": trained.is_some(),
        "run": trained.and_then(|trained| trained.run),
    })
}

/// A table for each kind of names; none where there are no such names.
impl Who {
    fn nets(&self, world: &World) -> Option<Table> {
        let mut table = Table::new([
            Column::left("net"),
            Column::left("input"),
            Column::left("output"),
            Column::right("parameters"),
            Column::left("weights"),
        ]);
        for net in &self.nets {
            let shape = |shape: &Option<Vec<usize>>| shape.as_ref().map_or("open".to_string(), |shape| join(shape));
            let parameters = net.parameters.map_or("open".to_string(), |number| count(number as u64));
            let weights = match world.trained.get(&net.name).map(|trained| trained.run) {
                Some(Some(run)) => format!("of run {run}"),
                Some(None) => "loaded".to_string(),
                None => "its first".to_string(),
            };
            table.row([net.name.clone(), shape(&net.input), shape(&net.output), parameters, weights]);
        }
        (!self.nets.is_empty()).then_some(table)
    }

    fn data(&self) -> Option<Table> {
        let mut table = Table::new([
            Column::left("data"),
            Column::left("pictures"),
            Column::right("classes"),
            Column::right("train"),
            Column::right("test"),
        ]);
        for Declared { name, shape, classes, train, test } in &self.data {
            let counts = [*classes, *train, *test].map(|number| count(number as u64));
            table.row([name.clone(), join(shape)].into_iter().chain(counts));
        }
        (!self.data.is_empty()).then_some(table)
    }

    fn constants(&self) -> Option<Table> {
        let mut table = Table::new([Column::left("constant"), Column::left("value").at_most(80)]);
        self.constants.iter().for_each(|(name, value)| table.row([name, value]));
        (!self.constants.is_empty()).then_some(table)
    }
}

struct Reset {
    nets: Vec<String>,
    data: Vec<String>,
    constants: Vec<String>,
    blocks: Vec<String>,
}

/// Takes the names away from what follows. Device, seed, overrides and what is on disk stay.
pub fn reset(names: &mut Names) -> Checked {
    let forgotten = Reset {
        nets: with_weights_or_text(names),
        data: names.data.keys().cloned().collect(),
        constants: names.scope.constants.keys().cloned().collect(),
        blocks: names.scope.blocks.keys().cloned().collect(),
    };
    names.scope = names.scope.emptied();
    names.nets.clear();
    names.missed.clear();
    names.data.clear();
    names.bound.clear();
    names.defined.clear();
    Ok(Box::new(forgotten))
}

impl Job for Reset {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        world.forget();
        let parts = [("net", &self.nets), ("data", &self.data), ("constant", &self.constants), ("block", &self.blocks)];
        let said: Vec<String> = parts
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| {
                let many = if names.len() > 1 && *what != "data" { "s" } else { "" };
                format!("{what}{many} {}", names.join(", "))
            })
            .collect();
        let text = match said.is_empty() {
            true => "there was nothing to forget".to_string(),
            false => format!("forgotten: {}; runs on disk stay", said.join("; ")),
        };
        let data = json!({
            "nets": self.nets, "data": self.data, "constants": self.constants, "blocks": self.blocks,
        });
        Ok(Output::new("%reset", text, data))
    }
}
