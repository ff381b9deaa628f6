//! `net lenet = 28x28x1 - …`

use std::sync::Arc;

use fovea_data::DataSpec;
use fovea_dsl::lower::{Mode, lower_unless};
use fovea_dsl::net::Net;
use fovea_dsl::resolve::{Resolved, resolve_unless};
use fovea_dsl::syntax::{Name, NetDef};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Interrupted, Stop};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::number::of;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::world::{Binding, Names, World};

struct Define {
    name: String,
    /// The net now says something else, so that its weights are not its own any more.
    changed: bool,
    text: String,
    data: serde_json::Value,
    remarks: Vec<Diagnostic>,
}

/// A net that has its name, and what is said of it.
pub struct Defined {
    /// It says something else than before, so that its weights are not its own any more.
    pub changed: bool,
    text: String,
    data: serde_json::Value,
    remarks: Vec<Diagnostic>,
}

/// Defines a net. One that says what it said before keeps its weights.
pub fn check(definition: &NetDef, names: &mut Names) -> Checked {
    not_data(&definition.name, names)?;
    if let Some(mistake) = names.begins_in_unread(definition) {
        return Err(mistake.into());
    }
    let name = definition.name.text.clone();
    let Defined { changed, text, data, remarks } = define(definition, names)?;
    Ok(Box::new(Define { name, changed, text, data, remarks }))
}

/// Refuses the name of people's own data.
pub fn not_data(name: &Name, names: &Names) -> Result<(), Diagnostic> {
    let Name { text, span } = name;
    if !names.data.get(text).is_some_and(DataSpec::is_own) {
        return Ok(());
    }
    let message = format!("`{text}` is data of yours, so no net can be called so");
    let mistake = Diagnostic::new(Stage::Names, *span, message).found(text).expected("another name");
    Err(mistake.mend(*span, format!("my_{text}")).help(format!("`my_{text}` would do")))
}

/// Gives a net its name.
pub fn define(definition: &NetDef, names: &mut Names) -> Result<Defined, Failure> {
    let name = definition.name.text.clone();
    let resolved = resolve_unless(definition, &names.scope, None, None, &*names.interrupted)??;
    // What had weights until now may be the library's net of that name.
    let changed = match (names.resolved(&definition.name), names.bound.get(&name)) {
        (Ok(old), Some(binding)) => !same(&old, &resolved, binding, &*names.interrupted)?,
        _ => false,
    };
    if changed {
        names.bound.remove(&name);
    }
    let (text, data) = describe(definition, &resolved, &*names.interrupted)?;
    let remarks = resolved.remarks();
    names.nets.insert(name.clone(), Arc::new(resolved));
    names.scope.nets.insert(name.clone(), definition.clone());
    names.is_read(&name);
    Ok(Defined { changed, text, data, remarks })
}

/// Whether two nets are one, for data of the binding's shape; where they were written does not matter.
fn same(old: &Resolved, new: &Resolved, binding: &Binding, stop: &dyn Stop) -> Result<bool, Interrupted> {
    let complete = |resolved: &Resolved| match resolved {
        Resolved::Net(net) => Ok(Some(net.clone())),
        Resolved::Open(open) => Ok(open.complete_unless(Some(&binding.input), binding.classes, stop)?.ok()),
    };
    let layers = |net: Net| -> Vec<_> {
        net.layers.into_iter().map(|layer| (layer.name, layer.kind, layer.inputs, layer.output)).collect()
    };
    Ok(complete(old)?.map(layers) == complete(new)?.map(layers))
}

/// The net in a line: `lenet: 28x28x1 → 10, 12 layers, 61,706 parameters`.
fn describe(definition: &NetDef, resolved: &Resolved, stop: &dyn Stop) -> Result<(String, serde_json::Value), Failure> {
    let name = &definition.name.text;
    let net = match resolved {
        Resolved::Net(net) => net,
        Resolved::Open(open) => {
            let waits = match (open.input(), open.needs_classes()) {
                (None, true) => "takes the shape and the classes of the data it is used on".to_string(),
                (None, false) => "takes the shape of the data it is used on".to_string(),
                (Some(shape), _) => format!("{} → the classes of the data it is used on", join(shape)),
            };
            return Ok((format!("{name}: {waits}"), json!({ "net": name, "input": open.input() })));
        }
    };
    let parameters = lower_unless(net, 1, Mode::Infer, stop)?.at(definition.name.span)?.parameter_count();
    let layers = net.layers.len() - 1;
    let text = format!(
        "{name}: {} → {}, {}, {}",
        join(net.input()),
        join(net.output()),
        of(layers, "layer"),
        of(parameters, "parameter")
    );
    let data = json!({
        "net": name, "input": net.input(), "output": net.output(), "layers": layers, "params": parameters,
    });
    Ok((text, data))
}

impl Job for Define {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        if self.changed {
            world.trained.remove(&self.name);
        }
        Ok(Output::new("net", self.text.clone(), self.data.clone()))
    }

    fn remarks(&self) -> &[Diagnostic] {
        &self.remarks
    }
}
