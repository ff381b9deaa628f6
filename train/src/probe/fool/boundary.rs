//! DeepFool: steps to the nearest boundary between classes.

use std::sync::atomic::AtomicBool;

use fovea_graph::Tensor;
use ndarray::{Axis, concatenate};

use super::range;
use crate::error::TrainError;
use crate::question::Question;
use crate::trainee::Trainee;

/// How many of the likeliest other classes' boundaries are looked at.
const CANDIDATES: usize = 9;

impl Trainee {
    /// Changes each picture until the net tells another class, or `toward`; each as far as it needs, times one and the overshoot.
    pub(super) fn cross_boundaries(
        &mut self,
        pictures: &Tensor,
        classes: &[usize],
        toward: Option<usize>,
        (steps, overshoot): (usize, f32),
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        let mut changed = Vec::with_capacity(classes.len());
        for (picture, &class) in pictures.axis_iter(Axis(0)).zip(classes) {
            let picture = picture.insert_axis(Axis(0)).as_standard_layout().into_owned();
            changed.push(self.cross_boundary(&picture, class, toward, (steps, overshoot), interrupted)?);
        }
        let views: Vec<_> = changed.iter().map(|picture| picture.view()).collect();
        concatenate(Axis(0), &views).map_err(|error| TrainError::Inconsistent(error.to_string()))
    }

    /// The same for one picture, `[1, H, W, C]`.
    fn cross_boundary(
        &mut self,
        picture: &Tensor,
        class: usize,
        toward: Option<usize>,
        (steps, overshoot): (usize, f32),
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        let (low, high) = range(picture.as_slice().unwrap_or_default());
        let further = |moved: &Tensor| {
            let mut changed = picture + &(moved * (1.0 + overshoot));
            changed.mapv_inplace(|value| value.clamp(low, high));
            changed
        };
        let mut moved = Tensor::zeros(picture.raw_dim());
        let mut candidates = Vec::new();
        for step in 0..=steps {
            let changed = further(&moved);
            let seen = self.standardised(&changed);
            let scores = self.ask(&Question::result(), &[("images", &seen)], interrupted)?.take("logits")?;
            let scores: Vec<f32> = scores.iter().copied().collect();
            let told = (0..scores.len()).fold(0, |best, at| if scores[at] > scores[best] { at } else { best });
            if step == 0 {
                candidates = others(&scores, class, toward);
            }
            if toward.map_or(told != class, |aim| told == aim) || step == steps {
                return Ok(changed);
            }
            let slopes = self.slopes_of_scores(&changed, class, &candidates, interrupted)?;
            let nearest = nearest(&scores, class, &candidates, &slopes);
            // A net that is flat here has no way out.
            let Some(way) = nearest else { return Ok(changed) };
            moved = moved
                + way
                    .into_shape_with_order(picture.raw_dim())
                    .map_err(|error| TrainError::Inconsistent(error.to_string()))?;
        }
        Ok(further(&moved))
    }

    /// How much each candidate's score rises above the class's, by raw pixels: a row a candidate.
    fn slopes_of_scores(
        &mut self,
        picture: &Tensor,
        class: usize,
        candidates: &[usize],
        interrupted: &AtomicBool,
    ) -> Result<Tensor, TrainError> {
        let count = candidates.len();
        let copies = vec![picture.view(); count];
        let pictures = concatenate(Axis(0), &copies).map_err(|error| TrainError::Inconsistent(error.to_string()))?;
        let seen = self.standardised(&pictures);
        let mut weights = Tensor::zeros([&[count], self.output_shape()].concat());
        for (row, &candidate) in candidates.iter().enumerate() {
            weights[[row, candidate]] += 1.0;
            weights[[row, class]] -= 1.0;
        }
        let question = Question::gradients("logits", &["images"]);
        let feeds = [("images", &seen), ("weights of logits", &weights)];
        let gradient = self.ask(&question, &feeds, interrupted)?.take("gradient of images")?;
        Ok(self.by_raw_pixels(gradient))
    }
}

/// The classes whose boundary may be crossed: the aim, or the likeliest but this one.
fn others(scores: &[f32], class: usize, toward: Option<usize>) -> Vec<usize> {
    if let Some(aim) = toward {
        return vec![aim];
    }
    let mut others: Vec<usize> = (0..scores.len()).filter(|&other| other != class).collect();
    others.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    others.truncate(CANDIDATES);
    others
}

/// The shortest way to a boundary, as if they were flat: |f_k - f_c| / |w|² · w, with w the slope of f_k - f_c.
fn nearest(scores: &[f32], class: usize, candidates: &[usize], slopes: &Tensor) -> Option<ndarray::Array1<f32>> {
    let way = |(&candidate, slope): (&usize, ndarray::ArrayViewD<'_, f32>)| {
        let slope: ndarray::Array1<f32> = slope.iter().copied().collect();
        let square: f32 = slope.iter().map(|value| value * value).sum();
        let length = square.sqrt();
        let distance = (scores[candidate] - scores[class]).abs() / length;
        // A little further, as the authors' program does, so that a distance of 0 is crossed too.
        (square > 0.0).then(|| (distance, slope * ((distance + 1e-4) / length)))
    };
    let ways = candidates.iter().zip(slopes.outer_iter()).filter_map(way);
    ways.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, way)| way)
}
