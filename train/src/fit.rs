//! The training loop.

use std::sync::atomic::AtomicBool;

use crate::dataset::Dataset;
use crate::error::TrainError;
use crate::recipe::{Event, History, Recipe};
use crate::runs::RunFolder;
use crate::trainee::Trainee;

/// Trains a net.
///
/// Unless the recipe says `further`, it begins from first weights drawn by the recipe's seed. Where there is a run
/// folder, metrics and checkpoints are written as it goes and the weights at the end, also after an interrupt. Once
/// `interrupted` is set, the run ends between two ops, with the weights of the last complete step.
///
/// # Errors
/// Before the first step, and with nothing changed: a recipe or data that does not fit the net, a net that cannot be
/// compiled. Later: a file that cannot be written, a device that fails; the trainee then keeps the last complete step.
pub fn fit(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    run: Option<&mut RunFolder>,
    events: &mut dyn FnMut(Event),
    interrupted: &AtomicBool,
) -> Result<History, TrainError> {
    let _ = (trainee, data, recipe, run, events, interrupted);
    todo!()
}
