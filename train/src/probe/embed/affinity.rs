//! How much codes belong together: each code's neighbourhood as a distribution of a given perplexity, joined.

use fovea_graph::{Interrupted, Stop};
use ndarray::Array2;

use super::neighbours::{each, smallest};

/// How near the perplexity's logarithm must be, and how often it is tried.
const CLOSE: f64 = 1e-10;
const TRIES: usize = 200;

/// The share of all belonging that each pair has; the shares of all ordered pairs sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Affinities {
    /// Where each code's row ends.
    ends: Vec<usize>,
    /// The others of each row, rising.
    others: Vec<u32>,
    shares: Vec<f64>,
}

impl Affinities {
    /// Of the rows' neighbourhoods: `p(i, j) = (p(j | i) + p(i | j)) / 2n` (van der Maaten and Hinton, section 3.1). Where it
    /// `is_exact` all others are neighbours, else the nearest, three times as many as the perplexity says (L. van der Maaten,
    /// "Accelerating t-SNE using tree-based algorithms", JMLR 15, 2014).
    ///
    /// # Errors
    /// An interrupt.
    pub fn of(rows: &Array2<f64>, perplexity: f64, is_exact: bool, stop: &dyn Stop) -> Result<Self, Interrupted> {
        let count = rows.nrows();
        let near = if is_exact { count } else { (3.0 * perplexity) as usize + 1 };
        let mut conditional: Vec<Vec<(u32, f64)>> = Vec::with_capacity(count);
        each(rows, stop, |i, distances| {
            let others: Vec<u32> = match near < count {
                true => smallest(distances, i, near),
                false => (0..count as u32).filter(|&other| other as usize != i).collect(),
            };
            let of_others: Vec<f64> = others.iter().map(|&other| distances[other as usize]).collect();
            let shares = neighbourhood(&of_others, perplexity);
            conditional.push(others.into_iter().zip(shares).collect());
            Ok(())
        })?;
        Self::joined(&conditional, stop)
    }

    /// Both directions of each pair, the same share in each.
    fn joined(conditional: &[Vec<(u32, f64)>], stop: &dyn Stop) -> Result<Self, Interrupted> {
        let count = conditional.len();
        let mut rows: Vec<Vec<(u32, f64)>> = conditional.to_vec();
        for (i, row) in conditional.iter().enumerate() {
            stop.go_on()?;
            row.iter().for_each(|&(j, share)| rows[j as usize].push((i as u32, share)));
        }
        let mut joined = Self { ends: Vec::with_capacity(count), others: Vec::new(), shares: Vec::new() };
        for row in &mut rows {
            stop.go_on()?;
            row.sort_by_key(|&(other, _)| other);
            for pair in row.chunk_by(|a, b| a.0 == b.0) {
                joined.others.push(pair[0].0);
                joined.shares.push(pair.iter().map(|&(_, share)| share).sum::<f64>() / (2 * count) as f64);
            }
            joined.ends.push(joined.others.len());
        }
        Ok(joined)
    }

    /// How many codes there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The others that a code belongs together with, and how much.
    pub fn row(&self, code: usize) -> impl Iterator<Item = (usize, f64)> {
        let first = if code == 0 { 0 } else { self.ends[code - 1] };
        self.pairs(first, self.ends[code])
    }

    /// Those behind it, so that each pair comes once.
    pub fn behind(&self, code: usize) -> impl Iterator<Item = (usize, f64)> {
        let first = if code == 0 { 0 } else { self.ends[code - 1] };
        let before = self.others[first..self.ends[code]].partition_point(|&other| other as usize <= code);
        self.pairs(first + before, self.ends[code])
    }

    fn pairs(&self, first: usize, end: usize) -> impl Iterator<Item = (usize, f64)> {
        let (others, shares) = (&self.others[first..end], &self.shares[first..end]);
        others.iter().zip(shares).map(|(&other, &share)| (other as usize, share))
    }
}

/// The neighbours' shares by their squared distances, `exp(−b·d) / Σ exp(−b·d)`, with the `b` at which their perplexity, the
/// exponential of their entropy, is this. It is found by halving.
pub(super) fn neighbourhood(distances: &[f64], perplexity: f64) -> Vec<f64> {
    let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let wanted = perplexity.ln();
    let (mut low, mut high): (f64, f64) = (0.0, f64::INFINITY);
    // Around the mean distance, whatever the codes' scale is.
    let mean = distances.iter().sum::<f64>() / distances.len().max(1) as f64 - nearest;
    let mut sharpness = if mean > 0.0 { 1.0 / mean } else { 1.0 };
    let mut shares = Vec::new();
    for _ in 0..TRIES {
        shares = distances.iter().map(|distance| (-sharpness * (distance - nearest)).exp()).collect();
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        let away: f64 = shares.iter().zip(distances).map(|(share, distance)| share * (distance - nearest)).sum();
        let entropy = sum.ln() + sharpness * away;
        if (entropy - wanted).abs() <= CLOSE {
            break;
        }
        if entropy > wanted {
            low = sharpness
        } else {
            high = sharpness
        }
        let next = if high.is_finite() { (low + high) / 2.0 } else { sharpness * 2.0 };
        // Neighbours at one distance have one perplexity at any sharpness.
        if !next.is_finite() || next == sharpness {
            break;
        }
        sharpness = next;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbourhood_has_the_perplexity_that_it_is_to_have() {
        let distances: Vec<f64> = (1..200).map(|i| f64::from(i * i % 197) * 3.7 + 1e4).collect();
        for perplexity in [1.5, 5.0, 30.0, 66.0] {
            let shares = neighbourhood(&distances, perplexity);
            let entropy: f64 = shares.iter().filter(|&&share| share > 0.0).map(|share| -share * share.ln()).sum();
            assert!((entropy.exp() - perplexity).abs() < 1e-6, "{perplexity}: {}", entropy.exp());
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // Whatever the scale.
        let far: Vec<f64> = distances.iter().map(|distance| distance * 1e12).collect();
        let (near, far) = (neighbourhood(&distances, 20.0), neighbourhood(&far, 20.0));
        assert!(near.iter().zip(&far).all(|(a, b)| (a - b).abs() < 1e-9));
        // At one distance all are equally near.
        assert!(neighbourhood(&[4.0; 8], 2.0).iter().all(|&share| share == 0.125));
        assert!(neighbourhood(&[0.0; 8], 2.0).iter().all(|&share| share == 0.125));
    }
}
