//! Finding a learning rate: it rises from step to step, and the loss says where it is too low and where too high.
//!
//! Source: L. N. Smith, "Cyclical learning rates for training neural networks", arXiv:1506.01186, with an exponential rise
//! and an end where the loss diverges, as fastai has it.

use std::sync::atomic::AtomicBool;

use fovea_data::Dataset;
use fovea_graph::philox::{Purpose, Stream};

use crate::batch::Pictures;
use crate::compiled::Numbers;
use crate::error::TrainError;
use crate::fit::{begin, check};
use crate::recipe::Recipe;
use crate::trainee::{Stepped, Trainee};

/// How many steps the rise takes.
pub const RISE: usize = 200;
/// Where it begins, and where it ends.
const RATES: [f64; 2] = [1e-7, 10.0];
/// How much of the smoothed loss stays at each step.
const STAYS: f64 = 0.9;
/// The loss diverges where it is so many times the least.
const DIVERGED: f64 = 4.0;
/// The slope at a rate is measured over so many steps before and behind it.
const REACH: usize = 8;

/// A step of the search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// Its learning rate.
    pub rate: f64,
    /// The loss of its batch, before the step.
    pub loss: f64,
    /// The smoothed loss: an exponential mean, freed of its beginning.
    pub smoothed: f64,
}

/// What a search gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The steps, in their order.
    pub tried: Vec<Tried>,
    /// Whether the loss diverged before the rise was over.
    pub diverged: bool,
}

impl Found {
    /// The rate at which the smoothed loss falls most steeply on its way to the least; none where it does not fall.
    pub fn suggestion(&self) -> Option<f64> {
        let lowest =
            (0..self.tried.len()).min_by(|&a, &b| self.tried[a].smoothed.total_cmp(&self.tried[b].smoothed))?;
        let slope = |at: usize| {
            let (before, behind) = (at.saturating_sub(REACH), (at + REACH).min(lowest));
            (self.tried[behind].smoothed - self.tried[before].smoothed) / (behind - before).max(1) as f64
        };
        let steepest = (0..lowest).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))?;
        (slope(steepest) < 0.0).then_some(self.tried[steepest].rate)
    }
}

/// The rate of a step, the first being 0.
fn rate(step: usize) -> f64 {
    let [low, high] = RATES;
    low * (high / low).powf(step as f64 / (RISE - 1) as f64)
}

/// Trains while the rate rises, from the weights that the net has; `recipe` says by which optimizer, in which batches and
/// with which seed. The net is of no use after that: it is a copy of the one that is asked about.
///
/// # Errors
/// What [`fit`](crate::fit()) refuses before the first step; a device that fails; [`TrainError::Interrupted`].
pub fn find_rate(
    trainee: &mut Trainee,
    data: &Dataset,
    recipe: &Recipe,
    tell: &mut dyn FnMut(&Tried),
    interrupted: &AtomicBool,
) -> Result<Found, TrainError> {
    let recipe = &Recipe { further: true, ..recipe.clone() };
    let size = check(trainee, data, recipe, interrupted)?;
    begin(trainee, data, recipe, &size, interrupted)?;
    let (aim, standardisation) = (trainee.aim(data)?, trainee.standardisation().cloned());
    let question = recipe.question(aim.objective);
    let mut found = Found { tried: Vec::with_capacity(RISE), diverged: false };
    let (mut mean, mut least) = (0.0, f64::INFINITY);
    let mut batch = Pictures::training(data, &aim, None, recipe.seed, 0, interrupted)?.batch();
    for (step, (epoch, indices)) in batches(data, recipe).enumerate().take(RISE) {
        let pictures = Pictures::training(data, &aim, standardisation.clone(), recipe.seed, epoch, interrupted)?;
        batch.gather(&pictures, &indices, interrupted)?;
        let numbers = Numbers { learning_rate: rate(step), seed: recipe.seed, step: trainee.progress.steps };
        trainee.begin(&question, &batch, numbers, interrupted)?;
        let loss = match trainee.finish()? {
            Stepped::Done { loss, .. } => loss,
            Stepped::Interrupted => return Err(TrainError::Interrupted),
            Stepped::NotFinite(_) => return Ok(Found { diverged: true, ..found }),
        };
        mean = STAYS * mean + (1.0 - STAYS) * loss;
        let smoothed = mean / (1.0 - STAYS.powi(step as i32 + 1));
        let tried = Tried { rate: numbers.learning_rate, loss, smoothed };
        found.tried.push(tried);
        tell(&tried);
        least = f64::min(least, smoothed);
        if smoothed > DIVERGED * least {
            return Ok(Found { diverged: true, ..found });
        }
    }
    Ok(found)
}

/// Full batches without end, each with its epoch: the training part in another order each time round.
fn batches<'d>(data: &'d Dataset, recipe: &Recipe) -> impl Iterator<Item = (u32, Vec<usize>)> + use<'d> {
    let (seed, batch) = (recipe.seed, recipe.batch);
    (0..).flat_map(move |epoch| {
        let order = Stream::new(seed, Purpose::Shuffle, epoch).permutation(data.train.len());
        let order: Vec<usize> = order.into_iter().map(|i| data.train[i]).collect();
        order.chunks_exact(batch).map(|indices| (epoch, indices.to_vec())).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(losses: impl IntoIterator<Item = f64>) -> Found {
        let tried = |(step, loss)| Tried { rate: rate(step), loss, smoothed: loss };
        Found { tried: losses.into_iter().enumerate().map(tried).collect(), diverged: false }
    }

    #[test]
    fn rates_rise_by_one_factor_from_the_first_to_the_last() {
        assert_eq!(rate(0), 1e-7);
        assert!((rate(RISE - 1) - 10.0).abs() < 1e-12);
        let factor = rate(1) / rate(0);
        assert!((1..RISE).all(|step| (rate(step) / rate(step - 1) / factor - 1.0).abs() < 1e-12));
    }

    #[test]
    fn the_suggestion_is_where_the_loss_falls_most_steeply() {
        // A plain, a slope whose middle is at 120, a plain and a wall.
        let loss = |step: usize| match step {
            ..170 => 1.0 + 1.0 / (1.0 + ((step as f64 - 120.0) / 5.0).exp()),
            step => 1.0 + (step - 170) as f64,
        };
        let suggested = found((0..RISE).map(loss)).suggestion().unwrap_or_default();
        assert!((suggested / rate(120)).ln().abs() < (rate(2) / rate(0)).ln(), "{suggested}, not {}", rate(120));
    }

    #[test]
    fn where_nothing_falls_nothing_is_suggested() {
        assert_eq!(found([]).suggestion(), None);
        assert_eq!(found([1.0]).suggestion(), None);
        assert_eq!(found((0..50).map(f64::from)).suggestion(), None);
        assert_eq!(found([2.0; 50]).suggestion(), None);
    }
}
