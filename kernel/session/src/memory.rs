//! Whether the programs of a statement fit in a device's memory, and which batch would.

use fovea_data::{DataSource, DataSpec};
use fovea_dsl::{Diagnostic, Stage};
use fovea_graph::{Backend, Plan, Span};
use fovea_train::{Needs, TrainError};

use crate::display::number;
use crate::failure::{At, Failure};

/// Refuses a net that does not fit for a single picture. Its weights count twice: they are drawn or read first, and then
/// written to the device.
pub fn net_fits(plan: &Plan, backend: &dyn Backend, span: Span) -> Result<(), Failure> {
    fits(backend, 0, 1, span, |_| Ok(backend.footprint(&[plan]) + plan.state_bytes())).map(|_| ())
}

/// How many pictures a device has room for at once, at most `most`: half as many until they fit. Refuses a net that does not
/// fit for a single one.
pub fn at_once(
    backend: &dyn Backend,
    most: usize,
    span: Span,
    plan: impl Fn(usize) -> Result<Plan, Failure>,
) -> Result<usize, Failure> {
    let mut count = most;
    loop {
        match net_fits(&plan(count)?, backend, span) {
            Err(Failure::Mistakes(_)) if count > 1 => count /= 2,
            fits => return fits.map(|()| count),
        }
    }
}

/// Refuses data that the memory they are read into has no room for; so many bytes of it they hold already.
pub fn data_fits(spec: &DataSpec, held: u64, backend: &dyn Backend, span: Span) -> Result<(), Diagnostic> {
    let device = backend.device();
    let free = device.memory.filter(|_| backend.shares_host()).map(|free| free.saturating_add(held));
    let needed = spec.bytes();
    let Some(free) = free.filter(|&free| free < needed) else { return Ok(()) };
    let (needed, free) = (number::bytes(needed), number::bytes(free));
    let message = format!("`{}` takes {needed} once it is read, and {} has {free}", spec.name(), device.name);
    let help = match spec.source() {
        DataSource::Arrays(_) => "save fewer samples, or smaller ones",
        _ => "a smaller `size` takes less",
    };
    Err(Diagnostic::new(Stage::Memory, span, message).found(needed).expected(format!("at most {free}")).help(help))
}

/// The bytes that all programs of a run take, once they are planned; the mistake that they cannot be stands at `span`.
pub fn bytes(needs: Result<Needs, TrainError>, backend: &dyn Backend, span: Span) -> Result<u64, Failure> {
    Ok(needs.at(span)?.bytes(backend))
}

/// The bytes that a batch takes. Refuses one that the device has no room for, and says which one would fit. `bytes` counts
/// those of any batch, with all programs of the work; so many of them the work's data hold already.
pub fn fits(
    backend: &dyn Backend,
    held: u64,
    batch: usize,
    span: Span,
    bytes: impl Fn(usize) -> Result<u64, Failure>,
) -> Result<u64, Failure> {
    let device = backend.device();
    let needed = bytes(batch)?;
    let room = device.memory.map(|free| free.saturating_add(held));
    let Some(free) = room.filter(|&free| free < needed) else {
        return Ok(needed);
    };
    let message =
        format!("batch {batch} needs {}, and {} has {}", number::bytes(needed), device.name, number::bytes(free));
    let mistake = Diagnostic::new(Stage::Memory, span, message)
        .found(number::bytes(needed))
        .expected(format!("at most {}", number::bytes(free)));
    let fits = |batch| match bytes(batch) {
        Ok(needed) => Ok(needed <= free),
        Err(Failure::Mistakes(_)) => Ok(false),
        Err(Failure::Interrupted) => Err(Failure::Interrupted),
    };
    let help = match largest(batch, fits)? {
        Some(batch) => format!("`batch {batch}` fits"),
        None => "not even `batch 1` fits: the net itself is too large for this device".to_string(),
    };
    Err(mistake.help(help).into())
}

/// The largest number from 1 to below `limit` that fits, where more never fits better.
pub fn largest<E>(limit: usize, fits: impl Fn(usize) -> Result<bool, E>) -> Result<Option<usize>, E> {
    let (mut good, mut bad) = (0, limit);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        if fits(middle)? { good = middle } else { bad = middle }
    }
    Ok((good > 0).then_some(good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_batch_is_found_at_both_ends_and_between() {
        for limit in 1..40 {
            for most in 0..limit {
                let found = largest(limit, |batch| Ok::<_, ()>(batch <= most));
                assert_eq!(found, Ok((most > 0).then_some(most)), "below {limit}, at most {most}");
            }
        }
    }
}
