//! Whether a plan fits in a device's memory, and which batch would.

use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Device, Plan, Span};

use crate::display::number;
use crate::failure::Failure;

/// The bytes that a plan takes while it runs: states, what the host supplies, and the arena.
pub fn bytes(plan: &Plan) -> u64 {
    let inputs: u64 = plan.graph.inputs.iter().map(|input| 4 * input.shape.elements() as u64).sum();
    plan.state_bytes() + inputs + plan.arena_bytes()
}

/// Refuses a batch whose plan does not fit, and says which one would. `plan` plans another batch of the same work.
pub fn fits(
    device: &Device,
    batch: usize,
    span: Span,
    plan: impl Fn(usize) -> Result<u64, Failure>,
) -> Result<u64, Failure> {
    let needed = plan(batch)?;
    let Some(free) = device.memory.filter(|&free| free < needed) else {
        return Ok(needed);
    };
    let message =
        format!("batch {batch} needs {}, and {} has {}", number::bytes(needed), device.name, number::bytes(free));
    let mistake = Diagnostic::new(Stage::Memory, span, message)
        .found(number::bytes(needed))
        .expected(format!("at most {}", number::bytes(free)));
    let help = match largest(batch, |batch| plan(batch).is_ok_and(|bytes| bytes <= free)) {
        Some(batch) => format!("`batch {batch}` fits"),
        None => "not even `batch 1` fits: the net itself is too large for this device".to_string(),
    };
    Err(mistake.help(help).into())
}

/// Refuses a net that does not fit for a single picture. Its weights count twice: they are drawn or read on the host first.
pub fn net_fits(plan: &Plan, device: &Device, span: Span) -> Result<(), Failure> {
    fits(device, 1, span, |_| Ok(bytes(plan) + plan.state_bytes())).map(|_| ())
}

/// The largest number from 1 to below `limit` that fits, where more never fits better.
fn largest(limit: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut good, mut bad) = (0, limit);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle) { good = middle } else { bad = middle }
    }
    (good > 0).then_some(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_batch_is_found_at_both_ends_and_between() {
        for limit in 1..40 {
            for most in 0..limit {
                let found = largest(limit, |batch| batch <= most);
                assert_eq!(found, (most > 0).then_some(most), "below {limit}, at most {most}");
            }
        }
    }
}
