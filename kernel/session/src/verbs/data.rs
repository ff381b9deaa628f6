//! `data digits size 28x28`

use fovea_data::DataSpec;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::Data;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_graph::counted;
use fovea_graph::shape::join;
use serde_json::json;

use super::{Checked, Events, Job};
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::unknown_data;
use crate::world::{Names, World};

struct Declare {
    name: Name,
    spec: DataSpec,
}

/// Declares data under its name.
pub fn check(data: Data, names: &mut Names) -> Checked {
    let Some(source) = DataSpec::builtin(&data.name.text) else {
        return Err(unknown_data(&data.name, names).into());
    };
    if let Some(size) = data.size {
        sizes(size.value, size.what)?;
    }
    let size = data.size.map(|size| size.value);
    let spec = DataSpec::open_unless(&data.name.text, source, size, &*names.interrupted).at(data.name.span)?;
    names.data.insert(data.name.text.clone(), spec.clone());
    Ok(Box::new(Declare { name: data.name, spec }))
}

/// Sides that pictures can be brought to.
fn sizes([height, width]: [usize; 2], span: Span) -> Result<(), Diagnostic> {
    let allowed = 1..=DataSpec::MAX_SIDE;
    if allowed.contains(&height) && allowed.contains(&width) {
        return Ok(());
    }
    let message = format!("pictures cannot be brought to {height}x{width}");
    Err(Diagnostic::new(Stage::Values, span, message)
        .found(format!("{height}x{width}"))
        .expected(format!("sides of 1 to {} pixels", DataSpec::MAX_SIDE)))
}

impl Job for Declare {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.dataset(&self.spec, self.name.span)?;
        let (train, test, classes) = (data.train.len(), data.test.len(), data.classes.len());
        let name = &self.name.text;
        let shape = data.shape();
        let text = format!(
            "{name}: {} to train on and {test} to test, {}, {}",
            counted(train, "picture"),
            join(shape),
            counted(classes, "class")
        );
        let figures = json!({ "data": name, "shape": shape, "classes": data.classes, "train": train, "test": test });
        Ok(Output::new("data", text, figures))
    }
}
