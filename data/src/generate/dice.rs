//! Random choices of one sample, drawn one after the other.

use fovea_graph::philox::{Purpose, Stream};

/// Random numbers of a [`Stream`], drawn one after the other: of a sample, say.
#[derive(Debug)]
pub struct Dice {
    stream: Stream,
    /// How many blocks of the stream are used up.
    drawn: u64,
}

impl Dice {
    /// Those of a stream, from its beginning.
    pub fn of(stream: Stream) -> Self {
        Self { stream, drawn: 0 }
    }

    /// Those of sample `index` of the `kind`-th generated data.
    pub fn new(seed: u64, kind: u32, index: u32) -> Self {
        Self::of(Stream::new(seed, Purpose::Data, index).at_step(kind))
    }

    fn next(&mut self) -> [u32; 4] {
        self.drawn += 1;
        self.stream.words(self.drawn - 1)
    }

    /// A number in `low..high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        // 24 bits are what an f32 holds.
        low + (high - low) * ((self.next()[0] >> 8) as f32 / 16_777_216.0)
    }

    /// One of `0..n`; `n` is not 0.
    pub fn below(&mut self, n: usize) -> usize {
        self.drawn += 1;
        self.stream.below(self.drawn - 1, n as u64) as usize
    }

    /// One of some things, of which there is at least one.
    pub fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// Four numbers of mean 0 and deviation 1: sums of four bytes each, which are near enough to normal for noise.
    pub fn noise(&mut self) -> [f32; 4] {
        // A byte has variance (256² − 1)/12; four of them a deviation of 147.8.
        self.next().map(|word| (word.to_le_bytes().into_iter().map(f32::from).sum::<f32>() - 510.0) / 147.8)
    }
}
