//! The gradients of one machine, handed to what brings them together with those of others.

use std::ops::Range;

use fovea_graph::BackendError;
use fovea_graph::backend::Exchange;
use fovea_graph::plan::{Gradient, Place, Plan};

/// What brings gradients together, and where they lie.
pub struct Exchanging {
    exchange: Box<dyn Exchange>,
    /// Their names and elements, in the order of the arena.
    places: Vec<(String, Range<usize>)>,
}

impl Exchanging {
    /// Of the gradients of a plan.
    pub fn new(plan: &Plan, exchange: Box<dyn Exchange>) -> Self {
        let place = |gradient: Gradient| match plan.place(gradient.value) {
            Place::Arena(slot) => Some((gradient.name, slot.floats())),
            _ => None,
        };
        let mut places: Vec<(String, Range<usize>)> = plan.gradients().into_iter().filter_map(place).collect();
        places.sort_by_key(|(_, range)| range.start);
        Self { exchange, places }
    }

    /// Brings those in the arena together with others.
    pub fn run(&mut self, arena: &mut [f32]) -> Result<(), BackendError> {
        let (mut gradients, mut rest, mut start) = (Vec::with_capacity(self.places.len()), arena, 0);
        for (name, range) in &self.places {
            let (gradient, behind) = rest.split_at_mut(range.start - start).1.split_at_mut(range.len());
            (rest, start) = (behind, range.end);
            gradients.push((name.as_str(), gradient));
        }
        self.exchange.exchange(&mut gradients)
    }
}
