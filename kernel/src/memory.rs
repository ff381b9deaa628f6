//! Whether a plan fits in a device's memory, and which batch would.

use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Device, Plan, Span};

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
    plan: impl Fn(usize) -> Result<u64, Vec<Diagnostic>>,
) -> Result<u64, Vec<Diagnostic>> {
    let needed = plan(batch)?;
    let Some(free) = device.memory.filter(|&free| free < needed) else {
        return Ok(needed);
    };
    let message = format!("batch {batch} needs {}, and {} has {}", figure(needed), device.name, figure(free));
    let mistake =
        Diagnostic::new(Stage::Memory, span, message).found(figure(needed)).expected(format!("at most {}", figure(free)));
    let help = match largest(batch, |batch| plan(batch).is_ok_and(|bytes| bytes <= free)) {
        Some(batch) => format!("`batch {batch}` fits"),
        None => "not even `batch 1` fits: the net itself is too large for this device".to_string(),
    };
    Err(vec![mistake.help(help)])
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

/// A number of bytes for reading: `1.2 GB`.
pub fn figure(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 || value >= 99.5 { format!("{value:.0} {}", units[unit]) } else { format!("{value:.1} {}", units[unit]) }
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

    #[test]
    fn figures_round_without_a_four_digit_number() {
        assert_eq!(figure(0), "0 B");
        assert_eq!(figure(999), "999 B");
        assert_eq!(figure(1000), "1.0 kB");
        assert_eq!(figure(999_499), "999 kB");
        assert_eq!(figure(999_500), "1.0 MB");
        assert_eq!(figure(2_340_000_000), "2.3 GB");
    }
}
