//! A tree of squares: points far away are taken together (J. Barnes and P. Hut, "A hierarchical O(N log N) force-calculation
//! algorithm", Nature 324, 1986).

use super::Point;

/// Points so near one another stay in one leaf: halving would never part them.
const DEEPEST: usize = 48;

/// A square, and the points in it.
#[derive(Clone, Debug)]
struct Square {
    middle: Point,
    half: f64,
    /// How many points it holds, and the mean of them.
    count: usize,
    mean: Point,
    /// The first of its four quarters; none of a leaf.
    quarters: Option<usize>,
}

/// Squares in squares, the whole first.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    squares: Vec<Square>,
}

impl Tree {
    /// The tree of some points, which are finite.
    pub fn of(points: &[Point]) -> Self {
        let end = |axis: usize, take: fn(f64, f64) -> f64, first: f64| {
            points.iter().map(|point| point[axis]).fold(first, take)
        };
        let low = [0, 1].map(|axis| end(axis, f64::min, f64::INFINITY));
        let high = [0, 1].map(|axis| end(axis, f64::max, f64::NEG_INFINITY));
        let half = (high[0] - low[0]).max(high[1] - low[1]) / 2.0;
        let middle = [0, 1].map(|axis| (low[axis] + high[axis]) / 2.0);
        let mut tree = Self { squares: Vec::with_capacity(2 * points.len()) };
        tree.squares.push(Square::empty(middle, half));
        points.iter().for_each(|&point| tree.add(point));
        tree
    }

    /// Puts a point into the squares that it lies in; a leaf that has another point already is quartered.
    fn add(&mut self, point: Point) {
        let mut at = 0;
        for depth in 0.. {
            let square = &mut self.squares[at];
            let (before, known) = (square.count, square.mean);
            square.take(point, 1);
            if before == 0 || depth == DEEPEST {
                return;
            }
            if square.quarters.is_none() {
                if known == point {
                    return;
                }
                let (middle, half, first) = (square.middle, square.half / 2.0, self.squares.len());
                self.squares[at].quarters = Some(first);
                for quarter in 0..4 {
                    let side = |axis: usize| if quarter >> axis & 1 == 1 { half } else { -half };
                    self.squares.push(Square::empty([middle[0] + side(0), middle[1] + side(1)], half));
                }
                let own = first + quarter_of(known, middle);
                self.squares[own].take(known, before);
            }
            let square = &self.squares[at];
            let Some(first) = square.quarters else { return };
            at = first + quarter_of(point, square.middle);
        }
    }

    /// Σ q² (y − other) and Σ q over all points but itself, where q = 1 / (1 + |y − other|²); a square whose side is less than
    /// `theta` times its distance counts as so many points at its mean.
    pub fn repulsion(&self, point: Point, theta: f64) -> (Point, f64) {
        let (mut force, mut sum) = ([0.0; 2], 0.0);
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let square = &self.squares[at];
            if square.count == 0 {
                continue;
            }
            let (x, y) = (point[0] - square.mean[0], point[1] - square.mean[1]);
            let distance = x * x + y * y;
            let side = 2.0 * square.half;
            match square.quarters {
                Some(first) if side * side >= theta * theta * distance => open.extend(first..first + 4),
                _ => {
                    let near = 1.0 / (1.0 + distance);
                    let all = square.count as f64 * near;
                    sum += all;
                    force = [force[0] + all * near * x, force[1] + all * near * y];
                }
            }
        }
        // The point itself, at distance 0, is among them.
        (force, sum - 1.0)
    }
}

impl Square {
    fn empty(middle: Point, half: f64) -> Self {
        Self { middle, half, count: 0, mean: [0.0; 2], quarters: None }
    }

    /// Takes in so many points at one place.
    fn take(&mut self, point: Point, count: usize) {
        self.count += count;
        let share = count as f64 / self.count as f64;
        self.mean = [0, 1].map(|axis| self.mean[axis] + (point[axis] - self.mean[axis]) * share);
    }
}

/// Which quarter around the middle a point lies in.
fn quarter_of(point: Point, middle: Point) -> usize {
    usize::from(point[0] > middle[0]) + 2 * usize::from(point[1] > middle[1])
}
