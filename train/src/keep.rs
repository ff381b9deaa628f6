//! Removing runs, one or all but a few.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::file::FileError;
use crate::layout::{INFO, METRICS};
use crate::lock::Lock;
use crate::runs::{REMOVED, Runs};
use crate::state::{Best, Overview, State};
use crate::whole::{PART, write_whole};

/// What pruning did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The runs that are gone.
    pub removed: Vec<u32>,
    /// Those that stay, the newest and the best.
    pub kept: Vec<u32>,
    /// Those that stay because they are being written.
    pub running: Vec<u32>,
    /// Those that stay because they cannot be read.
    pub broken: Vec<u32>,
    /// What was freed on disk.
    pub bytes: u64,
}

impl Runs {
    /// Removes a run with all that it has on disk; its number is not used again. It is gone at once: however far the
    /// removing comes, no half of it is left under its number. What it took on disk.
    ///
    /// # Errors
    /// There is no such run; a process writes it; the folder is no run's; it cannot be removed.
    pub fn remove(&self, number: u32) -> Result<u64, FileError> {
        let folder = self.folder().join(number.to_string());
        let bytes = self.look(number).ok_or(FileError::NoRun { number, folder: self.folder().to_path_buf() })?.bytes;
        if ![INFO, METRICS].iter().any(|name| folder.join(name).is_file()) {
            return Err(FileError::NotARun { folder });
        }
        let lock = match Lock::take(&folder) {
            Err(FileError::Held { process, .. }) => return Err(FileError::Running { number, process }),
            lock => lock?,
        };
        if self.newest_ever()?.is_some_and(|newest| newest <= number) {
            write_whole(&self.folder().join(REMOVED), number.to_string().as_bytes())?;
        }
        let aside = self.aside(number);
        fs::rename(&folder, &aside).map_err(FileError::write(&folder))?;
        drop(lock);
        fs::remove_dir_all(&aside).map_err(FileError::write(&aside))?;
        Ok(bytes)
    }

    /// Where a run that is being removed stands; what is left there of an earlier try goes first.
    fn aside(&self, number: u32) -> PathBuf {
        let aside = self.folder().join(format!(".{number}{PART}"));
        let _ = fs::remove_dir_all(&aside);
        aside
    }

    /// Removes all runs but the newest `keep`, the best of each net and data, those that are being written, and those
    /// that cannot be read: nobody knows whose these are.
    ///
    /// # Errors
    /// The folder cannot be read; a run cannot be removed, those before it are gone.
    pub fn prune(&self, keep: usize) -> Result<Pruned, FileError> {
        let mut all = self.overview()?;
        self.tidy();
        let best = best(&all);
        let mut pruned = Pruned::default();
        let ends = all.split_off(all.len().saturating_sub(keep));
        pruned.kept = ends.iter().map(|run| run.number).collect();
        for run in all {
            match run.state {
                State::Broken => pruned.broken.push(run.number),
                State::Running(_) => pruned.running.push(run.number),
                _ if best.contains(&run.number) => pruned.kept.push(run.number),
                _ => match self.remove(run.number) {
                    Ok(bytes) => {
                        pruned.removed.push(run.number);
                        pruned.bytes += bytes;
                    }
                    // It goes on since it was looked at, or another process has removed it.
                    Err(FileError::Running { .. }) => pruned.running.push(run.number),
                    Err(FileError::NoRun { .. }) => {}
                    Err(error) => return Err(error),
                },
            }
        }
        pruned.kept.sort_unstable();
        Ok(pruned)
    }

    /// Takes away what is left of runs whose removing was cut short.
    fn tidy(&self) {
        let left = |name: &str| name.strip_prefix('.')?.strip_suffix(PART)?.parse::<u32>().ok();
        for entry in fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            if entry.file_name().to_str().and_then(left).is_some() {
                let _: io::Result<()> = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// The best run of each net and data; of several alike the newest.
fn best(runs: &[Overview]) -> Vec<u32> {
    let mut best: BTreeMap<(&str, &str), (Best, u32)> = BTreeMap::new();
    for run in runs {
        let Ok(record) = &run.record else { continue };
        let Some(new) = record.best() else { continue };
        let of = (record.info.net.as_str(), record.info.data.as_str());
        let is_beaten =
            |(old, _): &(Best, u32)| old.measure != new.measure || !new.measure.is_better(old.value, new.value);
        if best.get(&of).is_none_or(is_beaten) {
            best.insert(of, (new, run.number));
        }
    }
    best.into_values().map(|(_, number)| number).collect()
}
