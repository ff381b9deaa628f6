//! L-BFGS: a quasi-Newton method that keeps the last few steps in place of a matrix, with a line search.
//!
//! Sources: J. Nocedal, "Updating quasi-Newton matrices with limited storage", Mathematics of Computation 35 (1980), 773–782; D. Liu
//! and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 45 (1989), 503–528;
//! the line search is that of J. Nocedal and S. Wright, "Numerical Optimization", 2nd edition, Springer 2006, algorithms 3.5
//! and 3.6.

use std::collections::VecDeque;

use super::point::{Evaluate, Point};

/// The conditions of a step (Wolfe's, the strong form): the value falls by at least this share of what the slope promises,
const FALL: f64 = 1e-4;
/// and the slope at its end is at most this share of that at its beginning.
const FLATTER: f64 = 0.9;

/// So often is a step's length tried at most.
const TRIES: usize = 20;

/// No new length is closer to an end of its interval than this share of it.
const MARGIN: f64 = 0.1;

/// So many times longer is the next length that is tried, where the last was too short.
const LONGER: f64 = 2.0;

/// A step that was taken, what the gradient changed by over it, and one over their product.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    rho: f64,
}

/// The steps so far, and the way that they suggest.
pub struct Lbfgs {
    memory: usize,
    pairs: VecDeque<Pair>,
}

impl Lbfgs {
    /// One that remembers so many steps, at least 1.
    pub fn new(memory: usize) -> Self {
        Self { memory: memory.max(1), pairs: VecDeque::new() }
    }

    /// The way down from a point with this gradient: minus the gradient times what the steps so far tell of the inverse of
    /// the second derivatives (the two loops of the source's algorithm 7.4).
    pub fn way(&self, gradient: &[f64]) -> Vec<f64> {
        let mut way: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
        let mut alphas = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let alpha = pair.rho * dot(&pair.step, &way);
            add(&mut way, -alpha, &pair.change);
            alphas.push(alpha);
        }
        if let Some(last) = self.pairs.back() {
            // The first guess of the inverse: as steep as the last step found it.
            let scale = 1.0 / (last.rho * dot(&last.change, &last.change));
            way.iter_mut().for_each(|value| *value *= scale);
        }
        for (pair, alpha) in self.pairs.iter().zip(alphas.into_iter().rev()) {
            let beta = pair.rho * dot(&pair.change, &way);
            add(&mut way, alpha - beta, &pair.step);
        }
        way
    }

    /// Takes in a step and what the gradient changed by over it. One over which the slope does not rise says nothing of a
    /// minimum, and is left out.
    pub fn remember(&mut self, step: Vec<f64>, change: Vec<f64>) {
        let product = dot(&step, &change);
        if product.is_nan() || product <= f64::EPSILON * dot(&change, &change) {
            return;
        }
        if self.pairs.len() == self.memory {
            self.pairs.pop_front();
        }
        self.pairs.push_back(Pair { step, change, rho: 1.0 / product });
    }

    /// The next point; none where there is no way down any more.
    ///
    /// # Errors
    /// Those of the evaluation.
    pub fn next<T, E>(&mut self, from: &Point<T>, evaluate: &mut Evaluate<'_, T, E>) -> Result<Option<Point<T>>, E> {
        let found = match self.follow(from, evaluate)? {
            None if !self.pairs.is_empty() => {
                // What was remembered misleads: once more from the gradient alone.
                self.pairs.clear();
                self.follow(from, evaluate)?
            }
            found => found,
        };
        if let Some(to) = &found {
            let between = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(to, from)| to - from).collect();
            self.remember(between(&to.place, &from.place), between(&to.gradient, &from.gradient));
        }
        Ok(found)
    }

    /// A point on the way down that lies low enough.
    fn follow<T, E>(&self, from: &Point<T>, evaluate: &mut Evaluate<'_, T, E>) -> Result<Option<Point<T>>, E> {
        let way = self.way(&from.gradient);
        let slope = dot(&from.gradient, &way);
        if slope >= 0.0 || !slope.is_finite() {
            return Ok(None);
        }
        let size: f64 = from.gradient.iter().map(|slope| slope.abs()).sum();
        // Nothing is known yet of how far is far.
        let first = if self.pairs.is_empty() { (1.0 / size).min(1.0) } else { 1.0 };
        Line { from, way: &way, slope, evaluate }.search(first)
    }
}

/// A way from a point.
struct Line<'a, 'e, T, E> {
    from: &'a Point<T>,
    way: &'a [f64],
    /// How steep it is at its beginning, below 0.
    slope: f64,
    evaluate: &'a mut Evaluate<'e, T, E>,
}

/// What is known of a place on a way.
#[derive(Clone, Copy)]
struct End {
    /// How far along it.
    length: f64,
    value: f64,
    /// How steep the way is there.
    slope: f64,
}

impl<T, E> Line<'_, '_, T, E> {
    fn at(&mut self, length: f64) -> Result<(End, Point<T>), E> {
        let place = self.from.place.iter().zip(self.way).map(|(value, way)| value + length * way).collect();
        let point = (self.evaluate)(place)?;
        Ok((End { length, value: point.value, slope: dot(&point.gradient, self.way) }, point))
    }

    /// Whether the value has fallen enough.
    fn has_fallen(&self, end: End) -> bool {
        end.value <= self.from.value + FALL * end.length * self.slope
    }

    /// Whether the way has become flat enough.
    fn is_flat(&self, end: End) -> bool {
        end.slope.abs() <= -FLATTER * self.slope
    }

    /// A point that meets the conditions; or the lowest that was met, if it lies lower than the beginning.
    fn search(mut self, first: f64) -> Result<Option<Point<T>>, E> {
        let mut low = End { length: 0.0, value: self.from.value, slope: self.slope };
        let (mut best, mut length) = (None, first);
        for tries in 1..=TRIES {
            let (end, point) = self.at(length)?;
            if !self.has_fallen(end) || best.is_some() && end.value >= low.value {
                return self.narrow([low, end], best, TRIES - tries);
            }
            if self.is_flat(end) {
                return Ok(Some(point));
            }
            if end.slope >= 0.0 {
                return self.narrow([end, low], Some(point), TRIES - tries);
            }
            (low, best, length) = (end, Some(point), LONGER * length);
        }
        Ok(best)
    }

    /// Narrows an interval in which a point meets the conditions, from its lower end to the other. `best` is the point at the
    /// lower end, unless that is the beginning.
    fn narrow(
        mut self,
        [mut low, mut high]: [End; 2],
        mut best: Option<Point<T>>,
        tries: usize,
    ) -> Result<Option<Point<T>>, E> {
        for _ in 0..tries {
            let (end, point) = self.at(lowest(low, high))?;
            if !self.has_fallen(end) || end.value >= low.value {
                high = end;
                continue;
            }
            if self.is_flat(end) {
                return Ok(Some(point));
            }
            if end.slope * (high.length - low.length) >= 0.0 {
                high = low;
            }
            (low, best) = (end, Some(point));
        }
        Ok(best)
    }
}

/// Where the cubic through two ends is lowest; in the middle where that is no number, or too close to an end (the source's
/// equation 3.59).
fn lowest(a: End, b: End) -> f64 {
    let across = b.length - a.length;
    let first = a.slope + b.slope + 3.0 * (b.value - a.value) / -across;
    let second = across.signum() * (first * first - a.slope * b.slope).sqrt();
    let found = b.length - across * (b.slope + second - first) / (b.slope - a.slope + 2.0 * second);
    let share = (found - a.length) / across;
    if (MARGIN..=1.0 - MARGIN).contains(&share) { found } else { a.length + across / 2.0 }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `to += factor · values`
fn add(to: &mut [f64], factor: f64, values: &[f64]) {
    to.iter_mut().zip(values).for_each(|(to, value)| *to += factor * value);
}
