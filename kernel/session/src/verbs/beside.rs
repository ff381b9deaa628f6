//! What a net gives that tells no class, beside what it should have given: for `test` and `predict`.

use fovea_data::{Dataset, LabelKind};
use fovea_graph::{Never, Tensor};

use crate::display::number::{figure, percent};
use crate::picture::{self, Grey, Image, Mark, Picture, Sample, Theme};
use crate::samples::{image, unread};

/// So many samples are drawn beside what became of them.
pub const DRAWN: usize = 16;

/// So many pairs of numbers are looked at to draw them.
const PAIRS: usize = 1 << 20;

/// The numbers of each sample's result.
pub fn rows(results: &Tensor) -> Vec<Vec<f32>> {
    results.outer_iter().map(|row| row.iter().copied().collect()).collect()
}

/// The root of the mean squared distance of two lists of numbers.
pub fn rmse(told: &[f32], truth: &[f32]) -> f64 {
    let squares = told.iter().zip(truth).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    (squares.sum::<f64>() / truth.len().max(1) as f64).sqrt()
}

/// A sample's own values.
pub fn sample(data: &Dataset, at: usize) -> picture::Result<Vec<f32>> {
    let pixels = data.images.select(&[at], &Never).map_err(unread)?;
    Ok(pixels.into_iter().collect())
}

/// Pictures beside what a net gave back for them, each with its caption; of samples that are no pictures there is none.
pub fn given_back(
    title: &str,
    data: &Dataset,
    (indices, results): (&[usize], &[Vec<f32>]),
    name: impl Fn(usize) -> String,
    theme: Theme,
) -> picture::Result<Option<Picture>> {
    let &[height, width, channels] = data.shape() else { return Ok(None) };
    let pair = |(n, (&at, result)): (usize, (&usize, &Vec<f32>))| {
        let back = Image::new(height, width, channels, result.clone())?;
        let caption = format!("{}: RMSE {}", name(n), figure(rmse(result, &sample(data, at)?)));
        Ok(Sample { image: Image::beside(&[image(data, at)?, back])?, caption, mark: Mark::None })
    };
    let pairs = indices.iter().zip(results).take(DRAWN).enumerate().map(pair);
    let pairs: Vec<Sample> = pairs.collect::<picture::Result<_>>()?;
    picture::sheet(title, &pairs, Grey::Auto, theme).map(Some)
}

/// What a net gives for numbers against what they are.
pub fn scatter(
    title: &str,
    data: &Dataset,
    (indices, results): (&[usize], &[Vec<f32>]),
    theme: Theme,
) -> picture::Result<Picture> {
    let mut pairs = Vec::new();
    // Of many some are taken, spread over all: no more are drawn.
    let values = results.iter().map(Vec::len).sum::<usize>();
    for (&at, told) in indices.iter().zip(results).step_by(values.div_ceil(PAIRS).max(1)) {
        let truth = data.labels.get(at, &Never).map_err(unread)?;
        pairs.extend(truth.iter().zip(told).map(|(truth, told)| (f64::from(*truth), f64::from(*told))));
    }
    picture::scatter(title, ["what it is", "What the net gives"], &pairs, theme)
}

/// What a net says of a sample, and what it is: numbers, or of several classes those that are there.
pub fn in_words(data: &Dataset, at: usize, told: &[f32]) -> picture::Result<String> {
    let numbers = |values: &[f32]| {
        let shown: Vec<String> = values.iter().take(8).map(|value| figure(f64::from(*value))).collect();
        shown.join(", ") + if values.len() > 8 { ", …" } else { "" }
    };
    let truth = data.labels.get(at, &Never).map_err(unread)?;
    Ok(match data.labels.kind() {
        LabelKind::Several(_) => {
            let there = |values: &[f32], show: fn(&str, f32) -> String| {
                let classes = data.classes.iter().zip(values).filter(|&(_, &value)| value > 0.5);
                let classes: Vec<String> = classes.map(|(class, &value)| show(class, value)).collect();
                if classes.is_empty() { "none".to_string() } else { classes.join(", ") }
            };
            let told = there(told, |class, share| format!("{class} {}", percent(f64::from(share))));
            format!("{told}; is {}", there(&truth, |class, _| class.to_string()))
        }
        LabelKind::Numbers(_) => format!("{}; is {}", numbers(told), numbers(&truth)),
        LabelKind::Nothing | LabelKind::Classes => numbers(told),
    })
}
