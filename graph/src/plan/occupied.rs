//! What of a line is taken, as the fewest ranges that say it.

/// The taken elements: ranges in order, between any two of which something is free.
#[derive(Clone, Debug, Default)]
pub(super) struct Occupied {
    ranges: Vec<(usize, usize)>,
}

impl Occupied {
    /// The lowest offset from `offset` on at which `len` elements are free. Before range number `next` all end by `offset`, and
    /// afterwards all end by what is found: so far a search with ever larger offsets has come. Each range that is passed
    /// over counts in `passed`.
    pub fn fit(&self, next: &mut usize, mut offset: usize, len: usize, passed: &mut usize) -> usize {
        if self.ranges.get(*next).is_some_and(|&(_, end)| end <= offset) {
            *next += self.ranges[*next..].partition_point(|&(_, end)| end <= offset);
        }
        for &(start, end) in &self.ranges[*next..] {
            if offset + len <= start {
                break;
            }
            offset = end;
            *next += 1;
            *passed += 1;
        }
        offset
    }

    /// Whether nothing is taken.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Takes `start..end`; what of it is taken already may be.
    pub fn take(&mut self, mut start: usize, mut end: usize) {
        let first = self.ranges.partition_point(|&(_, before)| before < start);
        let behind = first + self.ranges[first..].partition_point(|&(from, _)| from <= end);
        if let Some(&(from, _)) = self.ranges[first..behind].first() {
            start = start.min(from);
        }
        if let Some(&(_, to)) = self.ranges[first..behind].last() {
            end = end.max(to);
        }
        if behind == first {
            self.ranges.insert(first, (start, end));
        } else {
            self.ranges[first] = (start, end);
            self.ranges.drain(first + 1..behind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_that_touch_become_one() {
        let mut line = Occupied::default();
        line.take(16, 32);
        line.take(64, 80);
        line.take(32, 48);
        assert_eq!(line.ranges, [(16, 48), (64, 80)]);
        assert_eq!(line.fit(&mut 0, 0, 16, &mut 0), 0);
        assert_eq!(line.fit(&mut 0, 0, 17, &mut 0), 80);
        assert_eq!(line.fit(&mut 0, 20, 16, &mut 0), 48);
        line.take(40, 70);
        assert_eq!(line.ranges, [(16, 80)]);
    }

    proptest! {
        #[test]
        fn a_line_says_what_an_array_of_elements_says(
            taken in prop::collection::vec((0usize..100, 1usize..10), 0..30), from in 0usize..100, len in 1usize..12,
        ) {
            let (mut line, mut elements) = (Occupied::default(), [false; 200]);
            for (start, len) in taken {
                line.take(start, start + len);
                elements[start..start + len].fill(true);
            }
            let first = (from..).find(|&at| !elements[at..at + len].contains(&true));
            prop_assert_eq!(Some(line.fit(&mut 0, from, len, &mut 0)), first);
            prop_assert!(line.ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }
}
