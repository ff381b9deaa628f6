//! `save lenet "lenet.safetensors"`, `save vgg16 "vgg16.safetensors" as torchvision`, `save shapes "shapes/"`

use std::path::PathBuf;
use std::sync::Arc;

use fovea_data::{DataSpec, save_pictures};
use fovea_dsl::library::names::Naming;
use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Span};
use fovea_train::{Question, Trainee, is_writable};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::number::of;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::foreign;
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::route::route;
use crate::world::{Binding, Names, World};

/// The entry of a file's metadata that says the shape of one picture, `28x28x1`.
pub const INPUT: &str = "input";

struct Save {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    path: PathBuf,
    span: Span,
    /// Whose names the file has, where it is not ours.
    naming: Option<&'static Naming>,
}

/// Checks that the net is known whole and that the file's folder is there.
pub fn save(said: verb::Save, names: &mut Names) -> Checked {
    let verb::Save { net, path, named } = said;
    if !names.has_net(&net.text)
        && let Ok(spec) = names.spec(&net)
    {
        if let Some(named) = named {
            let mistake =
                Diagnostic::new(Stage::Verbs, named.span, "`as` says whose names weights have, and this is data");
            return Err(mistake.also(net.span, "data").mend(named.cut(), "").help("leave it out").into());
        }
        return Ok(Box::new(Pictures { name: net, spec, folder: PathBuf::from(&path.text), span: path.span }));
    }
    let of = Use { net: &net, data: None, weights: Weights::Own };
    let (net, route) = route(&of, &Question::result(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let naming = named.map(|named| foreign::writable(named.value.word(), &net, of.net, named.span)).transpose()?;
    let file = writable(&path)?;
    let known = names.bound.get(&net.name);
    let class_names = known.map(|known| known.class_names.clone()).unwrap_or_default();
    let target = known.map(|known| known.target).unwrap_or_default();
    let (input, classes) = (net.input().to_vec(), net.output().last().copied());
    let fixed = Binding { input, classes, class_names, target, run: false };
    names.files.insert(file.clone(), fixed);
    Ok(Box::new(Save { net, device: Arc::clone(&names.device), seed: names.seed, path: file, span: path.span, naming }))
}

/// Where a `save` clause writes to, and where it says so.
pub fn destination(path: &Name) -> Result<(PathBuf, Span), Diagnostic> {
    Ok((writable(path)?, path.span))
}

/// A path that a file can be written to, as far as can be told without writing it.
fn writable(path: &Name) -> Result<PathBuf, Diagnostic> {
    let file = PathBuf::from(&path.text);
    let mistake = |message: String, help: &str| Err(Diagnostic::new(Stage::Verbs, path.span, message).help(help));
    if path.text.is_empty() || file.is_dir() {
        return mistake(format!("\"{}\" is not a file's name", path.text), "name the file itself, behind its folder");
    }
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            return mistake(
                format!("there is no folder {}", folder.display()),
                "make the folder first, or name another",
            );
        }
        _ => {}
    }
    match is_writable(&file) {
        Err(error) => mistake(error.to_string(), "name another file"),
        Ok(()) => Ok(file),
    }
}

impl Job for Save {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        world.remark(&self.net, events);
        let both = |trainee: &mut Trainee| Ok((trainee.weights()?, trainee.parameter_count()));
        let (mut weights, parameters) = world.with(&self.net, &self.device, self.seed, both).at(self.span)?;
        weights.metadata.insert(INPUT.to_string(), join(self.net.input()));
        let mut text = format!("{}: {} saved", self.net.name, of(parameters, "parameter"));
        let mut data = json!({ "net": self.net.name, "params": parameters });
        if let Some(naming) = self.naming {
            text += &foreign::said_of_written(naming, weights.standardisation.as_ref());
            data["names"] = json!(naming.by);
            weights = foreign::written(weights, naming, &self.net, &*world.interrupted).at(self.span)?;
        }
        weights.save(&self.path).at(self.span)?;
        Ok(Output::new("save", text, data).file(&self.path))
    }
}

/// Data that is written out as pictures.
struct Pictures {
    name: Name,
    spec: DataSpec,
    folder: PathBuf,
    span: Span,
}

impl Job for Pictures {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.dataset(&self.spec, self.name.span)?;
        let count = save_pictures(&data, &self.folder, &*world.interrupted).at(self.span)?;
        let classes = of(data.classes.len(), "class");
        let text = format!("{}: {} of {classes} saved", self.name.text, of(count, "picture"));
        let figures = json!({ "data": self.name.text, "pictures": count, "classes": data.classes });
        Ok(Output::new("save", text, figures).file(&self.folder))
    }
}
