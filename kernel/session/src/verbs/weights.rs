//! `save lenet "lenet.safetensors"` and `load lenet "lenet.safetensors"`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_dsl::net::Net;
use fovea_dsl::resolve::Resolved;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::shape::join;
use fovea_graph::{Backend, Span};
use fovea_train::{Question, Trainee, Weights as File, is_writable};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::display::number::of;
use crate::event::Output;
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::route::route;
use crate::world::{Binding, Names, Trained, World, forward};

/// The entry of a file's metadata that says the shape of one picture, `28x28x1`.
const INPUT: &str = "input";

struct Save {
    net: Net,
    device: Arc<dyn Backend>,
    seed: u64,
    path: PathBuf,
    span: Span,
}

/// Checks that the net is known whole and that the file's folder is there.
pub fn save(said: verb::Save, names: &mut Names) -> Checked {
    let verb::Save { net, path } = said;
    let of = Use { net: &net, data: None, weights: Weights::Own };
    let (net, route) = route(&of, &Question::result(), 1, names)?;
    memory::net_fits(&route.plan, &*names.device, of.net.span)?;
    let file = writable(&path)?;
    let target = names.bound.get(&net.name).map(|bound| bound.target).unwrap_or_default();
    let fixed = Binding { input: net.input().to_vec(), classes: net.output().last().copied(), target, run: false };
    names.files.insert(file.clone(), fixed);
    Ok(Box::new(Save { net, device: Arc::clone(&names.device), seed: names.seed, path: file, span: path.span }))
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
        weights.save(&self.path).at(self.span)?;
        let text = format!("{}: {} saved", self.net.name, of(parameters, "parameter"));
        let data = json!({ "net": self.net.name, "params": parameters });
        Ok(Output::new("save", text, data).file(&self.path))
    }
}

struct Load {
    name: Name,
    resolved: Arc<Resolved>,
    device: Arc<dyn Backend>,
    path: Name,
    /// What the file holds, on the net that it fits; none where an earlier statement has yet to write it.
    read: Option<(File, Net)>,
    interrupted: Arc<AtomicBool>,
}

/// Checks the file against the net, unless an earlier statement has yet to write it.
pub fn load(said: verb::Load, names: &mut Names) -> Checked {
    let verb::Load { net, path } = said;
    let (resolved, device) = (names.resolved(&net)?, Arc::clone(&names.device));
    let mut load =
        Load { name: net.clone(), resolved, device, path, read: None, interrupted: Arc::clone(&names.interrupted) };
    let file = PathBuf::from(&load.path.text);
    let binding = match names.files.get(&file) {
        Some(saved) => saved.clone(),
        None => {
            let (weights, net) = load.read.insert(load.read(&file)?);
            let (input, classes) = (net.input().to_vec(), net.output().last().copied());
            Binding { input, classes, target: weights.target(), run: false }
        }
    };
    names.bound.insert(net.text.clone(), binding);
    Ok(Box::new(load))
}

impl Load {
    /// The file's weights, and the net that they fit.
    fn read(&self, file: &Path) -> Result<(File, Net), Failure> {
        let weights = File::load(file).at(self.path.span)?;
        if let Some(name) = weights.not_finite() {
            let message = format!("{}: {name} has values that are not finite", file.display());
            return Err(Diagnostic::new(Stage::Verbs, self.path.span, message)
                .help("save the net again from a run whose loss stayed finite")
                .into());
        }
        let net = self.complete(&weights)?;
        Trainee::takes(Arc::clone(&self.device), forward(&net, &self.interrupted), &weights).at(self.path.span)?;
        Ok((weights, net))
    }

    /// The net, where its text leaves shape or classes open, as the file has them.
    fn complete(&self, weights: &File) -> Result<Net, Failure> {
        let open = match &*self.resolved {
            Resolved::Net(net) => return Ok(net.clone()),
            Resolved::Open(open) => open,
        };
        let dims = |text: &String| text.split('x').map(|side| side.parse().ok()).collect::<Option<Vec<usize>>>();
        let input = weights.metadata.get(INPUT).and_then(dims);
        let classes = Some(weights.classes.len()).filter(|&classes| classes > 0);
        Ok(open
            .complete_unless(input.as_deref(), classes, &*self.interrupted)?
            .map_err(|mut mistakes| mistakes.remove(0))?)
    }
}

impl Job for Load {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let now;
        let (weights, net) = match &self.read {
            Some(read) => read,
            None => {
                now = self.read(Path::new(&self.path.text))?;
                &now
            }
        };
        let trainee = Trainee::with_weights(Arc::clone(&self.device), forward(net, &self.interrupted), weights)
            .at(self.path.span)?;
        let parameters = trainee.parameter_count();
        let text = format!("{}: {} loaded", net.name, of(parameters, "parameter"));
        let data = json!({ "net": net.name, "params": parameters, "input": net.input(), "output": net.output() });
        world.trained.insert(self.name.text.clone(), Trained { trainee, run: None });
        Ok(Output::new("load", text, data))
    }
}
