//! `train … seeds 5`, `train … sweep rate {0.1, 0.03}, N {2, 3}`: several runs of one statement.

use std::path::PathBuf;

use fovea_dsl::syntax::Verb;
use fovea_dsl::verb::Train;
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::Span;
use fovea_train::{Ending, History};

use super::grid::{Grid, MOST, Setting, combinations, words};
use super::results::Results;
use super::teller::Teller;
use super::{Left, Run};
use crate::display::number::of;
use crate::event::{Event, Output};
use crate::failure::Failure;
use crate::picture::Theme;
use crate::verbs::{Checked, Events, Job};
use crate::world::{Names, Trained, World};

/// One of the runs.
struct Trial {
    setting: Setting,
    run: Run,
}

/// What became of one.
pub struct Done {
    pub setting: Setting,
    pub seed: u64,
    pub history: History,
    pub folder: PathBuf,
}

struct Several {
    trials: Vec<Trial>,
    /// Several seeds: the net keeps the first run's weights. A sweep leaves the net as it was.
    keeps_first: bool,
    theme: Theme,
}

/// Checks every one of the runs.
pub fn check(train: Train, verb: &Verb, span: Span, text: &str, names: &mut Names, world: &World) -> Checked {
    let swept = train.sweep.as_ref().map_or(&[][..], |said| &said.value);
    let seeds = train.seeds.map_or(1, |said| said.value);
    let place = train.sweep.as_ref().map(|said| said.span).or(train.seeds.map(|said| said.span)).unwrap_or(span);
    let count = swept.iter().map(|swept| swept.values.len()).fold(seeds, usize::saturating_mul);
    if count > MOST {
        let message = format!("this statement would begin {}", of(count, "run"));
        let mistake = Diagnostic::new(Stage::Verbs, place, message).found(count.to_string());
        return Err(mistake.expected(format!("at most {MOST}")).help("fewer values, or several statements").into());
    }
    let (settings, grid) = (combinations(swept), Grid { swept, verb, text, span });
    let mut runs = Vec::with_capacity(settings.len());
    for setting in &settings {
        world.go_on()?;
        runs.push(grid.run(setting, names, world)?);
    }
    grid.all_matter(&settings, &runs)?;
    let keeps_first = swept.is_empty();
    let mut trials = Vec::with_capacity(count);
    for (setting, run) in settings.into_iter().zip(runs) {
        for more in 0..seeds as u64 {
            let mut run = run.clone();
            run.recipe.seed = run.recipe.seed.wrapping_add(more);
            trials.push(Trial { setting: setting.clone(), run });
        }
    }
    if keeps_first && let Some(first) = trials.first() {
        names.bound.insert(train.net.text.clone(), first.run.binding());
    }
    names.runs += count as u32;
    Ok(Box::new(Several { trials, keeps_first, theme: names.theme }))
}

impl Job for Several {
    fn run(&self, world: &mut World, events: &mut Events<'_>) -> Result<Output, Failure> {
        let (mut done, mut first) = (Vec::new(), None);
        for (at, trial) in self.trials.iter().enumerate() {
            if at > 0 && world.go_on().is_err() {
                break;
            }
            events(Event::Text(format!("run {} of {}: {}", at + 1, self.trials.len(), trial.words())));
            let (trained, history, folder) = match trial.train(world, events) {
                Err(Failure::Interrupted) if at > 0 => break,
                Err(failure) => return Err(after(failure, &done)),
                Ok(left) => left,
            };
            let stopped = matches!(history.ending, Ending::Interrupted { .. });
            if at == 0 && self.keeps_first && !matches!(history.ending, Ending::NotFinite { .. }) {
                let best = trial.run.best(&folder, &world.interrupted)?;
                let trainee = best.map_or(trained, |(best, _)| best);
                first = Some(Trained { trainee, run: history.run });
            }
            let (setting, seed) = (trial.setting.clone(), trial.run.recipe.seed);
            done.push(Done { setting, seed, history, folder });
            if stopped {
                break;
            }
        }
        let Some(Trial { run, .. }) = self.trials.first() else { return Err(Failure::Interrupted) };
        if matches!(&done[..], [Done { history: History { ending: Ending::Interrupted { steps: 0 }, .. }, .. }]) {
            events(Event::Text(format!("broken off before the first step: `{}` is as it was", run.net.name)));
            return Err(Failure::Interrupted);
        }
        let results = Results { net: &run.net.name, data: &run.train.data.text, done: &done, of: self.trials.len() };
        let output = results.output(self.theme, run.span)?;
        if let Some(first) = first {
            world.trained.insert(run.net.name.clone(), first);
        }
        Ok(output)
    }
}

impl Trial {
    fn words(&self) -> String {
        let seed = format!("seed {}", self.run.recipe.seed);
        if self.setting.is_empty() { seed } else { format!("{}, {seed}", words(&self.setting)) }
    }

    fn train(&self, world: &mut World, events: &mut Events<'_>) -> Result<Left, Failure> {
        let data = world.dataset(&self.run.spec, self.run.train.data.span)?;
        if !self.run.recipe.further {
            world.remark_anew(&self.run.net, events);
        }
        let mut teller = Teller::new(&self.run.net.name, self.run.recipe.epochs);
        self.run.begin(&data, world, &mut |event| teller.tell(event, events))
    }
}

/// A failure behind runs that are done: these are kept.
fn after(failure: Failure, done: &[Done]) -> Failure {
    let runs: Vec<String> = done.iter().filter_map(|done| done.history.run).map(|run| run.to_string()).collect();
    match failure {
        Failure::Mistakes(mistakes) if !runs.is_empty() => {
            let said = |mistake: Diagnostic| {
                let kept = format!("runs done before it are kept: {}", runs.join(", "));
                let help = mistake.help.as_ref().map_or(kept.clone(), |help| format!("{help}; {kept}"));
                mistake.help(help)
            };
            Failure::Mistakes(mistakes.into_iter().map(said).collect())
        }
        failure => failure,
    }
}
