//! Who is near whom, and how often the neighbours tell a class right.

use fovea_graph::{Interrupted, Stop};
use ndarray::{Array2, s};

use super::Point;

/// So many neighbours vote.
pub const VOTES: usize = 5;

/// Numbers that one product goes over between two looks at whether to end.
const BLOCK: usize = 1 << 22;

/// Shows each row's squared distances from all rows, its own 0 among them, to `look`.
pub(super) fn each(
    rows: &Array2<f64>,
    stop: &dyn Stop,
    mut look: impl FnMut(usize, &[f64]) -> Result<(), Interrupted>,
) -> Result<(), Interrupted> {
    let (count, size) = rows.dim();
    let squares: Vec<f64> = rows.outer_iter().map(|row| row.dot(&row)).collect();
    let block = (BLOCK / (count * size).max(1)).max(1);
    for first in (0..count).step_by(block) {
        stop.go_on()?;
        let products = rows.slice(s![first..(first + block).min(count), ..]).dot(&rows.t());
        for (i, products) in (first..).zip(products.outer_iter()) {
            stop.go_on()?;
            let distance = |(j, product): (usize, &f64)| {
                if i == j { 0.0 } else { (squares[i] + squares[j] - 2.0 * product).max(0.0) }
            };
            let distances: Vec<f64> = products.iter().enumerate().map(distance).collect();
            look(i, &distances)?;
        }
    }
    Ok(())
}

/// The places of the `count` smallest distances but that of `own`, the smallest first and the earlier of equal ones.
pub(super) fn smallest(distances: &[f64], own: usize, count: usize) -> Vec<u32> {
    let mut places: Vec<u32> = (0..distances.len() as u32).filter(|&place| place as usize != own).collect();
    let by_distance =
        |a: &u32, b: &u32| distances[*a as usize].total_cmp(&distances[*b as usize]).then_with(|| a.cmp(b));
    if count < places.len() {
        places.select_nth_unstable_by(count, by_distance);
        places.truncate(count);
    }
    places.sort_unstable_by(by_distance);
    places
}

/// The nearest rows of each.
pub(super) fn nearest(rows: &Array2<f64>, count: usize, stop: &dyn Stop) -> Result<Vec<Vec<u32>>, Interrupted> {
    let mut all = Vec::with_capacity(rows.nrows());
    each(rows, stop, |i, distances| {
        all.push(smallest(distances, i, count));
        Ok(())
    })?;
    Ok(all)
}

/// The `count` nearest points of each, the nearest first. They are looked for along the first axis, so that many points
/// take no time that anybody would notice.
pub fn nearest_in_plane(points: &[Point], count: usize) -> Vec<Vec<u32>> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_unstable_by(|&a, &b| points[a][0].total_cmp(&points[b][0]).then(a.cmp(&b)));
    let mut all = vec![Vec::new(); points.len()];
    for (place, &own) in order.iter().enumerate() {
        let mut best: Vec<(f64, u32)> = Vec::with_capacity(count + 1);
        let mut take = |other: usize| {
            let (x, y) = (points[other][0] - points[own][0], points[other][1] - points[own][1]);
            if best.len() == count && best.last().is_some_and(|last| x * x > last.0) {
                return false;
            }
            let found = (x * x + y * y, other as u32);
            let at = best.partition_point(|known| (known.0, known.1) < found);
            best.insert(at, found);
            best.truncate(count);
            true
        };
        let (mut left, mut right) = (order[..place].iter().rev(), order[place + 1..].iter());
        let (mut goes_left, mut goes_right) = (true, true);
        while goes_left || goes_right {
            goes_left = goes_left && left.next().is_some_and(|&other| take(other));
            goes_right = goes_right && right.next().is_some_and(|&other| take(other));
        }
        all[own] = best.into_iter().map(|(_, other)| other).collect();
    }
    all
}

/// How often the [`VOTES`] nearest of a sample, itself left out, have its class more often than any other; of equal votes the
/// class of the smaller number has it.
pub fn accuracy(nearest: &[Vec<u32>], labels: &[u32]) -> f64 {
    let told = |near: &Vec<u32>| {
        let mut votes: Vec<u32> = near.iter().take(VOTES).map(|&other| labels[other as usize]).collect();
        votes.sort_unstable();
        // The last of equal ones wins in `max_by_key`.
        votes.chunk_by(|a, b| a == b).rev().max_by_key(|same| same.len()).map(|same| same[0])
    };
    let right = nearest.iter().zip(labels).filter(|(near, label)| told(near) == Some(**label)).count();
    right as f64 / nearest.len().max(1) as f64
}
