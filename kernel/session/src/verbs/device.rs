//! `device`, `device cpu`, `device cuda`

use fovea_dsl::syntax::Name;
use fovea_dsl::{Diagnostic, Stage};
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::device::{Found, find, list};
use crate::display::{self, Page};
use crate::event::Output;
use crate::failure::Failure;
use crate::world::{Names, World};

struct Devices {
    found: Vec<Found>,
    chosen: String,
}

/// Finds a device for all that follows; alone it lists what there is.
pub fn check(name: Option<Name>, names: &mut Names, world: &World) -> Checked {
    if let Some(name) = &name {
        // The one in use stays as it is, and with it what lies in its memory.
        if names.device.device().name != name.text {
            names.device = find(&name.text, names.cores, world.purpose)
                .map_err(|reason| Diagnostic::new(Stage::Verbs, name.span, reason).found(&name.text))?;
        }
    }
    let chosen = names.device.device().name;
    let mut found = list(&*names.device, names.cores);
    if name.is_some() {
        found.retain(|device| device.name == chosen);
    }
    Ok(Box::new(Devices { found, chosen }))
}

impl Job for Devices {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let rows: Vec<display::Device> = self.found.iter().map(|device| self.row(device)).collect();
        let devices: Vec<Value> = self.found.iter().map(as_data).collect();
        Ok(Output::page(
            "device",
            &Page::default().table(display::devices(&rows)),
            json!({ "device": self.chosen, "devices": devices }),
        ))
    }
}

impl Devices {
    fn row(&self, device: &Found) -> display::Device {
        let state = match &device.missing {
            Some(reason) => reason.clone(),
            None if device.name == self.chosen => "in use".to_string(),
            None => "ready".to_string(),
        };
        display::Device { word: device.name.clone(), what: device.description.clone(), memory: device.memory, state }
    }
}

fn as_data(device: &Found) -> Value {
    json!({
        "name": device.name,
        "description": device.description,
        "memory": device.memory,
        "usable": device.missing.is_none(),
        "reason": device.missing,
    })
}
