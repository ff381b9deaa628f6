//! Pictures that a net is sure of and nobody recognises, found by evolution.
//!
//! Source: A. Nguyen, J. Yosinski, J. Clune, "Deep neural networks are easily fooled", CVPR 2015, arXiv:1412.1897; the
//! search is MAP-Elites (J.-B. Mouret, J. Clune, arXiv:1504.04909): for each class the best picture so far, and every new
//! picture may take the place of any of them.

mod pattern;
mod pixels;

use std::sync::atomic::AtomicBool;

use fovea_data::Dice;
use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Stop, Tensor};
use rayon::prelude::*;

use self::pattern::Pattern;
use self::pixels::Pixels;
use crate::error::TrainError;
use crate::question::Question;
use crate::trainee::Trainee;

/// How many new pictures a generation has; the net judges them in one batch.
pub const OFFSPRING: usize = 100;

/// How a picture is written down to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A number a value: the picture itself.
    Direct,
    /// A network from a pixel's place to its values (a CPPN), which makes regular pictures.
    Indirect,
}

/// A search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evolution {
    /// How pictures are written down.
    pub encoding: Encoding,
    /// Of which classes pictures are wanted; each is one of the net's.
    pub classes: Vec<usize>,
    /// How many generations there are.
    pub generations: usize,
    /// The seed of all chances.
    pub seed: u64,
}

/// The best picture of a class so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Champion {
    /// Which class.
    pub class: usize,
    /// The probability that the net gives the class.
    pub certainty: f64,
    /// The generation in which it was found, from 1.
    pub generation: usize,
    /// The picture, `[H, W, C]`, values in 0..1.
    pub picture: Tensor,
}

/// What came of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Evolved {
    /// The best picture of each wanted class, in the order in which they were wanted.
    pub champions: Vec<Champion>,
    /// How many generations were complete.
    pub generations: usize,
    /// After each, the certainty of the wanted class that is the least certain.
    pub course: Vec<f64>,
}

/// What a class's best picture so far was made from.
#[derive(Clone)]
struct Elite {
    genome: Genome,
    /// The logarithm of the class's probability: close to 0 it still tells candidates apart, and far below it too.
    score: f64,
    generation: usize,
}

/// A picture as it is written down.
#[derive(Clone)]
enum Genome {
    Direct(Pixels),
    Indirect(Pattern),
}

impl Genome {
    fn first(encoding: Encoding, shape: [usize; 3], dice: &mut Dice) -> Self {
        match encoding {
            Encoding::Direct => Self::Direct(Pixels::random(shape, dice)),
            Encoding::Indirect => Self::Indirect(Pattern::random(shape[2], dice)),
        }
    }

    /// The same with random changes.
    fn changed(&self, generation: usize, dice: &mut Dice) -> Self {
        match self {
            Self::Direct(pixels) => Self::Direct(pixels.changed(generation, dice)),
            Self::Indirect(pattern) => Self::Indirect(pattern.changed(dice)),
        }
    }

    /// Writes its picture, `[H, W, C]`.
    fn draw(&self, shape: [usize; 3], picture: &mut [f32]) {
        match self {
            Self::Direct(pixels) => pixels.draw(picture),
            Self::Indirect(pattern) => pattern.draw(shape, picture),
        }
    }
}

impl Trainee {
    /// Evolves pictures for classes of a net that tells one class a picture, `[H, W, C]`. `told` hears how many generations are
    /// complete and the certainty of the least certain class. Set `interrupted` to end it with what there is.
    ///
    /// # Errors
    /// A net on something else than pictures; [`TrainError::Interrupted`] before the first generation is complete; the device
    /// refuses.
    pub fn evolve(
        &mut self,
        search: &Evolution,
        told: &mut dyn FnMut(usize, f64),
        interrupted: &AtomicBool,
    ) -> Result<Evolved, TrainError> {
        let shape: [usize; 3] = self.net.input[..]
            .try_into()
            .map_err(|_| TrainError::Pictures { net: self.net.input.clone(), found: vec![0; 3] })?;
        let mut elites: Vec<Option<Elite>> = vec![None; self.output_shape().last().copied().unwrap_or_default()];
        let mut course = Vec::with_capacity(search.generations);
        for generation in 1..=search.generations {
            let offspring = offspring(search, &elites, shape, generation);
            match self.judge(&offspring, shape, interrupted) {
                Err(TrainError::Interrupted) if generation > 1 => break,
                judged => settle(&mut elites, offspring, &judged?, generation),
            }
            let certainty = |class: &usize| elites[*class].as_ref().map_or(0.0, |elite| elite.score.exp());
            let least = search.classes.iter().map(certainty).fold(1.0, f64::min);
            course.push(least);
            told(generation, least);
        }
        let champion = |&class: &usize| {
            let elite = elites.get(class)?.as_ref()?;
            let mut picture = Tensor::zeros(shape.to_vec());
            elite.genome.draw(shape, picture.as_slice_mut().unwrap_or_default());
            Some(Champion { class, certainty: elite.score.exp(), generation: elite.generation, picture })
        };
        Ok(Evolved {
            champions: search.classes.iter().filter_map(champion).collect(),
            generations: course.len(),
            course,
        })
    }

    /// The logarithm of every class's probability on the pictures of these, `[N, classes]`.
    fn judge(
        &mut self,
        offspring: &[Genome],
        shape: [usize; 3],
        interrupted: &AtomicBool,
    ) -> Result<Vec<Vec<f64>>, TrainError> {
        let size = shape.iter().product::<usize>().max(1);
        let mut pictures = Tensor::zeros([&[offspring.len()], &shape[..]].concat());
        let slots = pictures.as_slice_mut().unwrap_or_default();
        let drawn = slots.par_chunks_exact_mut(size).zip(offspring).try_for_each(|(slot, genome)| {
            interrupted.go_on()?;
            genome.draw(shape, slot);
            Ok::<(), TrainError>(())
        });
        drawn?;
        let seen = self.standardised(&pictures);
        let mut answer = self.ask(&Question::result(), &[("images", &seen)], interrupted)?;
        let scores = answer.take("logits")?;
        Ok(scores.rows().into_iter().map(|row| log_softmax(row.iter().copied())).collect())
    }
}

/// The logarithms of the softmax of scores.
fn log_softmax(scores: impl Iterator<Item = f32> + Clone) -> Vec<f64> {
    let most = scores.clone().fold(f64::NEG_INFINITY, |most, score| most.max(score.into()));
    let sum: f64 = scores.clone().map(|score| (f64::from(score) - most).exp()).sum();
    scores.map(|score| f64::from(score) - most - sum.ln()).collect()
}

/// New pictures: at first random ones, then changed ones of the best so far. Half of them come from the classes that are
/// wanted, the others from any: what is good for one class is often a step toward another.
fn offspring(search: &Evolution, elites: &[Option<Elite>], shape: [usize; 3], generation: usize) -> Vec<Genome> {
    let any: Vec<&Elite> = elites.iter().flatten().collect();
    let wanted: Vec<&Elite> = search.classes.iter().filter_map(|&class| elites.get(class)?.as_ref()).collect();
    let child = |number: usize| {
        let stream = Stream::new(search.seed, Purpose::Probe, number as u32).at_step(generation as u32);
        let dice = &mut Dice::of(stream);
        let parents = if number.is_multiple_of(2) && !wanted.is_empty() { &wanted } else { &any };
        match parents.is_empty() {
            true => Genome::first(search.encoding, shape, dice),
            false => dice.pick(parents).genome.changed(generation, dice),
        }
    };
    (0..OFFSPRING).into_par_iter().map(child).collect()
}

/// Gives every class the best of its picture so far and the new ones; of equals the older one stays.
fn settle(elites: &mut [Option<Elite>], offspring: Vec<Genome>, scores: &[Vec<f64>], generation: usize) {
    for (class, elite) in elites.iter_mut().enumerate() {
        let so_far = elite.as_ref().map_or(f64::NEG_INFINITY, |elite| elite.score);
        let score = |at: usize| scores[at].get(class).copied().unwrap_or(f64::NEG_INFINITY);
        let best = (0..scores.len()).fold(None, |best: Option<usize>, at| {
            let bar = best.map_or(so_far, score);
            if score(at) > bar { Some(at) } else { best }
        });
        if let Some(best) = best {
            *elite = Some(Elite { genome: offspring[best].clone(), score: score(best), generation });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_of_probabilities_stand_where_these_would_be_0_or_1() {
        let of = log_softmax([0.0, 200.0, -200.0].into_iter());
        assert_eq!(of, [-200.0, 0.0, -400.0]);
        let even = log_softmax([3.0; 4].into_iter());
        assert!(even.iter().all(|log| (log + 4f64.ln()).abs() < 1e-12));
    }
}
