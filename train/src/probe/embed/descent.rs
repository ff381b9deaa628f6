//! The descent: points move until their neighbourhoods are those of the codes.

use fovea_graph::{Interrupted, Never, Stop};

use super::tree::Tree;
use super::{Affinities, Point, Progress, Tsne};

/// Before this step, or a quarter of all, neighbours are drawn closer and momentum is low (van der Maaten 2014).
const EARLY: usize = 250;
const MOMENTUM: [f64; 2] = [0.5, 0.8];

/// `tell` hears of every so many steps.
const TOLD: usize = 10;

/// A point's loop over all others looks so often at whether to end.
const LOOK: usize = 64;

/// How points push one another away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Repulsion {
    /// Each pair.
    Exact,
    /// Far ones together.
    Tree {
        /// A square's side over its distance below which its points count as one.
        theta: f64,
    },
}

/// Points on their way.
#[derive(Clone, Debug)]
pub struct Layout {
    points: Vec<Point>,
    velocity: Vec<Point>,
    /// Of each number of a point: grows while it keeps its direction (R. Jacobs, "Increased rates of convergence through
    /// learning rate adaptation", Neural Networks 1, 1988).
    gains: Vec<Point>,
    repulsion: Repulsion,
    steps: usize,
}

impl Layout {
    /// Points that rest.
    pub fn new(points: Vec<Point>, repulsion: Repulsion) -> Self {
        let (velocity, gains) = (vec![[0.0; 2]; points.len()], vec![[1.0; 2]; points.len()]);
        Self { points, velocity, gains, repulsion, steps: 0 }
    }

    /// Takes all steps. One that is broken off moves nothing.
    ///
    /// # Errors
    /// An interrupt; the steps before it are taken.
    pub fn descend(
        &mut self,
        affinities: &Affinities,
        how: &Tsne,
        tell: &mut dyn FnMut(Progress),
        stop: &dyn Stop,
    ) -> Result<(), Interrupted> {
        let early = EARLY.min(how.steps / 4);
        // The rate at which exaggerated neighbours neither creep nor burst apart (A. Belkina et al., "Automated optimized
        // parameters for t-distributed stochastic neighbor embedding", Nature Communications 10, 2019).
        let rate = (self.points.len() as f64 / how.exaggeration / 4.0).max(50.0);
        for step in 0..how.steps {
            let (closer, momentum) = if step < early { (how.exaggeration, MOMENTUM[0]) } else { (1.0, MOMENTUM[1]) };
            let gradient = self.gradient(affinities, closer, stop)?;
            self.step(&gradient, rate, momentum);
            if self.steps.is_multiple_of(TOLD) {
                tell(self.progress_unless(affinities, stop)?);
            }
        }
        Ok(())
    }

    /// One step, and back to the middle.
    fn step(&mut self, gradient: &[Point], rate: f64, momentum: f64) {
        for (i, gradient) in gradient.iter().enumerate() {
            for (axis, &slope) in gradient.iter().enumerate() {
                let (gain, velocity) = (&mut self.gains[i][axis], &mut self.velocity[i][axis]);
                *gain = if slope * *velocity < 0.0 { *gain + 0.2 } else { (*gain * 0.8).max(0.01) };
                *velocity = momentum * *velocity - rate * *gain * slope;
                self.points[i][axis] += *velocity;
            }
        }
        let count = self.points.len() as f64;
        let middle = [0, 1].map(|axis| self.points.iter().map(|point| point[axis]).sum::<f64>() / count);
        self.points.iter_mut().for_each(|point| *point = [point[0] - middle[0], point[1] - middle[1]]);
        self.steps += 1;
    }

    /// The gradient of the divergence by the points, `4 Σ (c·p − q)(y − other) / (1 + |y − other|²)`, where `closer` is c and
    /// q is normalised over all pairs.
    ///
    /// # Errors
    /// An interrupt.
    pub fn gradient(&self, affinities: &Affinities, closer: f64, stop: &dyn Stop) -> Result<Vec<Point>, Interrupted> {
        let (forces, sum) = self.repelled(stop)?;
        let mut drawn = vec![[0.0; 2]; self.points.len()];
        for (i, point) in self.points.iter().enumerate() {
            if i % LOOK == 0 {
                stop.go_on()?;
            }
            let mut own = [0.0; 2];
            for (other, share) in affinities.behind(i) {
                let (x, y) = (point[0] - self.points[other][0], point[1] - self.points[other][1]);
                let near = share / (1.0 + x * x + y * y);
                own = [own[0] + near * x, own[1] + near * y];
                drawn[other] = [drawn[other][0] - near * x, drawn[other][1] - near * y];
            }
            drawn[i] = [drawn[i][0] + own[0], drawn[i][1] + own[1]];
        }
        let both = drawn.iter().zip(&forces);
        Ok(both.map(|(drawn, force)| [0, 1].map(|axis| 4.0 * (closer * drawn[axis] - force[axis] / sum))).collect())
    }

    /// Each point's Σ q² (y − other) before q is normalised, and the sum of all q.
    fn repelled(&self, stop: &dyn Stop) -> Result<(Vec<Point>, f64), Interrupted> {
        let (forces, sum) = match self.repulsion {
            Repulsion::Exact => every_pair(&self.points, stop)?,
            Repulsion::Tree { theta } => by_tree(&self.points, theta, stop)?,
        };
        Ok((forces, sum.max(f64::MIN_POSITIVE)))
    }

    /// How far it has come: Σ p ln(p / q).
    pub fn progress(&self, affinities: &Affinities) -> Progress {
        // Nothing ends it.
        let none = Progress { steps: self.steps, divergence: f64::NAN };
        self.progress_unless(affinities, &Never).unwrap_or(none)
    }

    fn progress_unless(&self, affinities: &Affinities, stop: &dyn Stop) -> Result<Progress, Interrupted> {
        let (_, sum) = self.repelled(stop)?;
        let mut divergence = 0.0;
        for (i, point) in self.points.iter().enumerate() {
            if i % LOOK == 0 {
                stop.go_on()?;
            }
            for (other, share) in affinities.behind(i).filter(|&(_, share)| share > 0.0) {
                let (x, y) = (point[0] - self.points[other][0], point[1] - self.points[other][1]);
                divergence += 2.0 * share * (share * sum * (1.0 + x * x + y * y)).ln();
            }
        }
        Ok(Progress { steps: self.steps, divergence })
    }

    /// How many steps were taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The points as they are.
    pub fn into_points(self) -> Vec<Point> {
        self.points
    }
}

/// Σ q² (y − other) of each point, and Σ q over all pairs, where q = 1 / (1 + |y − other|²).
fn every_pair(points: &[Point], stop: &dyn Stop) -> Result<(Vec<Point>, f64), Interrupted> {
    let (mut forces, mut sum) = (vec![[0.0; 2]; points.len()], 0.0);
    for (i, point) in points.iter().enumerate() {
        if i % LOOK == 0 {
            stop.go_on()?;
        }
        let (mut own, mut near_all) = ([0.0; 2], 0.0);
        for (other, force) in points[i + 1..].iter().zip(&mut forces[i + 1..]) {
            let (x, y) = (point[0] - other[0], point[1] - other[1]);
            let near = 1.0 / (1.0 + x * x + y * y);
            near_all += near;
            let (x, y) = (near * near * x, near * near * y);
            own = [own[0] + x, own[1] + y];
            *force = [force[0] - x, force[1] - y];
        }
        forces[i] = [forces[i][0] + own[0], forces[i][1] + own[1]];
        // Both ways.
        sum += 2.0 * near_all;
    }
    Ok((forces, sum))
}

/// The same, far points taken together.
fn by_tree(points: &[Point], theta: f64, stop: &dyn Stop) -> Result<(Vec<Point>, f64), Interrupted> {
    let tree = Tree::of(points);
    let (mut forces, mut sum) = (Vec::with_capacity(points.len()), 0.0);
    for (i, &point) in points.iter().enumerate() {
        if i % LOOK == 0 {
            stop.go_on()?;
        }
        let (force, near) = tree.repulsion(point, theta);
        sum += near;
        forces.push(force);
    }
    Ok((forces, sum))
}
