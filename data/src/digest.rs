//! A digest that tells accidents apart.

/// The Fowler–Noll–Vo hash (FNV-1a, 64 bits), taken a word at a time: it tells accidents apart, not attacks.
#[derive(Clone, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Digest {
    /// Takes words in.
    pub fn words(&mut self, words: impl IntoIterator<Item = u64>) {
        for word in words {
            self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01B3);
            // A product carries upwards only; this brings the upper bits back down.
            self.0 ^= self.0 >> 32;
        }
    }

    /// Takes a text in, and its end.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.words(bytes.iter().map(|&byte| u64::from(byte)));
        self.words([u64::MAX]);
    }

    /// What all of it gives.
    pub fn value(&self) -> u64 {
        self.0
    }
}
