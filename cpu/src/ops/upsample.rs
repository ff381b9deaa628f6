//! Larger maps, nearest or linear, and the gradient. Both are sums `target[t] = Σ w[t, s] · source[s]` whose weights are
//! products of one weight an axis; an axis gives every target a few neighbouring sources.

use fovea_graph::op::{Interpolation, Upsample, UpsampleGrad};
use fovea_graph::{Op, Shape};

use super::Call;
use super::channels::chunk;
use crate::geometry::axes;
use crate::simd::Vectors;

/// Which way the weights are read.
#[derive(Clone, Copy)]
enum Direction {
    /// From the small map to the large one.
    Up,
    /// From the large map's gradient to the small one's.
    Back,
}

/// One axis: which sources a target has.
struct Axis<'a> {
    op: &'a Upsample,
    direction: Direction,
    /// Which of the op's axes; `None` for those that lead a map of fewer than three.
    axis: Option<usize>,
    sources: usize,
    targets: usize,
}

impl Axis<'_> {
    /// How many sources a target has at most.
    fn width(&self) -> usize {
        let Some(axis) = self.axis else { return 1 };
        match (self.direction, self.op.interpolation) {
            (Direction::Up, Interpolation::Nearest) => 1,
            (Direction::Up, Interpolation::Linear) => 2,
            (Direction::Back, Interpolation::Nearest) => self.op.factor[axis],
            (Direction::Back, Interpolation::Linear) => 3 * self.op.factor[axis],
        }
    }

    /// The first source of a target.
    fn first(&self, target: usize) -> usize {
        let Some(axis) = self.axis else { return target };
        match (self.direction, self.op.interpolation) {
            (Direction::Up, _) => self.op.sources(axis, target, self.sources).0,
            (Direction::Back, Interpolation::Nearest) => target * self.op.factor[axis],
            (Direction::Back, Interpolation::Linear) => target.saturating_sub(1) * self.op.factor[axis],
        }
    }

    /// How much of a source goes into a target.
    fn weight(&self, target: usize, source: usize) -> f64 {
        let Some(axis) = self.axis else { return 1.0 };
        let (large, small, extent) = match self.direction {
            _ if source >= self.sources => return 0.0,
            Direction::Up => (target, source, self.sources),
            Direction::Back => (source, target, self.targets),
        };
        let (low, high, share) = self.op.sources(axis, large, extent);
        let part = |element, weight| if element == small { weight } else { 0.0 };
        part(low, 1.0 - share) + part(high, share)
    }

    /// Elements of its table: the weights of every target's sources.
    fn table(&self) -> usize {
        self.targets * self.width()
    }

    /// Fills the table.
    fn fill(&self, table: &mut [f32]) {
        for (target, weights) in table.chunks_exact_mut(self.width()).enumerate() {
            let first = self.first(target);
            weights.iter_mut().enumerate().for_each(|(k, w)| *w = self.weight(target, first + k) as f32);
        }
    }
}

/// The three axes of an op from `x` to `y`.
fn all_axes<'a>(op: &'a Upsample, direction: Direction, x: &Shape, y: &Shape) -> [Axis<'a>; 3] {
    let (sources, targets) = (axes(x.spatial(), 1), axes(y.spatial(), 1));
    std::array::from_fn(|i| {
        let axis = (i + op.factor.len()).checked_sub(3);
        Axis { op, direction, axis, sources: sources[i], targets: targets[i] }
    })
}

/// Scratch memory of `upsample` and of its gradient: the weights, and a line of sources a thread.
pub fn workspace(op: &Op, x: &Shape, y: &Shape, threads: usize) -> usize {
    let axes = match op {
        Op::Upsample(op) => all_axes(op, Direction::Up, x, y),
        Op::UpsampleGrad(op) => all_axes(&op.upsample, Direction::Back, x, y),
        _ => return 0,
    };
    axes.iter().map(Axis::table).sum::<usize>() + threads * axes[2].sources * x.channels()
}

/// `upsample`.
pub fn upsample(op: &Upsample, call: Call<'_>) {
    let axes = all_axes(op, Direction::Up, call.shapes[0], call.shape);
    mix(&axes, call);
}

/// `upsample_grad`.
pub fn upsample_grad(op: &UpsampleGrad, call: Call<'_>) {
    let axes = all_axes(&op.upsample, Direction::Back, call.shapes[0], call.shape);
    mix(&axes, call);
}

/// Every target from its sources.
fn mix(axes: &[Axis<'_>; 3], call: Call<'_>) {
    let (first, rest) = call.memory.workspace.split_at_mut(axes[0].table());
    let (second, rest) = rest.split_at_mut(axes[1].table());
    let (third, lines) = rest.split_at_mut(axes[2].table());
    let mut tables = [first, second, third];
    axes.iter().zip(&mut tables).for_each(|(axis, table)| axis.fill(table));
    let tables = tables.map(|table| &*table);

    let (x, channels) = (call.memory.inputs[0], call.shape.channels().max(1));
    let (line, source_line) = ((axes[2].targets * channels).max(1), axes[2].sources * channels);
    let (size, vectors) = (chunk(line), call.team.vectors());
    let tasks = call.memory.output.chunks_mut(size).enumerate();
    call.team.each(tasks, lines, source_line, |(task, piece), mixed| {
        for (i, y) in piece.chunks_exact_mut(line).enumerate() {
            let (rest, second) =
                ((task * size / line + i) / axes[1].targets, (task * size / line + i) % axes[1].targets);
            let (image, first) = (rest / axes[0].targets, rest % axes[0].targets);
            // First the lines that this one lies between, then along the mixed line.
            let mut lines = sources(&axes[0], tables[0], first).flat_map(|(a, weight)| {
                let inner = sources(&axes[1], tables[1], second);
                inner.map(move |(b, inner)| ((image * axes[0].sources + a) * axes[1].sources + b, weight * inner))
            });
            let line_of_x = |line: usize| &x[line * source_line..(line + 1) * source_line];
            let between = match (lines.next(), lines.next()) {
                (Some((line, 1.0)), None) => line_of_x(line),
                (first, second) => {
                    mixed.fill(0.0);
                    let lines = first.into_iter().chain(second).chain(lines);
                    lines.for_each(|(line, weight)| add(vectors, weight, line_of_x(line), mixed));
                    &*mixed
                }
            };
            mix_line(vectors, (&axes[2], tables[2]), between, y, channels);
        }
    });
}

/// The sources of a target, with their weights; those of weight 0 left out.
#[inline(always)]
fn sources(axis: &Axis<'_>, table: &[f32], target: usize) -> impl Iterator<Item = (usize, f32)> {
    let (first, width) = (axis.first(target), axis.width());
    let weights = table[target * width..(target + 1) * width].iter().enumerate();
    weights.filter(|(_, weight)| **weight != 0.0).map(move |(k, &weight)| (first + k, weight))
}

/// `y += weight · x`.
fn add(vectors: Vectors, weight: f32, x: &[f32], y: &mut [f32]) {
    vectors.run(
        #[inline(always)]
        || y.iter_mut().zip(x).for_each(|(y, x)| *y += weight * x),
    );
}

/// The line y from the line x, along the last axis. Every target has a source.
fn mix_line(vectors: Vectors, (axis, table): (&Axis<'_>, &[f32]), x: &[f32], y: &mut [f32], channels: usize) {
    vectors.run(
        #[inline(always)]
        || {
            for (target, y) in y.chunks_exact_mut(channels).enumerate() {
                for (i, (source, weight)) in sources(axis, table, target).enumerate() {
                    let x = x[source * channels..(source + 1) * channels].iter();
                    match i {
                        0 => y.iter_mut().zip(x).for_each(|(y, x)| *y = weight * x),
                        _ => y.iter_mut().zip(x).for_each(|(y, x)| *y += weight * x),
                    }
                }
            }
        },
    );
}
