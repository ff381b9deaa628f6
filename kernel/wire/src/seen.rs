//! The signatures of the messages that came.

use std::collections::HashSet;

/// How many signatures are remembered at least; twice as many at most, in some 20 MB. Somebody who types without a pause
/// has a completion asked for at each key, and comes so far in half a day.
const ROOM: usize = 1 << 18;

/// The newest signatures. Jupyter's own sessions remember 65,536 of them in the same way.
pub struct Seen {
    newer: HashSet<u128>,
    older: HashSet<u128>,
    room: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Seen {
    fn with_room(room: usize) -> Self {
        Self { newer: HashSet::new(), older: HashSet::new(), room }
    }

    /// Whether a signature, which has been found right, comes for the first time.
    pub fn is_new(&mut self, signature: &[u8]) -> bool {
        let Some(number) = number(signature) else { return false };
        if self.older.contains(&number) || !self.newer.insert(number) {
            return false;
        }
        if self.newer.len() == self.room {
            self.older = std::mem::take(&mut self.newer);
        }
        true
    }
}

/// Half of a signature, which tells it from all others as well as the whole; its digits in either case.
fn number(signature: &[u8]) -> Option<u128> {
    u128::from_str_radix(std::str::from_utf8(signature.get(..32)?).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(number: u32) -> Vec<u8> {
        format!("{number:064x}").into_bytes().into_iter().rev().collect()
    }

    #[test]
    fn the_newest_are_remembered_and_the_oldest_make_room() {
        let mut seen = Seen::with_room(10);
        for number in 0..1000 {
            assert!(seen.is_new(&signature(number)), "{number}");
            for old in number.saturating_sub(9)..=number {
                assert!(!seen.is_new(&signature(old)), "{old} behind {number}");
            }
            assert!(seen.newer.len() < 10 && seen.older.len() <= 10);
        }
        assert!(seen.is_new(&signature(0)), "it is long ago");
    }
}
