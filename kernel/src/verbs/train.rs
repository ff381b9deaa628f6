//! `train lenet on digits for 10 epochs with sgd(lr 0.1, momentum 0.9, decay 5e-4), batch 64, schedule cosine, seed 7`

use std::path::Path;
use std::sync::Arc;

use fovea_dsl::command::{self, Train};
use fovea_dsl::net::Net;
use fovea_dsl::syntax::Name;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::training::Optimizer;
use fovea_graph::{Backend, Span};
use fovea_train::{DataSpec, Ending, EpochMetrics, History, Recipe, RunInfo, Schedule, Trainee, fit};
use serde_json::json;

use super::{Checked, Events, Job};
use crate::event::{Event, Metric, Output, Progress};
use crate::failure::{At, Failure};
use crate::lookup::{Use, Weights};
use crate::memory;
use crate::session::{Work, route};
use crate::world::{Binding, Names, Trained, World, forward};

struct Run {
    net: Net,
    device: Arc<dyn Backend>,
    data: Name,
    spec: DataSpec,
    recipe: Recipe,
    span: Span,
    statement: String,
}

/// Checks the net, the data, the recipe and the memory of a step.
pub fn check(train: Train, span: Span, text: &str, names: &mut Names) -> Checked {
    let weights = if train.further { Weights::Own } else { Weights::First };
    let of = Use { net: &train.net, data: Some(&train.data), weights };
    let optimizer = Optimizer::Sgd { momentum: train.optimizer.momentum, decay: train.optimizer.decay };
    if train.further && names.binding(&of).is_none() {
        return Err(no_weights(&train.net, names).into());
    }
    let net = names.net(&of)?;
    let spec = names.spec(&train.data)?;
    batch_fits(&train, &spec)?;
    steps_are_countable(&train, span, &spec)?;
    memory::fits(&names.device.device(), train.batch, train.batch_span, |batch| {
        Ok(memory::bytes(&route(&of, Work::Train(&optimizer), batch, names)?.plan))
    })?;

    let recipe = Recipe {
        epochs: train.epochs,
        batch: train.batch,
        optimizer,
        rate: train.optimizer.rate,
        schedule: match train.schedule {
            command::Schedule::Constant => Schedule::Constant,
            command::Schedule::Cosine => Schedule::Cosine,
        },
        seed: train.seed.unwrap_or(names.seed),
        further: train.further,
        checkpoint_every: Recipe::CHECKPOINT_EVERY,
    };
    let binding = Binding { input: spec.shape(), classes: Some(spec.classes()), run: true };
    names.bound.insert(train.net.text.clone(), binding);
    names.runs += 1;
    let device = Arc::clone(&names.device);
    Ok(Box::new(Run { net, device, data: train.data, spec, recipe, span, statement: text.to_string() }))
}

/// The mistake of `further` on a net that was neither trained nor loaded.
fn no_weights(net: &Name, names: &Names) -> Diagnostic {
    if let Err(unknown) = names.resolved(net) {
        return unknown;
    }
    let message = format!("`{}` has no weights to go on from", net.text);
    Diagnostic::new(Stage::Verbs, net.span, message)
        .found("further")
        .help("leave `further` out to begin with its first weights, or `load` what was saved")
}

/// A batch that the training part can fill.
fn batch_fits(train: &Train, spec: &DataSpec) -> Result<(), Diagnostic> {
    let samples = spec.counts().train;
    if train.batch <= samples {
        return Ok(());
    }
    let message =
        format!("batch {} is more than the {samples} training pictures of `{}`", train.batch, train.data.text);
    Err(Diagnostic::new(Stage::Values, train.batch_span, message)
        .found(train.batch.to_string())
        .expected(format!("at most {samples}"))
        .help(format!("`batch {samples}` takes all of them at every step")))
}

/// A run whose steps can be numbered: random numbers are drawn by the step's number, which has 32 bits.
fn steps_are_countable(train: &Train, span: Span, spec: &DataSpec) -> Result<(), Diagnostic> {
    let steps = spec.counts().train.div_ceil(train.batch.max(1));
    let most = u32::MAX as usize / steps.max(1);
    if train.epochs <= most {
        return Ok(());
    }
    let message = format!("{} epochs of {steps} steps are more steps than can be numbered", train.epochs);
    Err(Diagnostic::new(Stage::Values, span, message)
        .found(train.epochs.to_string())
        .expected(format!("at most {most} epochs")))
}

impl Job for Run {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        let data = world.dataset(&self.spec).at(self.data.span)?;
        let mut trained = if self.recipe.further {
            world.copy_of(&self.net, &self.device).at(self.span)?
        } else {
            let trainee = Trainee::fresh(Arc::clone(&self.device), forward(&self.net), self.recipe.seed);
            trainee.at(self.span)?
        };
        let info = RunInfo {
            program: format!("{}{}\n", world.program, self.statement),
            statement: self.statement.clone(),
            net: self.net.name.clone(),
            data: self.data.text.clone(),
            recipe: self.recipe.clone(),
            device: self.device.device().name,
        };
        let mut folder = world.runs.create(&info).at(self.span)?;
        let mut teller = Teller::new(&self.net.name, self.recipe.epochs);
        let history = fit(
            &mut trained,
            &data,
            &self.recipe,
            Some(&mut folder),
            &mut |event| teller.tell(event, events),
            &world.interrupted,
        )
        .at(self.span)?;
        self.ending(&history, folder.path(), events)?;
        world.trained.insert(self.net.name.clone(), Trained { trainee: trained, run: history.run });
        Ok(self.output(&history, folder.path()))
    }
}

impl Run {
    /// Whether the run left weights for the session: it is complete, or was broken off after at least one step.
    fn ending(&self, history: &History, folder: &Path, events: &mut Events<'_>) -> Result<(), Failure> {
        match &history.ending {
            Ending::Complete => Ok(()),
            Ending::Interrupted { steps: 0 } => {
                let net = &self.net.name;
                events(Event::Text(format!("broken off before the first step: `{net}` is as it was")));
                Err(Failure::Interrupted)
            }
            Ending::Interrupted { .. } => Ok(()),
            Ending::NotFinite { step, what } => {
                let message = format!("training ended at step {step}: the {what} is not finite");
                let kept = match step {
                    0 | 1 => String::new(),
                    step => format!("; {} keeps the weights after step {}", folder.display(), step - 1),
                };
                let smaller = self.recipe.rate / 10.0;
                Err(Diagnostic::new(Stage::Verbs, self.span, message)
                    .found(format!("a learning rate of {}", self.recipe.rate))
                    .help(format!("a smaller rate keeps it finite, `sgd(lr {smaller})`, say{kept}"))
                    .into())
            }
        }
    }

    /// The run in a line or two.
    fn output(&self, history: &History, folder: &Path) -> Output {
        let number = history.run.map(|run| format!("run {run}: ")).unwrap_or_default();
        let done = match history.ending {
            Ending::Interrupted { steps } => format!("broken off after step {steps}, whose weights it keeps"),
            _ => format!("{} epochs", history.epochs.len()),
        };
        let last = history.epochs.last().map(figures).unwrap_or_default();
        let seconds: f64 = history.epochs.iter().map(|epoch| epoch.seconds).sum();
        let text = format!(
            "{number}{} on {}, {done}{last}; {seconds:.1} s, {:.0} images/s",
            self.net.name, self.data.text, history.images_per_second
        );
        let data = json!({
            "net": self.net.name,
            "run": history.run,
            "epochs": history.epochs,
            "images_per_second": history.images_per_second,
            "interrupted": matches!(history.ending, Ending::Interrupted { .. }),
        });
        Output::new("train", text, data).file(folder)
    }
}

/// `, test accuracy 98.3 %, test loss 0.0612` and its like.
fn figures(epoch: &EpochMetrics) -> String {
    let mut text = format!(": loss {:.4}", epoch.loss);
    if let Some(loss) = epoch.test_loss {
        text += &format!(", test loss {loss:.4}");
    }
    if let Some(share) = epoch.test_accuracy {
        text += &format!(", test accuracy {:.2} %", 100.0 * share);
    }
    text
}

/// Passes the training loop's news on.
struct Teller {
    net: String,
    epochs: usize,
    steps: u64,
    accuracy: Option<f64>,
}

impl Teller {
    fn new(net: &str, epochs: usize) -> Self {
        Self { net: net.to_string(), epochs, steps: 0, accuracy: None }
    }

    fn tell(&mut self, event: fovea_train::Event, events: &mut Events<'_>) {
        use fovea_train::Event as News;
        match event {
            News::Begin { steps_per_epoch, epochs, .. } => {
                self.steps = (steps_per_epoch as u64).saturating_mul(epochs as u64);
            }
            News::Step { step, epoch, loss, images_per_second, remaining, .. } => events(Event::Progress(Progress {
                net: self.net.clone(),
                epoch,
                epochs: self.epochs,
                step,
                steps: self.steps,
                loss,
                accuracy: self.accuracy,
                images_per_second,
                seconds_left: remaining.as_secs_f64(),
            })),
            News::Epoch(epoch) => {
                self.accuracy = epoch.test_accuracy;
                events(Event::Metric(Metric {
                    net: self.net.clone(),
                    epoch: epoch.epoch,
                    epochs: self.epochs,
                    loss: epoch.loss,
                    accuracy: epoch.accuracy,
                    test_loss: epoch.test_loss,
                    test_accuracy: epoch.test_accuracy,
                    seconds: epoch.seconds,
                }));
            }
            News::Checkpoint { .. } | News::End(_) => {}
        }
    }
}
