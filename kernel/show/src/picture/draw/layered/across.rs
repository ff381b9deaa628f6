//! Where boxes stand across: chains straight below each other, forks and joins in the middle of their branches, none nearer
//! to another than the gap.
//!
//! Vertices that are to stand below each other form a column with one place, as in U. Brandes and B. Köpf, "Fast and simple
//! horizontal coordinate assignment", Graph Drawing 2001; columns then move towards what they are connected with as far as
//! their neighbours let them.

use super::{Gaps, Piece, Vertex};

/// So often all columns move.
const PASSES: usize = 40;

/// A graph's vertices in their ranks.
pub(super) struct Ranked<'a> {
    pub vertices: &'a [Vertex],
    pub pieces: &'a [Piece],
    /// The vertices of each rank, from left to right.
    pub places: &'a [Vec<usize>],
    pub gaps: Gaps,
}

/// Columns of vertices.
struct Columns {
    /// The column of each vertex.
    of: Vec<usize>,
    /// For each column, those right at its left, and how far apart they are.
    left: Vec<Vec<(usize, f64)>>,
    /// The same at its right.
    right: Vec<Vec<(usize, f64)>>,
    /// For each column, those that it is connected with, and how strongly.
    near: Vec<Vec<(usize, f64)>>,
    /// Columns from left to right.
    order: Vec<usize>,
}

/// The middle of each vertex.
pub(super) fn across(ranked: &Ranked<'_>) -> Vec<f64> {
    let columns = Columns::new(ranked);
    let (mut low, mut high) = (columns.packed_left(), columns.packed_right());
    columns.settle(&mut low);
    columns.settle(&mut high);
    // The mean of two that keep all gaps keeps them, too.
    columns.of.iter().map(|&column| (low[column] + high[column]) / 2.0).collect()
}

impl Ranked<'_> {
    /// How far apart the middles of two neighbours are at least.
    fn apart(&self, left: usize, right: usize) -> f64 {
        let (left, right) = (self.vertices[left], self.vertices[right]);
        let gap = if left.is_box && right.is_box { self.gaps.across } else { self.gaps.past };
        (left.width + right.width) / 2.0 + gap
    }

    /// The column of each vertex: straight pieces join their ends, where they do not cross another one's.
    fn columns(&self) -> Vec<usize> {
        let mut place = vec![0; self.vertices.len()];
        self.places.iter().for_each(|rank| rank.iter().enumerate().for_each(|(number, &at)| place[at] = number));
        let mut column: Vec<usize> = (0..self.vertices.len()).collect();
        let mut straight: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.places.len()];
        let mut has_below = vec![false; self.vertices.len()];
        let mut has_above = has_below.clone();
        let mut pieces: Vec<&Piece> = self.pieces.iter().filter(|piece| piece.is_straight).collect();
        // A column goes on from the one above.
        pieces.sort_by_key(|piece| self.vertices[piece.from].rank);
        for piece in pieces {
            let (from, to) = (place[piece.from], place[piece.to]);
            let known = &mut straight[self.vertices[piece.from].rank];
            let crosses = |&(above, below): &(usize, usize)| (above < from) != (below < to);
            if has_below[piece.from] || has_above[piece.to] || known.iter().any(crosses) {
                continue;
            }
            known.push((from, to));
            has_below[piece.from] = true;
            has_above[piece.to] = true;
            column[piece.to] = column[piece.from];
        }
        column
    }
}

impl Columns {
    fn new(ranked: &Ranked<'_>) -> Self {
        let of = ranked.columns();
        let count = of.len();
        let (mut left, mut right, mut near) =
            (vec![Vec::new(); count], vec![Vec::new(); count], vec![Vec::new(); count]);
        for pair in ranked.places.iter().flat_map(|rank| rank.windows(2)) {
            let apart = ranked.apart(pair[0], pair[1]);
            right[of[pair[0]]].push((of[pair[1]], apart));
            left[of[pair[1]]].push((of[pair[0]], apart));
        }
        for piece in ranked.pieces {
            let (from, to) = (of[piece.from], of[piece.to]);
            if from != to {
                near[from].push((to, piece.pull));
                near[to].push((from, piece.pull));
            }
        }
        let order = order(&of, &left, &right);
        Self { of, left, right, near, order }
    }

    /// Every column as far to the left as gaps allow.
    fn packed_left(&self) -> Vec<f64> {
        let mut x = vec![0.0f64; self.of.len()];
        for &column in &self.order {
            let ends = self.left[column].iter().map(|&(other, apart)| x[other] + apart);
            x[column] = ends.fold(0.0, f64::max);
        }
        x
    }

    /// Every column as far to the right, none farther than the leftmost would take it.
    fn packed_right(&self) -> Vec<f64> {
        let widest = self.packed_left().into_iter().fold(0.0, f64::max);
        let mut x = vec![widest; self.of.len()];
        for &column in self.order.iter().rev() {
            let ends = self.right[column].iter().map(|&(other, apart)| x[other] - apart);
            x[column] = ends.fold(widest, f64::min);
        }
        x
    }

    /// Moves every column towards the middle of those that it is connected with.
    fn settle(&self, x: &mut [f64]) {
        for pass in 0..PASSES {
            let step = |number: usize| if pass % 2 == 0 { number } else { self.order.len() - 1 - number };
            for column in (0..self.order.len()).map(|number| self.order[step(number)]) {
                let weight: f64 = self.near[column].iter().map(|(_, pull)| pull).sum();
                if weight <= 0.0 {
                    continue;
                }
                let wanted = self.near[column].iter().map(|&(other, pull)| pull * x[other]).sum::<f64>() / weight;
                let low = self.left[column].iter().map(|&(other, apart)| x[other] + apart);
                let high = self.right[column].iter().map(|&(other, apart)| x[other] - apart);
                let (low, high) = (low.fold(f64::NEG_INFINITY, f64::max), high.fold(f64::INFINITY, f64::min));
                x[column] = wanted.min(high).max(low);
            }
        }
    }
}

/// Columns so that each stands behind those at its left.
fn order(of: &[usize], left: &[Vec<(usize, f64)>], right: &[Vec<(usize, f64)>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = left.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..of.len()).filter(|&column| of[column] == column && waiting[column] == 0).collect();
    let mut order = Vec::with_capacity(of.len());
    while let Some(column) = ready.pop() {
        order.push(column);
        for &(other, _) in &right[column] {
            waiting[other] -= 1;
            if waiting[other] == 0 {
                ready.push(other);
            }
        }
    }
    order
}

/// The left and the right end of all.
pub(super) fn extent(vertices: &[Vertex], middles: &[f64]) -> (f64, f64) {
    let ends = vertices.iter().zip(middles).map(|(vertex, x)| (x - vertex.width / 2.0, x + vertex.width / 2.0));
    ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(left, right), (from, to)| (left.min(from), right.max(to)))
}
