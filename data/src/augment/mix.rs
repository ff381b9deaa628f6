//! Samples mixed with each other: how much of each is kept, and the mixing.
//!
//! Source: H. Zhang, M. Cisse, Y. Dauphin and D. Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018
//! (arXiv:1710.09412). There the batch is mixed with itself in a random order; here with itself moved on by one, since its
//! order is random already: so no sample meets itself, and none is read twice. Each has a share of its own.

use fovea_graph::philox::{Purpose, Stream};

use super::Augment;

impl Augment {
    /// Whether samples are mixed with each other.
    pub fn mixes(&self) -> bool {
        self.mixup > 0.0
    }

    /// The share that each of a batch keeps of itself, as epoch `epoch` of a run by this seed draws it for these samples;
    /// nothing where none are mixed.
    pub fn shares(&self, seed: u64, epoch: u32, indices: &[usize]) -> Option<Vec<f32>> {
        let of = |index: usize| Stream::new(seed, Purpose::Mix, index as u32).at_step(epoch);
        self.mixes().then(|| indices.iter().map(|&index| beta(of(index), f64::from(self.mixup)) as f32).collect())
    }
}

/// Mixes rows of `size` numbers: each becomes its share of itself and the rest of the next, of the last the first.
pub fn blend(rows: &mut [f32], size: usize, shares: &[f32]) {
    let Some(first) = rows.get(..size).map(<[f32]>::to_vec).filter(|_| size > 0 && shares.len() > 1) else { return };
    for (n, &share) in shares.iter().enumerate() {
        let (own, next) = rows[n * size..].split_at_mut(size);
        let next = if n + 1 < shares.len() { &next[..size] } else { &first };
        own.iter_mut().zip(next).for_each(|(own, next)| *own = share * *own + (1.0 - share) * next);
    }
}

/// A number from the distribution Beta(α, α): one of two of the Gamma distribution over their sum (L. Devroye, "Non-uniform
/// random variate generation", Springer 1986, section IX.3).
fn beta(stream: Stream, alpha: f64) -> f64 {
    let mut at = 0;
    let [one, other] = [(), ()].map(|()| log_gamma(stream, &mut at, alpha));
    1.0 / (1.0 + (other - one).exp())
}

/// The logarithm of a number from the Gamma distribution of shape α, which may be too small for itself to be a number: one of
/// α + 1 (G. Marsaglia and W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000) times u^(1/α).
fn log_gamma(stream: Stream, at: &mut u64, alpha: f64) -> f64 {
    let d = alpha + 1.0 - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let above_0 = |word: u32| (f64::from(word) + 1.0) / 4_294_967_296.0;
    loop {
        // Two of a block's words make the normal number, the others two uniform ones.
        let (x, [.., u, boost]) = (stream.normal(2 * *at), stream.words(*at));
        *at += 1;
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && above_0(u).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return (d * v).ln() + above_0(boost).ln() / alpha;
        }
    }
}
