//! What a run is at a glance: how it stands, how far it came, its best epoch, what it takes on disk.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::SystemTime;

use crate::file::FileError;
use crate::layout::{PROGRAM, checkpoints};
use crate::lock::{Writer, writer};
use crate::recipe::{Ending, EpochMetrics, Recipe};
use crate::record::RunRecord;
use crate::runs::Runs;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A process writes it.
    Running(Writer),
    /// All its epochs are done.
    Complete,
    /// It ended before, because no epoch was better than the best for so long as it was to wait.
    Early,
    /// It was broken off by whoever ran it.
    Interrupted,
    /// A loss or a gradient was not finite.
    NotFinite,
    /// It has no end, and nobody writes it: it was killed, or its device was lost.
    Killed,
    /// It cannot be read.
    Broken,
}

impl State {
    /// In a word, for tables and for scripts.
    pub fn word(self) -> &'static str {
        match self {
            State::Running(_) => "running",
            State::Complete => "complete",
            State::Early => "early",
            State::Interrupted => "interrupted",
            State::NotFinite => "not finite",
            State::Killed => "killed",
            State::Broken => "broken",
        }
    }
}

/// What an epoch is judged by, the first of these that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The share of the validation part that is right: more is better.
    ValidationAccuracy,
    /// The loss on the validation part: less is better.
    ValidationLoss,
    /// The share of the test part that is right.
    TestAccuracy,
    /// The loss on the test part.
    TestLoss,
    /// The loss in training.
    Loss,
}

impl Measure {
    /// All, the first one first.
    const ALL: [Self; 5] =
        [Self::ValidationAccuracy, Self::ValidationLoss, Self::TestAccuracy, Self::TestLoss, Self::Loss];

    /// What an epoch is judged by.
    pub fn of(epoch: &EpochMetrics) -> Self {
        Self::ALL.into_iter().find(|measure| measure.value(epoch).is_some()).unwrap_or(Self::Loss)
    }

    /// Its value in an epoch.
    pub fn value(self, epoch: &EpochMetrics) -> Option<f64> {
        match self {
            Measure::ValidationAccuracy => epoch.validation_accuracy,
            Measure::ValidationLoss => epoch.validation_loss,
            Measure::TestAccuracy => epoch.test_accuracy,
            Measure::TestLoss => epoch.test_loss,
            Measure::Loss => Some(epoch.loss),
        }
    }

    /// Whether it is a share, of which more is better.
    pub fn is_share(self) -> bool {
        matches!(self, Measure::ValidationAccuracy | Measure::TestAccuracy)
    }

    /// Whether `new` is better than `old`; what is not a number is never.
    pub fn is_better(self, new: f64, old: f64) -> bool {
        if self.is_share() { new > old } else { new < old }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Measure::ValidationAccuracy => "validation accuracy",
            Measure::ValidationLoss => "validation loss",
            Measure::TestAccuracy => "test accuracy",
            Measure::TestLoss => "test loss",
            Measure::Loss => "loss",
        }
    }
}

/// The best epoch of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Its number, from 1; of several alike the first.
    pub epoch: usize,
    /// What it was judged by.
    pub measure: Measure,
    /// How good it was.
    pub value: f64,
}

impl Best {
    /// That of some epochs; `None` where there is none with a finite figure.
    pub fn of(epochs: &[EpochMetrics]) -> Option<Self> {
        let measure = Measure::of(epochs.first()?);
        let values = epochs.iter().filter_map(|epoch| {
            let value = measure.value(epoch).filter(|value| value.is_finite())?;
            Some(Self { epoch: epoch.epoch, measure, value })
        });
        values.reduce(|best, next| if measure.is_better(next.value, best.value) { next } else { best })
    }
}

impl RunRecord {
    /// How the run stands now.
    pub fn state(&self) -> State {
        if let Some(writer) = writer(&self.folder) {
            return State::Running(writer);
        }
        match &self.ending {
            None => State::Killed,
            Some(Ending::Complete) => State::Complete,
            Some(Ending::Early { .. }) => State::Early,
            Some(Ending::Interrupted { .. }) => State::Interrupted,
            Some(Ending::NotFinite { .. }) => State::NotFinite,
        }
    }

    /// Its best epoch.
    pub fn best(&self) -> Option<Best> {
        Best::of(&self.epochs)
    }

    /// Whether it came to its end, and a recipe that may be longer asks for no more.
    pub fn is_over(&self, recipe: &Recipe) -> bool {
        match self.ending {
            Some(Ending::Early { .. }) => true,
            Some(Ending::Complete) => match recipe.steps {
                Some(steps) => steps <= self.steps_done(),
                None => recipe.epochs <= self.epochs_done(),
            },
            _ => false,
        }
    }

    /// How many epochs are known to be done whole: the last of a run of so many steps may have been cut off.
    pub fn epochs_done(&self) -> usize {
        let may_be_cut = self.info.recipe.steps.is_some() && self.ending == Some(Ending::Complete);
        self.epochs.last().map_or(0, |last| last.epoch).saturating_sub(usize::from(may_be_cut))
    }

    /// How many steps are known to be done: not every one of them is written down.
    pub fn steps_done(&self) -> u64 {
        let told = self.steps.last().map_or(0, |last| last.step);
        let saved = checkpoints(&self.folder).ok().and_then(|found| found.last().map(|&(step, _)| step));
        let ended = match self.ending {
            Some(Ending::Interrupted { steps }) => steps,
            Some(Ending::NotFinite { step, .. }) => step.saturating_sub(1),
            Some(Ending::Complete | Ending::Early { .. }) | None => 0,
        };
        told.max(saved.unwrap_or(0)).max(ended)
    }
}

/// A run in a list.
#[derive(Debug)]
pub struct Overview {
    /// Its number.
    pub number: u32,
    /// How it stands.
    pub state: State,
    /// What it has; else why that cannot be read.
    pub record: Result<RunRecord, FileError>,
    /// What its folder takes on disk.
    pub bytes: u64,
    /// When it began, where that can be told.
    pub began: Option<SystemTime>,
}

impl Runs {
    /// Every run, by its number.
    ///
    /// # Errors
    /// The folder cannot be read; one that does not exist has no runs. A run that cannot be read is in the list.
    pub fn overview(&self) -> Result<Vec<Overview>, FileError> {
        Ok(self.list()?.into_iter().filter_map(|number| self.look(number)).collect())
    }

    /// A run at a glance; none where another process has removed it by now.
    pub fn look(&self, number: u32) -> Option<Overview> {
        let folder = self.folder().join(number.to_string());
        let record = self.open(number);
        let state = match &record {
            Ok(record) => record.state(),
            Err(FileError::NoRun { .. }) => return None,
            Err(_) => State::Broken,
        };
        let began = fs::metadata(folder.join(PROGRAM)).and_then(|program| program.modified()).ok();
        Some(Overview { number, state, record, bytes: bytes(&folder, &mut BTreeSet::new()), began })
    }
}

/// What a folder's files take, each counted once whatever names it has; what cannot be looked at counts nothing.
fn bytes(folder: &Path, seen: &mut BTreeSet<(u64, u64)>) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(there) if there.is_dir() => bytes(&entry.path(), seen),
        Ok(there) if is_new(&there, seen) => there.len(),
        _ => 0,
    };
    entries.map(of).sum()
}

/// Whether a file is met for the first time.
#[cfg(unix)]
fn is_new(file: &Metadata, seen: &mut BTreeSet<(u64, u64)>) -> bool {
    use std::os::unix::fs::MetadataExt;
    seen.insert((file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn is_new(_: &Metadata, _: &mut BTreeSet<(u64, u64)>) -> bool {
    true
}
