//! The elements of an npy file, as samples or as what these are labelled with: held in memory where there is room for them,
//! read by number where each sample lies in one place of the file, and from a file in such an order where it does not.

use std::sync::Arc;

use fovea_graph::{Stop, Tensor};

use super::kept;
use super::npy::Npy;
use super::odd::Odd;
use super::rows::Rows;
use super::value::Value;
use crate::error::DataError;
use crate::room::Room;
use crate::samples::Samples;

/// Whether there is room for all of them in memory.
pub(super) fn are_held(npy: &Npy, room: &Room) -> bool {
    let count = npy.header.shape.iter().fold(1u64, |count, &n| count.saturating_mul(n as u64));
    count.saturating_mul(size_of::<f32>() as u64) <= room.held
}

/// Whether they can be had, held or by their numbers.
///
/// # Errors
/// The mistake that they cannot.
pub(super) fn can_be_read(npy: &Npy, value: &Value, room: &Room) -> Result<(), DataError> {
    if are_held(npy, room) || npy.is_by_number() { Ok(()) } else { kept::has_room(npy, value, room) }
}

/// All of them, those of a sample in this shape.
pub(super) fn read(
    npy: &Npy,
    value: Value,
    shape: &[usize],
    room: &Room,
    stop: &dyn Stop,
) -> Result<Samples, DataError> {
    if are_held(npy, room) {
        return Ok(hold(npy, &value, [&[npy.count()], shape].concat(), stop)?.into());
    }
    if !npy.is_by_number() {
        return Ok(Samples::of(Arc::new(kept::keep(npy, &value, room, stop)?), npy.count(), shape));
    }
    // Labels were looked at when the data were declared.
    if let Value::Sample(..) = value {
        Odd::look_through(npy, &value, stop)?;
    }
    Ok(Samples::of(Arc::new(Rows::open(npy, value)?), npy.count(), shape))
}

/// Reads all of them into memory.
fn hold(npy: &Npy, value: &Value, shape: Vec<usize>, stop: &dyn Stop) -> Result<Tensor, DataError> {
    let dims = &npy.header.shape[..];
    let count = dims.iter().product();
    let mut values: Vec<f32> = Vec::new();
    if values.try_reserve_exact(count).is_err() {
        return Err(npy.unfit(format!("there is not memory enough for its {count} values")).into());
    }
    values.resize(count, 0.0);
    let mut samples = Tensor::from_shape_vec(dims, values).expect("as many values as the shape has elements");
    let (mut odd, mut place) = (Odd::default(), 0);
    {
        let view = samples.view_mut();
        let mut slots = if npy.header.is_fortran { view.reversed_axes() } else { view }.into_iter();
        npy.read(stop, |bytes| {
            let value = value.of(bytes);
            odd.look(value, || npy.at(place).0);
            if let Some(slot) = slots.next() {
                *slot = value;
            }
            place += 1;
        })?;
    }
    odd.none(npy)?;
    Ok(samples.into_shape_with_order(shape).expect("a shape of as many values"))
}
