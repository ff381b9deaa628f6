//! Maps as kernels see them: three axes, of which a map of fewer has leading ones of length 1.

use fovea_graph::{BackendError, Shape};

/// One number an axis, for three axes: `missing` for those that come before.
///
/// # Errors
/// [`BackendError::Unsupported`] where there are more axes, or a number is beyond what kernels count with.
pub fn three(
    op: &'static str,
    numbers: impl ExactSizeIterator<Item = i64>,
    missing: i32,
) -> Result<[i32; 3], BackendError> {
    let unsupported = || BackendError::Unsupported { device: "cuda".into(), op: format!("{op} of such a size") };
    let mut all = [missing; 3];
    let before = all.len().checked_sub(numbers.len()).ok_or_else(unsupported)?;
    for (one, number) in all[before..].iter_mut().zip(numbers) {
        *one = i32::try_from(number).map_err(|_| unsupported())?;
    }
    Ok(all)
}

/// The spatial extent of a tensor.
///
/// # Errors
/// As [`three`].
pub fn extent(op: &'static str, shape: &Shape) -> Result<[i32; 3], BackendError> {
    three(op, counts(shape.spatial()), 1)
}

/// Counts that [`three`] takes.
pub fn counts(counts: &[usize]) -> impl ExactSizeIterator<Item = i64> {
    counts.iter().map(|&n| i64::try_from(n).unwrap_or(i64::MAX))
}

/// How many elements a block makes, a thread four where the channels come in fours.
pub fn per_block(shape: &Shape) -> usize {
    if shape.channels().is_multiple_of(4) { 4 * 256 } else { 256 }
}
