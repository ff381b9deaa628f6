//! `train lenet on digits for 10 epochs with sgd(lr 0.01, momentum 0.9, decay 5e-4), batch 64, schedule cosine, seed 7`

pub mod agreed;
mod grid;
mod hint;
mod layers;
pub(super) mod recipe;
mod results;
mod resume;
mod several;
mod teller;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use fovea_data::{DataSpec, Dataset};
use fovea_dsl::net::Net;
use fovea_dsl::syntax::{Name, Verb};
use fovea_dsl::verb::Train;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::training::{Adam, Decay, Optimizer};
use fovea_graph::{Backend, NotFinite, Span};
use fovea_train::{
    BEST, Course, Ending, EpochMetrics, Event as News, History, Keep, Mode, Needs, Question, Recipe, RunInfo, Runs,
    TrainError, Trainee, Weights as File, batches, fit, resume,
};
use serde_json::json;

use super::show::{epochs as epoch_table, told};
use super::{Checked, Events, Job};
use crate::display::{Page, number};
use crate::event::{Event, Output};
use crate::failure::{At, Failure, Remedy};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::world::{Binding, Names, Trained, World, forward};
use hint::hints;
use recipe::{enough_to_normalise, possible, recipe};
use resume::{Resumed, resumed};
use teller::Teller;

#[derive(Clone)]
struct Run {
    net: Net,
    device: Arc<dyn Backend>,
    train: Train,
    spec: DataSpec,
    recipe: Recipe,
    resumed: Option<Resumed>,
    /// Constants that have other values than the program gives them, as the language writes these.
    set: BTreeMap<String, String>,
    span: Span,
    statement: String,
}

/// Checks a statement that trains once, or several times.
pub fn check(train: Train, verb: &Verb, span: Span, text: &str, names: &mut Names, world: &World) -> Checked {
    if train.sweep.is_some() || train.seeds.is_some() {
        return several::check(train, verb, span, text, names, world);
    }
    once(train, span, text, names, world)
}

/// Checks a statement that trains once.
pub fn once(train: Train, span: Span, text: &str, names: &mut Names, world: &World) -> Checked {
    let run = single(train, span, text, names, world)?;
    names.bound.insert(run.net.name.clone(), run.binding());
    names.runs += u32::from(run.resumed.is_none());
    Ok(Box::new(run))
}

/// Checks the net, the data, the recipe, the run that goes on and the memory of a step.
fn single(train: Train, span: Span, text: &str, names: &Names, world: &World) -> Result<Run, Failure> {
    let of = used(&train);
    if let Some(further) = train.further.filter(|_| names.binding(&of).is_none()) {
        return Err(no_weights(&train.net, further.cut(), names));
    }
    let net = names.whole(&of)?;
    let spec = names.spec(&train.data)?;
    let mut recipe = recipe(&train, names.seed, &spec);
    recipe.target.ignore = recipe.target.ignore.map(|label| numbered(label, &spec));
    let forward = forward(&net, &names.interrupted);
    if train.freeze.is_some() || train.lr.is_some() {
        let graph = forward(1, Mode::Infer).map_err(TrainError::from).at(span)?;
        layers::adjust(&train, &net, &graph, &mut recipe)?;
    }
    let resumed = match &train.resume {
        Some(run) => Some(resumed(&train, &run.value, &mut recipe, &spec, names, world)?),
        None => None,
    };
    let objective = names.suits(&of, &net, &recipe.target, Some(&train))?;
    possible(&train, &recipe, span, &spec)?;
    let at = train.batch.map_or(span, |said| said.span);
    let (step, test) = (recipe.question(objective), Question::test_by(objective.of_test()));
    enough_to_normalise(&forward, &recipe, at, &spec)?;
    let counts = spec.counts();
    let device = &*names.device;
    memory::fits(device, world.held(&spec, device), recipe.batch, at, |batch| {
        let batches = batches(counts.train, batch);
        let needs = Needs::plan(&forward, [&step, &test], &batches, counts.watched(), device, &*names.interrupted);
        memory::bytes(needs.map(|needs| needs.with(&spec)), device, train.net.span)
    })?;

    let device = Arc::clone(&names.device);
    let set = names.scope.overrides().iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    Ok(Run { net, device, train, spec, recipe, resumed, set, span, statement: text.to_string() })
}

/// The number of the class that has a label's number for its name, as those of masks do; else the label.
fn numbered(label: u32, spec: &DataSpec) -> u32 {
    let name = label.to_string();
    let class = spec.class_names().iter().position(|class| *class == name);
    class.map_or(label, |class| class as u32)
}

/// The net of a statement on its data.
fn used(train: &Train) -> Use<'_> {
    let weights = if train.further.is_some() { Weights::Own } else { Weights::First };
    Use { net: &train.net, data: Some(&train.data), weights }
}

/// The mistake of `further` on a net that was neither trained nor loaded.
fn no_weights(net: &Name, further: Span, names: &Names) -> Failure {
    if let Err(unknown) = names.resolved(net) {
        return unknown;
    }
    let message = format!("`{}` has no weights to go on from", net.text);
    Diagnostic::new(Stage::Verbs, net.span, message)
        .found("further")
        .mend(further, "")
        .help("leave `further` out to begin with its first weights, or `load` what was saved")
        .into()
}

impl Job for Run {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.dataset(&self.spec, self.train.data.span)?;
        if self.resumed.is_none() && !self.recipe.further {
            world.remark_anew(&self.net, events);
        }
        let mut teller = Teller::new(&self.net.name, self.recipe.epochs);
        let mut tell = |event| teller.tell(event, events);
        let (mut trained, history, folder) = match &self.resumed {
            None => self.begin(&data, world, &mut tell)?,
            Some(resumed) => self.go_on(resumed, &data, world, &mut tell)?,
        };
        self.ending(&history, &folder, events)?;
        let hints = hints(&history, &data, &mut trained, self.recipe.batch, &world.interrupted);
        let best = self.best(&folder, &world.interrupted)?;
        let (trainee, kept) = best.map_or((trained, None), |(best, epoch)| (best, Some(epoch)));
        world.trained.insert(self.net.name.clone(), Trained { trainee, run: history.run });
        Ok(self.output(&history, &hints, &folder, kept))
    }
}

impl Run {
    /// The net as it was after its best epoch, and that epoch's number, where the run keeps those weights.
    fn best(&self, folder: &Path, stop: &Arc<AtomicBool>) -> Result<Option<(Trainee, String)>, Failure> {
        let file = folder.join(BEST);
        if self.recipe.watch.keep == Keep::Last || !file.is_file() {
            return Ok(None);
        }
        let weights = File::load(&file).at(self.span)?;
        let epoch = weights.metadata.get("epoch").cloned().unwrap_or_default();
        let best = Trainee::with_weights(Arc::clone(&self.device), forward(&self.net, stop), &weights).at(self.span)?;
        Ok(Some((best, epoch)))
    }
}

/// What a run leaves behind: the net, what happened, and where it is on disk.
type Left = (Trainee, History, PathBuf);

/// Tells on, and with the first news that this run has begun.
fn begins<'t>(
    runs: &'t Runs,
    number: u32,
    begun: &'t mut bool,
    tell: &'t mut dyn FnMut(News),
) -> impl FnMut(News) + 't {
    move |news| {
        if !std::mem::replace(begun, true) {
            runs.began(number);
        }
        tell(news);
    }
}

impl Run {
    /// What the weights that it leaves will fix.
    fn binding(&self) -> Binding {
        let (input, class_names) = (self.spec.shape(), self.spec.class_names().to_vec());
        let classes = self.net.output().last().copied();
        Binding { input, classes, class_names, target: self.recipe.target, run: true }
    }

    /// A new run.
    fn begin(&self, data: &Dataset, world: &World, tell: &mut dyn FnMut(News)) -> Result<Left, Failure> {
        let mut recipe = self.recipe.clone();
        let mut trained = match recipe.further {
            true => world.copy_of(&self.net, &self.device).at(self.span)?,
            false => world.first(&self.net, &self.device, recipe.seed).at(self.span)?,
        };
        // First weights that come in part from another net must not be drawn anew.
        recipe.further |= world.base(&self.net).is_some();
        let info = RunInfo {
            program: format!("{}{}\n", world.program, self.statement),
            statement: self.statement.clone(),
            net: self.net.name.clone(),
            data: self.train.data.text.clone(),
            recipe: recipe.clone(),
            device: self.device.device().name,
            set: self.set.clone(),
        };
        let mut folder = world.runs.create(&info).at(self.span)?;
        let mut begun = false;
        let mut tell = begins(&world.runs, folder.number(), &mut begun, tell);
        let fitted = fit(&mut trained, data, &recipe, Some(&mut folder), &mut tell, &world.interrupted);
        drop(tell);
        match fitted {
            Ok(history) => Ok((trained, history, folder.path().to_path_buf())),
            Err(error) => {
                if !begun {
                    folder.discard().at(self.span)?;
                }
                Err(self.failed(error))
            }
        }
    }

    /// A run that goes on from its last checkpoint.
    fn go_on(
        &self,
        resumed: &Resumed,
        data: &Dataset,
        world: &World,
        tell: &mut dyn FnMut(News),
    ) -> Result<Left, Failure> {
        let (record, recipe) = resumed.open(&self.train, &self.recipe, &self.spec, world)?;
        let (device, stop) = (Arc::clone(&self.device), &world.interrupted);
        let fresh = Trainee::fresh_unless(device, forward(&self.net, stop), recipe.seed, &**stop);
        let mut trained = fresh.at(self.span)?;
        let mut begun = false;
        let mut tell = begins(&world.runs, record.number, &mut begun, tell);
        let history = resume(&mut trained, data, &recipe, &record, &mut tell, &world.interrupted);
        let history = history.map_err(|error| self.failed(error))?;
        Ok((trained, history, record.folder))
    }

    /// Why the run ended early; of a device that was lost, how the run goes on.
    fn failed(&self, error: TrainError) -> Failure {
        if error.is_interrupt() {
            return Failure::Interrupted;
        }
        let resumed = match &error {
            TrainError::Lost { device, run: Some(run), .. } => {
                let resume = format!("train {} on {} resume run {run}", self.net.name, self.train.data.text);
                Some(format!("`device cpu`, then `{resume}`; or that statement on {device} in a new start of fovea"))
            }
            _ => error.remedy(),
        };
        let mistake = Diagnostic::new(Stage::Verbs, self.span, error.to_string());
        match resumed {
            Some(help) => mistake.help(help).into(),
            None => mistake.into(),
        }
    }

    /// Whether the run left weights for the session: it is complete, or was broken off after at least one step.
    fn ending(&self, history: &History, folder: &Path, events: &mut Events<'_>) -> Result<(), Failure> {
        match &history.ending {
            Ending::Complete | Ending::Early { .. } => Ok(()),
            Ending::Interrupted { steps: 0 } => {
                let net = &self.net.name;
                events(Event::Text(format!("broken off before the first step: `{net}` is as it was")));
                Err(Failure::Interrupted)
            }
            Ending::Interrupted { .. } => Ok(()),
            Ending::NotFinite { step, what } => Err(self.not_finite((*step, what), history, folder).into()),
        }
    }

    /// Why a run ended at a step that would have left what is not finite.
    fn not_finite(&self, (step, what): (u64, &NotFinite), history: &History, folder: &Path) -> Diagnostic {
        let message = format!("training ended at step {step}: the {what} is not finite");
        let mistake = Diagnostic::new(Stage::Verbs, self.span, message);
        let per_epoch = self.spec.counts().train.div_ceil(self.recipe.batch.max(1)) as u64;
        let steps = self.recipe.steps.unwrap_or(per_epoch.saturating_mul(self.recipe.epochs as u64));
        let course = Course { steps, per_epoch };
        // The rate that made the weights what they are: of this step's update, or of the one before.
        let used = match what {
            NotFinite::Update(_) => step.checked_sub(1),
            NotFinite::Loss | NotFinite::Gradient(_) | NotFinite::Statistic(_) => step.checked_sub(2),
        };
        let Some(rate) = used.map(|step| self.recipe.rate_at(step, course, &history.epochs)) else {
            let first = match self.recipe.further {
                true => "the weights that it goes on from give it: without `further` it begins anew",
                false => "its first weights give it on these pictures: `bn` behind its layers keeps values small",
            };
            return mistake.found("before any update").help(format!("no rate has been used yet; {first}"));
        };
        let kept = match step {
            0 | 1 => String::new(),
            step => format!("; {} keeps the weights after step {}", folder.display(), step - 1),
        };
        let word = match &self.recipe.optimizer {
            Optimizer::Sgd { .. } | Optimizer::Nesterov { .. } => "sgd",
            Optimizer::RmsProp(_) => "rmsprop",
            Optimizer::Adam(Adam { form: Decay::Gradient, .. }) => "adam",
            Optimizer::Adam(Adam { form: Decay::Weights, .. }) => "adamw",
        };
        let smaller = (self.recipe.rate / 10.0).min(0.01);
        mistake
            .found(format!("a learning rate of {rate:e}"))
            .help(format!("a smaller rate keeps it finite, `{word}(lr {smaller})`, say{kept}"))
    }

    /// How far the run came, and whose weights the net has.
    fn done(&self, history: &History, kept: Option<&str>) -> String {
        let epochs = number::of(history.epochs.len(), "epoch");
        let done = match (&history.ending, self.recipe.steps) {
            (Ending::Interrupted { steps }, _) if kept.is_some() => format!("broken off after step {steps}"),
            (Ending::Interrupted { steps }, _) => format!("broken off after step {steps}, whose weights it keeps"),
            (Ending::Early { best }, _) => format!("stopped early after {epochs}, none better than epoch {best}"),
            (_, Some(steps)) => number::of(steps as usize, "step"),
            _ => epochs,
        };
        kept.map_or(done.clone(), |epoch| format!("{done}, with the weights of epoch {epoch}"))
    }

    /// The run in a line or two.
    fn output(&self, history: &History, hints: &[String], folder: &Path, kept: Option<String>) -> Output {
        let number = history.run.map(|run| format!("run {run}: ")).unwrap_or_default();
        let done = self.done(history, kept.as_deref());
        let last = history.epochs.last().map(figures).unwrap_or_default();
        let seconds = history.epochs.iter().fold(0.0, |sum, epoch| sum + epoch.seconds);
        let text = format!(
            "{number}{} on {}, {done}{last}; {}, {} images/s{}",
            self.net.name,
            self.train.data.text,
            number::seconds(seconds),
            number::count(history.images_per_second.round() as u64),
            waiting(history.waiting, self.spec.is_held()),
        );
        let mut data = json!({
            "net": self.net.name,
            "run": history.run,
            "epochs": history.epochs,
            "images_per_second": history.images_per_second,
            "waiting": history.waiting,
            "interrupted": matches!(history.ending, Ending::Interrupted { .. }),
            "stopped": history.ending.word(),
        });
        if let Some(epoch) = kept.and_then(|epoch| epoch.parse::<usize>().ok()) {
            data["best"] = epoch.into();
        }
        if !hints.is_empty() {
            data["hints"] = json!(hints);
        }
        let page = hints.iter().fold(Page::default().text(text), |page, hint| page.text(format!("hint: {hint}")));
        let page = match &history.epochs[..] {
            [] | [_] => page,
            epochs => page.aside("Epoch by epoch", Page::default().table(epoch_table(epochs))),
        };
        let interrupted = matches!(history.ending, Ending::Interrupted { .. });
        Output { interrupted, ..Output::page("train", &page, data).file(folder) }
    }
}

/// `, 3.1 % of it waiting for data`, where data are read as they are needed, or made a run wait.
fn waiting(share: f64, is_held: bool) -> String {
    const WORTH_SAYING: f64 = 0.05;
    if is_held && share < WORTH_SAYING {
        return String::new();
    }
    format!(", {} of the time waiting for data", number::percent(share))
}

/// `: loss 0.0102, test loss 0.0612, test accuracy 98.3 %` and its like.
fn figures(epoch: &EpochMetrics) -> String {
    let mut text = format!(": loss {}", number::figure(epoch.loss));
    let part = epoch.watched();
    if let Some(loss) = epoch.watched_loss() {
        text += &format!(", {part} loss {}", number::figure(loss));
    }
    if let Some(share) = epoch.watched_accuracy() {
        text += &format!(", {part} accuracy {}", number::percent(share));
    }
    for (name, value, form) in told(&epoch.figures) {
        text += &format!(", {part} {name} {}", form(value));
    }
    text
}
