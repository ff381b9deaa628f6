//! Codes in the plane, where alike ones should be near one another: t-SNE, and principal components.
//!
//! [`Codes::of`] measures the codes and gives their neighbours; [`Codes::by_components`] and [`Codes::by_neighbours`] lay
//! them out. All of it is in f64 and in one order, so that one seed gives the same bits everywhere.

mod affinity;
mod components;
mod descent;
mod neighbours;
mod tree;

pub use affinity::Affinities;
pub use components::{Components, components};
pub use descent::{Layout, Repulsion};
pub use neighbours::{VOTES, accuracy, nearest_in_plane};

use fovea_graph::philox::{Purpose, Stream};
use fovea_graph::{Interrupted, Stop, Tensor};
use ndarray::{Array2, Axis};

/// A point of the plane.
pub type Point = [f64; 2];

/// t-SNE computes every pair of at most so many codes; of more, far ones together, by the tree of Barnes and Hut.
pub const MOST_EXACT: usize = 2000;

/// Codes of more numbers than this are laid out by their first [`REDUCED`] principal components.
pub const MOST_NUMBERS: usize = 1000;

/// To so many.
pub const REDUCED: usize = 50;

/// Fewer codes are no picture.
pub const LEAST: usize = 4;

/// How t-SNE lays codes out (L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tsne {
    /// How many neighbours a code has, softly counted: at least 1, at most [`most_perplexity`].
    pub perplexity: f64,
    /// Steps of the descent.
    pub steps: usize,
    /// How much closer neighbours are drawn at first, for the first quarter of the steps and 250 at most.
    pub exaggeration: f64,
    /// From how far away, in sizes of a square, the codes in it are taken together, where there are more than [`MOST_EXACT`].
    pub theta: f64,
    /// Where the points begin.
    pub start: Start,
}

/// Where the points begin, before they are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At their first two principal components, made small.
    Components,
    /// Anywhere, by the seed.
    Random,
}

/// The largest perplexity of so many codes, at least 4: each has three times as many neighbours.
pub fn most_perplexity(codes: usize) -> f64 {
    (codes.saturating_sub(1) / 3) as f64
}

/// Why codes cannot be laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// The user broke off before there was anything to show.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// A number that is none.
    #[error("the code of sample {sample} holds what is not finite")]
    NotFinite {
        /// The sample's place among the codes.
        sample: usize,
    },
    /// Codes that nothing tells apart.
    #[error("all codes are the same: there is nothing to lay out")]
    Alike,
}

/// The codes of samples, centred.
#[derive(Clone, Debug)]
pub struct Codes {
    /// A row a sample.
    rows: Array2<f64>,
    /// Of how many numbers they were, where they are fewer now.
    reduced_from: Option<usize>,
    seed: u64,
}

/// How far a layout has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Steps that were taken.
    pub steps: usize,
    /// The divergence of the points' neighbourhoods from the codes', in nats; where they were broken off, as it was last told,
    /// and no number where it never was.
    pub divergence: f64,
}

/// Codes in the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// A point a sample.
    pub points: Vec<Point>,
    /// How far it came.
    pub progress: Progress,
    /// Whether it was broken off before all steps were taken.
    pub interrupted: bool,
}

impl Codes {
    /// The codes of samples `[N, …]`, flattened, none of them empty; `seed` draws what is random.
    ///
    /// # Errors
    /// What is not finite; codes that are all the same; an interrupt.
    pub fn of(samples: &Tensor, seed: u64, stop: &dyn Stop) -> Result<Self, EmbedError> {
        let count = samples.shape().first().copied().unwrap_or(0);
        let size = samples.len() / count.max(1);
        for (sample, code) in samples.outer_iter().enumerate() {
            stop.go_on()?;
            if code.iter().any(|value| !value.is_finite()) {
                return Err(EmbedError::NotFinite { sample });
            }
        }
        let values = samples.iter().map(|&value| f64::from(value)).collect();
        // The shape is that of the samples, flattened.
        let mut rows = Array2::from_shape_vec((count, size), values).unwrap_or_default();
        stop.go_on()?;
        if let Some(mean) = rows.mean_axis(Axis(0)) {
            rows -= &mean;
        }
        if rows.outer_iter().skip(1).all(|row| row == rows.row(0)) {
            return Err(EmbedError::Alike);
        }
        if size <= MOST_NUMBERS {
            return Ok(Self { rows, reduced_from: None, seed });
        }
        let Components { scores, .. } = components(&rows, REDUCED.min(count), seed, components::LOOSE, stop)?;
        Ok(Self { rows: scores, reduced_from: Some(size), seed })
    }

    /// Of how many numbers the codes were, where their first principal components stand for them.
    pub fn reduced_from(&self) -> Option<usize> {
        self.reduced_from
    }

    /// The nearest codes of each, up to `count` of them, the nearest first.
    ///
    /// # Errors
    /// An interrupt.
    pub fn nearest(&self, count: usize, stop: &dyn Stop) -> Result<Vec<Vec<u32>>, Interrupted> {
        neighbours::nearest(&self.rows, count, stop)
    }

    /// At their first two principal components; with each the share of the codes' variance that it has.
    ///
    /// # Errors
    /// An interrupt.
    pub fn by_components(&self, stop: &dyn Stop) -> Result<(Vec<Point>, [f64; 2]), Interrupted> {
        let Components { scores, shares } = components(&self.rows, 2, self.seed, components::CLOSE, stop)?;
        let at = |row: usize, axis: usize| scores.get([row, axis]).copied().unwrap_or(0.0);
        let points = (0..scores.nrows()).map(|row| [at(row, 0), at(row, 1)]).collect();
        Ok((points, [0, 1].map(|axis| shares.get(axis).copied().unwrap_or(0.0))))
    }

    /// So that neighbours stay neighbours. `tell` hears of every tenth step; an interrupt after the first keeps what there is.
    ///
    /// # Errors
    /// An interrupt before the descent.
    pub fn by_neighbours(
        &self,
        how: &Tsne,
        tell: &mut dyn FnMut(Progress),
        stop: &dyn Stop,
    ) -> Result<Embedded, Interrupted> {
        let is_exact = self.rows.nrows() <= MOST_EXACT;
        let affinities = Affinities::of(&self.rows, how.perplexity, is_exact, stop)?;
        let repulsion = if is_exact { Repulsion::Exact } else { Repulsion::Tree { theta: how.theta } };
        let mut layout = Layout::new(self.start(how.start, stop)?, repulsion);
        let mut told = Progress { steps: 0, divergence: f64::NAN };
        let mut keep = |progress| {
            told = progress;
            tell(progress);
        };
        let interrupted = layout.descend(&affinities, how, &mut keep, stop).is_err();
        // Who breaks off does not wait for a divergence.
        let progress = match interrupted {
            true => Progress { steps: layout.steps(), ..told },
            false => layout.progress(&affinities),
        };
        Ok(Embedded { points: layout.into_points(), progress, interrupted })
    }

    /// Points near zero, so that no two are kept apart from the first.
    fn start(&self, start: Start, stop: &dyn Stop) -> Result<Vec<Point>, Interrupted> {
        const SMALL: f64 = 1e-4;
        let drawn = Stream::new(self.seed, Purpose::Probe, 0);
        let random = |row: usize, axis: usize| SMALL * drawn.normal(2 * row as u64 + axis as u64);
        if start == Start::Random {
            return Ok((0..self.rows.nrows()).map(|row| [random(row, 0), random(row, 1)]).collect());
        }
        let (points, _) = self.by_components(stop)?;
        let deviation = |axis: usize| {
            (points.iter().map(|point| point[axis] * point[axis]).sum::<f64>() / points.len() as f64).sqrt()
        };
        let (first, second) = (deviation(0), deviation(1));
        // Codes on one line leave the second axis to chance: without that they would stay on it.
        let is_flat = second <= 1e-9 * first;
        let place = |(row, point): (usize, &Point)| {
            let scale = SMALL / first;
            [point[0] * scale, if is_flat { random(row, 1) } else { point[1] * scale }]
        };
        Ok(points.iter().enumerate().map(place).collect())
    }
}
