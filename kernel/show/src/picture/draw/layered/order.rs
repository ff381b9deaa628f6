//! The order of boxes in their ranks, so that few links cross.

use super::{Piece, Vertex};

/// Sweeps down and up; the best order of all is kept.
const SWEEPS: usize = 12;

/// Who is connected with each vertex.
struct Neighbours {
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
}

/// The vertices of each rank, from left to right.
pub(super) fn places(vertices: &[Vertex], pieces: &[Piece], ranks: usize) -> Vec<Vec<usize>> {
    let mut near = Neighbours { above: vec![Vec::new(); vertices.len()], below: vec![Vec::new(); vertices.len()] };
    for piece in pieces {
        near.above[piece.to].push(piece.from);
        near.below[piece.from].push(piece.to);
    }
    let mut order: Vec<Vec<usize>> = vec![Vec::new(); ranks];
    // As the text has them; what goes around stands at the right.
    (0..vertices.len()).for_each(|at| order[vertices[at].rank].push(at));
    let mut best = (crossings(&order, &near, vertices.len()), order.clone());
    for sweep in 0..SWEEPS {
        if best.0 == 0 {
            break;
        }
        let is_down = sweep % 2 == 0;
        for step in 1..ranks {
            let rank = if is_down { step } else { ranks - 1 - step };
            let fixed = if is_down { rank - 1 } else { rank + 1 };
            let beside = if is_down { &near.above } else { &near.below };
            sort(&mut order, rank, fixed, beside, vertices.len());
        }
        let found = crossings(&order, &near, vertices.len());
        if found < best.0 {
            best = (found, order.clone());
        }
    }
    best.1
}

/// Orders a rank by the middles of what its vertices are connected with in the fixed one.
fn sort(order: &mut [Vec<usize>], rank: usize, fixed: usize, beside: &[Vec<usize>], count: usize) {
    let place = inverse(&order[fixed], count);
    let old = inverse(&order[rank], count);
    let middle = |at: usize| {
        let places: Vec<f64> = beside[at].iter().map(|&other| place[other] as f64).collect();
        if places.is_empty() { old[at] as f64 } else { places.iter().sum::<f64>() / places.len() as f64 }
    };
    let mut keyed: Vec<(f64, usize, usize)> = order[rank].iter().map(|&at| (middle(at), old[at], at)).collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    order[rank] = keyed.into_iter().map(|(_, _, at)| at).collect();
}

fn inverse(rank: &[usize], count: usize) -> Vec<usize> {
    let mut place = vec![0; count];
    rank.iter().enumerate().for_each(|(number, &at)| place[at] = number);
    place
}

/// How many pairs of links cross: inversions among the lower ends of each rank's links, counted in a tree of sums
/// (W. Barth, M. Jünger, P. Mutzel, "Simple and efficient bilayer cross counting", 2002).
fn crossings(order: &[Vec<usize>], near: &Neighbours, count: usize) -> usize {
    let mut crossings = 0;
    for ranks in order.windows(2) {
        let place = inverse(&ranks[1], count);
        let mut sums = vec![0usize; ranks[1].len() + 1];
        for &from in &ranks[0] {
            let mut ends: Vec<usize> = near.below[from].iter().map(|&to| place[to]).collect();
            ends.sort_unstable();
            // Those that end farther to the right, of links that begin farther to the left.
            crossings += ends.iter().map(|&end| sum(&sums, ranks[1].len()) - sum(&sums, end + 1)).sum::<usize>();
            ends.iter().for_each(|&end| add(&mut sums, end + 1));
        }
    }
    crossings
}

fn sum(sums: &[usize], mut at: usize) -> usize {
    let mut total = 0;
    while at > 0 {
        total += sums[at];
        at -= at & at.wrapping_neg();
    }
    total
}

fn add(sums: &mut [usize], mut at: usize) {
    while at < sums.len() {
        sums[at] += 1;
        at += at & at.wrapping_neg();
    }
}
