//! Counter-based random numbers: the same counter and key give the same bits on every device and thread.
//!
//! Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11
//! (Philox4x32-10).

/// Ten rounds of Philox 4×32: 128 random bits from a 128-bit counter and a 64-bit key.
pub fn philox4x32(counter: [u32; 4], key: u64) -> [u32; 4] {
    const M0: u64 = 0xD251_1F53;
    const M1: u64 = 0xCD9E_8D57;
    let mut c = counter;
    let mut k = [key as u32, (key >> 32) as u32];
    for _ in 0..10 {
        let p0 = M0 * u64::from(c[0]);
        let p1 = M1 * u64::from(c[2]);
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
        k = [k[0].wrapping_add(0x9E37_79B9), k[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

/// What a stream of random numbers is for; streams of different purposes never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// First values of a parameter; the index is the state's number.
    Init,
    /// The order of the training samples; the index is the epoch.
    Shuffle,
    /// Which elements dropout keeps; the index is the dropout layer's number.
    Dropout,
    /// Generated data; the index is the sample.
    Data,
    /// How a training sample is changed; the index is the sample, the step the epoch.
    Augment,
    /// Noise that a net is to take away; the index is the sample, the step the epoch.
    Noise,
    /// What a net that is trained is asked: searches and projections; what index and step are is theirs to say.
    Probe,
    /// How much of a sample is kept where two are mixed; the index is the sample, the step the epoch.
    Mix,
}

/// A stream of random numbers, addressed by position: no state, so nothing to save but its name.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    seed: u64,
    purpose: u32,
    index: u32,
    step: u32,
}

impl Stream {
    /// The stream of this `seed`, `purpose` and `index`.
    pub fn new(seed: u64, purpose: Purpose, index: u32) -> Self {
        Self { seed, purpose: purpose as u32, index, step: 0 }
    }

    /// The same stream at training step `step` (dropout draws anew at every step).
    pub fn at_step(self, step: u32) -> Self {
        Self { step, ..self }
    }

    /// Four words at position `block`.
    pub fn words(&self, block: u64) -> [u32; 4] {
        // The purpose shares a word with the block's upper half, which stays below 2^28.
        let high = (self.purpose << 28) | ((block >> 32) as u32 & 0x0FFF_FFFF);
        philox4x32([block as u32, high, self.index, self.step], self.seed)
    }

    /// The word at position `i`.
    pub fn word(&self, i: u64) -> u32 {
        self.words(i / 4)[(i % 4) as usize]
    }

    /// A number in 0..`n`, at position `i`; `n` must not be 0. The bias is below n/2^64.
    pub fn below(&self, i: u64, n: u64) -> u64 {
        let w = self.words(i);
        let wide = (u64::from(w[0]) << 32) | u64::from(w[1]);
        ((u128::from(wide) * u128::from(n)) >> 64) as u64
    }

    /// A number from the standard normal distribution, at position `i` (Box–Muller).
    pub fn normal(&self, i: u64) -> f64 {
        let w = self.words(i / 2);
        let (a, b) = if i.is_multiple_of(2) { (w[0], w[1]) } else { (w[2], w[3]) };
        let u = (f64::from(a) + 1.0) / 4_294_967_296.0;
        let v = f64::from(b) / 4_294_967_296.0;
        (-2.0 * u.ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
    }

    /// The numbers 0..n in a random order (Fisher–Yates).
    pub fn permutation(&self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i as u64, i as u64 + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers from the authors' Random123 distribution (`kat_vectors`, philox4x32 with 10 rounds).
    #[test]
    fn known_answers() {
        assert_eq!(philox4x32([0; 4], 0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox4x32([u32::MAX; 4], u64::MAX), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], 0x299f_31d0_a409_3822),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let s = Stream::new(1, Purpose::Init, 0);
        let n = 100_000;
        let xs: Vec<f64> = (0..n).map(|i| s.normal(i)).collect();
        let mean = xs.iter().sum::<f64>() / n as f64;
        let var = xs.iter().map(|x| x * x).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.02 && (var - 1.0).abs() < 0.02, "mean {mean}, variance {var}");
    }

    #[test]
    fn a_permutation_holds_each_number_once() {
        let mut p = Stream::new(7, Purpose::Shuffle, 3).permutation(1000);
        assert_ne!(p[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        p.sort_unstable();
        assert_eq!(p, (0..1000).collect::<Vec<_>>());
    }
}
