//! `device`, `device cpu`, `device cuda`

use std::sync::Arc;

use fovea_dsl::syntax::Name;
use fovea_dsl::{Diagnostic, Stage};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::device::{Found, list, open};
use crate::display::bytes;
use crate::event::Output;
use crate::failure::Failure;
use crate::world::{Names, World};

struct Devices {
    found: Vec<Found>,
    chosen: String,
}

/// Opens a device for all that follows; alone it lists what there is.
pub fn check(name: Option<Name>, names: &mut Names) -> Checked {
    if let Some(name) = &name {
        names.device = open(&name.text, names.threads)
            .map_err(|reason| vec![Diagnostic::new(Stage::Verbs, name.span, reason).found(&name.text)])?;
    }
    let chosen = names.device.device();
    let found = match name {
        Some(_) => vec![Found {
            name: chosen.name.clone(),
            description: chosen.description,
            memory: chosen.memory,
            usable: true,
        }],
        None => list(&names.device, names.threads),
    };
    Ok(Box::new(Devices { found, chosen: chosen.name }))
}

impl Job for Devices {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let lines: Vec<String> = self.found.iter().map(|device| self.line(device)).collect();
        let devices: Vec<Value> = self.found.iter().map(|device| {
            json!({
                "name": device.name,
                "description": device.description,
                "memory": device.memory,
                "usable": device.usable,
            })
        }).collect();
        Ok(Output::new("device", lines.join("\n"), json!({ "device": self.chosen, "devices": devices })))
    }
}

impl Devices {
    /// `* cpu   2 threads, 16 GB`
    fn line(&self, device: &Found) -> String {
        let mark = if device.name == self.chosen { '*' } else { ' ' };
        let memory = device.memory.map(|memory| format!(", {} free", bytes(memory))).unwrap_or_default();
        format!("{mark} {:6} {}{memory}", device.name, device.description)
    }
}
