//! Classes at every position of a picture: the likeliest, their shares, and how they cover the true ones.

use fovea_graph::Tensor;
use fovea_train::figures::Counts;
use ndarray::{ArrayView1, Axis};

use crate::display::number::percent;

/// How many classes of a map are named.
const NAMED: usize = 5;

/// The likeliest class at each position, row by row, of probabilities `[N, H, W, K]`; the earlier of equal ones.
pub fn likeliest(probabilities: &Tensor) -> Vec<Vec<u32>> {
    let likeliest = |row: ArrayView1<'_, f32>| {
        let better = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
        (0..row.len()).fold(0, better) as u32
    };
    probabilities.axis_iter(Axis(0)).map(|map| map.rows().into_iter().map(likeliest).collect()).collect()
}

/// How much of a map each of `classes` has.
pub fn shares(map: &[u32], classes: usize) -> Vec<f64> {
    let mut counts = vec![0usize; classes];
    for &class in map {
        if let Some(count) = counts.get_mut(class as usize) {
            *count += 1;
        }
    }
    counts.iter().map(|&count| count as f64 / map.len().max(1) as f64).collect()
}

/// `sky 40 %, water 31 %`: how much of a map each class has, the largest share first, five at most.
pub fn in_words(map: &[u32], classes: &[String]) -> String {
    let shares = shares(map, classes.len());
    let mut largest: Vec<usize> = (0..shares.len()).filter(|&class| shares[class] > 0.0).collect();
    largest.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
    let named = largest.iter().take(NAMED).map(|&class| format!("{} {}", classes[class], percent(shares[class])));
    named.collect::<Vec<_>>().join(", ")
}

/// Adds to each class's counts what is told of the positions of a map whose true classes are known; a true one beyond the
/// classes counts for nothing.
pub fn count(counts: &mut [Counts], truth: &[u32], told: &[u32]) {
    for (&truth, &told) in truth.iter().zip(told) {
        let [truth, told] = [truth, told].map(|class| class as usize);
        if truth >= counts.len() || told >= counts.len() {
            continue;
        }
        counts[truth].truly += 1;
        counts[told].told += 1;
        counts[truth].both += u64::from(truth == told);
    }
}

/// A map of another size, each position that of the nearest: `from` and `to` are rows and columns.
pub fn spread(map: &[u32], from: [usize; 2], to: [usize; 2]) -> Vec<u32> {
    let place = |at: usize, axis: usize| (at * from[axis] / to[axis].max(1)).min(from[axis].saturating_sub(1));
    let row = |y: usize| (0..to[1]).map(move |x| map[place(y, 0) * from[1] + place(x, 1)]);
    (0..to[0]).flat_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_counted_and_spread() {
        assert_eq!(spread(&[1, 2, 3, 4], [2, 2], [2, 4]), [1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(spread(&[1, 2, 3, 4], [2, 2], [3, 1]), [1, 1, 3]);
        assert_eq!(shares(&[0, 2, 2, 9], 3), [0.25, 0.0, 0.5]);
        let mut counts = vec![Counts::default(); 2];
        count(&mut counts, &[0, 0, 1, 255], &[0, 1, 1, 0]);
        let iou: Vec<Option<f64>> = counts.iter().map(|counts| counts.figures().iou).collect();
        assert_eq!(iou, [Some(0.5), Some(0.5)]);
    }
}
