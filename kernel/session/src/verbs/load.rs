//! `load lenet "lenet.safetensors"`, `load lenet run 3`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::Normalize;
use fovea_dsl::net::Net;
use fovea_dsl::resolve::Resolved;
use fovea_dsl::syntax::Name;
use fovea_dsl::verb::{self, Origin, RunRef};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Backend, Span};
use fovea_train::target::Target;
use fovea_train::{FileError, Keep, Standardisation, Trainee, Weights as File};
use serde_json::json;

use super::plot::{Which, which};
use super::weights::INPUT;
use super::{Checked, Events, Job};
use crate::display::number::of;
use crate::event::Output;
use crate::failure::{At, Failure, placed};
use crate::foreign::{Heard, heard};
use crate::world::{Binding, Names, Trained, World, forward};

struct Load {
    name: Name,
    resolved: Arc<Resolved>,
    device: Arc<dyn Backend>,
    from: From,
    /// What pictures are brought to, where the statement says it.
    pictures: Option<Normalize>,
    /// What is there already, on the net that it fits; none where an earlier statement has yet to write it.
    read: Option<Read>,
    interrupted: Arc<AtomicBool>,
}

/// Where weights come from, and where the statement says so.
enum From {
    File(PathBuf, Span),
    Run(Which, Span, Keep),
}

/// Weights, the net that they fit, and the run that left them.
struct Read {
    weights: File,
    net: Net,
    run: Option<u32>,
    /// How they were read, where the names were not ours.
    heard: Option<Heard>,
}

/// Checks the weights against the net, unless an earlier statement has yet to write them.
pub fn check(said: verb::Load, names: &mut Names, world: &World) -> Checked {
    let verb::Load { net, from, best, normalize, raw } = said;
    let pictures = normalize.map(|_| Normalize::Imagenet).or(raw.map(|_| Normalize::Raw));
    let keep = if best.is_some() { Keep::Best } else { Keep::Last };
    let (resolved, device) = (names.resolved(&net)?, Arc::clone(&names.device));
    let is_there = match &from {
        Origin::File(path) => !names.files.contains_key(&PathBuf::from(&path.text)),
        Origin::Run(run) => is_there(run, names, world)?,
    };
    let from = match from {
        Origin::File(path) => From::File(PathBuf::from(path.text), path.span),
        Origin::Run(run) => From::Run(which(&run, names, world)?, run.span(), keep),
    };
    let interrupted = Arc::clone(&names.interrupted);
    let mut load = Load { name: net.clone(), resolved, device, from, pictures, read: None, interrupted };
    let binding = if is_there {
        let read = load.read.insert(load.read(world)?);
        let class_names = read.weights.classes.clone();
        Binding { run: read.run.is_some(), target: read.weights.target(), class_names, ..fixed(&read.net) }
    } else {
        load.will_be(names)?
    };
    names.bound.insert(net.text, binding);
    Ok(Box::new(load))
}

/// Whether a run is on disk before the program runs.
pub fn is_there(run: &RunRef, names: &Names, world: &World) -> Result<bool, Failure> {
    match *run {
        RunRef::Last(_) => Ok(names.runs == 0),
        RunRef::Number(number, span) => Ok(world.runs.newest_ever().at(span)?.is_some_and(|newest| number <= newest)),
    }
}

/// What weights of a whole net fix.
fn fixed(net: &Net) -> Binding {
    let (input, classes) = (net.input().to_vec(), net.output().last().copied());
    Binding { input, classes, class_names: Vec::new(), target: Target::default(), run: false }
}

impl Load {
    fn span(&self) -> Span {
        match self.from {
            From::File(_, span) | From::Run(_, span, _) => span,
        }
    }

    /// What weights will fix that are yet to be written.
    fn will_be(&self, names: &Names) -> Result<Binding, Failure> {
        let saved = match &self.from {
            From::File(path, _) => names.files.get(path),
            From::Run(..) => names.bound.get(&self.name.text),
        };
        match (saved, &*self.resolved) {
            (Some(saved), _) => Ok(saved.clone()),
            (None, Resolved::Net(net)) => Ok(Binding { run: true, ..fixed(net) }),
            (None, Resolved::Open(_)) => {
                let message = format!("what `{}` takes in is open until that run has begun", self.name.text);
                let mistake = Diagnostic::new(Stage::Verbs, self.span(), message);
                Err(mistake.help("write its shape at the net's beginning, `28x28x1 - …`, say").into())
            }
        }
    }

    /// The weights, and the net that they fit.
    fn read(&self, world: &World) -> Result<Read, Failure> {
        let span = self.span();
        let (weights, from, run) = match &self.from {
            From::File(path, _) => (opened(path, span)?, path.display().to_string(), None),
            From::Run(which, _, keep) => {
                let (weights, run) = of_run(which, *keep, span, world)?;
                (weights, format!("run {run}"), Some(run))
            }
        };
        if let Some(name) = weights.not_finite() {
            let message = format!("{from}: {name} has values that are not finite");
            return Err(Diagnostic::new(Stage::Verbs, span, message)
                .help("save the net again from a run whose loss stayed finite")
                .into());
        }
        let net = self.complete(&weights)?;
        let (mut weights, mut heard) = match run {
            None => heard(weights, &net, [self.name.span, span], &*self.interrupted)?,
            Some(_) => (weights, None),
        };
        let channels = net.input().last().copied().unwrap_or(1);
        if let (Some(heard), Some(_)) = (&mut heard, self.pictures) {
            heard.is_silent = false;
        }
        match self.pictures {
            Some(Normalize::Imagenet) => weights.standardisation = Some(Standardisation::imagenet(channels)),
            Some(Normalize::Raw) => weights.standardisation = Some(Standardisation::raw(channels)),
            Some(Normalize::Own) | None => {}
        }
        Trainee::takes(Arc::clone(&self.device), forward(&net, &self.interrupted), &weights).at(span)?;
        Ok(Read { weights, net, run, heard })
    }

    /// The net, where its text leaves shape or classes open, as the weights have them.
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

/// A file of weights; what PyTorch itself writes is no such file, and it is said what makes one of it.
fn opened(path: &Path, span: Span) -> Result<File, Failure> {
    let is_pickled =
        path.extension().is_some_and(|ending| PICKLED.iter().any(|known| ending.eq_ignore_ascii_case(known)));
    File::load(path).map_err(|error| match error {
        FileError::Foreign { .. } | FileError::Cut { .. } if is_pickled => {
            let (from, to) = (path.display(), path.with_extension("safetensors"));
            let help = format!(
                "in Python: `weights = torch.load({:?}, map_location=\"cpu\", weights_only=True)`, then \
                 `safetensors.torch.save_file(weights, {:?})`",
                from.to_string(),
                to.display().to_string()
            );
            let message =
                format!("{from} is not a safetensors file: PyTorch's own files are programs, and are not run here");
            Diagnostic::new(Stage::Verbs, span, message).expected("a safetensors file").help(help).into()
        }
        error => placed(&error, span),
    })
}

/// What the names of PyTorch's own files end in.
const PICKLED: [&str; 5] = ["pth", "pt", "bin", "ckpt", "pkl"];

/// The newest weights of a run, those it ended with, else those of its last whole checkpoint; or those of its best epoch.
fn of_run(which: &Which, keep: Keep, span: Span, world: &World) -> Result<(File, u32), Failure> {
    let record = which.open(world, span)?;
    if keep == Keep::Best {
        let Some(best) = &record.best_weights else {
            let mistake =
                Diagnostic::new(Stage::Verbs, span, format!("run {} has not kept its best epoch", record.number));
            return Err(mistake.help("`train … keep best` does so; without `best` its last weights are loaded").into());
        };
        return Ok((File::load(best).at(span)?, record.number));
    }
    let ended = record.weights.as_deref().filter(|_| record.ending.is_some()).map(Path::to_path_buf);
    let weights = match ended {
        Some(path) => Some(File::load(path).at(span)?),
        None => record.load_checkpoint().at(span)?.map(|checkpoint| checkpoint.weights),
    };
    let number = record.number;
    weights.map(|weights| (weights, number)).ok_or_else(|| {
        let mistake = Diagnostic::new(Stage::Verbs, span, format!("run {number} has no weights yet"));
        mistake.help("a run writes its first ones after its first epoch, or after 30 seconds").into()
    })
}

impl Job for Load {
    fn run(&self, world: &mut World, _: &mut Events<'_>) -> Result<Output, Failure> {
        let now;
        let Read { weights, net, run, heard } = match &self.read {
            Some(read) => read,
            None => {
                now = self.read(world)?;
                &now
            }
        };
        let trainee =
            Trainee::with_weights(Arc::clone(&self.device), forward(net, &self.interrupted), weights).at(self.span())?;
        let parameters = trainee.parameter_count();
        let from = run.map(|run| format!(" from run {run}")).unwrap_or_default();
        let said = heard.as_ref().map(|heard| heard.in_words(net, weights.standardisation.as_ref()));
        let said = said.map(|said| format!(", {said}")).unwrap_or_default();
        let text = format!("{}: {} loaded{from}{said}", net.name, of(parameters, "parameter"));
        let mut data = json!({ "net": net.name, "params": parameters, "input": net.input(), "output": net.output() });
        if let Some(run) = run {
            data["run"] = json!(run);
        }
        if let Some(heard) = heard {
            data["names"] = json!(heard.by());
            data["names_of"] = json!(heard.naming.and_then(|naming| naming.net));
            data["left_out"] = json!(heard.left_out.as_ref().map_or(0, |(_, tensors)| *tensors));
            let pictures = weights.standardisation.as_ref();
            data["pictures"] = json!(pictures.map(|s| json!({ "mean": s.mean, "deviation": s.deviation })));
        }
        world.trained.insert(self.name.text.clone(), Trained { trainee, run: *run });
        Ok(Output::new("load", text, data))
    }
}
