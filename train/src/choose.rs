//! From which of its checkpoints a run goes on: the newest that is whole and the run's own.

use std::path::PathBuf;

use fovea_graph::Stop;

use crate::checkpoint::Checkpoint;
use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::fingerprint::Fingerprint;
use crate::fit::prepare;
use crate::layout::checkpoints;
use crate::recipe::Recipe;
use crate::record::RunRecord;
use crate::schedule::Course;
use crate::size::Size;
use crate::trainee::{Trainee, fits};

/// What was found in a run's folder.
pub(crate) struct Choice {
    /// The checkpoint to go on from; none where the run has none yet.
    pub checkpoint: Option<Checkpoint>,
    /// The newer ones, and why they are of no use.
    pub passed: Vec<(PathBuf, String)>,
}

/// Looks at the checkpoints, the newest first. The trainee's programs are compiled where there are any.
pub(crate) fn choose(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    size: &Size,
    record: &RunRecord,
    stop: &dyn Stop,
) -> Result<Choice, TrainError> {
    let found = checkpoints(&record.folder)?;
    if found.is_empty() {
        return Ok(Choice { checkpoint: None, passed: Vec::new() });
    }
    prepare(trainee, data, recipe, size, stop)?;
    let now = Fingerprint::of(&trainee.net.forward, data, recipe.batch, stop)?;
    let (mut passed, mut damaged, mut another) = (Vec::new(), None, None);
    for (step, path) in found.into_iter().rev() {
        stop.go_on()?;
        let checkpoint = match Checkpoint::load_step(&path, step) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                passed.push((path, error.to_string()));
                damaged = damaged.or(Some(error));
                continue;
            }
        };
        let fits = belongs(record.number, trainee, data, &checkpoint, &now)
            .and_then(|()| holds_together(record.number, recipe, size.course, &checkpoint));
        match fits {
            Ok(()) => return Ok(Choice { checkpoint: Some(checkpoint), passed }),
            Err(error) => {
                passed.push((path.clone(), format!("{} is not this run's: {error}", path.display())));
                another = another.or(Some(error));
            }
        }
    }
    // A file that reads says more about what is wrong than one that does not.
    Err(another.or(damaged.map(TrainError::File)).unwrap_or(TrainError::NoCheckpoint { run: record.number }))
}

/// Whether net and data are the checkpoint's.
fn belongs(
    run: u32,
    trainee: &Trainee,
    data: &Dataset,
    checkpoint: &Checkpoint,
    now: &Fingerprint,
) -> Result<(), TrainError> {
    let another_net = |why: TrainError| TrainError::AnotherNet { run, why: why.to_string() };
    fits(&trainee.net, &checkpoint.weights).map_err(another_net)?;
    let (data, then) = (data.name.clone(), &checkpoint.fingerprint);
    if then.samples != now.samples {
        let why = format!("it has {} training pictures, the run's had {}", now.samples, then.samples);
        return Err(TrainError::AnotherData { run, data, why });
    }
    if then.data != now.data {
        let why = "its pictures, labels or parts have changed since the run began".into();
        return Err(TrainError::AnotherData { run, data, why });
    }
    if then.net != now.net {
        let why = "its weights fit, but it computes with them in another way".into();
        return Err(TrainError::AnotherNet { run, why });
    }
    trainee.resumes(checkpoint).map_err(another_net)
}

/// Whether a run of this recipe can be where the checkpoint says it is, and its net as far.
fn holds_together(run: u32, recipe: &Recipe, course: Course, checkpoint: &Checkpoint) -> Result<(), TrainError> {
    let (place, wrong) = (&checkpoint.place, |why: String| Err(TrainError::Inconsistent(why)));
    let steps = place.epochs.checked_mul(course.per_epoch).and_then(|steps| steps.checked_add(place.batches));
    if steps != Some(place.step) || place.step > course.steps || place.batches > course.per_epoch {
        return wrong(format!("run {run} cannot be at step {}", place.step));
    }
    // A net that went further was trained for some steps before the run.
    let (step, epoch) = (checkpoint.step, checkpoint.epoch);
    let alike = |net: u64, run: u64| net == run || recipe.further && net > run && net <= u64::from(u32::MAX);
    if !alike(step, place.step) || !alike(epoch, place.epochs) {
        return wrong(format!("its net cannot be at step {step} where run {run} is at step {}", place.step));
    }
    if checkpoint.seed != recipe.seed {
        return wrong(format!("run {run} has seed {}, not {}", recipe.seed, checkpoint.seed));
    }
    Ok(())
}
