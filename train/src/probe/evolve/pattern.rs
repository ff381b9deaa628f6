//! The indirect encoding: a compositional pattern-producing network, a small graph of functions that grows, from a pixel's
//! place to its values.
//!
//! Source: K. Stanley, "Compositional pattern producing networks", Genetic Programming and Evolvable Machines 8 (2007).

use fovea_data::Dice;

/// What a pattern is drawn from at each pixel: its place along and down from -1 to 1, how far it is from the middle, and 1.
const GIVEN: usize = 4;

/// So many nodes a pattern has at most: each costs a look at every pixel.
const MOST_NODES: usize = 64;

/// What a node makes of its sum.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Function {
    Sine,
    Sigmoid,
    Gauss,
    Linear,
}

const FUNCTIONS: [Function; 4] = [Function::Sine, Function::Sigmoid, Function::Gauss, Function::Linear];

impl Function {
    fn of(self, sum: f32) -> f32 {
        match self {
            Self::Sine => sum.sin(),
            // Centred, so that a pattern may fall as well as rise.
            Self::Sigmoid => 2.0 / (1.0 + (-4.9 * sum).exp()) - 1.0,
            Self::Gauss => 2.0 * (-(2.5 * sum).powi(2)).exp() - 1.0,
            Self::Linear => sum.clamp(-1.0, 1.0),
        }
    }
}

/// A node, and what it sums: values that come before it, each with its weight.
#[derive(Clone, Debug, PartialEq)]
struct Node {
    function: Function,
    sums: Vec<(usize, f32)>,
}

/// A pattern: values are numbered, those that are given first, then the nodes in the order in which they are computed; the last
/// ones are the picture's channels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    nodes: Vec<Node>,
    channels: usize,
}

impl Pattern {
    /// The smallest ones: every channel is a function of what is given.
    pub fn random(channels: usize, dice: &mut Dice) -> Self {
        let node = |_| Node {
            function: dice.pick(&FUNCTIONS),
            sums: (0..GIVEN).map(|from| (from, dice.between(-3.0, 3.0))).collect(),
        };
        Self { nodes: (0..channels).map(node).collect(), channels }
    }

    /// The same with one to three random changes.
    pub fn changed(&self, dice: &mut Dice) -> Self {
        let mut pattern = self.clone();
        for _ in 0..=dice.below(3) {
            match dice.below(10) {
                0 => pattern.grow(dice),
                1 => pattern.join(dice),
                2 => {
                    let at = dice.below(pattern.nodes.len());
                    pattern.nodes[at].function = dice.pick(&FUNCTIONS);
                }
                _ => pattern.weigh(dice),
            }
        }
        pattern
    }

    /// Changes some weights of a node a little, seldom a lot.
    fn weigh(&mut self, dice: &mut Dice) {
        let at = dice.below(self.nodes.len());
        for (_, weight) in &mut self.nodes[at].sums {
            if dice.below(2) == 0 {
                let reach = if dice.below(5) == 0 { 2.0 } else { 0.4 };
                *weight = (*weight + reach * dice.noise()[0]).clamp(-16.0, 16.0);
            }
        }
    }

    /// A new node in the midst of a connection: at first it passes on about what went through there.
    fn grow(&mut self, dice: &mut Dice) {
        if self.nodes.len() >= MOST_NODES {
            return;
        }
        let at = dice.below(self.nodes.len());
        if self.nodes[at].sums.is_empty() {
            return;
        }
        let which = dice.below(self.nodes[at].sums.len());
        let from = self.nodes[at].sums[which].0;
        let new = Node { function: dice.pick(&FUNCTIONS), sums: vec![(from, 1.0)] };
        // It is computed right before the node that it is for: whatever stands behind moves on by one.
        let place = GIVEN + at;
        for node in &mut self.nodes[at..] {
            node.sums.iter_mut().filter(|(value, _)| *value >= place).for_each(|(value, _)| *value += 1);
        }
        self.nodes[at].sums[which].0 = place;
        self.nodes.insert(at, new);
    }

    /// A new connection from any value to a node behind it.
    fn join(&mut self, dice: &mut Dice) {
        let at = dice.below(self.nodes.len());
        let from = dice.below(GIVEN + at);
        match self.nodes[at].sums.iter_mut().find(|(value, _)| *value == from) {
            Some((_, weight)) => *weight = dice.between(-3.0, 3.0),
            None => self.nodes[at].sums.push((from, dice.between(-3.0, 3.0))),
        }
    }

    /// Writes its picture, `[H, W, C]`.
    pub fn draw(&self, [height, width, _]: [usize; 3], picture: &mut [f32]) {
        let mut values = vec![0.0; GIVEN + self.nodes.len()];
        let place = |at: usize, of: usize| (2.0 * at as f32 + 1.0) / of as f32 - 1.0;
        for (at, pixel) in picture.chunks_exact_mut(self.channels.max(1)).enumerate() {
            let (x, y) = (place(at % width, width), place(at / width, height));
            values[..GIVEN].copy_from_slice(&[x, y, x.hypot(y), 1.0]);
            for (node, number) in self.nodes.iter().zip(GIVEN..) {
                let sum = node.sums.iter().map(|&(from, weight)| values[from] * weight).sum();
                values[number] = node.function.of(sum);
            }
            let last = &values[values.len() - self.channels..];
            pixel.iter_mut().zip(last).for_each(|(value, &last)| *value = ((last + 1.0) / 2.0).clamp(0.0, 1.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fovea_graph::philox::{Purpose, Stream};

    fn dice() -> Dice {
        Dice::of(Stream::new(7, Purpose::Probe, 0))
    }

    #[test]
    fn every_value_comes_before_what_sums_it_however_a_pattern_grows() {
        let dice = &mut dice();
        for channels in [1, 3] {
            let mut pattern = Pattern::random(channels, dice);
            for _ in 0..2000 {
                pattern = pattern.changed(dice);
                let comes_before = |(at, node): (usize, &Node)| node.sums.iter().all(|(from, _)| *from < GIVEN + at);
                assert!(pattern.nodes.iter().enumerate().all(comes_before), "{pattern:?}");
                assert!((channels..=MOST_NODES).contains(&pattern.nodes.len()));
            }
            assert!(pattern.nodes.len() > 10, "it has grown");
            let mut picture = vec![f32::NAN; 5 * 4 * channels];
            pattern.draw([5, 4, channels], &mut picture);
            assert!(picture.iter().all(|value| (0.0..=1.0).contains(value)));
        }
    }

    #[test]
    fn a_node_in_a_connection_leaves_the_others_as_they_were() {
        let linear = |sums: &[(usize, f32)]| Node { function: Function::Linear, sums: sums.to_vec() };
        let dice = &mut dice();
        let mut pattern = Pattern { nodes: vec![linear(&[(0, 0.5)]), linear(&[(4, 0.5), (1, 0.25)])], channels: 1 };
        let mut before = vec![0.0; 12];
        pattern.draw([3, 4, 1], &mut before);
        pattern.grow(dice);
        assert_eq!(pattern.nodes.len(), 3);
        let new = pattern.nodes.iter().position(|node| node.sums.len() == 1 && node.sums[0].1 == 1.0);
        pattern.nodes[new.unwrap_or_default()].function = Function::Linear;
        let mut after = vec![0.0; 12];
        pattern.draw([3, 4, 1], &mut after);
        assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-6), "{before:?} {after:?}");
    }
}
