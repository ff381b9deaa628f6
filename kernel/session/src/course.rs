//! The course of a training run: the curves that pictures and charts draw, of a run that goes on or is on disk.

use fovea_dsl::verb::Curve;
use fovea_train::{EpochMetrics, RunRecord, StepMetrics};

use crate::picture::{self, Along, Panel, Picture, Series, SeriesKind, Theme, Unit, panels};

/// A point of a curve: an epoch or a step, and the figure there.
pub type Point = (f64, f64);

/// What training and testing gave, epoch by epoch; before the first has ended, the losses of steps.
#[derive(Clone, Debug)]
pub struct Course {
    steps: Points,
    loss: [Points; 2],
    accuracy: [Points; 2],
    /// The part beside that of training.
    watched: &'static str,
}

/// Where the two parts of the data stand in a pair: that of training, and the one that it is watched by.
const PARTS: [SeriesKind; 2] = [SeriesKind::Train, SeriesKind::Test];

impl Course {
    /// Of a run that goes on: its points are thinned where they become many, so that it takes bounded memory.
    pub fn live() -> Self {
        Self::new(GROUPS)
    }

    fn new(most: usize) -> Self {
        let pair = || [Points::new(most), Points::new(most)];
        Self { steps: Points::new(most), loss: pair(), accuracy: pair(), watched: "test" }
    }

    /// Of a run that is over, with every point.
    pub fn of(epochs: &[EpochMetrics], steps: &[StepMetrics]) -> Self {
        let mut course = Self::new(usize::MAX);
        for epoch in epochs {
            let loss = [Some(epoch.loss), epoch.watched_loss()];
            let accuracy = [epoch.accuracy, epoch.watched_accuracy()];
            course.epoch(epoch.epoch as u64, epoch.watched(), loss, accuracy);
        }
        steps.iter().for_each(|step| course.step(step.step, step.loss));
        course
    }

    /// Takes in the loss of a step's batch.
    pub fn step(&mut self, step: u64, loss: f64) {
        if !self.has_epochs() {
            self.steps.push((step as f64, loss));
        }
    }

    /// Takes in an epoch's figures, of training and of the part that it is watched by, `test` or `validation`; from now on
    /// the curves run over epochs.
    pub fn epoch(&mut self, epoch: u64, watched: &'static str, loss: [Option<f64>; 2], accuracy: [Option<f64>; 2]) {
        self.watched = watched;
        let both = |points: &mut [Points; 2], values: [Option<f64>; 2]| {
            let pairs = points.iter_mut().zip(values);
            pairs.for_each(|(points, value)| value.into_iter().for_each(|y| points.push((epoch as f64, y))));
        };
        both(&mut self.loss, loss);
        both(&mut self.accuracy, accuracy);
    }

    /// Training and test, over epochs; over steps where no epoch is complete. Curves without points are left out.
    pub fn curves(&self, kind: Curve) -> Vec<(&'static str, SeriesKind, Vec<Point>)> {
        let pair: &[Points] = match kind {
            Curve::Loss if !self.has_epochs() => std::slice::from_ref(&self.steps),
            Curve::Loss => &self.loss,
            Curve::Accuracy => &self.accuracy,
        };
        let named = PARTS.into_iter().zip(pair).map(|(part, points)| (self.part(part), part, points.all()));
        named.filter(|(.., points)| !points.is_empty()).collect()
    }

    /// What a part of the data is called.
    pub fn part(&self, part: SeriesKind) -> &'static str {
        if part == SeriesKind::Train { "train" } else { self.watched }
    }

    /// The kinds of curves that there are.
    pub fn kinds(&self) -> Vec<Curve> {
        [Curve::Loss, Curve::Accuracy].into_iter().filter(|&kind| !self.curves(kind).is_empty()).collect()
    }

    /// What the curves run over.
    pub fn x_label(&self) -> &'static str {
        if self.has_epochs() { "epoch" } else { "step" }
    }

    fn has_epochs(&self) -> bool {
        self.loss[0].count > 0
    }

    /// The curves as a picture, a panel a kind.
    pub fn draw(&self, title: &str, kinds: &[Curve], theme: Theme) -> picture::Result<Picture> {
        let series = |(label, kind, points): (&str, _, _)| Series { label: label.to_string(), points, kind };
        let panel = |&kind: &Curve| Panel {
            title: word(kind).to_string(),
            x_label: self.x_label().to_string(),
            unit: if kind == Curve::Accuracy { Unit::Percent } else { Unit::Plain },
            along: Along::Evenly,
            series: self.curves(kind).into_iter().map(series).collect(),
        };
        panels(title, &kinds.iter().map(panel).collect::<Vec<_>>(), theme)
    }
}

/// Every point of a run on disk.
impl From<&RunRecord> for Course {
    fn from(run: &RunRecord) -> Self {
        Self::of(&run.epochs, &run.steps)
    }
}

/// The word for a kind of curves.
pub fn word(curve: Curve) -> &'static str {
    match curve {
        Curve::Loss => "loss",
        Curve::Accuracy => "accuracy",
    }
}

/// The groups of points of a run that goes on, at most: more than a plot has columns of pixels.
const GROUPS: usize = 2048;

/// The points of a curve: of each group of neighbours the first, the lowest, the highest and the last. As long as there
/// are few, each is a group of its own; where groups become too many, each two neighbours become one.
#[derive(Clone, Debug)]
struct Points {
    groups: Vec<Group>,
    most: usize,
    /// How many points the last group has, how many a full one, and how many there are.
    filled: usize,
    size: usize,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first: Point,
    low: Point,
    high: Point,
    last: Point,
}

impl Points {
    /// None yet, and at most so many groups.
    fn new(most: usize) -> Self {
        Self { groups: Vec::new(), most, filled: 0, size: 1, count: 0 }
    }

    fn push(&mut self, point: Point) {
        self.count += 1;
        let new = Group { first: point, low: point, high: point, last: point };
        match self.groups.last_mut() {
            Some(group) if self.filled < self.size => {
                *group = group.with(&new);
                self.filled += 1;
            }
            _ => {
                if self.groups.len() == self.most {
                    self.groups = self.groups.chunks(2).map(|pair| pair[0].with(&pair[pair.len() - 1])).collect();
                    self.size *= 2;
                }
                self.groups.push(new);
                self.filled = 1;
            }
        }
    }

    fn all(&self) -> Vec<Point> {
        let mut points: Vec<Point> = self.groups.iter().flat_map(Group::points).collect();
        points.dedup_by(|a, b| a.0 == b.0);
        points
    }
}

impl Group {
    fn with(&self, next: &Group) -> Group {
        let low = if next.low.1 < self.low.1 { next.low } else { self.low };
        let high = if next.high.1 > self.high.1 { next.high } else { self.high };
        Group { first: self.first, low, high, last: next.last }
    }

    fn points(&self) -> [Point; 4] {
        let (a, b) = if self.low.0 <= self.high.0 { (self.low, self.high) } else { (self.high, self.low) };
        [self.first, a, b, self.last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl Iterator<Item = f64>) -> Points {
        let mut points = Points::new(GROUPS);
        values.enumerate().for_each(|(i, y)| points.push((i as f64, y)));
        points
    }

    #[test]
    fn few_points_are_all_kept() {
        let points = of((0..GROUPS).map(|i| (i * 37 % 101) as f64));
        let all = points.all();
        assert_eq!(all.len(), GROUPS);
        assert!(all.iter().enumerate().all(|(i, &point)| point == (i as f64, (i * 37 % 101) as f64)));
    }

    #[test]
    fn a_million_points_keep_their_ends_and_extremes_in_order() {
        let value = |i: usize| match i {
            777_777 => -5.0,
            123_456 => 9.0,
            i => (i % 7) as f64,
        };
        let all = of((0..1_000_000).map(value)).all();
        assert!(all.len() <= 4 * GROUPS && all.len() > GROUPS, "{}", all.len());
        assert_eq!((all[0], all[all.len() - 1]), ((0.0, value(0)), (999_999.0, value(999_999))));
        assert!(all.contains(&(777_777.0, -5.0)) && all.contains(&(123_456.0, 9.0)));
        assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "x rises");
    }
}
