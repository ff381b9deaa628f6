//! `block basic(c, s=1) = add(conv c /s - bn - relu - conv c - bn | shortcut) - relu`

use fovea_dsl::syntax::BlockDef;
use serde_json::{Value, json};

use super::{Checked, Events, Job};
use crate::event::Output;
use crate::failure::Failure;
use crate::world::{Names, World};

struct Define {
    text: String,
    data: Value,
}

/// Defines a block. What it computes is checked where it is used: sizes and channels come from there. Nets that were
/// defined before keep the block that they were made of.
pub fn check(definition: &BlockDef, names: &mut Names) -> Checked {
    let name = &definition.name.text;
    let parameters: Vec<String> = definition
        .parameters
        .iter()
        .map(|parameter| match &parameter.default {
            Some(default) => format!("{}={default}", parameter.name.text),
            None => parameter.name.text.clone(),
        })
        .collect();
    let list: Vec<&str> = definition.parameters.iter().map(|parameter| parameter.name.text.as_str()).collect();
    let data = json!({ "block": name, "parameters": list });
    let text = format!("{name}({}): a block", parameters.join(", "));
    names.scope.blocks.insert(name.clone(), definition.clone());
    Ok(Box::new(Define { text, data }))
}

impl Job for Define {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        Ok(Output::new("block", self.text.clone(), self.data.clone()))
    }
}
