//! Slots of one arena for values that live at different times.
//!
//! Source: Y. Pisarchyk and J. Lee, "Efficient memory management for deep neural net inference", arXiv:2001.03288
//! (greedy by size).

use super::{ALIGN, Slot};

/// When a value is written and last read, in step numbers, and how many elements it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub birth: usize,
    pub death: usize,
    pub len: usize,
}

/// A value that has its place; all that the search for the next one's reads, together in memory.
#[derive(Clone, Copy)]
struct Placed {
    offset: usize,
    /// Where the next slot may begin.
    end: usize,
    birth: u32,
    death: u32,
}

/// A slot for each value, no two of which overlap while both live; and the arena's size.
pub(super) fn assign(values: &[Lifetime]) -> (Vec<Slot>, usize) {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(values[i].len), i));
    let mut slots = vec![Slot { offset: 0, len: 0 }; values.len()];
    // The placed ones, by offset. A step's number has 32 bits: a node's has.
    let mut placed: Vec<Placed> = Vec::with_capacity(values.len());
    let mut arena = 0;
    for i in order {
        let value = values[i];
        let (birth, death) = (value.birth as u32, value.death as u32);
        let mut offset = 0;
        for rival in &placed {
            if birth <= rival.death && rival.birth <= death {
                if rival.offset >= offset + value.len {
                    break;
                }
                offset = offset.max(rival.end);
            }
        }
        slots[i] = Slot { offset, len: value.len };
        arena = arena.max(offset + value.len);
        if value.len > 0 {
            let at = placed.partition_point(|other| other.offset <= offset);
            placed.insert(at, Placed { offset, end: (offset + value.len).next_multiple_of(ALIGN), birth, death });
        }
    }
    (slots, arena)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_that_never_meet_share_memory() {
        let value = |birth, death| Lifetime { birth, death, len: 100 };
        let (slots, arena) = assign(&[value(0, 1), value(1, 2), value(2, 3), value(3, 4)]);
        assert_eq!(slots[0].offset, slots[2].offset);
        assert_eq!(arena, 112 + 100);
    }

    proptest! {
        #[test]
        fn no_two_living_values_overlap(
            raw in prop::collection::vec((0usize..40, 0usize..10, 0usize..500), 1..80),
        ) {
            let values: Vec<Lifetime> =
                raw.iter().map(|&(birth, more, len)| Lifetime { birth, death: birth + more, len }).collect();
            let (slots, arena) = assign(&values);
            for i in 0..values.len() {
                prop_assert!(slots[i].offset + slots[i].len <= arena && slots[i].offset % ALIGN == 0);
                prop_assert_eq!(slots[i].len, values[i].len);
                for j in 0..i {
                    let (a, b) = (values[i], values[j]);
                    let together = a.birth <= b.death && b.birth <= a.death && a.len > 0 && b.len > 0;
                    prop_assert!(!(together && slots[i].overlaps(slots[j])), "{i} and {j}");
                }
            }
        }
    }
}
