//! Reading a run back.

use std::path::PathBuf;

use crate::checkpoint::Checkpoint;
use crate::file::{FileError, read_file};
use crate::layout::{BEST, INFO, Line, METRICS, PROGRAM, RunInfo, WEIGHTS, checkpoints};
use crate::recipe::{Ending, EpochMetrics, StepMetrics};

/// What a run has on disk, finished or not.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Its number.
    pub number: u32,
    /// Its folder.
    pub folder: PathBuf,
    /// What it is of.
    pub info: RunInfo,
    /// Whether that is as it was written. A run whose description was changed can be looked at, and does not go on.
    pub intact: bool,
    /// The complete epochs.
    pub epochs: Vec<EpochMetrics>,
    /// Losses of single steps, some in each epoch.
    pub steps: Vec<StepMetrics>,
    /// How it ended; `None` while it runs, or where it was killed or its device was lost.
    pub ending: Option<Ending>,
    /// The last weights, where it ended.
    pub weights: Option<PathBuf>,
    /// The weights of the best epoch, where it keeps those.
    pub best_weights: Option<PathBuf>,
    /// The last checkpoint, where there is one.
    pub checkpoint: Option<PathBuf>,
    /// The numbers of the lines of its metrics that could not be read, from 1; a last one that is torn is none of them.
    pub unread: Vec<usize>,
}

impl RunRecord {
    /// Reads the folder of a run.
    pub(crate) fn read(number: u32, folder: PathBuf) -> Result<Self, FileError> {
        let file = |name: &str| {
            let path = folder.join(name);
            let bytes = read_file(&path)?;
            Ok((path, bytes))
        };
        let (path, bytes) = file(INFO)?;
        let (info, intact) =
            RunInfo::unsealed(&bytes).map_err(|e| FileError::foreign(&path, "a run's description", e))?;
        let program = String::from_utf8_lossy(&file(PROGRAM)?.1).into_owned();
        let bytes = file(METRICS)?.1;
        let (lines, unread) = lines(&bytes);
        let there = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let (weights, best_weights) = (there(WEIGHTS), there(BEST));
        let checkpoint = checkpoints(&folder)?.pop().map(|(_, path)| path);

        let (mut epochs, mut steps, mut ending) = (Vec::new(), Vec::new(), None);
        for line in lines {
            match line {
                Line::Epoch(metrics) => epochs.push(metrics),
                Line::Step(metrics) => steps.push(metrics),
                Line::End { ending: how } => ending = Some(how),
                Line::Other => {}
            }
        }
        let info = RunInfo { program, ..info };
        Ok(Self { number, folder, info, intact, epochs, steps, ending, weights, best_weights, checkpoint, unread })
    }

    /// The newest checkpoint that reads; `None` where there is none.
    ///
    /// # Errors
    /// There are checkpoints, but none of them can be read: the newest one's error.
    pub fn load_checkpoint(&self) -> Result<Option<Checkpoint>, FileError> {
        let mut failed = None;
        for (step, path) in checkpoints(&self.folder)?.iter().rev() {
            match Checkpoint::load_step(path, *step) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(None), Err)
    }
}

/// The lines of the metrics, and the numbers of those that are none. The last one may be torn, where the run was killed
/// as it wrote it.
fn lines(bytes: &[u8]) -> (Vec<Line>, Vec<usize>) {
    let texts = bytes.split(|&b| b == b'\n').zip(1..).filter(|(text, _)| !text.is_empty());
    let (mut lines, mut unread) = (Vec::new(), Vec::new());
    let mut last = 0;
    for (text, number) in texts {
        last = number;
        match serde_json::from_slice(text) {
            Ok(line) => lines.push(line),
            Err(_) => unread.push(number),
        }
    }
    unread.retain(|&number| number != last);
    (lines, unread)
}
