//! `let`, `seed`, `theme`, `note`: nothing is left to do once they are checked.

use fovea_dsl::Diagnostic;
use fovea_dsl::scope::Value;
use fovea_dsl::syntax::Binding;
use fovea_dsl::verb::Theme;
use serde_json::{Map, json};

use super::{Checked, Events, Job};
use crate::event::{Kind, Output};
use crate::failure::Failure;
use crate::world::{Names, World};

/// A result that is known already.
struct Known {
    verb: &'static str,
    text: String,
    data: serde_json::Value,
}

impl Job for Known {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        Ok(Output::new(self.verb, self.text.clone(), self.data.clone()))
    }
}

/// A text that is said in passing.
struct Note(String);

impl Job for Note {
    fn run(&self, _: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let output = Output::new("note", self.0.clone(), json!({ "text": self.0 }));
        Ok(Output { kind: Kind::Note, ..output })
    }
}

/// `let width = 16, depth = 3`
pub fn bind(bindings: &[Binding], names: &mut Names) -> Checked {
    let mut mistakes: Vec<Diagnostic> = Vec::new();
    let (mut lines, mut constants) = (Vec::new(), Map::new());
    for binding in bindings {
        match names.scope.bind(binding) {
            Ok(value) => {
                lines.push(format!("{} = {value}", binding.name.text));
                constants.insert(binding.name.text.clone(), as_data(value));
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    Ok(Box::new(Known { verb: "let", text: lines.join("\n"), data: json!({ "constants": constants }) }))
}

/// A number, whole where it is whole, or a list of them.
fn as_data(value: &Value) -> serde_json::Value {
    let number = |x: f64| match x {
        x if x.fract() == 0.0 && x.abs() < 2f64.powi(53) => json!(x as i64),
        x => json!(x),
    };
    match value {
        Value::Number(x) => number(*x),
        Value::List(list) => list.iter().map(|&x| number(x)).collect(),
    }
}

/// `seed 7`
pub fn seed(seed: u64, names: &mut Names) -> Checked {
    names.seed = seed;
    Ok(Box::new(Known { verb: "seed", text: format!("seed {seed}"), data: json!({ "seed": seed }) }))
}

/// `theme dark`
pub fn theme(theme: Theme, names: &mut Names) -> Checked {
    names.theme = theme;
    let word = theme.word();
    Ok(Box::new(Known { verb: "theme", text: format!("theme {word}"), data: json!({ "theme": word }) }))
}

/// `note "any text"`
pub fn note(text: String) -> Checked {
    Ok(Box::new(Note(text)))
}
