//! Slots of one arena for values that live at different times.
//!
//! Source: Y. Pisarchyk and J. Lee, "Efficient memory management for deep neural net inference", arXiv:2001.03288
//! (greedy by size).

use super::occupied::Occupied;
use super::{ALIGN, Slot};
use crate::stop::{Interrupted, Stop};

/// When a value is written and last read, in step numbers, and how many bytes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub birth: usize,
    pub death: usize,
    pub len: usize,
}

/// What is taken at each span of time: a segment tree whose leaves are steps (M. de Berg et al., "Computational Geometry",
/// 3rd ed., 10.3), so that a search looks at few ranges, however many values live.
struct Taken {
    /// How many leaves there are, a power of two; a node `n` has the children `2n` and `2n + 1`, the root is 1.
    leaves: usize,
    /// By node but for the leaves: what of the arena is taken at all of its steps by values that live at all of them and
    /// have no node above. Behind them, by node: what is taken at any of its steps.
    lines: Vec<Occupied>,
    /// The nodes of the value that is being placed: the fewest whose steps are its lifetime.
    cover: Vec<usize>,
    /// The nodes above those.
    above: Vec<usize>,
    /// The lines that say what is taken while it lives, but for those where nothing is, each with the range that the search
    /// has come to.
    met: Vec<(usize, usize)>,
    /// How many ranges were passed over so far.
    passed: usize,
}

impl Taken {
    fn new(steps: usize) -> Self {
        let leaves = steps.next_power_of_two();
        let lines = vec![Occupied::default(); 3 * leaves];
        Self { leaves, lines, cover: Vec::new(), above: Vec::new(), met: Vec::new(), passed: 0 }
    }

    /// Gives a value the lowest offset at which it meets no other.
    fn place(&mut self, value: &Lifetime) -> usize {
        self.look_up(value.birth + self.leaves, value.death + 1 + self.leaves);
        let offset = self.fit(value.len);
        let end = (offset + value.len).next_multiple_of(ALIGN);
        let leaves = self.leaves;
        for &node in self.cover.iter().filter(|&&node| node < leaves) {
            self.lines[node].take(offset, end);
        }
        for &node in self.cover.iter().chain(&self.above) {
            self.lines[leaves + node].take(offset, end);
        }
        offset
    }

    /// Finds the nodes of the leaves `low..high`.
    fn look_up(&mut self, mut low: usize, mut high: usize) {
        self.cover.clear();
        self.above.clear();
        // A node is above where it reaches over one of the two ends.
        let (first, last) = (low, high - 1);
        for level in 1..=self.leaves.ilog2() {
            let (left, right) = (first >> level, last >> level);
            let reaches_left = left << level != first;
            if reaches_left {
                self.above.push(left);
            }
            if (right + 1) << level != high && !(reaches_left && left == right) {
                self.above.push(right);
            }
        }
        while low < high {
            if low % 2 == 1 {
                self.cover.push(low);
                low += 1;
            }
            if high % 2 == 1 {
                high -= 1;
                self.cover.push(high);
            }
            (low, high) = (low / 2, high / 2);
        }
    }

    /// The lowest offset at which `len` bytes are free at all steps of the nodes that were looked up.
    fn fit(&mut self, len: usize) -> usize {
        let any = self.cover.iter().map(|&node| self.leaves + node);
        self.met.clear();
        let taken = self.above.iter().copied().chain(any).filter(|&line| !self.lines[line].is_empty());
        self.met.extend(taken.map(|line| (line, 0)));
        let (mut offset, mut agreed, mut asked) = (0, 0, 0);
        // Until as many in turn as there are have it free.
        while agreed < self.met.len() {
            let (line, next) = &mut self.met[asked];
            let free = self.lines[*line].fit(next, offset, len, &mut self.passed);
            agreed = if free == offset { agreed + 1 } else { 1 };
            offset = free;
            asked = (asked + 1) % self.met.len();
        }
        offset
    }
}

/// Where values lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arena {
    /// A slot for each value, no two of which overlap while both live.
    pub slots: Vec<Slot>,
    /// The arena's size.
    pub size: usize,
    /// How many taken ranges the searches passed over: the work it took.
    pub passed: usize,
}

/// Places the values, the largest first, each as low as it fits, unless `stop` ends it.
pub(super) fn assign(values: &[Lifetime], stop: &dyn Stop) -> Result<Arena, Interrupted> {
    // Values without bytes stay at the beginning: they meet nobody.
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| values[i].len > 0).collect();
    order.sort_unstable_by_key(|&i| (std::cmp::Reverse(values[i].len), i));
    let mut slots = vec![Slot { offset: 0, len: 0 }; values.len()];
    let mut taken = Taken::new(values.iter().map(|value| value.death + 1).max().unwrap_or(0));
    let mut size = 0;
    for i in order {
        stop.go_on()?;
        let value = values[i];
        let offset = taken.place(&value);
        slots[i] = Slot { offset, len: value.len };
        size = size.max(offset + value.len);
    }
    Ok(Arena { slots, size, passed: taken.passed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::{At, Never};
    use proptest::prelude::*;

    fn arena(values: &[Lifetime]) -> Arena {
        assign(values, &Never).expect("nothing ends it")
    }

    /// The same places, found by looking at every value that has one.
    fn one_by_one(values: &[Lifetime]) -> Vec<Slot> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(values[i].len), i));
        let mut slots = vec![Slot { offset: 0, len: 0 }; values.len()];
        let mut placed: Vec<usize> = Vec::new();
        for i in order.into_iter().filter(|&i| values[i].len > 0) {
            let (value, mut offset) = (values[i], 0);
            placed.sort_by_key(|&j| slots[j].offset);
            for &j in placed.iter().filter(|&&j| value.birth <= values[j].death && values[j].birth <= value.death) {
                if offset + value.len <= slots[j].offset {
                    break;
                }
                offset = offset.max((slots[j].offset + slots[j].len).next_multiple_of(ALIGN));
            }
            slots[i] = Slot { offset, len: value.len };
            placed.push(i);
        }
        slots
    }

    #[test]
    fn values_that_never_meet_share_memory() {
        let value = |birth, death| Lifetime { birth, death, len: 100 };
        let Arena { slots, size, .. } = arena(&[value(0, 1), value(1, 2), value(2, 3), value(3, 4)]);
        assert_eq!(slots[0].offset, slots[2].offset);
        assert_eq!(size, 128 + 100);
    }

    /// The lifetimes of a chain in training: what a layer gives lives until its gradient; gradients live for a step.
    fn chain(layers: usize) -> Vec<Lifetime> {
        let len = |layer: usize| 100 + layer * 7 % 60;
        let kept = |layer| Lifetime { birth: layer, death: 2 * layers - layer, len: len(layer) };
        let gradient = |layer| Lifetime { birth: 2 * layers - layer - 1, death: 2 * layers - layer, len: len(layer) };
        (0..layers).map(kept).chain((0..layers).map(gradient)).collect()
    }

    #[test]
    fn the_work_grows_as_the_net_does() {
        let [small, large] = [2_000, 16_000].map(|layers| arena(&chain(layers)).passed);
        // Eight times the net; n log n would be 11 times the work, n² 64 times.
        assert!(large < 12 * small, "{small} for 2,000 layers, {large} for 16,000");
        assert!(large < 100 * 32_000, "{large}");
    }

    #[test]
    fn it_ends_where_it_is_told_to() {
        let stop = At::look(10);
        assert_eq!(assign(&chain(1_000), &stop), Err(Interrupted));
        assert_eq!(stop.asked(), 11);
    }

    proptest! {
        #[test]
        fn no_two_living_values_overlap(
            raw in prop::collection::vec((0usize..40, 0usize..10, 0usize..500), 1..80),
        ) {
            let values: Vec<Lifetime> =
                raw.iter().map(|&(birth, more, len)| Lifetime { birth, death: birth + more, len }).collect();
            let Arena { slots, size, .. } = arena(&values);
            prop_assert_eq!(&slots, &one_by_one(&values));
            for i in 0..values.len() {
                prop_assert!(slots[i].offset + slots[i].len <= size && slots[i].offset % ALIGN == 0);
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
