//! Training runs on disk: a folder each, numbered from 1.
//!
//! | in `runs/3/` | |
//! |---|---|
//! | `program.fov` | the text of the program so far |
//! | `run.json` | the statement that began it, net, data, recipe and device: [`RunInfo`] |
//! | `metrics.jsonl` | an object a line, told apart by `kind`: `step` ([`StepMetrics`](crate::StepMetrics), about 50 an epoch), `epoch` ([`EpochMetrics`](crate::EpochMetrics)), `end` ([`Ending`]) |
//! | `checkpoints/step-00000046.safetensors` | [`Checkpoint`]s, each named by the run's step; the last two are kept, of a run that is complete the last |
//! | `best.safetensors` | the weights of the best epoch so far, where the recipe keeps those |
//! | `lock` | held by the process that writes here, whose number it holds |
//! | `weights.safetensors` | the last complete step's [`Weights`], once the run has ended: the last checkpoint under a second name, where the file system has such, so that it takes no room |
//!
//! A folder appears under its number whole, with the first three of these. Metrics grow a line at a time, each in one
//! write; every other file is written aside and renamed. So a run that is killed at any moment reads, but for the line
//! it was writing, and goes on from its newest whole checkpoint ([`resume`](crate::resume)) in the same folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::TrainError;
use crate::file::{FileError, read_file};
use crate::layout::{BEST, CHECKPOINTS, INFO, Line, METRICS, PROGRAM, RunInfo, WEIGHTS, checkpoints};
use crate::lock::Lock;
use crate::place::Place;
use crate::recipe::{Ending, Recipe};
use crate::record::RunRecord;
use crate::whole::{PART, aside, folder_of, replace, sync_folder};

/// In the folder of all runs: the highest number of those that were removed, so that no other run gets it.
pub(crate) const REMOVED: &str = ".removed";

/// How many checkpoints are kept: the newest, and one in case a power cut spoils it.
const KEPT: usize = 2;

/// The folder that holds all runs. Copies of this are of one session, which has its own last run: others may train in the
/// same folder.
#[derive(Clone, Debug)]
pub struct Runs {
    folder: PathBuf,
    /// Those that were begun or gone on with here, the last one last.
    own: Arc<Mutex<Vec<u32>>>,
}

/// A run being written.
#[derive(Debug)]
pub struct RunFolder {
    number: u32,
    folder: PathBuf,
    metrics: File,
    /// Nobody else writes here, until the run has ended.
    lock: Option<Lock>,
}

impl Runs {
    /// The runs in this folder, which need not exist yet.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), own: Arc::default() }
    }

    /// Where they are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins a run: claims the next number and writes what it is of. However many processes begin runs here at once,
    /// each gets its own number.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create(&self, info: &RunInfo) -> Result<RunFolder, FileError> {
        fs::create_dir_all(&self.folder).map_err(FileError::write(&self.folder))?;
        let mut builder = aside();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let part = builder.tempdir_in(&self.folder).map_err(FileError::write(&self.folder))?;
        let lock = Lock::take(part.path())?;
        let metrics = describe(part.path(), info).map_err(FileError::write(&self.folder))?;
        let (number, folder) = self.claim(part.path())?;
        // It has its name now: nothing is left to be tidied away.
        let _ = part.keep();
        sync_folder(&self.folder);
        Ok(RunFolder { number, folder, metrics, lock: Some(lock) })
    }

    /// Gives a finished folder the next free number. Renaming is atomic, and fails on a folder that holds anything.
    fn claim(&self, part: &Path) -> Result<(u32, PathBuf), FileError> {
        let mut number = self.newest_ever()?;
        loop {
            let next = number.unwrap_or(0).checked_add(1);
            let next =
                next.ok_or_else(|| FileError::write(&self.folder)(io::Error::other("there is no number left")))?;
            let folder = self.folder.join(next.to_string());
            let taken = || folder.symlink_metadata().is_ok();
            if !taken() {
                match fs::rename(part, &folder) {
                    Ok(()) => return Ok((next, folder)),
                    Err(_) if taken() => {}
                    Err(error) => return Err(FileError::write(&folder)(error)),
                }
            }
            number = Some(next);
        }
    }

    /// A run has begun here, or goes on here: it is the last one. Not before its first step is told, for a run that does not
    /// begin gives its number back ([`RunFolder::discard`]).
    pub fn began(&self, number: u32) {
        self.own().push(number);
    }

    fn own(&self) -> MutexGuard<'_, Vec<u32>> {
        // Nothing that holds the lock can leave it half done.
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the run that was begun here last, of those that are there still; where none was, of the newest.
    ///
    /// # Errors
    /// The folder cannot be read; one that does not exist has no runs.
    pub fn last(&self) -> Result<Option<u32>, FileError> {
        let all = self.list()?;
        let own = self.own().iter().rev().copied().find(|number| all.binary_search(number).is_ok());
        Ok(own.or(all.last().copied()))
    }

    /// The highest number that a run has or had: the next one's is above it.
    ///
    /// # Errors
    /// As for [`Runs::last`].
    pub fn newest_ever(&self) -> Result<Option<u32>, FileError> {
        let removed = fs::read_to_string(self.folder.join(REMOVED)).ok().and_then(|text| text.trim().parse().ok());
        Ok(self.list()?.last().copied().max(removed))
    }

    /// All runs' numbers, ascending.
    ///
    /// # Errors
    /// The folder cannot be read; one that does not exist has no runs.
    pub fn list(&self) -> Result<Vec<u32>, FileError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(FileError::read(&self.folder))?,
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let entry = entry.map_err(FileError::read(&self.folder))?;
            let number = entry.file_name().to_str().and_then(|name| {
                let number: u32 = name.parse().ok()?;
                (number.to_string() == name).then_some(number)
            });
            numbers.extend(number.filter(|_| entry.path().is_dir()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// What a run has on disk, finished or not.
    ///
    /// # Errors
    /// There is no such run; its files cannot be read or are not a run's.
    pub fn open(&self, number: u32) -> Result<RunRecord, FileError> {
        let folder = self.folder.join(number.to_string());
        if !folder.is_dir() {
            return Err(FileError::NoRun { number, folder: self.folder.clone() });
        }
        RunRecord::read(number, folder)
    }
}

/// Fills a new run's folder; the open metrics.
fn describe(folder: &Path, info: &RunInfo) -> io::Result<File> {
    replace(&folder.join(PROGRAM), info.program.as_bytes())?;
    replace(&folder.join(INFO), info.sealed()?.as_bytes())?;
    fs::create_dir(folder.join(CHECKPOINTS))?;
    OpenOptions::new().create_new(true).append(true).open(folder.join(METRICS))
}

impl RunFolder {
    /// The run's number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Takes back a run that did not begin; its number is free again.
    ///
    /// # Errors
    /// The folder cannot be removed.
    pub fn discard(self) -> Result<(), FileError> {
        fs::remove_dir_all(&self.folder).map_err(FileError::write(&self.folder))
    }

    /// Appends a line to the metrics. Where it cannot be written whole, what was written of it is taken back.
    pub(crate) fn append(&mut self, line: &Line) -> Result<(), FileError> {
        let path = self.folder.join(METRICS);
        let append = |file: &mut File| {
            let mut text = serde_json::to_vec(line)?;
            text.push(b'\n');
            let length = file.metadata()?.len();
            if let Err(error) = file.write_all(&text) {
                let _ = file.set_len(length);
                return Err(error);
            }
            // Single losses may be lost in a power cut; what people look at may not.
            if let Line::Step(_) = line { Ok(()) } else { file.sync_data() }
        };
        append(&mut self.metrics).map_err(FileError::write(&path))
    }

    /// Opens the folder of a run that goes on from `place`, and is a run as long as `recipe` says from now on: weights,
    /// checkpoints and metrics from behind the place go, and what was being written when the run was killed. Whatever
    /// moment this is killed at, the run goes on from the same place the next time.
    pub(crate) fn reopen(record: &RunRecord, recipe: &Recipe, place: &Place, lock: Lock) -> Result<Self, FileError> {
        let folder = &record.folder;
        let length = |recipe: &Recipe| (recipe.epochs, recipe.steps);
        if length(recipe) != length(&record.info.recipe) {
            let mut info = record.info.clone();
            (info.recipe.epochs, info.recipe.steps) = length(recipe);
            let path = folder.join(INFO);
            let write = |info: RunInfo| replace(&path, info.sealed()?.as_bytes());
            write(info).map_err(FileError::write(&path))?;
        }
        tidy(folder);
        tidy(&folder.join(CHECKPOINTS));
        let newer = checkpoints(folder)?.into_iter().filter(|&(step, _)| step > place.step);
        for path in newer.map(|(_, path)| path).chain(record.weights.clone()) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(FileError::write(&path)(error)),
                _ => {}
            }
        }
        let path = folder.join(METRICS);
        let written = read_file(&path)?;
        replace(&path, &until(&written, place)).map_err(FileError::write(&path))?;
        let metrics = OpenOptions::new().append(true).open(&path).map_err(FileError::write(&path))?;
        Ok(Self { number: record.number, folder: folder.clone(), metrics, lock: Some(lock) })
    }

    /// Writes a checkpoint and removes those too old to be of use.
    pub(crate) fn checkpoint(
        &mut self,
        step: u64,
        save: impl FnOnce(&Path) -> Result<(), TrainError>,
    ) -> Result<PathBuf, TrainError> {
        let path = self.checkpoint_path(step);
        save(&path)?;
        for (_, old) in checkpoints(&self.folder)?.iter().rev().skip(KEPT) {
            fs::remove_file(old).map_err(FileError::write(old))?;
        }
        Ok(path)
    }

    /// Writes the weights of the best epoch so far, in place of those of an earlier one.
    pub(crate) fn best(&self, save: impl FnOnce(&Path) -> Result<(), TrainError>) -> Result<(), TrainError> {
        save(&self.folder.join(BEST))
    }

    /// Where the checkpoint after a step stands.
    pub(crate) fn checkpoint_path(&self, step: u64) -> PathBuf {
        self.folder.join(CHECKPOINTS).join(format!("step-{step:08}.safetensors"))
    }

    /// Writes the weights, those of a checkpoint or what `save` writes, and how the run ended. A run that is complete keeps
    /// no older checkpoint: everything is on disk by now.
    pub(crate) fn finish(
        &mut self,
        ending: &Ending,
        checkpoint: Option<&Path>,
        save: impl FnOnce(&Path) -> Result<(), TrainError>,
    ) -> Result<(), TrainError> {
        let weights = self.folder.join(WEIGHTS);
        match checkpoint {
            Some(checkpoint) if second_name(checkpoint, &weights).is_ok() => {}
            _ => save(&weights)?,
        }
        self.append(&Line::End { ending: ending.clone() })?;
        if ending.is_whole() {
            let older = checkpoints(&self.folder)?.into_iter().map(|(_, path)| path);
            // What stays takes room, and does no other harm.
            older
                .filter(|path| checkpoint.is_some_and(|last| last != path))
                .for_each(|path| drop(fs::remove_file(path)));
        }
        self.lock = None;
        Ok(())
    }
}

/// Gives a file a second name, in place of whatever has it.
fn second_name(file: &Path, name: &Path) -> io::Result<()> {
    let part = folder_of(name).join(format!(".weights{PART}"));
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(file, &part)?;
    fs::rename(&part, name)?;
    sync_folder(folder_of(name));
    Ok(())
}

/// Removes what is still aside in a folder that only this process writes.
fn tidy(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(PART)) {
            // What stays takes room, and does no other harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The lines of metrics up to a place; torn ones and the run's end are left out.
fn until(metrics: &[u8], place: &Place) -> Vec<u8> {
    let stays = |line: &&[u8]| match serde_json::from_slice(line) {
        Ok(Line::Step(step)) => step.step <= place.step,
        Ok(Line::Epoch(epoch)) => epoch.epoch as u64 <= place.epochs,
        Ok(Line::Other) => true,
        Ok(Line::End { .. }) | Err(_) => false,
    };
    metrics.split(|&b| b == b'\n').filter(stays).flat_map(|line| line.iter().chain(b"\n")).copied().collect()
}
